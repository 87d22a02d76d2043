#include "sip/agent.h"

#include <errno.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/tport.h>
#include <sofia-sip/tport_tag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "os/log.h"
#include "os/random.h"
#include "sip/call.h"
#include "sip/listen.h"
#include "sip/registration.h"
#include "sip/reply.h"

enum {
    DSCP_CS3 = 0x60, /* as the whole traffic class byte */
    US_PER_S = 1000000,
    LEAVING_S = 5,
    SIGN_OFF_S = 2,
    DOUBT_S = 10,
    RETRY_AFTER_S = 5,
};

/* What belongs to no dialog. */

static int refuse_for_now(const struct agent *a, nta_incoming_t *irq, const char *why)
{
    char header[64];
    uint32_t after_s = a->retry_after_s > 0 ? a->retry_after_s : RETRY_AFTER_S;
    snprintf(header, sizeof header, "Retry-After: %u", after_s);
    log_event(LOG_INFO, "call_refused", "code=503 why=%s", why);
    return reply_refuse(irq, (struct refusal){503, "Service Unavailable", header});
}

static int answer_options(const struct agent *a, nta_incoming_t *irq)
{
    if (a->leaving || !link_is_up(a->link)) return refuse_for_now(a, irq, "options_alone");
    return reply_options(irq);
}

/** A bucket that holds a second's worth of new calls. */
static bool allowed(struct agent *a, int64_t now_us)
{
    int64_t cost_us = US_PER_S / (int64_t)a->options->invites_per_s;
    a->allowance_us += now_us - a->allowed_at_us;
    a->allowed_at_us = now_us;
    if (a->allowance_us > US_PER_S) a->allowance_us = US_PER_S;
    if (a->allowance_us < cost_us) {
        a->refused_flood++;
        return false;
    }
    a->allowance_us -= cost_us;
    return true;
}

static int take_invite(struct agent *a, nta_incoming_t *irq, const sip_t *sip)
{
    struct refusal r = request_check_invite(sip);
    if (r.code) return reply_refuse(irq, r);
    if (!link_is_up(a->link)) return refuse_for_now(a, irq, "alone");
    if (!a->accepting || a->leaving) return refuse_for_now(a, irq, "load");
    if (link_is_full(a->link)) return refuse_for_now(a, irq, "messages");
    if (!allowed(a, clock_now_us())) return refuse_for_now(a, irq, "flood");
    return call_begin(a, irq, sip);
}

static int on_request(nta_leg_magic_t *magic, nta_leg_t *leg, nta_incoming_t *irq, const sip_t *sip)
{
    (void)leg;
    struct agent *a = magic;
    sip_method_t method = sip->sip_request->rq_method;
    if (method == sip_method_ack) {
        nta_incoming_destroy(irq);
        return 0;
    }
    struct refusal r = request_check(sip);
    if (r.code) return reply_refuse(irq, r);
    bool begins = (method == sip_method_invite || method == sip_method_options) && !sip->sip_to->a_tag;
    if (!begins) return reply_refuse(irq, (struct refusal){SIP_481_NO_TRANSACTION, NULL});
    if (reply_unsupported(irq, sip)) return 0;
    return method == sip_method_options ? answer_options(a, irq) : take_invite(a, irq, sip);
}

/* The link to parleyd. */

/** What parleyd still believes in and we do not hold: it is told once more that it is over. */
static void tell_unknown(struct agent *a, const struct signal_message *m)
{
    bool concerns = m->type == SIGNAL_HANGUP || m->type == SIGNAL_ANSWER || m->type == SIGNAL_MODIFY ||
                    m->type == SIGNAL_ACCEPT || m->type == SIGNAL_OFFER;
    if (!concerns) return;
    struct signal_message ended;
    signal_message_init(&ended, SIGNAL_ENDED, m->call);
    ended.code = 481;
    ended.reason = slice_dup(slice_of("unknown call"));
    link_send(a->link, &ended);
    signal_message_clear(&ended);
}

static void on_message(void *arg, const struct signal_message *m)
{
    struct agent *a = arg;
    if (m->type == SIGNAL_LOAD) {
        a->accepting = m->accepting;
        a->retry_after_s = m->retry_after_s;
    } else if (m->type == SIGNAL_REGISTER) {
        registration_take(a, m);
    } else if (m->type == SIGNAL_DIAL) {
        if (!map_get(a->calls, m->call)) call_dial(a, m);
    } else {
        struct call *c = map_get(a->calls, m->call);
        if (c)
            call_message(c, m);
        else
            tell_unknown(a, m);
    }
}

