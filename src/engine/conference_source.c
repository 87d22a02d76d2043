#include "engine/conference_source.h"

void conference_source_start(struct conference_source *source, struct sound *sound, bool loop, float gain)
{
    source->sound = sound;
    sound_start(&source->cursor, sound, 0, loop);
    ramp_init(&source->ramp, gain);
    resample_line_init(&source->line);
}

void conference_source_fade(struct conference_source *source, float gain, uint32_t ms)
{
    if (source->sound) ramp_to(&source->ramp, gain, ramp_samples(source->sound->rate_hz, ms));
}

const int16_t *conference_source_read(struct conference_source *source, int16_t pcm[FRAME_SAMPLES_MAX])
{
    if (!source->sound || sound_done(&source->cursor) || ramp_silent(&source->ramp)) return NULL;
    uint32_t samples = frame_samples(source->sound->rate_hz);
    sound_read(&source->cursor, pcm, samples);
    if (!ramp_open(&source->ramp)) ramp_apply(&source->ramp, pcm, samples);
    return pcm;
}

const int16_t *conference_source_at(const struct conference_source *source, struct resample_bank *bank,
                                    const int16_t *frame, uint32_t rate_hz, int16_t room[FRAME_SAMPLES_MAX])
{
    if (source->sound->rate_hz == rate_hz) return frame;
    return resample_frame(bank, &source->line, source->sound->rate_hz, frame, rate_hz, room) ? room : NULL;
}

void conference_source_pass(struct conference_source *source, const int16_t *frame)
{
    resample_line_put(&source->line, source->sound->rate_hz, frame);
}

bool conference_source_over(const struct conference_source *source, uint32_t rate_hz)
{
    bool played = sound_done(&source->cursor) || ramp_silent(&source->ramp);
    return played && (source->sound->rate_hz == rate_hz || !source->line.sounds);
}
