/**
 * The playout buffer against simulated networks: a 1013 Hz tone goes in as PCMU packets, and what comes out is watched
 * for breaks and holes. Time is simulated; an hour takes seconds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "media/g711.h"
#include "media/playout.h"
#include "media/playout_queue.h"
#include "media/tone.h"

enum { RATE = 8000, FRAME = 160, TICK_US = 20000, IN_FLIGHT = 1024 };

static const double frequency_hz = 1013.0, level_dbfs = -12.0;

/** A sender, a network and a receiver with their clocks. */
struct sim {
    struct playout *playout;
    struct rng rng;
    struct tone tone;
    struct tone *chord; /**< three more tones, or NULL */
    uint16_t seq;
    uint32_t timestamp;
    uint32_t ptime_ms;
    double send_us;    /**< when the next packet is complete, on the receiver's clock */
    double clock;      /**< length of the sender's second in ours */
    int64_t tick_us;   /**< the next tick */
    double loss;       /**< part of the packets that is lost */
    uint32_t delay_us; /**< jitter: delays are even between 0 and this */
    bool reorder;      /**< jitter may change the order */
    bool talks;        /**< false: sends nothing, timestamps go on */
    bool silent;       /**< sends zeroes */
    uint32_t lost_run, longest_lost_run;
    int64_t last_arrival_us;
    uint32_t flying;
    struct flight {
        int64_t arrival_us;
        uint16_t seq, len;
        uint32_t timestamp;
        uint8_t payload[480];
    } flights[IN_FLIGHT];
    struct tone_watch watch;
    int16_t pcm[FRAME];
    struct playout_frame frame;
    uint64_t concealed_frames;
};

static void sim_init(struct sim *s, int64_t phase_us)
{
    memset(s, 0, sizeof(*s));
    struct playout_config config = {.codec = &codec_pcmu};
    assert_int_equal(playout_create(&s->playout, &config), STATUS_OK);
    rng_init(&s->rng, 1);
    tone_init(&s->tone, RATE, frequency_hz, level_dbfs);
    s->seq = 65500;
    s->timestamp = 0xfffff000u;
    s->ptime_ms = 20;
    s->send_us = 1000000.0 + (double)phase_us;
    s->clock = 1.0;
    s->tick_us = 1000000;
    s->talks = true;
    tone_watch_init(&s->watch, RATE, frequency_hz, level_dbfs);
}

static void sim_clear(struct sim *s)
{
    playout_destroy(s->playout);
}

static void fly(struct sim *s, const uint8_t *payload, uint16_t len)
{
    int64_t arrival_us = (int64_t)s->send_us + (s->delay_us ? rng_below(&s->rng, s->delay_us + 1) : 0);
    if (!s->reorder && arrival_us < s->last_arrival_us) arrival_us = s->last_arrival_us;
    s->last_arrival_us = arrival_us;
    assert_true(s->flying < IN_FLIGHT);
    struct flight *f = &s->flights[s->flying++];
    f->arrival_us = arrival_us;
    f->seq = s->seq;
    f->timestamp = s->timestamp;
    f->len = len;
    memcpy(f->payload, payload, len);
}

/* The sender's next packet, lost or not. */
static void send_packet(struct sim *s)
{
    int16_t pcm[480];
    uint8_t payload[480];
    uint32_t samples = s->ptime_ms * (RATE / 1000);
    tone_read(&s->tone, pcm, samples);
    for (int i = 0; s->chord && i < 3; i++)
        tone_add(&s->chord[i], pcm, samples);
    if (s->silent) memset(pcm, 0, sizeof(pcm));
    if (s->talks) {
        codec_pcmu.encode(NULL, pcm, samples, payload, sizeof(payload));
        bool lost = s->loss > 0.0 && rng_unit(&s->rng) < s->loss;
        s->lost_run = lost ? s->lost_run + 1 : 0;
        if (s->lost_run > s->longest_lost_run) s->longest_lost_run = s->lost_run;
        if (!lost) fly(s, payload, (uint16_t)samples);
        s->seq++;
    }
    s->timestamp += samples;
    s->send_us += s->ptime_ms * 1000.0 * s->clock;
}

static void deliver(struct sim *s, int64_t until_us)
{
    for (;;) {
        struct flight *first = NULL;
        for (uint32_t i = 0; i < s->flying; i++) {
            if (!first || s->flights[i].arrival_us < first->arrival_us) first = &s->flights[i];
        }
        if (!first || first->arrival_us > until_us) return;
        struct playout_packet packet = {.seq = first->seq,
                                        .timestamp = first->timestamp,
                                        .payload = first->payload,
                                        .len = first->len,
                                        .arrival_us = first->arrival_us};
        playout_put(s->playout, &packet);
        size_t index = (size_t)(first - s->flights);
        memmove(first, first + 1, (s->flying - index - 1) * sizeof(*first));
        s->flying--;
    }
}

/* One tick of the receiver, without the watch. */
static void sim_step(struct sim *s)
{
    while (s->send_us <= (double)s->tick_us)
        send_packet(s);
    deliver(s, s->tick_us);
    s->frame = playout_get(s->playout, s->tick_us, s->pcm);
    s->concealed_frames += s->frame.verdict == PLAYOUT_CONCEALED;
    s->tick_us += TICK_US;
}

