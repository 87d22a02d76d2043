/**
 * @file accounts.h  Who may use the API: account ids and the hashes of their keys, held in memory.
 *
 * A key is 160 random bits that only its owner has; what is kept is its SHA-256. The first start without an account
 * makes one, and writes ID:KEY once to DATA/first-account (0600).
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_ACCOUNTS_H
#define PARLEY_DAEMON_ACCOUNTS_H

#include <stdbool.h>

#include "base/status.h"
#include "daemon/bridge.h"

struct accounts;

MUST_CHECK status accounts_create(struct accounts **out, struct bridge *bridge);
void accounts_destroy(struct accounts *a);

/**
 * Loads the accounts, and makes the one given or, where there is none at all, the first. Blocks on the store: for the
 * start.
 *
 * @param given     "ID:KEY", checked before; NULL for none. Its key replaces that of a known id
 * @param[out] why  on error a sentence; borrowed
 * @return STATUS_OK, STATUS_IO, STATUS_NO_MEMORY
 */
MUST_CHECK status accounts_load(struct accounts *a, const char *given, const char **why);

/** Constant time in the key. */
bool accounts_key_fits(const struct accounts *a, const char *id, const char *key);

/** The account given on the command line, else the oldest. */
const char *accounts_first(const struct accounts *a);

/** True where there is such an account. */
bool accounts_has(const struct accounts *a, const char *id);

/** True where this start made the first account: its key is in DATA/first-account. */
bool accounts_made_first(const struct accounts *a);

#endif
