#include "sip/registration.h"

#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "os/log.h"
#include "os/random.h"
#include "sip/binding.h"
#include "sip/digest.h"
#include "sip/hop.h"
#include "sip/outbound.h"
#include "sip/request.h"

enum {
    US_PER_MS = 1000,
    TIMER_MAX_MS = 3600 * 1000,
    ROUTE_SIZE = ADDRESS_TEXT_SIZE + 32,
    URI_SIZE = HOP_HOST_SIZE + 16
};

struct registration {
    struct list link; /**< in agent->registrations */
    struct agent *agent;
    char *name, *aor, *user, *password; /**< owned; the last two may be NULL */
    struct binding binding;
    struct hop domain;           /**< of the address of record */
    struct hop hop;              /**< where to send */
    struct outbound way;         /**< of the request that is open */
    struct resolve_query *query; /**< owned; NULL where none is open */
    struct digest digest;
    unsigned tries; /**< challenges of the request that is open */
    uint32_t told_code, told_s;
    bool doubted;
    nta_leg_t *leg;      /**< owned; carries Call-ID and CSeq */
    nta_outgoing_t *out; /**< owned */
    su_timer_t *timer;
};

static void arm(struct registration *r);
static void transmit(struct registration *r);

static void tell(struct registration *r, uint32_t code, const char *reason)
{
    uint32_t granted_s = r->binding.granted_s;
    if (r->told_code == code && r->told_s == granted_s) return;
    r->told_code = code;
    r->told_s = granted_s;
    struct signal_message m;
    signal_message_init(&m, SIGNAL_REGISTERED, NULL);
    m.registration = slice_dup(slice_of(r->name));
    m.code = code;
    m.reason = slice_dup(slice_of(reason));
    m.expires_s = granted_s;
    link_send(r->agent->link, &m);
    signal_message_clear(&m);
    char name[64];
    log_event(granted_s > 0 || code < 300 ? LOG_INFO : LOG_WARN, "registered", "trunk=%s code=%u expires_s=%u",
              log_value(name, sizeof name, slice_of(r->name)), code, granted_s);
}

static void finish(struct registration *r, uint32_t code, const char *reason, uint32_t expires_s, uint32_t min_s)
{
    outbound_clear(&r->way);
    r->tries = 0;
    binding_answer(&r->binding, code, expires_s, min_s, clock_now_us(), &r->agent->rng);
    if (code != 423 || r->binding.due_us > clock_now_us()) tell(r, code, reason);
    arm(r);
}

/* What comes back. */

static bool is_ours(const struct registration *r, const sip_contact_t *m)
{
    struct address a;
    uint32_t port;
    return m->m_url->url_host && address_parse_host(&a, slice_of(m->m_url->url_host)) == STATUS_OK &&
           slice_to_u32(slice_of(url_port(m->m_url)), 65535, &port) && port == r->way.local.port &&
           a.ipv6 == r->way.local.ipv6 && memcmp(a.bytes, r->way.local.bytes, a.ipv6 ? 16 : 4) == 0;
}

static uint32_t granted(const struct registration *r, const sip_t *sip)
{
    uint32_t expires_s = r->binding.asked_s;
    if (sip->sip_expires && sip->sip_expires->ex_delta < expires_s) expires_s = (uint32_t)sip->sip_expires->ex_delta;
    for (const sip_contact_t *m = sip->sip_contact; m; m = m->m_next) {
        bool alone = m == sip->sip_contact && !m->m_next;
        if (alone || is_ours(r, m)) {
            slice_to_u32(slice_of(m->m_expires), UINT32_MAX, &expires_s);
            return expires_s;
        }
    }
    return expires_s;
}

static int on_response(nta_outgoing_magic_t *magic, nta_outgoing_t *orq, const sip_t *sip)
{
    struct registration *r = magic;
    int code = sip && sip->sip_status ? sip->sip_status->st_status : nta_outgoing_status(orq);
    if (code < 200 || orq != r->out || !r->binding.open) return 0;
    bool asks = sip && (code == 401 || code == 407) && r->user && ++r->tries <= DIGEST_TRIES_MAX;
    if (asks) {
        enum digest_outcome outcome = request_challenge(sip, &r->digest);
        bool forgotten = outcome == DIGEST_REPEATED && r->tries == 1 && r->binding.granted_s > 0;
        if (outcome == DIGEST_NEW || forgotten) {
            transmit(r);
            return 0;
        }
    }
    if (code >= 300) digest_clear(&r->digest); /* the next one begins anew */
    char *reason = sip && sip->sip_status ? signal_text(slice_of(sip->sip_status->st_phrase)) : NULL;
    uint32_t min_s = sip && sip->sip_min_expires ? (uint32_t)sip->sip_min_expires->me_delta : 0;
    finish(r, (uint32_t)code, reason ? reason : "no response", sip && code < 300 ? granted(r, sip) : 0, min_s);
    free(reason);
    return 0;
}