/* Runs with the tone watched. */
static void sim_run(struct sim *s, double seconds)
{
    for (int64_t i = 0; i < (int64_t)(seconds * 50.0); i++) {
        sim_step(s);
        tone_watch_put(&s->watch, s->pcm, FRAME);
    }
}

/* Up to where the tone is steady. */
static void sim_begin(struct sim *s)
{
    for (int i = 0; i < 10; i++)
        sim_step(s);
    tone_watch_init(&s->watch, RATE, frequency_hz, level_dbfs);
}

static void report(const struct sim *s, const char *what)
{
    struct playout_stats st = playout_get_stats(s->playout);
    printf("%s: windows %llu breaks %llu holes %llu first %llu, phase %.1f deg level %.2f dB; packets %llu lost %llu "
           "late %llu "
           "concealed %llu stretches %llu shrinks %llu jumps %llu overflows %llu delay %u target %u jitter %u us\n",
           what, (unsigned long long)s->watch.windows, (unsigned long long)s->watch.breaks,
           (unsigned long long)s->watch.holes, (unsigned long long)s->watch.first_break_window,
           s->watch.max_phase_step_deg, s->watch.max_level_step_db, (unsigned long long)st.packets,
           (unsigned long long)st.lost, (unsigned long long)st.late, (unsigned long long)st.concealed_samples,
           (unsigned long long)st.stretches, (unsigned long long)st.shrinks, (unsigned long long)st.jumps,
           (unsigned long long)st.overflows, st.delay_us, st.target_delay_us, st.jitter_us);
}

