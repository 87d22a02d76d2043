#include "rest/rest_schema.h"

#include <string.h>

#include "base/slice.h"

#define COUNT_OF(a) (sizeof(a) / sizeof(a)[0])

/* clang-format off */
#define RESOURCE                                                                                                       \
    {"uri", "uri", NULL},                                                                                              \
    {"revision", "integer", "1 at first, one more with each change; also the ETag"},                                   \
    {"dateCreated", "time", NULL},                                                                                     \
    {"dateUpdated", "time", NULL},                                                                                     \
    {"dateCreatedISO", "isoTime", NULL},                                                                               \
    {"dateUpdatedISO", "isoTime", NULL}
/* clang-format on */

static const struct rest_member account[] = {
    RESOURCE,
    {"accountId", "id:AC", NULL},
    {"apiKey", "string?", "Always null: only a hash of it is kept"},
    {"alias", "string", NULL},
    {"label", "string", NULL},
    {"type", "words:trial|full", NULL},
    {"status", "words:active|suspended|closed", NULL},
    {"subresourceUris", "object", NULL},
};
static const struct rest_member account_update[] = {
    {"alias", "string", "At most 64 characters"},
    {"label", "string", "At most 64 characters"},
};
static const struct rest_member conference[] = {
    RESOURCE,
    {"conferenceId", "id:CF", NULL},
    {"accountId", "id:AC", NULL},
    {"alias", "string", NULL},
    {"playBeep", "words:always|never|entryOnly|exitOnly", NULL},
    {"record", "boolean", NULL},
    {"talkersMax", "integer", "Only the loudest so many are heard at a time; 0: all"},
    {"recordTracks", "boolean", "Whether its recordings have tracks"},
    {"status", "words:empty|populated|inProgress|terminated", NULL},
    {"waitUrl", "url?", NULL},
    {"actionUrl", "url?", NULL},
    {"statusCallbackUrl", "url?", NULL},
    {"subresourceUris", "object", NULL},
};
static const struct rest_member conference_create[] = {
    {"alias", "string", "At most 64 characters"},
    {"playBeep", "words:always|never|entryOnly|exitOnly", "always where absent"},
    {"record", "boolean", "false where absent"},
    {"talkersMax", "integer", "0 to 32: only the loudest so many are heard at a time; 0: all; configured where absent"},
    {"recordTracks", "boolean",
     "Recordings get a track each caller, and a timeline; the bridge's setting where absent"},
    {"waitUrl", "url", "Audio that is heard until the conference starts"},
    {"statusCallbackUrl", "url", NULL},
};
static const struct rest_member conference_update[] = {
    {"alias", "string", "At most 64 characters"},
    {"playBeep", "words:always|never|entryOnly|exitOnly", NULL},
    {"status", "words:empty|terminated", "empty puts everybody out; terminated ends the conference for ever"},
};
static const struct rest_member participant[] = {
    RESOURCE,
    {"accountId", "id:AC", NULL},
    {"conferenceId", "id:CF", NULL},
    {"callId", "id:CA", NULL},
    {"talk", "boolean", NULL},
    {"listen", "boolean", NULL},
    {"dtmfPassThrough", "boolean", NULL},
    {"startConfOnEnter", "boolean", NULL},
    {"gain", "integer", "dB that what it says is made louder or softer by"},
    {"noiseSuppression", "boolean", NULL},
    {"automaticGain", "boolean", "What it says is brought to -23 dBFS, the usual level of speech"},
    {"talking", "boolean", "Says something just now"},
    {"subresourceUris", "object", NULL},
};
static const struct rest_member participant_update[] = {
    {"talk", "boolean", "Unchanged where absent"},
    {"listen", "boolean", "Unchanged where absent"},
    {"dtmfPassThrough", "boolean", "Unchanged where absent"},
    {"gain", "integer", "-60 to 20 dB; unchanged where absent"},
    {"noiseSuppression", "boolean", "Unchanged where absent; 10 ms more delay"},
    {"automaticGain", "boolean", "As noiseSuppression"},
};
static const struct rest_member quality[] = {
    {"uri", "uri", NULL},
    {"accountId", "id:AC", NULL},
    {"conferenceId", "id:CF", NULL},
    {"callId", "id:CA", NULL},
    {"codec", "string?", "null in the first second: then no figure means anything"},
    {"srtp", "string?", "Suite, where its audio is encrypted: AEAD_AES_128_GCM ...; null: plain"},
    {"sampleRateHz", "integer", NULL},
    {"talking", "boolean", "Says something just now"},
    {"packetsReceived", "integer", "Since the call was answered, as all that is counted"},
    {"packetsLost", "integer", "By their sequence numbers"},
    {"packetsLate", "integer", "Came too late to be heard"},
    {"packetsSent", "integer", NULL},
    {"lossPercent", "number", "Lost or late, of all that should have come"},
    {"concealedPercent", "number", "Of the time, filled in for what was lost or late"},
    {"jitterMs", "number", "Between arrivals, RFC 3550"},
    {"roundTripMs", "number?", "null until the caller's reports (RTCP) say it"},
    {"playoutDelayMs", "number", "From a packet's arrival until it is heard"},
    {"levelDbfs", "number?", "Of the last second; null for silence, or where nobody hears the caller"},
    {"peakDbfs", "number?", "As levelDbfs"},
    {"speechDbfs", "number?", "Of about three seconds of speech; null until there was some"},
    {"samplesClipped", "integer", "At full scale as they came in"},
    {"mos", "number?",
     "What people would think of what they hear of this caller, 1 to 4.5: ITU-T G.107; null until a packet came"},
    {"rating", "number?", "The E-model's R: at best 93.2 (narrowband) or 129 (wideband)"},
    {"mosScale", "words:narrowband|wideband", "G.107 or G.107.1; not to be compared with each other"},
    {"peerPacketsLost", "integer?", "Of ours, by the caller's reports; null until there is one"},
    {"peerLossPercent", "number?", "As peerPacketsLost"},
    {"peerJitterMs", "number?", "As peerPacketsLost"},
    {"peerMos", "number?", "What the caller would think of what it hears"},
};
static const struct rest_member announcement[] = {
    {"announcementId", "id:AN", NULL},
    {"accountId", "id:AC", NULL},
    {"conferenceId", "id:CF", NULL},
    {"uri", "uri", NULL},
};
static const struct rest_member announcement_create[] = {
    {"say", "ref:AnnouncementSay", "This or play"},
    {"play", "ref:AnnouncementPlay", "This or say"},
};
static const struct rest_member announcement_say[] = {
    {"text", "!string", "At most 4096 bytes"},
    {"language", "string", "en-US where absent"},
    {"loop", "integer", "Times; 0 until it is deleted; 1 where absent"},
    {"privacyMode", "boolean", NULL},
};
static const struct rest_member announcement_play[] = {
    {"file", "!url", NULL},
    {"loop", "integer", "Times; 0 until it is deleted; 1 where absent"},
    {"privacyMode", "boolean", NULL},
};
static const struct rest_member recording[] = {
    RESOURCE,
    {"recordingId", "id:RE", NULL},
    {"accountId", "id:AC", NULL},
    {"callId", "id:CA?", NULL},
    {"conferenceId", "id:CF?", NULL},
    {"durationSec", "integer", NULL},
    {"mimeType", "words:audio/wav|audio/flac|audio/ogg",
     "audio/wav while it grows, and until it is converted: recording_format"},
    {"type", "words:private|protected", NULL},
    {"deleted", "boolean", NULL},
    {"downloadUrl", "uri", NULL},
};
static const struct rest_member track[] = {
    {"track", "string", "A call's id, or bridge: beeps, announcements and digits"},
    {"accountId", "id:AC", NULL},
    {"recordingId", "id:RE", NULL},
    {"callId", "id:CA?", "null for the bridge"},
    {"downloadUrl", "uri", NULL},
};
static const struct rest_member timeline[] = {
    {"events", "list:ref:TimelineEvent", "In the order in which they were noticed"},
};
static const struct rest_member timeline_event[] = {
    {"atMs", "integer", "From the first sample of the recording"},
    {"event",
     "words:join|leave|talkStart|talkEnd|mute|unmute|dtmf|beepStart|beepEnd|announcementStart|announcementEnd|limiter|"
     "lost",
     NULL},
    {"callId", "id:CA", "Whose it is"},
    {"digit", "string", "Of a dtmf that is passed through"},
    {"announcement", "integer", "Which of them begins or ends"},
    {"gainDb", "number", "The limiter's least gain in this second"},
    {"lostMs", "integer", "Of tracks, silent because the disk was too slow"},
};
static const struct rest_member call[] = {
    RESOURCE,
    {"callId", "id:CA", NULL},
    {"parentCallId", "id:CA?", NULL},
    {"accountId", "id:AC", NULL},
    {"from", "string", NULL},
    {"to", "string", NULL},
    {"phoneNumberId", "id:PN?", NULL},
    {"callerName", "string?", NULL},
    {"status", "words:queued|ringing|inProgress|canceled|completed|failed|busy|noAnswer", NULL},
    {"startTime", "time?", NULL},
    {"connectTime", "time?", NULL},
    {"endTime", "time?", NULL},
    {"startTimeISO", "isoTime?", NULL},
    {"connectTimeISO", "isoTime?", NULL},
    {"endTimeISO", "isoTime?", NULL},
    {"duration", "integer?", "Seconds from start to end; null unless completed"},
    {"connectDuration", "integer?", "Seconds from connect to end; null unless completed"},
    {"audioStreamDuration", "integer?", NULL},
    {"direction", "words:inbound|outboundAPI|outboundDial", NULL},
    {"answeredBy", "words:human|machine?", NULL},
    {"webRTC", "boolean", NULL},
    {"applicationId", "id:AP?", NULL},
    {"subresourceUris", "object", NULL},
};
static const struct rest_member call_create[] = {
    {"from", "!string", NULL},
    {"to", "!string", "A number or a SIP URI"},
    {"applicationId", "id:AP", "This, callConnectUrl or parentCallId must be given"},
    {"callConnectUrl", "url", "Instead of the application's"},
    {"parentCallId", "id:CA", "A call that is in progress, or inbound and ringing"},
    {"sendDigits", "string", "0-9, * and #, each perhaps with a pause like {2}"},
    {"ifMachine", "words:redirect|hangup", NULL},
    {"ifMachineUrl", "url", "With ifMachine redirect only, and then it must be given"},
    {"timeout", "integer", "Seconds to ring, 1 to 600; 30 where absent"},
    {"privacyMode", "boolean", NULL},
};
static const struct rest_member call_update[] = {
    {"status", "!words:canceled|completed", "canceled takes a queued call back, completed hangs up"},
};
static const struct rest_member log_line[] = {
    {"timestamp", "integer", "Microseconds since 1970"},
    {"level", "words:info|warning|error", NULL},
    {"requestId", "id:RQ?", NULL},
    {"accountId", "id:AC", NULL},
    {"callId", "id:CA?", NULL},
    {"message", "string", NULL},
    {"metadata", "object", NULL},
};
static const struct rest_member log_query[] = {
    {"pql", "string", "= != < > <= >= on timestamp, level, callId, requestId, message; AND, OR, brackets"},
};
static const struct rest_member application[] = {
    RESOURCE,
    {"accountId", "id:AC", NULL},
    {"applicationId", "id:AP", NULL},
    {"alias", "string", NULL},
    {"voiceUrl", "url?", NULL},
    {"voiceFallbackUrl", "url?", NULL},
    {"callConnectUrl", "url?", NULL},
    {"statusCallbackUrl", "url?", NULL},
    {"smsUrl", "url?", NULL},
    {"smsFallbackUrl", "url?", NULL},
};
static const struct rest_member application_change[] = {
    {"alias", "string", "At most 64 characters"},
    {"voiceUrl", "url", NULL},
    {"voiceFallbackUrl", "url", NULL},
    {"callConnectUrl", "url", NULL},
    {"statusCallbackUrl", "url", NULL},
    {"smsUrl", "url", "Kept and shown only"},
    {"smsFallbackUrl", "url", "Kept and shown only"},
};
static const struct rest_member number[] = {
    RESOURCE,
    {"phoneNumberId", "id:PN", NULL},
    {"accountId", "id:AC", NULL},
    {"applicationId", "id:AP?", NULL},
    {"phoneNumber", "string", "A number, or a SIP user name"},
    {"alias", "string", NULL},
    {"region", "string?", NULL},
    {"country", "string?", NULL},
    {"voiceEnabled", "boolean", NULL},
    {"smsEnabled", "boolean", NULL},
    {"offnet", "boolean", NULL},
    {"capabilities", "object", NULL},
    {"campaignId", "string?", NULL},
    {"tfn", "object?", NULL},
};
static const struct rest_member number_create[] = {
    {"phoneNumber", "!string", "+ and at most 15 digits, or a SIP user name"},
    {"applicationId", "id:AP", NULL},
    {"alias", "string", "At most 64 characters"},
    {"region", "string", NULL},
    {"country", "string", NULL},
};
static const struct rest_member number_update[] = {
    {"applicationId", "id:AP", "Empty for none"},
    {"alias", "string", "At most 64 characters"},
};
static const struct rest_member secret[] = {
    {"uri", "uri", NULL},          {"signingSecretId", "id:SS", NULL},
    {"accountId", "id:AC", NULL},  {"secret", "string", "Whole where it is made, its last four characters later"},
    {"dateCreated", "time", NULL}, {"dateCreatedISO", "isoTime", NULL},
};
static const struct rest_member webhook[] = {
    {"uri", "uri", NULL},
    {"accountId", "id:AC", NULL},
    {"lane", "string", "The conference or call in whose order it goes"},
    {"n", "integer", NULL},
    {"url", "url", NULL},
    {"body", "object", NULL},
    {"state", "words:pending|dead", NULL},
    {"attempts", "integer", NULL},
    {"dateCreated", "time", NULL},
    {"dateCreatedISO", "isoTime", NULL},
};
static const struct rest_member webhook_update[] = {
    {"state", "!words:pending", NULL},
};
static const struct rest_member health[] = {
    {"status", "words:ok|draining|overloaded", NULL},
    {"version", "string", NULL},
    {"uptimeSec", "integer", NULL},
};
static const struct rest_member error[] = {
    {"status", "integer", "The HTTP status"},
    {"message", "string", NULL},
    {"code", "integer", "FreeClimb's error code"},
    {"url", "string", NULL},
    {"details", "object", "member and why, where one member or parameter is wrong"},
};

