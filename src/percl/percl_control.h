/**
 * @file percl_control.h  Watches what a participant types for the callControlSequence.
 *
 * The keys typed so far are matched as a prefix; a key that breaks it keeps as much of the end as begins the sequence
 * again ("**1" holds "*1"). More than PERCL_CONTROL_GAP_MS between two keys starts afresh. Nothing is held back or
 * swallowed: whether the others hear the tones is dtmfPassThrough's matter alone, with or without a match.
 *
 * Thread: the runner's.
 */
#ifndef PARLEY_PERCL_PERCL_CONTROL_H
#define PARLEY_PERCL_PERCL_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "percl/percl_command.h"

enum { PERCL_CONTROL_GAP_MS = 3000 };

struct percl_control {
    char typed[PERCL_SEQUENCE_MAX + 1]; /**< the longest end of what was typed that begins the sequence */
    uint32_t count;
    uint64_t last_us; /**< time of the last key */
};

void percl_control_reset(struct percl_control *c);

/**
 * @param sequence  1 to PERCL_SEQUENCE_MAX keys, the same from call to call
 * @return true where this key completes it; the watch starts afresh then
 */
bool percl_control_key(struct percl_control *c, const char *sequence, char key, uint64_t now_us);

#endif
