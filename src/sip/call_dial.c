#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_string.h>
#include <sofia-sip/url.h>
#include <stdlib.h>
#include <string.h>

#include "os/log.h"
#include "os/random.h"
#include "sip/call_state.h"
#include "sip/request.h"

static char *random_hex(void)
{
    uint8_t random[12];
    char text[2 * sizeof random + 1];
    random_bytes(random, sizeof random);
    hex_format(text, random, sizeof random);
    return slice_dup(slice_of(text));
}

/* Placing it. */

/** The dialog's INVITE cannot go out: it hears of it as of a response, when this turn is over. */
static void fail_later(struct call *c, uint32_t code, const char *why)
{
    c->unsent = DIALOG_METHOD_INVITE;
    c->unsent_code = code;
    c->unsent_reason = why;
}

/** The offer is asked for: it names an address of ours that the callee can reach. */
static void tell_located(struct call *c)
{
    char text[ADDRESS_TEXT_SIZE];
    struct signal_message m;
    signal_message_init(&m, SIGNAL_LOCATED, c->id);
    m.transport = slice_dup(slice_of(c->tcp ? "tcp" : "udp"));
    m.source = slice_dup(slice_of(address_print(text, &c->peer)));
    m.local = slice_dup(slice_of(address_print(text, &c->local)));
    uint64_t number = link_send(c->agent->link, &m);
    if (number > 0) c->last_told = number;
    signal_message_clear(&m);
}

static void place(struct call *c, const struct address *addresses, unsigned count)
{
    struct call_dial *d = c->dial;
    const char *why;
    status s = outbound_choose(&d->way, c->agent, &d->hop, addresses, count, d->m.private_only, &why);
    if (s != STATUS_OK) {
        log_event(LOG_INFO, "dial_refused", "call=%s why=\"%s\"", c->id, why);
        fail_later(c, s == STATUS_REFUSED ? 403 : 503, why);
        return;
    }
    c->tport = d->way.tport;
    d->way.tport = NULL; /* the call's from here on */
    c->peer = d->way.peer;
    c->bound = d->way.bound;
    c->local = d->way.local;
    c->tcp = d->way.tcp;
    d->placed = true;
    char peer[ADDRESS_TEXT_SIZE];
    log_event(LOG_INFO, "call_dialled", "call=%s peer=%s transport=%s", c->id, address_print(peer, &c->peer),
              c->tcp ? "tcp" : "udp");
    if (c->dialog.local_sdp)
        call_transmit(c, DIALOG_METHOD_INVITE);
    else
        tell_located(c);
}

static void on_resolved(void *arg, const struct address *addresses, unsigned count)
{
    struct call *c = arg;
    c->dial->query = NULL;
    place(c, addresses, count);
    call_tell_record(c);
    call_arm(c);
}

void call_dial_place(struct call *c)
{
    struct call_dial *d = c->dial;
    struct address literal;
    status s = hop_parse(&d->hop, d->m.to_uri, d->m.route, d->m.transport);
    if (s != STATUS_OK) {
        fail_later(c, s == STATUS_UNSUPPORTED ? 416 : 400, "not a SIP URI that can be called");
    } else if (address_parse_host(&literal, slice_of(d->hop.host)) == STATUS_OK) {
        place(c, &literal, 1);
    } else if (resolve_ask(&d->query, c->agent->resolver, d->hop.host, on_resolved, c) != STATUS_OK) {
        fail_later(c, 503, "too many names are being resolved");
    }
}

void call_dial_cancel(struct call *c)
{
    struct call_dial *d = c->dial;
    if (d->query) {
        resolve_forget(d->query);
        d->query = NULL;
    }
    if (c->out[DIALOG_METHOD_INVITE]) /* sofia waits for a provisional response where there was none yet */
        nta_outgoing_tcancel(c->out[DIALOG_METHOD_INVITE], NULL, NULL, TAG_END());
    else
        fail_later(c, 487, "hung up");
}

