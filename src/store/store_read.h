/**
 * @file store_read.h  Questions to the store. The answer comes by callback from store_poll().
 *
 * Each returns STATUS_OK (fn will be called exactly once, later), STATUS_FULL (too much is under way) or
 * STATUS_NO_MEMORY; then fn is not called. A list with a cursor that is not one of ours returns STATUS_INVALID.
 * The answer's status is STATUS_OK; STATUS_NOT_FOUND (a get); STATUS_IO; STATUS_NO_MEMORY; STATUS_CLOSED.
 * Rows and page are borrowed for the call of fn; _copy() keeps one.
 *
 * Lists are newest first (created, then order of insertion) and are continued by a cursor that stands for a place,
 * not for a number: rows that are added meanwhile neither repeat nor hide any.
 * Thread: control.
 */
#ifndef PARLEY_STORE_STORE_READ_H
#define PARLEY_STORE_STORE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "store/store.h"
#include "store/store_rows.h"

enum {
    STORE_CURSOR_SIZE = 64,
    STORE_PAGE_MAX = 1000,
    STORE_APPLICATIONS_MAX = 16,
    STORE_COUNT_MAX = 10000, /**< matches of a filter are counted up to here, so that a count costs no walk over all */
};

/** Where the rows of an answer stand in the whole list. */
struct store_page {
    uint64_t total; /**< rows that pass the filter: exact for a whole list, one status, or up to STORE_COUNT_MAX; else
                         at least so many */
    uint64_t start; /**< index of the first row, from 0; what it was when the page before was read */
    uint32_t limit; /**< the page size it was read with */
    bool has_next;
    char next_cursor[STORE_CURSOR_SIZE]; /**< letters and digits only; "" on the last page */
};

/** From (inclusive) to (exclusive); 0 leaves that side open. A day is its first millisecond and that of the next. */
struct store_range {
    int64_t from_unix_ms, to_unix_ms;
};

/** Common to all lists. */
struct store_paging {
    const char *cursor; /**< NULL or "": from the start */
    uint32_t limit;     /**< 1 to STORE_PAGE_MAX; 0 gives 100 */
};

/** NULL, "" and zero ranges do not filter. account must be given. Texts are borrowed for the call. */
struct store_conference_filter {
    const char *account;
    const char *status; /**< "terminated" finds internalError too, as the API shows those */
    const char *alias;  /**< exactly */
    struct store_range created, updated;
    struct store_paging paging;
};

struct store_recording_filter {
    const char *account;
    const char *conference, *call;
    struct store_range created;
    struct store_paging paging;
};

struct store_call_filter {
    const char *account;
    bool active; /**< queued, ringing and inProgress only */
    const char *status, *from, *to, *parent_call;
    const char *applications[STORE_APPLICATIONS_MAX]; /**< any of them */
    size_t application_count;
    struct store_range created, start;
    struct store_range end; /**< a call that lasts has no end, and passes no such range */
    struct store_paging paging;
};

struct store_application_filter {
    const char *account;
    const char *alias;
    struct store_paging paging;
};

/** Whether a flag filters, and for what. */
enum store_wanted { STORE_ANY, STORE_NO, STORE_YES };

struct store_number_filter {
    const char *account;
    const char *number, *alias, *region, *country, *application;
    enum store_wanted has_application, voice_enabled, sms_enabled;
    struct store_paging paging;
};

/** What a log line is asked for. */
enum store_log_field { STORE_LOG_TIMESTAMP, STORE_LOG_LEVEL, STORE_LOG_CALL, STORE_LOG_REQUEST, STORE_LOG_MESSAGE };

enum store_log_step {
    STORE_LOG_EQUAL, /**< a line without a call or request is unequal to any */
    STORE_LOG_UNEQUAL,
    STORE_LOG_LESS,
    STORE_LOG_MORE,
    STORE_LOG_AT_MOST,
    STORE_LOG_AT_LEAST,
    STORE_LOG_AND, /**< of the nodes left and right, which come earlier in the array */
    STORE_LOG_OR,
};

/** A node of a condition. Levels are ordered info, warning, error; texts by their bytes. */
struct store_log_node {
    enum store_log_step step;
    size_t left, right; /**< AND, OR */
    enum store_log_field field;
    int64_t number;   /**< STORE_LOG_TIMESTAMP */
    const char *text; /**< other fields */
};

enum { STORE_LOG_NODES_MAX = 64 };

struct store_log_filter {
    const char *account;
    const char *call;
    const struct store_log_node *condition; /**< the last node is the whole condition; NULL: none */
    size_t condition_count;
    struct store_paging paging;
};

struct store_outbox_filter {
    const char *account;
    const char *state; /**< pending, dead */
    const char *lane;
    uint32_t n; /**< 0: any; else within lane */
    struct store_paging paging;
};

/** @{ A get shows one row and no page (NULL), a load all rows and no page, a list a page. */
typedef void store_accounts_fn(void *arg, status s, const struct store_account *rows, size_t count);
typedef void store_conferences_fn(void *arg, status s, const struct store_conference *rows, size_t count,
                                  const struct store_page *page);
