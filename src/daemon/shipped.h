/**
 * @file shipped.h  The audio files of audio/ as they stand inside the program: WAV bytes.
 *
 * Thread: any.
 */
#ifndef PARLEY_DAEMON_SHIPPED_H
#define PARLEY_DAEMON_SHIPPED_H

#include "base/slice.h"

struct slice shipped_wait(void);
struct slice shipped_beep_enter(void);
struct slice shipped_beep_exit(void);

#endif
