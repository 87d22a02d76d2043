/**
 * @file store.h  Everything a client can name, on disk: one SQLite database, one thread that owns it.
 *
 * The control thread never waits for the disk. It hands over transactions (store_tx.h) and questions (store_read.h);
 * the store thread takes all that wait, writes them as one group with one sync, and hands the outcomes back, which
 * store_poll() delivers on the control thread. Order is that of handing over: a question sees every transaction that
 * was committed before it was asked, except unsaved ones while the disk refuses.
 *
 * Two kinds of transaction. What a client asks for (store_commit) fails when the disk refuses, and then nothing has
 * changed. What has already happened on the wire (store_commit_unsaved) cannot be refused: it waits in memory, in
 * order, and is tried again until it is on disk. While any of these wait, the former kind is refused between two tries.
 *
 * The database is DATA/parley.db (WAL, synchronous=FULL), files 0600; DATA is made with 0700 where missing. DATA/lock
 * is held by flock for as long as the store is open, so two processes never share a data directory.
 *
 * Not here: audio files, API words and their checks, retry of webhooks (hook/), what a row means.
 * Thread: control, all of it.
 */
#ifndef PARLEY_STORE_STORE_H
#define PARLEY_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct store;

/** Room for a path within the data directory, and for a reason, with their NUL. */
enum { STORE_PATH_SIZE = 1024, STORE_WHY_SIZE = 2048 };

/** Zero or NULL gives the default. Strings are borrowed for the call. */
struct store_config {
    const char *data_dir;    /**< must be given */
    const char *vfs;         /**< name of a registered SQLite VFS; default: SQLite's own */
    uint32_t queue_jobs;     /**< transactions and questions under way at most; default 4096 */
    uint32_t retry_first_ms; /**< first wait after the disk refused; doubles up to the maximum; default 50 */
    uint32_t retry_max_ms;   /**< default 1000 */
    bool relaxed_sync;       /**< synchronous=NORMAL: a power cut may take back the last replies */
};

/** For /metrics. */
struct store_stats {
    uint64_t groups;                /**< group commits that reached the disk */
    uint64_t transactions;          /**< transactions that reached the disk */
    uint64_t refused;               /**< transactions that failed, whatever the reason */
    uint64_t reads;                 /**< questions answered */
    uint32_t waiting;               /**< transactions and questions under way */
    uint32_t unsaved;               /**< store_commit_unsaved() transactions not yet on disk */
    uint64_t unsaved_oldest_age_us; /**< 0 where none waits */
    uint64_t group_last_us;         /**< how long the last group took, sync included */
    uint64_t group_max_us;          /**< the longest so far */
};

/**
 * Opens or makes the database, brings an older schema up to date, and starts the store thread. Blocks; for the start.
 *
 * @param[out] out  owned by the caller
 * @param[out] why  on error an English sentence with the path and the database's own words; untouched otherwise
 * @return STATUS_OK; STATUS_CONFLICT (another process has this data directory; why names its pid); STATUS_UNSUPPORTED
 *         (the schema is newer than this program); STATUS_INVALID (not our database, or a damaged one); STATUS_IO;
 *         STATUS_NO_MEMORY
 */
MUST_CHECK status store_open(struct store **out, const struct store_config *config, char why[STORE_WHY_SIZE]);

/**
 * Carries out all transactions under way, unsaved ones once more too, runs every callback that is still owed (what
 * could not be written gets STATUS_CLOSED, and so do all questions: nobody is to go on from their answers), and closes.
 * What callbacks commit or ask meanwhile gets STATUS_CLOSED too. NULL is allowed.
 */
void store_close(struct store *s);

/** True for callbacks that store_close() runs: what follows from an outcome is left to the next start. */
bool store_is_closing(const struct store *s);

/** Readable while store_poll() has something to deliver. Borrowed; for the loop to watch. */
int store_fd(const struct store *s);

/** Runs the callbacks of what is finished, in order. They may begin, commit and ask; they must not close the store. */
void store_poll(struct store *s);

/**
 * Polls until nothing is under way: for the start, where everything is loaded before the first call is taken, and for
 * tests. Blocks; not from a callback.
 * @return STATUS_OK, STATUS_TIMEOUT
 */
MUST_CHECK status store_drain(struct store *s, uint32_t timeout_ms);

struct store_stats store_stats(const struct store *s);

#endif
