#include "media/playout_maker.h"

#include <stdlib.h>
#include <string.h>

#include "media/lag.h"

enum { HOLD_MS = 20, FADE_MS = 40, PAUSE_FADE_MS = 5, JOIN_FADE_MS = 5, TEMPLATE_MS = 10 };

status playout_maker_init(struct playout_maker *m, const struct codec *codec)
{
    size_t decoder_bytes = codec_decoder_bytes(codec);
    m->codec = codec;
    m->ms = codec->rate_hz / 1000;
    m->concealed_samples = m->invalid = 0;
    m->decoder = decoder_bytes ? calloc(1, decoder_bytes) : NULL;
    if (decoder_bytes && !m->decoder) return STATUS_NO_MEMORY;
    conceal_init(&m->conceal, codec->rate_hz);
    playout_maker_reset(m);
    return STATUS_OK;
}

void playout_maker_clear(struct playout_maker *m)
{
    free(m->decoder);
    m->decoder = NULL;
}

void playout_maker_reset(struct playout_maker *m)
{
    m->conceal.active = false;
    if (m->codec->decoder_init) m->codec->decoder_init(m->decoder);
}

void playout_maker_lose(struct playout_maker *m, struct playout_queue *q, size_t n)
{
    int16_t *pcm = playout_queue_room(q, n);
    if (!m->conceal.active) conceal_begin(&m->conceal, pcm, HOLD_MS, FADE_MS);
    if (!conceal_faded(&m->conceal)) m->concealed_samples += n;
    if (m->codec->conceal)
        m->codec->conceal(m->decoder, NULL, 0, pcm, n);
    else
        conceal_read(&m->conceal, pcm, n);
    playout_queue_add(q, n, PLAYOUT_SOUND_MADE_UP);
}

void playout_maker_pause(struct playout_maker *m, struct playout_queue *q, size_t n)
{
    int16_t *pcm = playout_queue_room(q, n);
    if (!m->conceal.active) conceal_begin(&m->conceal, pcm, 0, PAUSE_FADE_MS);
    size_t tail = conceal_left(&m->conceal);
    if (tail > n) tail = n;
    if (tail > 0) {
        conceal_read(&m->conceal, pcm, tail);
        playout_queue_add(q, tail, PLAYOUT_SOUND_TAIL);
    }
    if (n > tail) playout_queue_add_zeroes(q, n - tail, false);
}

/* Real audio again after made-up audio: fades from one to the other. @return samples to leave out at its start */
static size_t join(struct playout_maker *m, int16_t *pcm, size_t samples, size_t inserted)
{
    int16_t made_up[TEMPLATE_MS * 48];
    size_t fade = (size_t)JOIN_FADE_MS * m->ms, template = (size_t)TEMPLATE_MS * m->ms;
    size_t skip = 0;
    if (inserted > 0 && samples >= 2 * template) {
        struct conceal on = m->conceal;
        conceal_read(&on, made_up, template);
        size_t most = samples - template;
        if (most > template) most = template;
        if (most > inserted) most = inserted;
        skip = lag_find(made_up, pcm, 1, template, 0, most, m->ms / 8, -0.002f).samples;
    }
    if (fade > samples - skip) fade = samples - skip;
    conceal_read(&m->conceal, made_up, fade);
    lag_cross_fade(made_up, pcm + skip, pcm + skip, fade);
    m->conceal.active = false;
    return skip;
}

status playout_maker_decode(struct playout_maker *m, struct playout_queue *q, const struct playout_stored *stored,
                            const uint8_t *payload, size_t overlap, size_t inserted, size_t *samples)
{
    size_t count = stored->samples;
    if (stored->silent && !m->conceal.active) {
        playout_queue_add_zeroes(q, overlap < count ? count - overlap : 0, true);
        *samples = count;
        return STATUS_OK;
    }
    int16_t *pcm = playout_queue_room(q, count);
    if (stored->silent) {
        memset(pcm, 0, count * sizeof(*pcm));
    } else if (m->codec->decode(m->decoder, payload, stored->len, pcm, count, &count) != STATUS_OK) {
        m->invalid++;
        return STATUS_INVALID;
    }
    *samples = count;
    if (overlap >= count) return STATUS_OK;
    size_t from = overlap;
    if (m->conceal.active) from += join(m, pcm + overlap, count - overlap, inserted);
    if (from > 0) memmove(pcm, pcm + from, (count - from) * sizeof(*pcm));
    playout_queue_add(q, count - from, PLAYOUT_SOUND_VOICE);
    return STATUS_OK;
}
