#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "percl/percl_webhook.h"

static const struct percl_call_facts call = {
    .call = "CA1",
    .account = "AC1",
    .from = "+15550001",
    .to = "sip:a@b",
    .status = "inProgress",
    .direction = "inbound",
    .conference = "CF1",
    .parent = "CA0",
};

static const struct percl_recording recording = {
    .id = "RE1", .url = "https://b/r", .size_bytes = 5000000000, .duration_s = 12};

#define STANDARD(type)                                                                                                 \
    "{\"requestType\":\"" type                                                                                         \
    "\",\"callId\":\"CA1\",\"accountId\":\"AC1\",\"from\":\"+15550001\",\"to\":\"sip:a@b\","                           \
    "\"callStatus\":\"inProgress\",\"direction\":\"inbound\",\"conferenceId\":\"CF1\",\"queueId\":null"
#define PARENT       ",\"parentCallId\":\"CA0\""
#define NO_RECORDING ",\"recordingId\":null,\"recordingUrl\":null,\"recordingDurationSec\":null"
#define A_RECORDING  ",\"recordingId\":\"RE1\",\"recordingUrl\":\"https://b/r\",\"recordingDurationSec\":12"

struct row {
    enum percl_webhook type;
    struct percl_extra extra;
    bool runs;
    const char *body; /**< every member there is, and none else */
};

static const struct row rows[] = {
    {PERCL_HOOK_INBOUND_CALL, {0}, true, STANDARD("inboundCall") PARENT "}"},
    {PERCL_HOOK_OUT_DIAL_START, {.dial_call = "CA2"}, true, STANDARD("outDialStart") PARENT ",\"dialCallId\":\"CA2\"}"},
    {PERCL_HOOK_OUT_DIAL_CONNECT, {0}, true, STANDARD("outDialConnect") PARENT ",\"dialCallStatus\":\"inProgress\"}"},
    {PERCL_HOOK_OUT_DIAL_API_CONNECT,
     {0},
     true,
     STANDARD("outDialApiConnect") PARENT ",\"dialCallStatus\":\"inProgress\"}"},
    {PERCL_HOOK_MACHINE_DETECTED,
     {.machine_type = "fax modem"},
     true,
     STANDARD("machineDetected") PARENT ",\"machineType\":\"fax modem\"}"},
    {PERCL_HOOK_CREATE_CONFERENCE,
     {.conference_status = "empty"},
     true,
     STANDARD("createConference") ",\"status\":\"empty\"" NO_RECORDING "}"},
    {PERCL_HOOK_CONFERENCE_STATUS,
     {.conference_status = "populated"},
     false,
     STANDARD("conferenceStatus") ",\"status\":\"populated\"" NO_RECORDING "}"},
    {PERCL_HOOK_CONFERENCE_STATUS,
     {.conference_status = "empty", .recording = &recording},
     false,
     STANDARD("conferenceStatus") ",\"status\":\"empty\"" A_RECORDING "}"},
    {PERCL_HOOK_CONFERENCE_RECORDING_STATUS,
     {.conference_status = "empty", .recording = &recording},
     false,
     STANDARD("conferenceRecordingStatus") ",\"status\":\"empty\"" A_RECORDING "}"},
    {PERCL_HOOK_ADD_TO_CONFERENCE_NOTIFICATION, {0}, false, STANDARD("addToConferenceNotification") "}"},
    {PERCL_HOOK_LEAVE_CONFERENCE, {0}, true, STANDARD("leaveConference") "}"},
    {PERCL_HOOK_CALL_CONTROL, {.digits = "*1"}, true, STANDARD("callControl") ",\"digits\":\"*1\"}"},
    {PERCL_HOOK_GET_DIGITS,
     {.digits = "", .reason = "timeout"},
     true,
     STANDARD("getDigits") PARENT ",\"digits\":\"\",\"reason\":\"timeout\"}"},
    {PERCL_HOOK_RECORD,
     {.recording = &recording, .term_reason = "finishKey", .privacy = true},
     true,
     STANDARD("record") PARENT A_RECORDING ",\"recordingSize\":\"5000000000\",\"recordingFormat\":\"audio/wav\","
                                           "\"termReason\":\"finishKey\",\"privacyMode\":true}"},
    {PERCL_HOOK_RECORD,
     {.term_reason = "hangup"},
     true,
     STANDARD("record") PARENT NO_RECORDING
     ",\"recordingSize\":null,\"recordingFormat\":null,\"termReason\":\"hangup\",\"privacyMode\":false}"},
    {PERCL_HOOK_REDIRECT,
     {.original = "inboundCall"},
     true,
     STANDARD("redirect") PARENT ",\"originalRequestType\":\"inboundCall\"}"},
    {PERCL_HOOK_CALL_STATUS,
     {.ended_reason = "farEndHangup", .has_duration = true, .duration_s = 7, .recording = &recording},
     false,
     "{\"requestType\":\"callStatus\",\"callId\":\"CA1\",\"accountId\":\"AC1\",\"from\":\"+15550001\",\"to\":\"sip:a@"
     "b\","
     "\"callStatus\":\"inProgress\",\"direction\":\"inbound\",\"conferenceId\":null,\"queueId\":null" PARENT A_RECORDING
     ",\"callEndedReason\":\"farEndHangup\",\"callDuration\":7}"},
};

static void each_type_has_exactly_its_members(void **state)
{
    (void)state;
    bool seen[PERCL_HOOKS] = {false};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_error_t error;
        json_t *expected = json_loads(rows[i].body, 0, &error);
        assert_non_null(expected);
        json_t *body = percl_webhook_body(rows[i].type, &call, &rows[i].extra);
        assert_non_null(body);
        char *text = json_dumps(body, JSON_COMPACT);
        if (!json_equal(body, expected)) fail_msg("got %s, expected %s", text, rows[i].body);
        assert_string_equal(json_string_value(json_object_get(body, "requestType")), percl_webhook_name(rows[i].type));
        assert_int_equal(percl_webhook_runs(rows[i].type), rows[i].runs);
        seen[rows[i].type] = true;
        free(text);
        json_decref(body);
        json_decref(expected);
    }
    for (size_t i = 0; i < PERCL_HOOKS; i++)
        assert_true(seen[i]);
}

static void what_is_not_known_is_there_as_null(void **state)
{
    (void)state;
    const struct percl_call_facts nothing = {.account = "AC1", .from = ""};
    const struct percl_extra extra = {.conference = "CF2", .conference_status = "empty"};
    json_t *body = percl_webhook_body(PERCL_HOOK_CONFERENCE_STATUS, &nothing, &extra);
    static const char *const nulls[] = {"callId",  "from",        "to",           "callStatus",          "direction",
                                        "queueId", "recordingId", "recordingUrl", "recordingDurationSec"};
    for (size_t i = 0; i < sizeof nulls / sizeof nulls[0]; i++)
        assert_true(json_is_null(json_object_get(body, nulls[i])));
    assert_string_equal(json_string_value(json_object_get(body, "conferenceId")), "CF2");
    json_decref(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_has_exactly_its_members),
        cmocka_unit_test(what_is_not_known_is_there_as_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
