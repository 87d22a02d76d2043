#include "engine/engine_parts.h"
#include "os/clock.h"
#include "os/thread.h"

unsigned engine_least_loaded(const struct engine *e)
{
    unsigned best = 0;
    for (unsigned i = 1; i < e->worker_count; i++) {
        const struct engine_worker *w = &e->workers[i], *b = &e->workers[best];
        if (w->legs < b->legs || (w->legs == b->legs && w->conferences < b->conferences)) best = i;
    }
    return best;
}

uint8_t engine_take_slot(struct engine *e)
{
    e->next_slot = (uint8_t)((e->next_slot + 7) % CORE_SLOTS); /* 7: neighbours in time get far apart */
    return e->next_slot;
}

void engine_note_new_leg(struct engine *e, int64_t now_us)
{
    if (now_us - e->recent_since_us >= RECENT_US) {
        e->recent_legs_before = now_us - e->recent_since_us < 2 * RECENT_US ? e->recent_legs : 0;
        e->recent_legs = 0;
        e->recent_since_us = now_us;
    }
    e->recent_legs++;
}

bool engine_overloaded(struct engine *e)
{
    thread_assert(THREAD_CONTROL);
    uint32_t busiest = 0, legs = 0;
    for (unsigned i = 0; i < e->worker_count; i++) {
        const struct media_counters *c = worker_counters(e->workers[i].worker);
        uint32_t busy = atomic_load_explicit(&c->busy_permille, memory_order_relaxed);
        if (busy >= busiest) {
            busiest = busy;
            legs = e->workers[i].legs;
        }
    }
    /* Who has just come is only partly in the smoothed figure; each will cost what the others do. No more than twice
     * the figure comes of it: from a few legs nothing is known of many. */
    uint32_t recent = e->recent_legs + e->recent_legs_before;
    if (clock_now_us() - e->recent_since_us > 2 * RECENT_US) recent = 0;
    uint32_t more = legs > 0 ? recent * busiest / (e->worker_count * legs) : 0;
    busiest += more < busiest ? more : busiest;
    uint32_t limit = e->config.busy_max_percent * 10u;
    e->overloaded = busiest > (e->overloaded ? limit - limit / 10 : limit);
    return e->overloaded;
}
