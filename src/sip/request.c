#include "sip/request.h"

#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/su_string.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "signal/dtmf_info.h"

/** RFC 3261 section 18.3: a datagram that ends before its body does. On streams the parser waits for the rest. */
static bool is_cut_short(const sip_t *sip)
{
    size_t came = sip->sip_payload ? sip->sip_payload->pl_len : 0;
    return sip->sip_content_length && sip->sip_content_length->l_length > came;
}

struct refusal request_check(const sip_t *sip)
{
    if (is_cut_short(sip)) return (struct refusal){400, "Body Shorter Than Content-Length", NULL};
    switch (sip->sip_request->rq_method) {
    case sip_method_invite:
    case sip_method_ack:
    case sip_method_bye:
    case sip_method_cancel:
    case sip_method_options:
    case sip_method_prack:
    case sip_method_update:
    case sip_method_info: break;
    case sip_method_refer: return (struct refusal){SIP_603_DECLINE, NULL};
    default: return (struct refusal){405, "Method Not Allowed", "Allow: " REQUEST_ALLOW};
    }
    enum url_type_e type = (enum url_type_e)sip->sip_request->rq_url->url_type;
    if (type != url_sip && type != url_tel) return (struct refusal){416, "Unsupported URI Scheme", NULL};
    return (struct refusal){0};
}

/** A part of a body is none: an ACK and a response cannot be refused for it. */
static bool has_body(const sip_t *sip)
{
    return !is_cut_short(sip) && sip->sip_payload && sip->sip_payload->pl_data && sip->sip_payload->pl_len > 0;
}

static bool body_is(const sip_t *sip, const char *type)
{
    return sip->sip_content_type && sip->sip_content_type->c_type &&
           strcasecmp(sip->sip_content_type->c_type, type) == 0;
}

static bool body_is_encoded(const sip_t *sip)
{
    const sip_content_encoding_t *encoding = sip->sip_content_encoding;
    return encoding && encoding->k_items && encoding->k_items[0] && strcasecmp(encoding->k_items[0], "identity") != 0;
}

struct refusal request_check_sdp(const sip_t *sip)
{
    if (!has_body(sip)) return (struct refusal){0};
    if (!body_is(sip, "application/sdp"))
        return (struct refusal){415, "Unsupported Media Type", "Accept: application/sdp"};
    if (body_is_encoded(sip)) return (struct refusal){415, "Unsupported Media Type", "Accept-Encoding: identity"};
    return (struct refusal){0};
}

struct refusal request_check_invite(const sip_t *sip)
{
    if (!sip->sip_contact || !sip->sip_contact->m_url->url_host) return (struct refusal){400, "Missing Contact", NULL};
    if (!sip->sip_from->a_tag) return (struct refusal){400, "Missing From Tag", NULL};
    return request_check_sdp(sip);
}

struct refusal request_check_info(const sip_t *sip)
{
    struct dtmf_info info;
    if (!has_body(sip)) return (struct refusal){0};
    if (!body_is(sip, "application/dtmf-relay") && !body_is(sip, "application/dtmf"))
        return (struct refusal){415, "Unsupported Media Type", "Accept: application/dtmf-relay, application/dtmf"};
    if (body_is_encoded(sip)) return (struct refusal){415, "Unsupported Media Type", "Accept-Encoding: identity"};
    struct slice body = {sip->sip_payload->pl_data, sip->sip_payload->pl_len};
    if (dtmf_info_parse(&info, body) != STATUS_OK) return (struct refusal){400, "Not a Digit", NULL};
    return (struct refusal){0};
}

static bool supported(const char *option)
{
    return strcasecmp(option, "100rel") == 0 || strcasecmp(option, "timer") == 0;
}

char *request_unsupported(const sip_t *sip)
{
    struct buffer b;
    buffer_init(&b);
    for (const sip_require_t *r = sip->sip_require; r; r = r->k_next) {
        for (size_t i = 0; r->k_items && r->k_items[i]; i++) {
            if (supported(r->k_items[i])) continue;
            buffer_append_text(&b, b.len ? ", " : "Unsupported: ");
            buffer_append_text(&b, r->k_items[i]);
        }
    }
    char *line = b.len ? buffer_take(&b) : NULL;
    buffer_clear(&b);
    return line;
}

char *request_body(const sip_t *sip)
{
    if (!has_body(sip)) return NULL;
    return signal_text((struct slice){sip->sip_payload->pl_data, sip->sip_payload->pl_len});
}

bool request_supports(const sip_t *sip, const char *option)
{
    return (sip->sip_supported && sip_has_feature(sip->sip_supported, option)) || request_requires(sip, option);
}

