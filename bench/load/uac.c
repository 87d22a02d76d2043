#include "load/uac.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/rng.h"
#include "os/clock.h"

static const int64_t t1_us = 500000, t2_us = 4000000, give_up_us = 32000000, ringing_max_us = 180000000;

enum call_state { CALL_CALLING, CALL_PROCEEDING, CALL_UP, CALL_ENDING, CALL_ENDED };

/** A message that is sent again until something stops it. */
struct outgoing {
    struct uac_call *call;
    struct buffer text;
    struct loop_timer timer;
    int64_t interval_us, ends_us;
    uint32_t cseq;
    bool active;
};

struct uac_call {
    struct uac *uac;
    struct uac_events events;
    struct address peer;
    enum call_state state;
    char id[64], local_tag[24], from_user[64];
    char *uri, *remote_target, *remote_to, *route; /* owned; remote_to is the To with its tag */
    uint32_t cseq, index;
    struct outgoing invite, request, answer; /* answer: our 2xx to the other side's INVITE */
    struct buffer ack, last_response;
    uint32_t last_response_cseq, ack_cseq;
    bool cancel_wanted, cancelled, offer_given;
};

struct uac {
    struct loop *loop;
    struct loop_watch watch;
    struct address local;
    struct rng rng;
    uint64_t run; /* makes the Call-IDs of this process its own */
    struct uac_call **calls;
    uint32_t count, size;
};

static void datagram_send(struct uac_call *call, const struct buffer *text)
{
    if (!buffer_ok(text) || text->len == 0) return;
    /* A lost send is a lost datagram: the retransmission makes up for it. */
    (void)!sendto(call->uac->watch.fd, text->at, text->len, 0, (const struct sockaddr *)&call->peer.sa, call->peer.len);
}

static void outgoing_stop(struct outgoing *o)
{
    o->active = false;
    loop_timer_cancel(o->call->uac->loop, &o->timer);
}

static void outgoing_start(struct outgoing *o, int64_t ends_us)
{
    int64_t now_us = clock_now_us();
    o->active = true;
    o->interval_us = t1_us;
    o->ends_us = now_us + ends_us;
    datagram_send(o->call, &o->text);
    loop_timer_set(o->call->uac->loop, &o->timer, now_us + o->interval_us);
}

static void call_end(struct uac_call *call, uint32_t code, const char *by, struct slice reason)
{
    if (call->state == CALL_ENDED) return;
    call->state = CALL_ENDED;
    outgoing_stop(&call->invite);
    outgoing_stop(&call->request);
    outgoing_stop(&call->answer);
    call->events.ended(call->events.context, code, by, reason);
}

static void outgoing_due(void *context, int64_t now_us)
{
    struct outgoing *o = context;
    if (now_us >= o->ends_us) {
        o->active = false;
        call_end(o->call, 408, "timeout", slice_of("no answer"));
        return;
    }
    if (o == &o->call->invite && o->call->state == CALL_PROCEEDING) {
        loop_timer_set(o->call->uac->loop, &o->timer, o->ends_us);
        return;
    }
    datagram_send(o->call, &o->text);
    o->interval_us *= 2;
    if (o != &o->call->invite && o->interval_us > t2_us) o->interval_us = t2_us;
    loop_timer_set(o->call->uac->loop, &o->timer, now_us + o->interval_us);
}

static void outgoing_init(struct outgoing *o, struct uac_call *call)
{
    o->call = call;
    buffer_init(&o->text);
    loop_timer_init(&o->timer, outgoing_due, o);
}

static void contact_write(struct uac_call *call, struct buffer *out)
{
    const struct address *local = &call->uac->local;
    buffer_printf(out, "Contact: <sip:%s@%s:%u>\r\n", call->from_user, address_host(local, true), address_port(local));
}

/** Writes a request up to its own headers; cseq also makes the branch, so that an ACK to a refusal shares it. */
static void request_begin(struct uac_call *call, struct buffer *out, const char *method, uint32_t cseq,
                          const char *branch_end)
{
    const struct address *local = &call->uac->local;
    const char *host = address_host(local, true);
    buffer_clear(out);
    buffer_printf(out, "%s %s SIP/2.0\r\n", method, call->remote_target ? call->remote_target : call->uri);
    buffer_printf(out, "Via: SIP/2.0/UDP %s:%u;branch=z9hG4bK%s-%u%s;rport\r\n", host, address_port(local), call->id,
                  cseq, branch_end);
    if (call->route) buffer_printf(out, "Route: %s\r\n", call->route);
    buffer_printf(out, "Max-Forwards: 70\r\nFrom: <sip:%s@%s>;tag=%s\r\n", call->from_user, host, call->local_tag);
    if (call->remote_to) {
        buffer_printf(out, "To: %s\r\n", call->remote_to);
    } else {
        buffer_printf(out, "To: <%s>\r\n", call->uri);
    }
    buffer_printf(out, "Call-ID: %s\r\nCSeq: %u %s\r\n", call->id, cseq, method);
}

