#include "percl/percl_webhook.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum member {
    MEMBER_CALL,
    MEMBER_ACCOUNT,
    MEMBER_FROM,
    MEMBER_TO,
    MEMBER_CALL_STATUS,
    MEMBER_DIRECTION,
    MEMBER_CONFERENCE,
    MEMBER_QUEUE,
    MEMBER_PARENT,
    MEMBER_STATUS,
    MEMBER_RECORDING_ID,
    MEMBER_RECORDING_URL,
    MEMBER_RECORDING_SIZE,
    MEMBER_RECORDING_FORMAT,
    MEMBER_RECORDING_DURATION,
    MEMBER_TERM_REASON,
    MEMBER_PRIVACY,
    MEMBER_DIGITS,
    MEMBER_REASON,
    MEMBER_DIAL_CALL,
    MEMBER_DIAL_CALL_STATUS,
    MEMBER_MACHINE,
    MEMBER_ORIGINAL,
    MEMBER_ENDED_REASON,
    MEMBER_DURATION,
    MEMBERS
};

static const char *const member_names[MEMBERS] = {
    [MEMBER_CALL] = "callId",
    [MEMBER_ACCOUNT] = "accountId",
    [MEMBER_FROM] = "from",
    [MEMBER_TO] = "to",
    [MEMBER_CALL_STATUS] = "callStatus",
    [MEMBER_DIRECTION] = "direction",
    [MEMBER_CONFERENCE] = "conferenceId",
    [MEMBER_QUEUE] = "queueId",
    [MEMBER_PARENT] = "parentCallId",
    [MEMBER_STATUS] = "status",
    [MEMBER_RECORDING_ID] = "recordingId",
    [MEMBER_RECORDING_URL] = "recordingUrl",
    [MEMBER_RECORDING_SIZE] = "recordingSize",
    [MEMBER_RECORDING_FORMAT] = "recordingFormat",
    [MEMBER_RECORDING_DURATION] = "recordingDurationSec",
    [MEMBER_TERM_REASON] = "termReason",
    [MEMBER_PRIVACY] = "privacyMode",
    [MEMBER_DIGITS] = "digits",
    [MEMBER_REASON] = "reason",
    [MEMBER_DIAL_CALL] = "dialCallId",
    [MEMBER_DIAL_CALL_STATUS] = "dialCallStatus",
    [MEMBER_MACHINE] = "machineType",
    [MEMBER_ORIGINAL] = "originalRequestType",
    [MEMBER_ENDED_REASON] = "callEndedReason",
    [MEMBER_DURATION] = "callDuration",
};

#define HAS(name) (1u << MEMBER_##name)
#define STANDARD                                                                                                       \
    (HAS(CALL) | HAS(ACCOUNT) | HAS(FROM) | HAS(TO) | HAS(CALL_STATUS) | HAS(DIRECTION) | HAS(CONFERENCE) | HAS(QUEUE))
#define RECORDING (HAS(RECORDING_ID) | HAS(RECORDING_URL) | HAS(RECORDING_DURATION))

static const struct {
    const char *name;
    bool runs;
    uint32_t members;
} types[PERCL_HOOKS] = {
    [PERCL_HOOK_INBOUND_CALL] = {"inboundCall", true, STANDARD | HAS(PARENT)},
    [PERCL_HOOK_OUT_DIAL_START] = {"outDialStart", true, STANDARD | HAS(PARENT) | HAS(DIAL_CALL)},
    [PERCL_HOOK_OUT_DIAL_CONNECT] = {"outDialConnect", true, STANDARD | HAS(PARENT) | HAS(DIAL_CALL_STATUS)},
    [PERCL_HOOK_OUT_DIAL_API_CONNECT] = {"outDialApiConnect", true, STANDARD | HAS(PARENT) | HAS(DIAL_CALL_STATUS)},
    [PERCL_HOOK_MACHINE_DETECTED] = {"machineDetected", true, STANDARD | HAS(PARENT) | HAS(MACHINE)},
    [PERCL_HOOK_CREATE_CONFERENCE] = {"createConference", true, STANDARD | HAS(STATUS) | RECORDING},
    [PERCL_HOOK_CONFERENCE_STATUS] = {"conferenceStatus", false, STANDARD | HAS(STATUS) | RECORDING},
    [PERCL_HOOK_CONFERENCE_RECORDING_STATUS] = {"conferenceRecordingStatus", false, STANDARD | HAS(STATUS) | RECORDING},
    [PERCL_HOOK_ADD_TO_CONFERENCE_NOTIFICATION] = {"addToConferenceNotification", false, STANDARD},
    [PERCL_HOOK_LEAVE_CONFERENCE] = {"leaveConference", true, STANDARD},
    [PERCL_HOOK_CALL_CONTROL] = {"callControl", true, STANDARD | HAS(DIGITS)},
    [PERCL_HOOK_CALL_STATUS] = {"callStatus", false,
                                STANDARD | HAS(PARENT) | RECORDING | HAS(ENDED_REASON) | HAS(DURATION)},
    [PERCL_HOOK_GET_DIGITS] = {"getDigits", true, STANDARD | HAS(PARENT) | HAS(DIGITS) | HAS(REASON)},
    [PERCL_HOOK_RECORD] = {"record", true,
                           STANDARD | HAS(PARENT) | RECORDING | HAS(RECORDING_SIZE) | HAS(RECORDING_FORMAT) |
                               HAS(TERM_REASON) | HAS(PRIVACY)},
    [PERCL_HOOK_REDIRECT] = {"redirect", true, STANDARD | HAS(PARENT) | HAS(ORIGINAL)},
};

