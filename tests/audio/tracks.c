/*
 * A recording with tracks of a conference of four, over and over the same 20 s: two talk at the same time, one of them
 * is muted and heard again in mid-word, one comes and goes in mid-word, a beep, an announcement and a digit that is
 * passed on sound, and in every third round two shout, so that the limiter works; in every fifth the conference changes
 * its rate. The files are the recorder's own.
 *
 * Sum less mix: in each second, the power of the sum of all tracks less the mix, beside the mean power of the mix;
 * seconds that touch one in which the timeline says that the limiter worked, with 50 ms to each side of it, are left
 * out, and are counted.
 * Timeline: each event of a track beside the nearest moment at which that track's audio begins or ends, as the event
 * says; audio ends where 200 ms of silence begin. All events that were brought about must be there.
 */
#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <poll.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board.h"
#include "media/pcm_frame.h"
#include "record/recorder.h"
#include "scene.h"

enum {
    RATE = 16000,
    MS = RATE / 1000,
    ROUND_S = 20,
    TRACKS = 5,
    QUIET_MS = 200,
    GUEST = 2,
    EDGES_MAX = 4000,
    SHOUT_EVERY = 3,
    WIDEN_EVERY = 5
};

static const char *const names[TRACKS] = {"bridge", "CA1", "CA2", "CA3", "CA4"};
static const char *const id = "RE1";
static char dir[64];

/* Where the audio of a track begins and ends, in milliseconds. */
struct edges {
    uint32_t begins[EDGES_MAX], ends[EDGES_MAX], count;
    uint32_t quiet_ms;
    bool sounds;
};

struct figures {
    double worst_db, worst_ms;
    char worst_event[64];
    uint32_t seconds, limited, events, expected;
    bool complete;
};

static struct edges edges[TRACKS];
static uint16_t numbers[TRACKS - 1];

/* ---- the conference ---- */

/* Between its words it is as quiet as a quiet room: detectors of speech learn nothing from digital silence. */
static void speak_or_breathe(struct person *p, int16_t *pcm, uint32_t samples)
{
    if (!p->user) tone_read(&p->tone, pcm, samples);
    for (uint32_t i = 0; p->user && i < samples; i++)
        pcm[i] = (int16_t)((int)rng_below(&p->party->sim->rng, 49) - 24);
}

static void hush(struct person *p, bool quiet)
{
    p->user = quiet ? p : NULL;
}

/* The recorder's thread reads at its own pace. */
static void run(struct scene *s, struct ring *frames, uint32_t ms)
{
    for (uint32_t done = 0; done < ms; done += 100) {
        scene_run_ms(s, ms - done < 100 ? ms - done : 100);
        while (ring_space(frames) < 4000)
            poll(NULL, 0, 1);
    }
}

static void track(struct person *p, uint16_t number)
{
    sim_command(p->party->sim, (struct core_command){.type = CORE_LEG_TRACK, .leg = &p->party->leg, .number = number});
}

static void play(struct scene *s, struct sound *sound, uint64_t token)
{
    sim_command(&s->sim,
                (struct core_command){
                    .type = CORE_CONFERENCE_PLAY, .conference = s->conference, .sound = sound, .token = token});
}

/* At odd moments: nothing falls on a tick. */
static uint32_t about(struct scene *s, uint32_t ms)
{
    return ms - 40 + rng_below(&s->sim.rng, 80);
}

static void shout(struct scene *s, struct ring *frames, struct person *a, struct person *b)
{
    person_says(a, 539, -1);
    person_says(b, 855, -1);
    hush(a, false);
    hush(b, false);
    run(s, frames, about(s, 1000));
    hush(a, true);
    hush(b, true);
    run(s, frames, 100);
    person_says(a, 539, -20);
    person_says(b, 855, -20);
}

/* Two with a wider codec come and go: the conference changes its rate, up and down, while b speaks. */
static void widen(struct scene *s, struct ring *frames)
{
    struct person *x = scene_join(s, phone(CODEC_OPUS, 1000), true, true, true);
    struct person *y = scene_join(s, phone(CODEC_OPUS, 9000), true, true, true);
    x->mute = y->mute = true;
    run(s, frames, 300);
    scene_leave(s, x);
    scene_leave(s, y);
    run(s, frames, 300);
}