static char *name_addr(const char *display, const char *uri)
{
    struct buffer b;
    buffer_init(&b);
    if (display && display[0]) {
        buffer_append_text(&b, "\"");
        for (; *display; display++) {
            unsigned char byte = (unsigned char)*display;
            if (byte == '"' || byte == '\\') buffer_append_text(&b, "\\");
            buffer_append(&b, byte < 0x20 || byte == 0x7F ? " " : display, 1);
        }
        buffer_append_text(&b, "\" ");
    }
    buffer_printf(&b, "<%s>", uri);
    char *text = buffer_ok(&b) ? buffer_take(&b) : NULL;
    buffer_clear(&b);
    return text;
}

static bool is_uri(const char *text)
{
    return text && text[0] && !strpbrk(text, "<>\" \t\r\n");
}

/** The leg that the INVITE is sent on; each answer makes one of its own. */
static bool make_leg(struct call *c)
{
    const struct signal_message *m = &c->dial->m;
    if (!is_uri(m->to_uri) || !is_uri(m->from_uri)) return false;
    char *tag = random_hex();
    c->local_uri = name_addr(m->from_display, m->from_uri);
    c->remote_uri = name_addr(NULL, m->to_uri);
    c->sip_call_id = random_hex();
    if (tag && c->local_uri && c->remote_uri && c->sip_call_id)
        c->leg = nta_leg_tcreate(c->agent->nta, call_on_request, c, SIPTAG_CALL_ID_STR(c->sip_call_id),
                                 SIPTAG_FROM_STR(c->local_uri), SIPTAG_TO_STR(c->remote_uri), TAG_END());
    bool made = c->leg && nta_leg_tag(c->leg, tag);
    free(tag);
    return made;
}

static bool copy_message(struct signal_message *out, const struct signal_message *m)
{
    struct fault fault;
    json_t *json = signal_message_to_json(m);
    bool copied = json && signal_message_from_json(out, json, &fault) == STATUS_OK;
    json_decref(json);
    return copied;
}

static void tell_failed(struct agent *a, const char *call, uint32_t code, const char *reason)
{
    struct signal_message ended;
    signal_message_init(&ended, SIGNAL_ENDED, call);
    ended.code = code;
    ended.reason = slice_dup(slice_of(reason));
    link_send(a->link, &ended);
    signal_message_clear(&ended);
}

void call_dial(struct agent *a, const struct signal_message *m)
{
    struct call *c = a->leaving ? NULL : call_create(a, m->call);
    struct call_dial *d = c ? calloc(1, sizeof *d) : NULL;
    if (!d || !copy_message(&d->m, m)) {
        free(d);
        if (c) call_destroy(c);
        tell_failed(a, m->call, 503, a->leaving ? "leaving" : "no memory");
        return;
    }
    c->dial = d;
    digest_init(&d->digest);
    if (!make_leg(c)) {
        call_destroy(c);
        tell_failed(a, m->call, 400, "not a SIP URI");
        return;
    }
    struct dialog_event event = {.type = DIALOG_SEND_DIAL, .sdp = m->sdp, .timeout_s = m->timeout_s};
    call_event(c, &event);
}

void call_dial_clear(struct call *c)
{
    struct call_dial *d = c->dial;
    if (!d) return;
    if (d->query) resolve_forget(d->query);
    for (unsigned i = 0; i < d->fork_count; i++) {
        if (d->forks[i].leg) nta_leg_destroy(d->forks[i].leg);
        free(d->forks[i].tag);
    }
    outbound_clear(&d->way);
    digest_clear(&d->digest);
    signal_message_clear(&d->m);
    free(d);
    c->dial = NULL;
}

/* Credentials. */

/** The request URI as it will stand in the request. */
static char *uri_of_request(const struct call *c, enum dialog_method method, const nta_leg_t *leg)
{
    const sip_contact_t *target = NULL;
    nta_leg_get_route((nta_leg_t *)(uintptr_t)leg, NULL, &target);
    bool first = method == DIALOG_METHOD_INVITE && !target;
    if (first || !target) return slice_dup(slice_of(c->dial->m.to_uri));
    su_home_t home[1] = {SU_HOME_INIT(home)};
    su_home_init(home);
    char *text = url_as_string(home, target->m_url);
    char *copy = text ? slice_dup(slice_of(text)) : NULL;
    su_home_deinit(home);
    return copy;
}

