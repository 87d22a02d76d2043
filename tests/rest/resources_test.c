#include "rest_kit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Each resource, driven over HTTP. */

/* Copies a member's text, as the answer goes with the next question. */
static void keep(char out[128], const json_t *object, const char *member)
{
    snprintf(out, 128, "%s", kit_text(object, member));
}

static json_int_t total_of(const char *path)
{
    return kit_number(kit_expect(kit_ask("GET", path, NULL), 200), "total");
}

/* The member that a 400 names. */
static void expect_fault(const struct kit_reply *reply, const char *member, int code)
{
    const json_t *body = kit_expect(reply, 400);
    const char *named = json_string_value(json_object_get(json_object_get(body, "details"), "member"));
    if (!named || strcmp(named, member) != 0 || kit_number(body, "code") != code) fail_msg("%s", reply->text);
}

static void an_account_is_read_and_renamed(void **state)
{
    (void)state;
    const json_t *body = kit_expect(kit_get("/"), 200);
    assert_string_equal(kit_text(body, "alias"), "first");
    assert_true(json_is_null(json_object_get(body, "apiKey")));
    assert_non_null(strstr(kit_text(json_object_get(body, "subresourceUris"), "conferences"), "/Conferences"));
    kit_expect(kit_ask("POST", "", "{\"alias\":\"second\",\"label\":\"l\"}"), 204);
    body = kit_expect(kit_get("%s", ""), 200);
    assert_string_equal(kit_text(body, "alias"), "second");
    assert_string_equal(kit_text(body, "label"), "l");
    assert_int_equal(kit_number(body, "revision"), 2);
    expect_fault(kit_ask("POST", "", "{\"alias\":1}"), "alias", 3);
    kit_header("If-Match", "\"1\"");
    kit_expect(kit_ask("POST", "", "{\"alias\":\"third\"}"), 412);
    assert_string_equal(kit_text(kit_get("%s", "")->body, "alias"), "second");
}

static void a_conference_lives_and_is_archived(void **state)
{
    (void)state;
    char path[128], id[128];
    const json_t *body = kit_expect(kit_ask("POST", "/Conferences", "{\"alias\":\"a\",\"record\":true}"), 200);
    assert_string_equal(kit_text(body, "status"), "empty");
    keep(id, body, "conferenceId");
    snprintf(path, sizeof path, "/Conferences/%.64s", id);
    kit_expect(kit_ask("POST", path, "{\"status\":\"inProgress\"}"), 400);
    kit_expect(kit_ask("POST", path, "{\"alias\":\"b\",\"playBeep\":\"never\"}"), 204);
    assert_string_equal(kit_text(kit_get("%s", path)->body, "playBeep"), "never");
    kit_expect(kit_ask("POST", path, "{\"status\":\"terminated\"}"), 204);
    kit_expect(kit_ask("POST", path, "{\"status\":\"terminated\"}"), 404);
    assert_string_equal(kit_text(kit_expect(kit_get("%s", path), 200), "status"), "terminated");
    assert_int_equal(total_of("/Conferences?status=terminated"), 1);
    assert_int_equal(total_of("/Conferences?status=empty"), 0);
    assert_int_equal(total_of("/Conferences?alias=b&dateCreated=2001-01-01"), 0);
    expect_fault(kit_get("/Conferences?status=creating"), "status", 3);
    expect_fault(kit_get("/Conferences?dateUpdated=yesterday"), "dateUpdated", 3);
    kit_credentials(kit.other, "key");
    kit_expect(kit_ask("GET", path, NULL), 404);
}

static void participants_are_listed_changed_and_put_out(void **state)
{
    (void)state;
    char id[128], path[192];
    id_text calls[3];
    keep(id, kit_expect(kit_ask("POST", "/Conferences", NULL), 200), "conferenceId");
    for (uint32_t i = 0; i < 3; i++) {
        kit_id(calls[i], "CA", i);
        kit_join(id, calls[i], i == 1);
    }
    const json_t *body = kit_expect(kit_get("/Conferences/%s/Participants?pageSize=2", id), 200);
    assert_int_equal(kit_number(body, "total"), 3);
    assert_string_equal(kit_text(json_array_get(json_object_get(body, "participants"), 0), "callId"), calls[2]);
    char next[512];
    snprintf(next, sizeof next, "/apiserver%s", kit_text(body, "nextPageUri"));
    body = kit_expect(kit_ask("GET", next, NULL), 200);
    assert_string_equal(kit_text(json_array_get(json_object_get(body, "participants"), 0), "callId"), calls[0]);
    snprintf(path, sizeof path, "/Conferences/%.64s/Participants/%s", id, calls[0]);
    body = kit_expect(kit_ask("POST", path, "{\"talk\":false}"), 200);
    assert_true(json_is_false(json_object_get(body, "talk")) && json_is_true(json_object_get(body, "listen")));
    assert_int_equal(kit_number(body, "revision"), 2);
    assert_int_equal(kit_number(body, "gain"), 0);
    body = kit_expect(kit_ask("POST", path, "{\"gain\":-6,\"noiseSuppression\":true,\"automaticGain\":false}"), 200);
    assert_int_equal(kit_number(body, "gain"), -6);
    assert_true(json_is_true(json_object_get(body, "noiseSuppression")));
    assert_true(json_is_false(json_object_get(body, "automaticGain")));
    assert_true(json_is_false(json_object_get(body, "talk")));
    expect_fault(kit_ask("POST", path, "{\"gain\":21}"), "gain", 3);
    expect_fault(kit_ask("POST", path, "{\"gain\":-61}"), "gain", 3);
    expect_fault(kit_ask("POST", path, "{\"gain\":1.5}"), "gain", 3);
    expect_fault(kit_ask("POST", path, "{\"automaticGain\":1}"), "automaticGain", 3);
    kit_header("If-Match", "\"1\"");
    kit_expect(kit_ask("POST", path, "{\"talk\":true}"), 412);
    assert_int_equal(kit_number(kit_get("/Conferences/%s/Participants?talk=false", id)->body, "total"), 1);
    expect_fault(kit_ask("POST", path, "{\"talk\":\"no\"}"), "talk", 3);
    kit_header("If-Match", "\"1\"");
    kit_expect(kit_ask("DELETE", path, NULL), 412);
    kit_expect(kit_ask("DELETE", path, NULL), 204);
    assert_int_equal(kit_number(kit_expect(kit_ask("DELETE", path, NULL), 404), "code"), 66);
    kit_expect(kit_ask("GET", path, NULL), 404);
}