static void one_round(struct scene *s, struct ring *frames, struct sound *beep, struct sound *announcement,
                      uint32_t number)
{
    struct person *a = &s->people[0], *b = &s->people[1], *guest = &s->people[GUEST], *keys = &s->people[3];
    int64_t began_us = s->sim.now_us;
    hush(a, false);
    run(s, frames, about(s, 2000));
    play(s, beep, 0);
    run(s, frames, about(s, 1000));
    hush(b, false);
    run(s, frames, about(s, 2000));
    play(s, announcement, number + 1);
    run(s, frames, about(s, 2000));
    for (uint32_t i = 0; i < s->count; i++)
        s->people[i].party->digit_count = 0; /* there is room for some only */
    sim_press(keys->party, '5', 200);
    run(s, frames, about(s, 1000));
    scene_roles(s, b, false, true);
    run(s, frames, about(s, 2000));
    scene_roles(s, b, true, true);
    run(s, frames, about(s, 2000));
    hush(a, true);
    sim_join(guest->party, s->conference, true, true);
    track(guest, numbers[GUEST]);
    run(s, frames, 1000);
    hush(guest, true); /* for breath: a voice that never pauses is taken for noise in the end */
    run(s, frames, 140);
    hush(guest, false);
    run(s, frames, about(s, 800));
    sim_command(&s->sim, (struct core_command){.type = CORE_LEG_LEAVE, .leg = &guest->party->leg});
    run(s, frames, about(s, 1000));
    if (number % WIDEN_EVERY == 0) widen(s, frames);
    hush(b, true);
    run(s, frames, about(s, 1000));
    if (number % SHOUT_EVERY == 1) shout(s, frames, a, b);
    int64_t spent_us = s->sim.now_us - began_us;
    if (spent_us < ROUND_S * 1000000) run(s, frames, (uint32_t)((ROUND_S * 1000000 - spent_us) / 1000));
}

static void on_report(void *arg, const struct recording_report *report)
{
    struct recording_report *out = arg;
    *out = *report;
}

static void record(uint32_t rounds, struct recording_report *report)
{
    static struct scene s;
    struct recorder *recorder;
    struct recording *recording;
    struct recording_spec spec = {.id = "RE1", .tracks = true};
    struct recorder_config config = {.dir = dir, .rate_hz = RATE};
    struct sound *beep = sim_tone(RATE, 1500, -20, 300 * MS), *announcement = sim_tone(RATE, 1823, -20, 1010 * MS);
    report->id[0] = '\0';
    if (recorder_create(&recorder, &config, on_report, report) != STATUS_OK) abort();
    if (recorder_open(recorder, &spec, &recording) != STATUS_OK) abort();
    struct ring *frames = recording_ring(recording);
    scene_open(&s);
    scene_join(&s, phone(CODEC_L16_16, 7300), true, true, true);
    scene_join(&s, phone(CODEC_G722, 12100), true, true, true);
    scene_join(&s, phone(CODEC_PCMU, 2900), true, true, true);
    scene_join(&s, phone(CODEC_L16_8, 18000), true, true, true);
    for (uint32_t i = 0; i < 4; i++) {
        person_says(&s.people[i], 539 + 316 * i, -20);
        s.people[i].voice = speak_or_breathe;
        hush(&s.people[i], i != GUEST);
        s.people[i].mute = true; /* a recording begins with the mix: nothing was in it before */
    }
    sim_command(&s.sim, (struct core_command){.type = CORE_LEG_LEAVE, .leg = &s.people[2].party->leg});
    sim_command(&s.sim, (struct core_command){.type = CORE_LEG_DTMF, .leg = &s.people[3].party->leg, .on = true});
    scene_run_ms(&s, 1000);
    sim_command(&s.sim, (struct core_command){
                            .type = CORE_CONFERENCE_RECORD, .conference = s.conference, .frames = frames, .on = true});
    for (uint32_t i = 0; i < 4; i++) {
        if (recording_track(recording, names[1 + i], &numbers[i]) != STATUS_OK) abort();
        if (i != GUEST) track(&s.people[i], numbers[i]);
        s.people[i].mute = false;
    }
    for (uint32_t i = 0; i < rounds; i++)
        one_round(&s, frames, beep, announcement, i);
    sim_command(&s.sim, (struct core_command){.type = CORE_CONFERENCE_RECORD, .conference = s.conference});
    while (!report->id[0]) {
        struct pollfd wait = {.fd = recorder_fd(recorder), .events = POLLIN};
        poll(&wait, 1, 1000);
        recorder_poll(recorder);
    }
    recorder_destroy(recorder);
    scene_close(&s);
    sound_unref(beep);
    sound_unref(announcement);
}

