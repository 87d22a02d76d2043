#include "media/playout_arrivals.h"

enum {
    RIM_US = 1000, /* a packet that comes later than that before the tick is as good as late */
    TOGETHER = 5,  /* buckets */
};

void playout_arrivals_init(struct playout_arrivals *a, uint32_t frame, int64_t guard_us)
{
    a->frame = frame;
    a->guard_us = guard_us;
    a->ticked = false;
    a->tick = a->tick_us = 0;
    playout_arrivals_reset(a);
}

void playout_arrivals_reset(struct playout_arrivals *a)
{
    for (int i = 0; i < PLAYOUT_BUCKETS; i++)
        a->buckets[i].number = INT64_MIN;
    a->before_number = INT64_MIN;
    a->stale = true;
}

int64_t playout_arrivals_advance(struct playout_arrivals *a, int64_t tick_us)
{
    int64_t ticks = 1;
    if (a->ticked) ticks = (tick_us - a->tick_us + PLAYOUT_TICK_US / 2) / PLAYOUT_TICK_US;
    if (ticks < 1) ticks = 1;
    a->tick += ticks;
    a->tick_us = tick_us;
    a->ticked = true;
    return ticks;
}

/* Number of the first tick at or after a time that is given from the last tick on. */
static int64_t tick_at(const struct playout_arrivals *a, int64_t due_us)
{
    int64_t ticks = due_us / PLAYOUT_TICK_US;
    if (due_us % PLAYOUT_TICK_US > 0) ticks++;
    return a->tick + ticks;
}

int64_t playout_arrivals_allowed(const struct playout_arrivals *a, int64_t media, int64_t arrival_us)
{
    return media - tick_at(a, arrival_us + a->guard_us - a->tick_us) * a->frame;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void playout_arrivals_put(struct playout_arrivals *a, int64_t media, int64_t arrival_us, int64_t transit_us)
{
    if (!a->ticked) return;
    int64_t number = a->tick / PLAYOUT_BUCKET_TICKS;
    int64_t rim_us = arrival_us + RIM_US - a->tick_us, roof_us = arrival_us + a->guard_us - a->tick_us;
    struct playout_bucket now = {
        .number = number,
        .roof = media - tick_at(a, roof_us) * a->frame,
        .rim = media - tick_at(a, rim_us) * a->frame,
        .even = media - (a->tick + 1) * a->frame - roof_us * a->frame / PLAYOUT_TICK_US,
        .early_us = transit_us,
        .late_us = transit_us,
    };
    const struct playout_demand *d = &a->demand;
    a->stale = a->stale || now.roof < d->roof.usual || now.rim < d->rim.usual || now.even < d->even.usual ||
               transit_us < d->early_us || transit_us > d->late_us;
    struct playout_bucket *b = &a->buckets[number % PLAYOUT_BUCKETS];
    if (b->number == number) {
        now.roof = least(now.roof, b->roof);
        now.rim = least(now.rim, b->rim);
        now.even = least(now.even, b->even);
        now.early_us = least(now.early_us, b->early_us);
        now.late_us = greatest(now.late_us, b->late_us);
    }
    *b = now;
}

static void limit_add(struct playout_limit *limit, int64_t allowed)
{
    limit->usual = least(limit->usual, greatest(limit->least, allowed));
    limit->least = least(limit->least, allowed);
}

static void demand_add(struct playout_demand *d, const struct playout_bucket *b)
{
    d->known = true;
    limit_add(&d->roof, b->roof);
    limit_add(&d->rim, b->rim);
    limit_add(&d->even, b->even);
    d->early_us = least(d->early_us, b->early_us);
    d->late_us = greatest(d->late_us, b->late_us);
}

static void sum_up_all_before(struct playout_arrivals *a, int64_t number)
{
    const struct playout_limit none = {INT64_MAX, INT64_MAX};
    a->before = (struct playout_demand){.roof = none, .rim = none, .even = none};
    a->before.early_us = INT64_MAX;
    a->before.late_us = INT64_MIN;
    for (int i = 0; i < PLAYOUT_BUCKETS; i++) {
        const struct playout_bucket *b = &a->buckets[i];
        if (b->number > number - PLAYOUT_BUCKETS && b->number < number) demand_add(&a->before, b);
    }
}

/* Most of the time one bucket more has come to an end; what is too old goes five at a time, which is cheaper. */
static void sum_up_before(struct playout_arrivals *a, int64_t number)
{
    if (a->before_number < 0 || number / TOGETHER != a->before_number / TOGETHER) {
        sum_up_all_before(a, number);
    } else {
        for (int64_t n = a->before_number; n < number; n++) {
            const struct playout_bucket *b = &a->buckets[n % PLAYOUT_BUCKETS];
            if (b->number == n) demand_add(&a->before, b);
        }
    }
    a->before_number = number;
}

const struct playout_demand *playout_arrivals_demand(struct playout_arrivals *a)
{
    int64_t number = a->tick / PLAYOUT_BUCKET_TICKS;
    if (!a->stale && a->before_number == number) return &a->demand;
    if (a->before_number != number) sum_up_before(a, number);
    a->stale = false;
    a->demand = a->before;
    const struct playout_bucket *now = &a->buckets[number % PLAYOUT_BUCKETS];
    if (now->number == number) demand_add(&a->demand, now);
    return &a->demand;
}