void call_append_credentials(struct call *c, struct buffer *b, enum dialog_method method, const char *name,
                             const nta_leg_t *leg)
{
    struct call_dial *d = c->dial;
    if (!d || d->digest.count == 0 || !d->m.user) return;
    char *uri = uri_of_request(c, method, leg);
    char *cnonce = random_hex();
    if (uri && cnonce) digest_append(&d->digest, b, d->m.user, d->m.password ? d->m.password : "", name, uri, cnonce);
    free(uri);
    free(cnonce);
}

bool call_challenged(struct call *c, enum dialog_method method, const sip_t *sip)
{
    struct call_sent *sent = &c->sent[method];
    int code = sip->sip_status->st_status;
    if (!c->dial || !c->dial->m.user || (code != 401 && code != 407) || ++sent->tries > DIGEST_TRIES_MAX) return false;
    enum digest_outcome best = request_challenge(sip, &c->dial->digest);
    /* Within a call the nonce may have been forgotten without the peer saying so. */
    bool forgotten = best == DIGEST_REPEATED && c->dialog.state != DIALOG_CALLING && sent->tries == 1;
    bool may = best == DIGEST_NEW || forgotten;
    if (!may) {
        log_event(LOG_WARN, "credentials_refused", "call=%s code=%d", c->id, code);
        return false;
    }
    call_transmit(c, method);
    return true;
}

/* What comes back. */

static struct call_fork *find_fork(struct call_dial *d, const char *tag)
{
    for (unsigned i = 0; i < d->fork_count; i++) {
        if (strcmp(d->forks[i].tag, tag) == 0) return &d->forks[i];
    }
    return NULL;
}

uint32_t call_dial_fork(const struct call *c, const nta_leg_t *leg)
{
    for (unsigned i = 0; c->dial && i < c->dial->fork_count; i++) {
        if (c->dial->forks[i].leg == leg) return i;
    }
    return DIALOG_FORKS_MAX;
}

/** An early dialog begins, or answers at once. */
static struct call_fork *add_fork(struct call *c, const sip_t *sip, const char *tag)
{
    struct call_dial *d = c->dial;
    bool final = sip->sip_status->st_status >= 200;
    if (d->fork_count == DIALOG_FORKS_MAX && !final) return NULL;
    struct call_fork fork = {.tag = slice_dup(slice_of(tag))};
    fork.leg =
        nta_leg_tcreate(c->agent->nta, call_on_request, c, SIPTAG_CALL_ID(sip->sip_call_id), SIPTAG_FROM(sip->sip_from),
                        SIPTAG_TO(sip->sip_to), SIPTAG_CSEQ(sip->sip_cseq), TAG_END());
    if (!fork.leg || !fork.tag) {
        if (fork.leg) nta_leg_destroy(fork.leg);
        free(fork.tag);
        return NULL;
    }
    if (d->fork_count == DIALOG_FORKS_MAX) { /* the one that answers takes the last one's place */
        struct call_fork *last = &d->forks[--d->fork_count];
        nta_leg_destroy(last->leg);
        free(last->tag);
    }
    d->forks[d->fork_count] = fork;
    return &d->forks[d->fork_count++];
}

static struct call_fork *fork_of(struct call *c, const sip_t *sip)
{
    const char *tag = sip->sip_to->a_tag ? sip->sip_to->a_tag : "";
    struct call_fork *fork = find_fork(c->dial, tag);
    if (!fork) fork = add_fork(c, sip, tag);
    if (fork) nta_leg_client_reroute(fork->leg, sip->sip_record_route, sip->sip_contact, 1);
    return fork;
}

/** RFC 3262 section 4: in order, each once; what comes again is left to the PRACK that is on its way. */
static bool is_next(const struct call_fork *fork, const sip_t *sip)
{
    return fork->rseq == 0 || sip->sip_rseq->rs_response == fork->rseq + 1;
}