static void invite_send(struct uac_call *call, const char *sdp)
{
    call->invite.cseq = ++call->cseq;
    request_begin(call, &call->invite.text, "INVITE", call->invite.cseq, "");
    contact_write(call, &call->invite.text);
    buffer_append_text(&call->invite.text, "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO\r\n"
                                           "Supported: replaces\r\nUser-Agent: parley-load\r\n");
    sip_body_end(&call->invite.text, sdp);
    outgoing_start(&call->invite, give_up_us);
}

static void bye_send(struct uac_call *call)
{
    call->state = CALL_ENDING;
    call->request.cseq = ++call->cseq;
    request_begin(call, &call->request.text, "BYE", call->request.cseq, "");
    sip_body_end(&call->request.text, NULL);
    outgoing_start(&call->request, give_up_us);
}

static void cancel_send(struct uac_call *call)
{
    call->cancelled = true;
    call->request.cseq = call->invite.cseq;
    request_begin(call, &call->request.text, "CANCEL", call->invite.cseq, "");
    sip_body_end(&call->request.text, NULL);
    outgoing_start(&call->request, give_up_us);
}

static void text_replace(char **place, struct slice text)
{
    free(*place);
    *place = text.len ? slice_dup(text) : NULL;
}

static void dialog_take(struct uac_call *call, const struct sip_message *m)
{
    text_replace(&call->remote_to, sip_header(m, "To", "t", 0));
    struct slice contact = sip_header(m, "Contact", "m", 0);
    if (contact.len) text_replace(&call->remote_target, sip_uri_of(contact));
    struct buffer route;
    buffer_init(&route);
    unsigned count = 0;
    while (sip_header(m, "Record-Route", NULL, count).len)
        count++;
    for (unsigned n = count; n > 0; n--)
        buffer_printf(&route, "%s%.*s", route.len ? ", " : "", SLICE_ARGS(sip_header(m, "Record-Route", NULL, n - 1)));
    text_replace(&call->route, slice_of(buffer_text(&route)));
    buffer_clear(&route);
    struct slice next = call->route ? sip_uri_of(slice_of(call->route)) : slice_of(call->remote_target);
    struct address a;
    if (sip_uri_address(next, &a)) call->peer = a;
}

static void ack_send(struct uac_call *call, const struct sip_message *response)
{
    bool up = response->status < 300;
    call->ack_cseq = response->cseq;
    char *to = call->remote_to; /* the ACK of a refusal takes that response's To */
    struct slice theirs = sip_header(response, "To", "t", 0);
    if (!up) call->remote_to = slice_dup(theirs);
    request_begin(call, &call->ack, "ACK", response->cseq, up ? "-ack" : "");
    sip_body_end(&call->ack, NULL);
    datagram_send(call, &call->ack);
    if (!up) {
        free(call->remote_to);
        call->remote_to = to;
    }
}

static void first_invite_answered(struct uac_call *call, const struct sip_message *m)
{
    if (m->status >= 300) {
        ack_send(call, m);
        call_end(call, m->status, call->cancelled ? "caller" : "bridge", m->reason);
        return;
    }
    dialog_take(call, m);
    ack_send(call, m);
    if (call->cancelled || call->cancel_wanted) {
        bye_send(call);
        return;
    }
    call->state = CALL_UP;
    call->events.answered(call->events.context, m->body);
}

static void invite_response(struct uac_call *call, const struct sip_message *m)
{
    if (m->cseq == call->ack_cseq && m->status >= 200) {
        datagram_send(call, &call->ack);
        return;
    }
    if (m->cseq != call->invite.cseq || !call->invite.active) return;
    bool first = call->state == CALL_CALLING || call->state == CALL_PROCEEDING;
    if (m->status < 200) {
        if (!first) return;
        if (call->state == CALL_CALLING) {
            call->state = CALL_PROCEEDING;
            call->invite.ends_us = clock_now_us() + ringing_max_us;
        }
        call->events.progress(call->events.context, m->status);
        if (call->cancel_wanted && !call->cancelled) cancel_send(call);
        return;
    }
    outgoing_stop(&call->invite);
    if (first) {
        first_invite_answered(call, m);
        return;
    }
    if (m->status < 300) dialog_take(call, m);
    ack_send(call, m);
    call->events.reinvited(call->events.context, m->status, m->status < 300 ? m->body : (struct slice){0});
}

