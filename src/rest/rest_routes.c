#include "rest/rest_routes.h"

#include <string.h>

#define ACCOUNT         "/apiserver/Accounts/{accountId}"
#define RECORDING_MEDIA "audio/wav audio/flac audio/ogg"

static const struct rest_route routes[] = {
    {HTTP_GET, ACCOUNT, REST_ACCOUNT, rest_accounts_get, .summary = "The account", .http = 200, .answer = "Account"},
    {HTTP_POST, ACCOUNT, REST_ACCOUNT, rest_accounts_update, .summary = "Change the account",
     .request = "AccountUpdate", .http = 204, .matched = true},
    {HTTP_POST, ACCOUNT "/Conferences", REST_ACCOUNT, rest_conferences_create, .summary = "Make a conference",
     .request = "ConferenceCreate", .http = 200, .answer = "Conference"},
    {HTTP_GET, ACCOUNT "/Conferences", REST_ACCOUNT, rest_conferences_list, .summary = "Conferences, newest first",
     .query = "status alias dateCreated dateUpdated", .http = 200, .answer = "Conference", .collection = "conferences"},
    {HTTP_GET, ACCOUNT "/Conferences/{conferenceId}", REST_ACCOUNT, rest_conferences_get, .summary = "A conference",
     .http = 200, .answer = "Conference"},
    {HTTP_POST, ACCOUNT "/Conferences/{conferenceId}", REST_ACCOUNT, rest_conferences_update,
     .summary = "Change, empty or terminate a conference", .request = "ConferenceUpdate", .http = 204, .matched = true},
    {HTTP_GET, ACCOUNT "/Conferences/{conferenceId}/Participants", REST_ACCOUNT, rest_participants_list,
     .summary = "Calls in a conference, newest first", .query = "talk listen dtmfPassThrough", .http = 200,
     .answer = "Participant", .collection = "participants"},
    {HTTP_GET, ACCOUNT "/Conferences/{conferenceId}/Participants/{callId}", REST_ACCOUNT, rest_participants_get,
     .summary = "A call in a conference", .http = 200, .answer = "Participant"},
    {HTTP_POST, ACCOUNT "/Conferences/{conferenceId}/Participants/{callId}", REST_ACCOUNT, rest_participants_update,
     .summary = "Mute, deafen, make louder and the like", .request = "ParticipantUpdate", .http = 200,
     .answer = "Participant", .matched = true},
    {HTTP_DELETE, ACCOUNT "/Conferences/{conferenceId}/Participants/{callId}", REST_ACCOUNT, rest_participants_remove,
     .summary = "Put a call out of a conference", .http = 204, .matched = true},
    {HTTP_GET, ACCOUNT "/Conferences/{conferenceId}/Participants/{callId}/Quality", REST_ACCOUNT,
     rest_participants_quality, .summary = "How a call in a conference sounds, up to a second ago", .http = 200,
     .answer = "Quality"},
    {HTTP_GET, ACCOUNT "/Conferences/{conferenceId}/Recordings", REST_ACCOUNT, rest_recordings_list_of_conference,
     .summary = "Recordings of a conference, newest first", .query = "callId dateCreated startTime endTime",
     .http = 200, .answer = "Recording", .collection = "recordings"},
    {HTTP_POST, ACCOUNT "/Conferences/{conferenceId}/Announcements", REST_ACCOUNT, rest_announcements_create,
     .summary = "Say or play to everybody who listens", .request = "AnnouncementCreate", .http = 202,
     .answer = "Announcement"},
    {HTTP_DELETE, ACCOUNT "/Conferences/{conferenceId}/Announcements/{announcementId}", REST_ACCOUNT,
     rest_announcements_delete, .summary = "Stop an announcement", .http = 204},
    {HTTP_POST, ACCOUNT "/Calls", REST_ACCOUNT, rest_calls_create, .summary = "Place a call", .request = "CallCreate",
     .http = 202, .answer = "Call"},
    {HTTP_GET, ACCOUNT "/Calls", REST_ACCOUNT, rest_calls_list, .summary = "Calls, newest first",
     .query = "active to from status startTime endTime parentCallId applicationId", .http = 200, .answer = "Call",
     .collection = "calls"},
    {HTTP_GET, ACCOUNT "/Calls/{callId}", REST_ACCOUNT, rest_calls_get, .summary = "A call", .http = 200,
     .answer = "Call"},
    {HTTP_POST, ACCOUNT "/Calls/{callId}", REST_ACCOUNT, rest_calls_update, .summary = "Cancel or hang up a call",
     .request = "CallUpdate", .http = 202, .answer = "Call", .matched = true},
    {HTTP_GET, ACCOUNT "/Calls/{callId}/Recordings", REST_ACCOUNT, rest_recordings_list_of_call,
     .summary = "Recordings of a call, newest first", .query = "dateCreated startTime endTime", .http = 200,
     .answer = "Recording", .collection = "recordings"},
    {HTTP_GET, ACCOUNT "/Calls/{callId}/Logs", REST_ACCOUNT, rest_logs_list_of_call,
     .summary = "Log of a call, newest first", .query = "pql", .http = 200, .answer = "Log", .collection = "logs"},
    {HTTP_GET, ACCOUNT "/Logs", REST_ACCOUNT, rest_logs_list, .summary = "Log of the account, newest first",
     .query = "pql", .http = 200, .answer = "Log", .collection = "logs"},
    {HTTP_POST, ACCOUNT "/Logs", REST_ACCOUNT, rest_logs_query, .summary = "Log lines that a query finds, newest first",
     .request = "LogQuery", .http = 200, .answer = "Log", .collection = "logs", .reads = true},
    {HTTP_GET, ACCOUNT "/Recordings", REST_ACCOUNT, rest_recordings_list, .summary = "Recordings, newest first",
     .query = "callId conferenceId dateCreated startTime endTime", .http = 200, .answer = "Recording",
     .collection = "recordings"},
    {HTTP_GET, ACCOUNT "/Recordings/{recordingId}", REST_ACCOUNT, rest_recordings_get, .summary = "A recording",
     .http = 200, .answer = "Recording"},
    {HTTP_GET, ACCOUNT "/Recordings/{recordingId}/Stream", REST_ACCOUNT, rest_recordings_audio,
     .summary = "Its audio; ranges are served", .http = 200, .media = RECORDING_MEDIA},
    {HTTP_GET, ACCOUNT "/Recordings/{recordingId}/Download", REST_ACCOUNT, rest_recordings_audio,
     .summary = "Its audio; ranges are served", .http = 200, .media = RECORDING_MEDIA},
    {HTTP_GET, ACCOUNT "/Recordings/{recordingId}/Tracks", REST_ACCOUNT, rest_recordings_tracks,
     .summary = "What each call said, and what the bridge added", .http = 200, .answer = "Track",
     .collection = "tracks"},
    {HTTP_GET, ACCOUNT "/Recordings/{recordingId}/Tracks/{track}/Download", REST_ACCOUNT, rest_recordings_track_audio,
     .summary = "The audio of a track; ranges are served", .http = 200, .media = RECORDING_MEDIA},
    {HTTP_GET, ACCOUNT "/Recordings/{recordingId}/Timeline", REST_ACCOUNT, rest_recordings_timeline,
     .summary = "What happened during a recording that has tracks; 404 without", .http = 200, .answer = "Timeline"},
    {HTTP_DELETE, ACCOUNT "/Recordings/{recordingId}", REST_ACCOUNT, rest_recordings_delete,
     .summary = "Delete audio and resource", .http = 204, .matched = true},
    {HTTP_POST, ACCOUNT "/Applications", REST_ACCOUNT, rest_applications_create, .summary = "Make an application",
     .request = "ApplicationChange", .http = 201, .answer = "Application"},
    {HTTP_GET, ACCOUNT "/Applications", REST_ACCOUNT, rest_applications_list, .summary = "Applications, newest first",
     .query = "alias", .http = 200, .answer = "Application", .collection = "applications"},
    {HTTP_GET, ACCOUNT "/Applications/{applicationId}", REST_ACCOUNT, rest_applications_get,
     .summary = "An application", .http = 200, .answer = "Application"},
    {HTTP_POST, ACCOUNT "/Applications/{applicationId}", REST_ACCOUNT, rest_applications_update,
     .summary = "Change an application", .request = "ApplicationChange", .http = 200, .answer = "Application",
     .matched = true},
    {HTTP_DELETE, ACCOUNT "/Applications/{applicationId}", REST_ACCOUNT, rest_applications_delete,
     .summary = "Delete an application", .http = 204, .matched = true},
    {HTTP_POST, ACCOUNT "/IncomingPhoneNumbers", REST_ACCOUNT, rest_numbers_create,
     .summary = "Add a number or SIP user name", .request = "IncomingPhoneNumberCreate", .http = 201,
     .answer = "IncomingPhoneNumber"},
    {HTTP_GET, ACCOUNT "/IncomingPhoneNumbers", REST_ACCOUNT, rest_numbers_list,
     .summary = "Numbers and SIP user names, newest first",
     .query = "phoneNumber alias region country applicationId hasApplication voiceEnabled smsEnabled", .http = 200,
     .answer = "IncomingPhoneNumber", .collection = "incomingPhoneNumbers"},
    {HTTP_GET, ACCOUNT "/IncomingPhoneNumbers/{phoneNumberId}", REST_ACCOUNT, rest_numbers_get, .summary = "A number",
     .http = 200, .answer = "IncomingPhoneNumber"},
    {HTTP_POST, ACCOUNT "/IncomingPhoneNumbers/{phoneNumberId}", REST_ACCOUNT, rest_numbers_update,
     .summary = "Change a number", .request = "IncomingPhoneNumberUpdate", .http = 200, .answer = "IncomingPhoneNumber",
     .matched = true},
    {HTTP_DELETE, ACCOUNT "/IncomingPhoneNumbers/{phoneNumberId}", REST_ACCOUNT, rest_numbers_delete,
     .summary = "Delete a number", .http = 204, .matched = true},
    {HTTP_POST, ACCOUNT "/SigningSecrets", REST_ACCOUNT, rest_secrets_create,
     .summary = "Make a secret that webhooks are signed with; at most two", .http = 201, .answer = "SigningSecret"},
    {HTTP_GET, ACCOUNT "/SigningSecrets", REST_ACCOUNT, rest_secrets_list, .summary = "Signing secrets, masked",
     .http = 200, .answer = "SigningSecret", .collection = "signingSecrets"},
    {HTTP_DELETE, ACCOUNT "/SigningSecrets/{signingSecretId}", REST_ACCOUNT, rest_secrets_delete,
     .summary = "Sign with it no more", .http = 204},
    {HTTP_GET, ACCOUNT "/Webhooks", REST_ACCOUNT, rest_webhooks_list,
     .summary = "Notifications that are not delivered, newest first", .query = "state lane", .http = 200,
     .answer = "Webhook", .collection = "webhooks"},
    {HTTP_POST, ACCOUNT "/Webhooks/{lane}/{n}", REST_ACCOUNT, rest_webhooks_resend,
     .summary = "Send a dead notification again", .request = "WebhookUpdate", .http = 204},
    {HTTP_GET, "/recordings/{token}/{file}", REST_OPEN, rest_recordings_by_token,
     .summary = "Audio by its unguessable URL", .http = 200, .media = RECORDING_MEDIA},
    {HTTP_GET, "/health", REST_OPEN, rest_health, .summary = "Whether the bridge takes calls; 503 where it does not",
     .http = 200, .answer = "Health"},
    {HTTP_GET, "/metrics", REST_OPEN, rest_metrics, .summary = "Figures in Prometheus' text format", .http = 200,
     .media = "text/plain"},
    {HTTP_GET, "/openapi.json", REST_OPEN, rest_openapi, .summary = "This document", .http = 200,
     .media = "application/json"},
};

