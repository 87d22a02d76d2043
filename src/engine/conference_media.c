#include "engine/conference_media.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/leg_send.h"

enum { LOST_TOLD_EVERY_TICKS = 50, NEAR_US = 10000 };

void conference_media_init(struct conference_media *c, struct mixer *mixer, uint32_t rate_hz, uint8_t slot, void *owner)
{
    memset(c, 0, sizeof *c);
    list_init(&c->link);
    list_init(&c->legs);
    list_init(&c->done);
    c->owner = owner;
    c->slot = slot;
    c->rate_hz = rate_hz;
    c->samples = frame_samples(rate_hz);
    c->mixer = mixer;
    c->tick_us = INT64_MIN;
    ramp_init(&c->music_ramp, 0);
    ramp_init(&c->music_cross, 1);
    limiter_init(&c->wait_limiter, rate_hz);
}

static void encode(struct conference_payload *p, const struct codec *codec, const int16_t *pcm, uint32_t samples)
{
    p->len = codec->encode(NULL, pcm, samples, p->packet + RTP_HEADER_BYTES, LEG_QUEUE_BYTES);
    p->made = true;
}

void conference_scratch_init(struct conference_scratch *s)
{
    memset(s, 0, sizeof *s);
    for (int id = 0; id < CODEC_COUNT; id++) {
        const struct codec *codec = codec_by_id((enum codec_id)id);
        if (codec->encoder_bytes) continue;
        encode(&s->silence[id], codec, s->pcm, frame_samples(codec->rate_hz));
    }
}

static void tell(const struct leg_context *context, const struct media_event *event)
{
    context->io->tell(context->io->arg, event);
}

/* ---- legs ---- */

static void want_slot(struct conference_media *c, struct leg_media *leg)
{
    if (!(leg->talk || leg->passes_digits) || leg->has_slot || !c->mixer) return;
    /* Control makes the mixer large enough before it sends a talker; one without a place is not heard. */
    leg->has_slot = mixer_add(c->mixer, &leg->slot) == STATUS_OK;
}

void conference_media_count_half_ticks(struct conference_media *c)
{
    c->half_tick_legs = 0;
    list_each (link, &c->legs) {
        if (leg_send_needs_half_tick(list_object(link, struct leg_media, link))) c->half_tick_legs++;
    }
}

void conference_media_add(struct conference_media *c, struct leg_media *leg, bool talk, bool listen)
{
    assert(!leg->conference);
    leg->conference = c;
    leg->talk = talk;
    leg->listen = listen;
    ramp_init(&leg->talk_ramp, 0);
    ramp_init(&leg->listen_ramp, 0);
    list_push_back(&c->legs, &leg->link);
    c->leg_count++;
    if (leg_send_needs_half_tick(leg)) c->half_tick_legs++;
    want_slot(c, leg);
}

/*
 * The end of a voice that is cut off: its last 10 ms backwards, which join on without a step, faded out.
 */
static void add_tail(struct conference_media *c, struct leg_media *leg)
{
    if (ramp_silent(&leg->talk_ramp) || !leg->has_slot || !mixer_talked(c->mixer, leg->slot)) return;
    int16_t back[CONFERENCE_TAIL_SAMPLES_MAX];
    uint32_t n = ramp_samples(c->rate_hz, RAMP_MUTE_MS);
    for (uint32_t i = 0; i < n; i++)
        back[i] = leg->pcm[c->samples - 1 - i];
    struct ramp out;
    ramp_init(&out, 1);
    ramp_to(&out, 0, n);
    ramp_apply(&out, back, n);
    if (!c->has_tail) memset(c->tail, 0, sizeof c->tail);
    c->has_tail = true;
    for (uint32_t i = 0; i < n; i++)
        c->tail[i] += back[i];
}

static void end_play(struct conference_media *c, const struct leg_context *context, struct conference_play *play)
{
    struct media_event event = {.type = MEDIA_PLAYED,
                                .conference = c,
                                .object = play->sound,
                                .token = play->token,
                                .number = sound_done(&play->cursor),
                                .tick_us = c->tick_us};
    play->sound = NULL;
    tell(context, &event);
}

