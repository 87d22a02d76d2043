#include "engine/leg_own.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/leg_media.h"
#include "media/pcm.h"
#include "media/pcm_frame.h"
#include "rtp/dtmf_event.h"

enum {
    FADE_MS = 10,
    DUCK_MS = 20,
    DIGIT_TICKS = 5, /* 100 ms */
    DIGIT_GAP_MS = 100,
    LOUD_TICKS = 2, /* in a row are voice, one is a click */
};

static const float ducked = 0.25f; /* 12 dB */
static const float over = 0.75f;   /* of what is laid over something: a quarter and this are one whole */

/* Mean square of -45 dBFS, as the sine of that level has it. */
static const double voice_power = 32767.0 * 32767.0 / 2.0 * 3.1623e-5;

void leg_own_init(struct leg_own *own)
{
    memset(own, 0, sizeof *own);
    ramp_init(&own->duck, 1);
}

static void note_what_is_on(struct leg_own *own)
{
    own->speaks = own->play.sound || own->before.sound || own->digits || !ramp_open(&own->duck);
    own->records = own->recordings[ENGINE_LEG_SAYS].frames || own->recordings[ENGINE_LEG_BOTH].frames;
    own->listens = own->records || own->silence_ms > 0;
}

/* ---- sounds ---- */

static void end_play(const struct leg_context *context, struct leg_media *leg, struct leg_play *play)
{
    if (!play->sound) return;
    struct media_event event = {.type = MEDIA_LEG_PLAYED,
                                .leg = leg,
                                .object = play->sound,
                                .token = play->token,
                                .tick_us = context->tick_us,
                                .number = sound_done(&play->cursor) && play->loops == 0};
    leg_context_tell(context, &event);
    play->sound = NULL;
}

static void fade(struct leg_play *play)
{
    if (play->sound) ramp_to(&play->ramp, 0, ramp_samples(play->sound->rate_hz, FADE_MS));
}

void leg_own_play(struct leg_own *own, const struct leg_context *context, struct leg_media *leg, struct sound *sound,
                  uint32_t loops, uint64_t token)
{
    end_play(context, leg, &own->before);
    own->before = own->play;
    fade(&own->before);
    own->play = (struct leg_play){.sound = sound, .token = token, .loops = loops == 0 ? UINT32_MAX : loops - 1};
    sound_start(&own->play.cursor, sound, 0, false);
    ramp_init(&own->play.ramp, 1);
    note_what_is_on(own);
}

void leg_own_stop(struct leg_own *own)
{
    fade(&own->play);
    own->stopping = own->digits != NULL;
}

/* The next samples, loop after loop without a seam. */
static void read_play(struct leg_play *play, int16_t *pcm, uint32_t samples)
{
    for (uint32_t done = 0; done < samples;) {
        done += (uint32_t)sound_read(&play->cursor, pcm + done, samples - done);
        if (done == samples || play->loops == 0) break;
        if (play->loops != UINT32_MAX) play->loops--;
        sound_start(&play->cursor, play->sound, 0, false);
    }
    if (sound_done(&play->cursor) && play->loops > 0) {
        if (play->loops != UINT32_MAX) play->loops--;
        sound_start(&play->cursor, play->sound, 0, false);
    }
    if (!ramp_open(&play->ramp)) ramp_apply(&play->ramp, pcm, samples);
}

/* The sound's next 20 ms at another rate; NULL: silence. @param room  where they may be made */
static const int16_t *play_at(struct leg_play *play, const struct leg_context *context, int16_t *pcm, uint32_t rate_hz,
                              int16_t *room)
{
    uint32_t sound_hz = play->sound->rate_hz;
    const int16_t *heard = pcm;
    if (sound_hz != rate_hz)
        heard = resample_frame(context->bank, &play->line, sound_hz, pcm, rate_hz, room) ? room : NULL;
    resample_line_put(&play->line, sound_hz, pcm); /* at the same rate too: the leg's may change */
    return heard;
}

static void add_play(const struct leg_context *context, struct leg_media *leg, struct leg_play *play, int16_t *out,
                     uint32_t samples, float gain)
{
    int16_t pcm[FRAME_SAMPLES_MAX], room[FRAME_SAMPLES_MAX];
    if (!play->sound) return;
    read_play(play, pcm, frame_samples(play->sound->rate_hz));
    const int16_t *heard = play_at(play, context, pcm, leg->media.codec->rate_hz, room);
    for (uint32_t i = 0; heard && i < samples; i++)
        out[i] = pcm_hold(out[i] + (int32_t)((float)heard[i] * gain));
    bool ended = sound_done(&play->cursor) || ramp_silent(&play->ramp);
    bool through = play->sound->rate_hz == leg->media.codec->rate_hz || !play->line.sounds;
    if (ended && through) end_play(context, leg, play);
}