const struct rest_route *rest_routes(size_t *count)
{
    *count = sizeof routes / sizeof routes[0];
    return routes;
}

/* A trailing slash is one path with and without it. */
static struct slice without_slash(const char *path)
{
    struct slice s = slice_of(path);
    if (s.len > 1 && s.at[s.len - 1] == '/') s.len--;
    return s;
}

bool rest_route_fits(const struct rest_route *route, const char *path,
                     char words[REST_PARAMETERS + 1][REST_PARAMETER_SIZE])
{
    struct slice pattern = slice_of(route->path), rest = without_slash(path);
    size_t count = 0;
    memset(words, 0, (REST_PARAMETERS + 1) * REST_PARAMETER_SIZE);
    while (pattern.len > 0 && rest.len > 0) {
        struct slice wanted = slice_cut(&pattern, '/'), given = slice_cut(&rest, '/');
        if (wanted.len > 0 && wanted.at[0] == '{') {
            if (given.len == 0 || count > REST_PARAMETERS) return false;
            if (!slice_copy(given, words[count++], REST_PARAMETER_SIZE)) return false;
        } else if (wanted.len != given.len || memcmp(wanted.at, given.at, given.len) != 0) {
            return false;
        }
    }
    return pattern.len == 0 && rest.len == 0;
}