static void on_acknowledged(void *arg, uint64_t number)
{
    struct agent *a = arg;
    list_each_safe (link, &a->waiting) {
        call_acknowledged(call_of_mark(link), number);
    }
}

static json_t *on_calls(void *arg)
{
    const struct agent *a = arg;
    json_t *calls = json_array();
    list_each (link, &a->call_list) {
        struct call *c = call_of_link(link);
        if (call_is_live(c)) json_array_append_new(calls, json_string(call_id(c)));
    }
    return calls;
}

static void on_changed(void *arg, bool connected, bool fresh)
{
    struct agent *a = arg;
    if (fresh) {
        registrations_doubt(a);
        a->doubt_until_us = clock_now_us() + DOUBT_S * (int64_t)US_PER_S;
    }
    a->alone_since_us = connected ? INT64_MAX : clock_now_us();
    if (connected) a->accepting = true; /* until its load says otherwise */
}

/* Opening. */

static void log_sofia(void *stream, const char *format, va_list args)
{
    (void)stream;
    if (!log_enabled(LOG_DEBUG)) return;
    char text[512], safe[1024];
    vsnprintf(text, sizeof text, format, args);
    log_event(LOG_DEBUG, "sofia", "text=%s", log_value(safe, sizeof safe, slice_trim(slice_of(text))));
}

/** STUN is off: sofia would answer any STUN packet on the SIP port, by code that leaks with every error. */
static bool make_nta(struct agent *a)
{
    const unsigned t1_ms = a->options->t1_ms;
    su_log_redirect(NULL, log_sofia, NULL);
    a->nta = nta_agent_create(a->root, (url_string_t *)-1, NULL, NULL, NTATAG_UA(1), NTATAG_MERGE_482(1),
                              NTATAG_CANCEL_487(0), NTATAG_EXTRA_100(0), NTATAG_USE_TIMESTAMP(0),
                              NTATAG_SERVER_RPORT(2), NTATAG_CLIENT_RPORT(1), NTATAG_USE_NAPTR(0), NTATAG_USE_SRV(0),
                              NTATAG_SIP_T1(t1_ms), NTATAG_SIP_T1X64(64 * t1_ms), TPTAG_TOS(DSCP_CS3),
                              TPTAG_PONG2PING(1), TPTAG_STUN_SERVER(0), TAG_END());
    if (!a->nta) return false;
    a->leg = nta_leg_tcreate(a->nta, on_request, a, NTATAG_NO_DIALOG(1), TAG_END());
    return a->leg != NULL;
}

static bool open_transport(struct agent *a, const struct agent_listener *l, const char *transport)
{
    char text[ADDRESS_TEXT_SIZE], url[ADDRESS_TEXT_SIZE + 32];
    snprintf(url, sizeof url, "sip:%s;transport=%s", address_print(text, &l->address), transport);
    if (nta_agent_add_tport(a->nta, URL_STRING_MAKE(url), TPTAG_IDENT(l->ident), TPTAG_TOS(DSCP_CS3),
                            TPTAG_STUN_SERVER(0), TPTAG_PONG2PING(1), TAG_END()) == 0)
        return true;
    fprintf(stderr, "parley-sip: cannot listen on %s %s: %s\n", transport, text, strerror(su_errno()));
    return false;
}

static bool open_address(struct agent *a, const struct address *address)
{
    if (a->listener_count == AGENT_LISTENERS_MAX) {
        fprintf(stderr, "parley-sip: more than %d addresses to listen on\n", AGENT_LISTENERS_MAX);
        return false;
    }
    struct agent_listener *l = &a->listeners[a->listener_count];
    l->address = *address;
    snprintf(l->ident, sizeof l->ident, "s%u", a->listener_count);
    a->listener_count++;
    return open_transport(a, l, "udp") && open_transport(a, l, "tcp");
}

static bool open_listener(struct agent *a, const struct address *asked)
{
    struct address addresses[AGENT_LISTENERS_MAX], shown = *asked;
    char text[ADDRESS_TEXT_SIZE];
    unsigned count;
    if (listen_addresses(asked, addresses, AGENT_LISTENERS_MAX, &count) != STATUS_OK) {
        fprintf(stderr, "parley-sip: cannot listen on %s: %s\n", address_print(text, asked), strerror(errno));
        return false;
    }
    if (count == 0) {
        log_event(LOG_WARN, "listener_skipped", "address=%s why=no_address_of_this_family", address_print(text, asked));
        return true;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!open_address(a, &addresses[i])) return false;
    }
    shown.port = addresses[0].port;
    json_array_append_new(a->bound, json_sprintf("sip:%s", address_print(text, &shown)));
    return true;
}

