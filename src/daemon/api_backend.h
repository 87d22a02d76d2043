/**
 * @file api_backend.h  The bridge as the REST resources see it: rest_backend.h carried out by the wiring.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_API_BACKEND_H
#define PARLEY_DAEMON_API_BACKEND_H

#include "daemon/bridge.h"
#include "rest/rest_backend.h"

/** The backend of this bridge, which it borrows. */
struct rest_backend api_backend(struct bridge *bridge);

#endif