#define SCHEMA(name, members)                                                                                          \
    {                                                                                                                  \
        name, members, COUNT_OF(members)                                                                               \
    }
static const struct rest_schema schemas[] = {
    SCHEMA("Account", account),
    SCHEMA("AccountUpdate", account_update),
    SCHEMA("Announcement", announcement),
    SCHEMA("AnnouncementCreate", announcement_create),
    SCHEMA("AnnouncementPlay", announcement_play),
    SCHEMA("AnnouncementSay", announcement_say),
    SCHEMA("Application", application),
    SCHEMA("ApplicationChange", application_change),
    SCHEMA("Call", call),
    SCHEMA("CallCreate", call_create),
    SCHEMA("CallUpdate", call_update),
    SCHEMA("Conference", conference),
    SCHEMA("ConferenceCreate", conference_create),
    SCHEMA("ConferenceUpdate", conference_update),
    SCHEMA("Error", error),
    SCHEMA("Health", health),
    SCHEMA("IncomingPhoneNumber", number),
    SCHEMA("IncomingPhoneNumberCreate", number_create),
    SCHEMA("IncomingPhoneNumberUpdate", number_update),
    SCHEMA("Log", log_line),
    SCHEMA("LogQuery", log_query),
    SCHEMA("Participant", participant),
    SCHEMA("ParticipantUpdate", participant_update),
    SCHEMA("Quality", quality),
    SCHEMA("Recording", recording),
    SCHEMA("SigningSecret", secret),
    SCHEMA("Timeline", timeline),
    SCHEMA("TimelineEvent", timeline_event),
    SCHEMA("Track", track),
    SCHEMA("Webhook", webhook),
    SCHEMA("WebhookUpdate", webhook_update),
};

