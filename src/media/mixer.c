#include "media/mixer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "media/codec.h"
#include "media/limiter.h"
#include "media/pcm.h"

struct slot {
    bool used;
    bool apart;           /**< has a mix of its own in the last tick, and stands in m->apart */
    bool talked;          /**< its voice is in the last tick */
    const int16_t *voice; /**< of this tick, borrowed until mixer_tick() returns; NULL: silent */
};

/* A slot's own mix; kept away from what is looked at for every leg. */
struct own {
    struct limiter limiter;
    int16_t heard[FRAME_SAMPLES_MAX];
};

struct mixer {
    uint32_t samples; /**< of one frame */
    uint16_t max_slots;
    bool ticking; /**< between begin and tick */
    bool common_is_zero;
    uint32_t talkers;       /**< voices in this tick */
    mixer_slot *talking;    /**< their slots */
    uint32_t apart_count;   /**< slots with a mix of their own */
    mixer_slot *apart;      /**< these */
    uint32_t free_count;    /**< slots to give out */
    mixer_slot *free_slots; /**< these, the next one last */
    struct slot *slots;
    struct own *owns;       /**< of each slot */
    struct limiter limiter; /**< of the common mix */
    int32_t bus[FRAME_SAMPLES_MAX];
    int16_t common[FRAME_SAMPLES_MAX];
};

status mixer_create(struct mixer **out, const struct mixer_config *config)
{
    uint32_t rate = config->rate_hz;
    if ((rate != 8000 && rate != 16000 && rate != 48000) || config->max_slots == 0) return STATUS_INVALID;
    struct mixer *m = calloc(1, sizeof(*m));
    if (!m) return STATUS_NO_MEMORY;
    m->samples = frame_samples(rate);
    m->max_slots = config->max_slots;
    m->slots = calloc(m->max_slots, sizeof(*m->slots));
    m->owns = calloc(m->max_slots, sizeof(*m->owns));
    m->talking = calloc(m->max_slots, sizeof(*m->talking));
    m->apart = calloc(m->max_slots, sizeof(*m->apart));
    m->free_slots = calloc(m->max_slots, sizeof(*m->free_slots));
    if (!m->slots || !m->owns || !m->talking || !m->apart || !m->free_slots) {
        mixer_destroy(m);
        return STATUS_NO_MEMORY;
    }
    limiter_init(&m->limiter, rate);
    m->common_is_zero = true;
    m->free_count = m->max_slots;
    for (uint32_t i = 0; i < m->max_slots; i++)
        m->free_slots[i] = (mixer_slot)(m->max_slots - 1 - i);
    *out = m;
    return STATUS_OK;
}

void mixer_destroy(struct mixer *m)
{
    if (!m) return;
    free(m->slots);
    free(m->owns);
    free(m->talking);
    free(m->apart);
    free(m->free_slots);
    free(m);
}

void mixer_take_places(struct mixer *m, const struct mixer *from)
{
    assert(m->max_slots >= from->max_slots && !from->ticking && !m->ticking);
    uint32_t more = (uint32_t)(m->max_slots - from->max_slots);
    for (uint32_t i = 0; i < from->max_slots; i++)
        m->slots[i].used = from->slots[i].used;
    /* The new places stand first in m's list already, as it gives out from the end. */
    memcpy(m->free_slots + more, from->free_slots, from->free_count * sizeof(*m->free_slots));
    m->free_count = more + from->free_count;
}

void mixer_take_over(struct mixer *m, const struct mixer *from)
{
    assert(m->samples == from->samples);
    mixer_take_places(m, from);
    memcpy(m->slots, from->slots, from->max_slots * sizeof(*m->slots));
    memcpy(m->owns, from->owns, from->max_slots * sizeof(*m->owns));
    memcpy(m->talking, from->talking, from->talkers * sizeof(*m->talking));
    memcpy(m->apart, from->apart, from->apart_count * sizeof(*m->apart));
    m->talkers = from->talkers;
    m->apart_count = from->apart_count;
    m->limiter = from->limiter;
    m->common_is_zero = from->common_is_zero;
    memcpy(m->common, from->common, sizeof(m->common));
}

uint32_t mixer_frame_samples(const struct mixer *m)
{
    return m->samples;
}

static struct slot *slot_of(const struct mixer *m, mixer_slot slot)
{
    assert(slot < m->max_slots && m->slots[slot].used);
    return &m->slots[slot];
}

