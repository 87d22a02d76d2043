/**
 * @file control.c  parley-load line by line: commands on stdin, JSON events on stdout.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load/caller.h"
#include "load/meter.h"
#include "load/options.h"
#include "load/wav_file.h"
#include "os/clock.h"

enum { WATCH_MAX = 8, PHONES_MAX = 1024, LOCALS_MAX = 8, WORDS_MAX = 16, LINE_MAX_BYTES = 8192 };
enum { WINDOW_SAMPLES = 80, QUIT_WAIT_MS = 2000 };

struct control;

struct phone {
    struct control *control;
    char name[64];
    struct caller caller;
    double watch_hz[WATCH_MAX];
    unsigned watch_count;
    bool watching;
    int16_t window[WINDOW_SAMPLES]; /* the 10 ms that fill up */
    size_t window_fill;
    struct meter_ring ring;
    struct wav_writer *tap; /* owned; NULL without */
    uint32_t tap_samples;   /* since the last flush */
};

struct control {
    struct loop *loop;
    struct loop_watch input;
    struct loop_timer quit_timer;
    struct uac *uacs[LOCALS_MAX];
    const char *locals[LOCALS_MAX]; /* owned */
    unsigned uac_count;
    struct phone *phones[PHONES_MAX];
    unsigned phone_count;
    char line[LINE_MAX_BYTES];
    size_t line_fill;
    uint64_t seed;
    bool quitting;
};

/** Starts an event line; name may be NULL. It is ended by event_end(). */
static void event_begin(const char *event, const char *name, int64_t mono_us)
{
    printf("{\"event\":\"%s\",\"mono_us\":%lld,\"real_us\":%lld", event, (long long)mono_us,
           (long long)(mono_us - clock_real_to_monotonic_us()));
    if (name) printf(",\"name\":\"%s\"", name);
}

static void event_end(void)
{
    printf("}\n");
    fflush(stdout);
}

static void text_print(const char *key, struct slice text)
{
    printf(",\"%s\":\"", key);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c == '"' || c == '\\') putchar('\\');
        if (c >= 0x20 && c < 0x7f) putchar(c);
    }
    putchar('"');
}

static void event_error(const char *command, const char *name, const char *why)
{
    event_begin("error", name, clock_now_us());
    text_print("command", slice_of(command));
    text_print("why", slice_of(why));
    event_end();
}

static void event_ok(const char *command, const char *name)
{
    event_begin("ok", name, clock_now_us());
    printf(",\"command\":\"%s\"", command);
    event_end();
}

static void on_progress(void *context, uint32_t code)
{
    event_begin("progress", ((struct phone *)context)->name, clock_now_us());
    printf(",\"code\":%u", code);
    event_end();
}

static void suite_print(const struct secure *secure)
{
    if (secure->on) printf(",\"srtp\":\"%s\"", sdes_suite_name(secure->ours.suite));
}

static void on_answered(void *context)
{
    struct phone *phone = context;
    event_begin("answered", phone->name, clock_now_us());
    printf(",\"rtp_port\":%u,\"peer_rtp_port\":%u,\"peer_ptime_ms\":%u,\"peer_direction\":\"%s\"",
           address_port(&phone->caller.stream.local), address_port(&phone->caller.stream.remote),
           phone->caller.answered_ptime_ms, sdp_direction_name(phone->caller.peer_direction));
    suite_print(&phone->caller.stream.secure);
    event_end();
}

static void on_reinvited(void *context, uint32_t code)
{
    struct phone *phone = context;
    event_begin("reinvited", phone->name, clock_now_us());
    printf(",\"code\":%u,\"peer_direction\":\"%s\"", code, sdp_direction_name(phone->caller.peer_direction));
    suite_print(&phone->caller.stream.secure);
    event_end();
}

static void tap_close(struct phone *phone)
{
    wav_writer_close(phone->tap);
    phone->tap = NULL;
}

static void quit_when_over(struct control *control)
{
    if (!control->quitting) return;
    for (unsigned i = 0; i < control->phone_count; i++) {
        if (!control->phones[i]->caller.ended) return;
    }
    loop_stop(control->loop);
}

static void on_ended(void *context, uint32_t code, const char *by, struct slice reason)
{
    struct phone *phone = context;
    tap_close(phone);
    event_begin("ended", phone->name, clock_now_us());
    printf(",\"code\":%u,\"by\":\"%s\"", code, by);
    text_print("reason", reason);
    event_end();
    quit_when_over(phone->control);
}