/* Nobody is left to hear it: sounds end, and what lies in the delay lines must not be heard by the next who comes. */
static void fall_silent(struct conference_media *c, const struct leg_context *context)
{
    for (size_t i = 0; i < CONFERENCE_PLAYS_MAX; i++) {
        if (c->plays[i].sound) end_play(c, context, &c->plays[i]);
    }
    c->has_tail = false;
    conference_keys_clear(&c->keys);
    if (c->mixer) {
        mixer_begin(c->mixer);
        mixer_tick(c->mixer);
    }
    limiter_init(&c->wait_limiter, c->rate_hz);
    c->wait_runs = false;
    if (c->audio != ENGINE_AUDIO_WAIT) ramp_init(&c->music_ramp, 0);
}

void conference_media_remove(struct conference_media *c, const struct leg_context *context, struct leg_media *leg)
{
    assert(leg->conference == c);
    add_tail(c, leg);
    conference_keys_leave(&c->keys, leg);
    if (leg->has_slot) mixer_remove(c->mixer, leg->slot);
    leg->has_slot = false;
    leg->conference = NULL;
    leg->not_before_us = c->tick_us == INT64_MIN ? INT64_MIN : c->tick_us + NEAR_US;
    list_remove(&leg->link);
    c->leg_count--;
    if (leg_send_needs_half_tick(leg)) c->half_tick_legs--;
    if (c->leg_count == 0) fall_silent(c, context);
}

void conference_media_roles(struct conference_media *c, struct leg_media *leg, bool talk, bool listen)
{
    leg->talk = talk;
    leg->listen = listen;
    want_slot(c, leg);
}

/* ---- what is heard ---- */

void conference_media_audio(struct conference_media *c, enum engine_audio audio)
{
    if (audio == c->audio) return;
    conference_keys_clear(&c->keys);
    if (audio == ENGINE_AUDIO_WAIT) {
        sound_start(&c->music_at, c->music, 0, true);
        ramp_init(&c->music_ramp, 1);
        ramp_init(&c->music_cross, 1);
    } else if (c->wait_runs) {
        ramp_to(&c->music_ramp, 0, ramp_samples(c->rate_hz, RAMP_MUSIC_MS));
    } else {
        ramp_init(&c->music_ramp, 0);
    }
    c->audio = audio;
}

static void let_go(struct conference_media *c, const struct leg_context *context, struct sound **sound)
{
    if (!*sound) return;
    struct media_event event = {.type = MEDIA_SOUND_BACK, .conference = c, .object = *sound};
    *sound = NULL;
    tell(context, &event);
}

void conference_media_music(struct conference_media *c, const struct leg_context *context, struct sound *music)
{
    bool plays = c->audio == ENGINE_AUDIO_WAIT && c->leg_count > 0;
    let_go(c, context, &c->music_before);
    if (plays) {
        c->music_before = c->music;
        c->music_before_at = c->music_at;
        ramp_init(&c->music_cross, 0);
        ramp_to(&c->music_cross, 1, ramp_samples(c->rate_hz, RAMP_CROSSFADE_MS));
    } else {
        let_go(c, context, &c->music);
        ramp_init(&c->music_cross, 1);
    }
    c->music = music;
    sound_start(&c->music_at, music, 0, true);
}

void conference_media_play(struct conference_media *c, const struct leg_context *context, struct sound *sound,
                           uint64_t token)
{
    struct conference_play *place = &c->plays[0];
    for (size_t i = 1; i < CONFERENCE_PLAYS_MAX && place->sound; i++) {
        if (!c->plays[i].sound || c->plays[i].order < place->order) place = &c->plays[i];
    }
    if (place->sound) end_play(c, context, place);
    place->sound = sound;
    place->token = token;
    place->order = c->play_order++;
    ramp_init(&place->ramp, 1);
    sound_start(&place->cursor, sound, 0, false);
    if (c->leg_count == 0) end_play(c, context, place);
}

