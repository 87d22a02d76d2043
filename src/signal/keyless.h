/**
 * @file keyless.h  A session description without its keys, for what is kept on disk: SRTP keys live in memory only.
 *
 * Pure. Thread: any. RFC 4568 section 9 (a=crypto), RFC 4566 section 5.12 (k=).
 */
#ifndef PARLEY_SIGNAL_KEYLESS_H
#define PARLEY_SIGNAL_KEYLESS_H

#include "base/slice.h"

/** A heap copy, the caller's, without the lines that hold keys; it ends at a NUL in the text. NULL: memory is short. */
char *keyless_copy(struct slice sdp);

#endif
