/**
 * @file random.h  Random bytes from the kernel (getrandom): for ids, keys, tags and seeds.
 *
 * Thread: any but media threads.
 */
#ifndef PARLEY_OS_RANDOM_H
#define PARLEY_OS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"

/** Fills the bytes; the process ends where the kernel has none, as nothing could be trusted then. */
void random_bytes(void *out, size_t len);

uint64_t random_u64(void);

/** A fresh id with this prefix. */
void random_id(id_text out, const char prefix[2]);

#endif
