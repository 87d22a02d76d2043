#include "engine/conference_media.h"

#include <assert.h>
#include <string.h>

#include "engine/conference_hearing.h"
#include "engine/conference_mix.h"
#include "engine/leg_encoder.h"
#include "engine/leg_send.h"

enum { NEAR_US = 10000 };

void conference_media_init(struct conference_media *c, struct conference_graph *graph, uint8_t slot, void *owner)
{
    memset(c, 0, sizeof *c);
    list_init(&c->link);
    list_init(&c->legs);
    list_init(&c->done);
    c->owner = owner;
    c->slot = slot;
    c->graph = graph;
    c->tick_us = INT64_MIN;
    conference_keys_clear(&c->keys);
    conference_shares_init(&c->shares);
}

struct conference_graph *conference_media_latest(const struct conference_media *c)
{
    return c->next ? c->next : c->graph;
}

void conference_media_mark(struct conference_media *c, const struct leg_media *leg, struct pcm_mark mark)
{
    conference_tracks_mark(&c->tracks, c->tick, leg, mark);
}

/* ---- legs ---- */

static void want_slot(struct conference_media *c, struct leg_media *leg)
{
    if (!(leg->talk || leg->passes_digits) || leg->has_slot || !c->graph) return;
    /* Control makes the mixer large enough before it sends a talker; one without a place is not heard. */
    leg->has_slot = mixer_add(conference_media_latest(c)->mixer, &leg->slot) == STATUS_OK;
}

/* In a graph on its way out those who have come since have no place. */
static void give_slot_back(struct conference_media *c, struct leg_media *leg)
{
    if (!leg->has_slot) return;
    leg->has_slot = false;
    if (c->next) mixer_remove(c->next->mixer, leg->slot);
    if (mixer_has(c->graph->mixer, leg->slot)) mixer_remove(c->graph->mixer, leg->slot);
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
    leg_media_forget_voice(leg);
    list_push_back(&c->legs, &leg->link);
    c->leg_count++;
    if (leg_send_needs_half_tick(leg)) c->half_tick_legs++;
    want_slot(c, leg);
}

/* Its last 10 ms backwards, which join on without a step, faded out; a conversion gives that some ms later. */
void conference_media_end_voice(struct conference_media *c, const struct leg_context *context, struct leg_media *leg)
{
    if (!leg->says || !leg->has_slot || !mixer_has(c->graph->mixer, leg->slot)) return;
    if (ramp_silent(&leg->talk_ramp) || !mixer_talked(c->graph->mixer, leg->slot)) return;
    int16_t back[FRAME_SAMPLES_MAX] = {0}, room[FRAME_SAMPLES_MAX];
    uint32_t rate_hz = leg->media.codec->rate_hz, n = ramp_samples(rate_hz, RAMP_LEAVE_MS);
    const int16_t *tail = back;
    for (uint32_t i = 0; i < n; i++)
        back[i] = leg->pcm[frame_samples(rate_hz) - 1 - i];
    struct ramp out;
    ramp_init(&out, 1);
    ramp_to(&out, 0, n);
    ramp_apply(&out, back, n);
    if (rate_hz != c->graph->rate_hz) {
        resample_frame(context->bank, &leg->voice_line, rate_hz, back, c->graph->rate_hz, room);
        tail = room;
    }
    if (!c->has_tail) memset(c->tail, 0, sizeof c->tail);
    c->has_tail = true;
    for (uint32_t i = 0; i < c->graph->samples; i++)
        c->tail[i] += tail[i];
    /* In the tick that crosses over, the recording is of the other graph. */
    if (c->change == CONFERENCE_CROSSES) return;
    conference_tracks_voice(&c->tracks, c->tick, leg, PCM_FRAME_AUDIO, c->graph->rate_hz, tail);
}

static void give_graph_back(const struct leg_context *context, struct conference_graph *graph)
{
    struct media_event event = {.type = MEDIA_GRAPH_BACK, .object = graph};
    leg_context_tell(context, &event);
}

static void end_change(struct conference_media *c, const struct leg_context *context)
{
    if (!c->next) return;
    give_graph_back(context, c->graph);
    c->graph = c->next;
    c->next = NULL;
    c->change = CONFERENCE_STEADY;
    c->has_tail = false;
}

