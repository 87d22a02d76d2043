/**
 * @file sip_status.h  What a status is called in SIP, in one table.
 *
 * Thread: any.
 */
#ifndef PARLEY_CALL_SIP_STATUS_H
#define PARLEY_CALL_SIP_STATUS_H

#include <stdint.h>

#include "base/status.h"

/** The final response that refuses a call for this reason: 400 to 503. */
uint32_t sip_status_code(status s);

/** The reason phrase of RFC 3261 section 21 for a code that sip_status_code() gives; "Error" for others. */
const char *sip_status_phrase(uint32_t code);

#endif
