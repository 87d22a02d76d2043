/**
 * @file rest_backend.h  What the REST resources ask of the rest of the bridge; the wiring implements it.
 *
 * Reading goes straight to the store (store_read.h), but for what lives only in memory: conferences that are not
 * terminated with their participants, and figures. Changes of what lives go through the functions here, which store
 * first and answer by callback once the change is on disk and audible. What is only a row (accounts, applications,
 * numbers, secrets) is written to the store by rest/ itself and read there when it is needed.
 *
 * Thread: control.
 */
#ifndef PARLEY_REST_REST_BACKEND_H
#define PARLEY_REST_REST_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"
#include "conf/conference.h"
#include "net/fetch_guard.h"
#include "rest/rest_quality.h"
#include "store/store_rows.h"

/**
 * The outcome of a change: STATUS_OK and the conference as it is now (borrowed for the call), else the reason and NULL.
 * STATUS_IO: it could not be stored, and nothing has changed.
 */
typedef void rest_conference_fn(void *arg, status s, const struct conference *c);
typedef void rest_done_fn(void *arg, status s);

/** A call to be placed. Texts are borrowed for the call of call_create; NULL where not given. */
struct rest_call_options {
    const char *from, *to;
    const char *application;         /**< AP..., of the account; its own or its parent's */
    const char *parent_call;         /**< CA..., of the account, ringing inbound or in progress */
    const char *call_connect_url;    /**< never NULL: the request's, else the application's */
    const char *status_callback_url; /**< the application's */
    const char *send_digits;
    const char *if_machine; /**< redirect, hangup */
    const char *if_machine_url;
    uint32_t timeout_s;
    bool privacy_mode;
    const char *request_id; /**< RQ...: for the log lines and webhooks that it leads to */
};

/** The outcome, and the call as it is now (borrowed for the call) or NULL. */
typedef void rest_call_done_fn(void *arg, status s, const struct store_call *row);

enum rest_call_change {
    REST_CALL_CANCEL,   /**< canceled: a call that is still queued */
    REST_CALL_COMPLETE, /**< completed: hung up in whatever state it is */
};

/** Say or Play to a whole conference. Texts are borrowed for the call. */
struct rest_announcement {
    const char *file; /**< Play: its URL; NULL for Say */
    const char *text; /**< Say */
    const char *language;
    uint32_t loop; /**< times; 0: until it is stopped */
    bool privacy_mode;
    const char *request_id;
};

/** The outcome, and the announcement's id (AN...). */
typedef void rest_announcement_fn(void *arg, status s, const char *id);

enum { REST_AUDIO_HEAD = 80 };

/** An open file of a recording. */
struct rest_audio {
    int fd;                        /**< owned by the caller */
    uint64_t size;                 /**< bytes that may be read now */
    const char *content_type;      /**< static */
    uint8_t head[REST_AUDIO_HEAD]; /**< to be sent in place of the file's first bytes */
    size_t head_len;               /**< 0: the file's own */
};

/** The name of a recording's track: a call's id, or "bridge". Borrowed for the call. */
typedef void rest_track_fn(void *arg, const char *name);

enum rest_access { REST_ACCESS_NONE, REST_ACCESS_READ, REST_ACCESS_WRITE };

enum rest_health { REST_HEALTHY, REST_DRAINING, REST_OVERLOADED };

struct rest_backend {
    void *arg;

    /** What this account id and API key may do; the key is compared in constant time. */
    enum rest_access (*authenticate)(void *arg, const char *account, const char *key);

    /** A conference that is not terminated, of whatever account; NULL where there is none. Borrowed for the turn. */
    const struct conference *(*conference_find)(void *arg, const char *id);

    /** Makes a conference; options are borrowed for the call. STATUS_FULL: conferences_max. */
    void (*conference_make)(void *arg, const char *account, const struct conference_options *options,
                            rest_conference_fn *done, void *done_arg);

