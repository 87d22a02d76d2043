#include "signal/keyless.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/** As forgiving as those who read keys: what they take for one has to go. */
static bool holds_key(struct slice line)
{
    line = slice_trim(line);
    struct slice value = line;
    struct slice letter = slice_trim(slice_cut(&value, '='));
    struct slice name = slice_trim(slice_cut(&value, ':'));
    return slice_is_nocase(letter, "k") || (slice_is_nocase(letter, "a") && slice_is_nocase(name, "crypto"));
}

/** Where a line ends, its CR or LF included: a stray CR ends one for somebody. */
static size_t line_len(const char *at)
{
    size_t len = strcspn(at, "\r\n");
    return at[len] ? len + 1 : len;
}

char *keyless_copy(struct slice sdp)
{
    char *copy = slice_dup(sdp);
    if (!copy) return NULL;
    char *to = copy;
    for (const char *from = copy; *from;) {
        size_t len = line_len(from);
        bool key = holds_key((struct slice){from, len});
        if (key && from[len - 1] == '\r' && from[len] == '\n') len++;
        if (!key) memmove(to, from, len);
        if (!key) to += len;
        from += len;
    }
    *to = '\0';
    return copy;
}