/* Sending. */

static void append_contact(struct buffer *b, const struct registration *r)
{
    char text[ADDRESS_TEXT_SIZE];
    const char *at = strchr(r->aor, '@');
    struct slice user = at ? (struct slice){r->aor + strlen("sip:"), (size_t)(at + 1 - r->aor) - strlen("sip:")}
                           : (struct slice){"", 0};
    buffer_append_text(b, "Contact: <sip:");
    buffer_append_slice(b, user);
    buffer_printf(b, "%s%s>\r\n", address_print(text, &r->way.local), r->way.tcp ? ";transport=tcp" : "");
}

static void append_credentials(struct buffer *b, struct registration *r, const char *uri)
{
    uint8_t random[8];
    char cnonce[2 * sizeof random + 1];
    if (!r->user) return;
    random_bytes(random, sizeof random);
    hex_format(cnonce, random, sizeof random);
    digest_append(&r->digest, b, r->user, r->password ? r->password : "", "REGISTER", uri, cnonce);
}

static void transmit(struct registration *r)
{
    struct buffer headers;
    char route[ROUTE_SIZE], uri[URI_SIZE];
    snprintf(uri, sizeof uri, strchr(r->domain.host, ':') ? "sip:[%s]" : "sip:%s", r->domain.host);
    outbound_route(route, sizeof route, &r->way.peer, r->way.tcp);
    buffer_init(&headers);
    append_contact(&headers, r);
    buffer_printf(&headers, "Expires: %u\r\n", r->binding.asked_s);
    append_credentials(&headers, r, uri);
    if (r->out) nta_outgoing_destroy(r->out);
    r->out =
        nta_outgoing_tcreate(r->leg, on_response, r, URL_STRING_MAKE(route), SIP_METHOD_REGISTER, URL_STRING_MAKE(uri),
                             NTATAG_TPORT(r->way.tport), SIPTAG_HEADER_STR(buffer_text(&headers)), TAG_END());
    buffer_clear(&headers);
    if (!r->out) finish(r, 503, "could not be sent", 0, 0);
}

static void on_resolved(void *arg, const struct address *addresses, unsigned count)
{
    struct registration *r = arg;
    const char *why;
    r->query = NULL;
    if (outbound_choose(&r->way, r->agent, &r->hop, addresses, count, false, &why) == STATUS_OK)
        transmit(r);
    else
        finish(r, 503, why, 0, 0);
}

static void begin(struct registration *r)
{
    struct address literal;
    binding_send(&r->binding);
    if (address_parse_host(&literal, slice_of(r->hop.host)) == STATUS_OK)
        on_resolved(r, &literal, 1);
    else if (resolve_ask(&r->query, r->agent->resolver, r->hop.host, on_resolved, r) != STATUS_OK)
        finish(r, 503, "too many names are being resolved", 0, 0);
}

static void on_timer(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *arg)
{
    (void)magic;
    (void)timer;
    struct registration *r = (struct registration *)(void *)arg;
    if (clock_now_us() >= r->binding.due_us)
        begin(r);
    else
        arm(r);
}

static void arm(struct registration *r)
{
    if (r->binding.due_us == INT64_MAX) {
        su_timer_reset(r->timer);
        return;
    }
    int64_t wait_ms = (r->binding.due_us - clock_now_us()) / US_PER_MS + 1;
    if (wait_ms < 1) wait_ms = 1;
    if (wait_ms > TIMER_MAX_MS) wait_ms = TIMER_MAX_MS; /* looks again then */
    su_timer_set_interval(r->timer, on_timer, (su_timer_arg_t *)(void *)r, (su_duration_t)wait_ms);
}

/* Beginning and end. */

