/**
 * @file batch.c  Many calls at once: ramp up, settle, measure a window, hang up, report.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "load/caller.h"
#include "load/options.h"
#include "load/process_cpu.h"
#include "os/clock.h"

enum { DELAYS_MAX = 1 << 20, FAILURES_MAX = 8 };
enum { ANSWER_WAIT_MS = 15000, HANGUP_WAIT_MS = 5000 };

enum batch_state { BATCH_RAMP, BATCH_WAIT, BATCH_SETTLE, BATCH_WINDOW, BATCH_HANGUP };

struct batch;

struct batch_call {
    struct batch *batch;
    struct caller caller;
    struct stream_counts before;
    int64_t dialled_us, answered_us;
    bool was_up, ended_early;
};

/** How often calls failed with one code. */
struct failure {
    uint32_t code, count;
};

struct batch {
    const struct load_options *options;
    struct loop *loop;
    struct uac *uac;
    struct loop_timer timer;
    struct batch_call *calls; /* owned, options->calls of them */
    enum batch_state state;
    uint32_t dialled, up, over;
    int64_t first_dial_us, last_answer_us, window_us, window_end_us;
    uint32_t *delays_us;        /* owned */
    uint32_t *packet_delays_us; /* owned; likewise, to the packet's arrival */
    uint32_t delay_count;
    struct failure failures[FAILURES_MAX];
    int64_t cpu_us[OPTIONS_PIDS_MAX + 1]; /* over the window; the last is our own */
};

/** Sums of the window. */
struct totals {
    struct stream_counts c;
    double due_in, jitter_sum_us, jitter_max_us, worst_share;
    uint32_t calls;
};

