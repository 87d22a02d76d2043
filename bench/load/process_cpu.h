/**
 * @file process_cpu.h  CPU time of a process with all its threads, from /proc.
 *
 * Thread: any.
 */
#ifndef PARLEY_LOAD_PROCESS_CPU_H
#define PARLEY_LOAD_PROCESS_CPU_H

#include <stdint.h>
#include <sys/types.h>

/** User and system time since its start, in microseconds (a tick of the kernel is 10 ms); -1 where it is gone. */
int64_t process_cpu_us(pid_t pid);

#endif