bool request_requires(const sip_t *sip, const char *option)
{
    return sip->sip_require && sip_has_feature(sip->sip_require, option);
}

bool request_allows(const sip_t *sip, sip_method_t method, const char *name)
{
    return sip->sip_allow && sip_is_allowed(sip->sip_allow, method, name);
}

static uint32_t seconds(unsigned long delta)
{
    return delta > 86400UL * 365 ? 86400U * 365 : (uint32_t)delta;
}

struct session_offer request_session(const sip_t *sip)
{
    struct session_offer offer = {.supported = request_supports(sip, "timer")};
    const sip_session_expires_t *x = sip->sip_session_expires;
    if (x) {
        offer.expires_s = x->x_delta > 0 ? seconds(x->x_delta) : 1; /* 0 is too small, not absent */
        if (x->x_refresher && strcasecmp(x->x_refresher, "uac") == 0) offer.refresher = SESSION_REFRESHER_UAC;
        if (x->x_refresher && strcasecmp(x->x_refresher, "uas") == 0) offer.refresher = SESSION_REFRESHER_UAS;
    }
    if (sip->sip_min_se) offer.min_s = seconds(sip->sip_min_se->min_delta);
    return offer;
}

enum digest_outcome request_challenge(const sip_t *sip, struct digest *digest)
{
    bool proxy = sip->sip_status->st_status == 407;
    enum digest_outcome best = DIGEST_UNSUPPORTED;
    for (const msg_auth_t *a = proxy ? sip->sip_proxy_authenticate : sip->sip_www_authenticate; a; a = a->au_next) {
        enum digest_outcome outcome = digest_learn(digest, proxy, a->au_scheme, a->au_params);
        if (outcome > best) best = outcome;
    }
    return best;
}

static char *text(const char *value)
{
    return value ? signal_text(slice_of(value)) : NULL;
}

static char *uri(const url_t *url)
{
    su_home_t home[1] = {SU_HOME_INIT(home)};
    su_home_init(home);
    char *copy = text(url_as_string(home, url));
    su_home_deinit(home);
    return copy;
}

/** "\"A \\\"B\\\"\"" is A "B" (RFC 3261 section 25.1, quoted-string). */
static char *unquoted(const char *display)
{
    if (!display || !display[0]) return NULL;
    size_t len = strlen(display);
    if (display[0] != '"' || len < 2) return text(display);
    struct buffer b;
    buffer_init(&b);
    for (size_t i = 1; i + 1 < len; i++) {
        if (display[i] == '\\' && i + 2 < len) i++;
        buffer_append(&b, display + i, 1);
    }
    char *copy = b.len ? text(buffer_text(&b)) : NULL;
    buffer_clear(&b);
    return copy;
}

/** The URI of a name-addr or addr-spec: what stands in angle brackets, else all up to a parameter. */
static char *uri_of_header(const char *value)
{
    const char *open = strchr(value, '<');
    const char *close = open ? strchr(open, '>') : NULL;
    if (open && close) return signal_text((struct slice){open + 1, (size_t)(close - open - 1)});
    return signal_text(slice_trim((struct slice){value, strcspn(value, ";,")}));
}

enum { X_HEADERS_MAX = 32 };

static void describe_unknown(struct signal_message *m, const sip_t *sip)
{
    unsigned count = 0;
    for (const sip_unknown_t *u = sip->sip_unknown; u; u = u->un_next) {
        if (!u->un_name || !u->un_value) continue;
        if (!m->identity && strcasecmp(u->un_name, "P-Asserted-Identity") == 0)
            m->identity = uri_of_header(u->un_value);
        if (strncasecmp(u->un_name, "X-", 2) != 0 || count++ >= X_HEADERS_MAX) continue;
        if (!m->headers) m->headers = json_object();
        char *name = text(u->un_name), *value = text(u->un_value);
        if (name && value) json_object_set_new(m->headers, name, json_string(value));
        free(name);
        free(value);
    }
}

void request_describe(struct signal_message *m, const sip_t *sip)
{
    m->request_uri = uri(sip->sip_request->rq_url);
    m->from_uri = uri(sip->sip_from->a_url);
    m->from_display = unquoted(sip->sip_from->a_display);
    m->to_uri = uri(sip->sip_to->a_url);
    m->sip_call_id = text(sip->sip_call_id->i_id);
    m->supports_100rel = request_supports(sip, "100rel");
    m->requires_100rel = request_requires(sip, "100rel");
    describe_unknown(m, sip);
}