static int64_t own_cpu_us(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return ((int64_t)r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 + r.ru_utime.tv_usec + r.ru_stime.tv_usec;
}

static void cpu_add(struct batch *b, int sign)
{
    for (unsigned i = 0; i < b->options->pid_count; i++)
        b->cpu_us[i] += sign * process_cpu_us(b->options->pids[i]);
    b->cpu_us[OPTIONS_PIDS_MAX] += sign * own_cpu_us();
}

static void failure_count(struct batch *b, uint32_t code)
{
    for (int i = 0; i < FAILURES_MAX; i++) {
        if (b->failures[i].count && b->failures[i].code != code) continue;
        b->failures[i].code = code;
        b->failures[i].count++;
        return;
    }
}

static void phase_step(struct batch *b)
{
    if (b->state == BATCH_WAIT && b->up + b->over >= b->dialled) {
        b->state = BATCH_SETTLE;
        loop_timer_set(b->loop, &b->timer, clock_now_us() + (int64_t)b->options->settle_ms * 1000);
    }
    if (b->state == BATCH_HANGUP && b->up == 0) loop_stop(b->loop);
}

static void on_answered(void *context)
{
    struct batch_call *call = context;
    call->answered_us = clock_now_us();
    call->was_up = true;
    call->batch->up++;
    call->batch->last_answer_us = call->answered_us;
    phase_step(call->batch);
}

static void on_ended(void *context, uint32_t code, const char *by, struct slice reason)
{
    (void)by;
    (void)reason;
    struct batch_call *call = context;
    struct batch *b = call->batch;
    if (call->was_up) b->up--;
    b->over++;
    if (b->state != BATCH_HANGUP) {
        call->ended_early = call->was_up;
        failure_count(b, code);
    }
    phase_step(b);
}

static void on_burst(void *context, int64_t arrival_us, int64_t onset_us)
{
    struct batch *b = ((struct batch_call *)context)->batch;
    int64_t delay_us = onset_us - b->calls[0].caller.stream.burst_sent_us;
    if (b->state != BATCH_WINDOW || delay_us < 0 || delay_us > 900000 || b->delay_count == DELAYS_MAX) return;
    b->packet_delays_us[b->delay_count] = (uint32_t)(delay_us - (onset_us - arrival_us));
    b->delays_us[b->delay_count++] = (uint32_t)delay_us;
}

static void source_choose(struct batch *b, uint32_t index)
{
    if (index >= b->options->talkers) return;
    char tone[32];
    snprintf(tone, sizeof tone, "%u@-32", 313 + 97 * (index % 20));
    struct source *source = &b->calls[index].caller.stream.source;
    if (source_set_tones(source, slice_of(tone)) != STATUS_OK) abort();
    uint32_t frame = b->options->ptime_ms * 8;
    if (index == 0) source_set_bursts(source, 8000 / frame * frame, (480 + frame - 1) / frame * frame);
}

static bool call_dial(struct batch *b, uint32_t index)
{
    const struct load_options *o = b->options;
    struct batch_call *call = &b->calls[index];
    struct caller_events events = {.answered = on_answered, .ended = on_ended, .context = call};
    struct caller_config config = {.law = o->law,
                                   .ptime_ms = o->ptime_ms,
                                   .phase_ms = index * 7 + o->phase_ms,
                                   .seed = index * 2654435761U + (uint64_t)clock_now_us(),
                                   .suites = {o->suite},
                                   .suite_count = o->encrypted};
    char user[32];
    snprintf(user, sizeof user, "load%u", index);
    call->batch = b;
    if (caller_open(&call->caller, b->loop, b->uac, &config, &events) != STATUS_OK) return false;
    source_choose(b, index);
    call->caller.stream.events = (struct stream_events){.burst = on_burst, .context = call};
    call->dialled_us = clock_now_us();
    return caller_dial(&call->caller, b->uac, o->target, user) == STATUS_OK;
}

static void ramp_step(struct batch *b, int64_t now_us)
{
    if (!call_dial(b, b->dialled)) {
        fprintf(stderr, "parley-load: call %u cannot be placed (an IP address in --target? enough ports?)\n",
                b->dialled);
        exit(2);
    }
    if (b->dialled++ == 0) b->first_dial_us = now_us;
    int64_t next_us = b->first_dial_us + (int64_t)b->dialled * 1000000 / b->options->ramp_per_s;
    if (b->dialled == b->options->calls) {
        b->state = BATCH_WAIT;
        next_us = now_us + ANSWER_WAIT_MS * 1000;
    }
    loop_timer_set(b->loop, &b->timer, next_us);
    phase_step(b);
}

static void window_begin(struct batch *b, int64_t now_us)
{
    b->state = BATCH_WINDOW;
    b->window_us = now_us;
    for (uint32_t i = 0; i < b->options->calls; i++) {
        b->calls[i].caller.stream.counts.gap_max_us = 0;
        b->calls[i].caller.stream.counts.late_max_us = 0;
        b->calls[i].before = b->calls[i].caller.stream.counts;
    }
    cpu_add(b, -1);
    loop_timer_set(b->loop, &b->timer, now_us + (int64_t)b->options->seconds * 1000000);
}

static void counts_subtract(struct stream_counts *now, const struct stream_counts *before)
{
    now->due -= before->due;
    now->sent -= before->sent;
    now->late_sends -= before->late_sends;
    now->send_errors -= before->send_errors;
    now->received -= before->received;
    now->gaps -= before->gaps;
    now->duplicates -= before->duplicates;
    now->reordered -= before->reordered;
    now->rtcp -= before->rtcp;
    now->source_changes -= before->source_changes;
}

static void window_end(struct batch *b, int64_t now_us)
{
    cpu_add(b, 1);
    b->window_end_us = now_us;
    b->state = BATCH_HANGUP;
    for (uint32_t i = 0; i < b->options->calls; i++) {
        struct batch_call *call = &b->calls[i];
        struct stream_counts counts = call->caller.stream.counts;
        counts_subtract(&counts, &call->before);
        call->before = counts; /* from here on: the window's */
        if (call->caller.call && !call->caller.ended) uac_call_hangup(call->caller.call);
    }
    loop_timer_set(b->loop, &b->timer, now_us + HANGUP_WAIT_MS * 1000);
    phase_step(b);
}

static void batch_due(void *context, int64_t now_us)
{
    struct batch *b = context;
    switch (b->state) {
    case BATCH_RAMP: ramp_step(b, now_us); break;
    case BATCH_WAIT:
    case BATCH_SETTLE: window_begin(b, now_us); break;
    case BATCH_WINDOW: window_end(b, now_us); break;
    case BATCH_HANGUP: loop_stop(b->loop); break;
    }
}

static struct totals totals_take(const struct batch *b)
{
    struct totals t = {.worst_share = 1.0};
    double due = (double)(b->window_end_us - b->window_us) / 1000.0 / b->options->ptime_ms;
    for (uint32_t i = 0; i < b->options->calls; i++) {
        const struct batch_call *call = &b->calls[i];
        const struct stream_counts *c = &call->before;
        if (!call->was_up) continue;
        t.calls++;
        t.due_in += due;
        t.c.due += c->due;
        t.c.sent += c->sent;
        t.c.late_sends += c->late_sends;
        t.c.send_errors += c->send_errors;
        t.c.received += c->received;
        t.c.gaps += c->gaps;
        t.c.duplicates += c->duplicates;
        t.c.reordered += c->reordered;
        t.c.rtcp += c->rtcp;
        t.c.source_changes += c->source_changes;
        if (c->late_max_us > t.c.late_max_us) t.c.late_max_us = c->late_max_us;
        if (c->gap_max_us > t.c.gap_max_us) t.c.gap_max_us = c->gap_max_us;
        double share = (double)c->received / due, jitter = call->caller.stream.jitter_us;
        if (share < t.worst_share) t.worst_share = share;
        t.jitter_sum_us += jitter;
        if (jitter > t.jitter_max_us) t.jitter_max_us = jitter;
    }
    return t;
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static double percentile_ms(const uint32_t *sorted_us, uint32_t count, double share)
{
    return count ? sorted_us[(uint32_t)(share * (count - 1) + 0.5)] / 1000.0 : 0.0;
}

/** Set-up times, sorted, in a new array that the caller frees; NULL where memory is short. */
static uint32_t *setups_sorted(const struct batch *b, uint32_t *count)
{
    uint32_t *times = calloc(b->options->calls, sizeof *times);
    *count = 0;
    for (uint32_t i = 0; times && i < b->options->calls; i++) {
        if (b->calls[i].was_up) times[(*count)++] = (uint32_t)(b->calls[i].answered_us - b->calls[i].dialled_us);
    }
    if (times) qsort(times, *count, sizeof *times, ascending);
    return times;
}

static uint32_t failures_total(const struct batch *b)
{
    uint32_t total = b->options->calls - b->dialled;
    for (int i = 0; i < FAILURES_MAX; i++)
        total += b->failures[i].count;
    return total;
}

static double cpu_share(const struct batch *b, int64_t cpu_us)
{
    return 100.0 * (double)cpu_us / (double)(b->window_end_us - b->window_us);
}

static void report_lines(const struct batch *b, const struct totals *t, const uint32_t *setups, uint32_t setup_count)
{
    double rate = setup_count > 1 ? setup_count / ((double)(b->last_answer_us - b->first_dial_us) / 1e6) : 0.0;
    printf("calls      %u up of %u, %u failed;  set-up %.0f a second, p50 %.1f ms, p95 %.1f ms\n", t->calls,
           b->options->calls, failures_total(b), rate, percentile_ms(setups, setup_count, 0.5),
           percentile_ms(setups, setup_count, 0.95));
    for (int i = 0; i < FAILURES_MAX && b->failures[i].count; i++)
        printf("           %u ended with %u\n", b->failures[i].count, b->failures[i].code);
    printf("sent       %llu of %llu due, %llu late (worst %.1f ms), %llu errors\n", (unsigned long long)t->c.sent,
           (unsigned long long)t->c.due, (unsigned long long)t->c.late_sends, (double)t->c.late_max_us / 1000.0,
           (unsigned long long)t->c.send_errors);
    printf("received   %llu of %.0f due (%.3f %%; worst call %.2f %%), %llu lost, %llu duplicate, %llu reordered\n",
           (unsigned long long)t->c.received, t->due_in,
           t->due_in > 0 ? 100.0 * (double)t->c.received / t->due_in : 0.0, 100.0 * t->worst_share,
           (unsigned long long)t->c.gaps, (unsigned long long)t->c.duplicates, (unsigned long long)t->c.reordered);
    printf("arrival    jitter %.2f ms (worst call %.2f ms), longest gap %.1f ms, %llu RTCP packets\n",
           t->calls ? t->jitter_sum_us / t->calls / 1000.0 : 0.0, t->jitter_max_us / 1000.0,
           (double)t->c.gap_max_us / 1000.0, (unsigned long long)t->c.rtcp);
    printf("delay      p50 %.1f ms, p95 %.1f ms, worst %.1f ms (%u bursts heard)\n",
           percentile_ms(b->delays_us, b->delay_count, 0.5), percentile_ms(b->delays_us, b->delay_count, 0.95),
           percentile_ms(b->delays_us, b->delay_count, 1.0), b->delay_count);
    printf("cpu        own %.1f %% of a core", cpu_share(b, b->cpu_us[OPTIONS_PIDS_MAX]));
    for (unsigned i = 0; i < b->options->pid_count; i++)
        printf("; pid %d %.1f %%", (int)b->options->pids[i], cpu_share(b, b->cpu_us[i]));
    printf("\n");
}

static void report_json(const struct batch *b, const struct totals *t, const uint32_t *setups, uint32_t setup_count)
{
    printf("{\"calls\":%u,\"up\":%u,\"failed\":%u,\"failures\":{", b->options->calls, t->calls, failures_total(b));
    for (int i = 0; i < FAILURES_MAX && b->failures[i].count; i++)
        printf("%s\"%u\":%u", i ? "," : "", b->failures[i].code, b->failures[i].count);
    double rate = setup_count > 1 ? setup_count / ((double)(b->last_answer_us - b->first_dial_us) / 1e6) : 0.0;
    printf("},\"setup_per_s\":%.1f,\"setup_p50_ms\":%.2f,\"setup_p95_ms\":%.2f,\"window_s\":%.3f,", rate,
           percentile_ms(setups, setup_count, 0.5), percentile_ms(setups, setup_count, 0.95),
           (double)(b->window_end_us - b->window_us) / 1e6);
    printf("\"sent\":%llu,\"sent_due\":%llu,\"late_sends\":%llu,\"late_max_ms\":%.2f,\"send_errors\":%llu,",
           (unsigned long long)t->c.sent, (unsigned long long)t->c.due, (unsigned long long)t->c.late_sends,
           (double)t->c.late_max_us / 1000.0, (unsigned long long)t->c.send_errors);
    printf("\"received\":%llu,\"received_due\":%.0f,\"worst_call_share\":%.4f,\"lost\":%llu,\"duplicates\":%llu,"
           "\"reordered\":%llu,\"source_changes\":%llu,\"rtcp\":%llu,",
           (unsigned long long)t->c.received, t->due_in, t->worst_share, (unsigned long long)t->c.gaps,
           (unsigned long long)t->c.duplicates, (unsigned long long)t->c.reordered,
           (unsigned long long)t->c.source_changes, (unsigned long long)t->c.rtcp);
    printf("\"jitter_ms\":%.3f,\"jitter_max_ms\":%.3f,\"gap_max_ms\":%.2f,",
           t->calls ? t->jitter_sum_us / t->calls / 1000.0 : 0.0, t->jitter_max_us / 1000.0,
           (double)t->c.gap_max_us / 1000.0);
    printf("\"delay_p50_ms\":%.2f,\"delay_p95_ms\":%.2f,\"delay_max_ms\":%.2f,\"delay_count\":%u,",
           percentile_ms(b->delays_us, b->delay_count, 0.5), percentile_ms(b->delays_us, b->delay_count, 0.95),
           percentile_ms(b->delays_us, b->delay_count, 1.0), b->delay_count);
    printf("\"packet_delay_p50_ms\":%.2f,\"packet_delay_p95_ms\":%.2f,",
           percentile_ms(b->packet_delays_us, b->delay_count, 0.5),
           percentile_ms(b->packet_delays_us, b->delay_count, 0.95));
    printf("\"own_cpu_us\":%lld,\"cpu_us\":{", (long long)b->cpu_us[OPTIONS_PIDS_MAX]);
    for (unsigned i = 0; i < b->options->pid_count; i++)
        printf("%s\"%d\":%lld", i ? "," : "", (int)b->options->pids[i], (long long)b->cpu_us[i]);
    printf("}}\n");
}

static int report(struct batch *b)
{
    struct totals t = totals_take(b);
    uint32_t setup_count;
    uint32_t *setups = setups_sorted(b, &setup_count);
    if (!setups) return 2;
    qsort(b->delays_us, b->delay_count, sizeof *b->delays_us, ascending);
    qsort(b->packet_delays_us, b->delay_count, sizeof *b->packet_delays_us, ascending);
    (b->options->json ? report_json : report_lines)(b, &t, setups, setup_count);
    free(setups);
    bool all_heard = (double)t.c.received >= 0.99 * t.due_in;
    return failures_total(b) == 0 && all_heard ? 0 : 1;
}

int batch_run(const struct load_options *options)
{
    struct batch b = {.options = options};
    struct address target;
    if (!sip_uri_address(slice_of(options->target), &target)) {
        fprintf(stderr, "parley-load: --target needs a sip: URI with an IP address, not %s\n", options->target);
        return 2;
    }
    const char *local = options->local ? options->local : address_is_v6(&target) ? "::1" : "127.0.0.1";
    b.calls = calloc(options->calls, sizeof *b.calls);
    b.delays_us = calloc(DELAYS_MAX, sizeof *b.delays_us);
    b.packet_delays_us = calloc(DELAYS_MAX, sizeof *b.packet_delays_us);
    if (!b.calls || !b.delays_us || !b.packet_delays_us || loop_create(&b.loop) != STATUS_OK ||
        uac_create(&b.uac, b.loop, local, (uint64_t)clock_now_us() ^ (uint64_t)getpid() << 40) != STATUS_OK) {
        fprintf(stderr, "parley-load: cannot bind a socket at %s\n", local);
        return 2;
    }
    loop_timer_init(&b.timer, batch_due, &b);
    loop_timer_set(b.loop, &b.timer, clock_now_us());
    loop_run(b.loop);
    int code = report(&b);
    for (uint32_t i = 0; i < b.dialled; i++)
        caller_close(&b.calls[i].caller);
    uac_destroy(b.uac);
    loop_destroy(b.loop);
    free(b.calls);
    free(b.delays_us);
    free(b.packet_delays_us);
    return code;
}
