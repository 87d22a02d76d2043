/**
 * @file clock.h  The two clocks of the machine. Only loops read them; everything below takes the time as an argument.
 *
 * Thread: any.
 */
#ifndef PARLEY_OS_CLOCK_H
#define PARLEY_OS_CLOCK_H

#include <stdint.h>

/** CLOCK_MONOTONIC in microseconds: for deadlines, ticks and intervals. */
int64_t clock_now_us(void);

/** CLOCK_REALTIME in milliseconds since 1970: for dates that people read. */
int64_t clock_unix_ms(void);

/**
 * What to add to CLOCK_REALTIME microseconds to get CLOCK_MONOTONIC ones at this moment. The kernel stamps packets
 * with the former (SO_TIMESTAMPNS); a step of the wall clock moves this offset, so it is read once a tick.
 */
int64_t clock_real_to_monotonic_us(void);

/** CPU time of the calling thread, in microseconds. */
int64_t clock_thread_cpu_us(void);

#endif
