#include "call/call.h"

#include <stdlib.h>
#include <string.h>

#include "call/sip_status.h"
#include "os/log.h"
#include "os/thread.h"

static const struct sdp_codec codecs[] = {
    {.encoding = "PCMU", .clock_hz = 8000, .channels = 1, .payload_type = 0},
    {.encoding = "PCMA", .clock_hz = 8000, .channels = 1, .payload_type = 8},
};

const struct sdp_codec *call_codecs(uint8_t *count)
{
    *count = sizeof codecs / sizeof codecs[0];
    return codecs;
}

static bool copy_text(char **field, const char *text)
{
    if (!text) return true;
    *field = strdup(text);
    return *field != NULL;
}

status call_create(struct call **out, const struct signal_message *invite, const struct call_world *world,
                   void *world_arg, uint64_t session_id, int64_t now_unix_ms)
{
    thread_assert(THREAD_CONTROL);
    if (!invite->call[0] || !invite->request_uri || !invite->source || !invite->local) return STATUS_INVALID;
    struct call *c = calloc(1, sizeof *c);
    if (!c) return STATUS_NO_MEMORY;
    strcpy(c->id, invite->call);
    c->world = world;
    c->world_arg = world_arg;
    c->session_id = session_id;
    c->sdp_version = 1;
    c->created_unix_ms = now_unix_ms;
    c->requires_100rel = invite->requires_100rel;
    bool copied = copy_text(&c->from, invite->from_uri) && copy_text(&c->to, invite->to_uri) &&
                  copy_text(&c->from_display, invite->from_display) && copy_text(&c->source, invite->source) &&
                  copy_text(&c->local, invite->local) && copy_text(&c->sip_call_id, invite->sip_call_id) &&
                  copy_text(&c->offer, invite->sdp);
    if (!copied) {
        call_destroy(c);
        return STATUS_NO_MEMORY;
    }
    *out = c;
    return STATUS_OK;
}

void call_destroy(struct call *c)
{
    if (!c) return;
    free(c->from);
    free(c->to);
    free(c->from_display);
    free(c->source);
    free(c->local);
    free(c->sip_call_id);
    free(c->offer);
    free(c->sent);
    free(c);
}

static void end(struct call *c, const char *reason)
{
    c->state = CALL_ENDED;
    c->world->ended(c->world_arg, c, reason);
}

static void send_coded(struct call *c, enum signal_type type, uint32_t code, const char *phrase, uint32_t transaction,
                       const char *sdp, json_t *headers)
{
    struct signal_message m;
    signal_message_init(&m, type, c->id);
    m.code = code;
    m.transaction = transaction;
    m.reason = phrase ? strdup(phrase) : NULL;
    m.sdp = sdp ? strdup(sdp) : NULL;
    m.headers = headers;
    c->world->send(c->world_arg, c, &m);
    signal_message_clear(&m);
}

void call_refuse(struct call *c, uint32_t code, const char *phrase, uint32_t retry_after_s, const char *reason)
{
    if (c->state != CALL_INCOMING) return;
    json_t *headers = retry_after_s ? json_pack("{s:o}", "Retry-After", json_sprintf("%u", retry_after_s)) : NULL;
    send_coded(c, SIGNAL_REJECT, code, phrase, 0, NULL, headers);
    end(c, reason);
}

static void refuse_for(struct call *c, status s, const char *why)
{
    uint32_t code = sip_status_code(s);
    char text[160];
    log_event(LOG_INFO, "call_refused", "call=%s code=%u why=%s", c->id, code,
              log_value(text, sizeof text, slice_of(why)));
    call_refuse(c, code, sip_status_phrase(code), 0, "failed");
}

void call_hang_up(struct call *c, const char *reason)
{
    if (c->state == CALL_ENDED) return;
    send_coded(c, SIGNAL_HANGUP, c->state == CALL_INCOMING ? 480 : 0, reason, 0, NULL, NULL);
    end(c, reason);
}

static struct sdp_local our_side(const struct call *c)
{
    struct sdp_local local = {
        .address = c->address,
        .rtp_port = c->rtp_port,
        .session_id = c->session_id,
        .version = c->sdp_version,
        .codecs = codecs,
        .codec_count = sizeof codecs / sizeof codecs[0],
        .telephone_event = true,
        .ptime_ms = 20,
        .direction = SDP_SENDRECV,
    };
    return local;
}