static void destroy(struct registration *r)
{
    list_remove(&r->link);
    if (r->query) resolve_forget(r->query);
    if (r->out) nta_outgoing_destroy(r->out);
    if (r->leg) nta_leg_destroy(r->leg);
    if (r->timer) su_timer_destroy(r->timer);
    outbound_clear(&r->way);
    digest_clear(&r->digest);
    free(r->name);
    free(r->aor);
    free(r->user);
    free(r->password);
    free(r);
}

static struct registration *of_link(struct list *link)
{
    return list_object(link, struct registration, link);
}

static struct registration *find(const struct agent *a, const char *name)
{
    list_each (link, &a->registrations) {
        if (strcmp(of_link(link)->name, name) == 0) return of_link(link);
    }
    return NULL;
}

static char *copy(const char *text)
{
    return text ? slice_dup(slice_of(text)) : NULL;
}

static void replace(char **field, const char *text)
{
    free(*field);
    *field = copy(text);
}

static bool make_leg(struct registration *r)
{
    uint8_t random[12];
    char id[2 * sizeof random + 1], address[HOP_HOST_SIZE + 80];
    if (strlen(r->aor) + 3 > sizeof address) return false;
    snprintf(address, sizeof address, "<%s>", r->aor);
    random_bytes(random, sizeof random);
    hex_format(id, random, sizeof random);
    r->leg = nta_leg_tcreate(r->agent->nta, NULL, NULL, SIPTAG_CALL_ID_STR(id), SIPTAG_FROM_STR(address),
                             SIPTAG_TO_STR(address), TAG_END());
    return r->leg && nta_leg_tag(r->leg, NULL);
}

static struct registration *create(struct agent *a, const struct signal_message *m)
{
    struct registration *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->agent = a;
    r->name = copy(m->registration);
    r->aor = copy(m->to_uri);
    list_init(&r->link);
    digest_init(&r->digest);
    binding_init(&r->binding, a->options->t1_ms);
    r->timer = su_timer_create(su_root_task(a->root), 0);
    if (r->name && r->aor && r->timer && hop_parse(&r->domain, r->aor, NULL, "udp") == STATUS_OK && make_leg(r)) {
        list_push_back(&a->registrations, &r->link);
        return r;
    }
    destroy(r);
    return NULL;
}

static void refuse(struct agent *a, const struct signal_message *m)
{
    struct signal_message answer;
    signal_message_init(&answer, SIGNAL_REGISTERED, NULL);
    answer.registration = copy(m->registration);
    answer.code = 400;
    answer.reason = copy("not a SIP URI");
    link_send(a->link, &answer);
    signal_message_clear(&answer);
}

void registration_take(struct agent *a, const struct signal_message *m)
{
    struct registration *r = find(a, m->registration);
    struct hop hop;
    if (r && strcmp(r->aor, m->to_uri) != 0) { /* another address: the old one is left to run out at its registrar */
        destroy(r);
        r = NULL;
    }
    if (!r && m->expires_s == 0) return;
    bool readable = hop_parse(&hop, m->to_uri, m->route, m->transport) == STATUS_OK;
    if (!r && readable) r = create(a, m);
    if (!r || !readable) {
        refuse(a, m);
        return;
    }
    r->hop = hop;
    r->doubted = false;
    replace(&r->user, m->user);
    replace(&r->password, m->password);
    r->told_code = 0; /* who asks is answered, changed or not */
    binding_want(&r->binding, m->expires_s, clock_now_us());
    arm(r);
}

void registrations_leave(struct agent *a)
{
    list_each (link, &a->registrations) {
        binding_want(&of_link(link)->binding, 0, clock_now_us());
        arm(of_link(link));
    }
}

void registrations_doubt(struct agent *a)
{
    list_each (link, &a->registrations) {
        of_link(link)->doubted = true;
    }
}

void registrations_sweep(struct agent *a)
{
    list_each (link, &a->registrations) {
        struct registration *r = of_link(link);
        if (!r->doubted) continue;
        r->doubted = false;
        binding_want(&r->binding, 0, clock_now_us());
        arm(r);
    }
}

bool registrations_tidy(struct agent *a)
{
    list_each_safe (link, &a->registrations) {
        if (binding_is_over(&of_link(link)->binding)) destroy(of_link(link));
    }
    return list_empty(&a->registrations);
}

void registrations_clear(struct agent *a)
{
    while (!list_empty(&a->registrations))
        destroy(of_link(a->registrations.next));
}
