/**
 * @file rest_error.h  Errors as the API shows them: {"status","message","code","url","details"} on every path.
 *
 * Codes are FreeClimb's where they are known (freeclimb.md, 3.4). Thread: any.
 */
#ifndef PARLEY_REST_REST_ERROR_H
#define PARLEY_REST_REST_ERROR_H

#include <jansson.h>

#include "base/status.h"

/** FreeClimb's numbers. */
enum rest_code {
    REST_CODE_INTERNAL = 0,
    REST_CODE_NOT_FOUND = 1,
    REST_CODE_METHOD = 2,
    REST_CODE_ARGUMENTS = 3,
    REST_CODE_PQL = 5,
    REST_CODE_JSON = 9,
    REST_CODE_CREATE_CALL = 16,
    REST_CODE_RATE = 24,
    REST_CODE_CREDENTIALS = 51,
    REST_CODE_CREATE_CONFERENCE = 62,
    REST_CODE_NOT_IN_CONFERENCE = 66,
    REST_CODE_RECORDING_NOT_FOUND = 68,
    REST_CODE_RECORDING_EMPTY = 69,
    REST_CODE_MISSING = 80,
    REST_CODE_CONFLICT = 108,
};

/**
 * The body of an error.
 * @param details  given; NULL for none
 * @return a new reference; NULL where memory is short
 */
json_t *rest_error(int http, int code, const char *message, json_t *details);

/** What a status is in HTTP and in the API's codes: one table. */
void rest_status(status s, int *http, int *code, const char **message);

/** The API's code that goes with an HTTP status of the server's own. */
int rest_code_of_http(int http);

#endif
