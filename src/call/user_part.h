/**
 * @file user_part.h  The user part of a request URI and its parameters, as the built-in route reads them:
 * sip:NAME;startConfOnEnter=false;listen=false@bridge (RFC 3261 section 19.1.1: they belong to the user part).
 *
 * Parameters behind the host are read too, as many phones let people type only there; those of the user part win.
 * Pure. Thread: any.
 */
#ifndef PARLEY_CALL_USER_PART_H
#define PARLEY_CALL_USER_PART_H

#include <stdbool.h>

#include "base/slice.h"
#include "base/status.h"

enum { USER_NAME_MAX = 64, USER_NAME_SIZE = USER_NAME_MAX + 1 };

struct user_part {
    char name[USER_NAME_SIZE]; /**< [A-Za-z0-9._-]{1,64}, or + and digits: a number */
    bool start_conf_on_enter, talk, listen;
};

/**
 * Reads a sip: or sips: URI. Parameters that are not ours are skipped; names compare without case.
 *
 * @param parameters  false: parameters are not looked at, all three are true
 * @param[out] fault  on error what is wrong and what is allowed
 * @return STATUS_OK; STATUS_NOT_FOUND (no or a wrong name); STATUS_INVALID (a parameter that is neither true nor
 *         false); STATUS_UNSUPPORTED (another scheme)
 */
MUST_CHECK status user_part_parse(struct user_part *out, struct slice uri, bool parameters, struct fault *fault);

#endif
