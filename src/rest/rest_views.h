/**
 * @file rest_views.h  Resources as JSON objects, with the members that FreeClimb gives them.
 *
 * Each returns a new reference, NULL where memory is short. Thread: any.
 */
#ifndef PARLEY_REST_REST_VIEWS_H
#define PARLEY_REST_REST_VIEWS_H

#include <jansson.h>

#include "conf/conference.h"
#include "rest/rest_quality.h"
#include "store/store_rows.h"

json_t *rest_view_conference(const struct conference *c);

/** Of the archive; internalError is shown as terminated. */
json_t *rest_view_conference_row(const struct store_conference *row);
json_t *rest_view_participant(const struct conference *c, const struct participant *p, bool talking);
json_t *rest_view_quality(const struct conference *c, const struct participant *p, const struct rest_quality *q);

/** @param duration_ms  how long it is by now */
json_t *rest_view_recording(const struct store_recording *row, uint64_t duration_ms);

/** @param name  a call's id, or "bridge" */
json_t *rest_view_track(const struct store_recording *row, const char *name);

json_t *rest_view_call(const struct store_call *row);
json_t *rest_view_account(const struct store_account *row);
json_t *rest_view_application(const struct store_application *row);
json_t *rest_view_number(const struct store_number *row);
json_t *rest_view_log(const struct store_log *row);

/** @param whole  shows the secret, else its last four characters */
json_t *rest_view_secret(const struct store_secret *row, bool whole);
json_t *rest_view_webhook(const struct store_outbox *row);

/** @{ What views are made of. */
json_t *rest_view_text(const char *text); /**< null where NULL or empty */
/** The members that every resource begins with. @param uri  given */
json_t *rest_view_begin(json_t *uri, uint32_t revision, int64_t created_unix_ms, int64_t updated_unix_ms);
/** Adds the members of more, given, to object, given. NULL where one of them is. */
json_t *rest_view_merge(json_t *object, json_t *more);
/** @} */

#endif
