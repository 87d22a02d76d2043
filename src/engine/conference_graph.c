#include "engine/conference_graph.h"

#include <stdlib.h>
#include <string.h>

#include "engine/leg_media.h"
#include "media/mixer.h"
#include "media/pcm.h"
#include "media/ramp.h"

status conference_graph_create(struct conference_graph **out, uint32_t rate_hz, uint16_t places)
{
    struct conference_graph *g = calloc(1, sizeof *g);
    if (!g) return STATUS_NO_MEMORY;
    struct mixer_config config = {.rate_hz = rate_hz, .max_slots = places};
    status result = mixer_create(&g->mixer, &config);
    if (result != STATUS_OK) {
        free(g);
        return result;
    }
    g->rate_hz = rate_hz;
    g->samples = frame_samples(rate_hz);
    limiter_init(&g->wait_limiter, rate_hz);
    *out = g;
    return STATUS_OK;
}

void conference_graph_destroy(struct conference_graph *g)
{
    if (!g) return;
    mixer_destroy(g->mixer);
    free(g);
}

void conference_graph_silence(struct conference_graph *g)
{
    mixer_begin(g->mixer);
    mixer_tick(g->mixer);
    limiter_init(&g->wait_limiter, g->rate_hz);
    g->wait_runs = false;
    resample_line_init(&g->line);
}

void conference_graph_begin(struct conference_graph *g, enum engine_audio audio)
{
    g->audio = audio;
    g->fading = g->wait_runs && audio != ENGINE_AUDIO_WAIT;
    memset(g->wide, 0, g->samples * sizeof g->wide[0]);
    for (size_t i = 0; i < RESAMPLE_RATES; i++)
        g->at[i].made = false;
    mixer_begin(g->mixer);
}

static void add_wide(struct conference_graph *g, const int16_t *pcm)
{
    for (uint32_t i = 0; i < g->samples; i++)
        g->wide[i] += pcm[i];
}

void conference_graph_put_source(struct conference_graph *g, const int16_t *pcm)
{
    if (!pcm) return;
    if (g->audio == ENGINE_AUDIO_MIX) mixer_put_source(g->mixer, pcm);
    if (g->audio == ENGINE_AUDIO_WAIT) add_wide(g, pcm);
}

void conference_graph_put_music(struct conference_graph *g, const int16_t *pcm)
{
    if (pcm) add_wide(g, pcm);
}

/* Music, and while waiting what is laid over it, into wait_pcm. */
static void make_wait(struct conference_graph *g, bool music_plays)
{
    bool waiting = g->audio == ENGINE_AUDIO_WAIT;
    if (!waiting && !music_plays && !g->wait_runs) return;
    limiter_run(&g->wait_limiter, g->wide, g->wait_pcm, g->samples);
    g->wait_runs = waiting || music_plays;
    if (!g->wait_runs) limiter_init(&g->wait_limiter, g->rate_hz);
}

/*
 * Music on its way out over a mix. Where their sum is too much for one frame the mix fades in as the music fades out,
 * and it always fits. In its first 2 ms the mixer still puts out what was before it began: nothing.
 */
static void lay_music_over(const struct conference_graph *g, const int16_t *mix, int16_t *out)
{
    uint32_t late = limiter_delay_samples(&g->wait_limiter);
    bool fits = true;
    for (uint32_t i = 0; i < g->samples && fits; i++)
        fits = abs(mix[i] + g->wait_pcm[i]) <= LIMITER_CEILING;
    struct ramp in;
    ramp_init(&in, fits ? 1 : 0);
    ramp_to(&in, 1, ramp_samples(g->rate_hz, RAMP_MUSIC_MS));
    memcpy(out, mix, g->samples * sizeof *out);
    if (!fits) {
        memset(out, 0, late * sizeof *out);
        ramp_apply(&in, out + late, g->samples - late);
    }
    pcm_add(out, out, g->wait_pcm, g->samples);
}

void conference_graph_mix(struct conference_graph *g, bool music_plays)
{
    make_wait(g, music_plays);
    mixer_tick(g->mixer);
    g->common = NULL;
    if (g->audio == ENGINE_AUDIO_MIX && g->fading) {
        lay_music_over(g, mixer_common(g->mixer), g->room);
        g->common = g->room;
    } else if (g->audio == ENGINE_AUDIO_MIX) {
        g->common = mixer_common_is_zero(g->mixer) ? NULL : mixer_common(g->mixer);
    } else if (g->audio == ENGINE_AUDIO_WAIT || g->fading) {
        g->common = g->wait_pcm;
    }
}

const int16_t *conference_graph_common_at(struct conference_graph *g, struct resample_bank *bank, uint32_t rate_hz)
{
    if (rate_hz == g->rate_hz) return g->common;
    struct graph_common *at = &g->at[resample_rate_index(rate_hz)];
    if (!at->made) {
        bool sounds = resample_frame(bank, &g->line, g->rate_hz, g->common, rate_hz, at->room);
        at->pcm = sounds ? at->room : NULL;
        at->made = true;
    }
    return at->pcm;
}

/* A mix of the leg's own, at the graph's rate; NULL where it hears what all hear. @param room  where it may be made */
static const int16_t *own_mix(struct conference_graph *g, const struct leg_media *leg, int16_t *room)
{
    if (g->audio != ENGINE_AUDIO_MIX || !leg->has_slot || !mixer_has(g->mixer, leg->slot)) return NULL;
    const int16_t *heard = mixer_heard_by(g->mixer, leg->slot);
    if (heard == mixer_common(g->mixer)) return NULL;
    if (!g->fading) return heard;
    lay_music_over(g, heard, room);
    return room;
}

const int16_t *conference_graph_heard(struct conference_graph *g, struct resample_bank *bank, struct leg_media *leg,
                                      int16_t room[FRAME_SAMPLES_MAX], bool *shared)
{
    uint32_t rate_hz = leg->media.codec->rate_hz;
    struct leg_hearing *hearing = &leg->hearing[g->side];
    if (rate_hz == g->rate_hz) {
        const int16_t *own = own_mix(g, leg, room);
        if (own) *shared = false;
        return own ? own : g->common;
    }
    int16_t laid_over[FRAME_SAMPLES_MAX];
    const int16_t *own = own_mix(g, leg, laid_over);
    /* Whoever gets a mix of its own goes on from where the common one stands, and comes back where both are the same.
     */
    if (own && !hearing->own) hearing->line = g->line;
    if (!own && hearing->own && resample_line_same(&hearing->line, &g->line, g->rate_hz)) hearing->own = false;
    hearing->own = hearing->own || own;
    if (!hearing->own) return conference_graph_common_at(g, bank, rate_hz);
    *shared = false;
    if (!own) own = g->common;
    bool sounds = resample_frame(bank, &hearing->line, g->rate_hz, own, rate_hz, room);
    resample_line_put(&hearing->line, g->rate_hz, own);
    return sounds ? room : NULL;
}

void conference_graph_end(struct conference_graph *g)
{
    resample_line_put(&g->line, g->rate_hz, g->common);
}
