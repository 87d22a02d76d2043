#include "rest/rest_routes.h"

#include <string.h>

#define ACCOUNT "/apiserver/Accounts/{accountId}"

static const struct rest_route routes[] = {
    {HTTP_POST, ACCOUNT "/Conferences", REST_ACCOUNT, rest_conferences_create},
    {HTTP_GET, ACCOUNT "/Conferences", REST_ACCOUNT, rest_conferences_list},
    {HTTP_GET, ACCOUNT "/Conferences/{conferenceId}", REST_ACCOUNT, rest_conferences_get},
    {HTTP_POST, ACCOUNT "/Conferences/{conferenceId}", REST_ACCOUNT, rest_conferences_update},
    {HTTP_GET, ACCOUNT "/Conferences/{conferenceId}/Participants", REST_ACCOUNT, rest_participants_list},
    {HTTP_GET, ACCOUNT "/Conferences/{conferenceId}/Participants/{callId}", REST_ACCOUNT, rest_participants_get},
    {HTTP_POST, ACCOUNT "/Conferences/{conferenceId}/Participants/{callId}", REST_ACCOUNT, rest_participants_update},
    {HTTP_DELETE, ACCOUNT "/Conferences/{conferenceId}/Participants/{callId}", REST_ACCOUNT, rest_participants_remove},
    {HTTP_GET, ACCOUNT "/Conferences/{conferenceId}/Recordings", REST_ACCOUNT, rest_recordings_list_of_conference},
    {HTTP_GET, ACCOUNT "/Recordings", REST_ACCOUNT, rest_recordings_list},
    {HTTP_GET, ACCOUNT "/Recordings/{recordingId}", REST_ACCOUNT, rest_recordings_get},
    {HTTP_GET, ACCOUNT "/Recordings/{recordingId}/Stream", REST_ACCOUNT, rest_recordings_audio},
    {HTTP_GET, ACCOUNT "/Recordings/{recordingId}/Download", REST_ACCOUNT, rest_recordings_audio},
    {HTTP_DELETE, ACCOUNT "/Recordings/{recordingId}", REST_ACCOUNT, rest_recordings_delete},
    {HTTP_GET, "/recordings/{token}/{file}", REST_OPEN, rest_recordings_by_token},
    {HTTP_GET, "/health", REST_OPEN, rest_health},
    {HTTP_GET, "/metrics", REST_OPEN, rest_metrics},
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
