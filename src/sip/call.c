#include "sip/call.h"

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/tport.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "os/log.h"
#include "os/random.h"
#include "sip/call_state.h"
#include "sip/reply.h"

enum { US_PER_MS = 1000, TIMER_MAX_MS = 3600 * 1000 };

struct call *call_of_link(struct list *link)
{
    return list_object(link, struct call, link);
}

struct call *call_of_mark(struct list *mark)
{
    return list_object(mark, struct call, mark);
}

/** Puts the call where the agent looks for what it needs next. */
static void set_mark(struct call *c)
{
    list_remove(&c->mark);
    if (!list_empty(&c->pending))
        list_push_back(&c->agent->waiting, &c->mark);
    else if (c->ended)
        list_push_back(&c->agent->finished, &c->mark);
}

const char *call_id(const struct call *c)
{
    return c->id;
}

bool call_is_live(const struct call *c)
{
    return !c->ended;
}

struct call_request *call_find_request(const struct call *c, uint32_t transaction)
{
    list_each (link, &c->requests) {
        struct call_request *r = list_object(link, struct call_request, link);
        if (r->transaction == transaction) return r;
    }
    return NULL;
}

void call_drop_request(struct call_request *r)
{
    list_remove(&r->link);
    nta_incoming_destroy(r->irq);
    free(r);
}

/* Effects. */

static char *copy(const char *text)
{
    return text ? slice_dup(slice_of(text)) : NULL;
}

static void tell(struct call *c, const struct dialog_effect *e)
{
    struct signal_message m;
    signal_message_init(&m, e->tell, c->id);
    m.transaction = e->transaction;
    m.code = e->code;
    m.reason = copy(e->reason);
    m.sdp = copy(e->sdp);
    m.reliable = e->reliable;
    m.content_type = copy(e->content_type);
    m.body = copy(e->body);
    if (e->tell == SIGNAL_INVITE && c->beginning) {
        char text[ADDRESS_TEXT_SIZE];
        request_describe(&m, c->beginning);
        m.transport = copy(c->tcp ? "tcp" : "udp");
        m.source = copy(address_print(text, &c->peer));
        m.local = copy(address_print(text, &c->local));
    }
    uint64_t number = link_send(c->agent->link, &m);
    if (number > 0)
        c->last_told = number;
    else
        log_event(LOG_ERROR, "message_lost", "call=%s type=%s", c->id, signal_type_name(e->tell));
    if (e->tell == SIGNAL_ENDED) log_event(LOG_INFO, "call_ended", "call=%s code=%u", c->id, e->code);
    signal_message_clear(&m);
}

static void respond_later(struct call *c, const struct dialog_effect *e)
{
    struct call_pending *p = c->last_told > 0 ? calloc(1, sizeof *p) : NULL;
    if (!p) {
        call_respond(c, e);
        return;
    }
    p->number = c->last_told;
    p->transaction = e->transaction;
    p->code = e->code;
    list_push_back(&c->pending, &p->link);
}

static void carry_out(struct call *c, const struct dialog_effect *e)
{
    switch (e->type) {
    case DIALOG_TELL: tell(c, e); break;
    case DIALOG_RESPOND:
        if (e->after_ack)
            respond_later(c, e);
        else
            call_respond(c, e);
        break;
    case DIALOG_REQUEST: call_request(c, e); break;
    case DIALOG_SEND_ACK: call_send_ack(c); break;
    case DIALOG_LOCATE: call_dial_place(c); break;
    case DIALOG_SEND_PRACK: call_dial_prack(c); break;
    case DIALOG_SEND_CANCEL: call_dial_cancel(c); break;
    case DIALOG_RECORD: call_tell_record(c); break;
    case DIALOG_END: c->ended = true; break;
    }
}

static void on_timer(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *arg);

void call_arm(struct call *c)
{
    int64_t deadline_us = c->unsent ? clock_now_us() : dialog_deadline(&c->dialog);
    if (deadline_us == INT64_MAX) {
        su_timer_reset(c->timer);
        return;
    }
    int64_t wait_ms = (deadline_us - clock_now_us()) / US_PER_MS + 1;
    if (wait_ms < 1) wait_ms = 1;
    if (wait_ms > TIMER_MAX_MS) wait_ms = TIMER_MAX_MS; /* looks again then */
    su_timer_set_interval(c->timer, on_timer, (su_timer_arg_t *)c, (su_duration_t)wait_ms);
}

