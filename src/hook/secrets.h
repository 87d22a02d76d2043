/**
 * @file secrets.h  The active signing secrets of all accounts, in memory: what requests are signed with is looked up
 * for each of them.
 *
 * A copy of the store's rows, read at the start and again for an account whose rows have changed. Secrets are never
 * logged, and overwritten before they are freed.
 * Thread: control.
 */
#ifndef PARLEY_HOOK_SECRETS_H
#define PARLEY_HOOK_SECRETS_H

#include "base/status.h"
#include "hook/signature.h"
#include "store/store_tx.h"

struct secrets;

/** @param store  borrowed until secrets_destroy() @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status secrets_create(struct secrets **out, struct store *store);

/** Answers of the store that are still on their way do nothing then. NULL is allowed. */
void secrets_destroy(struct secrets *secrets);

/**
 * Reads all of them: at the start, before anything is sent.
 * @param done  told the outcome, later; NULL is allowed
 * @return STATUS_OK, STATUS_FULL, STATUS_NO_MEMORY
 */
MUST_CHECK status secrets_load(struct secrets *secrets, store_done_fn *done, void *arg);

/** Reads those of one account again, after every change that was committed before this call. As secrets_load(). */
MUST_CHECK status secrets_refresh(struct secrets *secrets, const char *account, store_done_fn *done, void *arg);

/** A hook_secrets_fn whose arg is a struct secrets. */
void secrets_of(void *secrets, const char *account, struct hook_secrets *out);

#endif