static void assert_steady(const struct sim *s, const char *what)
{
    report(s, what);
    assert_int_equal(s->watch.breaks, 0);
    assert_int_equal(s->watch.holes, 0);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void a_clean_network_costs_a_guard_and_the_way_to_the_next_tick(void **state)
{
    (void)state;
    uint32_t delays[40];
    for (int phase = 0; phase < 40; phase++) {
        struct sim s;
        sim_init(&s, phase * 500 + 13);
        sim_begin(&s);
        sim_run(&s, 2);
        struct playout_stats stats = playout_get_stats(s.playout);
        assert_int_equal(s.watch.breaks + s.watch.holes, 0);
        assert_int_equal(stats.stretches + stats.shrinks + stats.concealed_samples, 0);
        assert_true(stats.delay_us >= 4000 && stats.delay_us < 24000);
        delays[phase] = stats.delay_us;
        sim_clear(&s);
    }
    qsort(delays, 40, sizeof(delays[0]), by_value);
    printf("clean: delay p50 %u p95 %u us\n", delays[20], delays[38]);
    assert_true(delays[20] <= 15000);
    assert_true(delays[38] <= 25000);
}

static void samples_pass_bit_for_bit_on_a_clean_network(void **state)
{
    (void)state;
    for (uint32_t ptime_ms = 10; ptime_ms <= 60; ptime_ms += 10) {
        struct sim s;
        struct tone sent;
        int16_t reference[FRAME], coded[FRAME];
        uint8_t payload[FRAME];
        sim_init(&s, 3000);
        s.ptime_ms = ptime_ms;
        sim_step(&s);
        for (int i = 0; i < 10 && s.pcm[FRAME - 1] == 0; i++)
            sim_step(&s);
        sim_step(&s);
        struct tone_reading r = tone_measure(s.pcm, FRAME, RATE, frequency_hz, 0);
        assert_true(fabs(r.level_dbfs - level_dbfs) < 0.1);
        /* From any sample on, what comes is mu-law of the very tone: its codes decode to the same samples. */
        sim_run(&s, 1);
        for (int i = 0; i < FRAME; i++)
            assert_int_equal(g711_ulaw_decode(g711_ulaw_encode(s.pcm[i])), s.pcm[i]);
        tone_init(&sent, RATE, frequency_hz, level_dbfs);
        bool found = false;
        for (int i = 0; i < RATE * 2 && !found; i++) {
            struct tone from = sent;
            tone_read(&from, reference, FRAME);
            codec_pcmu.encode(NULL, reference, FRAME, payload, FRAME);
            size_t n;
            assert_int_equal(codec_pcmu.decode(NULL, payload, FRAME, coded, FRAME, &n), STATUS_OK);
            found = memcmp(coded, s.pcm, sizeof(coded)) == 0;
            int16_t one;
            tone_read(&sent, &one, 1);
        }
        assert_true(found);
        sim_clear(&s);
    }
}

static void packets_of_any_length_and_changes_of_it_are_steady(void **state)
{
    (void)state;
    static const uint32_t lengths_ms[] = {10, 20, 30, 40, 50, 60, 20, 60, 10, 30, 20};
    struct sim s;
    sim_init(&s, 5500);
    sim_begin(&s);
    for (size_t i = 0; i < sizeof(lengths_ms) / sizeof(lengths_ms[0]); i++) {
        s.ptime_ms = lengths_ms[i];
        sim_run(&s, 4);
    }
    report(&s, "ptimes");
    assert_int_equal(s.watch.holes, 0);
    assert_int_equal(s.watch.breaks, 0);
    sim_clear(&s);
}

static void single_losses_leave_no_hole(void **state)
{
    (void)state;
    static const double losses[] = {0.01, 0.05, 0.1, 0.2};
    for (size_t i = 0; i < 4; i++) {
        struct sim s;
        char what[32];
        sim_init(&s, 9000);
        sim_begin(&s);
        s.loss = losses[i];
        sim_run(&s, 60);
        snprintf(what, sizeof(what), "loss %.0f %%", losses[i] * 100);
        report(&s, what);
        struct playout_stats stats = playout_get_stats(s.playout);
        assert_true(stats.lost > 0 && stats.late == 0);
        assert_int_equal(stats.stretches + stats.shrinks, 0);
        /* Two in a row fade by 6 dB at most, which is a step but no hole; from three on there is one. */
        assert_true(s.watch.max_phase_step_deg < 10.0);
        if (s.longest_lost_run < 2) assert_int_equal(s.watch.breaks, 0);
        if (s.longest_lost_run < 3) assert_int_equal(s.watch.holes, 0);
        sim_clear(&s);
    }
}

/* The phase of the tone that comes out, by the receiver's clock: it turns where time is put in or taken out. */
static double phase_now(struct sim *s)
{
    int16_t pcm[5 * FRAME];
    uint64_t first = (uint64_t)(s->tick_us / TICK_US) * FRAME;
    for (int i = 0; i < 5; i++) {
        sim_step(s);
        memcpy(pcm + i * FRAME, s->pcm, sizeof(s->pcm));
    }
    return tone_measure(pcm, 5 * FRAME, RATE, frequency_hz, first).phase_deg;
}

/* A long packet is lost, part of it is made up before the next one shows how much is missing: no time is added. */
static void a_lost_packet_of_any_length_adds_no_time(void **state)
{
    (void)state;
    for (uint32_t ptime_ms = 10; ptime_ms <= 60; ptime_ms += 10) {
        struct sim s;
        sim_init(&s, 9000);
        s.ptime_ms = ptime_ms;
        sim_begin(&s);
        sim_run(&s, 1);
        struct playout_stats before = playout_get_stats(s.playout);
        double phase_deg = phase_now(&s);
        for (int i = 0; i < 20; i++) {
            s.loss = 1.0;
            while (s.lost_run == 0)
                sim_step(&s);
            s.loss = 0.0;
            for (int k = 0; k < 12; k++)
                sim_step(&s);
            tone_watch_init(&s.watch, RATE, frequency_hz, level_dbfs);
            sim_run(&s, 0.36 + 0.02 * (i % 3));
            assert_int_equal(s.watch.breaks + s.watch.holes, 0);
        }
        struct playout_stats after = playout_get_stats(s.playout);
        assert_true(after.lost - before.lost >= 20);
        assert_int_equal(after.stretches + after.shrinks, before.stretches + before.shrinks);
        assert_true(fabs(remainder(phase_now(&s) - phase_deg, 360.0)) < 5.0);
        sim_clear(&s);
    }
}

static void a_lost_packet_keeps_the_phase_of_any_tone(void **state)
{
    (void)state;
    double worst_deg = 0.0, worst_db = 0.0;
    for (double hz = 313.0; hz < 3100.0; hz += 97.0) {
        struct sim s;
        sim_init(&s, 7000);
        tone_init(&s.tone, RATE, hz, level_dbfs);
        sim_begin(&s);
        tone_watch_init(&s.watch, RATE, hz, level_dbfs);
        for (int i = 0; i < 20; i++) {
            s.loss = 1.0;
            sim_run(&s, 0.02);
            s.loss = 0.0;
            sim_run(&s, 0.1 + 0.02 * (i % 3));
        }
        if (s.watch.breaks + s.watch.holes > 0) {
            printf("%.0f Hz: ", hz);
            report(&s, "lost");
        }
        worst_deg = fmax(worst_deg, s.watch.max_phase_step_deg);
        worst_db = fmax(worst_db, s.watch.max_level_step_db);
        assert_int_equal(playout_get_stats(s.playout).lost, 20);
        sim_clear(&s);
    }
    printf("lost packets in tones of 313 to 3029 Hz: at most %.1f deg, %.2f dB\n", worst_deg, worst_db);
    assert_true(worst_deg < 10.0);
    assert_true(worst_db < 1.0);
}

/* Jitter has made the delay longer than a packet: what is missing is known to be lost before it is to be heard. */
static void a_loss_that_is_known_in_time_leaves_no_hole_either(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, 7000);
    s.delay_us = 80000;
    for (int i = 0; i < 250; i++)
        sim_step(&s);
    sim_begin(&s);
    for (int i = 0; i < 100; i++) {
        s.loss = i % 10 == 0;
        sim_run(&s, 0.02);
    }
    report(&s, "loss under jitter");
    assert_int_equal(s.watch.holes, 0);
    assert_int_equal(playout_get_stats(s.playout).lost, 10);
    sim_clear(&s);
}

