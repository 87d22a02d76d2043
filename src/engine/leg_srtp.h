/**
 * @file leg_srtp.h  The protection of a leg: what leaves it is encrypted here, what comes is checked and decrypted.
 *
 * A leg whose protection is on neither sends nor takes anything plain. Contexts are made by control from keys and go to
 * the leg with a command; those that are replaced come back with it. One whose key has not changed runs on, with its
 * roll-over counter and its memory of what was received.
 *
 * Packets that are on their way while the peer changes its key still have the former one: it is good for
 * LEG_SRTP_OVERLAP_US more. Our own former key is used until the peer is heard with its new one, which shows that it
 * has ours, at most LEG_SRTP_SWITCH_US; at another address the new one is used at once. Roll-over counters are told by
 * nobody, and begin anew with a key or go on, as implementations differ: where ours is not 0 we go over to another
 * SSRC, for which both mean the same.
 *
 * Thread: media; leg_srtp_make() and leg_srtp_clear() control, while no media thread has it. RFC 3711, RFC 4568.
 */
#ifndef PARLEY_ENGINE_LEG_SRTP_H
#define PARLEY_ENGINE_LEG_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "engine/engine.h"
#include "engine/media_io.h"
#include "rtp/srtp_receiver.h"
#include "rtp/srtp_sender.h"

struct leg_context;
struct leg_media;

enum { LEG_SRTP_OVERLAP_US = 5000000, LEG_SRTP_SWITCH_US = 500000 };

struct leg_srtp {
    bool on;
    struct srtp_sender *sender;     /**< owned; kept while off, lest the same key begin anew */
    struct srtp_sender *coming;     /**< owned: of the new key, not in use yet; or NULL */
    struct srtp_sender *spent;      /**< owned: of the former key, for control to free with the next change; or NULL */
    int64_t switch_us;              /**< when `coming` takes over at the latest */
    struct srtp_receiver *receiver; /**< owned; kept as the sender is */
    struct srtp_receiver *before;   /**< owned: of the peer's former key; or NULL */
    int64_t before_until_us;
};

/** A packet's bytes while they are encrypted or decrypted. */
struct leg_srtp_room {
    _Alignas(8) uint8_t bytes[MEDIA_PACKET_BYTES + SRTP_TRAILER_MAX];
};

/**
 * Makes the contexts for these keys; NULL in place of those that are not needed.
 *
 * @param keys    NULL: protection is off
 * @param before  the keys of the contexts that the leg has; NULL: none
 * @return STATUS_OK; STATUS_INVALID (a key that is none); STATUS_NO_MEMORY
 */
MUST_CHECK status leg_srtp_make(struct leg_srtp *out, const struct engine_leg_srtp *keys,
                                const struct engine_leg_srtp *before);

/** Frees what it holds. */
void leg_srtp_clear(struct leg_srtp *srtp);

/** Takes over what was made; afterwards `next` holds what control may free. */
void leg_srtp_change(struct leg_media *leg, struct leg_srtp *next, int64_t now_us);

/**
 * Opens a packet of a leg whose protection is on.
 * @param[out] out   the packet, decrypted, in room
 * @return as srtp_receiver_unprotect()
 */
MUST_CHECK status leg_srtp_open(struct leg_media *leg, bool rtcp, const struct media_packet *packet,
                                struct media_packet *out, struct leg_srtp_room *room);

/** Every tick: a new key of ours has waited long enough. */
void leg_srtp_tick(struct leg_media *leg, int64_t now_us);

/** Sends a packet, RTP or RTCP, protected where protection is on. @return false where it has not been sent */
bool leg_srtp_send(struct leg_media *leg, const struct leg_context *context, bool rtcp, const uint8_t *bytes,
                   size_t len);

#endif
