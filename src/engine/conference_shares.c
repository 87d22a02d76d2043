#include "engine/conference_shares.h"

#include <string.h>

#include "engine/leg_encoder.h"
#include "engine/leg_media.h"
#include "engine/leg_send.h"

void conference_shares_init(struct conference_shares *shares)
{
    memset(shares, 0, sizeof *shares);
}

static bool same_params(const struct codec_params *a, const struct codec_params *b)
{
    return a->max_rate_hz == b->max_rate_hz && a->bitrate_bps == b->bitrate_bps && a->loss_percent == b->loss_percent &&
           a->fec == b->fec && a->dtx == b->dtx;
}

/* The share for such legs, or one that nobody uses; NULL where there is none. */
static struct conference_share *find(struct conference_shares *shares, const struct engine_leg_media *media)
{
    struct conference_share *unused = NULL;
    for (size_t i = 0; i < CONFERENCE_SHARES_MAX; i++) {
        struct conference_share *s = &shares->list[i];
        bool used = s->share.codec && (s->share.home || s->waiting);
        if (used && s->share.codec == media->codec && same_params(&s->params, &media->encode)) return s;
        if (!used && !unused) unused = s;
    }
    if (!unused) return NULL;
    encoder_share_init(&unused->share, media->codec);
    unused->params = media->encode;
    unused->waiting = NULL;
    return unused;
}

bool conference_shares_take(struct conference_shares *shares, struct leg_media *leg, const int16_t *pcm, bool common)
{
    struct leg_encoder *encoder = leg->encoder;
    struct conference_share *s = NULL;
    if (common && leg->media.send_ptime_ms == FRAME_MS) s = find(shares, &leg->media);
    if (!s) {
        leg_encoder_leave(encoder);
        return false;
    }
    if (encoder->member.share != &s->share && encoder->member.share) leg_encoder_leave(encoder);
    s->pcm = pcm;
    leg->next_waiting = s->waiting;
    s->waiting = leg;
    return true;
}

/* Those who hear what the followers hear, and are not yet brought to it, are left with an encode of their own. */
static struct leg_media *keep_followers(struct conference_share *s, const struct leg_context *context)
{
    struct leg_media *kept = NULL;
    uint32_t samples = frame_samples(s->share.codec->rate_hz);
    for (struct leg_media *leg = s->waiting, *next; leg; leg = next) {
        struct leg_encoder *encoder = leg->encoder;
        next = leg->next_waiting;
        if (encoder->member.share || encoder_share_return(&s->share, &encoder->member, s->pcm, s->pcm, samples)) {
            leg->next_waiting = kept;
            kept = leg;
            continue;
        }
        media_count(&context->counters->encodes_own, 1);
        leg_encoder_send(encoder, leg, context, s->pcm);
    }
    return kept;
}

/* Only now is it known who leaves the share in this tick, and so whether there is one to come back to. */
static void send_share(struct conference_share *s, const struct leg_context *context)
{
    uint8_t packet[RTP_HEADER_BYTES + LEG_PAYLOAD_MAX];
    uint32_t samples = frame_samples(s->share.codec->rate_hz);
    struct leg_media *first = keep_followers(s, context);
    s->waiting = NULL;
    if (!first) return;
    size_t len = leg_encoder_encode(first->encoder, encoder_share_state(&s->share), s->pcm, samples, packet);
    media_count(&context->counters->encodes_shared, 1);
    for (struct leg_media *leg = first; leg; leg = leg->next_waiting) {
        if (s->share.codec->joins)
            leg_send_frame(leg, context, packet, len);
        else
            leg_send_whole(leg, context, packet, len);
    }
}

void conference_shares_send(struct conference_shares *shares, const struct leg_context *context)
{
    for (size_t i = 0; i < CONFERENCE_SHARES_MAX; i++) {
        if (shares->list[i].waiting) send_share(&shares->list[i], context);
    }
}
