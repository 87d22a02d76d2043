/**
 * @file announcements.h  Say and Play to a whole conference, over REST and by PerCL's conferenceId.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_ANNOUNCEMENTS_H
#define PARLEY_DAEMON_ANNOUNCEMENTS_H

#include "base/ids.h"
#include "base/status.h"
#include "daemon/bridge.h"
#include "daemon/playback.h"

struct announcements;

MUST_CHECK status announcements_create(struct announcements **out, struct bridge *bridge);
void announcements_destroy(struct announcements *as);

/**
 * Starts one.
 *
 * @param item     its conference is who hears it
 * @param[out] id  AN...
 * @return STATUS_OK; STATUS_CONFLICT (the conference is empty); STATUS_NOT_FOUND (there is none, or it is terminated);
 *         STATUS_NO_MEMORY
 */
MUST_CHECK status announcements_start(struct announcements *as, const struct playback_item *item, id_text id);

/** @return STATUS_OK; STATUS_NOT_FOUND (it is over, or was never) */
MUST_CHECK status announcements_stop(struct announcements *as, const char *conference, const char *id);

#endif
