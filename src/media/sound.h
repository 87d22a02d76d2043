/**
 * @file sound.h  Decoded audio that is played from memory: beeps, announcements, the head of wait music.
 *
 * A sound never changes after it is made, so any number of media threads may play it at once; whoever made it keeps it
 * until the last cursor has been reported done. A cursor is one playing of it.
 *
 * Pure. Thread: sound_create() and sound_destroy() on the control or loader side; a cursor belongs to one thread.
 */
#ifndef PARLEY_MEDIA_SOUND_H
#define PARLEY_MEDIA_SOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/** What sounds are decoded to: all that a wideband telephone can play. Legs and conferences convert it. */
enum { SOUND_RATE_HZ = 16000 };

struct sound {
    uint32_t rate_hz; /**< 8000, 16000 or 48000, to be played by legs and conferences */
    uint32_t samples;
    uint32_t refs; /**< owners beyond the first; the control thread's alone */
    int16_t pcm[];
};

/**
 * Copies mono samples into a sound.
 * @return STATUS_OK, STATUS_INVALID (no samples, or no rate), STATUS_NO_MEMORY
 */
MUST_CHECK status sound_create(struct sound **out, uint32_t rate_hz, const int16_t *pcm, uint32_t samples);

/** NULL is allowed. */
void sound_destroy(struct sound *s);

/** One more owner (control thread). @return s; NULL is allowed */
static inline struct sound *sound_ref(struct sound *s)
{
    if (s) s->refs++;
    return s;
}

/** An owner lets go; the last one destroys it (control thread). NULL is allowed. */
static inline void sound_unref(struct sound *s)
{
    if (!s) return;
    if (s->refs == 0)
        sound_destroy(s);
    else
        s->refs--;
}

/** Playing starts `offset` samples into the sound (taken modulo its length where it loops). */
struct sound_cursor {
    const struct sound *sound; /**< borrowed; NULL plays nothing */
    uint32_t offset;           /**< next sample */
    bool loop;                 /**< after the last sample comes the first, for ever */
};

void sound_start(struct sound_cursor *c, const struct sound *s, uint64_t offset, bool loop);

/**
 * The next samples, zeroes after the end.
 * @return how many are the sound's own: fewer than asked for exactly once, at its end, then 0
 */
size_t sound_read(struct sound_cursor *c, int16_t *pcm, size_t samples);

/** True where nothing is left to play. */
bool sound_done(const struct sound_cursor *c);

#endif
