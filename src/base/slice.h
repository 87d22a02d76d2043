/**
 * @file slice.h  A borrowed run of bytes: how strings from the wire travel until somebody needs a copy.
 *
 * A slice owns nothing and ends with nothing; it is valid as long as the buffer it points into.
 * Thread: any.
 */
#ifndef PARLEY_BASE_SLICE_H
#define PARLEY_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
    const char *at;
    size_t len;
};

/** For printf's "%.*s". */
#define SLICE_ARGS(s) (int)(s).len, (s).at

/** The characters of a C string, without its NUL; NULL gives an empty slice. */
struct slice slice_of(const char *text);

bool slice_is(struct slice s, const char *text);

/** ASCII only: the case-insensitive equality of SIP and SDP tokens. */
bool slice_is_nocase(struct slice s, const char *text);

/** Without spaces, tabs, CR and LF at either end. */
struct slice slice_trim(struct slice s);

/**
 * Cuts at the first separator: *rest becomes what follows it, or empty where there is none.
 * @return what stood before the separator (all of it where there is none)
 */
struct slice slice_cut(struct slice *rest, char separator);

/** Decimal digits only, 0 to max. @return false (and *out untouched) for anything else */
bool slice_to_u32(struct slice s, uint32_t max, uint32_t *out);

/** Decimal digits only; a number too big for 64 bits gives the biggest one. @return false (*out untouched) for others
 */
bool slice_to_u64(struct slice s, uint64_t *out);

/** A NUL-terminated heap copy, owned by the caller; NULL where memory is short. */
char *slice_dup(struct slice s);

/** Copies with a NUL into an array of size bytes. @return false (and an empty string) where it does not fit */
bool slice_copy(struct slice s, char *out, size_t size);

#endif
