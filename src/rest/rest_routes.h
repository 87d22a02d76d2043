/**
 * @file rest_routes.h  The table of what is served: method, path, handler, and what /openapi.json says about it. A
 * path's {words} become parameters.
 *
 * Thread: any.
 */
#ifndef PARLEY_REST_REST_ROUTES_H
#define PARLEY_REST_REST_ROUTES_H

#include <stdbool.h>

#include "rest/rest_call.h"

/** Who may ask. */
enum rest_guard {
    REST_OPEN,    /**< anybody: health, metrics, capability URLs */
    REST_ACCOUNT, /**< the first {word} is an account id, whose credentials must be given */
};

struct rest_route {
    enum http_method method; /**< GET answers HEAD too */
    const char *path;
    enum rest_guard guard;
    rest_handler_fn *handler;
    const char *summary;
    const char *query;      /**< names of the parameters it takes, with blanks between; NULL: none */
    const char *request;    /**< schema of its body; NULL: none */
    int http;               /**< of success */
    const char *answer;     /**< schema of what it answers, or of a page's items; NULL: no JSON */
    const char *collection; /**< name of the page's array; NULL: no page */
    const char *media;      /**< what it answers instead of a schema's JSON: types, separated by blanks */
    bool matched;           /**< looks at If-Match */
    bool reads;             /**< a POST that changes nothing */
};

/** All routes; *count of them. */
const struct rest_route *rest_routes(size_t *count);

/**
 * Whether a path fits a route's, and what its {words} are.
 * @param[out] words  REST_PARAMETERS + 1 texts (the account's first); "" where the route has fewer
 */
bool rest_route_fits(const struct rest_route *route, const char *path,
                     char words[REST_PARAMETERS + 1][REST_PARAMETER_SIZE]);

/* The handlers, by resource. */
rest_handler_fn rest_accounts_get, rest_accounts_update;
rest_handler_fn rest_announcements_create, rest_announcements_delete;
rest_handler_fn rest_applications_create, rest_applications_list, rest_applications_get, rest_applications_update,
    rest_applications_delete;
rest_handler_fn rest_calls_create, rest_calls_list, rest_calls_get, rest_calls_update;
rest_handler_fn rest_logs_list, rest_logs_query, rest_logs_list_of_call;
rest_handler_fn rest_numbers_create, rest_numbers_list, rest_numbers_get, rest_numbers_update, rest_numbers_delete;
rest_handler_fn rest_secrets_create, rest_secrets_list, rest_secrets_delete;
rest_handler_fn rest_webhooks_list, rest_webhooks_resend;
rest_handler_fn rest_openapi;
rest_handler_fn rest_conferences_create, rest_conferences_list, rest_conferences_get, rest_conferences_update;
rest_handler_fn rest_participants_list, rest_participants_get, rest_participants_update, rest_participants_remove,
    rest_participants_quality;
rest_handler_fn rest_recordings_list, rest_recordings_list_of_conference, rest_recordings_list_of_call,
    rest_recordings_get, rest_recordings_audio, rest_recordings_delete, rest_recordings_by_token,
    rest_recordings_tracks, rest_recordings_track_audio, rest_recordings_timeline;
rest_handler_fn rest_health, rest_metrics;

#endif
