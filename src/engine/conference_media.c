#include "engine/conference_media.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/conference_talkers.h"
#include "engine/leg_encoder.h"
#include "engine/leg_send.h"
#include "media/pcm.h"

enum { LOST_TOLD_EVERY_TICKS = 50, NEAR_US = 10000, MUSIC = CONFERENCE_PLAYS_MAX, MUSIC_BEFORE };

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

/* The graph at which a change of rate will end: who comes gets a place there. */
static struct conference_graph *latest(const struct conference_media *c)
{
    return c->next ? c->next : c->graph;
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
        if (codec_encoder_bytes(codec) > 0) continue;
        encode(&s->silence[id], codec, s->pcm, frame_samples(codec->rate_hz));
    }
}

static void tell(const struct leg_context *context, const struct media_event *event)
{
    context->io->tell(context->io->arg, event);
}

static void mark(struct conference_media *c, const struct leg_media *leg, struct pcm_mark mark)
{
    conference_tracks_mark(&c->tracks, c->tick, leg, mark);
}

/* ---- legs ---- */

static void want_slot(struct conference_media *c, struct leg_media *leg)
{
    if (!(leg->talk || leg->passes_digits) || leg->has_slot || !c->graph) return;
    /* Control makes the mixer large enough before it sends a talker; one without a place is not heard. */
    leg->has_slot = mixer_add(latest(c)->mixer, &leg->slot) == STATUS_OK;
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

/*
 * The end of a voice that is cut off: its last 10 ms backwards, which join on without a step, faded out.
 */
static void add_tail(struct conference_media *c, const struct leg_context *context, struct leg_media *leg)
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
    for (uint32_t i = 0; i < c->graph->samples / 2; i++)
        c->tail[i] += tail[i];
    memset(room + c->graph->samples / 2, 0, c->graph->samples / 2 * sizeof *room);
    conference_tracks_voice(&c->tracks, c->tick, leg, c->graph->rate_hz, tail);
}

static void give_graph_back(const struct conference_media *c, const struct leg_context *context,
                            struct conference_graph *graph)
{
    struct media_event event = {
        .type = MEDIA_GRAPH_BACK, .conference = (struct conference_media *)c, .object = graph, .tick_us = c->tick_us};
    tell(context, &event);
}

static void end_change(struct conference_media *c, const struct leg_context *context)
{
    if (!c->next) return;
    give_graph_back(c, context, c->graph);
    c->graph = c->next;
    c->next = NULL;
    c->change = CONFERENCE_STEADY;
    c->has_tail = false;
}

void conference_media_change_rate(struct conference_media *c, const struct leg_context *context,
                                  struct conference_graph *graph)
{
    mixer_take_places(graph->mixer, latest(c)->mixer);
    if (c->next) give_graph_back(c, context, c->next);
    graph->side = !c->graph->side;
    c->next = graph;
    c->change = CONFERENCE_WARMS;
    list_each (link, &c->legs) {
        list_object(link, struct leg_media, link)->hearing[graph->side].own = false;
    }
    if (c->leg_count == 0) end_change(c, context);
}

static void end_play(struct conference_media *c, const struct leg_context *context, struct conference_play *play)
{
    struct media_event event = {.type = MEDIA_PLAYED,
                                .conference = c,
                                .object = play->source.sound,
                                .token = play->token,
                                .number = sound_done(&play->source.cursor),
                                .tick_us = c->tick_us};
    play->source.sound = NULL;
    /* It ended somewhere in this tick. */
    mark(c, NULL, (struct pcm_mark){.type = PCM_MARK_SOUND, .token = play->token, .shift_ms = PCM_FRAME_MS / 2});
    tell(context, &event);
}

