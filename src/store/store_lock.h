/**
 * @file store_lock.h  The data directory: made where missing, and held by one process at a time.
 *
 * The kernel lets go of the lock when the process ends, however it ends. Inside store/ only. Thread: any.
 */
#ifndef PARLEY_STORE_STORE_LOCK_H
#define PARLEY_STORE_STORE_LOCK_H

#include "base/status.h"
#include "store/store.h"

/**
 * Makes the directory (0700, its parent must exist) and takes DATA/lock, which then holds this process's id.
 *
 * @param[out] fd  owned: closing it lets go
 * @return STATUS_OK; STATUS_CONFLICT (held; why names the holder's pid); STATUS_IO
 */
MUST_CHECK status store_lock_take(int *fd, const char *data_dir, char why[STORE_WHY_SIZE]);

/**
 * Makes the file with 0600 where it is missing, and makes its name survive a power cut.
 * @return STATUS_OK, STATUS_IO
 */
MUST_CHECK status store_file_make(const char *data_dir, const char *path, char why[STORE_WHY_SIZE]);

#endif
