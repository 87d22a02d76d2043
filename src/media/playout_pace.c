#include "media/playout_pace.h"

#include <math.h>
#include <string.h>

enum {
    DRIFT_BEGINS_PPM = 100, /* below that a clock takes minutes to move by a guard, and a glide is in time */
    DRIFT_ENDS_PPM = 60,
    GLIDE_PPM = 800, /* most; 1.4 cents */
    GLIDE_LEAST_PPM = 200,
    SLEW_PPM = 100, /* change of pace in a tick */
    SETTLE_S = 10,  /* in which a drifting stream gives back delay it does not need ... */
    GROW_S = 2,     /* ... and gets what it does */
    SPARE_LEAST_MS = 3,
    SPARE_TICKS = 250,   /* delay to spare is given back after that time */
    HURRY_FROM_MS = 30,  /* more than the step of a tick that a slow drift makes: something has happened */
    HURRY_UNTIL_MS = 10, /* with less to choose from no whole number of periods may fit a tone */
    FAR_MS = 60,
};

/* Share of packets that are lost, from which copies of them are worth a packet's delay. */
static const float lossy_from = 0.015f, lossy_until = 0.005f;

void playout_pace_init(struct playout_pace *pace, uint32_t rate_hz, uint32_t max_delay_ms)
{
    memset(pace, 0, sizeof(*pace));
    pace->ms = rate_hz / 1000;
    pace->frame = pace->ms * PLAYOUT_TICK_US / 1000;
    pace->max_delay = pace->ms * max_delay_ms;
}

void playout_pace_set_drift(struct playout_pace *pace, float ppm)
{
    pace->drift_ppm = ppm;
    pace->drifts = fabsf(ppm) >= (pace->drifts ? DRIFT_ENDS_PPM : DRIFT_BEGINS_PPM);
}

void playout_pace_set_lossy(struct playout_pace *pace, float loss, bool copies)
{
    bool lossy = loss >= (pace->reserve > 0 ? lossy_until : lossy_from);
    pace->reserve = copies && lossy ? pace->packet : 0;
}

static struct playout_limit limit_of(const struct playout_pace *pace, const struct playout_demand *demand)
{
    struct playout_limit limit = pace->drifts ? demand->even : demand->roof;
    limit.least -= pace->reserve;
    limit.usual -= pace->reserve;
    return limit;
}

int64_t playout_pace_limit(const struct playout_pace *pace, const struct playout_demand *demand)
{
    return limit_of(pace, demand).least;
}

static float within(float value, float most)
{
    return fminf(fmaxf(value, -most), most);
}

/* Where the sender's clock is as good as ours: glides when there is something to be gained, until it is. */
static float glide(struct playout_pace *pace, int64_t tick, int64_t spare, int64_t need)
{
    if (spare < SPARE_LEAST_MS * pace->ms) pace->spare_tick = tick;
    if (need > 0)
        pace->glides = -1;
    else if (tick - pace->spare_tick >= SPARE_TICKS)
        pace->glides = 1;
    else if (pace->glides < 0 || spare <= 0)
        pace->glides = 0;
    if (pace->glides == 0) return 0.0f;
    float off =
        (float)(pace->glides > 0 ? spare : need) / (float)pace->ms; /* a millisecond from the end it slows down */
    return (float)pace->glides * fmaxf(fminf(off, 1.0f) * GLIDE_PPM, GLIDE_LEAST_PPM);
}

static float follow(const struct playout_pace *pace, int64_t spare, int64_t need)
{
    float off_ms = (float)(need > 0 ? -need : spare > 0 ? spare : 0) / (float)pace->ms;
    float gain = 1000.0f / (need > 0 ? GROW_S : SETTLE_S);
    return pace->drift_ppm + within(off_ms * gain, GLIDE_PPM + fabsf(pace->drift_ppm));
}

struct playout_plan playout_pace_plan(struct playout_pace *pace, const struct playout_demand *demand, int64_t tick,
                                      int64_t offset)
{
    struct playout_plan plan = {0};
    struct playout_limit limit = limit_of(pace, demand);
    int64_t spare = limit.least - offset, need = limit.usual < offset ? offset - limit.usual : 0;
    if (need > pace->max_delay) need = 0;

    float wanted = pace->drifts ? follow(pace, spare, need) : glide(pace, tick, spare, need);
    pace->ppm += within(wanted - pace->ppm, SLEW_PPM);
    plan.ppm = pace->ppm;

    pace->hurries = spare >= (pace->hurries ? HURRY_UNTIL_MS : HURRY_FROM_MS) * pace->ms;
    int64_t rim = demand->rim.usual - pace->reserve, late = rim < offset ? offset - rim : 0;
    if (pace->hurries)
        plan.shrink = spare;
    else if (late > 0 && late <= pace->max_delay)
        plan.stretch = true;
    else
        pace->need_tick = tick;
    return plan;
}

float playout_pace_likeness_to_shrink(const struct playout_pace *pace, int64_t tick, int64_t amount)
{
    float waited = (float)(tick - pace->need_tick);
    if (amount >= FAR_MS * pace->ms) return fmaxf(0.8f - 0.05f * waited, 0.3f);
    if (amount >= pace->frame) return fmaxf(0.97f - 0.01f * waited, 0.6f);
    return 0.99f; /* a glide will do it */
}

float playout_pace_likeness_to_stretch(const struct playout_pace *pace, int64_t tick)
{
    return fmaxf(0.97f - 0.02f * (float)(tick - pace->need_tick), 0.4f);
}

void playout_pace_spliced(struct playout_pace *pace, int64_t tick)
{
    pace->splice_tick = pace->need_tick = tick;
}