static void on_progress(struct call *c, const sip_t *sip)
{
    struct call_fork *fork = fork_of(c, sip);
    if (!fork) return;
    bool reliable = sip->sip_rseq && request_requires(sip, "100rel") && sip->sip_to->a_tag;
    if (reliable && !is_next(fork, sip)) return;
    if (reliable) fork->rseq = (uint32_t)sip->sip_rseq->rs_response;
    char *sdp = request_check_sdp(sip).code == 0 ? request_body(sip) : NULL;
    char *reason = signal_text(slice_of(sip->sip_status->st_phrase));
    c->dial->progressing = fork;
    struct dialog_event event = {
        .type = DIALOG_PEER_PROGRESS,
        .fork = (uint32_t)(fork - c->dial->forks),
        .code = (uint32_t)sip->sip_status->st_status,
        .reason = reason,
        .sdp = sdp,
        .reliable = reliable,
        .allows_update = request_allows(sip, SIP_METHOD_UPDATE),
    };
    call_event(c, &event);
    c->dial->progressing = NULL;
    free(sdp);
    free(reason);
}

void call_dial_prack(struct call *c)
{
    const struct call_fork *fork = c->dial->progressing;
    const nta_outgoing_t *invite = c->out[DIALOG_METHOD_INVITE];
    if (!fork || !invite) return;
    char rack[64], route[CALL_ROUTE_SIZE];
    snprintf(rack, sizeof rack, "%u %u INVITE", fork->rseq, (unsigned)nta_outgoing_cseq(invite));
    call_print_route(c, fork->leg, route);
    struct buffer headers;
    buffer_init(&headers);
    call_append_credentials(c, &headers, DIALOG_NO_METHOD, "PRACK", fork->leg);
    nta_outgoing_t *prack = nta_outgoing_tcreate(
        fork->leg, NULL, NULL, URL_STRING_MAKE(route), SIP_METHOD_PRACK, NULL, NTATAG_TPORT(call_transport(c)),
        SIPTAG_RACK_STR(rack), TAG_IF(headers.len, SIPTAG_HEADER_STR(buffer_text(&headers))), TAG_END());
    buffer_clear(&headers);
    if (prack) nta_outgoing_destroy(prack); /* it goes on by itself */
}

/** The dialog that this 2xx confirms is the call's; the other early ones are no more (RFC 3261 section 13.2.2.4). */
static uint32_t adopt(struct call *c, const sip_t *sip)
{
    struct call_dial *d = c->dial;
    struct call_fork *chosen = fork_of(c, sip);
    if (!chosen) return 0;
    uint32_t index = (uint32_t)(chosen - d->forks);
    nta_leg_destroy(c->leg);
    c->leg = chosen->leg;
    for (unsigned i = 0; i < d->fork_count; i++) {
        if (d->forks[i].leg != c->leg) nta_leg_destroy(d->forks[i].leg);
        free(d->forks[i].tag);
    }
    d->fork_count = 0;
    return index;
}

void call_dial_response(struct call *c, const sip_t *sip, int code)
{
    if (code < 200) {
        if (sip) on_progress(c, sip);
        return;
    }
    c->out_open[DIALOG_METHOD_INVITE] = false;
    if (sip && c->dialog.state == DIALOG_CALLING && call_challenged(c, DIALOG_METHOD_INVITE, sip)) return;
    struct dialog_event event = {
        .type = DIALOG_PEER_RESPONSE, .method = DIALOG_METHOD_INVITE, .code = (uint32_t)code, .reason = "no response"};
    char *sdp = NULL, *reason = NULL;
    if (sip) {
        if (code < 300) event.fork = adopt(c, sip);
        if (code < 300 && request_check_sdp(sip).code == 0) sdp = request_body(sip);
        reason = signal_text(slice_of(sip->sip_status->st_phrase));
        event.session = request_session(sip);
        event.allows_update = request_allows(sip, SIP_METHOD_UPDATE);
        event.reason = reason && reason[0] ? reason : "failed";
    }
    event.sdp = sdp;
    call_event(c, &event);
    free(sdp);
    free(reason);
}
