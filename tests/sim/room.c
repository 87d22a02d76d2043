#include "room.h"

#include <stdlib.h>
#include <string.h>

struct sim sim;
struct conference_media *conference;
struct person people[ROOM_PEOPLE];
struct sim_party *parties[ROOM_PEOPLE];

static const double level_dbfs = -15;

void person_say(struct sim_party *p, int16_t *pcm, uint32_t samples)
{
    struct person *person = p->user;
    memset(pcm, 0, samples * sizeof *pcm);
    if (person->hiss > 0) {
        for (uint32_t i = 0; i < samples; i++)
            pcm[i] = (int16_t)((int)rng_below(&p->sim->rng, 3) * person->hiss - person->hiss);
    } else if (!person->mute) {
        tone_read(&person->tone, pcm, samples);
    }
}

void person_hear(struct sim_party *p, const int16_t *pcm, uint32_t samples)
{
    struct person *person = p->user;
    for (uint32_t i = 0; i < samples && person->count < ROOM_KEPT; i++) {
        if (person->first_loud_us == 0 && abs(pcm[i]) > 1000) person->first_loud_us = p->sim->now_us;
        person->kept[person->count++] = pcm[i];
    }
}

void room_open(uint64_t seed)
{
    sim_open(&sim, seed);
    memset(people, 0, sizeof people);
    conference = sim_conference(&sim, ROOM_SLOT);
}

int room_finish(void **state)
{
    (void)state;
    sim_conference_close(&sim, conference);
    sim_close(&sim);
    return 0;
}

void room_call(int i, double hz, struct sim_party_config config)
{
    config.speak = person_say;
    config.hear = person_hear;
    config.user = &people[i];
    config.slot = ROOM_SLOT;
    parties[i] = sim_call(&sim, &config);
    tone_init(&people[i].tone, parties[i]->codec->rate_hz, hz, level_dbfs);
}

int room_steepest(int i)
{
    int steepest = 0;
    for (uint32_t k = 1; k < people[i].count; k++) {
        int step = abs(people[i].kept[k] - people[i].kept[k - 1]);
        if (step > steepest) steepest = step;
    }
    return steepest;
}
