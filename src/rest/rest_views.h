/**
 * @file rest_views.h  Resources as JSON objects, with the members that FreeClimb gives them.
 *
 * Each returns a new reference, NULL where memory is short. Thread: any.
 */
#ifndef PARLEY_REST_REST_VIEWS_H
#define PARLEY_REST_REST_VIEWS_H

#include <jansson.h>

#include "conf/conference.h"
#include "store/store_rows.h"

json_t *rest_view_conference(const struct conference *c);

/** Of the archive; internalError is shown as terminated. */
json_t *rest_view_conference_row(const struct store_conference *row);
json_t *rest_view_participant(const struct conference *c, const struct participant *p);

/** @param duration_ms  how long it is by now */
json_t *rest_view_recording(const struct store_recording *row, uint64_t duration_ms);

#endif
