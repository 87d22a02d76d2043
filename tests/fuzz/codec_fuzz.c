/**
 * @file codec_fuzz.c  Any payloads into every decoder and its concealment, and into the reader of comfort noise.
 *
 * Input: which codec (one byte; CODEC_COUNT is comfort noise), then payloads: what to do (one byte), length (16 bits),
 * bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media/codec.h"
#include "media/comfort_noise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SAMPLES_MAX = 120 * 48, MARK = 0x5555, PAYLOADS_MAX = 200 };

enum { DECODE, CONCEAL, CONCEAL_BEFORE, WHAT_COUNT };

static void demand(int truth)
{
    if (!truth) abort();
}

static void decode(const struct codec *c, void *state, const uint8_t *payload, size_t len)
{
    int16_t pcm[SAMPLES_MAX + 1];
    size_t samples = SAMPLES_MAX + 1, most = c->rate_hz / 1000 * 120, duration = c->duration(payload, len);
    pcm[most] = MARK;
    if (c->is_silence) (void)c->is_silence(payload, len);
    if (c->decode(state, payload, len, pcm, most, &samples) == STATUS_OK) {
        demand(samples == duration && samples <= most && samples > 0);
    } else {
        demand(samples == SAMPLES_MAX + 1);
    }
    demand(pcm[most] == MARK);
}

/* The first bytes say how long the gap is. */
static void conceal(const struct codec *c, void *state, const uint8_t *payload, size_t len, int with_next)
{
    int16_t pcm[SAMPLES_MAX + 1];
    size_t most = c->rate_hz / 1000 * 120,
           samples = len >= 2 ? (size_t)(payload[0] << 8 | payload[1]) % most + 1 : most;
    if (c->has_fec) (void)c->has_fec(payload, len);
    if (!c->conceal) return;
    pcm[samples] = MARK;
    c->conceal(state, with_next ? payload : NULL, with_next ? len : 0, pcm, samples);
    demand(pcm[samples] == MARK);
}

static void comfort(struct comfort_noise *noise, const uint8_t *payload, size_t len)
{
    int16_t pcm[FRAME_SAMPLES_MAX] = {0};
    struct comfort_noise_packet packet;
    if (comfort_noise_parse(payload, len, &packet) != STATUS_OK) return;
    demand(packet.level <= 127 && packet.order <= COMFORT_NOISE_ORDER_MAX);
    comfort_noise_set(noise, &packet);
    comfort_noise_add(noise, pcm, 160);
}

/* Exactly as long as the payload, so that a sanitizer sees a read past its end. */
static void run(const struct codec *c, void *state, struct comfort_noise *noise, unsigned what, const uint8_t *data,
                size_t len)
{
    uint8_t *payload = malloc(len > 0 ? len : 1);
    demand(payload != NULL);
    memcpy(payload, data, len);
    if (!c)
        comfort(noise, payload, len);
    else if (what == DECODE)
        decode(c, state, payload, len);
    else
        conceal(c, state, payload, len, what == CONCEAL_BEFORE);
    free(payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    unsigned id = data[0] % (CODEC_COUNT + 1);
    const struct codec *c = id < CODEC_COUNT ? codec_by_id((enum codec_id)id) : NULL;
    struct comfort_noise noise;
    comfort_noise_init(&noise, 8000, 1);
    void *state = NULL;
    if (c && c->decoder_bytes) {
        demand((state = malloc(codec_decoder_bytes(c))) != NULL);
        c->decoder_init(state);
    }
    data++, size--;
    for (int i = 0; size >= 3 && i < PAYLOADS_MAX; i++) {
        size_t len = (size_t)(data[1] << 8 | data[2]);
        if (len > size - 3) len = size - 3;
        run(c, state, &noise, data[0] % WHAT_COUNT, data + 3, len);
        data += 3 + len;
        size -= 3 + len;
    }
    free(state);
    return 0;
}