typedef void store_calls_fn(void *arg, status s, const struct store_call *rows, size_t count,
                            const struct store_page *page);
typedef void store_recordings_fn(void *arg, status s, const struct store_recording *rows, size_t count,
                                 const struct store_page *page);
typedef void store_dialogs_fn(void *arg, status s, const struct store_dialog *rows, size_t count);
typedef void store_outbox_fn(void *arg, status s, const struct store_outbox *rows, size_t count);
typedef void store_applications_fn(void *arg, status s, const struct store_application *rows, size_t count,
                                   const struct store_page *page);
typedef void store_numbers_fn(void *arg, status s, const struct store_number *rows, size_t count,
                              const struct store_page *page);
typedef void store_logs_fn(void *arg, status s, const struct store_log *rows, size_t count,
                           const struct store_page *page);
typedef void store_outbox_page_fn(void *arg, status s, const struct store_outbox *rows, size_t count,
                                  const struct store_page *page);
typedef void store_secrets_fn(void *arg, status s, const struct store_secret *rows, size_t count);
typedef void store_replies_fn(void *arg, status s, const struct store_reply *rows, size_t count);
/** @} */

MUST_CHECK status store_get_account(struct store *s, const char *id, store_accounts_fn *fn, void *arg);

/** @{ A row of another account is STATUS_NOT_FOUND. */
MUST_CHECK status store_get_conference(struct store *s, const char *account, const char *id, store_conferences_fn *fn,
                                       void *arg);
MUST_CHECK status store_get_call(struct store *s, const char *account, const char *id, store_calls_fn *fn, void *arg);
MUST_CHECK status store_get_recording(struct store *s, const char *account, const char *id, store_recordings_fn *fn,
                                      void *arg);
MUST_CHECK status store_get_application(struct store *s, const char *account, const char *id, store_applications_fn *fn,
                                        void *arg);
MUST_CHECK status store_get_number(struct store *s, const char *account, const char *id, store_numbers_fn *fn,
                                   void *arg);
/** By what is dialled. */
MUST_CHECK status store_get_number_dialled(struct store *s, const char *account, const char *number,
                                           store_numbers_fn *fn, void *arg);
MUST_CHECK status store_get_reply(struct store *s, const char *account, const char *key, store_replies_fn *fn,
                                  void *arg);
/** @} */

/** By the token of its recordingUrl, whatever the account. */
MUST_CHECK status store_get_recording_by_token(struct store *s, const char *token, store_recordings_fn *fn, void *arg);

MUST_CHECK status store_list_conferences(struct store *s, const struct store_conference_filter *filter,
                                         store_conferences_fn *fn, void *arg);
MUST_CHECK status store_list_calls(struct store *s, const struct store_call_filter *filter, store_calls_fn *fn,
                                   void *arg);
MUST_CHECK status store_list_recordings(struct store *s, const struct store_recording_filter *filter,
                                        store_recordings_fn *fn, void *arg);

MUST_CHECK status store_list_applications(struct store *s, const struct store_application_filter *filter,
                                          store_applications_fn *fn, void *arg);
MUST_CHECK status store_list_numbers(struct store *s, const struct store_number_filter *filter, store_numbers_fn *fn,
                                     void *arg);
/** By timestamp, newest first. */
MUST_CHECK status store_list_logs(struct store *s, const struct store_log_filter *filter, store_logs_fn *fn, void *arg);
/** What is not delivered, by the time it was made. */
MUST_CHECK status store_list_outbox(struct store *s, const struct store_outbox_filter *filter, store_outbox_page_fn *fn,
                                    void *arg);
/** All of one account, oldest first; at most STORE_SECRETS_MAX. */
MUST_CHECK status store_list_secrets(struct store *s, const char *account, store_secrets_fn *fn, void *arg);

/** @{ For the start: what a process before this one left unfinished, oldest first. */
MUST_CHECK status store_load_accounts(struct store *s, store_accounts_fn *fn, void *arg);
/** Conferences that are neither terminated nor in internalError. */
MUST_CHECK status store_load_conferences(struct store *s, store_conferences_fn *fn, void *arg);
/** Calls that are queued, ringing or inProgress. */
MUST_CHECK status store_load_calls(struct store *s, store_calls_fn *fn, void *arg);
/** Recordings in state "recording". */
MUST_CHECK status store_load_recordings(struct store *s, store_recordings_fn *fn, void *arg);
/** Of all accounts. */
MUST_CHECK status store_load_secrets(struct store *s, store_secrets_fn *fn, void *arg);
MUST_CHECK status store_load_dialogs(struct store *s, store_dialogs_fn *fn, void *arg);
/** Outbox rows that are pending, each lane in the order of n. */
MUST_CHECK status store_load_outbox(struct store *s, store_outbox_fn *fn, void *arg);
/** @} */

#endif
