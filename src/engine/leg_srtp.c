#include "engine/leg_srtp.h"

#include <string.h>

#include "engine/leg_media.h"

status leg_srtp_make(struct leg_srtp *out, const struct engine_leg_srtp *keys, const struct engine_leg_srtp *before)
{
    struct leg_srtp made = {.on = keys != NULL};
    status result = STATUS_OK;
    if (keys && !(before && srtp_key_same(&keys->send, &before->send)))
        result = srtp_sender_create(&made.sender, &keys->send);
    if (result == STATUS_OK && keys && !(before && srtp_key_same(&keys->receive, &before->receive)))
        result = srtp_receiver_create(&made.receiver, &keys->receive);
    if (result != STATUS_OK) {
        leg_srtp_clear(&made);
        return result;
    }
    *out = made;
    return STATUS_OK;
}

void leg_srtp_clear(struct leg_srtp *srtp)
{
    srtp_sender_destroy(srtp->sender);
    srtp_sender_destroy(srtp->coming);
    srtp_sender_destroy(srtp->spent);
    srtp_receiver_destroy(srtp->receiver);
    srtp_receiver_destroy(srtp->before);
    *srtp = (struct leg_srtp){.on = false};
}

/* @return the former sender */
static struct srtp_sender *send_with(struct leg_media *leg, struct srtp_sender *sender)
{
    struct srtp_sender *former = leg->srtp.sender;
    leg->srtp.sender = sender;
    if (former && srtp_sender_has_wrapped(former, leg->stream.sender.ssrc)) {
        rtp_stream_renew_source(&leg->stream, &leg->rng);
        leg->marker = true;
    }
    return former;
}

static void send_with_coming(struct leg_media *leg)
{
    struct leg_srtp *srtp = &leg->srtp;
    srtp->spent = send_with(leg, srtp->coming);
    srtp->coming = NULL;
}

static void change_sender(struct leg_media *leg, struct leg_srtp *next, bool was_on, int64_t now_us)
{
    struct leg_srtp *srtp = &leg->srtp;
    struct srtp_sender *made = next->sender;
    next->sender = NULL;
    if (srtp->coming) next->coming = send_with(leg, srtp->coming);
    /* Where the peer is another one, or has not been heard, there is nobody who still wants the former key. */
    if (was_on && leg->source.locked) {
        srtp->coming = made;
        srtp->switch_us = now_us + LEG_SRTP_SWITCH_US;
    } else {
        srtp->coming = NULL;
        next->sender = send_with(leg, made);
    }
}

static void change_receiver(struct leg_srtp *srtp, struct leg_srtp *next, int64_t now_us)
{
    struct srtp_receiver *oldest = srtp->before;
    srtp->before = srtp->receiver;
    srtp->receiver = next->receiver;
    srtp->before_until_us = now_us + LEG_SRTP_OVERLAP_US;
    next->receiver = oldest;
    if (srtp->before) srtp_receiver_follow(srtp->receiver, srtp->before);
}

void leg_srtp_change(struct leg_media *leg, struct leg_srtp *next, int64_t now_us)
{
    struct leg_srtp *srtp = &leg->srtp;
    bool was_on = srtp->on;
    srtp->on = next->on;
    next->spent = srtp->spent;
    srtp->spent = NULL;
    if (next->sender) change_sender(leg, next, was_on, now_us);
    if (next->receiver) change_receiver(srtp, next, now_us);
}

void leg_srtp_tick(struct leg_media *leg, int64_t now_us)
{
    if (leg->srtp.coming && now_us >= leg->srtp.switch_us) send_with_coming(leg);
}

static status unprotect(struct srtp_receiver *receiver, bool rtcp, const struct media_packet *packet,
                        struct media_packet *out, struct leg_srtp_room *room)
{
    size_t len = packet->len;
    memcpy(room->bytes, packet->bytes, len);
    status result = rtcp ? srtp_receiver_unprotect_rtcp(receiver, room->bytes, &len)
                         : srtp_receiver_unprotect(receiver, room->bytes, &len);
    if (result != STATUS_OK) return result;
    *out = *packet;
    out->bytes = room->bytes;
    out->len = len;
    return STATUS_OK;
}

status leg_srtp_open(struct leg_media *leg, bool rtcp, const struct media_packet *packet, struct media_packet *out,
                     struct leg_srtp_room *room)
{
    struct leg_srtp *srtp = &leg->srtp;
    if (packet->len > sizeof room->bytes) return STATUS_INVALID;
    status result = unprotect(srtp->receiver, rtcp, packet, out, room);
    if (!rtcp && result == STATUS_REFUSED && srtp_receiver_follows(srtp->receiver))
        result = unprotect(srtp->receiver, rtcp, packet, out, room);
    if (result == STATUS_OK && srtp->coming) send_with_coming(leg);
    bool other_key = result == STATUS_REFUSED || result == STATUS_INVALID;
    if (other_key && srtp->before && packet->arrival_us < srtp->before_until_us &&
        unprotect(srtp->before, rtcp, packet, out, room) == STATUS_OK)
        return STATUS_OK;
    return result;
}

bool leg_srtp_send(struct leg_media *leg, const struct leg_context *context, bool rtcp, const uint8_t *bytes,
                   size_t len)
{
    const struct media_io *io = context->io;
    if (!leg->srtp.on) return io->send(io->arg, leg, rtcp, bytes, len);
    struct leg_srtp_room room;
    if (len > MEDIA_PACKET_BYTES) return false;
    memcpy(room.bytes, bytes, len);
    status result = rtcp ? srtp_sender_protect_rtcp(leg->srtp.sender, room.bytes, &len, sizeof room.bytes)
                         : srtp_sender_protect(leg->srtp.sender, room.bytes, &len, sizeof room.bytes);
    return result == STATUS_OK && io->send(io->arg, leg, rtcp, room.bytes, len);
}