static bool open_link(struct agent *a)
{
    static const struct link_handlers handlers = {on_message, on_acknowledged, on_calls, on_changed};
    status s = link_open(&a->link, a->root, a->options->socket, &handlers, a);
    if (s == STATUS_OK) return true;
    fprintf(stderr, "parley-sip: socket %s: %s\n", a->options->socket,
            s == STATUS_EXISTS ? "served by another parley-sip" : strerror(errno));
    return false;
}

bool agent_open(struct agent *a, const struct options *options, su_root_t *root)
{
    *a = (struct agent){.options = options, .root = root, .accepting = true, .bound = json_array()};
    list_init(&a->call_list);
    list_init(&a->waiting);
    list_init(&a->finished);
    list_init(&a->registrations);
    a->doubt_until_us = a->sign_off_us = INT64_MAX;
    rng_init(&a->rng, random_u64());
    a->alone_since_us = a->allowed_at_us = clock_now_us();
    a->allowance_us = US_PER_S;
    if (map_create(&a->calls) != STATUS_OK || !a->bound) return false;
    if (!make_nta(a)) {
        fprintf(stderr, "parley-sip: sofia-sip could not be set up\n");
        return false;
    }
    if (resolver_open(&a->resolver, root) != STATUS_OK) {
        fprintf(stderr, "parley-sip: no resolver: %s\n", strerror(errno));
        return false;
    }
    for (unsigned i = 0; i < options->sip_count; i++) {
        if (!open_listener(a, &options->sip[i])) return false;
    }
    if (a->listener_count == 0) {
        fprintf(stderr, "parley-sip: no address to listen on\n");
        return false;
    }
    listen_mark_ipv6(DSCP_CS3);
    if (!open_link(a)) return false;
    link_set_listeners(a->link, a->bound);
    return true;
}

void agent_close(struct agent *a)
{
    while (!list_empty(&a->call_list))
        call_destroy(call_of_link(a->call_list.next));
    registrations_clear(a);
    resolver_close(a->resolver);
    if (a->leg) nta_leg_destroy(a->leg);
    if (a->nta) nta_agent_destroy(a->nta);
    link_close(a->link);
    map_destroy(a->calls);
    json_decref(a->bound);
}

static void leave(struct agent *a)
{
    log_event(LOG_WARN, "alone_too_long", "calls=%zu hold_s=%u", list_count(&a->call_list), a->options->hold_s);
    a->leaving = true;
    list_each (link, &a->call_list) {
        call_hang_up(call_of_link(link), "bridge lost");
    }
    registrations_leave(a);
}

void agent_sign_off(struct agent *a, int64_t now_us)
{
    if (a->sign_off_us != INT64_MAX) return;
    a->sign_off_us = now_us + SIGN_OFF_S * (int64_t)US_PER_S;
    registrations_leave(a);
}

bool agent_turn(struct agent *a, int64_t now_us)
{
    while (!list_empty(&a->finished))
        call_destroy(call_of_mark(a->finished.next));
    link_flush(a->link);
    bool unregistered = registrations_tidy(a);
    if (a->sign_off_us != INT64_MAX) return !unregistered && now_us < a->sign_off_us;
    if (now_us >= a->doubt_until_us) {
        a->doubt_until_us = INT64_MAX;
        registrations_sweep(a);
    }
    if (a->alone_since_us == INT64_MAX && !a->leaving) return true;
    int64_t left_us = a->alone_since_us + (int64_t)a->options->hold_s * US_PER_S - now_us;
    if (!a->leaving && left_us <= 0) leave(a);
    bool done = (list_empty(&a->call_list) && registrations_tidy(a)) || left_us <= -(int64_t)LEAVING_S * US_PER_S;
    return !(a->leaving && done);
}

const struct agent_listener *agent_listener_of(const struct agent *a, const tport_t *tport)
{
    const tport_t *primary = tport_is_secondary(tport) ? tport_parent(tport) : tport;
    const char *ident = tport_name(primary)->tpn_ident;
    for (unsigned i = 0; ident && i < a->listener_count; i++) {
        if (strcmp(a->listeners[i].ident, ident) == 0) return &a->listeners[i];
    }
    return NULL;
}

struct address agent_facing(const struct agent *a, const struct address *local, const struct address *peer)
{
    const struct options *o = a->options;
    return address_facing(local, peer, o->has_public_address ? &o->public_address : NULL, &o->local_networks);
}
