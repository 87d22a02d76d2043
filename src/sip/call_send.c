#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/tport.h>
#include <sofia-sip/url.h>
#include <stdlib.h>
#include <string.h>

#include "os/log.h"
#include "signal/dialog_record.h"
#include "sip/call_state.h"
#include "sip/request.h"

/** A text of parleyd or a peer on its way into a header: no line ends, no control bytes. */
static void append_clean(struct buffer *b, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        buffer_append(b, byte < 0x20 || byte == 0x7F ? " " : text, 1);
    }
}

static bool is_token(const char *text)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~";
    return text[0] && text[strspn(text, allowed)] == '\0';
}

static void append_headers(struct buffer *b, const json_t *headers)
{
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)headers, name, value) {
        if (!is_token(name) || !json_is_string(value)) continue;
        buffer_printf(b, "%s: ", name);
        append_clean(b, json_string_value(value));
        buffer_append_text(b, "\r\n");
    }
}

static void append_contact(struct buffer *b, const struct call *c)
{
    char text[ADDRESS_TEXT_SIZE];
    buffer_printf(b, "Contact: <sip:%s%s>\r\n", address_print(text, &c->local), c->tcp ? ";transport=tcp" : "");
}

static void append_session(struct buffer *b, const struct session_offer *session)
{
    if (session->expires_s == 0) return;
    buffer_printf(b, "Session-Expires: %u", session->expires_s);
    if (session->refresher != SESSION_REFRESHER_NONE)
        buffer_printf(b, ";refresher=%s", session->refresher == SESSION_REFRESHER_UAC ? "uac" : "uas");
    buffer_append_text(b, "\r\n");
}

static void append_response_headers(struct buffer *b, const struct call *c, const struct dialog_effect *e)
{
    bool makes_dialog = e->code > 100 && e->code < 300;
    if (makes_dialog) {
        append_contact(b, c);
        buffer_append_text(b, "Allow: " REQUEST_ALLOW "\r\n");
    }
    if (e->code >= 200 && e->code < 300) {
        buffer_append_text(b, "Supported: " REQUEST_SUPPORTED "\r\n");
        append_session(b, &e->session);
        /* RFC 4028 section 9: who asks the other side to refresh must know that it can. */
        if (e->session.expires_s > 0 && e->session.refresher == SESSION_REFRESHER_UAC)
            buffer_append_text(b, "Require: timer\r\n");
    }
    if (e->code == 422) buffer_printf(b, "Min-SE: %u\r\n", e->session.min_s);
    if (e->retry_after_s >= 0) buffer_printf(b, "Retry-After: %d\r\n", e->retry_after_s);
    if (e->headers) append_headers(b, e->headers);
}

static int on_prack(nta_reliable_magic_t *magic, nta_reliable_t *rel, nta_incoming_t *prack, const sip_t *sip)
{
    struct call *c = magic;
    nta_reliable_destroy(rel);
    if (!sip) return 0; /* none came, or the final response overtook it */
    struct refusal r = request_check_sdp(sip);
    char *sdp = r.code ? NULL : request_body(sip);
    unsigned code = r.code ? (unsigned)r.code : dialog_prack_code(&c->dialog, sdp != NULL);
    nta_incoming_treply(prack, (int)code, NULL, TAG_IF(r.header, SIPTAG_HEADER_STR(r.header)), TAG_END());
    nta_incoming_destroy(prack);
    if (code == 200) {
        struct dialog_event event = {.type = DIALOG_PEER_PRACK, .sdp = sdp};
        call_event(c, &event);
    }
    free(sdp);
    return 0;
}