static void jitter_grows_the_delay_and_calm_brings_it_back(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, 7000);
    sim_begin(&s);
    s.delay_us = 300000;
    sim_run(&s, 10);
    report(&s, "jitter 300");
    assert_true(playout_get_stats(s.playout).delay_us > 60000);
    s.delay_us = 0;
    sim_run(&s, 1);
    tone_watch_init(&s.watch, RATE, frequency_hz, level_dbfs);
    sim_run(&s, 4);
    assert_steady(&s, "calm after jitter");
    assert_true(playout_get_stats(s.playout).delay_us < 60000);
    sim_run(&s, 4);
    assert_steady(&s, "calm");
    assert_true(playout_get_stats(s.playout).delay_us < 30000);
    sim_clear(&s);
}

static void small_jitter_is_steady_after_it_has_been_learnt(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, 7000);
    s.delay_us = 30000;
    for (int i = 0; i < 250; i++)
        sim_step(&s);
    sim_begin(&s);
    sim_run(&s, 60);
    assert_steady(&s, "jitter 30");
    assert_true(playout_get_stats(s.playout).delay_us < 80000);
    sim_clear(&s);
}

static void reordered_packets_are_put_in_order(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, 7000);
    s.delay_us = 50000;
    s.reorder = true;
    for (int i = 0; i < 500; i++)
        sim_step(&s);
    sim_begin(&s);
    struct playout_stats before = playout_get_stats(s.playout);
    sim_run(&s, 60);
    struct playout_stats after = playout_get_stats(s.playout);
    report(&s, "reordering");
    assert_int_equal(s.watch.holes, 0);
    assert_true(after.lost - before.lost <= 3);
    sim_clear(&s);
}

static void a_foreign_clock_is_followed(double ppm, double seconds)
{
    struct sim s;
    char what[32];
    sim_init(&s, 7000);
    s.clock = 1.0 - ppm / 1e6;
    for (int i = 0; i < 750; i++) /* as long as it takes to know the clock and to settle */
        sim_step(&s);
    struct playout_stats before = playout_get_stats(s.playout);
    /* Followed, the sender's tone has the frequency that it has on our clock. */
    tone_watch_init(&s.watch, RATE, frequency_hz * (1.0 + ppm / 1e6), level_dbfs);
    uint32_t least = UINT32_MAX, most = 0;
    for (int i = 0; i < (int)seconds; i++) {
        sim_run(&s, 1);
        uint32_t delay_us = playout_get_stats(s.playout).delay_us;
        if (delay_us < least) least = delay_us;
        if (delay_us > most) most = delay_us;
    }
    snprintf(what, sizeof(what), "drift %+.0f ppm", ppm);
    printf("delay %u to %u us\n", least, most);
    assert_steady(&s, what);
    struct playout_stats after = playout_get_stats(s.playout);
    assert_int_equal(after.concealed_samples, 0);
    assert_int_equal(after.stretches + after.shrinks, before.stretches + before.shrinks);
    assert_true(most - least <= 10000);
    assert_true(most < 36000);
    sim_clear(&s);
}

static void drift_of_either_sign_makes_no_break(void **state)
{
    (void)state;
    a_foreign_clock_is_followed(300, 600);
    a_foreign_clock_is_followed(-300, 600);
    a_foreign_clock_is_followed(3000, 120);
    a_foreign_clock_is_followed(-3000, 120);
}

/* Less than a clock is known to drift by: the delay goes with the packets, and glides when they pass a tick. */
static void a_clock_that_drifts_little_is_glided_after(void **state)
{
    (void)state;
    for (double ppm = -50.0; ppm <= 50.0; ppm += 100.0) {
        struct sim s;
        sim_init(&s, 7000);
        s.clock = 1.0 - ppm / 1e6;
        sim_begin(&s);
        for (int i = 0; i < 900; i++) {
            sim_run(&s, 1);
            assert_true(playout_get_stats(s.playout).delay_us < 25000);
        }
        assert_steady(&s, "little drift");
        struct playout_stats stats = playout_get_stats(s.playout);
        assert_int_equal(stats.stretches + stats.shrinks + stats.concealed_samples, 0);
        sim_clear(&s);
    }
}

static void drift_is_followed_through_jitter(void **state)
{
    (void)state;
    for (double ppm = -300.0; ppm <= 300.0; ppm += 600.0) {
        struct sim s;
        sim_init(&s, 7000);
        s.clock = 1.0 - ppm / 1e6;
        s.delay_us = 15000;
        for (int i = 0; i < 1500; i++)
            sim_step(&s);
        struct playout_stats before = playout_get_stats(s.playout);
        tone_watch_init(&s.watch, RATE, frequency_hz * (1.0 + ppm / 1e6), level_dbfs);
        sim_run(&s, 300);
        assert_steady(&s, "drift and jitter");
        struct playout_stats after = playout_get_stats(s.playout);
        assert_int_equal(after.stretches + after.shrinks, before.stretches + before.shrinks);
        assert_int_equal(after.concealed_samples, before.concealed_samples);
        sim_clear(&s);
    }
}

