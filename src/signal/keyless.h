/**
 * @file keyless.h  A session description without its keys, for what is kept on disk: SRTP keys live in memory only.
 *
 * Pure. Thread: any. RFC 4568 section 9 (a=crypto), RFC 4566 section 5.12 (k=).
 */
#ifndef PARLEY_SIGNAL_KEYLESS_H
#define PARLEY_SIGNAL_KEYLESS_H

#include "base/slice.h"

/** A heap copy without the lines that hold keys; NULL where memory is short. */
char *keyless_copy(struct slice sdp);

#endif
