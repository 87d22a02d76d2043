/**
 * @file network.h  What a network does to the packets of one party: delays, loses, doubles and overtakes, by chance but
 * the same each time.
 *
 * All zero is a network that does nothing. Fields may be changed while it runs: a script is a few lines that do so
 * between two sim_run().
 * Thread: one.
 */
#ifndef PARLEY_TESTS_SIM_NETWORK_H
#define PARLEY_TESTS_SIM_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"

enum { NETWORK_COPIES_MAX = 2 };

struct network {
    uint32_t delay_us;           /**< of every packet */
    uint32_t jitter_us;          /**< from 0 to this much more, evenly spread; packets keep their order */
    bool may_overtake;           /**< they do not */
    uint16_t loss_permille;      /**< of all packets */
    uint16_t burst_packets;      /**< mean number of packets lost in a row; 0 or 1: each packet for itself */
    uint16_t duplicate_permille; /**< come twice, the second up to 20 ms after the first */
    uint16_t reorder_permille;   /**< come reorder_us later, and others before them */
    uint32_t reorder_us;
    bool flips_bits;   /**< one in every packet */
    uint32_t stall_us; /**< all packets wait for times that are multiples of it, then come at once; 0: none does */

    bool losing; /**< in a burst */
    int64_t last_us;
    uint64_t carried, lost; /**< packets put in, and those of them that never come */
};

/**
 * A packet is put in.
 * @param[out] arrivals_us  when it comes
 * @return how often it comes: 0, 1 or 2
 */
uint32_t network_carry(struct network *n, struct rng *rng, int64_t sent_us, int64_t arrivals_us[NETWORK_COPIES_MAX]);

#endif