/* Much delay that is not needed any more. */
static void after_jitter(struct sim *s)
{
    s->delay_us = 200000;
    for (int i = 0; i < 150; i++)
        sim_step(s);
    s->delay_us = 0;
    for (int i = 0; i < 25; i++)
        sim_step(s);
}

static void splices_fit_tones_of_any_frequency(void **state)
{
    (void)state;
    double worst_deg = 0.0;
    for (double hz = 313.0; hz < 3100.0; hz += 97.0) {
        struct sim s;
        sim_init(&s, 7000);
        tone_init(&s.tone, RATE, hz, level_dbfs);
        after_jitter(&s);
        struct playout_stats before = playout_get_stats(s.playout);
        tone_watch_init(&s.watch, RATE, hz, level_dbfs);
        sim_run(&s, 6);
        if (s.watch.breaks + s.watch.holes > 0) {
            printf("%.0f Hz ", hz);
            report(&s, "after jitter");
        }
        worst_deg = fmax(worst_deg, s.watch.max_phase_step_deg);
        struct playout_stats after = playout_get_stats(s.playout);
        assert_true(after.shrinks - before.shrinks > 3);
        assert_true(after.delay_us < 40000);
        sim_clear(&s);
    }
    printf("splices in tones of 313 to 3029 Hz: at most %.1f deg\n", worst_deg);
    assert_true(worst_deg < 10.0);
}

static void put_tone(struct playout *p, struct tone *tone, uint16_t seq, uint32_t timestamp, int64_t arrival_us)
{
    int16_t pcm[FRAME];
    uint8_t payload[FRAME];
    tone_read(tone, pcm, FRAME);
    codec_pcmu.encode(NULL, pcm, FRAME, payload, FRAME);
    struct playout_packet packet = {
        .seq = seq, .timestamp = timestamp, .payload = payload, .len = FRAME, .arrival_us = arrival_us};
    (void)playout_put(p, &packet);
}

static void silence_suppression_is_silence_and_not_loss(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, 7000);
    sim_begin(&s);
    for (int spurt = 0; spurt < 20; spurt++) {
        int silent = 0;
        s.talks = false;
        for (int i = 0; i < 3 + spurt * 5; i++) {
            sim_step(&s);
            silent += s.frame.zero;
        }
        if (spurt > 2) assert_true(silent > 0);
        s.talks = true;
        for (int i = 0; i < 4; i++)
            sim_step(&s);
        tone_watch_init(&s.watch, RATE, frequency_hz, level_dbfs);
        sim_run(&s, 0.5);
        assert_int_equal(s.watch.breaks + s.watch.holes, 0);
    }
    struct playout_stats stats = playout_get_stats(s.playout);
    assert_int_equal(stats.lost + stats.late + stats.jumps, 0);
    assert_true(stats.delay_us < 24000);
    sim_clear(&s);
}

static void events_between_voice_are_not_lost_voice(void **state)
{
    (void)state;
    struct playout *p;
    struct tone tone;
    struct playout_config config = {.codec = &codec_pcmu};
    int16_t pcm[FRAME];
    assert_int_equal(playout_create(&p, &config), STATUS_OK);
    tone_init(&tone, RATE, frequency_hz, level_dbfs);
    for (uint16_t i = 0; i < 100; i++) {
        if ((i >= 20 && i < 23) || (i >= 40 && i < 50)) /* shorter and longer than what counts as a pause */
            playout_note(p, i);
        else
            put_tone(p, &tone, i, i * 160u, 1000000 + i * TICK_US);
        (void)playout_get(p, 1010000 + i * TICK_US, pcm);
    }
    assert_int_equal(playout_get_stats(p).lost, 0);
    playout_destroy(p);
}

static void duplicates_and_late_packets_are_counted_and_not_heard(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, 7000);
    sim_begin(&s);
    sim_run(&s, 1);
    struct tone noise;
    tone_init(&noise, RATE, 2000.0, 0.0);
    for (int i = 0; i < 50; i++) {
        sim_run(&s, 0.1);
        put_tone(s.playout, &noise, (uint16_t)(s.seq - 1), s.timestamp - 160, s.tick_us);
        put_tone(s.playout, &noise, (uint16_t)(s.seq - 20), s.timestamp - 20 * 160, s.tick_us);
    }
    struct playout_stats stats = playout_get_stats(s.playout);
    report(&s, "duplicates");
    assert_int_equal(s.watch.breaks + s.watch.holes, 0);
    assert_int_equal(stats.duplicates, 100);
    assert_true(stats.jitter_us < 1000);
    assert_int_equal(stats.lost, 0);
    sim_clear(&s);
}

static void jumps_of_sequence_and_timestamp_are_taken_up(void **state)
{
    (void)state;
    static const struct {
        uint16_t seq;
        uint32_t timestamp;
    } jumps[] = {{0, 5000000}, {0, 0x80000000u}, {10000, 0}, {0, (uint32_t)-16000}, {40000, 123456789}};
    struct sim s;
    sim_init(&s, 7000);
    sim_begin(&s);
    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        s.seq = (uint16_t)(s.seq + jumps[i].seq);
        s.timestamp += jumps[i].timestamp;
        sim_run(&s, 5);
        report(&s, "jump");
        assert_int_equal(playout_get_stats(s.playout).jumps, i + 1);
    }
    assert_int_equal(s.watch.breaks + s.watch.holes, 0);
    assert_int_equal(playout_get_stats(s.playout).concealed_samples, 0);
    assert_true(playout_get_stats(s.playout).delay_us < 24000);
    sim_clear(&s);
}