void conference_media_stop(struct conference_media *c, uint64_t token)
{
    for (size_t i = 0; i < CONFERENCE_PLAYS_MAX; i++) {
        struct conference_play *play = &c->plays[i];
        if (play->sound && play->token == token) ramp_to(&play->ramp, 0, ramp_samples(c->rate_hz, RAMP_MUSIC_MS));
    }
}

void conference_media_pass_digits(struct leg_media *leg, bool pass)
{
    leg->passes_digits = pass;
    if (leg->conference) want_slot(leg->conference, leg);
}

static void tell_lost_frames(struct conference_media *c, const struct leg_context *context)
{
    if (c->frames_lost == 0 || ++c->lost_told_ticks < LOST_TOLD_EVERY_TICKS) return;
    struct media_event event = {
        .type = MEDIA_RECORD_LOST, .conference = c, .number = c->frames_lost, .tick_us = c->tick_us};
    media_count(&context->counters->record_frames_lost, c->frames_lost);
    c->frames_lost = c->lost_told_ticks = 0;
    tell(context, &event);
}

void conference_media_record(struct conference_media *c, struct ring *frames)
{
    if (c->frames) pcm_frame_push_end(c->frames, c->tick);
    c->frames = frames;
}

struct mixer *conference_media_exchange_mixer(struct conference_media *c, struct mixer *mixer)
{
    struct mixer *before = c->mixer;
    mixer_take_over(mixer, before);
    c->mixer = mixer;
    return before;
}

void conference_media_close(struct conference_media *c, const struct leg_context *context)
{
    assert(list_empty(&c->legs));
    fall_silent(c, context);
    conference_media_record(c, NULL);
    let_go(c, context, &c->music);
    let_go(c, context, &c->music_before);
    list_remove(&c->link);
}

/* ---- a tick ---- */

