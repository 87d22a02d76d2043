/**
 * @file wav_header.h  The header of our WAV files: 16-bit mono, and nothing behind the samples.
 *
 * A short one is RIFF, fmt and data, 44 bytes. A long one has room for sizes of 64 bits: a JUNK chunk, which becomes
 * the ds64 chunk of an RF64 file where 32 bits do not do any more (EBU Tech 3306). What reads WAV skips JUNK.
 *
 * Pure. Thread: any.
 */
#ifndef PARLEY_RECORD_WAV_HEADER_H
#define PARLEY_RECORD_WAV_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WAV_HEADER_SHORT = 44, WAV_HEADER_LONG = 80 };

struct wav_header {
    uint32_t rate_hz;
    size_t bytes;     /**< WAV_HEADER_SHORT or WAV_HEADER_LONG: where the samples begin */
    uint64_t samples; /**< that it speaks of */
};

/** Which one a file needs that may grow to so many samples. */
size_t wav_header_bytes_for(uint64_t samples);

/** Writes h->bytes bytes. A short header says no more than it can. */
void wav_header_make(const struct wav_header *h, uint8_t out[WAV_HEADER_LONG]);

/** @return false where these are not the first bytes of a file of ours */
bool wav_header_read(const uint8_t *bytes, size_t len, struct wav_header *out);

#endif
