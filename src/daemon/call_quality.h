/**
 * @file call_quality.h  How a call sounds: the engine's counters of its leg as the API shows them, and as a line of the
 * call's log when it leaves a conference.
 *
 * The estimate is of the call so far, for the way from the participant to the bridge, and by its reports for the way
 * back. Thread: control.
 */
#ifndef PARLEY_DAEMON_CALL_QUALITY_H
#define PARLEY_DAEMON_CALL_QUALITY_H

#include "engine/engine.h"
#include "rest/rest_quality.h"

struct call_entry;
struct call_mos;

/** @param stats  with or without a codec: out's is NULL where that is */
void call_quality_of(const struct engine_leg_stats *stats, bool talking, struct rest_quality *out);

/** Bounds of the histogram of opinions. @param step  less than CALL_MOS_STEPS (calls.h) */
double call_mos_step(size_t step);

/** One call more in a histogram: in every step that its opinion does not go beyond. */
void call_mos_count(struct call_mos *m, double mos);

/**
 * The call leaves e->conference: a line in its log, and one more in the figures of all calls.
 * @param stats  NULL: as they stand, nothing where there is no leg. Where no packet ever came: nothing
 */
void call_quality_log(const struct call_entry *e, const struct engine_leg_stats *stats);

#endif
