/**
 * @file leg_media.h  The media thread's half of a leg: packets in to its playout buffer, packets out on its own grid.
 *
 * Made and freed by control, touched by one media thread in between (the one it was sent to by a command), from the
 * command that brings it to the event that gives it back. What it hears is the conference's business
 * (conference_media.h), and how it is sent leg_send.h's; this file only receives and keeps the books.
 *
 * Thread: media. RFC 3550, 3551, 4733, 5761.
 */
#ifndef PARLEY_ENGINE_LEG_MEDIA_H
#define PARLEY_ENGINE_LEG_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/rng.h"
#include "engine/engine.h"
#include "engine/leg_keys.h"
#include "engine/leg_own.h"
#include "engine/leg_srtp.h"
#include "engine/leg_voice.h"
#include "engine/media_io.h"
#include "engine/source_lock.h"
#include "media/codec.h"
#include "media/mixer.h"
#include "media/playout.h"
#include "media/ramp.h"
#include "media/resample.h"
#include "rtp/dtmf_event.h"
#include "rtp/rtp_packet.h"
#include "rtp/rtp_stream.h"

struct leg_encoder;

enum {
    LEG_TICK_US = 20000,
    LEG_PAYLOAD_MAX = 1920, /* of 20 ms: L16 at 48 kHz, which goes in packets of 10 ms */
    LEG_QUEUE_BYTES = 2560, /* of payload that gathers: 80 ms at 16 kHz */
    LEG_STATS_WORDS = sizeof(struct engine_leg_stats) / sizeof(uint64_t),
};

/** What a leg hears of a graph, where that has another rate than its codec. */
struct leg_hearing {
    bool own;                  /**< it has, or had just now, a mix of its own: line is its own too */
    struct resample_line line; /**< of that mix, at the graph's rate */
};

/**
 * What every tick touches stands first: with hundreds of legs, a tick costs as much as the memory that it fetches.
 */
struct leg_media {
    struct list link; /**< in conference->legs */
    struct conference_media *conference;
    void *owner;             /**< control's half; not looked at here */
    struct playout *playout; /**< owned; exchanged where the codec changes */
    struct leg_srtp srtp;
    int rtp_fd, rtcp_fd;
    bool connected; /**< the RTP socket, to the locked source: kept by the io */
    bool filtered;  /**< as it is connected, and what came before that has been read: no stranger's packet is left */

    /* receiving */
    bool in_step;          /**< the last packet was the next one of the stream */
    uint8_t received_last; /**< packets in the last tick */
    bool heard_of;         /**< ENGINE_LEG_ALIVE was told */
    bool timed_out;

    /* in the mix */
    bool talk, listen;
    uint16_t track; /**< of the conference's recording; 0: none */
    bool passes_digits;
    bool has_slot;
    mixer_slot slot;
    struct ramp talk_ramp, listen_ramp;
    bool comes_anew; /**< its codec has changed, and nothing has been heard in the new one */
    bool says;       /**< pcm holds its voice of this tick */
    struct leg_media *next_talker, *next_waiting;
    struct leg_encoder *encoder; /**< owned; NULL where the codec's encoder remembers nothing */
    struct leg_voice voice;

    /* sending */
    bool marker;   /**< on the next packet */
    bool in_event; /**< an event is being sent in place of audio */
    uint16_t seq;
    uint32_t timestamp; /**< of the first queued sample */
    uint32_t queued_bytes, queued_ms;
    int32_t wait_ms;       /**< until the next packet leaves */
    uint32_t house_ticks;  /**< until its books are looked after again */
    uint32_t drops_seen;   /**< the kernel's count */
    int64_t not_before_us; /**< a leg that has just come from another conference skips a tick that is too near */
    int64_t alive_us;      /**< the last sign of life, or when to begin to wait for one */
    struct engine_leg_stats stats;
    struct rtp_stream stream;
    struct leg_keys keys;
    struct engine_leg_media media;

    struct source_lock source;
    struct sockaddr_storage rtcp_source; /**< where the peer's RTCP came from; AF_UNSPEC: nothing yet */
    struct rng rng;
    uint64_t playout_late, playout_lost;         /**< of the playout's counts, those in the thread's counters already */
    uint64_t played_before[3];                   /**< ticks played, concealed and late of earlier playout buffers */
    _Atomic uint64_t published[LEG_STATS_WORDS]; /**< the stats for control, once a second */
    struct leg_own own;
    struct dtmf_payload event; /**< while in_event */
    uint32_t event_timestamp;
    int16_t pcm[FRAME_SAMPLES_MAX];   /**< its voice in this tick, at its codec's rate; stale where it says nothing */
    struct resample_line voice_line;  /**< of what it said before, as far as it was in a mix */
    struct dtmf_detect detect;        /**< leg_keys.h */
    struct leg_hearing hearing[2];    /**< of the sides of a conference's graphs */
    int16_t mixed[FRAME_SAMPLES_MAX]; /**< its voice at a graph's rate, while that is mixed */
    uint8_t packet[RTP_HEADER_BYTES + LEG_QUEUE_BYTES]; /**< the payload gathers where it will be sent from */
};

/** What the functions here share: the thread's, the same for all legs. */
struct leg_context {
    const struct media_io *io;
    struct media_counters *counters;
    struct resample_bank *bank;
    int64_t rtp_timeout_us;
    int64_t tick_us; /**< of the tick that runs; while commands are carried out, the time of that */
};

/** To control; @param event  copied. */
static inline void leg_context_tell(const struct leg_context *context, const struct media_event *event)
{
    context->io->tell(context->io->arg, event);
}

/** Control: prepares the memory. @param cname  borrowed for the leg's life; @param playout  given */
void leg_media_init(struct leg_media *leg, const struct engine_leg_config *config, const char *cname,
                    struct playout *playout, void *owner, int64_t now_us);

/** It is in another conference, or speaks another codec: what it has said and heard does not go on. */
void leg_media_forget_voice(struct leg_media *leg);

/** Control: the counters as last published. */
void leg_media_read_stats(const struct leg_media *leg, struct engine_leg_stats *out);

/**
 * A new outcome of offer and answer. With another codec *playout and *encoder are exchanged for the old ones; else they
 * are NULL.
 */
void leg_media_change(struct leg_media *leg, const struct leg_context *context, const struct engine_leg_media *media,
                      struct playout **playout, struct leg_encoder **encoder, int64_t now_us);

/**
 * Takes in what has come since the last tick, digits and control packets included. A stream in step with the ticks is
 * read once a tick: what may stand behind its packet came early, and is not needed before the next tick.
 *
 * @param tick_us  the tick's nominal time
 */
void leg_media_receive(struct leg_media *leg, const struct leg_context *context, int64_t tick_us);

/** Has the memory fetched that the next calls for this leg will touch. */
static inline void leg_media_prefetch(const struct leg_media *leg)
{
    const char *at = (const char *)leg;
    for (size_t i = 0; i < offsetof(struct leg_media, source); i += 64)
        __builtin_prefetch(at + i);
}

/** Once a second: RTCP both ways, time-out, figures. Called every tick, does it when it is time. */
void leg_media_keep_house(struct leg_media *leg, const struct leg_context *context, int64_t now_us);

/** RTCP BYE, final figures. */
void leg_media_close(struct leg_media *leg, const struct leg_context *context, int64_t now_us);

#endif
