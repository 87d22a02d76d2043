/**
 * @file codec.h  The table of codecs: every format in which a leg can send or hear, behind one set of functions.
 *
 * A codec is one file and one constant `struct codec`. What it remembers between frames lies in memory of the caller
 * (codec_encoder_bytes(), codec_decoder_bytes(), aligned as malloc does); G.711 and L16 remember nothing and take NULL.
 * A state is plain bytes: copying it makes a second coder that goes on exactly as the first.
 *
 * Audio is signed 16-bit mono at rate_hz. The RTP clock may differ from it (G.722: clock 8000, audio 16000).
 * This is not negotiation (sdp/) and not rate conversion.
 *
 * Pure: no clock, no I/O, no allocation. Thread: tables are constant; a state belongs to one thread at a time.
 * RFC 3551 (PCMU, PCMA, G722, L16), RFC 7587 (Opus), ITU-T G.711, G.722, RFC 6716.
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

/** Longest payload that is taken in (an unfragmented packet holds no more), and longest that is sent. */
enum { CODEC_PAYLOAD_IN_MAX = 1488, CODEC_PAYLOAD_OUT_MAX = 1200 };

/** Samples that codec.decoder_follow reads beside those it is told of. */
enum { CODEC_FOLLOW_BEFORE = 64, CODEC_FOLLOW_AFTER = 22 };

/** Samples of one frame at a rate: 160 at 8000. */
static inline uint32_t frame_samples(uint32_t rate_hz)
{
    return rate_hz / (1000 / FRAME_MS);
}

enum codec_id {
    CODEC_PCMU,
    CODEC_PCMA,
    CODEC_G722,
    CODEC_L16_8,
    CODEC_L16_16,
    CODEC_L16_48,
    CODEC_OPUS,
    CODEC_COUNT,
};

/** Lengths of packets, for codec.packet_lengths: CODEC_10_MS << n is n more times 10 ms. */
enum {
    CODEC_10_MS = 1 << 0,
    CODEC_20_MS = 1 << 1,
    CODEC_30_MS = 1 << 2,
    CODEC_40_MS = 1 << 3,
    CODEC_50_MS = 1 << 4,
    CODEC_60_MS = 1 << 5,
    CODEC_10_TO_60_MS = (1 << 6) - 1,
};

/**
 * What the one who will decode asks of an encoder (Opus: the peer's fmtp, RFC 7587). All zero: the codec's own choice.
 */
struct codec_params {
    uint32_t max_rate_hz; /**< maxplaybackrate: more than this is not worth sending; 0: rate_hz */
    uint32_t bitrate_bps; /**< maxaveragebitrate: no more than this; 0: the codec's own */
    uint8_t loss_percent; /**< to be expected on the way, 0 to 100: how much goes into fec */
    bool fec;             /**< useinbandfec */
    bool dtx;             /**< usedtx: silence may be left unsent */
};

/** What codec.encoder_approach found. */
enum codec_step {
    CODEC_APART,   /**< the packet would be heard to err; the state is as before */
    CODEC_NEARER,  /**< the packet may be sent, and the state is as though it had made it */
    CODEC_IN_STEP, /**< likewise, and from here on both encoders are the same */
};

struct codec {
    enum codec_id id;
    const char *name;           /**< encoding name of SDP's rtpmap: "PCMU" */
    uint32_t clock_hz;          /**< RTP timestamp units a second */
    uint8_t channels;           /**< as rtpmap says: 2 for Opus (whatever is sent), 1 for all others */
    uint32_t rate_hz;           /**< samples a second in and out */
    int static_payload_type;    /**< RFC 3551, or -1 where it is dynamic */
    uint16_t max_payload_bytes; /**< longest payload taken in: 60 ms, or CODEC_PAYLOAD_IN_MAX where that is less */
    uint8_t packet_lengths;     /**< what the encoder can send in one packet of at most CODEC_PAYLOAD_OUT_MAX bytes */

    /**
     * True where payloads may be put together and cut at the bytes of any whole millisecond: two frames of 10 ms make
     * the payload of 20. Else (Opus) a packet is what one encode() gave.
     */
    bool joins;

    /** Memory that a state needs; NULL: there is no state and its argument is NULL. See codec_encoder_bytes(). */
    size_t (*encoder_bytes)(void);
    size_t (*decoder_bytes)(void);

