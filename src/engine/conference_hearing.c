#include "engine/conference_hearing.h"

#include <string.h>

#include "engine/leg_encoder.h"
#include "engine/leg_send.h"

enum { LOST_TOLD_EVERY_TICKS = 50 };

static const int16_t silence[FRAME_SAMPLES_MAX];

static void encode(struct conference_payload *p, const struct codec *codec, const int16_t *pcm, uint32_t samples)
{
    p->len = codec->encode(NULL, pcm, samples, p->packet + RTP_HEADER_BYTES, LEG_PAYLOAD_MAX);
    p->made = true;
}

void conference_scratch_init(struct conference_scratch *s)
{
    memset(s, 0, sizeof *s);
    for (int id = 0; id < CODEC_COUNT; id++) {
        const struct codec *codec = codec_by_id((enum codec_id)id);
        if (codec_encoder_bytes(codec) > 0) continue;
        encode(&s->silence[id], codec, s->pcm, frame_samples(codec->rate_hz));
    }
}

/* Led over from what the old graph gives to what the new one gives. */
static const int16_t *cross(const int16_t *from, const int16_t *to, uint32_t rate_hz, int16_t *out)
{
    struct ramp ramp;
    if (!from && !to) return NULL;
    ramp_init(&ramp, 0);
    ramp_to(&ramp, 1, ramp_samples(rate_hz, CONFERENCE_CHANGE_MS));
    ramp_cross(&ramp, from ? from : silence, to ? to : silence, out, frame_samples(rate_hz));
    return out;
}

/* What a leg hears of the graphs, at its codec's rate; NULL for silence. */
static const int16_t *hear(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s,
                           struct leg_media *leg, bool *shared)
{
    uint32_t rate_hz = leg->media.codec->rate_hz;
    if (!c->graph) return NULL;
    const int16_t *pcm = conference_graph_heard(c->graph, context->bank, leg, s->heard, shared);
    if (!c->next) return pcm;
    bool next_shared = true;
    const int16_t *next = conference_graph_heard(c->next, context->bank, leg, s->heard_next, &next_shared);
    if (c->change == CONFERENCE_WARMS) return pcm;
    *shared = *shared && next_shared;
    if (!*shared) return cross(pcm, next, rate_hz, s->heard);
    struct graph_common *crossed = &s->crossed[resample_rate_index(rate_hz)];
    if (!crossed->made) crossed->pcm = cross(pcm, next, rate_hz, crossed->room);
    crossed->made = true;
    return crossed->pcm;
}

/* True where this, that a leg hears, is what all hear who have no mix of their own. */
static bool is_common(struct conference_media *c, const struct leg_context *context, const struct conference_scratch *s,
                      const int16_t *pcm, uint32_t rate_hz)
{
    const struct graph_common *crossed = &s->crossed[resample_rate_index(rate_hz)];
    if (!c->graph) return !pcm;
    if (c->change == CONFERENCE_CROSSES) return crossed->made && pcm == crossed->pcm;
    return pcm == conference_graph_common_at(c->graph, context->bank, rate_hz);
}

/* By an encoder that remembers, be it shared. */
static void send_encoded(struct conference_media *c, const struct leg_context *context,
                         const struct conference_scratch *s, struct leg_media *leg, const int16_t *pcm, bool shared)
{
    bool common = (shared || !pcm) && is_common(c, context, s, pcm, leg->media.codec->rate_hz);
    if (conference_shares_take(&c->shares, leg, pcm ? pcm : silence, common)) return;
    media_count(&context->counters->encodes_own, 1);
    leg_encoder_send(leg->encoder, leg, context, pcm ? pcm : silence);
}

/* That, as far as the leg listens. @param[out] shared  false where it is for this leg alone */
static const int16_t *heard_by(struct conference_media *c, const struct leg_context *context,
                               struct conference_scratch *s, struct leg_media *leg, bool *shared)
{
    uint32_t rate_hz = leg->media.codec->rate_hz, samples = frame_samples(rate_hz);
    ramp_to(&leg->listen_ramp, leg->listen ? 1 : 0, ramp_samples(rate_hz, RAMP_MUTE_MS));
    if (ramp_silent(&leg->listen_ramp)) {
        leg->hearing[0].own = leg->hearing[1].own = false;
        return NULL;
    }
    const int16_t *pcm = hear(c, context, s, leg, shared);
    if (ramp_open(&leg->listen_ramp)) return pcm;
    if (pcm) memcpy(s->pcm, pcm, samples * sizeof *pcm);
    ramp_apply(&leg->listen_ramp, s->pcm, samples); /* the way it goes is the same in silence */
    *shared = false;
    return pcm ? s->pcm : NULL;
}

