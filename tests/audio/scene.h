/**
 * @file scene.h  What the measuring programs have in common: mouths that say a tone, ears that keep what they hear, and
 * a conference of a few parties in the simulation (tests/sim).
 *
 * Thread: one.
 */
#ifndef PARLEY_TESTS_AUDIO_SCENE_H
#define PARLEY_TESTS_AUDIO_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "media/tone.h"
#include "sim.h"

enum { SCENE_PEOPLE_MAX = 250, SCENE_SLOT = 3 };

/** The tone that all lines speak of, and where its level is chosen freely, that level. */
#define SCENE_TONE_HZ    1013.0
#define SCENE_LEVEL_DBFS (-12.0)

struct person;

/** Fills what a person says next, in place of its tone. */
typedef void person_voice_fn(struct person *p, int16_t *pcm, uint32_t samples);

/** A party with what it says and hears. */
struct person {
    struct sim_party *party;
    person_voice_fn *voice; /**< NULL: the tone */
    void *user;             /**< the voice's */
    bool talk, listen, gone;
    struct tone tone;
    bool mute;               /**< says zeroes */
    struct tone_watch watch; /**< put to use where its rate_hz is not 0 */
    int16_t *kept;           /**< the first kept_max samples since person_listen() */
    size_t kept_count, kept_max;
    int64_t kept_us; /**< when the packet left that began with the first of them */
    int16_t *said;   /**< likewise, what it says after person_keep_said() */
    size_t said_count, said_max;
};

struct scene {
    struct sim sim;
    struct conference_media *conference;
    struct person people[SCENE_PEOPLE_MAX];
    uint32_t count;
    uint32_t rate_hz; /**< at which the conference mixes */
};

/** A party's codec, where its packets come within 20 ms, and packets of 20 ms, or as long as the codec has them. */
struct sim_party_config phone(enum codec_id codec, int64_t phase_us);

/**
 * A conference in which the mix is heard. As the engine has it, it mixes at the highest rate at which one can speak and
 * another hear; who comes and goes changes that, mutes only raise it.
 */
void scene_open(struct scene *s);
void scene_close(struct scene *s);

/**
 * One more person calls and joins. It says a tone of SCENE_TONE_HZ at SCENE_LEVEL_DBFS until it is told another.
 * @param config  its speak, hear, user and slot are set here; without `speaks` it sends nothing
 */
struct person *scene_join(struct scene *s, struct sim_party_config config, bool speaks, bool talk, bool listen);

void scene_leave(struct scene *s, struct person *p);
void scene_roles(struct scene *s, struct person *p, bool talk, bool listen);
void scene_audio(struct scene *s, enum engine_audio audio);
void scene_run_ms(struct scene *s, uint32_t ms);

/** From now on it says a sine, going on from phase 0. */
void person_says(struct person *p, double hz, double level_dbfs);

/** Keeps what it hears from now on, up to so much time; what was kept before is forgotten. */
void person_listen(struct person *p, uint32_t ms);

/** Keeps what it says from now on, likewise. */
void person_keep_said(struct person *p, uint32_t ms);

/** Watches for breaks and holes from now on. */
void person_watch(struct person *p, double hz, double level_dbfs);

/** How far a tone is from what it should be: the worst of several people and seconds. */
struct steadiness {
    uint64_t breaks, holes;
    double level_error_db;
};

/** Of SCENE_TONE_HZ at SCENE_LEVEL_DBFS: what its watch has counted, and the level of what it has kept. */
void person_judge(const struct person *p, struct steadiness *worst);

uint32_t person_rate(const struct person *p);

/** residual_dbfs() of what it has kept. */
double person_residual_dbfs(const struct person *p, double hz);

/** As it stands in tables: PCMU, G722, L16/16, opus. Borrowed for ever. */
const char *codec_label(enum codec_id id);

/** True where the codec gives back exactly the samples that were put in. */
bool codec_is_exact(enum codec_id id);

#endif