/* The sum of two frames, held at full scale where it does not fit. */
static void add_frames(int16_t *out, const int16_t *a, const int16_t *b, uint32_t samples)
{
    for (uint32_t i = 0; i < samples; i++) {
        int32_t v = a[i] + b[i];
        out[i] = (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
    }
}

/* What the leg says goes into its pcm. @return false where that is nothing */
static bool read_voice(struct conference_media *c, const struct leg_context *context, struct leg_media *leg,
                       int64_t tick_us, bool wanted)
{
    if (!wanted && ramp_silent(&leg->talk_ramp) && !leg->own.listens) {
        playout_skip(leg->playout, tick_us);
        leg_voice_rest(&leg->voice, context, leg, tick_us);
        return false;
    }
    struct playout_frame frame = playout_take(leg->playout, tick_us, leg->pcm);
    media_count(&context->counters->decodes, frame.verdict == PLAYOUT_VOICE && !frame.zero);
    bool says = !frame.zero;
    if (leg->own.listens)
        leg_own_said(&leg->own, context, leg, says && leg->media.receive ? leg->pcm : NULL, c->samples);
    says = leg_voice_run(&leg->voice, context, leg, frame, wanted && !leg->after_key, tick_us);
    if (says && wanted && leg->after_key && leg->key_ticks == 0) {
        leg->after_key = false;
        ramp_to(&leg->talk_ramp, 1, ramp_samples(c->rate_hz, RAMP_MUTE_MS));
    }
    says = says && !ramp_silent(&leg->talk_ramp);
    if (!ramp_open(&leg->talk_ramp)) ramp_apply(&leg->talk_ramp, leg->pcm, c->samples);
    return says;
}

static void take_voice(struct conference_media *c, const struct leg_context *context, struct leg_media *leg,
                       int64_t tick_us)
{
    /* While it holds a key its voice is played unheard, and fades in where it begins anew. */
    bool talks = leg->talk && leg->media.receive && c->audio == ENGINE_AUDIO_MIX && leg->has_slot;
    ramp_to(&leg->talk_ramp, talks && !leg->after_key ? 1 : 0, ramp_samples(c->rate_hz, RAMP_MUTE_MS));
    if (leg->key_ticks > 0) leg->key_ticks--;
    bool says = read_voice(c, context, leg, tick_us, talks);
    if (conference_keys_holder(&c->keys) == leg && leg->has_slot) {
        /* Its digit is its voice: everybody hears it but itself. */
        if (says)
            add_frames(leg->pcm, leg->pcm, c->keys.pcm, c->samples);
        else
            memcpy(leg->pcm, c->keys.pcm, c->samples * sizeof leg->pcm[0]);
        says = true;
    }
    if (says) mixer_put(c->mixer, leg->slot, leg->pcm);
}

/* The keys that went down since the last tick, to be passed on from the next. */
static void take_keys(struct conference_media *c, struct leg_media *leg)
{
    bool passes = leg->passes_digits && leg->media.receive && c->audio == ENGINE_AUDIO_MIX;
    for (uint8_t i = 0; passes && i < leg->keys.count; i++)
        conference_keys_push(&c->keys, leg, leg->keys.codes[i], leg->keys.timestamps[i]);
    leg->keys.count = 0;
}

/* Reads the plays on, and adds them where they are to be heard. */
static void read_plays(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s,
                       int32_t *wide)
{
    for (size_t i = 0; i < CONFERENCE_PLAYS_MAX; i++) {
        struct conference_play *play = &c->plays[i];
        if (!play->sound) continue;
        sound_read(&play->cursor, s->pcm, c->samples);
        if (!ramp_open(&play->ramp)) ramp_apply(&play->ramp, s->pcm, c->samples);
        if (c->audio == ENGINE_AUDIO_MIX) mixer_put_source(c->mixer, s->pcm);
        for (uint32_t k = 0; wide && k < c->samples; k++)
            wide[k] += s->pcm[k];
        if (sound_done(&play->cursor) || ramp_silent(&play->ramp)) end_play(c, context, play);
    }
}

static void read_music(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s,
                       int32_t *wide)
{
    sound_read(&c->music_at, s->pcm, c->samples);
    if (!ramp_done(&c->music_cross)) {
        sound_read(&c->music_before_at, s->other, c->samples);
        ramp_cross(&c->music_cross, s->other, s->pcm, s->pcm, c->samples);
    }
    if (ramp_done(&c->music_cross)) let_go(c, context, &c->music_before);
    if (!ramp_open(&c->music_ramp)) ramp_apply(&c->music_ramp, s->pcm, c->samples);
    for (uint32_t k = 0; k < c->samples; k++)
        wide[k] += s->pcm[k];
}

/* Music, and while waiting what is laid over it, into wait_pcm. */
static void make_wait(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s)
{
    bool waiting = c->audio == ENGINE_AUDIO_WAIT;
    memset(s->wide, 0, c->samples * sizeof *s->wide);
    read_plays(c, context, s, waiting ? s->wide : NULL);
    bool has_music = !ramp_silent(&c->music_ramp);
    if (has_music) read_music(c, context, s, s->wide);
    if (!waiting && !has_music && !c->wait_runs) return;
    limiter_run(&c->wait_limiter, s->wide, c->wait_pcm, c->samples);
    c->wait_runs = waiting || !ramp_silent(&c->music_ramp);
    if (!c->wait_runs) limiter_init(&c->wait_limiter, c->rate_hz);
}

static void put_tail(struct conference_media *c, struct conference_scratch *s)
{
    if (!c->has_tail) return;
    c->has_tail = false;
    memset(s->pcm, 0, c->samples * sizeof *s->pcm);
    for (uint32_t i = 0; i < ramp_samples(c->rate_hz, RAMP_MUTE_MS); i++) {
        int32_t v = c->tail[i];
        s->pcm[i] = (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
    }
    mixer_put_source(c->mixer, s->pcm);
}

/*
 * Music on its way out over a mix. Where their sum is too much for one frame the mix fades in as the music fades out,
 * and it always fits. In its first 2 ms the mixer still puts out what was before it began: nothing.
 */
static void lay_music_over(const struct conference_media *c, const int16_t *mix, int16_t *out)
{
    uint32_t late = limiter_delay_samples(&c->wait_limiter);
    bool fits = true;
    for (uint32_t i = 0; i < c->samples && fits; i++)
        fits = abs(mix[i] + c->wait_pcm[i]) <= LIMITER_CEILING;
    if (fits) {
        add_frames(out, mix, c->wait_pcm, c->samples);
        return;
    }
    struct ramp in;
    ramp_init(&in, 0);
    ramp_to(&in, 1, ramp_samples(c->rate_hz, RAMP_MUSIC_MS));
    memset(out, 0, late * sizeof *out);
    memcpy(out + late, mix + late, (c->samples - late) * sizeof *out);
    ramp_apply(&in, out + late, c->samples - late);
    add_frames(out, out, c->wait_pcm, c->samples);
}

/* What all hear who have no mix of their own; NULL for silence. */
struct hearing {
    const int16_t *common;
    bool fading; /* music on its way out lies over the mixes */
};

static void send_shared(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s,
                        struct leg_media *leg, const int16_t *common)
{
    const struct codec *codec = leg->media.codec;
    struct conference_payload *payload = &s->common[codec->id];
    if (!payload->made) {
        encode(payload, codec, common, c->samples);
        media_count(&context->counters->encodes_shared, 1);
    }
    leg_send_frame(leg, context, payload->packet, payload->len);
}

static void send_own(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s,
                     struct leg_media *leg, const int16_t *pcm)
{
    encode(&s->own, leg->media.codec, pcm, c->samples);
    media_count(&context->counters->encodes_own, 1);
    leg_send_frame(leg, context, s->own.packet, s->own.len);
}

/* What a leg hears of the conference; NULL for silence. @param[out] shared  false where it is for this leg alone */
static const int16_t *heard_by(struct conference_media *c, struct conference_scratch *s, struct leg_media *leg,
                               const struct hearing *hearing, bool *shared)
{
    const int16_t *pcm = hearing->common;
    ramp_to(&leg->listen_ramp, leg->listen ? 1 : 0, ramp_samples(c->rate_hz, RAMP_MUTE_MS));
    if (!pcm || ramp_silent(&leg->listen_ramp)) {
        ramp_apply(&leg->listen_ramp, s->pcm, c->samples); /* the way it goes is the same in silence */
        return NULL;
    }
    if (leg->has_slot && c->audio == ENGINE_AUDIO_MIX) {
        const int16_t *heard = mixer_heard_by(c->mixer, leg->slot);
        *shared = heard == mixer_common(c->mixer);
        if (!*shared && hearing->fading) {
            lay_music_over(c, heard, s->other);
            pcm = s->other;
        } else if (!*shared) {
            pcm = heard;
        }
    }
    if (ramp_open(&leg->listen_ramp)) return pcm;
    memcpy(s->pcm, pcm, c->samples * sizeof *pcm);
    ramp_apply(&leg->listen_ramp, s->pcm, c->samples);
    *shared = false;
    return s->pcm;
}

/* A digit that is passed on, for those who have agreed to events. */
static struct leg_event passed_on(const struct conference_media *c, const struct leg_media *leg)
{
    bool wanted = c->keys.event.on && leg->listen && leg->media.send_event_type != ENGINE_NO_PAYLOAD_TYPE &&
                  conference_keys_holder(&c->keys) != leg;
    return wanted ? c->keys.event : (struct leg_event){.on = false};
}

static void send_heard(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s,
                       struct leg_media *leg, const struct hearing *hearing)
{
    bool shared = true;
    const int16_t *heard = heard_by(c, s, leg, hearing, &shared), *pcm = heard;
    struct leg_event event = passed_on(c, leg);
    if (leg->own.speaks) {
        pcm = leg_own_lay_over(&leg->own, context, leg, heard, s->laid_over, c->samples, &event);
        shared = shared && pcm == heard;
    }
    if (leg->own.records) leg_own_record_tick(&leg->own, context, pcm, c->samples);
    if (!leg->media.send) {
        leg_send_frame(leg, context, NULL, 0);
    } else if (event.on || leg->in_event) {
        leg_send_event(leg, context, &event);
    } else if (!pcm) {
        struct conference_payload *silence = &s->silence[leg->media.codec->id];
        leg_send_frame(leg, context, silence->packet, silence->len);
    } else if (shared) {
        send_shared(c, context, s, leg, pcm);
    } else {
        send_own(c, context, s, leg, pcm);
    }
}

/* While the kernel is busy with one leg, the memory of the one after it comes nearer. */
static void prefetch_next(const struct conference_media *c, const struct list *link)
{
    if (link->next == &c->legs) return;
    const struct leg_media *next = list_object(link->next, struct leg_media, link);
    leg_media_prefetch(next);
    playout_prefetch(next->playout);
    __builtin_prefetch(next->link.next);
}

/* Everybody's voice, and what they hear of it. */
static void mix(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s,
                int64_t tick_us)
{
    if (c->mixer) mixer_begin(c->mixer);
    conference_keys_tick(&c->keys, c->rate_hz, c->samples);
    list_each (link, &c->legs) {
        struct leg_media *leg = list_object(link, struct leg_media, link);
        prefetch_next(c, link);
        leg_media_receive(leg, context, tick_us);
        take_keys(c, leg);
        if (tick_us >= leg->not_before_us) take_voice(c, context, leg, tick_us);
    }
    if (!c->mixer) return;
    const struct leg_media *holder = conference_keys_holder(&c->keys);
    if (c->keys.event.on && !(holder && holder->has_slot)) mixer_put_source(c->mixer, c->keys.pcm);
    put_tail(c, s);
    make_wait(c, context, s);
    mixer_tick(c->mixer);
}

static struct hearing what_is_heard(struct conference_media *c, int16_t *room, bool fading)
{
    struct hearing h = {.common = NULL, .fading = false};
    if (!c->mixer) return h;
    if (c->audio == ENGINE_AUDIO_WAIT) {
        h.common = c->wait_pcm;
    } else if (c->audio == ENGINE_AUDIO_MIX) {
        h.common = mixer_common(c->mixer);
        if (fading) {
            lay_music_over(c, h.common, room);
            h.common = room;
            h.fading = true;
        }
    } else if (fading) {
        h.common = c->wait_pcm;
    }
    return h;
}

void conference_media_tick(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s,
                           int64_t tick_us, int64_t now_us)
{
    c->tick_us = tick_us;
    for (int id = 0; id < CODEC_COUNT; id++)
        s->common[id].made = false;
    bool fading = c->wait_runs && c->audio != ENGINE_AUDIO_WAIT;
    mix(c, context, s, tick_us);
    int16_t room[FRAME_SAMPLES_MAX];
    struct hearing hearing = what_is_heard(c, room, fading);
    if (c->frames) {
        memset(s->pcm, 0, c->samples * sizeof *s->pcm);
        const int16_t *pcm = c->audio == ENGINE_AUDIO_MIX ? mixer_common(c->mixer) : s->pcm;
        if (!pcm_frame_push(c->frames, c->tick, c->rate_hz, pcm)) c->frames_lost++;
        tell_lost_frames(c, context);
    }
    list_each (link, &c->legs) {
        struct leg_media *leg = list_object(link, struct leg_media, link);
        if (tick_us < leg->not_before_us) continue;
        send_heard(c, context, s, leg, &hearing);
        leg_media_keep_house(leg, context, now_us);
    }
    c->tick++;
}

void conference_media_half_tick(struct conference_media *c, const struct leg_context *context)
{
    list_each (link, &c->legs) {
        leg_send_half_tick(list_object(link, struct leg_media, link), context);
    }
}

void conference_media_skip_tick(struct conference_media *c)
{
    list_each (link, &c->legs) {
        struct leg_media *leg = list_object(link, struct leg_media, link);
        leg_send_skip_tick(leg);
        leg_own_skip_tick(&leg->own);
    }
    c->tick++;
}