    /** NULL where there is no encoder state. One that runs takes new parameters by encoder_change(), without a sound.
     */
    void (*encoder_init)(void *state, const struct codec_params *params);
    void (*encoder_change)(void *state, const struct codec_params *params);

    /**
     * The next packet will refer to nothing before it, so that a decoder that followed another encoder can go on with
     * this one; for one packet, at a little cost in sound. NULL where the format has no such packet: all but Opus.
     */
    void (*encoder_cut)(void *state);

    /**
     * Asks whether the packet that another encoder is about to make of pcm may be sent in the place of this one's own:
     * whether a decoder in step with this encoder makes of it, in every 5 ms, what it should, with an error below the
     * coding's own. Does not encode: `other` is left as it is. NULL where encoder_cut does better, or where there is no
     * encoder state.
     */
    enum codec_step (*encoder_approach)(void *state, const void *other, const int16_t *pcm, size_t samples);

    void (*decoder_init)(void *state); /**< NULL where there is no decoder state */

    /**
     * Encodes one packet.
     * @param samples  of one of packet_lengths; where payloads join, any number of whole 10 ms
     * @return bytes written, never more than size; 0 where size is too small or the length is none of packet_lengths
     */
    size_t (*encode)(void *state, const int16_t *pcm, size_t samples, uint8_t *out, size_t size);

    /** True where a payload just encoded need not be sent (codec_params.dtx, silence). NULL: all must be. */
    bool (*is_unsent)(const uint8_t *payload, size_t len);

    /**
     * Decodes one payload, as it came from the network.
     * @param[out] samples  how many were written, at most max_samples
     * @return STATUS_OK; STATUS_INVALID (no such payload in this format, or longer than max_samples): the state
     *         can go on, what pcm holds is undefined
     */
    MUST_CHECK status (*decode)(void *state, const uint8_t *payload, size_t len, int16_t *pcm, size_t max_samples,
                                size_t *samples);

    /**
     * Makes up `samples` samples for lost packets, any number (whole 10 ms sound best). NULL where the format has
     * nothing of its own: the playout buffer then repeats the last pitch periods. next and next_len: the payload after
     * the gap where it is there already, any bytes; else NULL and 0. Where it carries in-band forward error correction,
     * that replaces the end of the gap; call once for the whole gap then. It is still to be decoded afterwards.
     */
    void (*conceal)(void *state, const uint8_t *next, size_t next_len, int16_t *pcm, size_t samples);

    /**
     * Tells a decoder what was played in the place of lost packets, just before the first packet after them is decoded:
     * its state goes on as if it had decoded that. NULL where needless, or where conceal does it.
     * @param pcm  where that began; CODEC_FOLLOW_BEFORE samples before it, and CODEC_FOLLOW_AFTER after its end (as it
     *             would have gone on) must be readable
     * @param samples  up to 20 ms: what is told of more does not help
     */
    void (*decoder_follow)(void *state, const int16_t *pcm, size_t samples);

    /** True where the payload carries a copy of the audio before it (in-band FEC). NULL: never. Any bytes. */
    bool (*has_fec)(const uint8_t *payload, size_t len);

    /** Audio in a payload, in samples at rate_hz, without decoding it; 0 for a malformed one. May be over 60 ms. */
    size_t (*duration)(const uint8_t *payload, size_t len);

    /**
     * True where the payload surely stands for digital silence, seen without decoding: zeroes may take its place. May
     * be false for silence. NULL where there is a decoder state: that must see every payload.
     */
    bool (*is_silence)(const uint8_t *payload, size_t len);
};

/** Memory of an encoder's or decoder's state; 0: there is none. Asks the library, so call it on the control side. */
static inline size_t codec_encoder_bytes(const struct codec *codec)
{
    return codec->encoder_bytes ? codec->encoder_bytes() : 0;
}

static inline size_t codec_decoder_bytes(const struct codec *codec)
{
    return codec->decoder_bytes ? codec->decoder_bytes() : 0;
}

/** The longest of packet_lengths that is not over max_ms; the shortest where all are. */
unsigned codec_packet_ms(const struct codec *codec, unsigned max_ms);

/** The codec of that id; an id out of the table asserts. */
const struct codec *codec_by_id(enum codec_id id);

/**
 * By rtpmap: name (case-insensitive), clock and channels ("opus/48000/2"; 0 or 1 where rtpmap names none). NULL where
 * we do not have it.
 */
const struct codec *codec_find(const char *name, uint32_t clock_hz, unsigned channels);

#endif
