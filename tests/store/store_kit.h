/**
 * @file store_kit.h  What the store's tests share: a data directory that goes away, rows to put in, waiting for
 * outcomes.
 */
#ifndef PARLEY_TESTS_STORE_KIT_H
#define PARLEY_TESTS_STORE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/store.h"
#include "store/store_read.h"
#include "store/store_tx.h"

enum { KIT_PATH_SIZE = 256, KIT_WAIT_MS = 60000 };

/** A new directory under TMPDIR or /tmp. */
void kit_dir_make(char out[KIT_PATH_SIZE]);

/** With the files in it; no deeper. */
void kit_dir_remove(const char *dir);

/** Opens with quick retries; vfs may be NULL. Fails the test where that fails. */
struct store *kit_open(const char *dir, const char *vfs);

/** Prefix, then the number in 40 digits. */
void kit_id(id_text out, const char *prefix, uint32_t number);

/** A conference of account AC 1 with this number, created at this time. All else has some value. */
struct store_conference kit_conference(uint32_t number, int64_t created_unix_ms);

struct store_tx *kit_begin(struct store *s);

/** Commits and waits. @return the outcome */
status kit_commit(struct store *s, struct store_tx *tx);

/** Puts this one conference. @return the outcome */
status kit_put_conference(struct store *s, const struct store_conference *row);

/** @return STATUS_OK with its revision in *revision, or what the store answered */
status kit_get_revision(struct store *s, uint32_t number, uint32_t *revision);

/** The same without waiting for anything else that is under way. */
status kit_get_revision_now(struct store *s, uint32_t number, uint32_t *revision);

void kit_drain(struct store *s);

#endif