static void on_first_rtp(void *context, int64_t arrival_us)
{
    event_begin("first_rtp", ((struct phone *)context)->name, arrival_us);
    event_end();
}

static void on_digit(void *context, char digit, int64_t arrival_us)
{
    event_begin("dtmf", ((struct phone *)context)->name, arrival_us);
    printf(",\"digit\":\"%c\"", digit);
    event_end();
}

typedef double meter_fn(const int16_t *samples, size_t count, double hz);

static void tones_print(const int16_t *samples, size_t count, const double *hz, unsigned hz_count, meter_fn *meter)
{
    printf(",\"rms\":%.2f,\"tones\":{", meter_rms_dbfs(samples, count));
    for (unsigned i = 0; i < hz_count; i++)
        printf("%s\"%g\":%.2f", i ? "," : "", hz[i], meter(samples, count, hz[i]));
    printf("}");
}

/** One level event a full 10 ms; offset_us says how far into its packet the window ends. */
static void window_report(struct phone *phone, int64_t arrival_us, size_t end_sample, bool lost)
{
    event_begin("level", phone->name, arrival_us);
    printf(",\"packet_ms\":%.3f,\"lost\":%s", (double)end_sample / 8.0, lost ? "true" : "false");
    tones_print(phone->window, WINDOW_SAMPLES, phone->watch_hz, phone->watch_count, meter_tone_dbfs);
    event_end();
}

static void on_pcm(void *context, const int16_t *samples, size_t count, int64_t arrival_us, bool lost)
{
    struct phone *phone = context;
    meter_ring_put(&phone->ring, samples, count);
    if (phone->tap) {
        wav_writer_put(phone->tap, samples, count);
        phone->tap_samples += (uint32_t)count;
        if (phone->tap_samples >= 4000) {
            wav_writer_flush(phone->tap);
            phone->tap_samples = 0;
        }
    }
    if (!phone->watching) return;
    for (size_t i = 0; i < count; i++) {
        phone->window[phone->window_fill++] = samples[i];
        if (phone->window_fill < WINDOW_SAMPLES) continue;
        phone->window_fill = 0;
        window_report(phone, arrival_us, i + 1, lost);
    }
}

static struct phone *phone_find(struct control *control, const char *name)
{
    for (unsigned i = control->phone_count; i > 0; i--) {
        if (strcmp(control->phones[i - 1]->name, name) == 0) return control->phones[i - 1];
    }
    return NULL;
}

static struct uac *uac_for(struct control *control, const char *local)
{
    for (unsigned i = 0; i < control->uac_count; i++) {
        if (strcmp(control->locals[i], local) == 0) return control->uacs[i];
    }
    struct uac *uac;
    if (control->uac_count == LOCALS_MAX || uac_create(&uac, control->loop, local, control->seed) != STATUS_OK)
        return NULL;
    control->seed += 7919;
    control->locals[control->uac_count] = strdup(local);
    control->uacs[control->uac_count++] = uac;
    return uac;
}

static const char *wav_set(struct phone *phone, const char *path)
{
    int16_t *samples;
    size_t count;
    if (strcmp(path, "off") == 0) {
        source_set_wav(&phone->caller.stream.source, NULL, 0);
        return NULL;
    }
    if (wav_file_read(path, &samples, &count) != STATUS_OK) return "no such WAV file, or not 8000 Hz 16-bit mono";
    source_set_wav(&phone->caller.stream.source, samples, count);
    return NULL;
}

/** What the words behind `call NAME URI` say. */
struct call_words {
    const char *tone, *wav, *local;
    struct caller_config config;
};

/** "SUITE,SUITE" */
static bool suites_parse(const char *text, struct caller_config *config)
{
    struct slice rest = slice_of(text);
    while (rest.len && config->suite_count < SDES_SUITES) {
        if (!sdes_suite_named(slice_cut(&rest, ','), &config->suites[config->suite_count++])) return false;
    }
    return rest.len == 0;
}