/** What the members of a body are made of. */
struct facts {
    enum percl_webhook type;
    const struct percl_call_facts *call;
    const struct percl_extra *extra;
};

static const char *conference_of(const struct facts *f)
{
    if (f->type == PERCL_HOOK_CALL_STATUS) return NULL; /* the call is in none any more */
    return f->extra->conference ? f->extra->conference : f->call->conference;
}

/** A member that is text; NULL for null. */
static const char *text_of(const struct facts *f, enum member m)
{
    const struct percl_recording *recording = f->extra->recording;
    switch (m) {
    case MEMBER_CALL: return f->call->call;
    case MEMBER_ACCOUNT: return f->call->account;
    case MEMBER_FROM: return f->call->from;
    case MEMBER_TO: return f->call->to;
    case MEMBER_CALL_STATUS:
    case MEMBER_DIAL_CALL_STATUS: return f->call->status;
    case MEMBER_DIRECTION: return f->call->direction;
    case MEMBER_CONFERENCE: return conference_of(f);
    case MEMBER_QUEUE: return f->type == PERCL_HOOK_CALL_STATUS ? NULL : f->call->queue;
    case MEMBER_PARENT: return f->call->parent;
    case MEMBER_STATUS: return f->extra->conference_status;
    case MEMBER_RECORDING_ID: return recording ? recording->id : NULL;
    case MEMBER_RECORDING_URL: return recording ? recording->url : NULL;
    case MEMBER_RECORDING_FORMAT: return recording ? "audio/wav" : NULL;
    case MEMBER_TERM_REASON: return f->extra->term_reason;
    case MEMBER_REASON: return f->extra->reason;
    case MEMBER_DIAL_CALL: return f->extra->dial_call;
    case MEMBER_MACHINE: return f->extra->machine_type;
    case MEMBER_ORIGINAL: return f->extra->original;
    case MEMBER_ENDED_REASON: return f->extra->ended_reason;
    default: return NULL;
    }
}

/** A number as a string of digits, as the contract has sizes. */
static json_t *digits_of(uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    return json_string(text);
}

static json_t *value_of(const struct facts *f, enum member m)
{
    const struct percl_recording *recording = f->extra->recording;
    switch (m) {
    case MEMBER_DIGITS: return json_string(f->extra->digits ? f->extra->digits : "");
    case MEMBER_RECORDING_SIZE: return recording ? digits_of(recording->size_bytes) : json_null();
    case MEMBER_RECORDING_DURATION: return recording ? json_integer(recording->duration_s) : json_null();
    case MEMBER_PRIVACY: return json_boolean(f->extra->privacy);
    case MEMBER_DURATION: return f->extra->has_duration ? json_integer(f->extra->duration_s) : json_null();
    default: break;
    }
    const char *text = text_of(f, m);
    return text && text[0] ? json_string(text) : json_null();
}

const char *percl_webhook_name(enum percl_webhook type)
{
    assert((unsigned)type < PERCL_HOOKS);
    return types[type].name;
}

bool percl_webhook_runs(enum percl_webhook type)
{
    assert((unsigned)type < PERCL_HOOKS);
    return types[type].runs;
}

json_t *percl_webhook_body(enum percl_webhook type, const struct percl_call_facts *call,
                           const struct percl_extra *extra)
{
    assert((unsigned)type < PERCL_HOOKS);
    struct facts f = {type, call, extra};
    json_t *body = json_object();
    bool ok = body && json_object_set_new(body, "requestType", json_string(types[type].name)) == 0;
    for (unsigned m = 0; ok && m < MEMBERS; m++)
        if (types[type].members & (1u << m)) ok = json_object_set_new(body, member_names[m], value_of(&f, m)) == 0;
    if (ok) return body;
    json_decref(body);
    return NULL;
}
