/**
 * @file conference_live.h  A conference in memory, as the files of conferences.h share it: its state, its stage in the
 * engine, and the queue of its changes.
 *
 * conferences.c keeps the table, conference_change.c takes one change after the other, conference_making.c makes new
 * ones, conference_restore.c takes up those of the database. Thread: control.
 */
#ifndef PARLEY_DAEMON_CONFERENCE_LIVE_H
#define PARLEY_DAEMON_CONFERENCE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "daemon/conference_stage.h"
#include "daemon/conferences.h"

struct change;

struct live {
    struct conferences *conferences;
    struct conference *now; /**< owned; replaced by a client's change once that is stored */
    struct conference_stage stage;
    struct list changes;    /**< struct change, queued, oldest first */
    struct change *storing; /**< a client's, on its way to the disk; NULL for none */
    struct loop_timer *auto_end;
    unsigned holds;   /**< recordings that are not over */
    unsigned unheard; /**< changes that wait for the engine */
    bool turning;     /**< a change is being carried out: what comes meanwhile waits in the queue */
    bool closed;      /**< terminated or failed: nobody finds it any more */
    uint64_t order;   /**< of making: the newest wins a name */
};

struct conferences {
    struct bridge *bridge;
    struct map *by_id;
    struct map *by_name; /**< "ACCOUNT ALIAS" to the newest */
    struct list makings; /**< struct making: not yet in by_id */
    struct list audible; /**< struct change that waits for the engine */
    uint64_t tokens, orders;
    size_t automatic; /**< those that end themselves */
};

/* ---- conferences.c ---- */

/** Takes c where it succeeds. @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status live_create(struct live **out, struct conferences *cs, struct conference *c);
void live_destroy(struct live *live);

/** From here on it is found by others; its music is fetched. @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status live_publish(struct live *live);

/** Terminated or failed: found no more, its stage cleared. */
void live_close(struct live *live);

/** Out of memory, where it is closed and nothing of it is under way any more: then it is gone after this. */
void live_retire(struct live *live);

/** Its name has changed from that of before. */
void live_rename(struct live *live, const struct conference *before);

/** Starts or stops the clock of a conference that ends itself. */
void live_set_auto_end(struct live *live);

struct live *live_find(const struct conferences *cs, const char *id);

/** The key of a name in by_name, heap; NULL where memory is short. */
char *live_name_key(const char *account, struct slice alias);

/* ---- conference_change.c ---- */

/**
 * Goes on with the queue where it does not wait for the disk, and is not going on already. The conference may be gone
 * after this.
 */
void change_next(struct live *live);

/** Its media could not be set up: a deferred call, forgotten when the conference goes. */
void change_media_failed(void *live);

/** For the end of the bridge: frees changes that nothing will come of, telling STATUS_CLOSED. */
void change_drop_all(struct live *live);
void change_drop_audible(struct conferences *cs);

/**
 * A transaction with what these effects need: the row, its callbacks' outbox rows, a new recording's row.
 * @param[out] recording  id of the recording that EFFECT_RECORD_START begins
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status change_begin_tx(struct conferences *cs, const struct conference *c,
                                  const struct conference_effects *effects, id_text recording, struct store_tx **out);

/** One log line for an EFFECT_STATUS. */
void change_log_status(const struct conference *c, const struct conference_effect *e);

#endif
