/**
 * @file playout.h  The jitter buffer of one leg: packets in as they come, exactly one 20 ms frame out a tick.
 *
 * A packet is used at the first tick that is at least a guard after its arrival; on a clean network no spare frame is
 * kept. The delay grows with what was seen to come late and comes back when that is over; where packets are lost and
 * the others carry copies of them (in-band FEC), it is one packet more, so that the copy is there in time. Any
 * length of packet that the codec takes (at most 120 ms; changes included), reordering, duplicates, sequence and
 * timestamp jumps, and silence suppression are taken in stride: a gap in timestamps with unbroken sequence numbers is
 * silence, or comfort noise where the sender has described it (which lasts until the sender speaks again, be that later
 * than timestamps say); a gap in both is loss and is concealed, by the codec where it knows how.
 *
 * The drift of the sender's clock, and small changes of the delay, are made good by reading a little faster or slower,
 * between the samples; large and urgent changes by cutting out or putting in whole pitch periods with a cross-fade, at
 * the lag where the signal is most like itself. Whole frames are never dropped or repeated, and where nothing is to be
 * made good samples pass unchanged, bit for bit, 12 samples late.
 *
 * Where a leg's parts are: playout_line (numbers and times of packets), playout_store (packets that wait),
 * playout_arrivals and playout_drift (what the network and the sender's clock are like), playout_pace (how the delay
 * moves), playout_maker (packets, losses and pauses into samples), playout_queue (samples), playout (all of it
 * together).
 *
 * Not here: sockets, RTP parsing (rtp/), rate conversion, the talk ramp. Audio comes out at the codec's rate_hz.
 *
 * Pure: no clock (all times are arguments, microseconds of one monotonic clock), no allocation after create.
 * Thread: one at a time; made on the control side, then given to a media thread.
 * RFC 3550 section 6.4.1 (jitter), ITU-T G.711 Appendix I (principle of the concealment).
 */
#ifndef PARLEY_MEDIA_PLAYOUT_H
#define PARLEY_MEDIA_PLAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "media/codec.h"

struct playout;

struct playout_config {
    const struct codec *codec; /**< borrowed for the life of the buffer */
    uint32_t guard_us;         /**< 0 = 4000; a frame must be complete that long before its tick */
    uint32_t max_delay_ms;     /**< 0 = 400; the delay never grows past this, 40 to 500 */
};

/** One RTP packet. Payload is copied by playout_put(). */
struct playout_packet {
    uint16_t seq;
    uint32_t timestamp; /**< in units of codec->clock_hz */
    bool noise;         /**< the payload is comfort noise (RFC 3389): the sender is silent from here on */
    const uint8_t *payload;
    uint16_t len;
    int64_t arrival_us; /**< the kernel's receive time */
};

/** What a frame is made of. */
enum playout_verdict {
    PLAYOUT_IDLE,      /**< nothing to play: no stream yet, or it has stopped; the frame is zero */
    PLAYOUT_SILENCE,   /**< the sender says nothing now (silence suppression); the frame is zero or comfort noise */
    PLAYOUT_VOICE,     /**< every sample is the sender's */
    PLAYOUT_CONCEALED, /**< at least one sample was made up for a lost or late packet */
};

struct playout_frame {
    enum playout_verdict verdict;
    bool zero; /**< every sample is exactly 0, whatever the verdict: such a leg adds nothing to a mix */
};

/** Counted since create or playout_reset(); never go down, but for the last four. */
struct playout_stats {
    uint64_t packets; /**< taken in */
    uint64_t lost;    /**< never came, or came after their time */
    uint64_t late;    /**< of these, came after their time */
    uint64_t duplicates;
    uint64_t invalid;           /**< a payload that the codec cannot take */
    uint64_t overflows;         /**< no room: the sender was too far ahead */
    uint64_t jumps;             /**< sequence or timestamp jumped; taken up anew */
    uint64_t concealed_samples; /**< made up for lost and late packets; counted when they are known to be that */
    uint64_t played_samples;    /**< all samples handed out while a stream was there */
    uint64_t stretches;         /**< splices that added time */
    uint64_t shrinks;           /**< splices that took time out */
    uint32_t delay_us; /**< now: from a packet's arrival to when its first sample is played, in the ticks' time */
    uint32_t target_delay_us; /**< what the last seconds would need at least */
    uint32_t jitter_us;       /**< spread of the arrival times over the last seconds (98 % less earliest) */
    uint32_t buffered_us;     /**< audio that waits, decoded or not */
};

/**
 * @param[out] out  owned by the caller
 * @return STATUS_OK, STATUS_INVALID (a field out of its range), STATUS_NO_MEMORY
 */
MUST_CHECK status playout_create(struct playout **out, const struct playout_config *config);

/** NULL is allowed. */
void playout_destroy(struct playout *p);

/** A new source (SSRC changed) or a new format of packets: forgets every packet, keeps the delay and the counters. */
void playout_reset(struct playout *p);

/** Samples in one frame: frame_samples(codec->rate_hz). */
uint32_t playout_frame_samples(const struct playout *p);

/**
 * Takes in one packet; what cannot be used is counted and dropped. Any bytes are allowed.
 * @return true where it was kept
 */
bool playout_put(struct playout *p, const struct playout_packet *packet);

/**
 * Says that this sequence number was not lost but carried something else (a telephone event), so that the gap it
 * leaves in the audio is silence.
 */
void playout_note(struct playout *p, uint16_t seq);

/**
 * Makes the frame of one tick.
 *
 * @param tick_us   the tick's nominal time: 20,000 after the one before, however late the thread woke up. A step of
 *                  several whole ticks (the thread missed some) is allowed and skips what was due in between.
 * @param[out] pcm  playout_frame_samples() samples; always written in full
 */
struct playout_frame playout_get(struct playout *p, int64_t tick_us, int16_t *pcm);

/** As playout_get(), but pcm is left as it is where the frame is zero: silence costs no samples. */
struct playout_frame playout_take(struct playout *p, int64_t tick_us, int16_t *pcm);

/** Has the memory fetched that the next packet and the next tick will touch. */
void playout_prefetch(const struct playout *p);

/**
 * A tick at which nobody can hear this leg: the clock and the delay go on, nothing is decoded, the last
 * packets are kept: 100 ms, or 400 where the decoder has a state. The next playout_get() decodes these first, so that
 * it starts with a warm history.
 * @return what playout_get() would have found, as far as it shows without decoding
 */
enum playout_verdict playout_skip(struct playout *p, int64_t tick_us);

/** A copy of the figures as they stand. */
struct playout_stats playout_get_stats(const struct playout *p);

#endif
