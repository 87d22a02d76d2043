/**
 * @file ids.h  Resource ids as FreeClimb writes them: two capital letters and 40 lower-case hex digits.
 *
 * AC account, AP application, CA call (and participant), CF conference, RE recording, PN number, RQ request.
 * The 160 bits come from the caller (os/random.h in the bridge, struct rng in tests).
 * Thread: any.
 */
#ifndef PARLEY_BASE_IDS_H
#define PARLEY_BASE_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum { ID_LENGTH = 42, ID_SIZE = ID_LENGTH + 1, ID_RANDOM_BYTES = 20 };

/** An id as text with its NUL; compared with strcmp. An empty string means "none". */
typedef char id_text[ID_SIZE];

void id_format(id_text out, const char prefix[2], const uint8_t random[ID_RANDOM_BYTES]);

/** @return true for the prefix followed by 40 hex digits of either case */
bool id_valid(struct slice text, const char *prefix);

/** Lower-case hex of bytes, with a NUL: out has 2 * len + 1 places. */
void hex_format(char *out, const uint8_t *bytes, size_t len);

#endif