void conference_media_change_rate(struct conference_media *c, const struct leg_context *context,
                                  struct conference_graph *graph)
{
    mixer_take_places(graph->mixer, conference_media_latest(c)->mixer);
    if (c->next) give_graph_back(context, c->next);
    graph->side = !c->graph->side;
    c->next = graph;
    c->change = CONFERENCE_WARMS;
    list_each (link, &c->legs) {
        list_object(link, struct leg_media, link)->hearing[graph->side].own = false;
    }
    if (c->leg_count == 0) end_change(c, context);
}

void conference_media_end_play(struct conference_media *c, const struct leg_context *context,
                               struct conference_play *play)
{
    struct media_event event = {.type = MEDIA_PLAYED,
                                .conference = c,
                                .object = play->source.sound,
                                .token = play->token,
                                .number = sound_done(&play->source.cursor),
                                .tick_us = context->tick_us};
    play->source.sound = NULL;
    /* It ended somewhere in this tick. */
    conference_media_mark(
        c, NULL, (struct pcm_mark){.type = PCM_MARK_SOUND, .token = play->token, .shift_ms = PCM_FRAME_MS / 2});
    leg_context_tell(context, &event);
}

/* Nobody is left to hear it: sounds end, and what lies in the delay lines must not be heard by the next who comes. */
static void fall_silent(struct conference_media *c, const struct leg_context *context)
{
    for (size_t i = 0; i < CONFERENCE_PLAYS_MAX; i++) {
        if (c->plays[i].source.sound) conference_media_end_play(c, context, &c->plays[i]);
    }
    c->has_tail = false;
    conference_keys_clear(&c->keys);
    if (!c->graph) return;
    end_change(c, context);
    conference_graph_silence(c->graph);
    if (c->audio != ENGINE_AUDIO_WAIT) ramp_init(&c->music.ramp, 0);
}

void conference_media_remove(struct conference_media *c, const struct leg_context *context, struct leg_media *leg)
{
    assert(leg->conference == c);
    conference_media_end_voice(c, context, leg);
    if (leg->voice.talker.talking) conference_media_mark(c, leg, (struct pcm_mark){.type = PCM_MARK_SPEAKS});
    conference_media_mark(c, leg, (struct pcm_mark){.type = PCM_MARK_IN});
    leg->track = 0;
    conference_keys_leave(&c->keys, leg);
    loudest_leave(&c->loudest, leg);
    give_slot_back(c, leg);
    leg_encoder_leave(leg->encoder);
    leg->conference = NULL;
    leg->not_before_us = c->tick_us == INT64_MIN ? INT64_MIN : c->tick_us + NEAR_US;
    list_remove(&leg->link);
    c->leg_count--;
    if (leg_send_needs_half_tick(leg)) c->half_tick_legs--;
    if (c->leg_count == 0) fall_silent(c, context);
}

void conference_media_roles(struct conference_media *c, struct leg_media *leg, bool talk, bool listen)
{
    struct pcm_mark change = {.type = PCM_MARK_TALKS, .on = talk, .shift_ms = talk ? 0 : PCM_FRAME_MS / 2};
    if (talk != leg->talk) conference_media_mark(c, leg, change); /* it fades over a tick */
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
        conference_source_start(&c->music, c->music.sound, true, 1);
    } else if (c->graph->wait_runs) {
        conference_source_fade(&c->music, 0, RAMP_MUSIC_MS);
        conference_source_fade(&c->music_before, 0, RAMP_MUSIC_MS);
    } else {
        ramp_init(&c->music.ramp, 0);
    }
    c->audio = audio;
}

void conference_media_let_go(const struct leg_context *context, struct conference_source *music)
{
    if (!music->sound) return;
    struct media_event event = {.type = MEDIA_SOUND_BACK, .object = music->sound};
    music->sound = NULL;
    leg_context_tell(context, &event);
}

void conference_media_music(struct conference_media *c, const struct leg_context *context, struct sound *music)
{
    bool plays = c->audio == ENGINE_AUDIO_WAIT && c->leg_count > 0;
    conference_media_let_go(context, &c->music_before);
    if (plays) {
        c->music_before = c->music;
        conference_source_fade(&c->music_before, 0, RAMP_CROSSFADE_MS);
    } else {
        conference_media_let_go(context, &c->music);
    }
    conference_source_start(&c->music, music, true, c->audio == ENGINE_AUDIO_WAIT && !plays ? 1 : 0);
    if (plays) conference_source_fade(&c->music, 1, RAMP_CROSSFADE_MS);
}

