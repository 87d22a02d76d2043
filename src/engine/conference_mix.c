#include "engine/conference_mix.h"

#include <string.h>

#include "engine/conference_talkers.h"
#include "media/pcm.h"

/* Places in the scratch memory, behind those of the plays. */
enum { MUSIC = CONFERENCE_PLAYS_MAX, MUSIC_BEFORE };

/* The ramp begins when there is something to fade in: the middle of a word, where a codec has changed. */
static void await_voice(struct leg_media *leg, struct playout_frame frame)
{
    leg->comes_anew = frame.zero && (frame.verdict == PLAYOUT_IDLE || frame.verdict == PLAYOUT_SILENCE);
    if (leg->comes_anew) ramp_init(&leg->talk_ramp, 0);
}

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
    if (leg->comes_anew) await_voice(leg, frame);
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
    conference_media_mark(c, leg, speech);
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
            conference_media_mark(c, leg, (struct pcm_mark){.type = PCM_MARK_DIGIT});
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

void conference_mix_listen(struct conference_media *c, const struct leg_context *context, int64_t tick_us)
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

/* Something that everybody hears and no leg says. */
static void put_source(struct conference_media *c, struct conference_scratch *s, struct conference_graph *g,
                       const int16_t *pcm)
{
    conference_graph_put_source(g, pcm);
    if (c->audio == ENGINE_AUDIO_MIX) conference_tracks_sound(&c->tracks, &s->bridge, pcm, g->samples);
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
    conference_tracks_voice(&c->tracks, c->tick, leg, conference_media_kind(c, g), g->rate_hz, voice);
    if (conference_keys_holder(&c->keys) == leg)
        tone = conference_keys_at(&c->keys, context->bank, g->rate_hz, s->room);
    if (!tone) return voice;
    conference_tracks_sound(&c->tracks, &s->bridge, tone, g->samples);
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
        if (conference_source_over(source, conference_media_latest(c)->rate_hz))
            conference_media_end_play(c, context, &c->plays[i]);
    }
    if (c->music.sound) conference_source_pass(&c->music, s->sounding[MUSIC]);
    if (!c->music_before.sound) return;
    conference_source_pass(&c->music_before, s->sounding[MUSIC_BEFORE]);
    if (conference_source_over(&c->music_before, conference_media_latest(c)->rate_hz))
        conference_media_let_go(context, &c->music_before);
}

static bool music_sounds(const struct conference_source *music)
{
    return music->sound && !ramp_silent(&music->ramp);
}

static void put_tail(struct conference_media *c, struct conference_scratch *s)
{
    if (!c->has_tail || c->audio != ENGINE_AUDIO_MIX) return;
    for (uint32_t i = 0; i < c->graph->samples; i++)
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
    conference_tracks_bridge(&c->tracks, c->tick, conference_media_kind(c, g), &s->bridge, g->rate_hz);
    conference_graph_mix(g, music_sounds(&c->music) || music_sounds(&c->music_before));
}

void conference_mix_run(struct conference_media *c, const struct leg_context *context, struct conference_scratch *s)
{
    c->tracks.changes = c->next != NULL;
    read_sounds(c, s);
    run_graph(c, context, s, c->graph);
    if (c->next) run_graph(c, context, s, c->next);
    pass_sounds(c, context, s);
    conference_keys_pass(&c->keys);
    for (struct leg_media *leg = c->talkers; leg; leg = leg->next_talker)
        resample_line_put(&leg->voice_line, leg->media.codec->rate_hz, leg->says ? leg->pcm : NULL);
    c->has_tail = false;
}