static void response_take(struct uac_call *call, const struct sip_message *m)
{
    if (slice_is(m->method, "INVITE")) {
        invite_response(call, m);
    } else if (call->request.active && m->cseq == call->request.cseq && m->status >= 200) {
        outgoing_stop(&call->request);
        if (slice_is(m->method, "BYE")) call_end(call, m->status, "caller", m->reason);
    }
}

static void respond(struct uac_call *call, const struct sip_message *m, unsigned code, const char *reason,
                    const char *sdp)
{
    bool invite = slice_is(m->method, "INVITE");
    struct buffer *out = invite && code < 300 ? &call->answer.text : &call->last_response;
    buffer_clear(out);
    sip_response_begin(out, m, code, reason, call->local_tag);
    contact_write(call, out);
    if (code == 405) buffer_append_text(out, "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO\r\n");
    struct slice expires = sip_header(m, "Session-Expires", "x", 0);
    if (expires.len && code < 300) buffer_printf(out, "Session-Expires: %.*s\r\n", SLICE_ARGS(expires));
    sip_body_end(out, sdp);
    call->last_response_cseq = m->cseq;
    if (out == &call->answer.text) {
        call->answer.cseq = m->cseq;
        outgoing_start(&call->answer, give_up_us);
        return;
    }
    datagram_send(call, out);
}

static void offer_take(struct uac_call *call, const struct sip_message *m)
{
    bool invite = slice_is(m->method, "INVITE");
    if (!invite && m->body.len == 0) {
        respond(call, m, 200, "OK", NULL);
        return;
    }
    if (call->invite.active) {
        respond(call, m, 491, "Request Pending", NULL);
        return;
    }
    struct slice contact = sip_header(m, "Contact", "m", 0);
    if (contact.len) text_replace(&call->remote_target, sip_uri_of(contact));
    struct buffer sdp;
    buffer_init(&sdp);
    call->offer_given = m->body.len == 0;
    if (call->events.offered(call->events.context, m->body, &sdp)) {
        respond(call, m, 200, "OK", buffer_text(&sdp));
    } else {
        respond(call, m, 488, "Not Acceptable Here", NULL);
    }
    buffer_clear(&sdp);
}

static void request_take(struct uac_call *call, const struct sip_message *m)
{
    if (slice_is(m->method, "ACK")) {
        bool ours = call->answer.active && call->answer.cseq == m->cseq;
        if (ours) outgoing_stop(&call->answer);
        if (ours && call->offer_given) call->events.offer_answered(call->events.context, m->body);
        return;
    }
    if (m->cseq == call->last_response_cseq) {
        datagram_send(call,
                      slice_is(m->method, "INVITE") && call->answer.active ? &call->answer.text : &call->last_response);
        return;
    }
    if (slice_is(m->method, "BYE")) {
        respond(call, m, 200, "OK", NULL);
        call_end(call, 200, "bridge", sip_header(m, "Reason", NULL, 0));
    } else if (call->state == CALL_ENDED) {
        respond(call, m, 481, "Call/Transaction Does Not Exist", NULL);
    } else if (slice_is(m->method, "INVITE") || slice_is(m->method, "UPDATE")) {
        offer_take(call, m);
    } else if (slice_is(m->method, "OPTIONS") || slice_is(m->method, "INFO")) {
        respond(call, m, 200, "OK", NULL);
    } else {
        respond(call, m, 405, "Method Not Allowed", NULL);
    }
}

static struct uac_call *call_find(struct uac *uac, struct slice id)
{
    uint32_t index;
    struct slice rest = id, number = slice_cut(&rest, '-');
    if (!slice_to_u32(number, UINT32_MAX, &index) || index >= uac->count) return NULL;
    return slice_is(id, uac->calls[index]->id) ? uac->calls[index] : NULL;
}

static void stray_refuse(struct uac *uac, const struct sip_message *m, const struct address *from)
{
    struct buffer out;
    buffer_init(&out);
    bool options = slice_is(m->method, "OPTIONS");
    sip_response_begin(&out, m, options ? 200 : 481, options ? "OK" : "Call/Transaction Does Not Exist", "stray");
    sip_body_end(&out, NULL);
    if (buffer_ok(&out))
        (void)!sendto(uac->watch.fd, out.at, out.len, 0, (const struct sockaddr *)&from->sa, from->len);
    buffer_clear(&out);
}