void conference_media_play(struct conference_media *c, const struct leg_context *context, struct sound *sound,
                           uint64_t token)
{
    struct conference_play *place = &c->plays[0];
    for (size_t i = 1; i < CONFERENCE_PLAYS_MAX && place->source.sound; i++) {
        if (!c->plays[i].source.sound || c->plays[i].order < place->order) place = &c->plays[i];
    }
    if (place->source.sound) conference_media_end_play(c, context, place);
    place->token = token;
    place->order = c->play_order++;
    conference_source_start(&place->source, sound, false, 1);
    conference_media_mark(c, NULL, (struct pcm_mark){.type = PCM_MARK_SOUND, .token = token, .on = true});
    if (c->leg_count == 0) conference_media_end_play(c, context, place);
}

void conference_media_stop(struct conference_media *c, uint64_t token)
{
    for (size_t i = 0; i < CONFERENCE_PLAYS_MAX; i++) {
        struct conference_play *play = &c->plays[i];
        if (play->token == token) conference_source_fade(&play->source, 0, RAMP_MUSIC_MS);
    }
}

void conference_media_pass_digits(struct leg_media *leg, bool pass)
{
    leg->passes_digits = pass;
    if (leg->conference) want_slot(leg->conference, leg);
}

void conference_media_record(struct conference_media *c, struct ring *frames, bool tracks)
{
    if (c->frames) pcm_frame_push_end(c->frames, c->tick);
    c->frames = frames;
    conference_tracks_start(&c->tracks, tracks ? frames : NULL);
    list_each (link, &c->legs) {
        list_object(link, struct leg_media, link)->track = 0;
    }
    for (size_t i = 0; i < CONFERENCE_PLAYS_MAX; i++) {
        const struct conference_play *play = &c->plays[i];
        struct pcm_mark began = {.type = PCM_MARK_SOUND, .token = play->token, .on = true};
        if (play->source.sound) conference_media_mark(c, NULL, began);
    }
}

void conference_media_track(struct leg_media *leg, uint16_t track)
{
    struct conference_media *c = leg->conference;
    if (!c || !c->tracks.frames || leg->track == track) return;
    leg->track = track;
    conference_media_mark(c, leg, (struct pcm_mark){.type = PCM_MARK_IN, .on = true});
    if (!leg->talk) conference_media_mark(c, leg, (struct pcm_mark){.type = PCM_MARK_TALKS});
    if (leg->voice.talker.talking)
        conference_media_mark(c, leg, (struct pcm_mark){.type = PCM_MARK_SPEAKS, .on = true});
}

struct mixer *conference_media_exchange_mixer(struct conference_media *c, struct mixer *mixer)
{
    struct mixer *before = conference_media_latest(c)->mixer;
    mixer_take_over(mixer, before);
    conference_media_latest(c)->mixer = mixer;
    return before;
}

void conference_media_close(struct conference_media *c, const struct leg_context *context)
{
    assert(list_empty(&c->legs));
    fall_silent(c, context);
    conference_media_record(c, NULL, false);
    conference_media_let_go(context, &c->music);
    conference_media_let_go(context, &c->music_before);
    list_remove(&c->link);
}

static void end_tick(struct conference_media *c, const struct leg_context *context)
{
    if (c->graph) conference_graph_end(c->graph);
    if (c->next) conference_graph_end(c->next);
    if (c->change == CONFERENCE_CROSSES)
        end_change(c, context);
    else if (c->change == CONFERENCE_WARMS)
        c->change = CONFERENCE_CROSSES;
    c->tick++;
}

void conference_media_tick(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s,
                           int64_t tick_us, int64_t now_us)
{
    c->tick_us = tick_us;
    for (int id = 0; id < CODEC_COUNT; id++)
        s->common[id].made = false;
    for (size_t i = 0; i < RESAMPLE_RATES; i++)
        s->crossed[i].made = false;
    conference_keys_tick(&c->keys);
    if (conference_keys_begins(&c->keys))
        conference_media_mark(c, conference_keys_holder(&c->keys),
                              (struct pcm_mark){.type = PCM_MARK_DIGIT, .code = dtmf_digit(c->keys.event.code)});
    conference_mix_listen(c, context, tick_us);
    if (c->graph) conference_mix_run(c, context, s);
    if (c->frames) conference_hearing_record(c, context, s);
    list_each (link, &c->legs) {
        struct leg_media *leg = list_object(link, struct leg_media, link);
        if (tick_us < leg->not_before_us) continue;
        conference_hearing_send(c, context, s, leg);
        leg_media_keep_house(leg, context, now_us);
    }
    conference_shares_send(&c->shares, context);
    end_tick(c, context);
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
