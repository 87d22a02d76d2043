#include "load/caller.h"

#include "os/clock.h"

static void offer_write(struct caller *c, struct buffer *out, enum sdp_direction direction)
{
    struct sdp_ours ours = {c->stream.local, c->stream.law, c->stream.ptime_ms, direction, ++c->version};
    sdp_write(out, &ours);
}

static bool theirs_take(struct caller *c, struct slice sdp)
{
    struct sdp_theirs theirs;
    if (!sdp_read(sdp, &theirs)) return false;
    c->peer_direction = theirs.direction;
    c->answered_ptime_ms = theirs.ptime_ms;
    stream_aim(&c->stream, &theirs, clock_now_us());
    return true;
}

static void on_progress(void *context, uint32_t code)
{
    struct caller *c = context;
    if (c->events.progress) c->events.progress(c->events.context, code);
}

static void on_answered(void *context, struct slice sdp)
{
    struct caller *c = context;
    c->up = theirs_take(c, sdp);
    if (!c->up) {
        uac_call_hangup(c->call);
        return;
    }
    if (c->events.answered) c->events.answered(c->events.context);
}

static void on_reinvited(void *context, uint32_t code, struct slice sdp)
{
    struct caller *c = context;
    if (code < 300 && !theirs_take(c, sdp)) code = 488;
    if (c->events.reinvited) c->events.reinvited(c->events.context, code);
}

static enum sdp_direction direction_answer(enum sdp_direction ours, enum sdp_direction theirs)
{
    bool send = (ours == SDP_SENDRECV || ours == SDP_SENDONLY) && (theirs == SDP_SENDRECV || theirs == SDP_RECVONLY);
    bool receive = (ours == SDP_SENDRECV || ours == SDP_RECVONLY) && (theirs == SDP_SENDRECV || theirs == SDP_SENDONLY);
    if (send) return receive ? SDP_SENDRECV : SDP_SENDONLY;
    return receive ? SDP_RECVONLY : SDP_INACTIVE;
}

static bool on_offered(void *context, struct slice offer, struct buffer *answer)
{
    struct caller *c = context;
    if (offer.len && !theirs_take(c, offer)) return false;
    offer_write(c, answer, offer.len ? direction_answer(c->direction, c->peer_direction) : c->direction);
    return true;
}

static void on_offer_answered(void *context, struct slice sdp)
{
    struct caller *c = context;
    if (!theirs_take(c, sdp)) uac_call_hangup(c->call);
}

static void on_ended(void *context, uint32_t code, const char *by, struct slice reason)
{
    struct caller *c = context;
    c->up = false;
    c->ended = true;
    stream_pause(&c->stream);
    if (c->events.ended) c->events.ended(c->events.context, code, by, reason);
}

status caller_open(struct caller *c, struct loop *loop, struct uac *uac, const struct caller_config *config,
                   const struct caller_events *events)
{
    *c = (struct caller){.events = *events, .direction = config->hold ? SDP_SENDONLY : SDP_SENDRECV};
    return stream_open(&c->stream, loop, uac_local(uac), config->law, config->ptime_ms, config->phase_ms, config->seed);
}

status caller_dial(struct caller *c, struct uac *uac, const char *uri, const char *user)
{
    struct uac_events events = {.progress = on_progress,
                                .answered = on_answered,
                                .reinvited = on_reinvited,
                                .offered = on_offered,
                                .offer_answered = on_offer_answered,
                                .ended = on_ended,
                                .context = c};
    struct buffer sdp;
    buffer_init(&sdp);
    offer_write(c, &sdp, c->direction);
    status s = uac_call_start(&c->call, uac, uri, user, buffer_text(&sdp), &events);
    buffer_clear(&sdp);
    return s;
}

bool caller_hold(struct caller *c, bool hold)
{
    if (!c->up) return false;
    enum sdp_direction direction = hold ? SDP_SENDONLY : SDP_SENDRECV;
    struct buffer sdp;
    buffer_init(&sdp);
    offer_write(c, &sdp, direction);
    bool sent = uac_call_reinvite(c->call, buffer_text(&sdp));
    buffer_clear(&sdp);
    if (sent) c->direction = direction;
    return sent;
}

void caller_close(struct caller *c)
{
    stream_close(&c->stream);
}
