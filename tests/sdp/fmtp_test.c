#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sdp/fmtp.h"

static void parameters_are_found_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *fmtp, *name, *value; /* NULL: not there */
    } rows[] = {
        {"a=1", "a", "1"},
        {"a=1;b=2", "b", "2"},
        {" A = 1 ; b = 2 ", "a", "1"},
        {"stereo=1;sprop-stereo=0", "sprop-stereo", "0"},
        {"sprop-stereo=0", "stereo", NULL},
        {"a=1;a=2", "a", "1"},
        {"a", "a", ""},
        {";;a=1;", "a", "1"},
        {"a=b=c", "a", "b=c"},
        {"", "a", NULL},
        {"0-15", "a", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct slice value = slice_of("untouched");
        bool found = fmtp_value(slice_of(rows[i].fmtp), rows[i].name, &value);
        if (found != (rows[i].value != NULL)) fail_msg("row %zu", i);
        if (!slice_is(value, found ? rows[i].value : "untouched")) fail_msg("row %zu: %.*s", i, SLICE_ARGS(value));
    }
}

static void what_an_opus_peer_says_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *fmtp;
        struct sdp_peer peer;
    } rows[] = {
        {"", {0}},
        {"maxplaybackrate=16000; sprop-maxcapturerate=8000; maxaveragebitrate=20000; useinbandfec=1; usedtx=1",
         {16000, 8000, 20000, true, true}},
        {"stereo=1; sprop-stereo=1", {0}},
        {"MaxPlaybackRate=48000;UseInbandFEC=0;usedtx=0", {.play_rate_hz = 48000}},
        {"maxplaybackrate=4000;sprop-maxcapturerate=96000", {.play_rate_hz = 8000, .speak_rate_hz = 48000}},
        {"maxaveragebitrate=500", {.bitrate_bps = 6000}},
        {"maxaveragebitrate=99999999999999999999999", {.bitrate_bps = 510000}},
        {"maxaveragebitrate=-1;maxplaybackrate=;sprop-maxcapturerate=16k", {0}},
        {"useinbandfec=2;usedtx=yes;stereo", {0}},
        {"minptime=10;useinbandfec=1;x-google-min-bitrate=1", {.fec = true}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sdp_peer p = fmtp_read_opus(slice_of(rows[i].fmtp)), e = rows[i].peer;
        bool numbers =
            p.play_rate_hz == e.play_rate_hz && p.speak_rate_hz == e.speak_rate_hz && p.bitrate_bps == e.bitrate_bps;
        bool flags = p.fec == e.fec && p.dtx == e.dtx;
        if (!numbers || !flags) fail_msg("row %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_found_by_name),
        cmocka_unit_test(what_an_opus_peer_says_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