static void carry_out_all(struct call *c, const struct dialog_effects *effects)
{
    for (unsigned i = 0; i < effects->count; i++)
        carry_out(c, &effects->at[i]);
    set_mark(c);
    call_arm(c);
}

void call_event(struct call *c, const struct dialog_event *event)
{
    struct dialog_effects effects;
    dialog_apply(&c->dialog, event, clock_now_us(), &effects);
    carry_out_all(c, &effects);
}

static void on_timer(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *arg)
{
    (void)magic;
    (void)timer;
    struct call *c = (struct call *)arg;
    if (c->unsent) {
        struct dialog_event event = {
            .type = DIALOG_PEER_RESPONSE, .method = c->unsent, .code = c->unsent_code, .reason = c->unsent_reason};
        c->out_open[c->unsent] = false;
        c->unsent = DIALOG_NO_METHOD;
        call_event(c, &event);
        return;
    }
    struct dialog_effects effects;
    dialog_expire(&c->dialog, clock_now_us(), &effects);
    carry_out_all(c, &effects);
}

/* What the peer sends. */

/** ACK and CANCEL of an INVITE, or (without a message) the end of waiting for ACK or PRACK. */
static int on_ack_cancel(nta_incoming_magic_t *magic, nta_incoming_t *irq, const sip_t *sip)
{
    struct call_request *r = magic;
    struct call *c = r->call;
    struct dialog_event event = {.transaction = r->transaction};
    char *sdp = NULL;
    if (!sip) {
        event.type = nta_incoming_status(irq) < 200 ? DIALOG_PEER_NO_PRACK : DIALOG_PEER_NO_ACK;
    } else if (sip->sip_request->rq_method == sip_method_cancel) {
        event.type = DIALOG_PEER_CANCEL;
    } else {
        event.type = DIALOG_PEER_ACK;
        if (request_check_sdp(sip).code == 0) sdp = request_body(sip);
        event.sdp = sdp;
    }
    bool success = nta_incoming_status(irq) < 300;
    if (event.type == DIALOG_PEER_NO_ACK && !success) return 0; /* of a refusal: nothing depends on it */
    bool done = event.type == DIALOG_PEER_ACK || event.type == DIALOG_PEER_NO_ACK;
    if (done) call_drop_request(r);
    call_event(c, &event);
    free(sdp);
    return 0;
}

static struct call_request *add_request(struct call *c, nta_incoming_t *irq, sip_method_t method, uint32_t transaction)
{
    struct call_request *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    *r = (struct call_request){.call = c, .transaction = transaction, .method = method, .irq = irq};
    list_push_back(&c->requests, &r->link);
    if (method == sip_method_invite) nta_incoming_bind(irq, on_ack_cancel, r);
    return r;
}

static struct refusal check_in_dialog(const sip_t *sip)
{
    struct refusal r = request_check(sip);
    if (r.code) return r;
    if (sip->sip_request->rq_method == sip_method_info) return request_check_info(sip);
    bool negotiates =
        sip->sip_request->rq_method == sip_method_invite || sip->sip_request->rq_method == sip_method_update;
    return negotiates ? request_check_sdp(sip) : (struct refusal){0};
}

static void take_in_dialog(struct call *c, nta_leg_t *leg, nta_incoming_t *irq, const sip_t *sip,
                           enum dialog_event_type type)
{
    sip_method_t method = sip->sip_request->rq_method;
    if (type != DIALOG_PEER_BYE && type != DIALOG_PEER_INFO && sip->sip_contact)
        nta_leg_server_route(leg, NULL, sip->sip_contact); /* a target refresh (RFC 3261 section 12.2.2) */
    if (!add_request(c, irq, method, ++c->last_transaction)) {
        reply_refuse(irq, (struct refusal){SIP_500_INTERNAL_SERVER_ERROR, NULL});
        return;
    }
    char *body = type == DIALOG_PEER_BYE ? NULL : request_body(sip);
    char *content_type = sip->sip_content_type && sip->sip_content_type->c_type
                             ? signal_text(slice_of(sip->sip_content_type->c_type))
                             : NULL;
    bool info = type == DIALOG_PEER_INFO;
    struct dialog_event event = {
        .type = type,
        .transaction = c->last_transaction,
        .sdp = info ? NULL : body,
        .body = info ? body : NULL,
        .content_type = info ? content_type : NULL,
        .session = request_session(sip),
        .allows_update = request_allows(sip, SIP_METHOD_UPDATE),
        .fork = call_dial_fork(c, leg),
    };
    call_event(c, &event);
    free(body);
    free(content_type);
}