static const struct rest_member parameters[] = {
    {"active", "boolean", "true: queued, ringing and inProgress only"},
    {"alias", "string", "Exactly this"},
    {"applicationId", "list:id:AP", "Any of these; at most 16"},
    {"callId", "id:CA", NULL},
    {"conferenceId", "id:CF", NULL},
    {"country", "string", NULL},
    {"cursor", "string", "From a nextPageUri"},
    {"dateCreated", "day", "A whole day, GMT"},
    {"dateUpdated", "day", "A whole day, GMT"},
    {"dtmfPassThrough", "boolean", NULL},
    {"endTime", "second", "At or before, GMT"},
    {"from", "string", NULL},
    {"hasApplication", "boolean", NULL},
    {"lane", "string", "A conference or call id"},
    {"listen", "boolean", NULL},
    {"pageSize", "integer", "1 to 1000; 100 where absent"},
    {"parentCallId", "id:CA", NULL},
    {"phoneNumber", "string", NULL},
    {"pql", "string", "As in a POST"},
    {"region", "string", NULL},
    {"smsEnabled", "boolean", NULL},
    {"startTime", "second", "At or after, GMT"},
    {"state", "words:pending|dead", NULL},
    {"status", "string", NULL},
    {"talk", "boolean", NULL},
    {"to", "string", NULL},
    {"voiceEnabled", "boolean", NULL},
};

