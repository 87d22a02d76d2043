/**
 * @file rest_match.h  If-Match: a change is only to be where the resource still has the revision that the client saw.
 *
 * A resource's ETag is its revision in quotes (RFC 9110, 8.8.3 and 13.1.1). Thread: control.
 */
#ifndef PARLEY_REST_REST_MATCH_H
#define PARLEY_REST_REST_MATCH_H

#include <stdbool.h>

#include "rest/rest_call.h"

/** Whether a header's value ("3", a list of such, *, or none: NULL) lets this revision pass. Pure. */
bool rest_match_passes(const char *header, uint32_t revision);

/** @return true where the change may go on; else the call was answered with 412 */
bool rest_match(struct rest_call *call, uint32_t revision);

/** Answers 412: the resource has changed. */
void rest_fail_match(struct rest_call *call);

#endif