static status reserve(struct call *c)
{
    if (c->reserved) return STATUS_OK;
    status s = c->world->media_reserve(c->world_arg, c, c->address, &c->rtp_port);
    if (s == STATUS_OK) c->reserved = true;
    return s;
}

/* Takes an outcome of offer and answer into force. */
static status apply(struct call *c, const struct sdp_result *result)
{
    status s = c->world->media_apply(c->world_arg, c, result);
    if (s != STATUS_OK) return s;
    c->media = *result;
    c->negotiated = true;
    return STATUS_OK;
}

/* Our description, made by describe(); its o= version grows by one where it says something new (RFC 3264 section 8). */
typedef status describe_fn(struct buffer *out, const struct sdp_local *local, void *arg);

static status describe(struct call *c, struct buffer *out, describe_fn *fn, void *arg)
{
    struct sdp_local local = our_side(c);
    status s = fn(out, &local, arg);
    if (s == STATUS_OK && c->sent && !sdp_says_same(slice_of(c->sent), slice_of(buffer_text(out)))) {
        buffer_clear(out);
        c->sdp_version = ++local.version;
        s = fn(out, &local, arg);
    }
    if (s != STATUS_OK) return s;
    char *copy = buffer_ok(out) ? strdup(buffer_text(out)) : NULL;
    if (!copy) return STATUS_NO_MEMORY;
    free(c->sent);
    c->sent = copy;
    return STATUS_OK;
}

struct answering {
    const struct sdp *offer;
    const struct sdp_result *previous;
    struct sdp_result result;
    struct fault *fault;
};

static status describe_answer(struct buffer *out, const struct sdp_local *local, void *arg)
{
    struct answering *a = arg;
    return sdp_answer(out, &a->result, a->offer, local, a->previous, a->fault);
}

static status describe_offer(struct buffer *out, const struct sdp_local *local, void *arg)
{
    (void)arg;
    return sdp_offer(out, local);
}

/* Answers an offer into *answer and takes the outcome into force. */
static status answer_offer(struct call *c, const char *offer_text, struct buffer *answer, struct fault *fault)
{
    struct sdp offer;
    struct answering a = {.offer = &offer, .previous = c->negotiated ? &c->media : NULL, .fault = fault};
    status s = sdp_parse(&offer, slice_of(offer_text), fault);
    if (s != STATUS_OK) return s;
    s = reserve(c);
    if (s != STATUS_OK) {
        *fault = (struct fault){0, "no RTP ports are free"};
        return s;
    }
    s = describe(c, answer, describe_answer, &a);
    if (s != STATUS_OK) return s;
    s = apply(c, &a.result);
    if (s != STATUS_OK) *fault = (struct fault){0, "media could not be set up"};
    return s;
}

static status make_offer(struct call *c, struct buffer *offer)
{
    status s = reserve(c);
    return s == STATUS_OK ? describe(c, offer, describe_offer, NULL) : s;
}

static void send_progress(struct call *c)
{
    struct signal_message m;
    signal_message_init(&m, SIGNAL_PROGRESS, c->id);
    m.code = 180;
    m.reliable = true;
    c->progressed = true;
    c->world->send(c->world_arg, c, &m);
    signal_message_clear(&m);
}

void call_answer(struct call *c)
{
    thread_assert(THREAD_CONTROL);
    if (c->state != CALL_INCOMING) return;
    if (c->requires_100rel && !c->progressed) {
        send_progress(c);
        return;
    }
    struct buffer sdp;
    struct fault fault = {0, "media could not be set up"};
    buffer_init(&sdp);
    status s = c->offer ? answer_offer(c, c->offer, &sdp, &fault) : make_offer(c, &sdp);
    if (s == STATUS_OK && !buffer_ok(&sdp)) s = STATUS_NO_MEMORY;
    if (s == STATUS_OK) {
        c->state = CALL_ANSWERED;
        send_coded(c, SIGNAL_ANSWER, 200, NULL, 0, buffer_text(&sdp), NULL);
    } else {
        refuse_for(c, s == STATUS_FULL ? STATUS_AGAIN : s, fault.what);
    }
    buffer_clear(&sdp);
}

