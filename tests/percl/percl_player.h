/**
 * @file percl_player.h  Plays a call written as lines: an event, and the effects that must come of it.
 *
 * In both, @1 stands for a call id and $1 for a conference id (the digit forty times); the call itself is @0. In JSON a
 * single quote stands for a double one. Time stands still but for "wait".
 *
 *   start | start out            STARTED for an inbound call, or for one that is answered, at http://v
 *   script N JSON | dead N       the answer to request N; none came
 *   answered | over | key 1* | played N | unplayable N
 *   created $1 | created - | joined $1 | refused $1 | left $1 removed | dialed @2 | dialed - | add $2
 *   recording N | silence N | recorded N | recorded N nothing
 *   wait MS                      time passes; what is due is done
 */
#ifndef PARLEY_TESTS_PERCL_PLAYER_H
#define PARLEY_TESTS_PERCL_PLAYER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "percl/percl_run.h"

struct line {
    const char *event;
    const char *effects; /**< joined by "; "; "" for none */
};

struct player {
    struct percl_run *run;
    struct percl_effects effects;
    uint64_t now_us;
};

/** With http://fallback as voiceFallbackUrl where fallback. */
void player_open(struct player *p, bool fallback);
void player_close(struct player *p);

/** Applies one event; the status is the runner's. The words of its effects are appended to out. */
status player_apply(struct player *p, const char *event, struct buffer *out);

/** Plays lines and fails the test at the first that differs. The call must not be left behind with less than said. */
void player_play(const struct line *lines, size_t count, bool fallback);

#define PLAY(lines) player_play(lines, sizeof(lines) / sizeof(*(lines)), false)

#endif
