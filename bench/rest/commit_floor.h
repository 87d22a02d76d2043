/**
 * @file commit_floor.h  The bare SQLite group-commit loop, and what one sync of the disk takes.
 *
 * Thread: one.
 */
#ifndef PARLEY_BENCH_COMMIT_FLOOR_H
#define PARLEY_BENCH_COMMIT_FLOOR_H

#include <stdint.h>

/** Figures of one run. */
struct commit_floor {
    double operations_per_s; /**< rows inserted and rows updated, each counted once */
    double sync_us;          /**< median time of fdatasync() after a 4 KiB write */
};

/**
 * Inserts and updates rows of a table like that of the conferences, WAL and synchronous=FULL, so many a transaction.
 *
 * @param folder  an existing one, on the disk that is meant; two files are left in it
 * @return 0; -1 where the database or the disk refuses (said on stderr)
 */
int commit_floor_run(struct commit_floor *out, const char *folder, unsigned group, unsigned seconds);

#endif