/* Nobody is left to hear it: sounds end, and what lies in the delay lines must not be heard by the next who comes. */
static void fall_silent(struct conference_media *c, const struct leg_context *context)
{
    for (size_t i = 0; i < CONFERENCE_PLAYS_MAX; i++) {
        if (c->plays[i].source.sound) end_play(c, context, &c->plays[i]);
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
    add_tail(c, context, leg);
    if (leg->voice.talker.talking) mark(c, leg, (struct pcm_mark){.type = PCM_MARK_SPEAKS});
    mark(c, leg, (struct pcm_mark){.type = PCM_MARK_IN});
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
    if (talk != leg->talk) mark(c, leg, change); /* it fades over a tick */
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

static void let_go(struct conference_media *c, const struct leg_context *context, struct conference_source *music)
{
    if (!music->sound) return;
    struct media_event event = {.type = MEDIA_SOUND_BACK, .conference = c, .object = music->sound};
    music->sound = NULL;
    tell(context, &event);
}

void conference_media_music(struct conference_media *c, const struct leg_context *context, struct sound *music)
{
    bool plays = c->audio == ENGINE_AUDIO_WAIT && c->leg_count > 0;
    let_go(c, context, &c->music_before);
    if (plays) {
        c->music_before = c->music;
        conference_source_fade(&c->music_before, 0, RAMP_CROSSFADE_MS);
    } else {
        let_go(c, context, &c->music);
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
    if (place->source.sound) end_play(c, context, place);
    place->token = token;
    place->order = c->play_order++;
    conference_source_start(&place->source, sound, false, 1);
    mark(c, NULL, (struct pcm_mark){.type = PCM_MARK_SOUND, .token = token, .on = true});
    if (c->leg_count == 0) end_play(c, context, place);
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

static void tell_lost_frames(struct conference_media *c, const struct leg_context *context)
{
    if (c->frames_lost == 0 || ++c->lost_told_ticks < LOST_TOLD_EVERY_TICKS) return;
    struct media_event event = {
        .type = MEDIA_RECORD_LOST, .conference = c, .number = c->frames_lost, .tick_us = c->tick_us};
    media_count(&context->counters->record_frames_lost, c->frames_lost);
    c->frames_lost = c->lost_told_ticks = 0;
    tell(context, &event);
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
        if (play->source.sound) mark(c, NULL, began);
    }
}

void conference_media_track(struct leg_media *leg, uint16_t track)
{
    struct conference_media *c = leg->conference;
    if (!c || !c->tracks.frames || leg->track == track) return;
    leg->track = track;
    mark(c, leg, (struct pcm_mark){.type = PCM_MARK_IN, .on = true});
    if (!leg->talk) mark(c, leg, (struct pcm_mark){.type = PCM_MARK_TALKS});
    if (leg->voice.talker.talking) mark(c, leg, (struct pcm_mark){.type = PCM_MARK_SPEAKS, .on = true});
}

struct mixer *conference_media_exchange_mixer(struct conference_media *c, struct mixer *mixer)
{
    struct mixer *before = latest(c)->mixer;
    mixer_take_over(mixer, before);
    latest(c)->mixer = mixer;
    return before;
}

void conference_media_close(struct conference_media *c, const struct leg_context *context)
{
    assert(list_empty(&c->legs));
    fall_silent(c, context);
    conference_media_record(c, NULL, false);
    let_go(c, context, &c->music);
    let_go(c, context, &c->music_before);
    list_remove(&c->link);
}

/* ---- a tick: what is said ---- */

/* What the leg says goes into its pcm. @return false where that is nothing */
static bool read_voice(const struct leg_context *context, struct leg_media *leg, int64_t tick_us, bool wanted)
{
    uint32_t rate_hz = leg->media.codec->rate_hz, samples = frame_samples(rate_hz);
    if (!wanted && ramp_silent(&leg->talk_ramp) && !leg->own.listens && !leg->keys.searches) {
        playout_skip(leg->playout, tick_us);
        leg_voice_rest(&leg->voice, context, leg, tick_us);
        return false;
    }
    struct playout_frame frame = playout_take(leg->playout, tick_us, leg->pcm);
    media_count(&context->counters->decodes, frame.verdict == PLAYOUT_VOICE && !frame.zero);
    bool says = leg_keys_take_out(leg, context, !frame.zero, tick_us);
    frame.zero = !says;
    if (leg->own.listens) leg_own_said(&leg->own, context, leg, says && leg->media.receive ? leg->pcm : NULL, samples);
    bool heard = wanted && !leg->keys.after_event, flows = heard || !ramp_silent(&leg->talk_ramp);
    says = leg_voice_run(&leg->voice, context, leg, frame, heard, flows, tick_us) && flows;
    if (!ramp_open(&leg->talk_ramp)) ramp_apply(&leg->talk_ramp, leg->pcm, samples);
    return says;
}

static void mark_speech(struct conference_media *c, const struct leg_media *leg)
{
    const struct talker *talker = &leg->voice.talker;
    struct pcm_mark speech = {.type = PCM_MARK_SPEAKS, .on = talker->talking};
    speech.shift_ms = PCM_FRAME_MS / 2; /* it is muted, over this tick */
    if (talker->talking) speech.shift_ms = -(TALKER_BEGIN_TICKS - 1) * PCM_FRAME_MS;
    if (talker->quiet_ticks >= TALKER_HANG_TICKS) speech.shift_ms = -(TALKER_HANG_TICKS - 1) * PCM_FRAME_MS;
    mark(c, leg, speech);
}

static void take_voice(struct conference_media *c, const struct leg_context *context, struct leg_media *leg,
                       int64_t tick_us)
{
    bool talks = leg->talk && leg->media.receive && c->audio == ENGINE_AUDIO_MIX && leg->has_slot;
    ramp_to(&leg->talk_ramp, talks ? 1 : 0, ramp_samples(leg->media.codec->rate_hz, RAMP_MUTE_MS));
    bool spoke = leg->voice.talker.talking;
    leg->says = read_voice(context, leg, tick_us, talks);
    if (spoke != leg->voice.talker.talking) mark_speech(c, leg);
    bool in_mix = leg->says || leg->voice_line.sounds || conference_keys_holder(&c->keys) == leg;
    if (!in_mix || !leg->has_slot) return;
    leg->next_talker = c->talkers;
    c->talkers = leg;
}

/* The keys that went down since the last tick, to be passed on from the next. */
static void take_keys(struct conference_media *c, struct leg_media *leg)
{
    bool passes = leg->passes_digits && leg->media.receive && c->audio == ENGINE_AUDIO_MIX;
    for (uint8_t i = 0; i < leg->keys.waiting; i++) {
        if (passes)
            conference_keys_push(&c->keys, leg, leg->keys.waits[i].event, leg->keys.waits[i].id);
        else
            mark(c, leg, (struct pcm_mark){.type = PCM_MARK_DIGIT});
    }
    leg->keys.waiting = 0;
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

/* Everybody's voice of this tick. */
static void hear_legs(struct conference_media *c, const struct leg_context *context, int64_t tick_us)
{
    c->talkers = NULL;
    list_each (link, &c->legs) {
        struct leg_media *leg = list_object(link, struct leg_media, link);
        prefetch_next(c, link);
        leg_media_receive(leg, context, tick_us);
        take_keys(c, leg);
        leg->says = false;
        if (tick_us >= leg->not_before_us) take_voice(c, context, leg, tick_us);
    }
    if (c->loudest.max > 0) conference_talkers_choose(c);
}

/* While the rate changes there are two graphs: the recording is of one of them in each tick. */
static bool is_recorded(const struct conference_media *c, const struct conference_graph *g)
{
    return g == (c->change == CONFERENCE_CROSSES ? c->next : c->graph);
}

/* Something that everybody hears and no leg says. */
static void put_source(struct conference_media *c, struct conference_scratch *s, struct conference_graph *g,
                       const int16_t *pcm)
{
    conference_graph_put_source(g, pcm);
    if (is_recorded(c, g) && c->audio == ENGINE_AUDIO_MIX)
        conference_tracks_sound(&c->tracks, &s->bridge, pcm, g->samples);
}

/* A talker's voice at the graph's rate; its digit is its voice too: everybody hears it but itself. */
static const int16_t *voice_at(struct conference_media *c, const struct leg_context *context,
                               struct conference_scratch *s, struct leg_media *leg, const struct conference_graph *g)
{
    uint32_t rate_hz = leg->media.codec->rate_hz;
    const int16_t *voice = leg->says ? leg->pcm : NULL, *tone = NULL;
    if (rate_hz != g->rate_hz) {
        bool sounds = resample_frame(context->bank, &leg->voice_line, rate_hz, voice, g->rate_hz, leg->mixed);
        voice = sounds ? leg->mixed : NULL;
    }
    if (is_recorded(c, g)) conference_tracks_voice(&c->tracks, c->tick, leg, g->rate_hz, voice);
    if (conference_keys_holder(&c->keys) == leg)
        tone = conference_keys_at(&c->keys, context->bank, g->rate_hz, s->room);
    if (!tone) return voice;
    if (is_recorded(c, g)) conference_tracks_sound(&c->tracks, &s->bridge, tone, g->samples);
    if (voice)
        pcm_add(leg->mixed, voice, tone, g->samples);
    else
        memcpy(leg->mixed, tone, g->samples * sizeof *tone);
    return leg->mixed;
}

/* The sounds' frames of this tick, each at its own rate. */
static void read_sounds(struct conference_media *c, struct conference_scratch *s)
{
    const int16_t **sounding = s->sounding;
    for (size_t i = 0; i < CONFERENCE_PLAYS_MAX; i++)
        sounding[i] = conference_source_read(&c->plays[i].source, s->sounds[i]);
    sounding[MUSIC] = conference_source_read(&c->music, s->sounds[MUSIC]);
    sounding[MUSIC_BEFORE] = conference_source_read(&c->music_before, s->sounds[MUSIC_BEFORE]);
}

static void put_sounds(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s,
                       struct conference_graph *g)
{
    for (size_t i = 0; i < CONFERENCE_PLAYS_MAX; i++) {
        const struct conference_source *source = &c->plays[i].source;
        if (!source->sound) continue;
        put_source(c, s, g, conference_source_at(source, context->bank, s->sounding[i], g->rate_hz, s->room));
    }
    for (size_t i = MUSIC; i <= MUSIC_BEFORE; i++) {
        const struct conference_source *source = i == MUSIC ? &c->music : &c->music_before;
        if (!source->sound) continue;
        conference_graph_put_music(g, conference_source_at(source, context->bank, s->sounding[i], g->rate_hz, s->room));
    }
}

/* All graphs have the sounds' frames. */
static void pass_sounds(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s)
{
    for (size_t i = 0; i < CONFERENCE_PLAYS_MAX; i++) {
        struct conference_source *source = &c->plays[i].source;
        if (!source->sound) continue;
        conference_source_pass(source, s->sounding[i]);
        if (conference_source_over(source, latest(c)->rate_hz)) end_play(c, context, &c->plays[i]);
    }
    if (c->music.sound) conference_source_pass(&c->music, s->sounding[MUSIC]);
    if (!c->music_before.sound) return;
    conference_source_pass(&c->music_before, s->sounding[MUSIC_BEFORE]);
    if (conference_source_over(&c->music_before, latest(c)->rate_hz)) let_go(c, context, &c->music_before);
}

static bool music_sounds(const struct conference_source *music)
{
    return music->sound && !ramp_silent(&music->ramp);
}

static void put_tail(struct conference_media *c, struct conference_scratch *s)
{
    if (!c->has_tail || c->audio != ENGINE_AUDIO_MIX) return;
    memset(s->pcm, 0, c->graph->samples * sizeof *s->pcm);
    for (uint32_t i = 0; i < c->graph->samples / 2; i++)
        s->pcm[i] = pcm_hold(c->tail[i]);
    conference_graph_put_source(c->graph, s->pcm);
}

static void run_graph(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s,
                      struct conference_graph *g)
{
    const struct leg_media *holder = conference_keys_holder(&c->keys);
    conference_graph_begin(g, c->audio);
    for (struct leg_media *leg = c->talkers; leg; leg = leg->next_talker) {
        if (!mixer_has(g->mixer, leg->slot)) continue;
        const int16_t *voice = voice_at(c, context, s, leg, g);
        if (voice) mixer_put(g->mixer, leg->slot, voice);
    }
    if (!(holder && holder->has_slot))
        put_source(c, s, g, conference_keys_at(&c->keys, context->bank, g->rate_hz, s->room));
    if (g == c->graph) put_tail(c, s);
    put_sounds(c, context, s, g);
    conference_graph_mix(g, music_sounds(&c->music) || music_sounds(&c->music_before));
}

/* What they hear of it. */
static void mix(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s)
{
    read_sounds(c, s);
    run_graph(c, context, s, c->graph);
    if (c->next) run_graph(c, context, s, c->next);
    pass_sounds(c, context, s);
    conference_keys_pass(&c->keys);
    for (struct leg_media *leg = c->talkers; leg; leg = leg->next_talker)
        resample_line_put(&leg->voice_line, leg->media.codec->rate_hz, leg->says ? leg->pcm : NULL);
    c->has_tail = false;
}

/* ---- a tick: what is heard ---- */

/* Led over from what the old graph gives to what the new one gives. */
static const int16_t *cross(const int16_t *from, const int16_t *to, uint32_t rate_hz, int16_t *out)
{
    static const int16_t silence[FRAME_SAMPLES_MAX];
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
                         const struct conference_scratch *s, struct leg_media *leg, const int16_t *pcm)
{
    static const int16_t silence[FRAME_SAMPLES_MAX];
    bool common = is_common(c, context, s, pcm, leg->media.codec->rate_hz);
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

static void send_heard(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s,
                       struct leg_media *leg)
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
        send_encoded(c, context, s, leg, pcm);
    else
        send_pcm(context, s, leg, pcm, shared);
}

/* The mix of all, as it is recorded: without music, be it on its way out. */
static void record(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s)
{
    bool crosses = c->change == CONFERENCE_CROSSES;
    struct conference_graph *g = crosses ? c->next : c->graph;
    conference_tracks_tick(&c->tracks, c->tick, &s->bridge, g->rate_hz, mixer_gain(g->mixer));
    const int16_t *pcm = c->audio == ENGINE_AUDIO_MIX ? mixer_common(g->mixer) : NULL;
    if (crosses && pcm && !g->fading)
        pcm = cross(conference_graph_common_at(c->graph, context->bank, g->rate_hz), pcm, g->rate_hz, s->pcm);
    if (!pcm) memset(s->pcm, 0, g->samples * sizeof *s->pcm);
    if (!pcm_frame_push(c->frames, c->tick, g->rate_hz, pcm ? pcm : s->pcm)) c->frames_lost++;
    tell_lost_frames(c, context);
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
        mark(c, conference_keys_holder(&c->keys),
             (struct pcm_mark){.type = PCM_MARK_DIGIT, .code = dtmf_digit(c->keys.event.code)});
    hear_legs(c, context, tick_us);
    if (c->graph) mix(c, context, s);
    if (c->frames) record(c, context, s);
    list_each (link, &c->legs) {
        struct leg_media *leg = list_object(link, struct leg_media, link);
        if (tick_us < leg->not_before_us) continue;
        send_heard(c, context, s, leg);
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
