#include "playout_rig.h"

#include <stdlib.h>
#include <string.h>

void rig_open(struct rig *r, enum codec_id codec, const struct codec_params *params, int64_t phase_us)
{
    static const struct codec_params usual;
    memset(r, 0, sizeof(*r));
    r->codec = codec_by_id(codec);
    r->rate_hz = r->codec->rate_hz;
    r->frame = frame_samples(r->rate_hz);
    r->ptime_ms = codec_packet_ms(r->codec, 20);
    struct playout_config config = {.codec = r->codec};
    if (playout_create(&r->playout, &config) != STATUS_OK) abort();
    r->encoder = calloc(1, codec_encoder_bytes(r->codec) + 1);
    if (!r->encoder) abort();
    if (r->codec->encoder_init) r->codec->encoder_init(r->encoder, params ? params : &usual);
    rng_init(&r->rng, 1);
    r->seq = 65500;
    r->timestamp = 0xfffff000u;
    r->send_us = 1000000.0 + (double)phase_us;
    r->clock = 1.0;
    r->tick_us = 1000000;
}

void rig_close(struct rig *r)
{
    playout_destroy(r->playout);
    free(r->encoder);
}

bool rig_draw_loss(struct rng *rng, double loss, double burst, bool *losing)
{
    if (loss <= 0.0) return false;
    if (burst <= 1.0) return rng_unit(rng) < loss;
    double end = 1.0 / burst, begin = loss / (1.0 - loss) * end;
    *losing = *losing ? rng_unit(rng) >= end : rng_unit(rng) < begin;
    return *losing;
}

static struct rig_packet *fly(struct rig *r)
{
    if (r->flying == RIG_IN_FLIGHT) abort();
    int64_t arrival_us = (int64_t)r->send_us + (r->jitter_us ? (int64_t)rng_below(&r->rng, r->jitter_us + 1) : 0);
    if (arrival_us < r->last_arrival_us) arrival_us = r->last_arrival_us;
    r->last_arrival_us = arrival_us;
    struct rig_packet *f = &r->flights[r->flying++];
    f->arrival_us = arrival_us;
    f->seq = r->seq;
    f->timestamp = r->timestamp;
    f->noise = false;
    return f;
}

static void send_packet(struct rig *r)
{
    int16_t pcm[120 * 48];
    uint8_t payload[CODEC_PAYLOAD_IN_MAX];
    size_t samples = r->ptime_ms * (r->rate_hz / 1000);
    r->voice(r->user, pcm, samples);
    if (!r->quiet) {
        size_t len = r->codec->encode(r->encoder, pcm, samples, payload, sizeof(payload));
        if (len == 0) abort();
        bool lost = rig_draw_loss(&r->rng, r->loss, r->burst, &r->losing);
        r->sent++;
        r->lost += lost;
        if (!lost) {
            struct rig_packet *f = fly(r);
            f->len = (uint16_t)len;
            memcpy(f->payload, payload, len);
        }
        r->seq++;
    }
    r->timestamp += r->ptime_ms * (r->codec->clock_hz / 1000);
    r->send_us += r->ptime_ms * 1000.0 * r->clock;
}

void rig_send_noise(struct rig *r, const uint8_t *payload, uint16_t len)
{
    struct rig_packet *f = fly(r);
    f->noise = true;
    f->len = len;
    memcpy(f->payload, payload, len);
    r->seq++;
    r->quiet = true;
}

static void deliver(struct rig *r)
{
    while (r->flying > 0 && r->flights[0].arrival_us <= r->tick_us) {
        const struct rig_packet *f = &r->flights[0];
        struct playout_packet packet = {.seq = f->seq,
                                        .timestamp = f->timestamp,
                                        .noise = f->noise,
                                        .payload = f->payload,
                                        .len = f->len,
                                        .arrival_us = f->arrival_us};
        (void)playout_put(r->playout, &packet);
        r->flying--;
        memmove(r->flights, r->flights + 1, r->flying * sizeof(r->flights[0]));
    }
}

void rig_tick(struct rig *r, bool heard)
{
    while (r->send_us <= (double)r->tick_us)
        send_packet(r);
    deliver(r);
    if (heard)
        r->got = playout_get(r->playout, r->tick_us, r->pcm);
    else
        (void)playout_skip(r->playout, r->tick_us);
    r->tick_us += RIG_TICK_US;
}
