#include <string.h>

#include "base/dates.h"
#include "rest/rest_views.h"

static json_t *date_or_null(int64_t unix_ms, bool iso)
{
    char text[DATE_SIZE];
    if (!unix_ms) return json_null();
    if (iso)
        date_iso(text, unix_ms);
    else
        date_rfc1123(text, unix_ms);
    return json_string(text);
}

static json_t *text_or_empty(const char *text)
{
    return json_string(text ? text : "");
}

/* Whole seconds of a call that came about and is over. */
static json_t *seconds(const struct store_call *row, int64_t from_unix_ms)
{
    bool completed = strcmp(row->status, "completed") == 0 && from_unix_ms && row->end_unix_ms >= from_unix_ms;
    return completed ? json_integer((row->end_unix_ms - from_unix_ms) / 1000) : json_null();
}

static json_t *call_links(const struct store_call *row)
{
    return json_pack("{s:o, s:o}", "logs", json_sprintf("/Accounts/%s/Calls/%s/Logs", row->account, row->id),
                     "recordings", json_sprintf("/Accounts/%s/Calls/%s/Recordings", row->account, row->id));
}

static json_t *call_times(const struct store_call *row)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:n}", "startTime",
                     date_or_null(row->start_unix_ms, false), "connectTime", date_or_null(row->connect_unix_ms, false),
                     "endTime", date_or_null(row->end_unix_ms, false), "startTimeISO",
                     date_or_null(row->start_unix_ms, true), "connectTimeISO", date_or_null(row->connect_unix_ms, true),
                     "endTimeISO", date_or_null(row->end_unix_ms, true), "duration", seconds(row, row->start_unix_ms),
                     "connectDuration", seconds(row, row->connect_unix_ms), "audioStreamDuration");
}

json_t *rest_view_call(const struct store_call *row)
{
    json_t *uri = json_sprintf("/Accounts/%s/Calls/%s", row->account, row->id);
    json_t *who = json_pack(
        "{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:s}", "callId", row->id, "parentCallId", rest_view_text(row->parent_call),
        "accountId", row->account, "from", text_or_empty(row->from), "to", text_or_empty(row->to), "phoneNumberId",
        rest_view_text(row->phone_number), "callerName", rest_view_text(row->caller_name), "status", row->status);
    json_t *rest = json_pack("{s:s, s:o, s:b, s:o, s:o}", "direction", row->direction, "answeredBy",
                             rest_view_text(row->answered_by), "webRTC", 0, "applicationId",
                             rest_view_text(row->application), "subresourceUris", call_links(row));
    json_t *head = rest_view_begin(uri, row->revision, row->created_unix_ms, row->updated_unix_ms);
    return rest_view_merge(rest_view_merge(rest_view_merge(head, who), call_times(row)), rest);
}

json_t *rest_view_account(const struct store_account *row)
{
    static const char *const names[][2] = {
        {"applications", "Applications"},
        {"calls", "Calls"},
        {"conferences", "Conferences"},
        {"incomingPhoneNumbers", "IncomingPhoneNumbers"},
        {"logs", "Logs"},
        {"recordings", "Recordings"},
    };
    json_t *links = json_object();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        json_object_set_new(links, names[i][0], json_sprintf("/Accounts/%s/%s", row->id, names[i][1]));
    json_t *more = json_pack("{s:s, s:n, s:o, s:o, s:s, s:s, s:o}", "accountId", row->id, "apiKey", "alias",
                             text_or_empty(row->alias), "label", text_or_empty(row->label), "type", row->type, "status",
                             row->status, "subresourceUris", links);
    return rest_view_merge(rest_view_begin(json_sprintf("/Accounts/%s", row->id), row->revision, row->created_unix_ms,
                                           row->updated_unix_ms),
                           more);
}

json_t *rest_view_application(const struct store_application *row)
{
    json_t *uri = json_sprintf("/Accounts/%s/Applications/%s", row->account, row->id);
    json_t *more =
        json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "accountId", row->account, "applicationId", row->id,
                  "alias", text_or_empty(row->alias), "voiceUrl", rest_view_text(row->voice_url), "voiceFallbackUrl",
                  rest_view_text(row->voice_fallback_url), "callConnectUrl", rest_view_text(row->call_connect_url),
                  "statusCallbackUrl", rest_view_text(row->status_callback_url), "smsUrl", rest_view_text(row->sms_url),
                  "smsFallbackUrl", rest_view_text(row->sms_fallback_url));
    return rest_view_merge(rest_view_begin(uri, row->revision, row->created_unix_ms, row->updated_unix_ms), more);
}

json_t *rest_view_number(const struct store_number *row)
{
    json_t *uri = json_sprintf("/Accounts/%s/IncomingPhoneNumbers/%s", row->account, row->id);
    json_t *can = json_pack("{s:b, s:b}", "voice", (int)row->voice_enabled, "sms", (int)row->sms_enabled);
    json_t *more =
        json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:b, s:b, s:b, s:o, s:n, s:n}", "phoneNumberId", row->id,
                  "accountId", row->account, "applicationId", rest_view_text(row->application), "phoneNumber",
                  row->number, "alias", text_or_empty(row->alias), "region", rest_view_text(row->region), "country",
                  rest_view_text(row->country), "voiceEnabled", (int)row->voice_enabled, "smsEnabled",
                  (int)row->sms_enabled, "offnet", (int)row->offnet, "capabilities", can, "campaignId", "tfn");
    return rest_view_merge(rest_view_begin(uri, row->revision, row->created_unix_ms, row->updated_unix_ms), more);
}

json_t *rest_view_log(const struct store_log *row)
{
    json_t *metadata = row->metadata ? json_loads(row->metadata, 0, NULL) : NULL;
    return json_pack("{s:I, s:s, s:o, s:s, s:o, s:s, s:o}", "timestamp", (json_int_t)row->timestamp_us, "level",
                     row->level, "requestId", rest_view_text(row->request), "accountId", row->account, "callId",
                     rest_view_text(row->call), "message", row->message, "metadata",
                     metadata ? metadata : json_object());
}

json_t *rest_view_secret(const struct store_secret *row, bool whole)
{
    size_t len = strlen(row->secret), shown = len < 4 ? 0 : 4;
    json_t *secret = whole ? json_string(row->secret) : json_sprintf("****%s", row->secret + len - shown);
    return json_pack(
        "{s:o, s:s, s:s, s:o, s:o, s:o}", "uri", json_sprintf("/Accounts/%s/SigningSecrets/%s", row->account, row->id),
        "signingSecretId", row->id, "accountId", row->account, "secret", secret, "dateCreated",
        date_or_null(row->created_unix_ms, false), "dateCreatedISO", date_or_null(row->created_unix_ms, true));
}

json_t *rest_view_webhook(const struct store_outbox *row)
{
    json_t *body = json_loads(row->body, JSON_DECODE_ANY, NULL);
    return json_pack("{s:o, s:s, s:s, s:I, s:s, s:o, s:s, s:I, s:o, s:o}", "uri",
                     json_sprintf("/Accounts/%s/Webhooks/%s/%u", row->account, row->lane, (unsigned)row->n),
                     "accountId", row->account, "lane", row->lane, "n", (json_int_t)row->n, "url", row->url, "body",
                     body ? body : json_string(row->body), "state", row->state, "attempts", (json_int_t)row->attempts,
                     "dateCreated", date_or_null(row->created_unix_ms, false), "dateCreatedISO",
                     date_or_null(row->created_unix_ms, true));
}
