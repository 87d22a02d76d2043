#include "network.h"

enum { MILLION = 1000000 };

static bool happens(struct rng *rng, uint32_t permille)
{
    return permille > 0 && rng_below(rng, 1000) < permille;
}

/*
 * Gilbert's model: a burst ends with every packet at 1 in its mean length, and begins so often that the share of all
 * packets comes out.
 */
static bool loses(struct network *n, struct rng *rng)
{
    uint32_t mean = n->burst_packets;
    if (mean <= 1 || n->loss_permille >= 1000) return happens(rng, n->loss_permille);
    uint32_t ends = MILLION / mean;
    uint32_t begins = (uint32_t)((uint64_t)ends * n->loss_permille / (1000u - n->loss_permille));
    uint32_t chance = rng_below(rng, MILLION);
    n->losing = n->loss_permille > 0 && chance < (n->losing ? MILLION - ends : begins);
    return n->losing;
}

uint32_t network_carry(struct network *n, struct rng *rng, int64_t sent_us, int64_t arrivals_us[NETWORK_COPIES_MAX])
{
    n->carried++;
    if (loses(n, rng)) {
        n->lost++;
        return 0;
    }
    int64_t at_us = sent_us + n->delay_us;
    if (n->jitter_us > 0) at_us += rng_below(rng, n->jitter_us);
    if (n->stall_us > 0) at_us = (at_us + n->stall_us - 1) / n->stall_us * n->stall_us;
    if (!n->may_overtake && at_us < n->last_us) at_us = n->last_us;
    n->last_us = at_us;
    if (happens(rng, n->reorder_permille)) at_us += n->reorder_us;
    arrivals_us[0] = at_us;
    if (!happens(rng, n->duplicate_permille)) return 1;
    arrivals_us[1] = at_us + rng_below(rng, 20000);
    return 2;
}
