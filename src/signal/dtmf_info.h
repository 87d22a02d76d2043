/**
 * @file dtmf_info.h  A key in the body of a SIP INFO, in the two forms that phones use:
 *
 *     application/dtmf-relay   Signal=5            application/dtmf   5
 *                              Duration=160
 *
 * Neither has an RFC. Phones differ in blanks, in letters' case, in giving * and # as 10 and 11 (and A to D as 12 to
 * 15), and some send either form under the other's name: all that is taken.
 *
 * Pure. Thread: any.
 */
#ifndef PARLEY_SIGNAL_DTMF_INFO_H
#define PARLEY_SIGNAL_DTMF_INFO_H

#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"

enum { DTMF_INFO_MS = 160, DTMF_INFO_LEAST_MS = 40, DTMF_INFO_MOST_MS = 5000 }; /**< milliseconds */

struct dtmf_info {
    char digit;           /**< 0-9 * # A-D; 0: a signal that is no key, as the hook's flash */
    uint32_t duration_ms; /**< DTMF_INFO_MS where it does not say; held between the least and the most */
};

/** @return STATUS_OK; STATUS_INVALID (no signal, or a duration that is no number) */
MUST_CHECK status dtmf_info_parse(struct dtmf_info *out, struct slice body);

#endif
