/**
 * @file rest_routes.h  The table of what is served: method, path, handler. A path's {words} become parameters.
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
rest_handler_fn rest_conferences_create, rest_conferences_list, rest_conferences_get, rest_conferences_update;
rest_handler_fn rest_participants_list, rest_participants_get, rest_participants_update, rest_participants_remove;
rest_handler_fn rest_recordings_list, rest_recordings_list_of_conference, rest_recordings_get, rest_recordings_audio,
    rest_recordings_delete, rest_recordings_by_token;
rest_handler_fn rest_health, rest_metrics;

#endif