static void a_participant_says_whether_it_talks_and_how_it_sounds(void **state)
{
    (void)state;
    char id[128];
    id_text calls[3];
    keep(id, kit_expect(kit_ask("POST", "/Conferences", NULL), 200), "conferenceId");
    for (uint32_t i = 0; i < 3; i++) {
        kit_id(calls[i], "CA", i);
        kit_join(id, calls[i], true);
    }
    const json_t *body = kit_expect(kit_get("/Conferences/%s/Participants/%s", id, calls[1]), 200);
    assert_true(json_is_true(json_object_get(body, "talking")));
    assert_string_equal(kit_text(json_object_get(body, "subresourceUris"), "quality") + strlen(kit_text(body, "uri")),
                        "/Quality");
    body = kit_expect(kit_get("/Conferences/%s/Participants/%s/Quality", id, calls[0]), 200);
    assert_string_equal(kit_text(body, "callId"), calls[0]);
    assert_string_equal(kit_text(body, "codec"), "PCMU");
    assert_string_equal(kit_text(body, "srtp"), "AEAD_AES_128_GCM");
    assert_string_equal(kit_text(body, "mosScale"), "narrowband");
    assert_true(json_is_false(json_object_get(body, "talking")));
    assert_int_equal(kit_number(body, "packetsReceived"), 500);
    assert_non_null(
        strstr(kit_get("/Conferences/%s/Participants/%s/Quality", id, calls[0])->text, "\"lossPercent\":0.79,"));
    body = kit_expect(kit_get("/Conferences/%s/Participants/%s/Quality", id, calls[0]), 200);
    assert_true(json_is_null(json_object_get(body, "levelDbfs")) && json_is_null(json_object_get(body, "roundTripMs")));
    assert_true(json_is_null(json_object_get(body, "peerLossPercent")));
    assert_false(signbit(json_real_value(json_object_get(body, "peakDbfs"))));
    assert_int_equal(
        kit_number(kit_expect(kit_get("/Conferences/%s/Participants/%s/Quality", id, calls[2]), 404), "code"), 66);
    kit_expect(kit_get("/Conferences/%s/Participants/CA1/Quality", id), 404);
}

