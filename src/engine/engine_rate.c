
#include "engine/engine_parts.h"

enum { NARROWEST_HZ = 8000 };

static const uint32_t rates[RESAMPLE_RATES] = {8000, 16000, 48000};

/* How many of the rates, from the lowest on, carry nothing that is lost on the way. */
static uint8_t levels(uint32_t codec_hz, uint32_t at_most_hz)
{
    uint32_t hz = at_most_hz > 0 && at_most_hz < codec_hz ? at_most_hz : codec_hz;
    return hz > rates[1] ? 3 : hz > rates[0] ? 2 : 1;
}

static void add(struct engine_leg *leg, int32_t change)
{
    struct engine_rate_counts *counts = leg->conference->counts;
    for (uint8_t i = 0; i < RESAMPLE_RATES; i++) {
        bool speaks = leg->speaks > i, hears = leg->hears > i;
        counts[i].speak += (uint32_t)(speaks ? change : 0);
        counts[i].hear += (uint32_t)(hears ? change : 0);
        counts[i].both += (uint32_t)(speaks && hears ? change : 0);
    }
}

void engine_rate_uncount(struct engine_leg *leg)
{
    add(leg, -1);
    leg->speaks = leg->hears = 0;
}

void engine_rate_count(struct engine_leg *leg)
{
    const struct engine_leg_media *m = &leg->settled;
    engine_rate_uncount(leg);
    leg->speaks = leg->talk && m->receive ? levels(m->codec->rate_hz, m->speaks_hz) : 0;
    leg->hears = leg->listen && m->send ? levels(m->codec->rate_hz, m->encode.max_rate_hz) : 0;
    add(leg, 1);
}

/* True where somebody can speak at this rate, and somebody else hear. */
static bool wanted(const struct engine_rate_counts *counts)
{
    bool only_to_itself = counts->speak == 1 && counts->hear == 1 && counts->both == 1;
    return counts->speak > 0 && counts->hear > 0 && !only_to_itself;
}

void engine_rate_tune(struct engine_conference *c, bool lower)
{
    struct conference_graph *graph = NULL;
    uint32_t rate_hz = NARROWEST_HZ;
    for (uint8_t i = 0; i < RESAMPLE_RATES; i++) {
        if (wanted(&c->counts[i])) rate_hz = rates[i];
    }
    if (rate_hz == c->rate_hz || (rate_hz < c->rate_hz && !lower)) return;
    if (conference_graph_create(&graph, rate_hz, c->places) != STATUS_OK) engine_must_have(NULL);
    c->rate_hz = rate_hz;
    engine_command(c->engine, c->worker,
                   (struct core_command){.type = CORE_CONFERENCE_RATE, .conference = &c->media, .graph = graph});
}