static const char *call_words_parse(char **words, unsigned count, struct call_words *out)
{
    for (unsigned i = 0; i < count; i++) {
        char *value = strchr(words[i], '=');
        if (value) *value++ = 0;
        uint32_t number;
        if (strcmp(words[i], "hold") == 0) {
            out->config.hold = true;
        } else if (strcmp(words[i], "avp") == 0) {
            out->config.avp = true;
        } else if (!value) {
            return "unknown word in call";
        } else if (strcmp(words[i], "tone") == 0) {
            out->tone = value;
        } else if (strcmp(words[i], "wav") == 0) {
            out->wav = value;
        } else if (strcmp(words[i], "local") == 0) {
            out->local = value;
        } else if (strcmp(words[i], "srtp") == 0 && suites_parse(value, &out->config)) {
            continue;
        } else if (strcmp(words[i], "codec") == 0 && (strcmp(value, "PCMU") == 0 || strcmp(value, "PCMA") == 0)) {
            out->config.law = strcmp(value, "PCMU") == 0 ? G711_MU : G711_A;
        } else if (strcmp(words[i], "ptime") == 0 && slice_to_u32(slice_of(value), 60, &number) && number >= 10) {
            out->config.ptime_ms = number;
        } else {
            return "unknown word or value in call";
        }
    }
    return NULL;
}

static bool name_fits(const char *name)
{
    size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    return len > 0 && len < 64 && name[len] == 0;
}

static const char *phone_start(struct control *control, struct phone *phone, const char *uri, struct call_words *words)
{
    struct address target;
    if (!sip_uri_address(slice_of(uri), &target)) return "the URI needs sip: and an IP address";
    if (!words->local) words->local = address_is_v6(&target) ? "::1" : "127.0.0.1";
    struct uac *uac = uac_for(control, words->local);
    if (!uac) return "cannot bind a socket at that local address";
    struct caller_events events = {on_progress, on_answered, on_reinvited, on_ended, phone};
    if (caller_open(&phone->caller, control->loop, uac, &words->config, &events) != STATUS_OK) return "no RTP ports";
    struct stream *stream = &phone->caller.stream;
    stream->events =
        (struct stream_events){.first_rtp = on_first_rtp, .pcm = on_pcm, .digit = on_digit, .context = phone};
    const char *why = words->wav ? wav_set(phone, words->wav) : NULL;
    if (!why && words->tone && source_set_tones(&stream->source, slice_of(words->tone)) != STATUS_OK) why = "bad tone";
    if (!why && caller_dial(&phone->caller, uac, uri, phone->name) != STATUS_OK) why = "the call cannot be placed";
    if (why) caller_close(&phone->caller);
    return why;
}

static const char *command_call(struct control *control, char **words, unsigned count)
{
    if (count < 3 || !name_fits(words[1])) return "call NAME URI ...";
    struct phone *before = phone_find(control, words[1]);
    if ((before && !before->caller.ended) || control->phone_count == PHONES_MAX) return "that name is in a call";
    struct call_words parsed = {
        .config = {.ptime_ms = 20, .phase_ms = control->phone_count * 7, .seed = control->seed++}};
    const char *why = call_words_parse(words + 3, count - 3, &parsed);
    if (why) return why;
    struct phone *phone = calloc(1, sizeof *phone);
    if (!phone) return "out of memory";
    phone->control = control;
    snprintf(phone->name, sizeof phone->name, "%s", words[1]);
    why = phone_start(control, phone, words[2], &parsed);
    if (why) {
        free(phone);
        return why;
    }
    control->phones[control->phone_count++] = phone;
    return NULL;
}

static const char *command_tone(struct phone *phone, char **words, unsigned count)
{
    if (count != 3) return "tone NAME HZ@DBFS,...|off";
    return source_set_tones(&phone->caller.stream.source, slice_of(words[2])) == STATUS_OK ? NULL : "bad tone";
}

static const char *command_wav(struct phone *phone, char **words, unsigned count)
{
    return count == 3 ? wav_set(phone, words[2]) : "wav NAME FILE|off";
}

static const char *command_hangup(struct phone *phone, char **words, unsigned count)
{
    (void)words;
    (void)count;
    uac_call_hangup(phone->caller.call);
    return NULL;
}

static const char *command_hold(struct phone *phone, char **words, unsigned count)
{
    (void)count;
    return caller_hold(&phone->caller, strcmp(words[0], "hold") == 0) ? NULL : "not up, or a re-INVITE is under way";
}

static const char *command_rekey(struct phone *phone, char **words, unsigned count)
{
    (void)words;
    (void)count;
    return caller_rekey(&phone->caller) ? NULL : "not up, without keys, or a re-INVITE is under way";
}

static const char *command_key(struct phone *phone, char **words, unsigned count)
{
    bool wrong = count == 3 && strcmp(words[2], "wrong") == 0;
    if (!wrong && (count != 3 || strcmp(words[2], "right") != 0)) return "key NAME wrong|right";
    return caller_wrong_key(&phone->caller, wrong) ? NULL : "not encrypted";
}