static void respond_reliably(struct call *c, nta_incoming_t *irq, const struct dialog_effect *e, const char *phrase,
                             const char *headers)
{
    nta_reliable_t *rel = nta_reliable_treply(irq, on_prack, c, (int)e->code, phrase, SIPTAG_HEADER_STR(headers),
                                              TAG_IF(e->sdp, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
                                              TAG_IF(e->sdp, SIPTAG_PAYLOAD_STR(e->sdp)), TAG_END());
    if (!rel) log_event(LOG_WARN, "response_unsent", "call=%s code=%u", c->id, e->code);
}

void call_respond(struct call *c, const struct dialog_effect *e)
{
    struct call_request *r = call_find_request(c, e->transaction);
    if (!r) return;
    struct buffer headers, phrase;
    buffer_init(&headers);
    buffer_init(&phrase);
    append_response_headers(&headers, c, e);
    if (e->reason) append_clean(&phrase, e->reason);
    const char *words = phrase.len ? buffer_text(&phrase) : NULL;
    if (e->reliable && e->code > 100 && e->code < 200) {
        respond_reliably(c, r->irq, e, words, buffer_text(&headers));
    } else {
        nta_incoming_treply(r->irq, (int)e->code, words, TAG_IF(headers.len, SIPTAG_HEADER_STR(buffer_text(&headers))),
                            TAG_IF(e->sdp, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
                            TAG_IF(e->sdp, SIPTAG_PAYLOAD_STR(e->sdp)), TAG_END());
    }
    buffer_clear(&headers);
    buffer_clear(&phrase);
    /* A 2xx to an INVITE waits for its ACK; the first INVITE stays until the call goes. */
    bool waits = r->method == sip_method_invite && (e->code < 300 || e->transaction == DIALOG_FIRST_INVITE);
    if (e->code >= 200 && !waits) call_drop_request(r);
}

/** Where the next hop of the dialog is: a literal address of the route or the target, else where the INVITE came from
 * or went to. */
static struct address next_hop(const struct call *c, nta_leg_t *leg)
{
    const sip_route_t *route = NULL;
    const sip_contact_t *target = NULL;
    nta_leg_get_route(leg, &route, &target);
    const url_t *url = route ? route->r_url : target ? target->m_url : NULL;
    struct address a;
    uint32_t port;
    if (!url || !url->url_host || address_parse_host(&a, slice_of(url->url_host)) != STATUS_OK) return c->peer;
    if (!slice_to_u32(slice_of(url_port(url)), 65535, &port) || port == 0) return c->peer;
    /* A private address told by one who came from a public one cannot be reached: it is behind a NAT. */
    const struct networks *local = &c->agent->options->local_networks;
    if (networks_have(local, &a) && !networks_have(local, &c->peer)) return c->peer;
    if (a.ipv6 != c->peer.ipv6) return c->peer;
    if (c->dial && c->dial->m.private_only && !outbound_is_private(&a)) return c->peer;
    a.port = (uint16_t)port;
    return a;
}

tport_t *call_transport(const struct call *c)
{
    bool usable = !tport_is_closed(c->tport) && !tport_is_shutdown(c->tport);
    return usable || !tport_is_secondary(c->tport) ? c->tport : tport_parent(c->tport);
}

void call_print_route(const struct call *c, nta_leg_t *leg, char out[CALL_ROUTE_SIZE])
{
    struct address hop = next_hop(c, leg);
    outbound_route(out, CALL_ROUTE_SIZE, &hop, c->tcp);
}

static void append_reason(struct buffer *b, const char *reason)
{
    if (!reason) return;
    buffer_append_text(b, "Reason: SIP;cause=200;text=\"");
    for (; *reason; reason++) {
        unsigned char byte = (unsigned char)*reason;
        if (byte == '"' || byte == '\\') buffer_append_text(b, "\\");
        buffer_append(b, byte < 0x20 || byte == 0x7F ? " " : reason, 1);
    }
    buffer_append_text(b, "\"\r\n");
}

/** What only the INVITE of a call of ours says. */
static void append_dial_headers(struct buffer *b, const struct signal_message *m)
{
    if (m->identity) {
        buffer_append_text(b, "P-Asserted-Identity: <");
        append_clean(b, m->identity);
        buffer_append_text(b, ">\r\n");
    }
    if (m->headers) append_headers(b, m->headers);
}

static bool begins_call(const struct call *c, enum dialog_method method)
{
    return c->dial && method == DIALOG_METHOD_INVITE && c->dialog.state == DIALOG_CALLING;
}

static void append_request_headers(struct buffer *b, const struct call *c, const struct dialog_effect *e)
{
    if (e->method == DIALOG_METHOD_BYE) {
        append_reason(b, e->reason);
        return;
    }
    bool begins = begins_call(c, e->method);
    buffer_printf(b, "Allow: " REQUEST_ALLOW "\r\nSupported: %s\r\n", begins ? REQUEST_SUPPORTED : "timer");
    append_session(b, &e->session);
    if (e->session.min_s > 90) buffer_printf(b, "Min-SE: %u\r\n", e->session.min_s);
    if (begins) append_dial_headers(b, &c->dial->m);
}

void call_transmit(struct call *c, enum dialog_method method)
{
    static const struct {
        sip_method_t method;
        const char *name;
    } methods[CALL_METHODS] = {
        [DIALOG_METHOD_INVITE] = {SIP_METHOD_INVITE},
        [DIALOG_METHOD_UPDATE] = {SIP_METHOD_UPDATE},
        [DIALOG_METHOD_BYE] = {SIP_METHOD_BYE},
    };
    struct call_sent *sent = &c->sent[method];
    struct buffer headers;
    char route[CALL_ROUTE_SIZE];
    buffer_init(&headers);
    if (method != DIALOG_METHOD_BYE) append_contact(&headers, c);
    if (sent->headers) buffer_append_text(&headers, sent->headers);
    call_append_credentials(c, &headers, method, methods[method].name, c->leg);
    call_print_route(c, c->leg, route);
    const char *to = begins_call(c, method) ? c->dial->m.to_uri : NULL;
    if (c->out[method]) nta_outgoing_destroy(c->out[method]);
    c->out[method] = nta_outgoing_tcreate(c->leg, call_on_response, c, URL_STRING_MAKE(route), methods[method].method,
                                          methods[method].name, URL_STRING_MAKE(to), NTATAG_TPORT(call_transport(c)),
                                          TAG_IF(headers.len, SIPTAG_HEADER_STR(buffer_text(&headers))),
                                          TAG_IF(sent->sdp, SIPTAG_CONTENT_TYPE_STR("application/sdp")),
                                          TAG_IF(sent->sdp, SIPTAG_PAYLOAD_STR(sent->sdp)), TAG_END());
    buffer_clear(&headers);
    c->out_open[method] = true;
    if (c->out[method]) return;
    c->unsent = method;
    c->unsent_code = 503;
    c->unsent_reason = "could not be sent";
}

void call_request(struct call *c, const struct dialog_effect *e)
{
    struct buffer headers;
    buffer_init(&headers);
    append_request_headers(&headers, c, e);
    struct call_sent *sent = &c->sent[e->method];
    free(sent->headers);
    free(sent->sdp);
    *sent = (struct call_sent){.headers = buffer_take(&headers), .sdp = e->sdp ? slice_dup(slice_of(e->sdp)) : NULL};
    buffer_clear(&headers);
    if (begins_call(c, e->method) && !c->dial->placed)
        call_dial_place(c);
    else
        call_transmit(c, e->method);
}

void call_send_ack(struct call *c)
{
    nta_outgoing_t *invite = c->out[DIALOG_METHOD_INVITE];
    if (!invite) return;
    char route[CALL_ROUTE_SIZE], cseq[32];
    call_print_route(c, c->leg, route);
    snprintf(cseq, sizeof cseq, "%u ACK", (unsigned)nta_outgoing_cseq(invite));
    nta_outgoing_t *ack = nta_outgoing_tcreate(c->leg, NULL, NULL, URL_STRING_MAKE(route), SIP_METHOD_ACK, NULL,
                                               NTATAG_TPORT(call_transport(c)), SIPTAG_CSEQ_STR(cseq), TAG_END());
    if (ack) nta_outgoing_destroy(ack);
}

int call_on_response(nta_outgoing_magic_t *magic, nta_outgoing_t *orq, const sip_t *sip)
{
    struct call *c = magic;
    int code = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(orq);
    enum dialog_method method = DIALOG_NO_METHOD;
    for (int i = 0; i < CALL_METHODS; i++) {
        if (c->out[i] == orq) method = (enum dialog_method)i;
    }
    if (method == DIALOG_NO_METHOD || !c->out_open[method]) return 0;
    if (c->dialog.state == DIALOG_CALLING || c->dialog.state == DIALOG_CANCELLING) {
        call_dial_response(c, sip, code);
        return 0;
    }
    if (code < 200 || (sip && call_challenged(c, method, sip))) return 0;
    c->out_open[method] = false;
    struct dialog_event event = {.type = DIALOG_PEER_RESPONSE, .method = method, .code = (uint32_t)code};
    char *sdp = NULL, *reason = NULL;
    if (sip) {
        if (code < 300 && sip->sip_contact && method != DIALOG_METHOD_BYE)
            nta_leg_client_reroute(c->leg, NULL, sip->sip_contact, 0);
        if (code < 300 && request_check_sdp(sip).code == 0) sdp = request_body(sip);
        if (sip->sip_status && sip->sip_status->st_phrase) reason = signal_text(slice_of(sip->sip_status->st_phrase));
        event.session = request_session(sip);
    }
    event.sdp = sdp;
    event.reason = reason;
    call_event(c, &event);
    free(sdp);
    free(reason);
    return 0;
}

/* The dialog record. */

static char *url_text(su_home_t *home, const url_t *url)
{
    char *text = url_as_string(home, url);
    return text ? signal_text(slice_of(text)) : NULL;
}

static json_t *route_set(su_home_t *home, const sip_route_t *route)
{
    json_t *array = json_array();
    for (; route; route = route->r_next) {
        char *text = url_text(home, route->r_url);
        if (text) json_array_append_new(array, json_sprintf("<%s>", text));
        free(text);
    }
    return array;
}

/** The version in the o= line: its third field. 0 where there is none. */
static uint32_t sdp_version(const char *sdp)
{
    const char *line = sdp ? strstr(sdp, "o=") : NULL;
    struct slice rest = slice_of(line);
    slice_cut(&rest, ' ');
    slice_cut(&rest, ' ');
    uint32_t version = 0;
    slice_to_u32(slice_cut(&rest, ' '), UINT32_MAX, &version);
    return version;
}

static char *address_text(const struct address *a)
{
    char text[ADDRESS_TEXT_SIZE];
    return slice_dup(slice_of(address_print(text, a)));
}

static void fill_record(struct dialog_record *r, const struct call *c, su_home_t *home)
{
    const sip_route_t *route = NULL;
    const sip_contact_t *target = NULL;
    nta_leg_get_route(c->leg, &route, &target);
    const struct dialog *d = &c->dialog;
    r->role = c->dial ? DIALOG_UAC : DIALOG_UAS;
    r->call_id = slice_dup(slice_of(c->sip_call_id));
    r->local_uri = slice_dup(slice_of(c->local_uri));
    r->local_tag = slice_dup(slice_of(nta_leg_get_tag(c->leg)));
    r->remote_uri = slice_dup(slice_of(c->remote_uri));
    if (nta_leg_get_rtag(c->leg)) r->remote_tag = slice_dup(slice_of(nta_leg_get_rtag(c->leg)));
    r->local_cseq = nta_leg_get_seq(c->leg);
    r->remote_cseq = nta_leg_get_rseq(c->leg);
    if (target) r->remote_target = url_text(home, target->m_url);
    r->route_set = route_set(home, route);
    r->transport = slice_dup(slice_of(c->tcp ? "tcp" : "udp"));
    r->source = address_text(&c->peer);
    r->local = address_text(&c->local);
    r->confirmed = d->state == DIALOG_ANSWERED || d->state == DIALOG_CONFIRMED;
    r->session_expires_s = d->session.interval_s;
    r->we_refresh = d->session.we_refresh;
    r->peer_allows_update = d->peer_allows_update;
    r->sdp_version = sdp_version(d->local_sdp);
    if (d->local_sdp) r->local_sdp = slice_dup(slice_of(d->local_sdp));
    if (d->remote_sdp) r->remote_sdp = slice_dup(slice_of(d->remote_sdp));
}

void call_tell_record(struct call *c)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    su_home_init(home);
    struct dialog_record r;
    dialog_record_init(&r);
    fill_record(&r, c, home);
    struct signal_message m;
    signal_message_init(&m, SIGNAL_DIALOG, c->id);
    m.record = dialog_record_to_json(&r);
    uint64_t number = m.record ? link_send(c->agent->link, &m) : 0;
    if (number > 0) c->last_told = number;
    signal_message_clear(&m);
    dialog_record_clear(&r);
    su_home_deinit(home);
}
