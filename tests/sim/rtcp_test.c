/* What the bridge's RTCP says, held against what a party has sent and been sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/tone.h"
#include "rtp/rtcp_packet.h"
#include "sim.h"

enum { SECOND_US = 1000000, PARTY_SSRC = 7 };

/* The reports that a party was sent. */
struct reports {
    struct sim_party *party;
    struct tone tone;
    uint32_t count, senders;
    struct rtcp_sender last;
    struct rtcp_report source;
    uint32_t ahead_ms; /* of the last packet's time */
    uint32_t lost_sum; /* of fractions, in 256ths */
    bool checks_time;
};

static void say(struct sim_party *p, int16_t *pcm, uint32_t samples)
{
    struct reports *r = p->user;
    tone_read(&r->tone, pcm, samples);
}

/* Between two reports as much time has passed in RTP's units as on the clock on the wall. */
static void check_time(const struct reports *r, const struct rtcp_sender *now)
{
    uint32_t clock_hz = r->party->codec->clock_hz;
    double wall_s = (double)(int64_t)(now->ntp - r->last.ntp) / 4294967296.0;
    double rtp_s = (double)(int32_t)(now->rtp_timestamp - r->last.rtp_timestamp) / clock_hz;
    assert_true(wall_s - rtp_s < 0.0011 && rtp_s - wall_s < 0.0011); /* ticks come on whole milliseconds */
}

static void take_sender(struct reports *r, const struct rtcp_block *block)
{
    const struct sim_party *p = r->party;
    assert_int_equal(block->ssrc, p->heard_ssrc);
    assert_int_equal(block->sender.packets, p->packets_heard);
    assert_int_equal(block->sender.octets, p->bytes_heard);
    if (r->senders > 0 && r->checks_time) check_time(r, &block->sender);
    uint32_t ahead = block->sender.rtp_timestamp - p->heard_timestamp;
    r->ahead_ms = ahead / (p->codec->clock_hz / 1000);
    r->last = block->sender;
    r->senders++;
}

static void hear_report(struct sim_party *p, const uint8_t *bytes, size_t len)
{
    struct reports *r = p->user;
    struct rtcp_cursor cursor;
    struct rtcp_block block;
    assert_int_equal(rtcp_open(&cursor, bytes, len), STATUS_OK);
    while (rtcp_next(&cursor, &block) == STATUS_OK) {
        if (block.kind == RTCP_SR) take_sender(r, &block);
        for (uint8_t i = 0; i < block.report_count; i++) {
            r->source = rtcp_report_at(&block, i);
            assert_int_equal(r->source.ssrc, PARTY_SSRC);
            r->lost_sum += r->source.fraction_lost;
        }
    }
    r->count++;
}

struct scene {
    struct sim sim;
    struct conference_media *conference;
    struct reports reports;
};

static struct scene *scene_open(const struct sim_party_config *wanted, uint32_t rate_hz)
{
    struct scene *s = calloc(1, sizeof *s);
    struct sim_party_config config = *wanted;
    config.speak = say;
    config.user = &s->reports;
    config.phase_us = 7300;
    sim_open(&s->sim, 1);
    s->conference = sim_conference_at(&s->sim, 3, rate_hz);
    s->reports.party = sim_call(&s->sim, &config);
    s->reports.party->report = hear_report;
    tone_init(&s->reports.tone, s->reports.party->codec->rate_hz, 440, -12);
    sim_join(s->reports.party, s->conference, true, true);
    sim_command(&s->sim, (struct core_command){
                             .type = CORE_CONFERENCE_AUDIO, .conference = s->conference, .audio = ENGINE_AUDIO_MIX});
    return s;
}

static void scene_close(struct scene *s)
{
    s->reports.party->report = NULL;
    sim_conference_close(&s->sim, s->conference);
    sim_close(&s->sim);
    free(s);
}

static void reports_count_what_was_sent_and_keep_time_in_every_codec(void **state)
{
    (void)state;
    static const struct {
        enum codec_id codec;
        uint16_t ptime_ms;
    } rows[] = {{CODEC_PCMU, 10}, {CODEC_PCMU, 20}, {CODEC_PCMA, 30},   {CODEC_PCMU, 60},
                {CODEC_G722, 20}, {CODEC_G722, 50}, {CODEC_L16_16, 20}, {CODEC_L16_48, 10},
                {CODEC_OPUS, 10}, {CODEC_OPUS, 20}, {CODEC_OPUS, 60}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sim_party_config config = {.codec = rows[i].codec, .ptime_ms = rows[i].ptime_ms};
        struct scene *s = scene_open(&config, 16000);
        const struct reports *r = &s->reports;
        s->reports.checks_time = true;
        sim_run(&s->sim, 40 * SECOND_US);
        assert_true(r->senders >= 5);
        assert_int_equal(r->senders, r->count); /* it sends all the time */
        assert_in_range(r->ahead_ms, 1, 2 * rows[i].ptime_ms);
        assert_int_equal(r->source.cumulative_lost, 0);
        assert_int_equal(r->lost_sum, 0);
        assert_in_range((uint16_t)(r->party->seq - r->source.highest_seq), 1, 5 * 1500 / rows[i].ptime_ms * 2);
        assert_int_equal(r->source.jitter, 0);
        scene_close(s);
    }
}

static void reports_tell_the_loss_and_jitter_of_what_came(void **state)
{
    (void)state;
    struct sim_party_config config = {.network = {.loss_permille = 100, .jitter_us = 6000}};
    struct scene *s = scene_open(&config, 8000);
    const struct reports *r = &s->reports;
    sim_run(&s->sim, 200 * SECOND_US);
    const struct network *n = &r->party->network;
    /* Each of a few packets since the last report may have been lost. */
    assert_in_range(r->source.cumulative_lost, n->lost * 9 / 10, n->lost);
    double mean = (double)r->lost_sum / r->count / 256;
    print_message("10 %% lost: reported %.1f %%, jitter %u units of 6 ms spread\n", 100 * mean, r->source.jitter);
    assert_true(mean > 0.08 && mean < 0.12);
    assert_in_range(r->source.jitter, 10, 22); /* two of an even spread differ by a third of it: 16 units of 125 us */
    scene_close(s);
}

/* Encrypted streams are counted by what is in them. */
static void reports_of_an_encrypted_leg_count_payloads_without_tags(void **state)
{
    (void)state;
    struct engine_leg_srtp keys = {.send = {.suite = SRTP_AEAD_AES_128_GCM, .bytes = {1}},
                                   .receive = {.suite = SRTP_AEAD_AES_128_GCM, .bytes = {2}}};
    struct sim_party_config config = {.srtp = &keys};
    struct scene *s = scene_open(&config, 8000);
    sim_run(&s->sim, 20 * SECOND_US);
    assert_true(s->reports.senders >= 2);
    assert_int_equal(s->reports.source.cumulative_lost, 0);
    scene_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_count_what_was_sent_and_keep_time_in_every_codec),
        cmocka_unit_test(reports_tell_the_loss_and_jitter_of_what_came),
        cmocka_unit_test(reports_of_an_encrypted_leg_count_payloads_without_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
