/**
 * @file store_rows.h  The rows of the database as plain structs.
 *
 * Texts are borrowed where a row is given to the store (which copies what it keeps) and where the store shows a row to
 * a callback (valid for that call). A row made by a _copy() owns its texts and is given back by its _clear(). NULL is
 * "not set", an empty id is "none". Words (status, direction ...) are the API's own. Times are _unix_ms, 0 = not yet.
 *
 * Thread: any.
 */
#ifndef PARLEY_STORE_STORE_ROWS_H
#define PARLEY_STORE_STORE_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/status.h"

struct store_account {
    id_text id;             /**< AC... */
    uint8_t key_sha256[32]; /**< of the API key's text */
    const char *alias, *label;
    const char *type;   /**< trial, full */
    const char *status; /**< active, suspended, closed */
    uint32_t revision;
    int64_t created_unix_ms, updated_unix_ms;
};

/** Mirrors struct conference without its participants, who live only as long as their calls. */
struct store_conference {
    id_text id, account;   /**< CF..., AC... */
    const char *alias;     /**< NULL or "" where it has none */
    const char *play_beep; /**< always, never, entryOnly, exitOnly */
    bool record, record_tracks;
    const char *wait_url, *status_callback_url, *action_url;
    const char *status; /**< empty, populated, inProgress, terminated, internalError */
    uint32_t revision;
    int64_t created_unix_ms, updated_unix_ms;
    uint32_t events; /**< callbacks numbered so far */
    uint32_t auto_end_s, participants_max, talkers_max;
};

struct store_call {
    id_text id, account; /**< CA... */
    id_text parent_call;
    id_text conference; /**< the one it is in now */
    id_text application;
    id_text phone_number; /**< PN... */
    const char *from, *to;
    const char *caller_name;
    const char *status;       /**< queued, ringing, inProgress, canceled, completed, failed, busy, noAnswer */
    const char *direction;    /**< inbound, outboundAPI, outboundDial */
    const char *answered_by;  /**< human, machine; NULL: not known */
    const char *ended_reason; /**< callEndedReason; NULL while it lasts */
    const char *status_callback_url;
    uint32_t revision;
    uint32_t events; /**< webhooks numbered so far */
    int64_t created_unix_ms, updated_unix_ms;
    int64_t start_unix_ms, connect_unix_ms, end_unix_ms;
};

enum { STORE_TOKEN_SIZE = 41 }; /**< 160 random bits in lower-case hex, and a NUL */

struct store_recording {
    id_text id, account;          /**< RE... */
    id_text conference, call;     /**< exactly one of them is set */
    const char *state;            /**< recording, complete, lost */
    const char *file;             /**< name within the recordings folder */
    char token[STORE_TOKEN_SIZE]; /**< makes recordingUrl unguessable; "" where there is none */
    uint64_t bytes;
    uint64_t duration_ms;
    uint64_t lost_ms; /**< audio that a slow or full disk cost */
    uint32_t revision;
    int64_t created_unix_ms, updated_unix_ms;
};

/** What parley-sip said last about the dialog of a call (signal/dialog_record.h, as JSON text). */
struct store_dialog {
    id_text call;
    const char *json;
};

/** A webhook that has not been delivered. */
struct store_outbox {
    id_text account;
    id_text lane; /**< the conference or call in whose order it goes */
    uint32_t n;   /**< counts up within the lane */
    const char *url, *body;
    int64_t created_unix_ms;
    uint32_t attempts;
    int64_t due_unix_ms; /**< not before */
    const char *state;   /**< pending, dead */
};

/** What a number or a REST call runs: FreeClimb's Application. URLs are NULL where not set. */
struct store_application {
    id_text id, account; /**< AP..., AC... */
    const char *alias;
    const char *voice_url, *voice_fallback_url, *call_connect_url, *status_callback_url;
    const char *sms_url, *sms_fallback_url; /**< kept and shown; nothing here sends messages */
    uint32_t revision;
    int64_t created_unix_ms, updated_unix_ms;
};

/** A number or SIP user name that can be dialled, and the application that then runs. */
struct store_number {
    id_text id, account; /**< PN..., AC... */
    id_text application; /**< "" where it has none */
    const char *number;  /**< "+15551234567" or "frontdesk"; once in an account */
    const char *alias, *region, *country;
    bool voice_enabled, sms_enabled, offnet;
    uint32_t revision;
    int64_t created_unix_ms, updated_unix_ms;
};

/** A line of an account's log, and of a call's where call is set. It has no id and never changes. */
struct store_log {
    id_text account;
    int64_t timestamp_us; /**< Unix time in microseconds */
    const char *level;    /**< info, warning, error */
    id_text request;      /**< RQ...; "" where no request led to it */
    id_text call;
    const char *message;
    const char *metadata; /**< a JSON object as text; NULL: none */
};

/** What webhooks of an account are signed with. The text itself is needed for that, so it is kept. */
struct store_secret {
    id_text id, account; /**< SS..., AC... */
    const char *secret;
    int64_t created_unix_ms;
};

enum { STORE_SECRETS_MAX = 2 /**< active ones of an account: the new and the old while they are exchanged */ };

/** What a POST with an Idempotency-Key was answered. */
struct store_reply {
    id_text account;
    const char *key;
    const char *request;        /**< method and path */
    uint8_t request_sha256[32]; /**< of its body */
    uint32_t http;              /**< 0: under way, or broken off by the end of the process */
    const char *body;           /**< NULL: none */
    int64_t created_unix_ms;
};

/** @{ Independent copies. @return STATUS_OK, STATUS_NO_MEMORY (and *out untouched) */
MUST_CHECK status store_account_copy(struct store_account *out, const struct store_account *row);
MUST_CHECK status store_conference_copy(struct store_conference *out, const struct store_conference *row);
MUST_CHECK status store_call_copy(struct store_call *out, const struct store_call *row);
MUST_CHECK status store_recording_copy(struct store_recording *out, const struct store_recording *row);
MUST_CHECK status store_dialog_copy(struct store_dialog *out, const struct store_dialog *row);
MUST_CHECK status store_outbox_copy(struct store_outbox *out, const struct store_outbox *row);
MUST_CHECK status store_application_copy(struct store_application *out, const struct store_application *row);
MUST_CHECK status store_number_copy(struct store_number *out, const struct store_number *row);
MUST_CHECK status store_log_copy(struct store_log *out, const struct store_log *row);
MUST_CHECK status store_secret_copy(struct store_secret *out, const struct store_secret *row);
MUST_CHECK status store_reply_copy(struct store_reply *out, const struct store_reply *row);
/** @} */

/** @{ Frees the texts of a copy and zeroes the row. */
void store_account_clear(struct store_account *row);
void store_conference_clear(struct store_conference *row);
void store_call_clear(struct store_call *row);
void store_recording_clear(struct store_recording *row);
void store_dialog_clear(struct store_dialog *row);
void store_outbox_clear(struct store_outbox *row);
void store_application_clear(struct store_application *row);
void store_number_clear(struct store_number *row);
void store_log_clear(struct store_log *row);
void store_secret_clear(struct store_secret *row);
void store_reply_clear(struct store_reply *row);
/** @} */

#endif