static const char *command_dtmf(struct phone *phone, char **words, unsigned count)
{
    if (count != 3 || strlen(words[2]) != 1) return "dtmf NAME DIGIT";
    return stream_send_digit(&phone->caller.stream, words[2][0]) ? NULL
                                                                 : "not a digit, one under way, or not negotiated";
}

static const char *command_drop(struct phone *phone, char **words, unsigned count)
{
    char *end;
    double share = count == 3 ? strtod(words[2], &end) : -1.0;
    if (share < 0.0 || share > 1.0 || *end) return "drop NAME P, from 0 to 1";
    phone->caller.stream.drop = share;
    return NULL;
}

/** @return how many; -1 where the list does not fit */
static int hz_parse(const char *text, double *hz)
{
    int count = 0;
    struct slice rest = slice_of(text);
    while (rest.len) {
        char one[32], *end;
        if (count == WATCH_MAX || !slice_copy(slice_cut(&rest, ','), one, sizeof one)) return -1;
        hz[count] = strtod(one, &end);
        if (end == one || *end || hz[count] <= 0.0 || hz[count] >= 4000.0) return -1;
        count++;
    }
    return count;
}

static const char *command_watch(struct phone *phone, char **words, unsigned count)
{
    double hz[WATCH_MAX];
    if (count != 3) return "watch NAME HZ,...|off";
    if (strcmp(words[2], "off") == 0) {
        phone->watching = false;
        return NULL;
    }
    int found = hz_parse(words[2], hz);
    if (found < 0) return "up to 8 frequencies below 4000";
    memcpy(phone->watch_hz, hz, sizeof hz);
    phone->watch_count = (unsigned)found;
    if (!phone->watching) phone->window_fill = 0;
    phone->watching = true;
    return NULL;
}

static void counts_print(const struct stream *stream)
{
    const struct stream_counts *c = &stream->counts;
    printf(",\"sent\":%llu,\"dropped\":%llu,\"due\":%llu,\"late_sends\":%llu,\"send_errors\":%llu,\"received\":%llu,"
           "\"lost\":%llu,"
           "\"unopened\":%llu,\"duplicates\":%llu,\"reordered\":%llu,\"source_changes\":%llu,\"rtcp\":%llu,\"rtcp_"
           "byes\":%llu,"
           "\"jitter_ms\":%.3f,\"gap_max_ms\":%.2f,\"late_max_ms\":%.2f,\"last_rtp_mono_us\":%lld",
           (unsigned long long)c->sent, (unsigned long long)c->dropped, (unsigned long long)c->due,
           (unsigned long long)c->late_sends, (unsigned long long)c->send_errors, (unsigned long long)c->received,
           (unsigned long long)c->gaps, (unsigned long long)c->unopened, (unsigned long long)c->duplicates,
           (unsigned long long)c->reordered, (unsigned long long)c->source_changes, (unsigned long long)c->rtcp,
           (unsigned long long)c->rtcp_byes, stream->jitter_us / 1000.0, (double)c->gap_max_us / 1000.0,
           (double)c->late_max_us / 1000.0, (long long)stream->in_us);
}

static const char *command_levels(struct phone *phone, char **words, unsigned count)
{
    static int16_t samples[METER_RING_SAMPLES];
    uint32_t ms = 1000;
    double hz[WATCH_MAX];
    int hz_count = (int)phone->watch_count;
    memcpy(hz, phone->watch_hz, sizeof hz);
    if (count > 2 && (!slice_to_u32(slice_of(words[2]), 1000, &ms) || ms < 10))
        return "levels NAME [MS], from 10 to 1000";
    if (count > 3) hz_count = hz_parse(words[3], hz);
    if (hz_count < 0) return "up to 8 frequencies below 4000";
    size_t got = meter_ring_newest(&phone->ring, samples, ms * 8U);
    event_begin("levels", phone->name, clock_now_us());
    printf(",\"ms\":%.1f,\"rest\":%.2f", (double)got / 8.0, meter_rest_dbfs(samples, got, hz, (unsigned)hz_count));
    tones_print(samples, got, hz, (unsigned)hz_count, meter_band_dbfs);
    counts_print(&phone->caller.stream);
    event_end();
    return "";
}

static const char *command_stats(struct phone *phone, char **words, unsigned count)
{
    event_begin("stats", phone->name, clock_now_us());
    counts_print(&phone->caller.stream);
    event_end();
    if (count > 2 && strcmp(words[2], "reset") == 0) {
        phone->caller.stream.counts.gap_max_us = 0;
        phone->caller.stream.counts.late_max_us = 0;
    }
    return "";
}

