/**
 * @file lane.h  The notifications of one conference or call that are not delivered yet, in order; and how long to
 * pause.
 *
 * Inside hook/ only. Thread: control.
 */
#ifndef PARLEY_HOOK_LANE_H
#define PARLEY_HOOK_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/list.h"
#include "base/rng.h"
#include "hook/gate.h"
#include "hook/hook.h"

struct lane;

/** One notification. Owned by its lane, except while hook is NULL: then by the transaction that has not ended. */
struct hook_item {
    struct list link;     /**< in lane.items */
    struct list all_link; /**< in hook.items, oldest first */
    struct hook *hook;    /**< NULL once the hook has gone */
    struct lane *lane;
    id_text account;
    uint32_t n;
    char *url, *body; /**< owned */
    bool stored;      /**< its row is on disk */
    bool resent;      /**< it was dead before */
    uint32_t attempts;
    int64_t since_us; /**< when it was made, on the loop's clock */
};

struct lane {
    struct hook *hook;
    id_text id;
    struct list items;              /**< by n */
    struct http_exchange *exchange; /**< the request under way; NULL where none is */
    struct gate_pass pass;          /**< a place or a turn; a place while there is an exchange */
    struct loop_timer *timer;       /**< end of a pause */
    int64_t not_before_us;          /**< the pause; on the loop's clock */
};

/** @return NULL where memory is short */
struct hook_item *hook_item_create(const struct hook_event *event);

/** Unlinks and frees. */
void hook_item_destroy(struct hook_item *item);

/** Puts the item where its number belongs, which is nearly always the end. */
void lane_insert(struct lane *lane, struct hook_item *item);

/** NULL where the lane has no item of this number. */
struct hook_item *lane_find(const struct lane *lane, uint32_t n);

/** NULL where the lane is empty. */
struct hook_item *lane_first(const struct lane *lane);

/**
 * The pause after this many failures: first_ms doubled for each failure after the first, at most max_ms, of which a
 * random part of up to a half is taken off so that receivers who come back are not hit by all lanes at once.
 */
uint32_t lane_pause_ms(uint32_t attempts, uint32_t first_ms, uint32_t max_ms, struct rng *rng);

#endif
