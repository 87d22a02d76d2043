/**
 * @file api_media.h  The part of rest_backend.h that makes things heard and said: calls, announcements, webhooks.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_API_MEDIA_H
#define PARLEY_DAEMON_API_MEDIA_H

#include "rest/rest_backend.h"

/** Fills in its functions; backend->arg is the bridge. */
void api_media_fill(struct rest_backend *backend);

#endif
