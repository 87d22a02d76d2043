/** Mixer: legs x talkers x rate. Reads a mix for each leg, as the engine does. */
#include <stdio.h>
#include <stdlib.h>

#include "media/codec.h"
#include "media/mixer.h"
#include "media/tone.h"
#include "timing.h"

enum { TICKS = 50 };

struct room {
    struct mixer *mixer;
    uint32_t legs, talkers;
    mixer_slot *slots;
    int16_t (*voices)[FRAME_SAMPLES_MAX];
    unsigned sum;
};

static void ticks(void *state)
{
    struct room *r = state;
    for (int i = 0; i < TICKS; i++) {
        mixer_begin(r->mixer);
        for (uint32_t leg = 0; leg < r->talkers; leg++)
            mixer_put(r->mixer, r->slots[leg], r->voices[leg]);
        mixer_tick(r->mixer);
        for (uint32_t leg = 0; leg < r->legs; leg++)
            r->sum += (unsigned)mixer_heard_by(r->mixer, r->slots[leg])[0];
    }
}

static void measure(const struct timing *t, uint32_t rate_hz, uint32_t legs, uint32_t talkers, double level_dbfs)
{
    struct mixer_config config = {.rate_hz = rate_hz, .max_slots = (uint16_t)legs};
    struct room r = {.legs = legs, .talkers = talkers};
    char label[64];
    if (mixer_create(&r.mixer, &config) != STATUS_OK) exit(1);
    r.slots = calloc(legs, sizeof(*r.slots));
    r.voices = calloc(talkers, sizeof(*r.voices));
    if (!r.slots || !r.voices) exit(1);
    for (uint32_t leg = 0; leg < legs; leg++) {
        if (mixer_add(r.mixer, &r.slots[leg]) != STATUS_OK) exit(1);
    }
    for (uint32_t leg = 0; leg < talkers; leg++) {
        struct tone tone;
        tone_init(&tone, rate_hz, 300.0 + 37.0 * leg, level_dbfs);
        tone_read(&tone, r.voices[leg], frame_samples(rate_hz));
    }
    snprintf(label, sizeof(label), "rate=%u legs=%u talkers=%u limiting=%d", rate_hz, legs, talkers,
             level_dbfs > -10.0);
    timing_run(t, label, "ns per leg per frame", (double)TICKS * legs, ticks, &r);
    free(r.slots);
    free(r.voices);
    mixer_destroy(r.mixer);
}

int main(int argc, char **argv)
{
    static const uint32_t rates[] = {8000, 16000, 48000}, legs[] = {2, 10, 100, 1000}, talkers[] = {1, 3, 10};
    struct timing t;
    timing_init(&t, "mixer", argc, argv);
    for (int r = 0; r < 3; r++) {
        for (int l = 0; l < 4; l++) {
            for (int n = 0; n < 3; n++) {
                if (talkers[n] > legs[l]) continue;
                measure(&t, rates[r], legs[l], talkers[n], -40.0);
                if (talkers[n] > 1) measure(&t, rates[r], legs[l], talkers[n], -1.0);
            }
        }
    }
    return 0;
}
