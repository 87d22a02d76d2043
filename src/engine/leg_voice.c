#include "engine/leg_voice.h"

#include <assert.h>
#include <string.h>

#include "engine/leg_media.h"

enum { SPEECH_TICKS = 150 };

void leg_voice_init(struct leg_voice *v)
{
    memset(v, 0, sizeof *v);
    talker_init(&v->talker);
    gain_init(&v->gain);
}

static void tell_talking(const struct leg_context *context, struct leg_media *leg, bool talking, int64_t tick_us)
{
    struct media_event event = {.type = MEDIA_LEG_TALKING, .leg = leg, .tick_us = tick_us, .number = talking};
    leg_context_tell(context, &event);
}

static void judge(struct leg_voice *v, const struct leg_context *context, struct leg_media *leg,
                  const struct level *level, int64_t tick_us)
{
    switch (talker_step(&v->talker, level_power_dbfs(level->power), level->peak)) {
    case TALKER_SAME: break;
    case TALKER_BEGAN: tell_talking(context, leg, true, tick_us - (TALKER_BEGIN_TICKS - 1) * LEG_TICK_US); break;
    case TALKER_ENDED: tell_talking(context, leg, false, tick_us - (TALKER_HANG_TICKS - 1) * LEG_TICK_US); break;
    }
    if (v->talker.loud_ticks == 0) return;
    if (v->speech_ticks < SPEECH_TICKS) v->speech_ticks++;
    v->speech_power += (level->power - v->speech_power) / (float)v->speech_ticks;
}

static void end_talking(struct leg_voice *v, const struct leg_context *context, struct leg_media *leg, int64_t tick_us)
{
    if (talker_stop(&v->talker)) tell_talking(context, leg, false, tick_us);
}

void leg_voice_rest(struct leg_voice *v, const struct leg_context *context, struct leg_media *leg, int64_t tick_us)
{
    end_talking(v, context, leg, tick_us);
    if (v->preprocess) preprocess_rest(v->preprocess);
}

void leg_voice_set(struct leg_voice *v, float gain, bool noise_suppression, bool automatic_gain,
                   struct preprocess **preprocess)
{
    if (*preprocess) {
        struct preprocess *before = v->preprocess;
        v->preprocess = *preprocess;
        *preprocess = before;
    }
    gain_to(&v->gain, gain);
    v->raises = gain > 1 || automatic_gain;
    if (v->preprocess) preprocess_set(v->preprocess, noise_suppression, automatic_gain);
}

void leg_voice_drop(struct leg_voice *v)
{
    preprocess_destroy(v->preprocess);
    v->preprocess = NULL;
}

/* @param says  the frame is not zero */
static bool treat(struct leg_voice *v, struct leg_media *leg, uint32_t samples, bool says)
{
    assert(!v->preprocess || preprocess_rate_hz(v->preprocess) == leg->media.codec->rate_hz);
    if (v->preprocess) says = preprocess_run(v->preprocess, leg->pcm, !says);
    if (says)
        gain_apply(&v->gain, leg->pcm, samples);
    else
        gain_skip(&v->gain);
    return says;
}

bool leg_voice_run(struct leg_voice *v, const struct leg_context *context, struct leg_media *leg,
                   struct playout_frame frame, bool heard, bool flows, int64_t tick_us)
{
    uint32_t samples = frame_samples(leg->media.codec->rate_hz);
    struct level level = {.power = 0};
    bool says = !frame.zero;
    if (says) level = level_measure(leg->pcm, samples);
    level_meter_put(&v->meter, &level);
    if (flows) says = treat(v, leg, samples, says);
    if (!heard) {
        end_talking(v, context, leg, tick_us);
        return says;
    }
    judge(v, context, leg, &level, tick_us);
    return says && !(talker_inaudible(&v->talker) && !v->raises);
}

void leg_voice_stats(struct leg_voice *v, struct engine_leg_stats *out)
{
    level_meter_read(&v->meter, &out->level_dbfs, &out->peak_dbfs);
    out->speech_dbfs = v->speech_power > 0 ? level_power_dbfs(v->speech_power) : LEVEL_SILENCE_DBFS;
    out->samples_clipped = v->meter.clipped;
}