int call_on_request(nta_leg_magic_t *magic, nta_leg_t *leg, nta_incoming_t *irq, const sip_t *sip)
{
    struct call *c = magic;
    if (sip->sip_request->rq_method == sip_method_ack) { /* of nothing that waits for one */
        nta_incoming_destroy(irq);
        return 0;
    }
    struct refusal r = check_in_dialog(sip);
    if (r.code) return reply_refuse(irq, r);
    if (reply_unsupported(irq, sip)) return 0;
    switch (sip->sip_request->rq_method) {
    case sip_method_invite: take_in_dialog(c, leg, irq, sip, DIALOG_PEER_REINVITE); return 0;
    case sip_method_update: take_in_dialog(c, leg, irq, sip, DIALOG_PEER_UPDATE); return 0;
    case sip_method_bye: take_in_dialog(c, leg, irq, sip, DIALOG_PEER_BYE); return 0;
    case sip_method_info:
        if (!sip->sip_payload || !sip->sip_content_type) return reply_refuse(irq, (struct refusal){SIP_200_OK, NULL});
        take_in_dialog(c, leg, irq, sip, DIALOG_PEER_INFO);
        return 0;
    case sip_method_options: return reply_options(irq);
    default: return reply_refuse(irq, (struct refusal){SIP_481_NO_TRANSACTION, NULL});
    }
}

/* Beginning and end. */

static char *name_addr(su_home_t *home, const sip_addr_t *a)
{
    sip_addr_t bare = *a;
    bare.a_params = NULL;
    bare.a_tag = NULL;
    char *uri = url_as_string(home, bare.a_url);
    struct buffer b;
    buffer_init(&b);
    if (a->a_display && a->a_display[0]) buffer_printf(&b, "%s ", a->a_display);
    buffer_printf(&b, "<%s>", uri ? uri : "");
    char *text = signal_text(slice_of(buffer_text(&b)));
    buffer_clear(&b);
    return text;
}

static bool find_addresses(struct call *c, nta_incoming_t *irq)
{
    msg_t *msg = nta_incoming_getrequest(irq);
    c->tport = nta_incoming_transport(c->agent->nta, irq, msg);
    const struct agent_listener *listener = c->tport ? agent_listener_of(c->agent, c->tport) : NULL;
    bool known = listener && address_of_socket(&c->peer, &msg_addr(msg)->su_sa);
    msg_destroy(msg);
    if (!known) return false;
    c->tcp = tport_is_tcp(c->tport);
    c->bound = listener->address;
    c->local = agent_facing(c->agent, &c->bound, &c->peer);
    return true;
}

static bool make_leg(struct call *c, nta_incoming_t *irq, const sip_t *sip)
{
    uint8_t random[10];
    char tag[2 * sizeof random + 1];
    random_bytes(random, sizeof random);
    hex_format(tag, random, sizeof random);
    c->leg =
        nta_leg_tcreate(c->agent->nta, call_on_request, c, SIPTAG_CALL_ID(sip->sip_call_id), SIPTAG_FROM(sip->sip_to),
                        SIPTAG_TO(sip->sip_from), NTATAG_REMOTE_CSEQ(sip->sip_cseq->cs_seq), TAG_END());
    if (!c->leg || !nta_leg_tag(c->leg, tag)) return false;
    nta_incoming_tag(irq, nta_leg_get_tag(c->leg));
    nta_leg_server_route(c->leg, sip->sip_record_route, sip->sip_contact);
    su_home_t home[1] = {SU_HOME_INIT(home)};
    su_home_init(home);
    c->local_uri = name_addr(home, sip->sip_to);
    c->remote_uri = name_addr(home, sip->sip_from);
    c->sip_call_id = signal_text(slice_of(sip->sip_call_id->i_id));
    su_home_deinit(home);
    return true;
}

