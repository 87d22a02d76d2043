/**
 * @file playout_store.h  The packets that wait to be played, the oldest first, with room for a fixed number of them.
 *
 * Part of playout.h. Pure: memory is taken by playout_store_init() alone. Thread: as its owner.
 */
#ifndef PARLEY_MEDIA_PLAYOUT_STORE_H
#define PARLEY_MEDIA_PLAYOUT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { PLAYOUT_STORE_SLOTS = 64 }; /* 640 ms of the shortest packets */

struct playout_stored {
    int64_t seq;   /**< extended */
    int64_t media; /**< first sample, on the sender's time line */
    uint32_t samples;
    int64_t arrival_us;
    uint16_t len;
    uint8_t slot; /**< of its payload */
    bool silent;  /**< digital silence: there is no payload */
    bool noise;   /**< comfort noise: the sender is silent from here on; there are no samples */
};

struct playout_store {
    uint32_t count;      /**< of those that wait */
    uint32_t free_count; /**< of slots */
    size_t slot_bytes;
    uint8_t *payloads; /**< owned */
    uint8_t free_slots[PLAYOUT_STORE_SLOTS];
    struct playout_stored waiting[PLAYOUT_STORE_SLOTS];
};

/** @return STATUS_OK, STATUS_NO_MEMORY (it may be cleared all the same) */
MUST_CHECK status playout_store_init(struct playout_store *store, size_t payload_bytes);

void playout_store_clear(struct playout_store *store);

/** Forgets every packet. */
void playout_store_reset(struct playout_store *store);

/** Puts a packet among the others by its number. @param payload  stored->len bytes, copied. @return false: no room */
bool playout_store_put(struct playout_store *store, const struct playout_stored *stored, const uint8_t *payload);

/** The oldest packet leaves; its payload may be read until the next one is put. There must be one. */
void playout_store_take(struct playout_store *store, struct playout_stored *stored);

static inline const uint8_t *playout_store_payload(const struct playout_store *store,
                                                   const struct playout_stored *stored)
{
    return store->payloads + (size_t)stored->slot * store->slot_bytes;
}

#endif
