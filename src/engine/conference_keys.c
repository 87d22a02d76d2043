#include "engine/conference_keys.h"

#include <string.h>

#include "engine/leg_media.h"

enum { LEAST_TICKS = 4, MOST_TICKS = 100, PAUSE_TICKS = 3 };

void conference_keys_push(struct conference_keys *k, const struct leg_media *leg, uint8_t code, uint32_t press)
{
    if (k->count == CONFERENCE_KEYS_MAX) return;
    k->keys[k->count++] = (struct conference_key){.leg = leg, .code = code, .press = press};
}

void conference_keys_leave(struct conference_keys *k, const struct leg_media *leg)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < k->count; i++) {
        struct conference_key key = k->keys[i];
        bool sounds = i == 0 && k->ticks > 0;
        if (key.leg == leg && !sounds) continue;
        if (key.leg == leg) key.leg = NULL;
        k->keys[kept++] = key;
    }
    k->count = kept;
}

void conference_keys_clear(struct conference_keys *k)
{
    k->count = k->ticks = k->pause_ticks = 0;
    k->event = (struct leg_event){.on = false};
    resample_line_init(&k->line);
}

static bool is_held(const struct conference_key *key)
{
    const struct leg_media *leg = key->leg;
    return leg && leg->passes_digits && leg_keys_holds(leg, key->press);
}

void conference_keys_tick(struct conference_keys *k)
{
    if (k->event.last) {
        k->count--;
        memmove(k->keys, k->keys + 1, k->count * sizeof k->keys[0]);
        k->ticks = 0;
        k->pause_ticks = PAUSE_TICKS;
    }
    k->event = (struct leg_event){.on = false};
    if (k->pause_ticks > 0) {
        k->pause_ticks--;
        return;
    }
    if (k->count == 0) return;
    const struct conference_key *key = &k->keys[0];
    if (k->ticks++ == 0) dtmf_tone_start(&k->tone, CONFERENCE_KEYS_HZ, key->code);
    bool last = k->ticks >= MOST_TICKS || (k->ticks >= LEAST_TICKS && !is_held(key));
    k->event = (struct leg_event){.on = true, .last = last, .code = key->code};
    dtmf_tone_frame(&k->tone, k->pcm, frame_samples(CONFERENCE_KEYS_HZ), last);
}

bool conference_keys_begins(const struct conference_keys *k)
{
    return k->event.on && k->ticks == 1;
}

const struct leg_media *conference_keys_holder(const struct conference_keys *k)
{
    return k->event.on ? k->keys[0].leg : NULL;
}

const int16_t *conference_keys_at(const struct conference_keys *k, struct resample_bank *bank, uint32_t rate_hz,
                                  int16_t room[FRAME_SAMPLES_MAX])
{
    const int16_t *tone = k->event.on ? k->pcm : NULL;
    if (rate_hz == CONFERENCE_KEYS_HZ) return tone;
    return resample_frame(bank, &k->line, CONFERENCE_KEYS_HZ, tone, rate_hz, room) ? room : NULL;
}

void conference_keys_pass(struct conference_keys *k)
{
    resample_line_put(&k->line, CONFERENCE_KEYS_HZ, k->event.on ? k->pcm : NULL);
}