static const char *command_tap(struct phone *phone, char **words, unsigned count)
{
    if (count != 3) return "tap NAME FILE|off";
    tap_close(phone);
    if (strcmp(words[2], "off") == 0) return NULL;
    return wav_writer_open(&phone->tap, words[2]) == STATUS_OK ? NULL : "cannot write that file";
}

static void quit_due(void *context, int64_t now_us)
{
    (void)now_us;
    loop_stop(((struct control *)context)->loop);
}

static void quit_begin(struct control *control)
{
    control->quitting = true;
    for (unsigned i = 0; i < control->phone_count; i++)
        uac_call_hangup(control->phones[i]->caller.call);
    loop_timer_set(control->loop, &control->quit_timer, clock_now_us() + QUIT_WAIT_MS * 1000);
    quit_when_over(control);
}

/** A command about a phone. @return NULL: done; "": done, it has made its own event; else why not */
typedef const char *(*command_fn)(struct phone *phone, char **words, unsigned count);

static const struct {
    const char *word;
    command_fn fn;
} commands[] = {
    {"hangup", command_hangup}, {"tone", command_tone}, {"wav", command_wav},     {"hold", command_hold},
    {"resume", command_hold},   {"dtmf", command_dtmf}, {"drop", command_drop},   {"watch", command_watch},
    {"levels", command_levels}, {"tap", command_tap},   {"stats", command_stats}, {"rekey", command_rekey},
    {"key", command_key},
};

static const char *phone_command(struct control *control, char **words, unsigned count)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(words[0], commands[i].word) != 0) continue;
        struct phone *phone = count > 1 ? phone_find(control, words[1]) : NULL;
        return phone ? commands[i].fn(phone, words, count) : "no call of that name";
    }
    return "unknown command; see --help";
}

static void line_run(struct control *control, char *line)
{
    char *words[WORDS_MAX], *save = NULL;
    unsigned count = 0;
    for (char *word = strtok_r(line, " \t\r", &save); word && count < WORDS_MAX; word = strtok_r(NULL, " \t\r", &save))
        words[count++] = word;
    if (count == 0 || words[0][0] == '#') return;
    if (strcmp(words[0], "quit") == 0) {
        quit_begin(control);
        return;
    }
    const char *why =
        strcmp(words[0], "call") == 0 ? command_call(control, words, count) : phone_command(control, words, count);
    const char *name = count > 1 && name_fits(words[1]) ? words[1] : NULL;
    if (!why) {
        event_ok(words[0], name);
    } else if (*why) {
        event_error(words[0], name, why);
    }
}

static void input_readable(void *context, int64_t now_us)
{
    (void)now_us;
    struct control *control = context;
    ssize_t got = read(control->input.fd, control->line + control->line_fill, LINE_MAX_BYTES - 1 - control->line_fill);
    if (got < 0) return;
    if (got == 0) {
        loop_unwatch(control->loop, &control->input);
        quit_begin(control);
        return;
    }
    control->line_fill += (size_t)got;
    char *end;
    while ((end = memchr(control->line, '\n', control->line_fill))) {
        *end = 0;
        line_run(control, control->line);
        size_t used = (size_t)(end + 1 - control->line);
        control->line_fill -= used;
        memmove(control->line, end + 1, control->line_fill);
    }
    if (control->line_fill == LINE_MAX_BYTES - 1) control->line_fill = 0;
}

static void control_clear(struct control *control)
{
    for (unsigned i = 0; i < control->phone_count; i++) {
        tap_close(control->phones[i]);
        caller_close(&control->phones[i]->caller);
    }
    for (unsigned i = 0; i < control->uac_count; i++) {
        uac_destroy(control->uacs[i]);
        free((void *)control->locals[i]);
    }
    for (unsigned i = 0; i < control->phone_count; i++)
        free(control->phones[i]);
    loop_destroy(control->loop);
}

int control_run(const struct load_options *options)
{
    (void)options;
    static struct control control;
    control.seed = (uint64_t)clock_now_us() ^ (uint64_t)getpid() << 40;
    control.input = (struct loop_watch){STDIN_FILENO, input_readable, &control};
    loop_timer_init(&control.quit_timer, quit_due, &control);
    if (loop_create(&control.loop) != STATUS_OK || loop_watch_fd(control.loop, &control.input) != STATUS_OK) {
        fprintf(stderr, "parley-load: stdin must be a pipe or a terminal\n");
        return 2;
    }
    loop_run(control.loop);
    control_clear(&control);
    return 0;
}
