/**
 * @file playback.h  One Say or Play on its way: spoken or fetched, decoded, played to a call or a conference, over.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_PLAYBACK_H
#define PARLEY_DAEMON_PLAYBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "daemon/bridge.h"
#include "engine/engine.h"

struct playbacks;
struct playback;

/** Borrowed for the call. */
struct playback_item {
    const char *text;              /**< Say; NULL for Play */
    const char *file;              /**< URL of Play */
    const char *language, *engine; /**< Say; NULL: the defaults */
    uint32_t loop;                 /**< times; 0: for ever */
    bool privacy;                  /**< what it is is not to be logged */
    const char *call;              /**< who hears it: this call, or the listeners of conference */
    const char *conference;
};

/** It is over. @param why  where it failed, else NULL; borrowed for the call */
typedef void playback_done_fn(void *arg, const char *why);

MUST_CHECK status playbacks_create(struct playbacks **out, struct bridge *bridge);

/** Nothing is reported any more. The engine has gone before. NULL is allowed. */
void playbacks_destroy(struct playbacks *ps);

/**
 * Starts it. done is called once, later, unless playback_stop() comes first.
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status playback_start(struct playbacks *ps, const struct playback_item *item, playback_done_fn *done,
                                 void *arg, struct playback **out);

/** Ends it, at whatever point it is; done is not called, and the handle is gone. */
void playback_stop(struct playback *p);

/** ENGINE_PLAYED and ENGINE_LEG_PLAYED with one of our tokens. */
void playbacks_report(struct playbacks *ps, const struct engine_report *report);

#endif