/* ---- its files ---- */

static SNDFILE *open_wav(const char *name)
{
    char path[200];
    SF_INFO info = {.format = 0};
    if (name)
        snprintf(path, sizeof path, "%s/%s.tracks/%s.wav", dir, id, name);
    else
        snprintf(path, sizeof path, "%s/%s.wav", dir, id);
    SNDFILE *f = sf_open(path, SFM_READ, &info);
    if (!f || info.samplerate != RATE) abort();
    return f;
}

static json_t *read_events(void)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s.tracks/timeline.json", dir, id);
    json_t *timeline = json_load_file(path, 0, NULL), *events = json_incref(json_object_get(timeline, "events"));
    json_decref(timeline);
    if (!json_is_array(events)) abort();
    return events;
}

static void find_edges(struct edges *e, const int16_t *pcm, uint32_t first_ms, uint32_t ms)
{
    for (uint32_t k = 0; k < ms; k++) {
        int top = 0;
        for (uint32_t i = 0; i < MS; i++)
            top = abs(pcm[k * MS + i]) > top ? abs(pcm[k * MS + i]) : top;
        if (top > 100 && !e->sounds && e->count < EDGES_MAX) {
            e->begins[e->count] = first_ms + k;
            e->sounds = true;
        }
        e->quiet_ms = top > 100 ? 0 : e->quiet_ms + 1;
        if (!e->sounds || e->quiet_ms < QUIET_MS) continue;
        e->ends[e->count++] = first_ms + k + 1 - QUIET_MS;
        e->sounds = false;
    }
}

/* An event stands for the second from atMs on; a peak may be some way beyond either end of it. */
static bool is_limited(const json_t *events, uint32_t second)
{
    size_t i;
    const json_t *e;
    json_array_foreach (events, i, e) {
        if (strcmp(json_string_value(json_object_get(e, "event")), "limiter") != 0) continue;
        json_int_t at = json_integer_value(json_object_get(e, "atMs"));
        if (at < ((json_int_t)second + 1) * 1000 + 50 && at + 1050 > (json_int_t)second * 1000) return true;
    }
    return false;
}

static void add_up(const json_t *events, struct figures *out)
{
    static int16_t pcm[TRACKS][RATE], mix[RATE];
    SNDFILE *files[TRACKS], *mixed = open_wav(NULL);
    double mix_power = 0, worst = 0;
    uint32_t counted = 0;
    for (size_t t = 0; t < TRACKS; t++)
        files[t] = open_wav(names[t]);
    while (sf_read_short(mixed, mix, RATE) == RATE) {
        double power = 0, rest = 0;
        for (size_t t = 0; t < TRACKS; t++) {
            if (sf_read_short(files[t], pcm[t], RATE) != RATE) abort();
            find_edges(&edges[t], pcm[t], out->seconds * 1000, 1000);
        }
        for (uint32_t i = 0; i < RATE; i++) {
            double sum = -mix[i];
            for (size_t t = 0; t < TRACKS; t++)
                sum += pcm[t][i];
            rest += sum * sum;
            power += (double)mix[i] * mix[i];
        }
        bool limited = is_limited(events, out->seconds++);
        out->limited += limited;
        if (limited) continue;
        mix_power += power;
        counted++;
        if (rest > worst) worst = rest;
    }
    out->worst_db = 10 * log10((worst + 1e-9) / (mix_power / counted));
    sf_close(mixed);
    for (size_t t = 0; t < TRACKS; t++)
        sf_close(files[t]);
}