static bool sends_events(const struct leg_media *leg)
{
    return leg->media.send_event_type != ENGINE_NO_PAYLOAD_TYPE;
}

static const int16_t *lay_sounds_over(struct leg_own *own, const struct leg_context *context, struct leg_media *leg,
                                      const int16_t *heard, int16_t *out, uint32_t samples)
{
    bool plays = own->play.sound || own->before.sound;
    uint32_t duck_samples = ramp_samples(leg->media.codec->rate_hz, DUCK_MS);
    float aim = own->play.sound && ramp_gain(&own->play.ramp) > 0.0f ? ducked : 1.0f;
    ramp_to(&own->duck, own->digits && !sends_events(leg) ? 0.0f : aim, duck_samples);
    if (!plays && ramp_open(&own->duck)) return heard;
    if (heard)
        memcpy(out, heard, samples * sizeof *out);
    else
        memset(out, 0, samples * sizeof *out);
    if (!ramp_open(&own->duck)) ramp_apply(&own->duck, out, samples);
    float gain = heard ? over : 1.0f;
    add_play(context, leg, &own->before, out, samples, gain);
    add_play(context, leg, &own->play, out, samples, gain);
    return plays || heard ? out : NULL;
}

/* ---- digits ---- */

static void end_digits(struct leg_own *own, const struct leg_context *context, struct leg_media *leg)
{
    if (!own->digits) return;
    struct media_event event = {.type = MEDIA_LEG_DIGITS_SENT,
                                .leg = leg,
                                .object = own->digits,
                                .token = own->digits->token,
                                .tick_us = context->tick_us,
                                .number = own->next == own->digits->count && own->on_ticks == 0};
    leg_context_tell(context, &event);
    own->digits = NULL;
}

static uint32_t pause_before(const struct leg_own *own)
{
    if (own->next == own->digits->count) return DIGIT_GAP_MS;
    uint32_t pause_ms = own->digits->list[own->next].pause_ms;
    return own->next > 0 && pause_ms < DIGIT_GAP_MS ? DIGIT_GAP_MS : pause_ms;
}

void leg_own_send_digits(struct leg_own *own, const struct leg_context *context, struct leg_media *leg,
                         struct leg_digits *digits)
{
    end_digits(own, context, leg);
    own->digits = digits;
    own->next = 0;
    own->on_ticks = 0;
    own->stopping = false;
    own->pause_ms = pause_before(own);
    note_what_is_on(own);
}

/* A tick of the list. @return what of a digit is in it */
static struct leg_event step_digits(struct leg_own *own, const struct leg_context *context, struct leg_media *leg)
{
    struct leg_event event = {.on = false};
    if (own->on_ticks == 0) {
        if (own->stopping || (own->pause_ms == 0 && own->next == own->digits->count)) {
            end_digits(own, context, leg);
            return event;
        }
        if (own->pause_ms > 0) {
            own->pause_ms -= own->pause_ms > FRAME_MS ? FRAME_MS : own->pause_ms;
            return event;
        }
    }
    event.on = dtmf_event(own->digits->list[own->next].digit, &event.code) == STATUS_OK;
    assert(event.on);
    /* In the middle of a digit too, where the codec has changed. */
    if (own->on_ticks == 0 || own->tone.rate_hz != leg->media.codec->rate_hz)
        dtmf_tone_start(&own->tone, leg->media.codec->rate_hz, event.code);
    event.last = ++own->on_ticks == DIGIT_TICKS;
    if (event.last) {
        own->on_ticks = 0;
        own->next++;
        own->pause_ms = pause_before(own);
    }
    return event;
}

static const int16_t *add_tone(struct leg_own *own, const int16_t *heard, int16_t *out, uint32_t samples, bool last)
{
    int16_t pcm[FRAME_SAMPLES_MAX];
    dtmf_tone_frame(&own->tone, pcm, samples, last);
    for (uint32_t i = 0; i < samples; i++)
        out[i] = pcm_hold(pcm[i] + (heard ? heard[i] : 0));
    return out;
}

const int16_t *leg_own_lay_over(struct leg_own *own, const struct leg_context *context, struct leg_media *leg,
                                const int16_t *heard, int16_t *out, uint32_t samples, struct leg_event *event)
{
    const int16_t *result = lay_sounds_over(own, context, leg, heard, out, samples);
    if (own->digits) {
        struct leg_event digit = step_digits(own, context, leg);
        if (digit.on) leg_keys_hear(leg, digit.code);
        if (sends_events(leg) && digit.on)
            *event = digit;
        else if (digit.on)
            result = add_tone(own, result, out, samples, digit.last);
    }
    note_what_is_on(own);
    return result;
}

