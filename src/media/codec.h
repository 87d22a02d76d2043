/**
 * @file codec.h  The table of codecs: every format in which a leg can send or hear, behind one set of functions.
 *
 * A codec is one file and one constant `struct codec`. What it remembers between frames lies in memory of the caller
 * (encoder_bytes, decoder_bytes, aligned as malloc does); G.711 and L16 remember nothing and take NULL. A state is
 * plain bytes: copying it makes a second coder that goes on exactly as the first.
 *
 * Audio is signed 16-bit mono at rate_hz. The RTP clock may differ from it (G.722: clock 8000, audio 16000).
 * This is not negotiation (sdp/) and not rate conversion.
 *
 * Pure: no clock, no I/O, no allocation. Thread: tables are constant; a state belongs to one thread at a time.
 * RFC 3551 (PCMU, PCMA), ITU-T G.711.
 */
#ifndef PARLEY_MEDIA_CODEC_H
#define PARLEY_MEDIA_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/** Milliseconds of audio in one frame, the step of every conference. */
enum { FRAME_MS = 20 };

/** Most samples one frame can have: 20 ms at 48 kHz. */
enum { FRAME_SAMPLES_MAX = 960 };

/** Samples of one frame at a rate: 160 at 8000. */
static inline uint32_t frame_samples(uint32_t rate_hz)
{
    return rate_hz / (1000 / FRAME_MS);
}

enum codec_id {
    CODEC_PCMU,
    CODEC_PCMA,
    CODEC_COUNT,
};

/**
 * What the one who will decode asks of an encoder (Opus: the peer's fmtp, RFC 7587). All zero: the codec's own choice.
 */
struct codec_params {
    uint32_t max_rate_hz; /**< maxplaybackrate: more than this is not worth sending; 0: rate_hz */
    uint32_t bitrate_bps; /**< maxaveragebitrate; 0: the codec's own */
    uint8_t loss_percent; /**< to be expected on the way, 0 to 100: how much goes into fec */
    bool fec;             /**< useinbandfec */
    bool dtx;             /**< usedtx: silence may be left unsent */
};

struct codec {
    enum codec_id id;
    const char *name;           /**< encoding name of SDP's rtpmap: "PCMU" */
    uint32_t clock_hz;          /**< RTP timestamp units a second */
    uint32_t rate_hz;           /**< samples a second in and out */
    int static_payload_type;    /**< RFC 3551, or -1 where it is dynamic */
    uint16_t max_payload_bytes; /**< longest payload taken in: 60 ms, or what the format can need */
    size_t encoder_bytes;       /**< memory an encoder needs; 0: it has no state and takes NULL */
    size_t decoder_bytes;       /**< memory a decoder needs; 0: as above */

    /** NULL where encoder_bytes is 0. A state that runs takes new parameters by encoder_change(), without a sound. */
    void (*encoder_init)(void *state, const struct codec_params *params);
    void (*encoder_change)(void *state, const struct codec_params *params);
    void (*decoder_init)(void *state); /**< NULL where decoder_bytes is 0 */

    /**
     * Encodes whole frames.
     * @param samples  10 to 60 ms, a multiple of 10 ms
     * @return bytes written, never more than size; 0 where size is too small
     */
    size_t (*encode)(void *state, const int16_t *pcm, size_t samples, uint8_t *out, size_t size);

    /**
     * Decodes one payload, as it came from the network.
     * @param[out] samples  how many were written, at most max_samples
     * @return STATUS_OK; STATUS_INVALID (no such payload in this format, or longer than max_samples)
     */
    MUST_CHECK status (*decode)(void *state, const uint8_t *payload, size_t len, int16_t *pcm, size_t max_samples,
                                size_t *samples);

    /**
     * Makes up `samples` samples for a lost packet. NULL where the format has nothing of its own: the playout buffer
     * then repeats the last pitch periods. next and next_len: the payload after the gap where it is there already, for
     * in-band forward error correction; else NULL and 0.
     */
    void (*conceal)(void *state, const uint8_t *next, size_t next_len, int16_t *pcm, size_t samples);

    /** Audio in a payload, in samples at rate_hz, without decoding it; 0 for a malformed one. */
    size_t (*duration)(const uint8_t *payload, size_t len);

    /**
     * True where the payload surely stands for digital silence, seen without decoding: zeroes may take its place. May
     * be false for silence.
     */
    bool (*is_silence)(const uint8_t *payload, size_t len);
};

/** The codec of that id; an id out of the table asserts. */
const struct codec *codec_by_id(enum codec_id id);

/** By rtpmap: name (case-insensitive) and clock. NULL where we do not have it. */
const struct codec *codec_find(const char *name, uint32_t clock_hz);

/** By a payload type that RFC 3551 fixes. NULL where it fixes none that we have. */
const struct codec *codec_by_payload_type(int payload_type);

#endif
