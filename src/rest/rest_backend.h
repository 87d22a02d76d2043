/**
 * @file rest_backend.h  What the REST resources ask of the rest of the bridge; the wiring implements it.
 *
 * Reading goes straight to the store (store_read.h), but for what lives only in memory: conferences that are not
 * terminated with their participants, and figures. Changes go through the functions here, which store first and answer
 * by callback once the change is on disk and audible.
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
#include "store/store_rows.h"

/**
 * The outcome of a change: STATUS_OK and the conference as it is now (borrowed for the call), else the reason and NULL.
 * STATUS_IO: it could not be stored, and nothing has changed.
 */
typedef void rest_conference_fn(void *arg, status s, const struct conference *c);
typedef void rest_done_fn(void *arg, status s);

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

    /** Whether a client may give this URL. @return as fetch_guard_url(), with the reason in why */
    status (*check_url)(void *arg, const char *url, char why[FETCH_WHY_SIZE]);

    /**
     * Opens the audio of a recording, also of one that is still growing.
     * @param[out] fd    owned by the caller
     * @param[out] size  bytes that may be read now
     * @return STATUS_OK; STATUS_NOT_FOUND; STATUS_IO
     */
    status (*recording_open)(void *arg, const struct store_recording *row, int *fd, uint64_t *size);

    /** Deletes audio and row. STATUS_CONFLICT: it is still being recorded. */
    void (*recording_delete)(void *arg, const struct store_recording *row, rest_done_fn *done, void *done_arg);

    /** Seconds a recording has grown to by now; for one that is complete its row says it. */
    uint64_t (*recording_duration_ms)(void *arg, const char *id);

    enum rest_health (*health)(void *arg);
    int64_t (*uptime_s)(void *arg);

    /** Appends the figures in Prometheus' text format, version 0.0.4. */
    void (*metrics)(void *arg, struct buffer *out);
};

#endif
