/**
 * @file rest_shown.h  The JSON text of conferences that were shown lately: who polls one costs no JSON.
 *
 * A text is that of one revision. Every change has a revision of its own, so a text is never wrong, only superseded.
 * One place a conference, shared by those that fall on the same one; nothing is kept that is not asked for.
 *
 * Thread: control.
 */
#ifndef PARLEY_REST_REST_SHOWN_H
#define PARLEY_REST_REST_SHOWN_H

#include "base/status.h"
#include "conf/conference.h"

struct rest_shown;

/** @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status rest_shown_create(struct rest_shown **out);

/** NULL is allowed. */
void rest_shown_destroy(struct rest_shown *shown);

/** Its text as it is now; borrowed until the next call. NULL where memory is short. */
const char *rest_shown_conference(struct rest_shown *shown, const struct conference *c);

#endif
