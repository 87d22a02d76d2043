#include "load/caller.h"

#include "os/clock.h"

static void sdp_put(struct caller *c, struct buffer *out, enum sdp_direction direction)
{
    struct sdp_ours ours = {.rtp = c->stream.local,
                            .law = c->stream.law,
                            .ptime_ms = c->stream.ptime_ms,
                            .direction = direction,
                            .version = ++c->version,
                            .crypto = c->crypto,
                            .crypto_count = c->crypto_count,
                            .savp = c->savp};
    sdp_write(out, &ours);
}

/** The line of ours that bears this tag. */
static const struct sdes_line *line_tagged(const struct caller *c, uint32_t tag)
{
    for (unsigned i = 0; i < c->crypto_count; i++) {
        if (c->crypto[i].tag == tag) return &c->crypto[i];
    }
    return NULL;
}

/** What the answer to our keys says. @return false where it cannot be gone on with */
static bool keys_agree(struct caller *c, const struct sdp_theirs *theirs)
{
    if (theirs->crypto_count == 0) {
        c->stream.secure.on = false;
        return !c->savp;
    }
    const struct sdes_line *ours = line_tagged(c, theirs->crypto[0].tag);
    if (!ours || ours->suite != theirs->crypto[0].suite) return false;
    return secure_set(&c->stream.secure, ours, &theirs->crypto[0]) == STATUS_OK;
}

/** Answers their offer of keys with the suite that is in use, else with their first. */
static bool keys_answer(struct caller *c, const struct sdp_theirs *theirs)
{
    const struct sdes_line *taken = NULL;
    for (unsigned i = 0; i < theirs->crypto_count && !taken; i++) {
        if (!c->stream.secure.on || theirs->crypto[i].suite == c->stream.secure.ours.suite) taken = &theirs->crypto[i];
    }
    c->crypto_count = 0;
    c->savp = theirs->savp;
    if (!taken) {
        c->stream.secure.on = false;
        return !theirs->savp;
    }
    struct sdes_line ours = c->stream.secure.on ? c->stream.secure.ours : sdes_make(taken->tag, taken->suite);
    ours.tag = taken->tag;
    c->crypto[c->crypto_count++] = ours;
    return secure_set(&c->stream.secure, &ours, taken) == STATUS_OK;
}

static bool theirs_take(struct caller *c, struct slice sdp, bool (*keys)(struct caller *, const struct sdp_theirs *))
{
    struct sdp_theirs theirs;
    if (!sdp_read(sdp, &theirs) || !keys(c, &theirs)) return false;
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
    c->up = theirs_take(c, sdp, keys_agree);
    if (!c->up) {
        uac_call_hangup(c->call);
        return;
    }
    if (c->events.answered) c->events.answered(c->events.context);
}

static void on_reinvited(void *context, uint32_t code, struct slice sdp)
{
    struct caller *c = context;
    if (code < 300 && !theirs_take(c, sdp, keys_agree)) code = 488;
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
    if (offer.len && !theirs_take(c, offer, keys_answer)) return false;
    sdp_put(c, answer, offer.len ? direction_answer(c->direction, c->peer_direction) : c->direction);
    return true;
}

static void on_offer_answered(void *context, struct slice sdp)
{
    struct caller *c = context;
    if (!theirs_take(c, sdp, keys_agree)) uac_call_hangup(c->call);
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
    c->savp = config->suite_count > 0 && !config->avp;
    for (unsigned i = 0; i < config->suite_count; i++)
        c->crypto[c->crypto_count++] = sdes_make(i + 1, config->suites[i]);
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
    sdp_put(c, &sdp, c->direction);
    status s = uac_call_start(&c->call, uac, uri, user, buffer_text(&sdp), &events);
    buffer_clear(&sdp);
    return s;
}

static bool reinvite(struct caller *c, enum sdp_direction direction)
{
    struct buffer sdp;
    buffer_init(&sdp);
    sdp_put(c, &sdp, direction);
    bool sent = uac_call_reinvite(c->call, buffer_text(&sdp));
    buffer_clear(&sdp);
    if (sent) c->direction = direction;
    return sent;
}

bool caller_hold(struct caller *c, bool hold)
{
    return c->up && reinvite(c, hold ? SDP_SENDONLY : SDP_SENDRECV);
}

bool caller_rekey(struct caller *c)
{
    if (!c->up || c->crypto_count == 0) return false;
    for (unsigned i = 0; i < c->crypto_count; i++)
        c->crypto[i] = sdes_make(c->crypto[i].tag, c->crypto[i].suite);
    return reinvite(c, c->direction);
}

bool caller_wrong_key(struct caller *c, bool wrong)
{
    struct secure *secure = &c->stream.secure;
    const struct sdes_line *agreed = line_tagged(c, secure->theirs.tag);
    if (!secure->on || !agreed) return false;
    struct sdes_line line = wrong ? sdes_make(agreed->tag, agreed->suite) : *agreed;
    return secure_set_out(secure, &line) == STATUS_OK;
}

void caller_close(struct caller *c)
{
    stream_close(&c->stream);
}