static double nearest(const uint32_t *moments, uint32_t count, double at_ms)
{
    double least = 1e9;
    for (uint32_t i = 0; i < count; i++)
        least = fmin(least, fabs(moments[i] - at_ms));
    return least;
}

static bool is_one_of(const char *word, const char *words)
{
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at++) {
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || !at[len])) return true;
    }
    return false;
}

/* What is heard of whom does not begin or end with some events: who is silent while they happen. */
static void judge_event(const json_t *e, struct figures *out)
{
    const char *event = json_string_value(json_object_get(e, "event")),
               *call = json_string_value(json_object_get(e, "callId"));
    double at_ms = (double)json_integer_value(json_object_get(e, "atMs")), off_ms = -1;
    size_t t = 0;
    while (call && t < TRACKS && strcmp(names[t], call) != 0)
        t++;
    bool guest = call && strcmp(call, "CA3") == 0;
    const struct edges *audio = strcmp(event, "dtmf") == 0 ? &edges[0] : &edges[t];
    if (is_one_of(event, "talkStart beepStart announcementStart unmute dtmf") || (guest && strcmp(event, "join") == 0))
        off_ms = nearest(audio->begins, audio->count, at_ms);
    else if (is_one_of(event, "talkEnd beepEnd announcementEnd mute") || (guest && strcmp(event, "leave") == 0))
        off_ms = nearest(audio->ends, audio->count, at_ms);
    if (off_ms < 0) return;
    out->events++;
    if (off_ms <= out->worst_ms) return;
    out->worst_ms = off_ms;
    snprintf(out->worst_event, sizeof out->worst_event, "%s at %.0f", event, at_ms);
}

/*
 * A round: a talks and ends; b talks, is muted, is heard again, ends: with each mute or end goes a talkEnd, with each
 * beginning a talkStart; the guest comes, talks, and goes; a beep, an announcement, a digit.
 */
static uint32_t expected_events(uint32_t rounds)
{
    uint32_t shouts = (rounds + SHOUT_EVERY - 2) / SHOUT_EVERY;
    return rounds * (2 + 6 + 4 + 2 + 2 + 1) + shouts * 4;
}

static struct figures measure(uint32_t rounds)
{
    struct figures out = {.expected = expected_events(rounds)};
    struct recording_report report;
    size_t i;
    const json_t *e;
    strcpy(dir, "/tmp/audio_tracks.XXXXXX");
    if (!mkdtemp(dir)) abort();
    memset(edges, 0, sizeof edges);
    record(rounds, &report);
    json_t *events = read_events();
    add_up(events, &out);
    json_array_foreach (events, i, e) {
        judge_event(e, &out);
    }
    out.complete = report.end == RECORDING_ENDED && report.lost_ms == 0;
    json_decref(events);
    char command[200];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    if (system(command) != 0) abort();
    return out;
}

int main(int argc, char **argv)
{
    board_open(argc, argv, "tracks", "Tracks of a recording, beside its mix");
    uint32_t rounds = board_length(2, 6, 3600 / ROUND_S);
    const char *sum = board_text("sum of 5 tracks less the mix, %u s", rounds * ROUND_S),
               *time = board_text("events of the timeline against the audio, %u s", rounds * ROUND_S);
    if (!board_wants("tracks/sum", sum) && !board_wants("tracks/timeline", time)) return board_close();
    struct figures f = measure(rounds);
    board_share("tracks/sum", sum, "below -60 dB where the limiter is at unity",
                board_text("%.1f dB in the worst of %u s (%u s limited)", f.worst_db, f.seconds, f.limited),
                f.complete && f.worst_db < -60 && f.limited < f.seconds / 4 && f.limited > 0,
                pow(10, (f.worst_db + 60) / 20));
    board_share("tracks/timeline", time, board_text("%u events within 20 ms", f.expected),
                board_text("%u events, at most %.0f ms off (%s)", f.events, f.worst_ms, f.worst_event),
                f.complete && f.events == f.expected && f.worst_ms <= 20, f.worst_ms / 20);
    return board_close();
}
