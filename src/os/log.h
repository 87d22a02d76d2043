/**
 * @file log.h  One line an event on stderr: time, level, event name, then key=value pairs.
 *
 * error = a person must act; warn = a peer broke a rule; info = a call's life; debug = packets. Values that hold
 * spaces, quotes or control bytes are quoted and escaped by log_value(). Under systemd (JOURNAL_STREAM set) lines
 * carry the "<n>" priority that journald reads, and no time.
 *
 * Thread: any but media threads, which count and report instead.
 */
#ifndef PARLEY_OS_LOG_H
#define PARLEY_OS_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/** Which lines are written from now on; the start is LOG_INFO. */
void log_set_level(enum log_level level);

bool log_level_parse(struct slice text, enum log_level *out);
bool log_enabled(enum log_level level);

/** log_event(LOG_INFO, "call_answered", "call=%s codec=%s", id, codec); format may be "" */
void log_event(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** Text from outside, made safe for a log line; cut to size. @return out */
const char *log_value(char *out, size_t size, struct slice text);

#endif
