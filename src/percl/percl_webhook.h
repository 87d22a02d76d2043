/**
 * @file percl_webhook.h  The bodies of webhooks: for each requestType exactly the members that the contract names.
 *
 * Which members a type has is one table; a member whose fact is not known is there as null.
 *
 * Thread: any; no state. Background: FreeClimb's webhook reference.
 */
#ifndef PARLEY_PERCL_PERCL_WEBHOOK_H
#define PARLEY_PERCL_PERCL_WEBHOOK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum percl_webhook {
    PERCL_HOOK_INBOUND_CALL,
    PERCL_HOOK_OUT_DIAL_START,
    PERCL_HOOK_OUT_DIAL_CONNECT,
    PERCL_HOOK_OUT_DIAL_API_CONNECT,
    PERCL_HOOK_MACHINE_DETECTED,
    PERCL_HOOK_CREATE_CONFERENCE,
    PERCL_HOOK_CONFERENCE_STATUS,
    PERCL_HOOK_CONFERENCE_RECORDING_STATUS,
    PERCL_HOOK_ADD_TO_CONFERENCE_NOTIFICATION,
    PERCL_HOOK_LEAVE_CONFERENCE,
    PERCL_HOOK_CALL_CONTROL,
    PERCL_HOOK_CALL_STATUS,
    PERCL_HOOK_GET_DIGITS,
    PERCL_HOOK_RECORD,
    PERCL_HOOK_REDIRECT,
    PERCL_HOOKS
};

/** A recording that is complete. Strings are borrowed; NULL: not known. */
struct percl_recording {
    const char *id, *url;
    uint64_t size_bytes;
    uint32_t duration_s; /**< rounded up */
};

/** What is true of the call when the webhook is made. Strings are borrowed; NULL or "" becomes null. */
struct percl_call_facts {
    const char *call, *account;
    const char *from, *to;
    const char *status;    /**< "ringing", "inProgress", "completed", "busy", "noAnswer", "failed", "canceled" */
    const char *direction; /**< "inbound", "outboundAPI", "outboundDial" */
    const char *conference, *queue, *parent;
};

/** What belongs to the one webhook. Strings are borrowed; what its type does not have is not read. */
struct percl_extra {
    const char *conference;                  /**< conferenceId, where it is not the call's present one */
    const char *conference_status;           /**< createConference, conferenceStatus, conferenceRecordingStatus */
    const char *digits;                      /**< getDigits (also ""), callControl */
    const char *reason;                      /**< getDigits: "finishKey", "timeout", "maxDigits", "hangup" */
    const char *term_reason;                 /**< record: "finishKey", "timeout", "hangup", "maxLength" */
    const char *dial_call;                   /**< outDialStart: the child */
    const char *machine_type;                /**< machineDetected */
    const char *original;                    /**< redirect: requestType of the webhook that brought the command */
    const char *ended_reason;                /**< callStatus: callEndedReason */
    bool has_duration;                       /**< callStatus: duration_s is known */
    uint32_t duration_s;                     /**< callStatus: callDuration */
    bool privacy;                            /**< record: privacyMode */
    const struct percl_recording *recording; /**< borrowed; NULL: its members are null */
};

/** "inboundCall" ...; never NULL. */
const char *percl_webhook_name(enum percl_webhook type);

/** True where the answer is a script that is run (unless the call is over). */
bool percl_webhook_runs(enum percl_webhook type);

/**
 * The JSON object to post.
 * @return a new reference; NULL where memory is short or a text is not UTF-8
 */
json_t *percl_webhook_body(enum percl_webhook type, const struct percl_call_facts *call,
                           const struct percl_extra *extra);

#endif
