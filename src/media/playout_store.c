#include "media/playout_store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

status playout_store_init(struct playout_store *store, size_t payload_bytes)
{
    store->slot_bytes = payload_bytes;
    store->payloads = calloc(PLAYOUT_STORE_SLOTS, payload_bytes);
    playout_store_reset(store);
    return store->payloads ? STATUS_OK : STATUS_NO_MEMORY;
}

void playout_store_clear(struct playout_store *store)
{
    free(store->payloads);
    store->payloads = NULL;
}

void playout_store_reset(struct playout_store *store)
{
    store->count = 0;
    store->free_count = PLAYOUT_STORE_SLOTS;
    for (uint8_t i = 0; i < PLAYOUT_STORE_SLOTS; i++)
        store->free_slots[i] = i;
}

static uint32_t find_place(const struct playout_store *store, int64_t seq)
{
    uint32_t at = store->count;
    while (at > 0 && store->waiting[at - 1].seq > seq)
        at--;
    return at;
}

bool playout_store_put(struct playout_store *store, const struct playout_stored *stored, const uint8_t *payload)
{
    if (store->free_count == 0) return false;
    uint32_t at = find_place(store, stored->seq);
    uint8_t slot = store->free_slots[--store->free_count];
    if (!stored->silent) memcpy(store->payloads + slot * store->slot_bytes, payload, stored->len);
    memmove(store->waiting + at + 1, store->waiting + at, (store->count - at) * sizeof(store->waiting[0]));
    store->waiting[at] = *stored;
    store->waiting[at].slot = slot;
    store->count++;
    return true;
}

void playout_store_take(struct playout_store *store, struct playout_stored *stored)
{
    assert(store->count > 0);
    *stored = store->waiting[0];
    store->count--;
    memmove(store->waiting, store->waiting + 1, store->count * sizeof(store->waiting[0]));
    store->free_slots[store->free_count++] = stored->slot;
}