    /**
     * Applies events to a conference, all or none, in one transaction; they are copied. done is told STATUS_NOT_FOUND
     * where the conference is gone or the participant is not in it.
     */
    void (*conference_apply)(void *arg, const char *id, const struct conference_event *events, size_t count,
                             rest_conference_fn *done, void *done_arg);

    /** Whether the call says something just now. */
    bool (*participant_talks)(void *arg, const char *call);

    /** How it sounds. @return false where it has no audio (any more) */
    bool (*participant_quality)(void *arg, const char *call, struct rest_quality *out);

    /** Whether a client may give this URL. @return as fetch_guard_url(), with the reason in why */
    status (*check_url)(void *arg, const char *url, char why[FETCH_WHY_SIZE]);

    /**
     * Opens the audio of a recording, also of one that is still growing.
     * @param track  one of its tracks; NULL: the mix
     * @return STATUS_OK; STATUS_NOT_FOUND; STATUS_IO
     */
    status (*recording_open)(void *arg, const struct store_recording *row, const char *track, struct rest_audio *out);

    /** Opens what happened during a recording, as JSON. @return as recording_open */
    status (*recording_timeline)(void *arg, const struct store_recording *row, struct rest_audio *out);

    /** Calls each for every track of a recording. */
    void (*recording_tracks)(void *arg, const struct store_recording *row, rest_track_fn *each, void *each_arg);

    /** Deletes audio, tracks and row. STATUS_CONFLICT: it is still being recorded. */
    void (*recording_delete)(void *arg, const struct store_recording *row, rest_done_fn *done, void *done_arg);

    /** Milliseconds a recording has grown to by now; for one that is complete its row says it. */
    uint64_t (*recording_duration_ms)(void *arg, const char *id);

    /**
     * @{ Optional: where NULL, their routes answer 501.
     *
     * call_create places a call; its row is stored before done is told. STATUS_REFUSED: no trunk takes this
     * destination; STATUS_INVALID: from or to cannot be dialled; STATUS_FULL: a limit; STATUS_CLOSED: draining.
     * call_update: STATUS_NOT_FOUND: it has ended; STATUS_CONFLICT: cancel of a call that is not queued any more.
     * announcement_start: STATUS_CONFLICT: the conference is empty; STATUS_NOT_FOUND: it has ended. The id is told as
     * soon as it is accepted, not when it is heard. announcement_stop: STATUS_NOT_FOUND: it is over.
     * webhook_resend: makes a dead notification pending, in the store (store_outbox_revive()) and in its lane;
     * STATUS_NOT_FOUND: there is none; STATUS_CONFLICT: it is not dead.
     */
    void (*call_create)(void *arg, const char *account, const struct rest_call_options *options,
                        rest_call_done_fn *done, void *done_arg);
    void (*call_update)(void *arg, const char *account, const char *id, enum rest_call_change change,
                        rest_call_done_fn *done, void *done_arg);
    void (*announcement_start)(void *arg, const char *conference, const struct rest_announcement *announcement,
                               rest_announcement_fn *done, void *done_arg);
    void (*announcement_stop)(void *arg, const char *conference, const char *id, rest_done_fn *done, void *done_arg);
    void (*webhook_resend)(void *arg, const char *account, const char *lane, uint32_t n, rest_done_fn *done,
                           void *done_arg);
    /** @} */

    /** @{ Optional news. */
    /** A POST of this account is about to be carried out in this turn: what it logs can carry the id. */
    void (*request_began)(void *arg, const char *account, const char *request_id);
    /** The account's signing secrets in the store are not what they were (store_list_secrets()). */
    void (*secrets_changed)(void *arg, const char *account);
    /** @} */

    enum rest_health (*health)(void *arg);
    int64_t (*uptime_s)(void *arg);

    /** Appends the figures in Prometheus' text format, version 0.0.4. */
    void (*metrics)(void *arg, struct buffer *out);
};

#endif
