/**
 * @file percl_digits.h  The collector of GetDigits: keys in, "finished, because" out.
 *
 * It knows the keys, their limits and its two timers; prompts are the runner's (which says when they are over).
 * Thread: the runner's.
 */
#ifndef PARLEY_PERCL_PERCL_DIGITS_H
#define PARLEY_PERCL_PERCL_DIGITS_H

#include <stdbool.h>
#include <stdint.h>

#include "percl/percl_command.h"

enum percl_digits_state {
    PERCL_DIGITS_OPEN,
    PERCL_DIGITS_FINISH_KEY,
    PERCL_DIGITS_TIMEOUT,
    PERCL_DIGITS_MAX_REACHED,
    PERCL_DIGITS_HANGUP,
};

struct percl_digits {
    char typed[PERCL_DIGITS_MAX + 1]; /**< without the finishing key */
    uint32_t count, min, max;
    char finish_on_key;
    uint32_t initial_timeout_ms, digit_timeout_ms;
    uint64_t deadline_us; /**< UINT64_MAX: none runs */
    enum percl_digits_state state;
};

/** Opens the collector, with no timer running: prompts come first. */
void percl_digits_open(struct percl_digits *d, const struct percl_get_digits *options);

/** Prompts are over: the initial timer starts, where nothing was typed yet. */
void percl_digits_listen(struct percl_digits *d, uint64_t now_us);

/** A key. What is not 0-9 * # is not seen. @return the state after it */
enum percl_digits_state percl_digits_key(struct percl_digits *d, char key, uint64_t now_us);

/** Finishes with TIMEOUT where the deadline has come. @return the state */
enum percl_digits_state percl_digits_expire(struct percl_digits *d, uint64_t now_us);

/** What is reported: the keys, or "" for fewer than min, or "xxxxx" in their place in privacy mode. */
const char *percl_digits_text(const struct percl_digits *d, bool privacy);

/** "finishKey", "timeout", "maxDigits", "hangup". */
const char *percl_digits_reason(const struct percl_digits *d);

#endif
