#include "scene.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "residual.h"

static void keep(int16_t *kept, size_t *count, size_t max, const int16_t *pcm, uint32_t samples)
{
    size_t room = max - *count, n = samples < room ? samples : room;
    if (n > 0) memcpy(kept + *count, pcm, n * sizeof *pcm);
    *count += n;
}

static void say(struct sim_party *party, int16_t *pcm, uint32_t samples)
{
    struct person *p = party->user;
    if (p->mute)
        memset(pcm, 0, samples * sizeof *pcm);
    else if (p->voice)
        p->voice(p, pcm, samples);
    else
        tone_read(&p->tone, pcm, samples);
    keep(p->said, &p->said_count, p->said_max, pcm, samples);
}

static void hear(struct sim_party *party, const int16_t *pcm, uint32_t samples)
{
    struct person *p = party->user;
    if (p->watch.rate_hz) tone_watch_put(&p->watch, pcm, samples);
    if (p->kept_count == 0) p->kept_us = party->sim->now_us;
    keep(p->kept, &p->kept_count, p->kept_max, pcm, samples);
}

struct sim_party_config phone(enum codec_id codec, int64_t phase_us)
{
    return (struct sim_party_config){
        .codec = codec, .phase_us = phase_us, .ptime_ms = (uint16_t)codec_packet_ms(codec_by_id(codec), FRAME_MS)};
}

void scene_open(struct scene *s)
{
    memset(s, 0, sizeof *s);
    sim_open(&s->sim, 1);
    s->conference = sim_conference(&s->sim, SCENE_SLOT);
    s->rate_hz = SIM_RATE_HZ;
    scene_audio(s, ENGINE_AUDIO_MIX);
}

void scene_close(struct scene *s)
{
    sim_conference_close(&s->sim, s->conference);
    sim_close(&s->sim);
    for (uint32_t i = 0; i < s->count; i++) {
        free(s->people[i].kept);
        free(s->people[i].said);
    }
}

/* True where one speaks at this rate or above, and another hears. */
static bool wants(const struct scene *s, uint32_t rate_hz)
{
    for (uint32_t i = 0; i < s->count; i++) {
        for (uint32_t k = 0; k < s->count; k++) {
            const struct person *a = &s->people[i], *b = &s->people[k];
            bool apart = i != k && !a->gone && !b->gone && a->talk && b->listen;
            if (apart && person_rate(a) >= rate_hz && person_rate(b) >= rate_hz) return true;
        }
    }
    return false;
}

static void tune(struct scene *s, bool lower)
{
    uint32_t rate_hz = wants(s, 48000) ? 48000 : wants(s, 16000) ? 16000 : 8000;
    if (rate_hz == s->rate_hz || (rate_hz < s->rate_hz && !lower)) return;
    s->rate_hz = rate_hz;
    sim_conference_rate(&s->sim, s->conference, rate_hz);
}

struct person *scene_join(struct scene *s, struct sim_party_config config, bool speaks, bool talk, bool listen)
{
    struct person *p = &s->people[s->count++];
    assert_true(s->count <= SCENE_PEOPLE_MAX);
    config.speak = speaks ? say : NULL;
    config.hear = hear;
    config.user = p;
    config.slot = SCENE_SLOT;
    p->party = sim_call(&s->sim, &config);
    p->talk = talk;
    p->listen = listen;
    person_says(p, SCENE_TONE_HZ, SCENE_LEVEL_DBFS);
    tune(s, true);
    sim_join(p->party, s->conference, talk, listen);
    return p;
}

void scene_leave(struct scene *s, struct person *p)
{
    p->gone = true;
    sim_command(&s->sim, (struct core_command){.type = CORE_LEG_CLOSE, .leg = &p->party->leg});
    tune(s, true);
}

void scene_roles(struct scene *s, struct person *p, bool talk, bool listen)
{
    p->talk = talk;
    p->listen = listen;
    tune(s, false);
    sim_command(&s->sim,
                (struct core_command){.type = CORE_LEG_ROLES, .leg = &p->party->leg, .talk = talk, .listen = listen});
}

void scene_audio(struct scene *s, enum engine_audio audio)
{
    sim_command(&s->sim,
                (struct core_command){.type = CORE_CONFERENCE_AUDIO, .conference = s->conference, .audio = audio});
}

void scene_run_ms(struct scene *s, uint32_t ms)
{
    sim_run(&s->sim, (int64_t)ms * 1000);
}

void person_says(struct person *p, double hz, double level_dbfs)
{
    tone_init(&p->tone, person_rate(p), hz, level_dbfs);
}

static int16_t *room_for(size_t samples)
{
    int16_t *room = malloc(samples * sizeof *room);
    if (!room) abort();
    return room;
}

void person_listen(struct person *p, uint32_t ms)
{
    free(p->kept);
    p->kept_max = sim_samples(p->party, ms);
    p->kept_count = 0;
    p->kept = room_for(p->kept_max);
}

void person_keep_said(struct person *p, uint32_t ms)
{
    free(p->said);
    p->said_max = sim_samples(p->party, ms);
    p->said_count = 0;
    p->said = room_for(p->said_max);
}

void person_watch(struct person *p, double hz, double level_dbfs)
{
    tone_watch_init(&p->watch, person_rate(p), hz, level_dbfs);
}

void person_judge(const struct person *p, struct steadiness *worst)
{
    struct tone_reading r = tone_measure(p->kept, p->kept_count, person_rate(p), SCENE_TONE_HZ, 0);
    worst->level_error_db = fmax(worst->level_error_db, fabs(r.level_dbfs - SCENE_LEVEL_DBFS));
    if (p->watch.breaks > worst->breaks) worst->breaks = p->watch.breaks;
    if (p->watch.holes > worst->holes) worst->holes = p->watch.holes;
}

uint32_t person_rate(const struct person *p)
{
    return p->party->codec->rate_hz;
}

double person_residual_dbfs(const struct person *p, double hz)
{
    return residual_dbfs(p->kept, p->kept_count, person_rate(p), hz);
}

const char *codec_label(enum codec_id id)
{
    static char labels[CODEC_COUNT][16];
    const struct codec *codec = codec_by_id(id);
    if (strcmp(codec->name, "L16") == 0)
        snprintf(labels[id], sizeof labels[id], "L16/%u", codec->rate_hz / 1000);
    else
        snprintf(labels[id], sizeof labels[id], "%s", codec->name);
    return labels[id];
}

bool codec_is_exact(enum codec_id id)
{
    return strcmp(codec_by_id(id)->name, "L16") == 0;
}