static void an_outage_fades_and_what_comes_after_is_whole(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, 7000);
    sim_begin(&s);
    s.loss = 1.0;
    sim_run(&s, 0.2);
    assert_true(s.frame.zero);
    sim_run(&s, 3);
    assert_int_equal(s.frame.verdict, PLAYOUT_IDLE);
    s.loss = 0.0;
    for (int i = 0; i < 3; i++)
        sim_step(&s);
    tone_watch_init(&s.watch, RATE, frequency_hz, level_dbfs);
    sim_run(&s, 5);
    assert_steady(&s, "after an outage");
    assert_int_equal(playout_get_stats(s.playout).lost, 160);
    assert_true(playout_get_stats(s.playout).delay_us < 24000);
    sim_clear(&s);
}

static void a_new_source_is_played_from_its_first_packet(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, 7000);
    sim_begin(&s);
    sim_run(&s, 1);
    playout_reset(s.playout);
    s.seq = 12;
    s.timestamp = 99;
    for (int i = 0; i < 3; i++)
        sim_step(&s);
    tone_watch_init(&s.watch, RATE, frequency_hz, level_dbfs);
    sim_run(&s, 1);
    assert_steady(&s, "new source");
    assert_int_equal(playout_get_stats(s.playout).lost, 0);
    sim_clear(&s);
}

static void an_unheard_leg_is_warm_when_it_is_heard(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, 7000);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 30 + round; i++) {
            while (s.send_us <= (double)s.tick_us)
                send_packet(&s);
            deliver(&s, s.tick_us);
            enum playout_verdict verdict = playout_skip(s.playout, s.tick_us);
            if (i > 3) assert_int_equal(verdict, PLAYOUT_VOICE);
            s.tick_us += TICK_US;
        }
        tone_watch_init(&s.watch, RATE, frequency_hz, level_dbfs);
        sim_run(&s, 0.4);
        assert_int_equal(s.watch.breaks + s.watch.holes, 0);
    }
    struct playout_stats stats = playout_get_stats(s.playout);
    report(&s, "unheard");
    assert_int_equal(stats.lost + stats.late + stats.concealed_samples + stats.overflows, 0);
    assert_true(stats.delay_us < 24000);
    sim_clear(&s);
}

static void a_loss_just_after_an_unheard_time_is_concealed_from_what_was_kept(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, 7000);
    for (int i = 0; i < 30; i++) {
        s.loss = i == 29 ? 1.0 : 0.0;
        while (s.send_us <= (double)s.tick_us)
            send_packet(&s);
        deliver(&s, s.tick_us);
        if (i < 29)
            (void)playout_skip(s.playout, s.tick_us);
        else
            s.frame = playout_get(s.playout, s.tick_us, s.pcm);
        s.tick_us += TICK_US;
    }
    assert_int_equal(s.frame.verdict, PLAYOUT_CONCEALED);
    assert_true(tone_measure(s.pcm, FRAME, RATE, frequency_hz, 0).level_dbfs > level_dbfs - 1.0);
    sim_clear(&s);
}

static void a_late_packet_is_fitted_in_without_a_break(void **state)
{
    (void)state;
    for (int late_ms = 18; late_ms < 60; late_ms += 7) {
        struct sim s;
        sim_init(&s, 7000);
        sim_begin(&s);
        sim_run(&s, 1);
        s.delay_us = (uint32_t)late_ms * 1000;
        for (int i = 0; i < 2; i++)
            sim_run(&s, 0.02);
        s.delay_us = 0;
        sim_run(&s, 8);
        report(&s, "late");
        assert_true(s.watch.max_phase_step_deg < 10.0);
        assert_int_equal(playout_get_stats(s.playout).lost, 0);
        assert_true(playout_get_stats(s.playout).delay_us < 36000);
        sim_clear(&s);
    }
}

/* A voice made faster than it is spoken: 20 packets at once, then nothing until they have been played. */
static void packets_that_come_twenty_at_once_are_paced(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, 0);
    int64_t send_us = 1005000;
    for (int i = 0; i < 3000; i++) {
        for (int k = 0; send_us <= s.tick_us && k < 20; k++)
            put_tone(s.playout, &s.tone, s.seq++, s.timestamp += FRAME, send_us);
        if (send_us <= s.tick_us) send_us += 20 * TICK_US;
        s.frame = playout_get(s.playout, s.tick_us, s.pcm);
        s.tick_us += TICK_US;
        if (i == 10) tone_watch_init(&s.watch, RATE, frequency_hz, level_dbfs);
        if (i >= 10) tone_watch_put(&s.watch, s.pcm, FRAME);
    }
    assert_steady(&s, "twenty at once");
    struct playout_stats stats = playout_get_stats(s.playout);
    assert_int_equal(stats.lost + stats.overflows + stats.jumps + stats.concealed_samples, 0);
    assert_int_equal(stats.stretches + stats.shrinks, 0);
    sim_clear(&s);
}

