#include <assert.h>
#include <math.h>

#include "engine/engine_parts.h"
#include "media/preprocess.h"
#include "os/thread.h"

/* Its preprocessor, new where it has none of the codec's rate; NULL where it needs none. */
static struct preprocess *make_preprocess(struct engine_leg *leg)
{
    struct preprocess *out = NULL;
    uint32_t rate_hz = leg->settled.codec->rate_hz;
    bool wanted = leg->voice.noise_suppression || leg->voice.automatic_gain || leg->preprocess_hz != 0;
    if (!wanted || leg->preprocess_hz == rate_hz) return NULL;
    if (preprocess_create(&out, rate_hz) != STATUS_OK) engine_must_have(NULL);
    leg->preprocess_hz = rate_hz;
    return out;
}

void engine_voice_send(struct engine_leg *leg)
{
    const struct engine_leg_voice *v = &leg->voice;
    engine_command(leg->engine, leg->worker,
                   (struct core_command){.type = CORE_LEG_VOICE,
                                         .leg = &leg->media,
                                         .gain = v->gain_db == 0 ? 1 : powf(10, (float)v->gain_db / 20),
                                         .noise_suppression = v->noise_suppression,
                                         .automatic_gain = v->automatic_gain,
                                         .preprocess = make_preprocess(leg)});
}

void engine_leg_note_talking(struct engine_leg *leg, bool talking)
{
    if (talking && !leg->talking) leg->engine->talking_count++;
    if (!talking && leg->talking) leg->engine->talking_count--;
    leg->talking = talking;
}

bool engine_leg_talks(const struct engine_leg *leg)
{
    return leg->talking;
}

void engine_leg_voice(struct engine_leg *leg, const struct engine_leg_voice *voice)
{
    thread_assert(THREAD_CONTROL);
    assert(!leg->closing);
    assert(voice->gain_db >= -60 && voice->gain_db <= 20);
    const struct engine_leg_voice *before = &leg->voice;
    if (voice->gain_db == before->gain_db && voice->noise_suppression == before->noise_suppression &&
        voice->automatic_gain == before->automatic_gain)
        return;
    leg->voice = *voice;
    engine_voice_send(leg);
    engine_commit(leg->engine);
}
