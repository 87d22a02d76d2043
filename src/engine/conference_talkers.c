#include "engine/conference_talkers.h"

#include <string.h>

#include "engine/conference_media.h"

enum { GATE_MS = 5 };

void conference_talkers_limit(struct conference_media *c, uint32_t max)
{
    if (max == 0)
        memset(&c->loudest, 0, sizeof c->loudest);
    else
        loudest_init(&c->loudest, max);
}

/* @param begins  it was silent, or its first word is in this frame: nothing of that may be lost in a fade */
static void pass_gate(struct leg_media *leg, bool heard, bool begins)
{
    struct ramp *gate = &leg->voice.gate;
    uint32_t rate_hz = leg->media.codec->rate_hz;
    if (begins)
        ramp_init(gate, heard ? 1 : 0);
    else
        ramp_to(gate, heard ? 1 : 0, ramp_samples(rate_hz, GATE_MS));
    if (ramp_open(gate)) return;
    leg->says = !ramp_silent(gate);
    if (leg->says) ramp_apply(gate, leg->pcm, frame_samples(rate_hz));
}

void conference_talkers_choose(struct conference_media *c)
{
    loudest_begin(&c->loudest);
    for (struct leg_media *leg = c->talkers; leg; leg = leg->next_talker) {
        if (!leg->says) continue;
        const struct talker *t = &leg->voice.talker;
        bool speaks = t->talking || t->loud_ticks > 0;
        bool heard = loudest_put(&c->loudest, leg, t->level_dbfs, speaks);
        bool follows = leg->voice.gate_tick == c->tick;
        pass_gate(leg, heard, !follows || t->loud_ticks == 1);
        leg->voice.gate_tick = c->tick + 1;
    }
}