static void what_is_told_of_samples_adds_up(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, 7000);
    for (int i = 0; i < 50; i++)
        sim_step(&s);
    struct playout_stats before = playout_get_stats(s.playout);
    for (int i = 0; i < 1000; i++) {
        s.loss = i % 10 == 0 ? 1.0 : 0.0;
        sim_step(&s);
    }
    struct playout_stats after = playout_get_stats(s.playout);
    assert_int_equal(after.played_samples - before.played_samples, 1000 * FRAME);
    assert_int_equal(after.concealed_samples - before.concealed_samples, 100 * FRAME);
    assert_int_equal(after.lost - before.lost, 100);
    assert_int_equal(after.packets - before.packets, 900);
    assert_true(after.jitter_us < 1000 && after.delay_us == before.delay_us);
    sim_clear(&s);
}

/* A sender that just stops between its words: what was made up because nobody knew better was for nothing lost. */
static void pauses_do_not_count_as_concealed(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, 7000);
    sim_begin(&s);
    for (int i = 0; i < 20; i++) {
        s.talks = true;
        for (int k = 0; k < 30; k++)
            sim_step(&s);
        s.talks = false;
        for (int k = 0; k < 2 + i; k++) /* shorter and longer than what counts as a pause */
            sim_step(&s);
    }
    s.talks = true;
    for (int k = 0; k < 3; k++)
        sim_step(&s);
    assert_int_equal(playout_get_stats(s.playout).concealed_samples, 0);
    assert_int_equal(playout_get_stats(s.playout).lost, 0);
    s.loss = 1.0;
    for (int k = 0; k < 10; k++)
        sim_step(&s);
    s.loss = 0.0;
    for (int k = 0; k < 3; k++)
        sim_step(&s);
    assert_true(playout_get_stats(s.playout).concealed_samples > 4 * FRAME);
    sim_clear(&s);
}

/* Tones without a common period: no lag fits, so a splice without its cross-fade is a step. */
static void a_splice_where_nothing_fits_is_no_click(void **state)
{
    (void)state;
    struct sim s;
    struct tone more[3];
    sim_init(&s, 7000);
    for (int i = 0; i < 3; i++)
        tone_init(&more[i], RATE, 173.0 + 61.7 * i, -14.0);
    tone_init(&s.tone, RATE, 311.3, -14.0);
    s.chord = more;
    after_jitter(&s);
    int steepest = 0, splices = 0, worst = 0, last = s.pcm[FRAME - 1];
    for (int i = 0; i < 3000; i++) {
        struct playout_stats before = playout_get_stats(s.playout);
        sim_step(&s);
        struct playout_stats after = playout_get_stats(s.playout);
        bool spliced = after.shrinks + after.stretches > before.shrinks + before.stretches;
        splices += spliced;
        for (int k = 0; k < FRAME; k++) {
            int step = abs(s.pcm[k] - last);
            if (!spliced && step > steepest) steepest = step;
            if (spliced && step > worst) worst = step;
            last = s.pcm[k];
        }
    }
    printf("%d splices, steps of %d at most, %d elsewhere\n", splices, worst, steepest);
    assert_true(splices > 3);
    assert_true(worst <= steepest + steepest / 10);
    sim_clear(&s);
}

static void ticks_that_the_thread_missed_do_not_add_delay(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, 7000);
    sim_begin(&s);
    for (int i = 0; i < 20; i++) {
        s.tick_us += 3 * TICK_US;
        sim_run(&s, 1);
    }
    assert_true(playout_get_stats(s.playout).delay_us < 24000);
    assert_int_equal(playout_get_stats(s.playout).lost, 0);
    sim_clear(&s);
}

static void what_no_codec_can_take_is_counted(void **state)
{
    (void)state;
    struct playout *p = NULL;
    struct playout_config config = {.codec = &codec_pcma}, wrong = {.codec = &codec_pcma, .max_delay_ms = 5};
    uint8_t payload[600] = {0};
    assert_int_equal(playout_create(&p, &wrong), STATUS_INVALID);
    assert_null(p);
    assert_int_equal(playout_create(&p, &config), STATUS_OK);
    struct playout_packet packet = {.payload = payload, .len = 0};
    assert_false(playout_put(p, &packet));
    packet.len = 481;
    assert_false(playout_put(p, &packet));
    assert_int_equal(playout_get_stats(p).invalid, 2);
    packet.len = 160;
    for (uint16_t i = 0; i < 100; i++) {
        packet.seq = i;
        packet.timestamp = i * 160u;
        packet.arrival_us = i;
        (void)playout_put(p, &packet);
    }
    struct playout_stats stats = playout_get_stats(p);
    assert_int_equal(stats.overflows, 100 - 64);
    playout_destroy(p);
    playout_destroy(NULL);
}