/* ---- what it says ---- */

void leg_own_record(struct leg_own *own, struct ring *frames, enum engine_leg_sides sides)
{
    struct leg_recording *recording = &own->recordings[sides];
    if (recording->frames) pcm_frame_push_end(recording->frames, recording->tick);
    *recording = (struct leg_recording){.frames = frames};
    if (!own->records) own->said_something = false;
    if (sides == ENGINE_LEG_BOTH) own->limiter_samples = 0;
    note_what_is_on(own);
}

void leg_own_watch_silence(struct leg_own *own, uint32_t silence_ms, uint64_t token)
{
    own->silence_ms = silence_ms;
    own->silence_token = token;
    own->quiet_ms = own->loud_ticks = 0;
    note_what_is_on(own);
}

static bool is_loud(const int16_t *pcm, uint32_t samples)
{
    int64_t sum = 0, square = 0;
    for (uint32_t i = 0; i < samples; i++) {
        sum += pcm[i];
        square += pcm[i] * pcm[i];
    }
    double mean = (double)sum / samples;
    return (double)square / samples - mean * mean > voice_power;
}

void leg_own_said(struct leg_own *own, const struct leg_context *context, struct leg_media *leg, const int16_t *pcm,
                  uint32_t samples)
{
    own->said_something = pcm && own->records;
    if (own->said_something) memcpy(own->said, pcm, samples * sizeof *pcm);
    if (own->silence_ms == 0) return;
    own->loud_ticks = pcm && is_loud(pcm, samples) ? own->loud_ticks + 1 : 0;
    own->quiet_ms = own->loud_ticks >= LOUD_TICKS ? 0 : own->quiet_ms + FRAME_MS;
    if (own->quiet_ms < own->silence_ms) return;
    struct media_event event = {
        .type = MEDIA_LEG_SILENT, .leg = leg, .token = own->silence_token, .tick_us = context->tick_us};
    leg_context_tell(context, &event);
    leg_own_watch_silence(own, 0, 0);
}

static void fill_frame(struct leg_own *own, enum engine_leg_sides sides, const int16_t *heard, uint32_t samples,
                       int16_t *pcm)
{
    if (sides == ENGINE_LEG_BOTH) {
        int32_t wide[FRAME_SAMPLES_MAX];
        if (own->limiter_samples != samples) limiter_init(&own->limiter, samples * (1000 / PCM_FRAME_MS));
        own->limiter_samples = samples;
        for (uint32_t i = 0; i < samples; i++)
            wide[i] = (own->said_something ? own->said[i] : 0) + (heard ? heard[i] : 0);
        limiter_run(&own->limiter, wide, pcm, samples);
    } else if (own->said_something) {
        memcpy(pcm, own->said, samples * sizeof *pcm);
    } else {
        memset(pcm, 0, samples * sizeof *pcm);
    }
}

void leg_own_record_tick(struct leg_own *own, const struct leg_context *context, const int16_t *heard, uint32_t samples)
{
    int16_t pcm[FRAME_SAMPLES_MAX];
    for (unsigned sides = 0; sides < ENGINE_LEG_SIDES; sides++) {
        struct leg_recording *recording = &own->recordings[sides];
        if (!recording->frames) continue;
        fill_frame(own, sides, heard, samples, pcm);
        if (!pcm_frame_push(recording->frames, recording->tick++, samples * (1000 / PCM_FRAME_MS), pcm))
            media_count(&context->counters->record_frames_lost, 1);
    }
    own->said_something = false;
}

void leg_own_skip_tick(struct leg_own *own)
{
    for (unsigned sides = 0; sides < ENGINE_LEG_SIDES; sides++) {
        if (own->recordings[sides].frames) own->recordings[sides].tick++;
    }
}

/* ---- the end ---- */

void leg_own_close(struct leg_own *own, const struct leg_context *context, struct leg_media *leg)
{
    end_play(context, leg, &own->before);
    end_play(context, leg, &own->play);
    end_digits(own, context, leg);
    leg_own_record(own, NULL, ENGINE_LEG_SAYS);
    leg_own_record(own, NULL, ENGINE_LEG_BOTH);
    leg_own_watch_silence(own, 0, 0);
}

void leg_own_drop(struct leg_own *own)
{
    sound_unref(own->play.sound);
    sound_unref(own->before.sound);
    free(own->digits);
    leg_own_record(own, NULL, ENGINE_LEG_SAYS);
    leg_own_record(own, NULL, ENGINE_LEG_BOTH);
    leg_own_init(own);
}
