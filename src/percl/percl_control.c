#include "percl/percl_control.h"

#include <string.h>

void percl_control_reset(struct percl_control *c)
{
    memset(c, 0, sizeof *c);
}

/** Drops from the front until the rest begins the sequence. */
static void keep_longest_end(struct percl_control *c, const char *sequence)
{
    while (c->count > 0 && strncmp(c->typed, sequence, c->count) != 0) {
        memmove(c->typed, c->typed + 1, c->count); /* the NUL too */
        c->count--;
    }
}

bool percl_control_key(struct percl_control *c, const char *sequence, char key, uint64_t now_us)
{
    if (now_us - c->last_us > (uint64_t)PERCL_CONTROL_GAP_MS * 1000) c->count = 0;
    c->last_us = now_us;
    c->typed[c->count++] = key; /* a whole sequence is never kept, so there is room for one more */
    c->typed[c->count] = '\0';
    keep_longest_end(c, sequence);
    if (c->count < strlen(sequence)) return false;
    c->count = 0;
    return true;
}
