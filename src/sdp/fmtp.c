#include "sdp/fmtp.h"

enum { RATE_MIN_HZ = 8000, RATE_MAX_HZ = 48000, BITRATE_MIN_BPS = 6000, BITRATE_MAX_BPS = 510000 };

bool fmtp_value(struct slice fmtp, const char *name, struct slice *value)
{
    while (fmtp.len > 0) {
        struct slice rest = slice_cut(&fmtp, ';');
        if (!slice_is_nocase(slice_trim(slice_cut(&rest, '=')), name)) continue;
        *value = slice_trim(rest);
        return true;
    }
    return false;
}

static uint32_t number(struct slice fmtp, const char *name, uint32_t low, uint32_t high)
{
    struct slice text;
    uint64_t value;
    if (!fmtp_value(fmtp, name, &text) || !slice_to_u64(text, &value)) return 0;
    if (value < low) return low;
    return value > high ? high : (uint32_t)value;
}

static bool flag(struct slice fmtp, const char *name)
{
    struct slice text;
    return fmtp_value(fmtp, name, &text) && slice_is(text, "1");
}

struct sdp_peer fmtp_read_opus(struct slice fmtp)
{
    return (struct sdp_peer){
        .play_rate_hz = number(fmtp, "maxplaybackrate", RATE_MIN_HZ, RATE_MAX_HZ),
        .speak_rate_hz = number(fmtp, "sprop-maxcapturerate", RATE_MIN_HZ, RATE_MAX_HZ),
        .bitrate_bps = number(fmtp, "maxaveragebitrate", BITRATE_MIN_BPS, BITRATE_MAX_BPS),
        .fec = flag(fmtp, "useinbandfec"),
        .dtx = flag(fmtp, "usedtx"),
    };
}