static status take_answer(struct call *c, const char *text, struct fault *fault)
{
    struct sdp answer;
    struct sdp_result result;
    struct sdp_local local = our_side(c);
    status s = sdp_parse(&answer, slice_of(text), fault);
    if (s == STATUS_OK) s = sdp_accept(&result, &answer, &local, fault);
    return s == STATUS_OK ? apply(c, &result) : s;
}

static void receive_ack(struct call *c, const struct signal_message *m, int64_t now_unix_ms)
{
    struct fault fault = {0, "the ACK has no answer to our offer"};
    if (c->state != CALL_ANSWERED) return;
    status s = STATUS_OK;
    if (!c->negotiated) s = m->sdp ? take_answer(c, m->sdp, &fault) : STATUS_INVALID;
    if (s != STATUS_OK) {
        log_event(LOG_WARN, "answer_unusable", "call=%s why=\"%s\"", c->id, fault.what);
        call_hang_up(c, "failed");
        return;
    }
    c->state = CALL_CONNECTED;
    c->connected_unix_ms = now_unix_ms;
    c->world->connected(c->world_arg, c);
}

/* A re-INVITE or UPDATE: with an offer it is answered; a re-INVITE without one gets ours, whose answer comes in the
 * ACK. */
static void receive_offer(struct call *c, const struct signal_message *m)
{
    struct buffer sdp;
    struct fault fault = {0, "not possible before the call is answered"};
    status s = c->state == CALL_ANSWERED || c->state == CALL_CONNECTED ? STATUS_OK : STATUS_CONFLICT;
    buffer_init(&sdp);
    if (s == STATUS_OK && (m->sdp || m->type == SIGNAL_REINVITE)) {
        s = m->sdp ? answer_offer(c, m->sdp, &sdp, &fault) : make_offer(c, &sdp);
    }
    if (s == STATUS_OK && !buffer_ok(&sdp)) s = STATUS_NO_MEMORY;
    if (s == STATUS_OK) {
        send_coded(c, SIGNAL_ACCEPT, 200, NULL, m->transaction, sdp.len > 0 ? buffer_text(&sdp) : NULL, NULL);
    } else {
        uint32_t code = s == STATUS_CONFLICT ? 500 : sip_status_code(s);
        log_event(LOG_INFO, "offer_refused", "call=%s code=%u why=\"%s\"", c->id, code, fault.what);
        send_coded(c, SIGNAL_REFUSE, code, sip_status_phrase(code), m->transaction, NULL, NULL);
    }
    buffer_clear(&sdp);
}

/* The ACK of a re-INVITE that asked for our offer: a bad answer leaves things as they are. */
static void receive_later_ack(struct call *c, const struct signal_message *m)
{
    struct fault fault = {0, ""};
    if (m->sdp && take_answer(c, m->sdp, &fault) != STATUS_OK)
        log_event(LOG_WARN, "answer_unusable", "call=%s why=\"%s\"", c->id, fault.what);
}

static const char *reason_of_end(const struct signal_message *m)
{
    if (m->type == SIGNAL_BYE) return "farEndHangup";
    if (m->type == SIGNAL_CANCEL) return "callCanceled";
    return m->code == 408 ? "noAnswer" : "failed";
}

void call_receive(struct call *c, const struct signal_message *m, int64_t now_unix_ms)
{
    thread_assert(THREAD_CONTROL);
    if (c->state == CALL_ENDED) return;
    switch (m->type) {
    case SIGNAL_ACK:
        if (c->state == CALL_CONNECTED)
            receive_later_ack(c, m);
        else
            receive_ack(c, m, now_unix_ms);
        break;
    case SIGNAL_PRACK:
        if (c->progressed) call_answer(c);
        break;
    case SIGNAL_REINVITE:
    case SIGNAL_UPDATE: receive_offer(c, m); break;
    case SIGNAL_BYE:
    case SIGNAL_CANCEL:
    case SIGNAL_ENDED: end(c, reason_of_end(m)); break;
    default: break;
    }
}
