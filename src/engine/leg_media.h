/**
 * @file leg_media.h  The media thread's half of a leg: packets in to its playout buffer, packets out on its own grid.
 *
 * Made and freed by control, touched by one media thread in between (the one it was sent to by a command), from the
 * command that brings it to the event that gives it back. What it hears is the conference's business
 * (conference_media.h); this file only receives, keeps the books, and sends what it is given.
 *
 * A packet leaves every ptime. Those of 10 and 20 ms leave in the tick that mixed their last sample; longer ones on a
 * grid whose start is chosen so that their samples are always there.
 *
 * Thread: media. RFC 3550, 3551, 4733, 5761.
 */
#ifndef PARLEY_ENGINE_LEG_MEDIA_H
#define PARLEY_ENGINE_LEG_MEDIA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/rng.h"
#include "engine/engine.h"
#include "engine/media_io.h"
#include "engine/source_lock.h"
#include "media/codec.h"
#include "media/mixer.h"
#include "media/playout.h"
#include "media/ramp.h"
#include "rtp/dtmf_event.h"
#include "rtp/rtp_packet.h"
#include "rtp/rtp_stream.h"

enum {
    LEG_HALF_TICK_US = 10000,
    LEG_TICK_US = 20000,
    LEG_QUEUE_BYTES = 1200, /* of payload: ample for 80 ms of any codec without state */
    LEG_STATS_WORDS = sizeof(struct engine_leg_stats) / sizeof(uint64_t),
};

struct leg_media {
    struct list link; /**< in conference->legs */
    struct conference_media *conference;
    void *owner; /**< control's half; not looked at here */
    int rtp_fd, rtcp_fd;
    bool connected; /**< the RTP socket, to the locked source: kept by the io */
    struct engine_leg_media media;

    /* receiving */
    struct source_lock source;
    struct sockaddr_storage rtcp_source; /**< where the peer's RTCP came from; AF_UNSPEC: nothing yet */
    struct playout *playout;             /**< owned; exchanged where the codec changes */
    struct rtp_stream stream;
    struct dtmf_receiver dtmf;
    struct rng rng;
    int64_t alive_us; /**< the last sign of life, or when to begin to wait for one */
    bool heard_of;    /**< ENGINE_LEG_ALIVE was told */
    bool timed_out;

    /* in the mix */
    bool talk, listen;
    struct ramp talk_ramp, listen_ramp;
    bool has_slot;
    mixer_slot slot;
    int16_t pcm[FRAME_SAMPLES_MAX]; /**< its voice in this tick */

    /* sending */
    uint16_t seq;
    uint32_t timestamp; /**< of the first queued sample */
    bool marker;        /**< on the next packet */
    uint32_t queued_bytes, queued_ms;
    int32_t wait_ms;       /**< until the next packet leaves */
    int64_t not_before_us; /**< a leg that has just come from another conference skips a tick that is too near */
    uint8_t packet[RTP_HEADER_BYTES + LEG_QUEUE_BYTES]; /**< the payload gathers where it will be sent from */

    uint32_t house_ticks;                /**< until its books are looked after again */
    uint32_t drops_seen;                 /**< the kernel's count */
    uint64_t playout_late, playout_lost; /**< of the playout's counts, those in the thread's counters already */
    struct engine_leg_stats stats;
    uint64_t played_before[3];                   /**< ticks played, concealed and late of earlier playout buffers */
    _Atomic uint64_t published[LEG_STATS_WORDS]; /**< the stats for control, once a second */
};

/** What the functions here share: the thread's, the same for all legs. */
struct leg_context {
    const struct media_io *io;
    struct media_counters *counters;
    int64_t rtp_timeout_us;
};

/** Control: prepares the memory. @param cname  borrowed for the leg's life; @param playout  given */
void leg_media_init(struct leg_media *leg, const struct engine_leg_config *config, const char *cname,
                    struct playout *playout, void *owner, int64_t now_us);

/** Control: the counters as last published. */
void leg_media_read_stats(const struct leg_media *leg, struct engine_leg_stats *out);

/** A new outcome of offer and answer. *playout is exchanged for the old one where it is not NULL. */
void leg_media_change(struct leg_media *leg, const struct leg_context *context, const struct engine_leg_media *media,
                      struct playout **playout, int64_t now_us);

/** Takes in what has come since the last tick, digits and control packets included. */
void leg_media_receive(struct leg_media *leg, const struct leg_context *context, int64_t now_us);

/** Once a second: RTCP both ways, time-out, figures. Called every tick, does it when it is time. */
void leg_media_keep_house(struct leg_media *leg, const struct leg_context *context, int64_t now_us);

/** Has a 20 ms frame's payload to send; sends what is due. bytes NULL: on hold, time passes. */
void leg_media_send_frame(struct leg_media *leg, const struct leg_context *context, const uint8_t *bytes, size_t len);

/** True where packets leave between ticks too. */
bool leg_media_needs_half_tick(const struct leg_media *leg);
void leg_media_half_tick(struct leg_media *leg, const struct leg_context *context);

/** A tick that did not run: time passes for what is sent. */
void leg_media_skip_tick(struct leg_media *leg);

/** RTCP BYE, final figures. */
void leg_media_close(struct leg_media *leg, const struct leg_context *context, int64_t now_us);

#endif
