/* The words of the API for what a conference is and may be called. */
#include <assert.h>

#include "conf/conference.h"

static const char *const status_names[] = {
    [CONFERENCE_CREATING] = "creating",     [CONFERENCE_EMPTY] = "empty",
    [CONFERENCE_POPULATED] = "populated",   [CONFERENCE_IN_PROGRESS] = "inProgress",
    [CONFERENCE_TERMINATED] = "terminated", [CONFERENCE_INTERNAL_ERROR] = "internalError",
};

static const char *const beep_names[] = {
    [PLAY_BEEP_ALWAYS] = "always",
    [PLAY_BEEP_NEVER] = "never",
    [PLAY_BEEP_ENTRY_ONLY] = "entryOnly",
    [PLAY_BEEP_EXIT_ONLY] = "exitOnly",
};

enum { STATUS_NAMES = sizeof status_names / sizeof *status_names, BEEP_NAMES = sizeof beep_names / sizeof *beep_names };

/** The index of text among n names; -1 where it is none of them. */
static int name_find(struct slice text, const char *const *names, int n)
{
    for (int i = 0; i < n; i++) {
        if (slice_is(text, names[i])) return i;
    }
    return -1;
}

const char *conference_status_name(enum conference_status s)
{
    assert((unsigned)s < STATUS_NAMES);
    return status_names[s];
}

bool conference_status_parse(struct slice text, enum conference_status *out)
{
    int i = name_find(text, status_names, STATUS_NAMES);
    if (i >= 0) *out = (enum conference_status)i;
    return i >= 0;
}

const char *play_beep_name(enum play_beep b)
{
    assert((unsigned)b < BEEP_NAMES);
    return beep_names[b];
}

bool play_beep_parse(struct slice text, enum play_beep *out)
{
    int i = name_find(text, beep_names, BEEP_NAMES);
    if (i >= 0) *out = (enum play_beep)i;
    return i >= 0;
}

/** Bytes of the well-formed UTF-8 character at the front (RFC 3629 section 4); 0 where there is none. */
static size_t character_bytes(struct slice s)
{
    const unsigned char *at = (const unsigned char *)s.at;
    unsigned char low = 0x80, high = 0xBF; /* bounds of the second byte: no overlong form, no surrogate, <= U+10FFFF */
    size_t bytes;
    if (at[0] < 0x80) return at[0] != 0;
    if (at[0] >= 0xC2 && at[0] <= 0xDF) {
        bytes = 2;
    } else if (at[0] >= 0xE0 && at[0] <= 0xEF) {
        bytes = 3;
        if (at[0] == 0xE0) low = 0xA0;
        if (at[0] == 0xED) high = 0x9F;
    } else if (at[0] >= 0xF0 && at[0] <= 0xF4) {
        bytes = 4;
        if (at[0] == 0xF0) low = 0x90;
        if (at[0] == 0xF4) high = 0x8F;
    } else {
        return 0;
    }
    if (s.len < bytes || at[1] < low || at[1] > high) return 0;
    for (size_t i = 2; i < bytes; i++) {
        if ((at[i] & 0xC0) != 0x80) return 0;
    }
    return bytes;
}

bool conference_alias_valid(struct slice text)
{
    size_t characters = 0;
    while (text.len > 0) {
        size_t bytes = character_bytes(text);
        if (bytes == 0 || ++characters > CONFERENCE_ALIAS_CHARACTERS) return false;
        text.at += bytes;
        text.len -= bytes;
    }
    return true;
}
