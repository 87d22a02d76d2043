/**
 * @file rest_input.h  What clients write in JSON bodies, checked and turned into what the bridge understands.
 *
 * No request and no connection is known here: text in, values or the member that is wrong out. Members that we do not
 * know are skipped, null counts as absent.
 *
 * Thread: any; the only state is what the URL check reads.
 */
#ifndef PARLEY_REST_REST_INPUT_H
#define PARLEY_REST_REST_INPUT_H

#include <jansson.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/status.h"
#include "conf/conference.h"
#include "rest/rest_backend.h"
#include "rest/rest_fields.h"

enum { REST_UPDATE_EVENTS = 2 };

/**
 * Parses a body: one JSON object, or nothing at all, which is {}.
 * @param[out] out  a new reference
 * @return STATUS_OK; STATUS_INVALID (why says line and column)
 */
MUST_CHECK status rest_input_parse(json_t **out, struct slice text, struct rest_fault *fault);

/**
 * The options of a new conference. Texts in *out are borrowed from the body.
 * @return STATUS_OK; STATUS_INVALID
 */
MUST_CHECK status rest_input_conference(struct conference_options *out, const json_t *body, rest_check_url_fn *check,
                                        void *arg, struct rest_fault *fault);

/**
 * An announcement: {"say":{...}} or {"play":{...}}. Texts in *out are borrowed from the body.
 * @return STATUS_OK; STATUS_INVALID
 */
MUST_CHECK status rest_input_announcement(struct rest_announcement *out, const json_t *body, rest_check_url_fn *check,
                                          void *arg, struct rest_fault *fault);

/**
 * A call to be placed; what its application or parent add is left NULL. Texts in *out are borrowed from the body.
 * @return STATUS_OK; STATUS_INVALID
 */
MUST_CHECK status rest_input_call(struct rest_call_options *out, const json_t *body, rest_check_url_fn *check,
                                  void *arg, struct rest_fault *fault);

/** What is to become of a call: its status must be canceled or completed. @return STATUS_OK; STATUS_INVALID */
MUST_CHECK status rest_input_call_update(enum rest_call_change *out, const json_t *body, struct rest_fault *fault);

/**
 * @{ Members that are given replace those of *row, for a new row and for a change of one; an empty text takes one away.
 * Texts are borrowed from the body. STATUS_INVALID leaves *row as it was.
 */
MUST_CHECK status rest_input_account(struct store_account *row, const json_t *body, struct rest_fault *fault);
MUST_CHECK status rest_input_application(struct store_application *row, const json_t *body, rest_check_url_fn *check,
                                         void *arg, struct rest_fault *fault);
/** A change: applicationId and alias. */
MUST_CHECK status rest_input_number(struct store_number *row, const json_t *body, struct rest_fault *fault);
/** A new one: phoneNumber, region and country too. */
MUST_CHECK status rest_input_new_number(struct store_number *row, const json_t *body, struct rest_fault *fault);
/** @} */

/** The events of an update: attributes, then status. @return STATUS_OK; STATUS_INVALID */
MUST_CHECK status rest_input_conference_update(struct conference_event events[REST_UPDATE_EVENTS], size_t *count,
                                               const json_t *body, struct rest_fault *fault);

/** The CONFERENCE_UPDATE event of a participant; its call is left alone. @return STATUS_OK; STATUS_INVALID */
MUST_CHECK status rest_input_participant(struct conference_event *event, const json_t *body, struct rest_fault *fault);

#endif