struct call *call_create(struct agent *a, const char *id)
{
    struct call *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->agent = a;
    if (id)
        slice_copy(slice_of(id), c->id, sizeof c->id);
    else
        random_id(c->id, "CA");
    list_init(&c->link);
    list_init(&c->mark);
    list_init(&c->requests);
    list_init(&c->pending);
    dialog_init(&c->dialog, &a->options->session, &a->rng);
    c->timer = su_timer_create(su_root_task(a->root), 0);
    if (c->timer && map_put(a->calls, c->id, c) == STATUS_OK) {
        list_push_back(&a->call_list, &c->link);
        return c;
    }
    call_destroy(c);
    return NULL;
}

int call_begin(struct agent *a, nta_incoming_t *irq, const sip_t *sip)
{
    struct call *c = call_create(a, NULL);
    if (!c) return 500;
    if (!find_addresses(c, irq) || !make_leg(c, irq, sip) ||
        !add_request(c, irq, sip_method_invite, DIALOG_FIRST_INVITE)) {
        c->ended = true;
        set_mark(c);
        return 500;
    }
    char source[ADDRESS_TEXT_SIZE];
    log_event(LOG_INFO, "call_invited", "call=%s source=%s transport=%s", c->id, address_print(source, &c->peer),
              c->tcp ? "tcp" : "udp");
    nta_incoming_treply(irq, SIP_100_TRYING, TAG_END());
    char *sdp = request_body(sip);
    struct dialog_event event = {
        .type = DIALOG_PEER_INVITE,
        .sdp = sdp,
        .session = request_session(sip),
        .supports_100rel = request_supports(sip, "100rel"),
        .requires_100rel = request_requires(sip, "100rel"),
        .allows_update = request_allows(sip, SIP_METHOD_UPDATE),
    };
    c->beginning = sip;
    call_event(c, &event);
    c->beginning = NULL;
    free(sdp);
    return 0;
}

void call_message(struct call *c, const struct signal_message *m)
{
    static const struct {
        enum signal_type type;
        enum dialog_event_type event;
    } table[] = {
        {SIGNAL_PROGRESS, DIALOG_SEND_PROGRESS}, {SIGNAL_ANSWER, DIALOG_SEND_ANSWER},
        {SIGNAL_REJECT, DIALOG_SEND_REJECT},     {SIGNAL_ACCEPT, DIALOG_SEND_ACCEPT},
        {SIGNAL_REFUSE, DIALOG_SEND_REFUSE},     {SIGNAL_MODIFY, DIALOG_SEND_MODIFY},
        {SIGNAL_HANGUP, DIALOG_SEND_HANGUP},     {SIGNAL_OFFER, DIALOG_SEND_OFFER},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].type != m->type) continue;
        struct dialog_event event = {
            .type = table[i].event,
            .transaction = m->transaction,
            .code = m->code,
            .reason = m->reason,
            .sdp = m->sdp,
            .headers = m->headers,
            .reliable = m->reliable,
        };
        call_event(c, &event);
    }
}

void call_hang_up(struct call *c, const char *reason)
{
    struct dialog_event event = {.type = DIALOG_SEND_HANGUP, .code = 503, .reason = reason};
    call_event(c, &event);
}

void call_acknowledged(struct call *c, uint64_t number)
{
    list_each_safe (link, &c->pending) {
        struct call_pending *p = list_object(link, struct call_pending, link);
        if (p->number > number) continue;
        struct dialog_effect effect = {
            .type = DIALOG_RESPOND, .transaction = p->transaction, .code = p->code, .retry_after_s = -1};
        list_remove(link);
        free(p);
        call_respond(c, &effect);
    }
    if (list_empty(&c->pending)) set_mark(c);
}

void call_destroy(struct call *c)
{
    while (!list_empty(&c->requests))
        call_drop_request(list_object(c->requests.next, struct call_request, link));
    while (!list_empty(&c->pending))
        free(list_object(list_pop_front(&c->pending), struct call_pending, link));
    for (int i = 0; i < CALL_METHODS; i++) {
        if (c->out[i]) nta_outgoing_destroy(c->out[i]);
        free(c->sent[i].headers);
        free(c->sent[i].sdp);
    }
    call_dial_clear(c);
    if (c->leg) nta_leg_destroy(c->leg);
    if (c->tport) tport_unref(c->tport);
    if (c->timer) su_timer_destroy(c->timer);
    list_remove(&c->link);
    list_remove(&c->mark);
    map_remove(c->agent->calls, c->id);
    dialog_clear(&c->dialog);
    free(c->local_uri);
    free(c->remote_uri);
    free(c->sip_call_id);
    free(c);
}