status mixer_add(struct mixer *m, mixer_slot *out)
{
    if (m->free_count == 0) return STATUS_FULL;
    mixer_slot slot = m->free_slots[--m->free_count];
    struct slot *s = &m->slots[slot];
    s->used = true;
    s->apart = s->talked = false;
    s->voice = NULL;
    *out = slot;
    return STATUS_OK;
}

bool mixer_has(const struct mixer *m, mixer_slot slot)
{
    return slot < m->max_slots && m->slots[slot].used;
}

void mixer_remove(struct mixer *m, mixer_slot slot)
{
    struct slot *s = slot_of(m, slot);
    assert(!m->ticking);
    for (uint32_t i = 0; s->apart && i < m->apart_count; i++) {
        if (m->apart[i] != slot) continue;
        m->apart[i] = m->apart[--m->apart_count];
        break;
    }
    s->used = s->apart = s->talked = false;
    m->free_slots[m->free_count++] = slot;
}

void mixer_begin(struct mixer *m)
{
    for (uint32_t i = 0; i < m->talkers; i++) {
        m->slots[m->talking[i]].talked = false;
        m->slots[m->talking[i]].voice = NULL;
    }
    m->talkers = 0;
    memset(m->bus, 0, m->samples * sizeof(m->bus[0]));
    m->ticking = true;
}

static void add(int32_t *restrict bus, const int16_t *restrict pcm, size_t samples)
{
    for (size_t i = 0; i < samples; i++)
        bus[i] += pcm[i];
}

void mixer_put(struct mixer *m, mixer_slot slot, const int16_t *pcm)
{
    struct slot *s = slot_of(m, slot);
    assert(m->ticking && !s->voice);
    if (pcm_is_zero(pcm, m->samples)) return;
    s->voice = pcm;
    s->talked = true;
    m->talking[m->talkers++] = slot;
    add(m->bus, pcm, m->samples);
}

void mixer_put_source(struct mixer *m, const int16_t *pcm)
{
    assert(m->ticking);
    add(m->bus, pcm, m->samples);
}

/* Who begins to talk goes on from where the common mix stands. */
static void set_talkers_apart(struct mixer *m)
{
    for (uint32_t i = 0; i < m->talkers; i++) {
        struct slot *s = &m->slots[m->talking[i]];
        if (s->apart) continue;
        s->apart = true;
        m->owns[m->talking[i]].limiter = m->limiter;
        m->apart[m->apart_count++] = m->talking[i];
    }
}

static void mix_own(struct mixer *m, mixer_slot slot)
{
    const struct slot *s = &m->slots[slot];
    struct own *own = &m->owns[slot];
    int32_t rest[FRAME_SAMPLES_MAX];
    if (!s->voice) {
        limiter_run(&own->limiter, m->bus, own->heard, m->samples);
        return;
    }
    for (size_t i = 0; i < m->samples; i++)
        rest[i] = m->bus[i] - s->voice[i];
    limiter_run(&own->limiter, rest, own->heard, m->samples);
}

void mixer_tick(struct mixer *m)
{
    assert(m->ticking);
    uint32_t kept = 0;

    /* A mix of its own ends only here, one tick after it has become the common one in all its parts. */
    for (uint32_t i = 0; i < m->apart_count; i++) {
        struct slot *s = &m->slots[m->apart[i]];
        s->apart = s->voice || !limiter_same(&m->owns[m->apart[i]].limiter, &m->limiter);
        if (s->apart) m->apart[kept++] = m->apart[i];
    }
    m->apart_count = kept;
    set_talkers_apart(m);

    limiter_run(&m->limiter, m->bus, m->common, m->samples);
    m->common_is_zero = pcm_is_zero(m->common, m->samples);
    for (uint32_t i = 0; i < m->apart_count; i++)
        mix_own(m, m->apart[i]);
    for (uint32_t i = 0; i < m->talkers; i++)
        m->slots[m->talking[i]].voice = NULL;
    m->ticking = false;
}

const int16_t *mixer_common(const struct mixer *m)
{
    return m->common;
}

bool mixer_common_is_zero(const struct mixer *m)
{
    return m->common_is_zero;
}

float mixer_gain(const struct mixer *m)
{
    return limiter_gain(&m->limiter);
}

const int16_t *mixer_heard_by(const struct mixer *m, mixer_slot slot)
{
    const struct slot *s = slot_of(m, slot);
    return s->apart ? m->owns[slot].heard : m->common;
}

bool mixer_talked(const struct mixer *m, mixer_slot slot)
{
    return slot_of(m, slot)->talked;
}

uint32_t mixer_talkers(const struct mixer *m)
{
    return m->talkers;
}