static void send_pcm(const struct leg_context *context, struct conference_scratch *s, struct leg_media *leg,
                     const int16_t *pcm, bool shared)
{
    const struct codec *codec = leg->media.codec;
    struct conference_payload *payload = shared ? &s->common[codec->id] : &s->own;
    if (!pcm) {
        payload = &s->silence[codec->id];
    } else if (!shared || !payload->made) {
        encode(payload, codec, pcm, frame_samples(codec->rate_hz));
        media_count(shared ? &context->counters->encodes_shared : &context->counters->encodes_own, 1);
    }
    leg_send_frame(leg, context, payload->packet, payload->len);
}

/* A digit that is passed on, for those who have agreed to events. */
static struct leg_event passed_on(const struct conference_media *c, struct leg_media *leg)
{
    struct leg_event none = {.on = false};
    if (!c->keys.event.on || !leg->listen || conference_keys_holder(&c->keys) == leg) return none;
    leg_keys_hear(leg, c->keys.event.code);
    return leg->media.send_event_type != ENGINE_NO_PAYLOAD_TYPE ? c->keys.event : none;
}

void conference_hearing_send(struct conference_media *c, const struct leg_context *context,
                             struct conference_scratch *s, struct leg_media *leg)
{
    bool shared = true;
    uint32_t samples = frame_samples(leg->media.codec->rate_hz);
    const int16_t *heard = heard_by(c, context, s, leg, &shared), *pcm = heard;
    struct leg_event event = passed_on(c, leg);
    if (leg->own.speaks) {
        pcm = leg_own_lay_over(&leg->own, context, leg, heard, s->laid_over, samples, &event);
        shared = shared && pcm == heard;
    }
    if (leg->own.records) leg_own_record_tick(&leg->own, context, pcm, samples);
    bool silent = !leg->media.send, in_event = event.on || leg->in_event;
    if (silent || in_event) leg_encoder_leave(leg->encoder); /* its listener misses what the others are sent */
    if (silent)
        leg_send_frame(leg, context, NULL, 0);
    else if (in_event)
        leg_send_event(leg, context, &event);
    else if (leg->encoder)
        send_encoded(c, context, s, leg, pcm, shared);
    else
        send_pcm(context, s, leg, pcm, shared);
}

static void tell_lost_frames(struct conference_media *c, const struct leg_context *context)
{
    if (c->frames_lost == 0 || ++c->lost_told_ticks < LOST_TOLD_EVERY_TICKS) return;
    struct media_event event = {
        .type = MEDIA_RECORD_LOST, .conference = c, .number = c->frames_lost, .tick_us = c->tick_us};
    media_count(&context->counters->record_frames_lost, c->frames_lost);
    c->frames_lost = c->lost_told_ticks = 0;
    leg_context_tell(context, &event);
}

static void record_graph(struct conference_media *c, struct conference_scratch *s, const struct conference_graph *g)
{
    const int16_t *pcm = c->audio == ENGINE_AUDIO_MIX ? mixer_common(g->mixer) : NULL;
    if (!pcm) memset(s->pcm, 0, g->samples * sizeof *s->pcm);
    if (!pcm) pcm = s->pcm;
    bool fits = conference_media_kind(c, g) == PCM_FRAME_AUDIO
                    ? pcm_frame_push(c->frames, c->tick, g->rate_hz, pcm)
                    : pcm_frame_push_track(c->frames, c->tick, PCM_TRACK_MIX, PCM_FRAME_OTHER, g->rate_hz, pcm);
    if (!fits) c->frames_lost++;
}

void conference_hearing_record(struct conference_media *c, const struct leg_context *context,
                               struct conference_scratch *s)
{
    bool crosses = c->change == CONFERENCE_CROSSES;
    conference_tracks_tick(&c->tracks, c->tick, mixer_gain((crosses ? c->next : c->graph)->mixer));
    record_graph(c, s, crosses ? c->next : c->graph);
    if (c->next) record_graph(c, s, crosses ? c->graph : c->next);
    tell_lost_frames(c, context);
}
