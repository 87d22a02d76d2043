/**
 * @file sim.h  Conferences on a fake clock and network: the engine's own core, with parties that speak RTP to it.
 *
 * A party sends a packet every ptime of its own clock at a phase of its own, over a network as good as it is told
 * (network.h), and hears what the bridge sends. It has a coder and a decoder of its codec; what it says and hears is at
 * the codec's rate_hz. Both are exact samples at exact times: an hour passes in seconds.
 * Thread: one.
 */
#ifndef PARLEY_TESTS_SIM_SIM_H
#define PARLEY_TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "engine/core.h"
#include "network.h"

/* SIM_RATE_HZ: of a conference, and of a party with G.711. SIM_SAMPLES_MAX: of a packet, 60 ms at 48 kHz. */
enum { SIM_PARTIES_MAX = 256, SIM_RATE_HZ = 8000, SIM_BACKLOG = 64, SIM_SAMPLES_MAX = 2880, SIM_PACKET_BYTES = 1500 };

struct sim;
struct sim_party;

/** Fills what a party says next, at its codec's rate_hz; samples: one packet's. */
typedef void sim_speak_fn(struct sim_party *party, int16_t *pcm, uint32_t samples);

/** Is given each packet's samples as the party gets them. */
typedef void sim_hear_fn(struct sim_party *party, const int16_t *pcm, uint32_t samples);

/** Is given each RTCP datagram that the party is sent. */
typedef void sim_report_fn(struct sim_party *party, const uint8_t *bytes, size_t len);

struct sim_packet {
    int64_t at_us;
    size_t len;
    uint8_t bytes[SIM_PACKET_BYTES];
};

struct sim_party {
    struct sim *sim;
    struct leg_media leg;
    const struct codec *codec;
    void *encoder, *decoder;               /**< NULL where the codec has no state */
    struct srtp_sender *sender;            /**< NULL where it sends plain RTP */
    struct srtp_receiver *receiver;        /**< NULL where it is sent plain RTP */
    struct srtp_receiver *receiver_before; /**< of the bridge\'s former key, which it may still use; or NULL */
    void *user;
    sim_speak_fn *speak;   /**< NULL: sends nothing */
    sim_hear_fn *hear;     /**< NULL: not listened to */
    sim_report_fn *report; /**< NULL: not looked at */
    int64_t next_us;       /**< when it speaks again */
    int32_t drift_ppm;     /**< its clock is faster by this; may be changed at any time */
    int64_t drift_pus; /**< what its clock has gained and next_us has not seen yet, in millionths of a microsecond */
    uint16_t ptime_ms, seq;
    uint32_t timestamp;
    struct network network;               /**< from it to the bridge; may be changed at any time */
    struct sim_packet queue[SIM_BACKLOG]; /**< on its way to the bridge, by arrival */
    uint32_t queue_head, queue_tail;
    uint8_t key_code;
    uint32_t key_ms, key_done_ms; /**< held for key_ms, of which so much was sent */
    bool quiet;                   /**< tells once of noise of noise_level (RFC 3389), then sends nothing */
    bool told_noise;              /**< it has */
    uint8_t noise_level;          /**< in dB below full scale */
    bool heard_former_key;        /**< the last packet was of it */
    uint32_t key_late_ms;         /**< until its events begin */
    bool key_beside;              /**< events come beside audio, not in place of it */
    uint64_t samples_said, packets_heard;
    int64_t last_heard_us;
    uint16_t heard_seq; /**< of the last packet */
    uint32_t heard_ssrc;
    uint64_t bytes_heard; /**< of payloads of audio */
    uint32_t heard_timestamp;
    uint32_t markers;
    bool may_skip; /**< ticks may be missing in what it hears */
    uint64_t skipped_samples;
    char digits[32]; /**< heard as events */
    uint32_t digit_count, event_packets, event_ends, event_segments;
    bool in_event;
    uint32_t event_timestamp;
    uint16_t event_duration; /**< of the last one */
    bool closed;
};

struct sim {
    struct core *core;
    struct media_io io;
    struct media_counters counters;
    struct rng rng;
    int64_t now_us;
    struct sim_party *parties[SIM_PARTIES_MAX];
    uint32_t party_count;
    uint64_t events[32];         /**< told, by type */
    struct media_event last[32]; /**< of each type */
    char told[64];               /**< MEDIA_LEG_DIGIT, of all parties */
    int64_t done_us;             /**< tick of the last batch with a token */
    uint64_t done_token;
};

/** What a party is like; zero means the usual. */
struct sim_party_config {
    enum codec_id codec;
    uint16_t ptime_ms; /**< sent to it and by it; 0: 20 */
    int64_t phase_us;  /**< of its packets within 20 ms */
    int32_t drift_ppm; /**< its clock is faster by so many millionths: packets come that much closer together */
    struct network network;
    struct codec_params encode; /**< asked of the bridge */
    sim_speak_fn *speak;
    sim_hear_fn *hear;
    void *user;
    uint8_t slot;
    bool no_events;                     /**< has not agreed to telephone-event */
    uint32_t event_clock_hz;            /**< in which the length of events is told to it; 0: its codec's */
    bool detect_dtmf;                   /**< keys are looked for in its audio */
    const struct engine_leg_srtp *srtp; /**< the bridge's keys; NULL: plain RTP */
};

void sim_open(struct sim *sim, uint64_t seed);
void sim_close(struct sim *sim);

/** Calls in. */
struct sim_party *sim_call(struct sim *sim, const struct sim_party_config *config);

/** One that mixes at SIM_RATE_HZ, or at 8000, 16000 or 48000. */
struct conference_media *sim_conference(struct sim *sim, uint8_t slot);
struct conference_media *sim_conference_at(struct sim *sim, uint8_t slot, uint32_t rate_hz);

/** Takes it to another rate. */
void sim_conference_rate(struct sim *sim, struct conference_media *conference, uint32_t rate_hz);
void sim_conference_close(struct sim *sim, struct conference_media *conference);

/** Carries out one command, or several in one batch. */
void sim_command(struct sim *sim, struct core_command command);
void sim_commands(struct sim *sim, const struct core_command *commands, uint32_t count, uint64_t token);
void sim_join(struct sim_party *party, struct conference_media *conference, bool talk, bool listen);

/**
 * The bridge goes over to other keys, and the party to what opens what it is sent then, and still the former.
 * @param port  the party's from now on; 0: the same as before
 */
void sim_change_keys(struct sim_party *party, const struct engine_leg_srtp *keys, const struct engine_leg_srtp *before,
                     uint16_t port);

/** What the party sends is protected with this key from now on; NULL: with none. */
void sim_party_send_key(struct sim_party *party, const struct srtp_key *key);

/** The party holds a key for so long from now on, sent as RFC 4733 events in place of audio, end packets thrice. */
void sim_press(struct sim_party *party, char key, uint32_t ms);

/** Likewise, but its audio goes on meanwhile, and the events begin late_ms from now and are all that late. */
void sim_press_beside(struct sim_party *party, char key, uint32_t ms, uint32_t late_ms);

/** Samples of so much time at the party's rate. */
static inline uint32_t sim_samples(const struct sim_party *party, uint32_t ms)
{
    return party->codec->rate_hz / 1000 * ms;
}

/** A sine as a sound; the caller destroys it. */
struct sound *sim_tone(uint32_t rate_hz, double hz, double level_dbfs, uint32_t samples);

/** Lets time pass. */
void sim_run(struct sim *sim, int64_t us);

#endif
