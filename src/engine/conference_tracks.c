#include "engine/conference_tracks.h"

#include <string.h>

#include "engine/leg_media.h"
#include "media/pcm.h"

static const float unity = 0.9995f; /* what is above differs by rounding alone */

enum { GAIN_TICKS = 1000 / PCM_FRAME_MS };

void conference_tracks_start(struct conference_tracks *t, struct ring *frames)
{
    *t = (struct conference_tracks){.frames = frames, .least_gain = 1};
}

static void put(struct conference_tracks *t, uint64_t tick, uint16_t track, enum pcm_frame_kind kind, uint32_t rate_hz,
                const int16_t *pcm)
{
    static const int16_t silence[FRAME_SAMPLES_MAX];
    if (!pcm && !t->changes) return;
    if (!pcm_frame_push_track(t->frames, tick, track, kind, rate_hz, pcm ? pcm : silence)) t->lost++;
}

void conference_tracks_voice(struct conference_tracks *t, uint64_t tick, const struct leg_media *leg,
                             enum pcm_frame_kind kind, uint32_t rate_hz, const int16_t *pcm)
{
    if (t->frames && leg->track != 0) put(t, tick, leg->track, kind, rate_hz, pcm);
}

void conference_tracks_sound(const struct conference_tracks *t, struct conference_bridge_track *bridge,
                             const int16_t *pcm, uint32_t samples)
{
    if (!t->frames || !pcm) return;
    if (!bridge->sounds) memset(bridge->sum, 0, samples * sizeof bridge->sum[0]);
    bridge->sounds = true;
    for (uint32_t i = 0; i < samples; i++)
        bridge->sum[i] += pcm[i];
}

void conference_tracks_mark(struct conference_tracks *t, uint64_t tick, const struct leg_media *leg,
                            struct pcm_mark mark)
{
    if (!t->frames || (leg && leg->track == 0)) return;
    if (!pcm_frame_push_mark(t->frames, tick, leg ? leg->track : PCM_TRACK_BRIDGE, &mark)) t->lost++;
}

void conference_tracks_bridge(struct conference_tracks *t, uint64_t tick, enum pcm_frame_kind kind,
                              struct conference_bridge_track *bridge, uint32_t rate_hz)
{
    int16_t pcm[FRAME_SAMPLES_MAX];
    if (!t->frames) return;
    for (uint32_t i = 0; bridge->sounds && i < frame_samples(rate_hz); i++)
        pcm[i] = pcm_hold(bridge->sum[i]);
    put(t, tick, PCM_TRACK_BRIDGE, kind, rate_hz, bridge->sounds ? pcm : NULL);
    bridge->sounds = false;
}

static void mark_gain(struct conference_tracks *t, uint64_t tick, float gain)
{
    if (gain < t->least_gain) t->least_gain = gain;
    if (++t->gain_ticks < GAIN_TICKS) return;
    struct pcm_mark mark = {.type = PCM_MARK_GAIN, .gain = t->least_gain, .shift_ms = -(GAIN_TICKS - 1) * PCM_FRAME_MS};
    if (t->least_gain < unity) conference_tracks_mark(t, tick, NULL, mark);
    t->least_gain = 1;
    t->gain_ticks = 0;
}

void conference_tracks_tick(struct conference_tracks *t, uint64_t tick, float gain)
{
    if (!t->frames) return;
    mark_gain(t, tick, gain);
    struct pcm_mark mark = {.type = PCM_MARK_LOST, .count = t->lost};
    if (t->lost > 0 && pcm_frame_push_mark(t->frames, tick, PCM_TRACK_BRIDGE, &mark)) t->lost = 0;
}
