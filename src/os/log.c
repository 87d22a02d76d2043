#include "os/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/dates.h"
#include "os/clock.h"

static atomic_int highest = LOG_INFO;

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&highest, (int)level, memory_order_relaxed);
}

bool log_level_parse(struct slice text, enum log_level *out)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    for (int i = 0; i < 4; i++) {
        if (slice_is(text, names[i])) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

bool log_enabled(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&highest, memory_order_relaxed);
}

static int write_head(char *line, size_t size, enum log_level level, const char *event)
{
    static const char priority[] = {'3', '4', '6', '7'};
    static const char *const names[] = {"error", "warn", "info", "debug"};
    if (getenv("JOURNAL_STREAM")) return snprintf(line, size, "<%c>%s ", priority[level], event);
    char date[DATE_SIZE];
    date_iso(date, clock_unix_ms());
    return snprintf(line, size, "%s %s %s ", date, names[level], event);
}

/* One write a line, so that lines of several threads and processes never mix. */
void log_event(enum log_level level, const char *event, const char *format, ...)
{
    if (!log_enabled(level)) return;
    char line[2048];
    int used = write_head(line, sizeof line, level, event);
    va_list args;
    va_start(args, format);
    int more = vsnprintf(line + used, sizeof line - (size_t)used - 1, format, args);
    va_end(args);
    size_t len = strlen(line);
    if (more <= 0) len = (size_t)used - 1;
    line[len++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written;
}

const char *log_value(char *out, size_t size, struct slice text)
{
    bool plain = text.len > 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c <= ' ' || c == '"' || c == '\\' || c >= 0x7f) plain = false;
    }
    size_t n = 0;
    if (!plain) out[n++] = '"';
    for (size_t i = 0; i < text.len && n + 7 < size; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c == '"' || c == '\\') {
            out[n++] = '\\';
            out[n++] = (char)c;
        } else if (c < ' ' || c >= 0x7f) {
            n += (size_t)snprintf(out + n, size - n, "\\x%02x", c);
        } else {
            out[n++] = (char)c;
        }
    }
    if (!plain) out[n++] = '"';
    out[n] = '\0';
    return out;
}
