/**
 * @file timing.h  Runs a piece of work many times and prints median and minimum per unit of meaning.
 *
 * `--json` as an argument prints one JSON object a line instead of a table. Thread: one.
 */
#ifndef PARLEY_BENCH_TIMING_H
#define PARLEY_BENCH_TIMING_H

#include <stdbool.h>

enum { TIMING_ROUNDS = 21 };

struct timing {
    bool json;
    const char *bench;
};

void timing_init(struct timing *t, const char *bench, int argc, char **argv);

/**
 * Calls work(state) TIMING_ROUNDS times.
 * @param units  how many units of meaning one call is
 * @param label  key=value words, separated by spaces: "legs=10 talkers=3"
 * @param unit   "ns per leg per frame"
 */
void timing_run(const struct timing *t, const char *label, const char *unit, double units, void (*work)(void *state),
                void *state);

#endif
