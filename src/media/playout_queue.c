#include "media/playout_queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "media/codec.h"
#include "media/lag.h"
#include "media/pcm.h"

static const uint64_t one = (uint64_t)1 << 32;
static const double slide_ppm = 250.0; /* of reading that looks for a whole sample */

status playout_queue_init(struct playout_queue *q, uint32_t rate_hz)
{
    q->frame = frame_samples(rate_hz);
    q->ms = rate_hz / 1000;
    q->capacity = (size_t)(PLAYOUT_QUEUE_HISTORY_MS + PLAYOUT_QUEUE_AHEAD_MS) * q->ms;
    q->samples = calloc(q->capacity, sizeof(*q->samples));
    q->table = malloc(sizeof(*q->table));
    if (!q->samples || !q->table) return STATUS_NO_MEMORY;
    q->blank = true;
    interpolate_init(q->table);
    playout_queue_reset(q);
    return STATUS_OK;
}

void playout_queue_clear(struct playout_queue *q)
{
    free(q->samples);
    free(q->table);
    q->samples = NULL;
    q->table = NULL;
}

static void blank(struct playout_queue *q)
{
    if (!q->blank) memset(q->samples, 0, q->capacity * sizeof(*q->samples));
    q->blank = true;
    q->loud_end = 0;
}

void playout_queue_reset(struct playout_queue *q)
{
    blank(q);
    q->read = q->write = (size_t)PLAYOUT_QUEUE_HISTORY_MS * q->ms;
    q->fraction = 0;
    q->step = one;
    q->made_up_end = q->voice_end = 0;
}

static size_t moved(size_t position, size_t shift)
{
    return position > shift ? position - shift : 0;
}

int16_t *playout_queue_room(struct playout_queue *q, size_t n)
{
    if (q->write + n > q->capacity) {
        size_t shift = q->read - (size_t)PLAYOUT_QUEUE_HISTORY_MS * q->ms;
        if (!q->blank) memmove(q->samples, q->samples + shift, (q->write - shift) * sizeof(*q->samples));
        q->read -= shift;
        q->write -= shift;
        q->made_up_end = moved(q->made_up_end, shift);
        q->voice_end = moved(q->voice_end, shift);
        q->loud_end = moved(q->loud_end, shift);
        assert(q->write + n <= q->capacity);
    }
    return q->samples + q->write;
}

void playout_queue_add(struct playout_queue *q, size_t n, enum playout_sound sound)
{
    q->write += n;
    q->loud_end = q->write;
    q->blank = false;
    if (sound != PLAYOUT_SOUND_NOISE) q->voice_end = q->write;
    if (sound == PLAYOUT_SOUND_MADE_UP) q->made_up_end = q->write;
}

void playout_queue_add_zeroes(struct playout_queue *q, size_t n, bool voice)
{
    int16_t *pcm = playout_queue_room(q, n);
    if (q->loud_end + (size_t)PLAYOUT_QUEUE_HISTORY_MS * q->ms <= q->read) blank(q);
    if (!q->blank) memset(pcm, 0, n * sizeof(*pcm));
    q->write += n;
    if (voice) q->voice_end = q->write;
}

void playout_queue_set_pace(struct playout_queue *q, float ppm)
{
    double off = (double)ppm;
    if (ppm == 0.0f && q->fraction == 0) {
        q->step = one;
        return;
    }
    if (ppm == 0.0f) {
        uint32_t each = q->fraction / q->frame; /* with which the frame ends on the whole sample */
        if (each <= (uint32_t)(slide_ppm * 1e-6 * (double)one)) {
            q->step = one - each;
            return;
        }
        off = -slide_ppm;
    }
    q->step = one + (uint64_t)(int64_t)(off * 1e-6 * (double)one);
}

void playout_queue_splice(struct playout_queue *q, size_t lag, bool shrink)
{
    size_t fade = (size_t)PLAYOUT_QUEUE_FADE_MS * q->ms;
    int16_t mixed[PLAYOUT_QUEUE_FADE_MS * 48];
    int16_t *from = q->samples + q->read - PLAYOUT_QUEUE_LAG, *to = shrink ? from + lag : from - lag;
    lag_cross_fade(from, to, mixed, fade);
    memcpy(to, mixed, fade * sizeof(*mixed));
    /* Reading between samples looks back over the splice. */
    memmove(to - INTERPOLATE_BEFORE, from - INTERPOLATE_BEFORE, INTERPOLATE_BEFORE * sizeof(*to));
    q->read = (size_t)(to - q->samples) + PLAYOUT_QUEUE_LAG;
}

static bool read_as_it_is(const struct playout_queue *q, int16_t *pcm)
{
    const int16_t *here = playout_queue_here(q);
    if (q->loud_end + PLAYOUT_QUEUE_LAG <= q->read || pcm_is_zero(here, q->frame)) return false;
    memcpy(pcm, here, q->frame * sizeof(*pcm));
    return true;
}

static bool read_between(const struct playout_queue *q, int16_t *pcm)
{
    if (q->loud_end + PLAYOUT_QUEUE_LAG + INTERPOLATE_BEFORE <= q->read) return false;
    interpolate_read(q->table, playout_queue_here(q), q->fraction, q->step, pcm, q->frame);
    return !pcm_is_zero(pcm, q->frame);
}

struct playout_frame playout_queue_read(struct playout_queue *q, int16_t *pcm)
{
    struct playout_frame f = {PLAYOUT_VOICE, false};
    if (q->made_up_end > q->read)
        f.verdict = PLAYOUT_CONCEALED;
    else if (q->voice_end <= q->read)
        f.verdict = PLAYOUT_SILENCE;
    if (q->step == one && q->fraction == 0) {
        f.zero = !read_as_it_is(q, pcm);
        q->read += q->frame;
        return f;
    }
    f.zero = !read_between(q, pcm);
    uint64_t place = q->fraction + q->frame * q->step;
    q->read += (size_t)(place >> 32);
    q->fraction = (uint32_t)place < q->frame ? 0 : (uint32_t)place; /* so near to a whole sample that it is one */
    return f;
}
