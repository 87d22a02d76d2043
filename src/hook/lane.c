#include "hook/lane.h"

#include <stdlib.h>
#include <string.h>

struct hook_item *hook_item_create(const struct hook_event *event)
{
    struct hook_item *item = calloc(1, sizeof *item);
    if (!item) return NULL;
    list_init(&item->link);
    list_init(&item->all_link);
    item->n = event->n;
    item->url = strdup(event->url);
    item->body = strdup(event->body);
    bool fits = slice_copy(slice_of(event->account), item->account, sizeof item->account);
    if (fits && item->url && item->body) return item;
    hook_item_destroy(item);
    return NULL;
}

void hook_item_destroy(struct hook_item *item)
{
    list_remove(&item->link);
    list_remove(&item->all_link);
    free(item->url);
    free(item->body);
    free(item);
}

void lane_insert(struct lane *lane, struct hook_item *item)
{
    const struct list *sent = lane->exchange ? lane->items.next : &lane->items; /* what is under way stays first */
    struct list *after = lane->items.prev;
    while (after != &lane->items && after != sent && list_object(after, struct hook_item, link)->n > item->n)
        after = after->prev;
    list_push_front(after, &item->link);
    item->lane = lane;
}

struct hook_item *lane_find(const struct lane *lane, uint32_t n)
{
    list_each (link, &lane->items) {
        struct hook_item *item = list_object(link, struct hook_item, link);
        if (item->n == n) return item;
    }
    return NULL;
}

struct hook_item *lane_first(const struct lane *lane)
{
    return list_empty(&lane->items) ? NULL : list_object(lane->items.next, struct hook_item, link);
}

uint32_t lane_pause_ms(uint32_t attempts, uint32_t first_ms, uint32_t max_ms, struct rng *rng)
{
    uint32_t pause_ms = first_ms < max_ms ? first_ms : max_ms;
    for (uint32_t i = 1; i < attempts && pause_ms < max_ms; i++)
        pause_ms = pause_ms > max_ms / 2 ? max_ms : pause_ms * 2;
    return pause_ms - rng_below(rng, pause_ms / 2 + 1);
}
