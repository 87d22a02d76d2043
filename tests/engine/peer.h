/**
 * @file peer.h  A phone on a loopback socket: says a tone, listens, in the test's own thread.
 *
 * Thread: the test's.
 */
#ifndef PARLEY_TESTS_ENGINE_PEER_H
#define PARLEY_TESTS_ENGINE_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"
#include "media/tone.h"
#include "rtp/srtp_receiver.h"
#include "rtp/srtp_sender.h"

enum { PEER_KEPT = 1600, PEER_DIGIT_TYPE = 101 };

struct peer {
    int rtp_fd, rtcp_fd;
    struct sockaddr_storage rtp, rtcp;           /**< its own addresses */
    struct sockaddr_storage bridge, bridge_rtcp; /**< where it sends */
    const struct codec *codec;
    struct tone tone;
    bool silent;    /**< sends nothing */
    bool says_zero; /**< sends digital silence */
    bool recorded;  /**< the storm's */
    uint16_t seq;
    uint32_t timestamp, ssrc;
    int64_t next_us;
    struct engine_leg *leg;
    struct srtp_sender *sender;     /**< NULL: it sends plain RTP */
    struct srtp_receiver *receiver; /**< NULL: it is sent plain RTP */

    uint64_t unopened; /**< packets with another key, or none */
    uint64_t packets, rtcp_packets, byes;
    uint32_t last_samples; /**< in the last packet */
    uint16_t heard_seq;
    uint32_t heard_timestamp, heard_ssrc;
    char digits[32]; /**< heard as events */
    uint32_t digit_count, digit_timestamp;
    uint64_t gaps;  /**< packets whose numbers did not follow */
    uint64_t jumps; /**< packets whose timestamps did not follow the samples before, nor said so by a marker */
    uint64_t markers;
    int steepest;            /**< greatest step from a sample to the next */
    int16_t kept[PEER_KEPT]; /**< the last 200 ms heard */
    int16_t last;
    uint64_t heard;
};

/** Everything a test needs: an engine and its reports so far. */
struct rig {
    struct engine *engine;
    struct peer *peers[64];
    uint32_t peer_count;
    uint64_t reports[ENGINE_REPORT_TYPES];
    struct engine_report last[ENGINE_REPORT_TYPES];
    struct engine_leg_stats closed_stats;
    char digits[32];
    uint32_t digit_count;
};

void rig_open(struct rig *rig, const struct engine_config *config);

/** Closes what is open, waits for the reports, destroys the engine and the peers. */
void rig_close(struct rig *rig);

/** A peer with a tone of its own; not connected to a leg yet. */
struct peer *rig_peer(struct rig *rig, double tone_hz);

/** The same over IPv6. @return NULL where this machine has none */
struct peer *rig_peer6(struct rig *rig, double tone_hz);

/** Of its codec's packets. */
uint8_t peer_payload_type(const struct peer *peer);

/** What offer and answer would have given for it. */
struct engine_leg_media peer_media(const struct peer *peer, uint16_t ptime_ms);

/** Protects a packet that it is going to send, where it has a key. @param size  room at bytes, on a boundary of 4 */
void peer_seal(struct peer *peer, uint8_t *bytes, size_t *len, size_t size);

/** From now on it speaks and listens with the keys of its leg; NULL: plain RTP. */
void peer_keys(struct peer *peer, const struct engine_leg_srtp *leg);

/** Opens a leg for it and lets it send there. */
void rig_call(struct rig *rig, struct peer *peer, const struct engine_leg_media *media, struct engine_conference *near);

/** Lets everybody talk and listen for so long. */
void rig_run(struct rig *rig, int ms);

/** As rig_run(), until the condition holds; fails after ten seconds. */
#define rig_await(rig, condition)                                                                                      \
    do {                                                                                                               \
        for (int rig_turns = 0; !(condition); rig_turns++) {                                                           \
            if (rig_turns > 2000) fail_msg("waited in vain for %s", #condition);                                       \
            rig_run(rig, 5);                                                                                           \
        }                                                                                                              \
    } while (0)

/** Level of a tone in the last 200 ms the peer heard, dBFS; -200 for nothing heard. */
double peer_level(const struct peer *peer, double tone_hz);

/** Forgets what it heard. */
void peer_forget(struct peer *peer);

void peer_send(struct peer *peer, const void *bytes, size_t len);
void peer_send_digit(struct peer *peer, char digit);

#endif
