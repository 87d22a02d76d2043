/**
 * @file media_io.h  What the core of a media thread wants from the world: datagrams in and out, the time of day, and a
 * place for its reports. A media thread gives it sockets (worker.c), a simulation a network of its own.
 *
 * Thread: the media thread that owns the core.
 */
#ifndef PARLEY_ENGINE_MEDIA_IO_H
#define PARLEY_ENGINE_MEDIA_IO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct leg_media;
struct conference_media;

enum { MEDIA_PACKETS_MAX = 4, MEDIA_PACKET_BYTES = 1500 };

/** One datagram, borrowed until the next receive. */
struct media_packet {
    const uint8_t *bytes;
    size_t len;
    int64_t arrival_us; /**< the kernel's stamp, on the monotonic clock */
    const struct sockaddr_storage *from;
};

enum media_event_type {
    MEDIA_BATCH_DONE,   /**< object: the batch, back to control */
    MEDIA_LEG_ALIVE,    /**< leg */
    MEDIA_LEG_DIGIT,    /**< leg, number: the character */
    MEDIA_LEG_TIMEOUT,  /**< leg */
    MEDIA_LEG_DETACHED, /**< leg: no thread touches it now */
    MEDIA_LEG_CLOSED,   /**< leg: back to control */
    MEDIA_RECORD_LOST,  /**< conference, number: frames */
    MEDIA_PLAYED,       /**< conference, object: the sound, token, number: 1 where it was played to its end */
    MEDIA_SOUND_BACK,   /**< object: music that is not played any more */
    MEDIA_GRAPH_BACK,   /**< object: a conference's graph of its former rate */
    MEDIA_CONFERENCE_CLOSED,
    MEDIA_LEG_PLAYED,      /**< leg, object: the sound, token, number as in PLAYED */
    MEDIA_LEG_DIGITS_SENT, /**< leg, object: the list, token, number: 1 where all were sent */
    MEDIA_LEG_SILENT,      /**< leg, token */
    MEDIA_LEG_TALKING,     /**< leg, number: 1 where it begins */
};

/** Something control must know. What gives an object back is never lost; the others are, where the ring is full. */
struct media_event {
    enum media_event_type type;
    struct leg_media *leg;
    struct conference_media *conference;
    void *object;
    uint64_t token;
    int64_t tick_us;
    uint32_t number;
};

struct media_io {
    /** Without waiting. @return how many, up to max (at most MEDIA_PACKETS_MAX) */
    size_t (*receive)(void *arg, struct leg_media *leg, bool rtcp, struct media_packet *packets, size_t max);
    /** To the leg's source or remote address. @return false where the kernel would not */
    bool (*send)(void *arg, struct leg_media *leg, bool rtcp, const uint8_t *bytes, size_t len);
    /** The leg's source has been locked or unlocked: from now on only it is let through, or everybody. */
    void (*lock)(void *arg, struct leg_media *leg);
    int64_t (*unix_us)(void *arg);
    void (*tell)(void *arg, const struct media_event *event);
    void *arg;
};

/** Written by the media thread alone, read by anybody. */
struct media_counters {
    atomic_uint_least64_t packets_in, packets_out, bytes_in, bytes_out;
    atomic_uint_least64_t packets_foreign, packets_bad, packets_unauthentic, packets_replayed, packets_late,
        packets_lost;
    atomic_uint_least64_t socket_drops, send_errors;
    atomic_uint_least64_t encodes_shared, encodes_own, decodes;
    atomic_uint_least64_t record_frames_lost;
    atomic_uint_least64_t ticks, ticks_late, late_max_us, wakeups;
    atomic_uint_least32_t legs, conferences, busy_permille;
};

static inline void media_count(atomic_uint_least64_t *counter, uint64_t n)
{
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, now + n, memory_order_relaxed);
}

static inline uint64_t media_counted(const atomic_uint_least64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