static void uac_readable(void *context, int64_t now_us)
{
    (void)now_us;
    struct uac *uac = context;
    char bytes[65536];
    struct address from = {.len = sizeof from.sa};
    ssize_t len = recvfrom(uac->watch.fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from.sa, &from.len);
    struct sip_message m;
    if (len <= 0 || !sip_message_parse((struct slice){bytes, (size_t)len}, &m)) return;
    struct uac_call *call = call_find(uac, m.call_id);
    if (!call) {
        if (m.is_request && !slice_is(m.method, "ACK")) stray_refuse(uac, &m, &from);
    } else if (m.is_request) {
        request_take(call, &m);
    } else {
        response_take(call, &m);
    }
}

status uac_create(struct uac **out, struct loop *loop, const char *local_host, uint64_t seed)
{
    struct address a;
    if (!address_of(slice_of(local_host), 0, &a)) return STATUS_INVALID;
    struct uac *uac = calloc(1, sizeof *uac);
    if (!uac) return STATUS_NO_MEMORY;
    uac->loop = loop;
    rng_init(&uac->rng, seed);
    uac->run = rng_u64(&uac->rng);
    uac->watch =
        (struct loop_watch){socket(a.sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), uac_readable, uac};
    uac->local.len = sizeof uac->local.sa;
    int bytes = 4 * 1024 * 1024;
    setsockopt(uac->watch.fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (uac->watch.fd < 0 || bind(uac->watch.fd, (struct sockaddr *)&a.sa, a.len) ||
        getsockname(uac->watch.fd, (struct sockaddr *)&uac->local.sa, &uac->local.len) ||
        loop_watch_fd(loop, &uac->watch) != STATUS_OK) {
        if (uac->watch.fd >= 0) close(uac->watch.fd);
        free(uac);
        return STATUS_IO;
    }
    *out = uac;
    return STATUS_OK;
}

static void call_destroy(struct uac_call *call)
{
    struct outgoing *outgoing[] = {&call->invite, &call->request, &call->answer};
    for (int i = 0; i < 3; i++) {
        outgoing_stop(outgoing[i]);
        buffer_clear(&outgoing[i]->text);
    }
    buffer_clear(&call->ack);
    buffer_clear(&call->last_response);
    free(call->uri);
    free(call->remote_target);
    free(call->remote_to);
    free(call->route);
    free(call);
}

void uac_destroy(struct uac *uac)
{
    if (!uac) return;
    for (uint32_t i = 0; i < uac->count; i++)
        call_destroy(uac->calls[i]);
    free(uac->calls);
    loop_unwatch(uac->loop, &uac->watch);
    close(uac->watch.fd);
    free(uac);
}

const struct address *uac_local(const struct uac *uac)
{
    return &uac->local;
}

static bool calls_grow(struct uac *uac)
{
    if (uac->count < uac->size) return true;
    uint32_t size = uac->size ? uac->size * 2 : 16;
    struct uac_call **calls = realloc(uac->calls, size * sizeof *calls);
    if (!calls) return false;
    uac->calls = calls;
    uac->size = size;
    return true;
}

status uac_call_start(struct uac_call **out, struct uac *uac, const char *uri, const char *from_user, const char *sdp,
                      const struct uac_events *events)
{
    struct address peer;
    if (!sip_uri_address(slice_of(uri), &peer)) return STATUS_INVALID;
    struct uac_call *call = calloc(1, sizeof *call);
    if (!call || !calls_grow(uac)) {
        free(call);
        return STATUS_NO_MEMORY;
    }
    call->uac = uac;
    call->peer = peer;
    call->events = *events;
    call->index = uac->count;
    call->uri = slice_dup(slice_of(uri));
    snprintf(call->from_user, sizeof call->from_user, "%s", from_user);
    snprintf(call->id, sizeof call->id, "%u-%016llx", call->index, (unsigned long long)uac->run);
    snprintf(call->local_tag, sizeof call->local_tag, "%016llx", (unsigned long long)rng_u64(&uac->rng));
    outgoing_init(&call->invite, call);
    outgoing_init(&call->request, call);
    outgoing_init(&call->answer, call);
    buffer_init(&call->ack);
    buffer_init(&call->last_response);
    uac->calls[uac->count++] = call;
    *out = call;
    invite_send(call, sdp);
    return STATUS_OK;
}

void uac_call_hangup(struct uac_call *call)
{
    switch (call->state) {
    case CALL_CALLING: call->cancel_wanted = true; break;
    case CALL_PROCEEDING:
        if (!call->cancelled) cancel_send(call);
        break;
    case CALL_UP: bye_send(call); break;
    case CALL_ENDING:
    case CALL_ENDED: break;
    }
}

bool uac_call_reinvite(struct uac_call *call, const char *sdp)
{
    if (call->state != CALL_UP || call->invite.active) return false;
    invite_send(call, sdp);
    return true;
}