static void announcements_need_somebody_to_hear_them(void **state)
{
    (void)state;
    char id[128], path[192], stop[320];
    keep(id, kit_expect(kit_ask("POST", "/Conferences", NULL), 200), "conferenceId");
    snprintf(path, sizeof path, "/Conferences/%.64s/Announcements", id);
    static const char say[] = "{\"say\":{\"text\":\"hello\",\"language\":\"en-GB\",\"loop\":2}}";
    kit_expect(kit_ask("POST", path, say), 409);
    kit_join(id, "CA1", false);
    const json_t *body = kit_expect(kit_ask("POST", path, say), 202);
    assert_true(id_valid(slice_of(kit_text(body, "announcementId")), "AN"));
    snprintf(stop, sizeof stop, "%s/%.64s", path, kit_text(body, "announcementId"));
    kit_expect(kit_ask("DELETE", stop, NULL), 204);
    kit_expect(kit_ask("DELETE", stop, NULL), 404);
    kit_expect(kit_ask("POST", path, "{\"play\":{\"file\":\"http://127.0.0.1:1/a.wav\"}}"), 202);
    static const struct {
        const char *body, *member;
        int code;
    } rows[] = {
        {"{}", "say", 80},
        {"{\"say\":{\"text\":\"a\"},\"play\":{\"file\":\"http://127.0.0.1/\"}}", "say", 80},
        {"{\"say\":\"hello\"}", "say", 3},
        {"{\"say\":{}}", "text", 80},
        {"{\"say\":{\"text\":\"\"}}", "text", 3},
        {"{\"say\":{\"text\":\"a\",\"loop\":-1}}", "loop", 3},
        {"{\"say\":{\"text\":\"a\",\"loop\":1.5}}", "loop", 3},
        {"{\"play\":{}}", "file", 80},
        {"{\"play\":{\"file\":\"a.wav\"}}", "file", 3},
        {"{\"play\":{\"file\":\"http://10.0.0.1/a.wav\"}}", "file", 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_fault(kit_ask("POST", path, rows[i].body), rows[i].member, rows[i].code);
    snprintf(stop, sizeof stop, "/Conferences/%.64s", id);
    kit_expect(kit_ask("POST", stop, "{\"status\":\"terminated\"}"), 204);
    kit_expect(kit_ask("POST", path, say), 404);
}

static void applications_are_made_changed_and_deleted(void **state)
{
    (void)state;
    char id[128], path[192];
    const json_t *body = kit_expect(
        kit_ask("POST", "/Applications", "{\"alias\":\"a\",\"voiceUrl\":\"https://a.example/v\",\"smsUrl\":\"\"}"),
        201);
    keep(id, body, "applicationId");
    assert_true(id_valid(slice_of(id), "AP"));
    assert_true(json_is_null(json_object_get(body, "smsUrl")));
    snprintf(path, sizeof path, "/Applications/%.64s", id);
    body = kit_expect(kit_ask("POST", path, "{\"callConnectUrl\":\"https://a.example/c\"}"), 200);
    assert_string_equal(kit_text(body, "voiceUrl"), "https://a.example/v");
    assert_string_equal(kit_text(body, "callConnectUrl"), "https://a.example/c");
    assert_int_equal(kit_number(body, "revision"), 2);
    body = kit_expect(kit_ask("POST", path, "{\"voiceUrl\":\"\"}"), 200);
    assert_true(json_is_null(json_object_get(body, "voiceUrl")));
    expect_fault(kit_ask("POST", path, "{\"voiceUrl\":\"nowhere\"}"), "voiceUrl", 3);
    expect_fault(kit_ask("POST", "/Applications", "{\"statusCallbackUrl\":\"http://169.254.169.254/\"}"),
                 "statusCallbackUrl", 3);
    kit_expect(kit_ask("POST", "/Applications", NULL), 201);
    assert_int_equal(total_of("/Applications"), 2);
    assert_int_equal(total_of("/Applications?alias=a"), 1);
    assert_string_equal(kit_text(kit_expect(kit_get("%s", path), 200), "applicationId"), id);
    kit_credentials(kit.other, "key");
    kit_expect(kit_ask("DELETE", path, NULL), 404);
    kit_expect(kit_ask("DELETE", path, NULL), 204);
    kit_expect(kit_ask("GET", path, NULL), 404);
    kit_expect(kit_ask("POST", path, "{}"), 404);
}

static void numbers_lead_to_applications(void **state)
{
    (void)state;
    char application[128], body_text[256], path[192], id[128];
    keep(application, kit_expect(kit_ask("POST", "/Applications", NULL), 201), "applicationId");
    snprintf(body_text, sizeof body_text, "{\"phoneNumber\":\"+15551234567\",\"applicationId\":\"%s\"}", application);
    const json_t *body = kit_expect(kit_ask("POST", "/IncomingPhoneNumbers", body_text), 201);
    keep(id, body, "phoneNumberId");
    assert_true(json_is_true(json_object_get(body, "voiceEnabled")));
    assert_string_equal(kit_text(body, "applicationId"), application);
    kit_expect(kit_ask("POST", "/IncomingPhoneNumbers", body_text), 409);
    kit_expect(kit_ask("POST", "/IncomingPhoneNumbers", "{\"phoneNumber\":\"front.desk\",\"country\":\"CH\"}"), 201);
    static const struct {
        const char *body, *member;
        int code;
    } rows[] = {
        {"{}", "phoneNumber", 80},
        {"{\"phoneNumber\":\"\"}", "phoneNumber", 3},
        {"{\"phoneNumber\":\"+1555123456789012\"}", "phoneNumber", 3},
        {"{\"phoneNumber\":\"+\"}", "phoneNumber", 3},
        {"{\"phoneNumber\":\"a@b\"}", "phoneNumber", 3},
        {"{\"phoneNumber\":\"a b\"}", "phoneNumber", 3},
        {"{\"phoneNumber\":\"x\",\"applicationId\":\"AP1\"}", "applicationId", 3},
        {"{\"phoneNumber\":\"x\",\"applicationId\":\"AP0123456789012345678901234567890123456789\"}", "applicationId",
         3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_fault(kit_ask("POST", "/IncomingPhoneNumbers", rows[i].body), rows[i].member, rows[i].code);
    static const struct {
        const char *query;
        int total;
    } lists[] = {
        {"", 2},
        {"?phoneNumber=%2B15551234567", 1},
        {"?country=CH", 1},
        {"?region=CH", 0},
        {"?hasApplication=true", 1},
        {"?hasApplication=false", 1},
        {"?voiceEnabled=true&smsEnabled=false", 2},
        {"?smsEnabled=true", 0},
        {"?alias=x", 0},
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        snprintf(path, sizeof path, "/IncomingPhoneNumbers%s", lists[i].query);
        if (total_of(path) != lists[i].total) fail_msg("%s", path);
    }
    snprintf(path, sizeof path, "/IncomingPhoneNumbers?applicationId=%.64s", application);
    assert_int_equal(total_of(path), 1);
    snprintf(path, sizeof path, "/Applications/%.64s", application);
    kit_expect(kit_ask("DELETE", path, NULL), 204);
    snprintf(path, sizeof path, "/IncomingPhoneNumbers/%.64s", id);
    body = kit_expect(kit_get("%s", path), 200);
    assert_true(json_is_null(json_object_get(body, "applicationId")));
    assert_int_equal(kit_number(body, "revision"), 2);
    body = kit_expect(kit_ask("POST", path, "{\"alias\":\"desk\",\"applicationId\":\"\"}"), 200);
    assert_string_equal(kit_text(body, "alias"), "desk");
    assert_int_equal(kit_number(body, "revision"), 3);
    kit_header("If-Match", "\"2\"");
    kit_expect(kit_ask("DELETE", path, NULL), 412);
    kit_expect(kit_ask("DELETE", path, NULL), 204);
    kit_expect(kit_ask("DELETE", path, NULL), 404);
}

static void calls_are_placed_with_what_their_application_says(void **state)
{
    (void)state;
    char application[128], bare[128], text[512], path[128], parent[128];
    keep(application,
         kit_expect(kit_ask("POST", "/Applications", "{\"callConnectUrl\":\"http://127.0.0.1:1/c\"}"), 201),
         "applicationId");
    keep(bare, kit_expect(kit_ask("POST", "/Applications", NULL), 201), "applicationId");
    snprintf(text, sizeof text, "{\"from\":\"+1\",\"to\":\"sip:a@b\",\"applicationId\":\"%s\",\"timeout\":5}",
             application);
    const struct kit_reply *reply = kit_ask("POST", "/Calls", text);
    const json_t *body = kit_expect(reply, 202);
    assert_string_equal(kit_text(body, "status"), "queued");
    assert_string_equal(kit_text(body, "applicationId"), application);
    assert_string_equal(kit.placed_connect_url, "http://127.0.0.1:1/c");
    assert_string_equal(kit.placed_request, reply->request_id);
    assert_int_equal(kit.placed.timeout_s, 5);
    keep(parent, body, "callId");
    /* Its own URL beats the application's. */
    snprintf(text, sizeof text,
             "{\"from\":\"+1\",\"to\":\"+2\",\"applicationId\":\"%s\",\"callConnectUrl\":\"http://127.0.0.1:1/own\"}",
             bare);
    kit_expect(kit_ask("POST", "/Calls", text), 202);
    assert_string_equal(kit.placed_connect_url, "http://127.0.0.1:1/own");
    snprintf(text, sizeof text, "{\"from\":\"+1\",\"to\":\"+2\",\"applicationId\":\"%s\"}", bare);
    expect_fault(kit_ask("POST", "/Calls", text), "callConnectUrl", 80);
    kit_expect(
        kit_ask("POST", "/Calls", "{\"from\":\"+1\",\"to\":\"+999\",\"callConnectUrl\":\"http://127.0.0.1:1/\"}"), 400);
    /* A parent that is not in progress; then one that is, whose application the child gets. */
    snprintf(text, sizeof text, "{\"from\":\"+1\",\"to\":\"+2\",\"parentCallId\":\"%s\"}", parent);
    kit_expect(kit_ask("POST", "/Calls", text), 409);
    struct store_tx *tx = kit_begin();
    struct store_call row = {.from = "a", .to = "b", .status = "inProgress", .direction = "inbound", .revision = 4};
    snprintf(row.id, sizeof row.id, "%.42s", parent);
    snprintf(row.account, sizeof row.account, "%s", kit.account);
    snprintf(row.application, sizeof row.application, "%.42s", application);
    store_put_call(tx, &row);
    kit_commit(tx);
    body = kit_expect(kit_ask("POST", "/Calls", text), 202);
    assert_string_equal(kit_text(body, "parentCallId"), parent);
    assert_string_equal(kit.placed_application, application);
    assert_string_equal(kit.placed_parent, parent);
    /* Changes. */
    snprintf(path, sizeof path, "/Calls/%.64s", parent);
    expect_fault(kit_ask("POST", path, "{}"), "status", 80);
    expect_fault(kit_ask("POST", path, "{\"status\":\"busy\"}"), "status", 3);
    kit_expect(kit_ask("POST", path, "{\"status\":\"canceled\"}"), 409);
    kit_header("If-Match", "\"1\"");
    kit_expect(kit_ask("POST", path, "{\"status\":\"completed\"}"), 412);
    assert_string_equal(kit_text(kit_expect(kit_ask("POST", path, "{\"status\":\"completed\"}"), 202), "status"),
                        "completed");
    kit_expect(kit_ask("POST", path, "{\"status\":\"completed\"}"), 404);
    assert_string_equal(kit_text(kit_expect(kit_get("%s", path), 200), "status"), "completed");
    assert_int_equal(kit.calls_placed, 3);
}

static void bodies_for_a_new_call_are_refused_by_member(void **state)
{
    (void)state;
    static const struct {
        const char *body, *member;
        int code;
    } rows[] = {
        {"{}", "from", 80},
        {"{\"from\":\"+1\"}", "to", 80},
        {"{\"from\":\"+1\",\"to\":\"\"}", "to", 3},
        {"{\"from\":\"+1\",\"to\":\"+2\"}", "applicationId", 80},
        {"{\"from\":\"+1\",\"to\":\"+2\",\"applicationId\":\"x\"}", "applicationId", 3},
        {"{\"from\":\"+1\",\"to\":\"+2\",\"applicationId\":\"AP0123456789012345678901234567890123456789\"}",
         "applicationId", 3},
        {"{\"from\":\"+1\",\"to\":\"+2\",\"parentCallId\":\"CA0123456789012345678901234567890123456789\"}",
         "parentCallId", 3},
        {"{\"from\":\"+1\",\"to\":\"+2\",\"callConnectUrl\":\"x\"}", "callConnectUrl", 3},
        {"{\"from\":\"+1\",\"to\":\"+2\",\"callConnectUrl\":\"http://127.0.0.1/\",\"timeout\":0}", "timeout", 3},
        {"{\"from\":\"+1\",\"to\":\"+2\",\"callConnectUrl\":\"http://127.0.0.1/\",\"timeout\":\"5\"}", "timeout", 3},
        {"{\"from\":\"+1\",\"to\":\"+2\",\"callConnectUrl\":\"http://127.0.0.1/\",\"sendDigits\":\"1{x}\"}",
         "sendDigits", 3},
        {"{\"from\":\"+1\",\"to\":\"+2\",\"callConnectUrl\":\"http://127.0.0.1/\",\"ifMachine\":\"wait\"}", "ifMachine",
         3},
        {"{\"from\":\"+1\",\"to\":\"+2\",\"callConnectUrl\":\"http://127.0.0.1/\",\"ifMachine\":\"redirect\"}",
         "ifMachineUrl", 80},
        {"{\"from\":\"+1\",\"to\":\"+2\",\"callConnectUrl\":\"http://127.0.0.1/\",\"ifMachine\":\"hangup\","
         "\"ifMachineUrl\":\"http://127.0.0.1/\"}",
         "ifMachineUrl", 3},
        {"{\"from\":\"+1\",\"to\":\"+2\",\"callConnectUrl\":\"http://127.0.0.1/\",\"privacyMode\":1}", "privacyMode",
         3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_fault(kit_ask("POST", "/Calls", rows[i].body), rows[i].member, rows[i].code);
    assert_int_equal(kit.calls_placed, 0);
    static const char fine[] = "{\"from\":\"+1\",\"to\":\"+2\",\"callConnectUrl\":\"http://127.0.0.1/\","
                               "\"sendDigits\":\"1{2}*#9{10}\",\"ifMachine\":\"redirect\","
                               "\"ifMachineUrl\":\"http://127.0.0.1/m\",\"timeout\":null}";
    kit_expect(kit_ask("POST", "/Calls", fine), 202);
    assert_int_equal(kit.placed.timeout_s, 30);
}

/* 40 calls, a minute apart from 2026-11-23 00:00:00 on, each 30 s long; every fourth is still going on. */
static void add_calls(void)
{
    struct store_tx *tx = kit_begin();
    for (uint32_t i = 0; i < 40; i++) {
        int64_t start_unix_ms = INT64_C(1795392000000) + (int64_t)i * 60000;
        struct store_call row = {.from = i % 2 ? "+1" : "+2", .to = "+3", .direction = "inbound", .revision = 1};
        row.status = i % 4 == 0 ? "inProgress" : "completed";
        row.created_unix_ms = row.updated_unix_ms = row.start_unix_ms = row.connect_unix_ms = start_unix_ms;
        row.end_unix_ms = i % 4 == 0 ? 0 : start_unix_ms + 30500;
        kit_id(row.id, "CA", i);
        kit_id(row.application, "AP", i % 5);
        snprintf(row.account, sizeof row.account, "%s", kit.account);
        if (i < 3) kit_id(row.parent_call, "CA", 39);
        store_put_call(tx, &row);
    }
    kit_commit(tx);
}

static void calls_are_listed_by_every_filter(void **state)
{
    (void)state;
    add_calls();
    static const struct {
        const char *query;
        int total;
    } rows[] = {
        {"", 40},
        {"?active=true", 10},
        {"?active=false", 40},
        {"?status=completed", 30},
        {"?from=%2B1", 20},
        {"?from=%2B1&to=%2B3&status=completed", 20},
        {"?to=%2B4", 0},
        {"?parentCallId=CA0000000000000000000000000000000000000039", 3},
        {"?startTime=2026-11-23%2000:35:00", 5},
        {"?startTime=2026-11-23%2000:35:00&endTime=2026-11-23+00:38:30", 3},
        {"?endTime=2026-11-23%2000:01:29", 0},
        {"?endTime=2026-11-23%2000:01:30", 1},
        {"?applicationId=AP0000000000000000000000000000000000000001", 8},
        {"?applicationId=AP0000000000000000000000000000000000000001"
         "&applicationId=AP0000000000000000000000000000000000000002",
         16},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[256];
        snprintf(path, sizeof path, "/Calls%s", rows[i].query);
        json_int_t total = total_of(path);
        if (total != rows[i].total) fail_msg("%s: %d", path, (int)total);
    }
    expect_fault(kit_get("/Calls?active=yes"), "active", 3);
    expect_fault(kit_get("/Calls?status=ended"), "status", 3);
    expect_fault(kit_get("/Calls?startTime=2026-11-23"), "startTime", 3);
    expect_fault(kit_get("/Calls?applicationId=AP1"), "applicationId", 3);
    const json_t *first = json_array_get(json_object_get(kit_get("/Calls?status=completed")->body, "calls"), 0);
    assert_int_equal(kit_number(first, "duration"), 30);
}

/* Of the recording of number 0. */
static void expect_tracks(void)
{
    char path[128];
    const json_t *tracks = json_object_get(kit_expect(kit_get("/Recordings/RE%040u/Tracks", 0), 200), "tracks");
    assert_int_equal(json_array_size(tracks), 2);
    const json_t *one = json_array_get(tracks, 0), *bridge = json_array_get(tracks, 1);
    assert_string_equal(kit_text(one, "callId"), "CA0000000000000000000000000000000000000007");
    assert_true(json_is_null(json_object_get(bridge, "callId")));
    snprintf(path, sizeof path, "/Recordings/RE%040u/Tracks/bridge/Download", 0);
    assert_non_null(strstr(kit_text(bridge, "downloadUrl"), path));
    const struct kit_reply *reply = kit_get("%s", path);
    assert_string_equal(reply->type, "audio/flac");
    assert_string_equal(reply->disposition,
                        "inline; filename=\"RE0000000000000000000000000000000000000000-bridge.flac\"");
    assert_string_equal(reply->text, "ab23456789");
    kit_expect(kit_get("/Recordings/RE%040u/Tracks/..%%2Fbridge/Download", 0), 404);
    const json_t *fault = kit_expect(kit_get("/Recordings/RE%040u/Tracks/CA7/Download", 0), 404);
    assert_string_equal(kit_text(fault, "message"), "The recording has no such track");
    reply = kit_get("/Recordings/RE%040u/Timeline", 0);
    assert_int_equal(reply->code, 200);
    assert_string_equal(reply->type, "application/json");
    assert_string_equal(reply->disposition,
                        "inline; filename=\"RE0000000000000000000000000000000000000000-timeline.json\"");
    kit_expect(kit_get("/Recordings/RE%040u/Timeline", 9), 404);
}

static void recordings_are_found_heard_and_deleted(void **state)
{
    (void)state;
    add_calls();
    char conference[128], path[128];
    keep(conference, kit_expect(kit_ask("POST", "/Conferences", NULL), 200), "conferenceId");
    struct store_tx *tx = kit_begin();
    for (uint32_t i = 0; i < 6; i++) {
        struct store_recording row = {.state = i == 5 ? "recording" : i == 4 ? "lost" : "complete", .revision = 1};
        row.created_unix_ms = row.updated_unix_ms = INT64_C(1795392000000) + (int64_t)i * 1000;
        row.duration_ms = 1001;
        kit_id(row.id, "RE", i);
        snprintf(row.account, sizeof row.account, "%s", kit.account);
        snprintf(row.token, sizeof row.token, "%040u", i);
        if (i % 2)
            kit_id(row.call, "CA", 7);
        else
            snprintf(row.conference, sizeof row.conference, "%.42s", conference);
        store_put_recording(tx, &row);
    }
    kit_commit(tx);
    assert_int_equal(total_of("/Recordings"), 6);
    assert_int_equal(total_of("/Recordings?startTime=2026-11-23%2000:00:01&endTime=2026-11-23%2000:00:03"), 3);
    assert_int_equal(total_of("/Recordings?dateCreated=2026-11-23&startTime=2026-11-23%2000:00:05"), 1);
    assert_int_equal(total_of("/Recordings?dateCreated=2026-11-22"), 0);
    assert_int_equal(total_of("/Calls/CA0000000000000000000000000000000000000007/Recordings"), 3);
    assert_int_equal(
        total_of("/Calls/CA0000000000000000000000000000000000000007/Recordings?endTime=2026-11-23%2000:00:01"), 1);
    snprintf(path, sizeof path, "/Conferences/%.64s/Recordings", conference);
    assert_int_equal(total_of(path), 3);
    kit_expect(kit_get("/Calls/CA0/Recordings"), 404);
    kit_expect(kit_get("/Conferences/CF0/Recordings"), 404);
    const json_t *body = kit_expect(kit_get("/Recordings/RE0000000000000000000000000000000000000000"), 200);
    assert_int_equal(kit_number(body, "durationSec"), 2);
    body = kit_expect(kit_get("/Recordings/RE0000000000000000000000000000000000000005"), 200);
    assert_int_equal(kit_number(body, "durationSec"), 3);
    expect_tracks();
    const struct kit_reply *reply = kit_get("/Recordings/RE0000000000000000000000000000000000000001/Stream");
    assert_string_equal(reply->type, "audio/wav");
    assert_string_equal(reply->text, "0123456789");
    kit_header("Range", "bytes=2-4");
    reply = kit_get("/Recordings/RE0000000000000000000000000000000000000001/Download");
    assert_int_equal(reply->code, 206);
    assert_string_equal(reply->text, "234");
    kit_credentials("", "");
    reply = kit_get("/recordings/%s/RE.wav", "0000000000000000000000000000000000000001");
    assert_string_equal(reply->text, "0123456789");
    body = kit_expect(kit_get("/Recordings/RE0000000000000000000000000000000000000004/Stream"), 404);
    assert_int_equal(kit_number(body, "code"), 69);
    kit_expect(kit_ask("DELETE", "/Recordings/RE0000000000000000000000000000000000000005", NULL), 409);
    kit_header("If-Match", "\"7\"");
    kit_expect(kit_ask("DELETE", "/Recordings/RE0000000000000000000000000000000000000000", NULL), 412);
    kit_expect(kit_ask("DELETE", "/Recordings/RE0000000000000000000000000000000000000000", NULL), 204);
    body = kit_expect(kit_get("/Recordings/RE0000000000000000000000000000000000000000"), 404);
    assert_int_equal(kit_number(body, "code"), 68);
}

static void logs_are_read_and_asked_for(void **state)
{
    (void)state;
    add_calls();
    struct store_tx *tx = kit_begin();
    for (uint32_t i = 0; i < 250; i++) {
        struct store_log row = {.timestamp_us = 1000 + i, .level = i % 10 ? "info" : "error", .message = "it's \"it\""};
        row.metadata = i == 249 ? "{\"index\":3}" : NULL;
        snprintf(row.account, sizeof row.account, "%s", kit.account);
        if (i % 2) kit_id(row.call, "CA", 1);
        kit_id(row.request, "RQ", i % 5);
        store_put_log(tx, &row);
    }
    kit_commit(tx);
    const json_t *body = kit_expect(kit_get("/Logs"), 200);
    assert_int_equal(kit_number(body, "total"), 250);
    const json_t *first = json_array_get(json_object_get(body, "logs"), 0);
    assert_int_equal(kit_number(first, "timestamp"), 1249);
    assert_int_equal(kit_number(json_object_get(first, "metadata"), "index"), 3);
    assert_int_equal(total_of("/Calls/CA0000000000000000000000000000000000000001/Logs"), 125);
    assert_int_equal(total_of("/Calls/CA0000000000000000000000000000000000000002/Logs"), 0);
    kit_expect(kit_get("/Calls/CA0/Logs"), 404);
    static const struct {
        const char *pql;
        int total;
    } rows[] = {
        {"", 250},
        {"level = \\\"ERROR\\\"", 25},
        {"level != \\\"error\\\"", 225},
        {"level > \\\"info\\\"", 25},
        {"level <= \\\"warning\\\"", 225},
        {"timestamp >= 1200", 50},
        {"timestamp >= 1200 AND timestamp < 1210", 10},
        {"timestamp < 1010 OR timestamp >= 1240", 20},
        {"callId = \\\"CA0000000000000000000000000000000000000001\\\"", 125},
        {"callId != \\\"CA0000000000000000000000000000000000000001\\\"", 125},
        {"requestId = 'RQ0000000000000000000000000000000000000002' AND (timestamp<1005 OR timestamp>1244)", 2},
        {"message = \\\"it's \\\\\\\"it\\\\\\\"\\\"", 250},
        {"message = 'x' OR level = 'warning'", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, "{\"pql\":\"%s\"}", rows[i].pql);
        json_int_t total = kit_number(kit_expect(kit_ask("POST", "/Logs", text), 200), "total");
        if (total != rows[i].total) fail_msg("%s: %d", rows[i].pql, (int)total);
    }
    expect_fault(kit_ask("POST", "/Logs", "{\"pql\":\"level LIKE 'x'\"}"), "pql", 5);
    expect_fault(kit_ask("POST", "/Logs", "{\"pql\":7}"), "pql", 3);
    kit_credentials(kit.account, "reader");
    kit_expect(kit_ask("POST", "/Logs", "{}"), 200);
    /* The next page of a query is asked for with GET. */
    char next[1024];
    body = kit_expect(kit_ask("POST", "/Logs?pageSize=20", "{\"pql\":\"level='error' AND timestamp>0\"}"), 200);
    assert_int_equal(json_array_size(json_object_get(body, "logs")), 20);
    snprintf(next, sizeof next, "/apiserver%s", kit_text(body, "nextPageUri"));
    body = kit_expect(kit_ask("GET", next, NULL), 200);
    assert_int_equal(json_array_size(json_object_get(body, "logs")), 5);
    assert_int_equal(kit_number(body, "start"), 20);
    assert_int_equal(kit_number(json_array_get(json_object_get(body, "logs"), 0), "timestamp"), 1040);
}

static void two_signing_secrets_are_enough(void **state)
{
    (void)state;
    char first[128], secret[128], path[128];
    const json_t *body = kit_expect(kit_ask("POST", "/SigningSecrets", NULL), 201);
    keep(first, body, "signingSecretId");
    keep(secret, body, "secret");
    assert_int_equal(strlen(secret), strlen("sigsec_") + 40);
    kit_expect(kit_ask("POST", "/SigningSecrets", "{}"), 201);
    kit_expect(kit_ask("POST", "/SigningSecrets", NULL), 409);
    assert_int_equal(kit.secrets_changed, 2);
    body = kit_expect(kit_get("/SigningSecrets"), 200);
    assert_int_equal(kit_number(body, "total"), 2);
    const json_t *oldest = json_array_get(json_object_get(body, "signingSecrets"), 1);
    assert_string_equal(kit_text(oldest, "signingSecretId"), first);
    assert_int_equal(strlen(kit_text(oldest, "secret")), 8);
    assert_string_equal(kit_text(oldest, "secret") + 4, secret + strlen(secret) - 4);
    snprintf(path, sizeof path, "/SigningSecrets/%.64s", first);
    kit_expect(kit_ask("DELETE", path, NULL), 204);
    kit_expect(kit_ask("DELETE", path, NULL), 404);
    assert_int_equal(kit.secrets_changed, 3);
    kit_expect(kit_ask("POST", "/SigningSecrets", NULL), 201);
}

static void dead_webhooks_are_listed_and_sent_again(void **state)
{
    (void)state;
    struct store_tx *tx = kit_begin();
    id_text lane;
    kit_id(lane, "CF", 1);
    for (uint32_t i = 1; i <= 5; i++) {
        struct store_outbox row = {.n = i, .url = "http://127.0.0.1:1/", .body = "{\"a\":1}", .created_unix_ms = i};
        row.state = i == 3 ? "dead" : "pending";
        memcpy(row.lane, lane, sizeof row.lane);
        snprintf(row.account, sizeof row.account, "%s", kit.account);
        store_put_outbox(tx, &row);
    }
    kit_commit(tx);
    assert_int_equal(total_of("/Webhooks"), 5);
    assert_int_equal(total_of("/Webhooks?state=pending&lane=CF0000000000000000000000000000000000000001"), 4);
    assert_int_equal(total_of("/Webhooks?lane=CF2"), 0);
    const json_t *body = kit_expect(kit_get("/Webhooks?state=dead"), 200);
    const json_t *item = json_array_get(json_object_get(body, "webhooks"), 0);
    assert_int_equal(kit_number(item, "n"), 3);
    assert_int_equal(kit_number(json_object_get(item, "body"), "a"), 1);
    char path[256];
    snprintf(path, sizeof path, "/apiserver%s", kit_text(item, "uri"));
    expect_fault(kit_get("/Webhooks?state=gone"), "state", 3);
    expect_fault(kit_ask("POST", path, "{\"state\":\"dead\"}"), "state", 3);
    kit_expect(kit_ask("POST", path, "{\"state\":\"pending\"}"), 204);
    assert_string_equal(kit.resent, "CF0000000000000000000000000000000000000001/3");
    assert_int_equal(total_of("/Webhooks?state=dead"), 0);
    kit_expect(kit_ask("POST", "/Webhooks/CF1/3", "{\"state\":\"pending\"}"), 404);
    kit_expect(kit_ask("POST", "/Webhooks/CF0000000000000000000000000000000000000001/x", "{\"state\":\"pending\"}"),
               404);
}

#define DRIVEN(name) cmocka_unit_test_setup_teardown(name, kit_set_up, kit_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DRIVEN(an_account_is_read_and_renamed),
        DRIVEN(a_conference_lives_and_is_archived),
        DRIVEN(participants_are_listed_changed_and_put_out),
        DRIVEN(a_participant_says_whether_it_talks_and_how_it_sounds),
        DRIVEN(announcements_need_somebody_to_hear_them),
        DRIVEN(applications_are_made_changed_and_deleted),
        DRIVEN(numbers_lead_to_applications),
        DRIVEN(calls_are_placed_with_what_their_application_says),
        DRIVEN(bodies_for_a_new_call_are_refused_by_member),
        DRIVEN(calls_are_listed_by_every_filter),
        DRIVEN(recordings_are_found_heard_and_deleted),
        DRIVEN(logs_are_read_and_asked_for),
        DRIVEN(two_signing_secrets_are_enough),
        DRIVEN(dead_webhooks_are_listed_and_sent_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
