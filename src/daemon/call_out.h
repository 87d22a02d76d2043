/**
 * @file call_out.h  Calls out: where the trunks and networks allow it, for OutDial and POST /Calls.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_CALL_OUT_H
#define PARLEY_DAEMON_CALL_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/status.h"
#include "daemon/calls.h"

enum { CALL_OUT_WHY_SIZE = 256 };

struct store_call;

/** Borrowed for the call; NULL for none. */
struct call_out_request {
    const char *account;
    const char *parent; /**< OutDial's call, or parentCallId */
    const char *from, *to;
    const char *direction; /**< static: "outboundAPI", "outboundDial" */
    const char *application;
    const char *connect_url; /**< outDialConnect or outDialApiConnect goes there */
    const char *status_callback_url;
    const char *send_digits;
    const char *if_machine; /**< accepted; nothing is detected, which is logged */
    uint32_t timeout_s;
    bool privacy;
    /**
     * NULL: it has happened (OutDial), and is dialled at once. Else a client asks (POST /Calls): the call is stored
     * first, then this is told, and only then it is dialled. row is borrowed for the call; NULL where it is not to be.
     */
    void (*stored)(void *arg, status s, const struct store_call *row);
    void *stored_arg;
};

/**
 * Places a call. Its script begins when it is answered; one that is not gets its webhook all the same.
 *
 * @param[out] call  its id
 * @param[out] why   on error a phrase for the call's log
 * @return STATUS_OK; STATUS_REFUSED (no trunk takes this destination); STATUS_INVALID (it cannot be dialled);
 *         STATUS_FULL (a limit); STATUS_CLOSED (draining, or no SIP); STATUS_NO_MEMORY
 */
MUST_CHECK status call_out_start(struct calls *cs, const struct call_out_request *request, id_text call,
                                 char why[CALL_OUT_WHY_SIZE]);

#endif
