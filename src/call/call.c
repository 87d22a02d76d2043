#include "call/call.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "call/exchange.h"
#include "call/sip_status.h"
#include "os/log.h"
#include "os/thread.h"

static bool copy_text(char **field, const char *text)
{
    if (!text) return true;
    *field = strdup(text);
    return *field != NULL;
}

const struct sdp_codec *call_codec(const struct call *c, const struct sdp_result *result)
{
    assert(result->codec < c->terms.codec_count);
    return &c->terms.codecs[result->codec];
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
    exchange_init(c);
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

status call_create_outgoing(struct call **out, const struct call_plan *plan, const struct call_world *world,
                            void *world_arg, uint64_t session_id, int64_t now_unix_ms)
{
    thread_assert(THREAD_CONTROL);
    if (!plan->id || !plan->to_uri || !plan->from_uri || plan->terms->codec_count == 0) return STATUS_INVALID;
    struct call *c = calloc(1, sizeof *c);
    if (!c) return STATUS_NO_MEMORY;
    *c = (struct call){
        .outgoing = true,
        .state = CALL_QUEUED,
        .world = world,
        .world_arg = world_arg,
        .session_id = session_id,
        .sdp_version = 1,
        .created_unix_ms = now_unix_ms,
        .terms = *plan->terms,
    };
    exchange_init(c);
    status s = slice_copy(slice_of(plan->id), c->id, sizeof c->id) ? STATUS_OK : STATUS_INVALID;
    bool copied = copy_text(&c->from, plan->from_uri) && copy_text(&c->to, plan->to_uri) &&
                  copy_text(&c->from_display, plan->from_display);
    if (s == STATUS_OK && !copied) s = STATUS_NO_MEMORY;
    if (s == STATUS_OK)
        *out = c;
    else
        call_destroy(c);
    return s;
}

static bool replace_text(char **field, const char *text)
{
    free(*field);
    *field = NULL;
    return copy_text(field, text);
}

void call_set_terms(struct call *c, const struct terms *terms)
{
    assert(!c->outgoing && !c->negotiated && !c->sent && terms->codec_count > 0);
    c->terms = *terms;
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
    free(c->offered);
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

/* @param headers  given; NULL for none */
static void refuse(struct call *c, uint32_t code, const char *phrase, json_t *headers, const char *reason)
{
    send_coded(c, SIGNAL_REJECT, code, phrase, 0, NULL, headers);
    end(c, reason);
}

void call_refuse(struct call *c, uint32_t code, const char *phrase, uint32_t retry_after_s, const char *reason)
{
    if (c->state != CALL_INCOMING) return;
    json_t *headers = retry_after_s ? json_pack("{s:o}", "Retry-After", json_sprintf("%u", retry_after_s)) : NULL;
    refuse(c, code, phrase, headers, reason);
}

/* With 488 goes what the offer lacks (RFC 3261 section 21.4.26): whoever set up the phone can read it there. */
static json_t *warning(uint32_t code, const char *why)
{
    enum { NOT_ACCEPTABLE = 488 };
    return code == NOT_ACCEPTABLE ? json_pack("{s:o}", "Warning", json_sprintf("399 parley \"%s\"", why)) : NULL;
}

static void refuse_for(struct call *c, status s, const char *why)
{
    uint32_t code = sip_status_code(s);
    char text[160];
    log_event(LOG_INFO, "call_refused", "call=%s code=%u why=%s", c->id, code,
              log_value(text, sizeof text, slice_of(why)));
    refuse(c, code, sip_status_phrase(code), warning(code, why), "failed");
}

void call_hang_up(struct call *c, const char *reason)
{
    if (c->state == CALL_ENDED) return;
    send_coded(c, SIGNAL_HANGUP, c->state == CALL_INCOMING ? 480 : 0, reason, 0, NULL, NULL);
    end(c, reason);
}

static void send_progress(struct call *c, uint32_t code, const char *sdp, bool reliable)
{
    struct signal_message m;
    signal_message_init(&m, SIGNAL_PROGRESS, c->id);
    m.code = code;
    m.sdp = sdp ? strdup(sdp) : NULL;
    m.reliable = reliable;
    c->world->send(c->world_arg, c, &m);
    signal_message_clear(&m);
}

void call_open_early(struct call *c)
{
    struct buffer sdp;
    struct fault fault = {0, ""};
    if (c->state != CALL_INCOMING || !c->offer || c->negotiated) return;
    buffer_init(&sdp);
    if (exchange_answer(c, c->offer, &sdp, &fault) == STATUS_OK && buffer_ok(&sdp))
        send_progress(c, 183, buffer_text(&sdp), false);
    else
        log_event(LOG_INFO, "early_media_impossible", "call=%s why=\"%s\"", c->id, fault.what);
    buffer_clear(&sdp);
}

void call_answer(struct call *c)
{
    thread_assert(THREAD_CONTROL);
    if (c->state != CALL_INCOMING) return;
    if (c->requires_100rel && !c->progressed) {
        c->progressed = true;
        send_progress(c, 180, NULL, true);
        return;
    }
    struct buffer sdp;
    struct fault fault = {0, "media could not be set up"};
    buffer_init(&sdp);
    status s = c->offer ? exchange_answer(c, c->offer, &sdp, &fault) : exchange_offer(c, &sdp);
    if (s == STATUS_OK && !buffer_ok(&sdp)) s = STATUS_NO_MEMORY;
    if (s == STATUS_OK) {
        c->state = CALL_ANSWERED;
        send_coded(c, SIGNAL_ANSWER, 200, NULL, 0, buffer_text(&sdp), NULL);
    } else {
        refuse_for(c, s == STATUS_FULL ? STATUS_AGAIN : s, fault.what);
    }
    buffer_clear(&sdp);
}

static void be_connected(struct call *c, int64_t now_unix_ms)
{
    c->state = CALL_CONNECTED;
    c->connected_unix_ms = now_unix_ms;
    c->world->connected(c->world_arg, c);
}

static void give_up_answer(struct call *c, const struct fault *fault)
{
    log_event(LOG_WARN, "answer_unusable", "call=%s why=\"%s\"", c->id, fault->what);
    call_hang_up(c, "failed");
}

static void receive_ack(struct call *c, const struct signal_message *m, int64_t now_unix_ms)
{
    struct fault fault = {0, "the ACK has no answer to our offer"};
    if (c->state != CALL_ANSWERED) return;
    status s = STATUS_OK;
    if (!c->negotiated) s = m->sdp ? exchange_accept(c, m->sdp, &fault) : STATUS_INVALID;
    if (s == STATUS_OK)
        be_connected(c, now_unix_ms);
    else
        give_up_answer(c, &fault);
}

/* A re-INVITE or UPDATE: with an offer it is answered; a re-INVITE without one gets ours, whose answer comes in the
 * ACK. */
static void receive_offer(struct call *c, const struct signal_message *m)
{
    struct buffer sdp;
    bool possible =
        c->state == CALL_ANSWERED || c->state == CALL_CONNECTED || (c->state == CALL_RINGING && c->negotiated);
    struct fault fault = {0, possible ? "media could not be set up" : "not possible before the call is answered"};
    status s = possible ? STATUS_OK : STATUS_CONFLICT;
    buffer_init(&sdp);
    if (s == STATUS_OK && (m->sdp || m->type == SIGNAL_REINVITE)) {
        s = m->sdp ? exchange_answer(c, m->sdp, &sdp, &fault) : exchange_offer(c, &sdp);
    }
    if (s == STATUS_OK && !buffer_ok(&sdp)) s = STATUS_NO_MEMORY;
    if (s == STATUS_OK) {
        send_coded(c, SIGNAL_ACCEPT, 200, NULL, m->transaction, sdp.len > 0 ? buffer_text(&sdp) : NULL, NULL);
    } else {
        uint32_t code = s == STATUS_CONFLICT ? 500 : sip_status_code(s);
        log_event(LOG_INFO, "offer_refused", "call=%s code=%u why=\"%s\"", c->id, code, fault.what);
        send_coded(c, SIGNAL_REFUSE, code, sip_status_phrase(code), m->transaction, NULL, warning(code, fault.what));
    }
    buffer_clear(&sdp);
}

/* The ACK of a re-INVITE that asked for our offer: a bad answer leaves things as they are. */
static void receive_later_ack(struct call *c, const struct signal_message *m)
{
    struct fault fault = {0, ""};
    if (exchange_offers(c) && m->sdp && exchange_accept(c, m->sdp, &fault) != STATUS_OK)
        log_event(LOG_WARN, "answer_unusable", "call=%s why=\"%s\"", c->id, fault.what);
}

/* What we sent last was sent once more as an offer, to refresh the session, and its answer says something new: where
 * the peer is now, or with which key it goes on. */
static void receive_response(struct call *c, const struct signal_message *m)
{
    struct fault fault = {0, "media could not be set up"};
    bool says_new = c->state == CALL_CONNECTED && m->transaction == 0 && m->code / 100 == 2 && m->sdp;
    if (says_new && exchange_accept_again(c, m->sdp, &fault) != STATUS_OK)
        log_event(LOG_WARN, "answer_unusable", "call=%s why=\"%s\"", c->id, fault.what);
}

/* A call of ours. */

void call_dial(struct call *c, const struct call_plan *plan)
{
    thread_assert(THREAD_CONTROL);
    if (c->state != CALL_QUEUED) return;
    struct signal_message m;
    signal_message_init(&m, SIGNAL_DIAL, c->id);
    m.timeout_s = plan->timeout_s;
    m.private_only = plan->private_only;
    m.headers = plan->headers ? json_deep_copy(plan->headers) : NULL;
    bool copied = copy_text(&m.to_uri, c->to) && copy_text(&m.from_uri, c->from) &&
                  copy_text(&m.from_display, c->from_display) && copy_text(&m.identity, plan->identity) &&
                  copy_text(&m.route, plan->route) && copy_text(&m.transport, plan->transport) &&
                  copy_text(&m.user, plan->user) && copy_text(&m.password, plan->password);
    c->state = CALL_DIALLING;
    if (copied)
        c->world->send(c->world_arg, c, &m);
    else
        end(c, "failed");
    signal_message_clear(&m);
}

static bool is_waiting(const struct call *c)
{
    return c->state == CALL_DIALLING || c->state == CALL_RINGING;
}

/* The way to the callee is known, and with it which address of ours belongs into the offer. */
static void receive_located(struct call *c, const struct signal_message *m)
{
    if (!is_waiting(c) || c->sent) return;
    struct buffer sdp;
    buffer_init(&sdp);
    bool known = replace_text(&c->source, m->source) && replace_text(&c->local, m->local);
    status s = known ? exchange_offer(c, &sdp) : STATUS_NO_MEMORY;
    if (s == STATUS_OK) {
        send_coded(c, SIGNAL_OFFER, 0, NULL, 0, buffer_text(&sdp), NULL);
    } else {
        log_event(LOG_WARN, "offer_impossible", "call=%s why=%s", c->id, status_name(s));
        call_hang_up(c, "failed");
    }
    buffer_clear(&sdp);
}

/* An early answer that cannot be used is no harm: the one in the 200 decides. */
static void receive_progress(struct call *c, const struct signal_message *m)
{
    struct fault fault = {0, "media could not be set up"};
    if (!is_waiting(c)) return;
    if (m->sdp && exchange_accept(c, m->sdp, &fault) != STATUS_OK)
        log_event(LOG_WARN, "early_media_unusable", "call=%s why=\"%s\"", c->id, fault.what);
    c->state = CALL_RINGING;
    if (c->world->ringing) c->world->ringing(c->world_arg, c, m->code);
}

/* Without SDP: an UPDATE of the callee has taken the place of the answer to our offer, and was answered here. */
static void receive_answer(struct call *c, const struct signal_message *m, int64_t now_unix_ms)
{
    struct fault fault = {0, "media could not be set up"};
    if (!is_waiting(c)) return;
    bool agreed = m->sdp ? exchange_accept(c, m->sdp, &fault) == STATUS_OK : c->negotiated;
    if (agreed)
        be_connected(c, now_unix_ms);
    else
        give_up_answer(c, &fault);
}

static const char *reason_of_failure(uint32_t code)
{
    switch (code) {
    case 486:
    case 600: return "busy";
    case 408:
    case 480:
    case 487: return "noAnswer";
    default: return "failed";
    }
}

static const char *reason_of_end(struct call *c, const struct signal_message *m)
{
    if (m->type == SIGNAL_BYE) return "farEndHangup";
    if (is_waiting(c)) {
        c->end_code = m->code;
        return reason_of_failure(m->code);
    }
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
    case SIGNAL_RESPONSE: receive_response(c, m); break;
    case SIGNAL_BYE:
    case SIGNAL_CANCEL:
    case SIGNAL_ENDED: end(c, reason_of_end(c, m)); break;
    case SIGNAL_LOCATED: receive_located(c, m); break;
    case SIGNAL_PROGRESS: receive_progress(c, m); break;
    case SIGNAL_ANSWER: receive_answer(c, m, now_unix_ms); break;
    default: break;
    }
}
