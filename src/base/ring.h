/**
 * @file ring.h  A lock-free queue of fixed-size items between exactly one producer and one consumer thread.
 *
 * Items are copied in and out. Nothing blocks and nothing is allocated after ring_create(). The head and the tail
 * lie on cache lines of their own; the producer's store-release pairs with the consumer's load-acquire, so what was
 * written before a push is seen after the pop. Waking the other side is not the ring's business (see os/wake.h).
 *
 * Thread: ring_push() and ring_space() by the producer, ring_pop(), ring_peek() and ring_skip() by the consumer,
 * ring_count() by either (a moment's truth).
 */
#ifndef PARLEY_BASE_RING_H
#define PARLEY_BASE_RING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct ring;

/**
 * @param item_bytes  size of one item, at least 1
 * @param items       how many fit; rounded up to a power of two
 * @return STATUS_OK or STATUS_NO_MEMORY
 */
MUST_CHECK status ring_create(struct ring **out, size_t item_bytes, size_t items);

/** Both threads have let go of it. NULL is allowed. */
void ring_destroy(struct ring *r);

/** @return false (and nothing stored) where the ring is full */
MUST_CHECK bool ring_push(struct ring *r, const void *item);

/** @return false (and *item untouched) where the ring is empty */
MUST_CHECK bool ring_pop(struct ring *r, void *item);

/** The oldest item where it lies, borrowed until ring_skip(); NULL where the ring is empty. */
const void *ring_peek(struct ring *r);

/** Lets go of the oldest item, which must be there. */
void ring_skip(struct ring *r);

size_t ring_count(const struct ring *r);
size_t ring_space(const struct ring *r);

#endif
