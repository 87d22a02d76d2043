/**
 * @file call_digits.h  Sends the digits of SendDigits and sendDigits: "12{4}3#", where {n} is a pause of n half
 * seconds.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_CALL_DIGITS_H
#define PARLEY_DAEMON_CALL_DIGITS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/calls.h"

enum { CALL_DIGITS_PAUSE_MS = 500 };

/**
 * @param text      as percl_keys_valid() takes
 * @param pause_ms  after each key where the text says nothing else
 * @param token     comes back in ENGINE_LEG_DIGITS_SENT
 * @return false where nothing is sent: the call has no audio, there is no key, or memory is short
 */
bool call_digits_send(struct calls *cs, const char *call, const char *text, uint32_t pause_ms, uint64_t token);

#endif
