#include "timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void timing_init(struct timing *t, const char *bench, int argc, char **argv)
{
    *t = (struct timing){.bench = bench};
    for (int i = 1; i < argc; i++)
        t->json = t->json || strcmp(argv[i], "--json") == 0;
}

static double now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void timing_run(const struct timing *t, const char *label, const char *unit, double units, void (*work)(void *state),
                void *state)
{
    double ns[TIMING_ROUNDS];
    work(state);
    for (int i = 0; i < TIMING_ROUNDS; i++) {
        double start = now_ns();
        work(state);
        ns[i] = (now_ns() - start) / units;
    }
    qsort(ns, TIMING_ROUNDS, sizeof(ns[0]), by_value);
    if (t->json)
        printf("{\"bench\":\"%s\",\"case\":\"%s\",\"unit\":\"%s\",\"median\":%.2f,\"min\":%.2f}\n", t->bench, label,
               unit, ns[TIMING_ROUNDS / 2], ns[0]);
    else
        printf("%-8s %-44s %10.2f median %10.2f min  %s\n", t->bench, label, ns[TIMING_ROUNDS / 2], ns[0], unit);
}
