/**
 * @file music.h  The sounds a conference plays: shipped beeps and wait music, and what a waitUrl leads to.
 *
 * The shipped ones are inside the program. A waitUrl is fetched once, checked by the guard, kept as DATA/music/ID.audio
 * for as long as its conference lives (so that a restart does not fetch again), and decoded by the loader; equal
 * content is held in memory once. Until it is there, and where it fails, the default music plays.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_MUSIC_H
#define PARLEY_DAEMON_MUSIC_H

#include "base/status.h"
#include "conf/conference.h"
#include "daemon/bridge.h"

struct music;
struct sound;

MUST_CHECK status music_create(struct music **out, struct bridge *bridge);

/** No fetch is reported any more. NULL is allowed. */
void music_destroy(struct music *m);

/** Starts decoding the shipped sounds; ready (may be called at once) comes once they can be played. */
void music_load_shipped(struct music *m, loop_fn *ready, void *arg);

/** Borrowed for the life of the music; NULL before they are ready. */
struct sound *music_default(const struct music *m);
struct sound *music_beep(const struct music *m, enum conference_beep beep);

/** sound: a reference is given, or NULL where it failed (logged). */
typedef void music_done_fn(void *arg, struct sound *sound);

/** Fetches (or takes the kept copy) and decodes. done is called once, later, unless music_forget() comes first. */
void music_fetch(struct music *m, const char *conference, const char *url, music_done_fn *done, void *arg);

/** The conference is over: stops a fetch of it and removes the kept copy. */
void music_forget(struct music *m, const char *conference);

#endif