const struct rest_schema *rest_schemas(size_t *count)
{
    *count = COUNT_OF(schemas);
    return schemas;
}

const struct rest_schema *rest_schema_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(schemas); i++) {
        if (strcmp(schemas[i].name, name) == 0) return &schemas[i];
    }
    return NULL;
}

const struct rest_member *rest_query_parameter(const char *name, size_t len)
{
    for (size_t i = 0; i < COUNT_OF(parameters); i++) {
        if (strlen(parameters[i].name) == len && memcmp(parameters[i].name, name, len) == 0) return &parameters[i];
    }
    return NULL;
}

/* A type is cut at its prefixes from left to right: !list:id:AP? */
static bool take(struct slice *type, const char *prefix)
{
    size_t len = strlen(prefix);
    if (type->len < len || memcmp(type->at, prefix, len) != 0) return false;
    type->at += len;
    type->len -= len;
    return true;
}

static json_t *words_type(struct slice words)
{
    json_t *list = json_array();
    while (words.len > 0) {
        struct slice word = slice_cut(&words, '|');
        json_array_append_new(list, json_stringn(word.at, word.len));
    }
    return json_pack("{s:s, s:o}", "type", "string", "enum", list);
}

static json_t *plain_type(struct slice type)
{
    static const struct {
        const char *name, *type, *key, *value;
    } types[] = {
        {"string", "string", NULL, NULL},
        {"integer", "integer", NULL, NULL},
        {"number", "number", NULL, NULL},
        {"boolean", "boolean", NULL, NULL},
        {"object", "object", NULL, NULL},
        {"time", "string", "example", "Mon, 15 Jun 2009 20:45:30 GMT"},
        {"isoTime", "string", "format", "date-time"},
        {"uri", "string", "format", "uri-reference"},
        {"url", "string", "format", "uri"},
        {"day", "string", "format", "date"},
        {"second", "string", "example", "2026-11-23 14:05:00"},
    };
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (!slice_is(type, types[i].name)) continue;
        json_t *out = json_pack("{s:s}", "type", types[i].type);
        if (types[i].key) json_object_set_new(out, types[i].key, json_string(types[i].value));
        return out;
    }
    return NULL;
}

static json_t *build_type(struct slice type)
{
    if (take(&type, "list:")) return json_pack("{s:s, s:o}", "type", "array", "items", build_type(type));
    if (take(&type, "words:")) return words_type(type);
    if (take(&type, "ref:"))
        return json_pack("{s:o}", "$ref", json_sprintf("#/components/schemas/%.*s", SLICE_ARGS(type)));
    if (take(&type, "id:"))
        return json_pack("{s:s, s:o}", "type", "string", "pattern",
                         json_sprintf("^%.*s[0-9a-f]{40}$", SLICE_ARGS(type)));
    return plain_type(type);
}

json_t *rest_schema_type(const char *type)
{
    struct slice rest = slice_of(type);
    bool nullable = rest.len > 0 && rest.at[rest.len - 1] == '?';
    take(&rest, "!");
    if (nullable) rest.len--;
    json_t *out = build_type(rest);
    if (out && nullable) json_object_set_new(out, "nullable", json_true());
    return out;
}