/* Digital silence is not decoded and its samples are not made: what is said between is what it was, bit for bit. */
static void silent_packets_stand_for_zeroes_in_their_place(void **state)
{
    (void)state;
    enum { PACKETS = 6000, PACKET = FRAME / 2 };
    static int16_t said[PACKETS * PACKET], heard[PACKETS * PACKET];
    struct rng rng;
    struct playout *p;
    struct playout_config config = {.codec = &codec_pcmu};
    assert_int_equal(playout_create(&p, &config), STATUS_OK);
    rng_init(&rng, 8);
    uint32_t left = 0;
    bool silent = true;
    for (uint32_t n = 0; n < PACKETS; n++) {
        uint8_t payload[PACKET];
        if (left-- == 0) {
            silent = !silent;
            left = rng_below(&rng, rng_below(&rng, 2) ? 4 : 60);
        }
        for (int i = 0; i < PACKET; i++)
            payload[i] = silent ? (uint8_t)(0x7f | (rng_u32(&rng) & 0x80)) : (uint8_t)rng_u32(&rng);
        for (uint32_t i = 0; i < PACKET; i++)
            said[n * PACKET + i] = g711_ulaw_decode(payload[i]);
        int64_t at_us = 1000000 + (int64_t)n * TICK_US / 2;
        struct playout_packet packet = {
            .seq = (uint16_t)n, .timestamp = n * PACKET, .payload = payload, .len = PACKET, .arrival_us = at_us};
        assert_true(playout_put(p, &packet));
        if (n % 2 == 0) continue;
        struct playout_frame frame = playout_take(p, at_us + 5000, heard + (n - 1) * PACKET); /* zero: left as it is */
        assert_int_equal(frame.verdict, PLAYOUT_VOICE);
    }
    assert_memory_equal(heard + PLAYOUT_QUEUE_LAG, said, sizeof said - PLAYOUT_QUEUE_LAG * sizeof said[0]);
    playout_destroy(p);
}

/* A loss, a late packet, a pause between silent packets: nothing of an earlier word comes back. */
static void after_a_second_of_silent_packets_nothing_else_is_heard(void **state)
{
    (void)state;
    struct sim s;
    sim_init(&s, 3000);
    sim_begin(&s);
    for (int round = 0; round < 20; round++) {
        sim_run(&s, 4);
        s.silent = true;
        s.loss = round % 2 ? 0.2 : 0.0;
        sim_run(&s, 1.2 + 0.02 * round);
        for (int i = 0; i < 50; i++) {
            sim_step(&s);
            for (int k = 0; k < FRAME; k++)
                assert_int_equal(s.pcm[k], 0);
        }
        s.silent = false;
        s.loss = 0.0;
    }
    sim_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_network_costs_a_guard_and_the_way_to_the_next_tick),
        cmocka_unit_test(samples_pass_bit_for_bit_on_a_clean_network),
        cmocka_unit_test(packets_of_any_length_and_changes_of_it_are_steady),
        cmocka_unit_test(single_losses_leave_no_hole),
        cmocka_unit_test(a_lost_packet_of_any_length_adds_no_time),
        cmocka_unit_test(a_lost_packet_keeps_the_phase_of_any_tone),
        cmocka_unit_test(a_loss_that_is_known_in_time_leaves_no_hole_either),
        cmocka_unit_test(jitter_grows_the_delay_and_calm_brings_it_back),
        cmocka_unit_test(small_jitter_is_steady_after_it_has_been_learnt),
        cmocka_unit_test(reordered_packets_are_put_in_order),
        cmocka_unit_test(drift_of_either_sign_makes_no_break),
        cmocka_unit_test(a_clock_that_drifts_little_is_glided_after),
        cmocka_unit_test(drift_is_followed_through_jitter),
        cmocka_unit_test(splices_fit_tones_of_any_frequency),
        cmocka_unit_test(silence_suppression_is_silence_and_not_loss),
        cmocka_unit_test(events_between_voice_are_not_lost_voice),
        cmocka_unit_test(duplicates_and_late_packets_are_counted_and_not_heard),
        cmocka_unit_test(jumps_of_sequence_and_timestamp_are_taken_up),
        cmocka_unit_test(an_outage_fades_and_what_comes_after_is_whole),
        cmocka_unit_test(a_new_source_is_played_from_its_first_packet),
        cmocka_unit_test(an_unheard_leg_is_warm_when_it_is_heard),
        cmocka_unit_test(a_loss_just_after_an_unheard_time_is_concealed_from_what_was_kept),
        cmocka_unit_test(a_late_packet_is_fitted_in_without_a_break),
        cmocka_unit_test(packets_that_come_twenty_at_once_are_paced),
        cmocka_unit_test(what_is_told_of_samples_adds_up),
        cmocka_unit_test(pauses_do_not_count_as_concealed),
        cmocka_unit_test(a_splice_where_nothing_fits_is_no_click),
        cmocka_unit_test(ticks_that_the_thread_missed_do_not_add_delay),
        cmocka_unit_test(what_no_codec_can_take_is_counted),
        cmocka_unit_test(silent_packets_stand_for_zeroes_in_their_place),
        cmocka_unit_test(after_a_second_of_silent_packets_nothing_else_is_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
