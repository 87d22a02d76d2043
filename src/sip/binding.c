#include "sip/binding.h"

enum { US_PER_S = 1000000, US_PER_MS = 1000, FIRST_WAIT_T1 = 10, DOUBLINGS_MAX = 6 };

void binding_init(struct binding *b, uint32_t t1_ms)
{
    *b = (struct binding){.due_us = INT64_MAX, .t1_ms = t1_ms};
}

void binding_want(struct binding *b, uint32_t expires_s, int64_t now_us)
{
    b->wanted_s = expires_s;
    b->failures = 0;
    b->again = b->open;
    bool idle = expires_s == 0 && b->granted_s == 0;
    b->due_us = b->open || idle ? INT64_MAX : now_us;
}

uint32_t binding_send(struct binding *b)
{
    b->open = true;
    b->due_us = INT64_MAX;
    b->asked_s = b->wanted_s;
    return b->asked_s;
}

static int64_t wait_us(const struct binding *b, struct rng *rng)
{
    unsigned doublings = b->failures - 1 < DOUBLINGS_MAX ? b->failures - 1 : DOUBLINGS_MAX;
    int64_t wait = (int64_t)b->t1_ms * US_PER_MS * FIRST_WAIT_T1 << doublings;
    return wait * (75 + rng_below(rng, 51)) / 100;
}

static int64_t refresh_us(uint32_t granted_s)
{
    return (int64_t)granted_s * US_PER_S / 10 * (granted_s < 60 ? 5 : 9);
}

void binding_answer(struct binding *b, uint32_t code, uint32_t expires_s, uint32_t min_expires_s, int64_t now_us,
                    struct rng *rng)
{
    bool again = b->again, granted = code >= 200 && code < 300;
    b->open = b->again = false;
    b->granted_s = granted && b->asked_s > 0 ? expires_s : 0;
    b->due_us = INT64_MAX;
    if (again) {
        binding_want(b, b->wanted_s, now_us);
    } else if (b->asked_s == 0) {
        return; /* whatever the answer: it runs out by itself */
    } else if (b->granted_s > 0) {
        b->failures = 0;
        b->due_us = now_us + refresh_us(b->granted_s);
    } else {
        b->failures++;
        bool more = code == 423 && min_expires_s > b->asked_s;
        if (more) b->wanted_s = min_expires_s;
        b->due_us = more ? now_us : now_us + wait_us(b, rng);
    }
}

bool binding_is_over(const struct binding *b)
{
    return b->wanted_s == 0 && !b->open && b->due_us == INT64_MAX;
}
