#include "media/playout_maker.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "media/lag.h"

enum {
    HOLD_MS = 20,
    FADE_MS = 80,
    CODEC_HOLD_MS = 100, /* what a codec makes up fades by itself; after that time it is faded out for it */
    CODEC_FADE_MS = 20,
    PAUSE_FADE_MS = 5,
    JOIN_FADE_MS = 3,
    TEMPLATE_MS = 10,
    FOLLOW_MS = 20,
    FOLLOW_SIGHT_MS = 50, /* of made-up audio that surely still stands in the queue, with some before it */
    NOISE_SEED = 3389,    /* noise needs no secret */
};

status playout_maker_init(struct playout_maker *m, const struct codec *codec)
{
    size_t decoder_bytes = codec_decoder_bytes(codec);
    m->codec = codec;
    m->ms = codec->rate_hz / 1000;
    m->concealed_samples = m->guessed_samples = m->invalid = 0;
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

void playout_maker_rest(struct playout_maker *m)
{
    m->conceal.active = false;
    m->made = 0;
}

void playout_maker_reset(struct playout_maker *m)
{
    playout_maker_rest(m);
    m->noise = false;
    m->guessed_samples = 0;
    comfort_noise_init(&m->comfort, m->codec->rate_hz, NOISE_SEED);
    if (m->codec->decoder_init) m->codec->decoder_init(m->decoder);
}

/* Level of what the codec makes up, `at` samples after the last packet. */
static float codec_gain(const struct playout_maker *m, uint32_t at)
{
    uint32_t hold = CODEC_HOLD_MS * m->ms, fade = CODEC_FADE_MS * m->ms;
    if (at < hold) return 1.0f;
    return at < hold + fade ? 1.0f - (float)(at - hold) / (float)fade : 0.0f;
}

/* @return false where it has been faded out */
static bool make_up_by_codec(struct playout_maker *m, int16_t *pcm, size_t n, struct playout_payload next)
{
    if (!next.bytes && codec_gain(m, m->made) <= 0.0f) {
        memset(pcm, 0, n * sizeof(*pcm));
        return false;
    }
    m->codec->conceal(m->decoder, next.bytes, next.len, pcm, n);
    if (next.bytes) {
        m->made = 1; /* what it ends with is the sender's voice again */
        return true;
    }
    for (size_t i = 0; i < n; i++, m->made++)
        pcm[i] = (int16_t)lrintf((float)pcm[i] * codec_gain(m, m->made));
    return true;
}

/* @return how many of them are more than silence after what was made up */
static size_t make_up(struct playout_maker *m, struct playout_queue *q, size_t n, struct playout_payload next)
{
    int16_t *pcm = playout_queue_room(q, n);
    bool sounds = true;
    if (m->codec->conceal && !m->conceal.active) {
        sounds = make_up_by_codec(m, pcm, n, next);
    } else {
        if (!m->conceal.active) conceal_begin(&m->conceal, pcm, HOLD_MS, FADE_MS);
        sounds = !conceal_faded(&m->conceal);
        conceal_read(&m->conceal, pcm, n);
    }
    playout_queue_add(q, n, PLAYOUT_SOUND_MADE_UP);
    return sounds ? n : 0;
}

void playout_maker_lose(struct playout_maker *m, struct playout_queue *q, size_t n, struct playout_payload next)
{
    m->concealed_samples += make_up(m, q, n, next);
}

void playout_maker_guess(struct playout_maker *m, struct playout_queue *q, size_t n)
{
    m->guessed_samples += make_up(m, q, n, (struct playout_payload){NULL, 0});
}

void playout_maker_learn(struct playout_maker *m, bool lost)
{
    if (lost) m->concealed_samples += m->guessed_samples;
    m->guessed_samples = 0;
}

static void pause_with_noise(struct playout_maker *m, struct playout_queue *q, size_t n)
{
    int16_t *pcm = playout_queue_room(q, n);
    conceal_read(&m->conceal, pcm, n);
    comfort_noise_add(&m->comfort, pcm, n);
    playout_queue_add(q, n, PLAYOUT_SOUND_NOISE);
}

void playout_maker_pause(struct playout_maker *m, struct playout_queue *q, size_t n)
{
    int16_t *pcm = playout_queue_room(q, n);
    if (!m->conceal.active) conceal_begin(&m->conceal, pcm, 0, PAUSE_FADE_MS);
    if (!comfort_noise_silent(&m->comfort)) {
        pause_with_noise(m, q, n);
        return;
    }
    size_t tail = conceal_left(&m->conceal);
    if (tail > n) tail = n;
    if (tail > 0) {
        conceal_read(&m->conceal, pcm, tail);
        playout_queue_add(q, tail, PLAYOUT_SOUND_TAIL);
    }
    if (n > tail) playout_queue_add_zeroes(q, n - tail, false);
}

void playout_maker_note_noise(struct playout_maker *m, struct playout_payload payload)
{
    struct comfort_noise_packet packet;
    if (comfort_noise_parse(payload.bytes, payload.len, &packet) != STATUS_OK) {
        m->invalid++;
        return;
    }
    m->noise = true;
    comfort_noise_set(&m->comfort, &packet);
}

void playout_maker_note_voice(struct playout_maker *m)
{
    m->noise = false;
    comfort_noise_set(&m->comfort, NULL);
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
    return skip;
}

/* A decoder that has made up what was missing joins what it decodes by itself; only its level may have been faded. */
static void fade_in(const struct playout_maker *m, int16_t *pcm, size_t samples)
{
    size_t fade = (size_t)JOIN_FADE_MS * m->ms;
    float gain = codec_gain(m, m->made);
    if (gain >= 1.0f) return;
    for (size_t i = 0; i < fade && i < samples; i++)
        pcm[i] = (int16_t)lrintf((float)pcm[i] * (gain + (1.0f - gain) * (float)i / (float)fade));
}

/* `pcm` stands at the end of the queue, before it is what was heard. @return samples to leave out at its start */
static size_t begin_voice(struct playout_maker *m, int16_t *pcm, size_t samples, size_t overlap, size_t inserted)
{
    size_t skip = 0;
    bool late = inserted > 0 || overlap > 0;
    if (m->made > 0 && !late) {
        fade_in(m, pcm, samples);
    } else if (playout_maker_fills(m)) {
        if (!m->conceal.active) conceal_begin(&m->conceal, pcm, JOIN_FADE_MS + TEMPLATE_MS, JOIN_FADE_MS);
        skip = join(m, pcm + overlap, samples - overlap, inserted);
    }
    playout_maker_rest(m);
    return overlap + skip;
}

/*
 * Packets are missing, and `pcm`, the end of the queue, is what was made up for them. A decoder that went on as if it
 * had decoded that is nearer to the sender's encoder. What was only late is not told: it is decoded yet.
 */
static void follow(struct playout_maker *m, const int16_t *pcm, size_t inserted)
{
    int16_t told[CODEC_FOLLOW_BEFORE + FOLLOW_MS * 48 + CODEC_FOLLOW_AFTER];
    size_t age = m->conceal.age, most = (size_t)FOLLOW_MS * m->ms, ahead = CODEC_FOLLOW_AFTER;
    bool in_sight = age <= (size_t)FOLLOW_SIGHT_MS * m->ms;
    if (!m->codec->decoder_follow || !m->conceal.active || m->conceal.hold == 0 || age <= inserted || !in_sight) return;
    size_t samples = age - inserted < most ? age - inserted : most;
    size_t there = CODEC_FOLLOW_BEFORE + (age < samples + ahead ? age : samples + ahead);
    struct conceal on = m->conceal;
    memcpy(told, pcm - age - CODEC_FOLLOW_BEFORE, there * sizeof(*told));
    conceal_read(&on, told + there, CODEC_FOLLOW_BEFORE + samples + ahead - there);
    m->codec->decoder_follow(m->decoder, told + CODEC_FOLLOW_BEFORE, samples);
}

status playout_maker_decode(struct playout_maker *m, struct playout_queue *q, const struct playout_stored *stored,
                            struct playout_payload payload, size_t overlap, size_t inserted, size_t *samples)
{
    size_t count = stored->samples;
    if (stored->silent && !m->conceal.active && comfort_noise_silent(&m->comfort)) {
        playout_maker_note_voice(m);
        playout_queue_add_zeroes(q, overlap < count ? count - overlap : 0, true);
        *samples = count;
        return STATUS_OK;
    }
    int16_t *pcm = playout_queue_room(q, count);
    follow(m, pcm, inserted);
    if (stored->silent) {
        memset(pcm, 0, count * sizeof(*pcm));
    } else {
        q->blank = false; /* whatever becomes of what is decoded there */
        if (m->codec->decode(m->decoder, payload.bytes, payload.len, pcm, count, &count) != STATUS_OK) {
            m->invalid++;
            return STATUS_INVALID;
        }
    }
    *samples = count;
    if (overlap >= count) return STATUS_OK;
    size_t from = playout_maker_fills(m) ? begin_voice(m, pcm, count, overlap, inserted) : overlap;
    playout_maker_note_voice(m);
    if (from > 0) memmove(pcm, pcm + from, (count - from) * sizeof(*pcm));
    if (!comfort_noise_silent(&m->comfort)) comfort_noise_add(&m->comfort, pcm, count - from);
    playout_queue_add(q, count - from, PLAYOUT_SOUND_VOICE);
    return STATUS_OK;
}
