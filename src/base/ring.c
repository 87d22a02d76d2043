#include "base/ring.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64

struct ring {
    size_t item_bytes;
    size_t mask;
    unsigned char *items;
    alignas(CACHE_LINE) atomic_size_t head; /* next to pop; written by the consumer */
    alignas(CACHE_LINE) atomic_size_t tail; /* next to push; written by the producer */
};

status ring_create(struct ring **out, size_t item_bytes, size_t items)
{
    size_t size = 2;
    while (size < items)
        size *= 2;
    struct ring *r = aligned_alloc(CACHE_LINE, sizeof *r);
    unsigned char *memory = calloc(size, item_bytes);
    if (!r || !memory) {
        free(r);
        free(memory);
        return STATUS_NO_MEMORY;
    }
    r->item_bytes = item_bytes;
    r->mask = size - 1;
    r->items = memory;
    atomic_init(&r->head, 0);
    atomic_init(&r->tail, 0);
    *out = r;
    return STATUS_OK;
}

void ring_destroy(struct ring *r)
{
    if (!r) return;
    free(r->items);
    free(r);
}

static unsigned char *place(const struct ring *r, size_t index)
{
    return r->items + (index & r->mask) * r->item_bytes;
}

bool ring_push(struct ring *r, const void *item)
{
    size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    size_t head = atomic_load_explicit(&r->head, memory_order_acquire);
    if (tail - head > r->mask) return false;
    memcpy(place(r, tail), item, r->item_bytes);
    atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
    return true;
}

bool ring_pop(struct ring *r, void *item)
{
    const void *oldest = ring_peek(r);
    if (!oldest) return false;
    memcpy(item, oldest, r->item_bytes);
    ring_skip(r);
    return true;
}

const void *ring_peek(struct ring *r)
{
    size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    size_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);
    return head == tail ? NULL : place(r, head);
}

void ring_skip(struct ring *r)
{
    size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
    assert(head != atomic_load_explicit(&r->tail, memory_order_acquire));
    atomic_store_explicit(&r->head, head + 1, memory_order_release);
}

size_t ring_count(const struct ring *r)
{
    size_t head = atomic_load_explicit(&r->head, memory_order_acquire);
    return atomic_load_explicit(&r->tail, memory_order_acquire) - head;
}

size_t ring_space(const struct ring *r)
{
    return r->mask + 1 - ring_count(r);
}
