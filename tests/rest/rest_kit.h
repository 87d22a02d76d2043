/**
 * @file rest_kit.h  The API on a real HTTP server and a real store in a directory that goes away, and a small bridge
 * behind it: conferences of src/conf that are stored, calls that are only rows, one announcement at a time.
 *
 * One client on the same loop asks, and each answer is waited for. A watchdog fails the test that waits for ever.
 */
#ifndef PARLEY_TESTS_REST_KIT_H
#define PARLEY_TESTS_REST_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/ids.h"
#include "rest/rest_backend.h"
#include "store/store.h"
#include "store/store_read.h"
#include "store/store_tx.h"

/** An answer; valid until the next question. */
struct kit_reply {
    int code;
    json_t *body; /**< NULL where it is no JSON */
    char text[8192];
    char type[64], request_id[64], etag[32], allow[64], replayed[16], disposition[192];
    uint64_t bytes;
};

struct kit {
    struct store *store;
    id_text account, other;          /**< whose keys are "key" (may write) and "reader" */
    struct rest_call_options placed; /**< what the last POST /Calls came to: timeout and privacy here, texts below */
    char placed_connect_url[256], placed_application[64], placed_parent[64], placed_request[64];
    unsigned secrets_changed, calls_placed, began;
    char began_request[64];
    char resent[128];
};

extern struct kit kit;

/** For cmocka. */
int kit_set_up(void **state);
int kit_set_up_bare(void **state); /**< without what a bridge may leave out */
int kit_tear_down(void **state);

/** @{ Of the next question only. */
void kit_header(const char *name, const char *value);
void kit_credentials(const char *user, const char *password); /**< NULL: none */
/** @} */

/**
 * Asks. A path that begins with "/" and is not one of the API's own ("/health", "/openapi.json", "/recordings/",
 * "/metrics", "/apiserver") stands below the account.
 * @param body  NULL: none
 */
const struct kit_reply *kit_ask(const char *method, const char *path, const char *body);

enum { KIT_AT_ONCE_MAX = 32 };

/**
 * Asks the same several times at once, and waits for all.
 * @param key    Idempotency-Key of all; NULL for none
 * @param codes  what was answered, count of them
 */
void kit_ask_at_once(const char *method, const char *path, const char *body, const char *key, int *codes, size_t count);

/** The same as kit_ask() with a printf'd path. */
const struct kit_reply *kit_get(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Fails unless the code is this; @return the JSON body, borrowed until the next question */
json_t *kit_expect(const struct kit_reply *reply, int code);

/** The text of a member; fails where it is none. */
const char *kit_text(const json_t *object, const char *member);
json_int_t kit_number(const json_t *object, const char *member);

/** Lets a call into a conference; start: as a moderator. */
void kit_join(const char *id, const char *call, bool start);

/** Commits and waits; the outcome must be STATUS_OK. */
void kit_commit(struct store_tx *tx);
struct store_tx *kit_begin(void);

/** Prefix, then the number in 40 digits. */
void kit_id(id_text out, const char *prefix, uint32_t number);

#endif
