#include "daemon/config_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/conference.h"
#include "daemon/config.h"
#include "daemon/say.h"

#define AT(key) offsetof(struct config, key)
#define TEXT(key, initial, check)                                                                                      \
    {                                                                                                                  \
#key, SETTING_TEXT, AT(key), initial, 0, 0, check                                                              \
    }
#define LIST(key, initial, check)                                                                                      \
    {                                                                                                                  \
#key, SETTING_LIST, AT(key), initial, 0, 0, check                                                              \
    }
#define NUMBER(key, initial, low, high)                                                                                \
    {                                                                                                                  \
#key, SETTING_NUMBER, AT(key), #initial, low, high, NULL                                                       \
    }

enum { DAY_S = 86400, YEAR_S = 365 * DAY_S, MANY = 1000000 };

const struct setting config_settings[] = {
    TEXT(http, "127.0.0.1:8080", config_check_listener),
    TEXT(https, "127.0.0.1:8443", config_check_listener),
    LIST(sip, "0.0.0.0:5060 [::]:5060", config_check_listener),
    TEXT(rtp_ports, "20000-39999", config_check_ports),
    TEXT(public_address, "", config_check_address),
    LIST(local_networks,
         "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 169.254.0.0/16 ::1/128 fe80::/10 fc00::/7",
         config_check_cidr),
    TEXT(tls_certificate, "", NULL),
    TEXT(tls_key, "", NULL),
    TEXT(data, "./data", config_check_filled),
    NUMBER(media_threads, 0, 0, 64),
    TEXT(log_level, "info", config_check_level),
    NUMBER(drain_s, 10, 0, DAY_S),
    NUMBER(orphan_hold_s, 30, 1, 3600),
    LIST(fetch_allow, "", config_check_cidr),
    NUMBER(rtp_timeout_s, 60, 5, DAY_S),
    NUMBER(guard_us, 4000, 1000, 20000),
    {"recording_rate_hz", SETTING_NUMBER, AT(recording_rate_hz), "16000", 8000, 48000, config_check_rate},
    TEXT(recording_format, "wav", config_check_format),
    {"record_tracks", SETTING_FLAG, AT(record_tracks), "false", 0, 0, NULL},
    NUMBER(load_limit_percent, 75, 10, 100),
    NUMBER(webhook_timeout_ms, 10000, 100, 120000),
    NUMBER(webhook_give_up_s, 86400, 60, 30 * DAY_S),
    TEXT(say_command, SAY_COMMAND_DEFAULT, config_check_filled),
    NUMBER(auto_end_s, 600, 1, 7 * DAY_S),
    NUMBER(talkers_max, 0, 0, CONFERENCE_TALKERS_MAX),
    NUMBER(participants_max, 0, 0, MANY),
    NUMBER(calls_max, 0, 0, MANY),
    NUMBER(conferences_max, 0, 0, MANY),
    NUMBER(automatic_conferences_max, 1000, 0, MANY),
    NUMBER(call_duration_max_s, 0, 0, YEAR_S),
    NUMBER(recording_max_s, 0, 0, YEAR_S),
    NUMBER(disk_free_min_mb, 100, 0, 100 * MANY),
    NUMBER(invites_per_s_max, 200, 1, 100000),
    {NULL, SETTING_TEXT, 0, NULL, 0, 0, NULL},
};

#define ROUTE_AT(key) offsetof(struct config_route, key)

const struct setting config_route_settings[] = {
    {"user", SETTING_TEXT, ROUTE_AT(user), "*", 0, 0, config_check_filled},
    {"action", SETTING_TEXT, ROUTE_AT(action), "conference", 0, 0, config_check_action},
    {"account", SETTING_TEXT, ROUTE_AT(account), "", 0, 0, config_check_account},
    {"user_parameters", SETTING_FLAG, ROUTE_AT(user_parameters), "true", 0, 0, NULL},
    {"record", SETTING_FLAG, ROUTE_AT(record), "false", 0, 0, NULL},
    {"status_callback_url", SETTING_TEXT, ROUTE_AT(status_callback_url), "", 0, 0, config_check_url},
    {"wait_url", SETTING_TEXT, ROUTE_AT(wait_url), "", 0, 0, config_check_url},
    {"networks", SETTING_LIST, ROUTE_AT(networks), "", 0, 0, config_check_cidr},
    {"codecs", SETTING_LIST, ROUTE_AT(terms.codecs), "opus G722 PCMU PCMA L16/48000 L16/16000 L16/8000", 0, 0,
     config_check_codec},
    {"codec_order", SETTING_TEXT, ROUTE_AT(codec_order), "caller", 0, 0, config_check_order},
    {"srtp", SETTING_TEXT, ROUTE_AT(terms.srtp), "optional", 0, 0, config_check_srtp},
    {"dtmf_inband", SETTING_FLAG, ROUTE_AT(terms.dtmf_inband), "false", 0, 0, NULL},
    {"noise_suppression", SETTING_FLAG, ROUTE_AT(terms.noise_suppression), "false", 0, 0, NULL},
    {"automatic_gain", SETTING_FLAG, ROUTE_AT(terms.automatic_gain), "false", 0, 0, NULL},
    {NULL, SETTING_TEXT, 0, NULL, 0, 0, NULL},
};

#define TRUNK_AT(key) offsetof(struct config_trunk, key)

const struct setting config_trunk_settings[] = {
    {"match", SETTING_TEXT, TRUNK_AT(match), "", 0, 0, NULL},
    {"host", SETTING_TEXT, TRUNK_AT(host), "", 0, 0, config_check_host},
    {"transport", SETTING_TEXT, TRUNK_AT(transport), "udp", 0, 0, config_check_transport},
    {"caller_id", SETTING_TEXT, TRUNK_AT(caller_id), "", 0, 0, config_check_caller},
    {"user", SETTING_TEXT, TRUNK_AT(user), "", 0, 0, NULL},
    {"password", SETTING_TEXT, TRUNK_AT(password), "", 0, 0, NULL},
    {"register", SETTING_FLAG, TRUNK_AT(registers), "false", 0, 0, NULL},
    {"codecs", SETTING_LIST, TRUNK_AT(terms.codecs), "opus G722 PCMU PCMA", 0, 0, config_check_codec},
    {"srtp", SETTING_TEXT, TRUNK_AT(terms.srtp), "never", 0, 0, config_check_srtp},
    {"dtmf_inband", SETTING_FLAG, TRUNK_AT(terms.dtmf_inband), "false", 0, 0, NULL},
    {"noise_suppression", SETTING_FLAG, TRUNK_AT(terms.noise_suppression), "false", 0, 0, NULL},
    {"automatic_gain", SETTING_FLAG, TRUNK_AT(terms.automatic_gain), "false", 0, 0, NULL},
    {"strip", SETTING_NUMBER, TRUNK_AT(strip), "0", 0, 32, NULL},
    {"prefix", SETTING_TEXT, TRUNK_AT(prefix), "", 0, 0, config_check_digits},
    {NULL, SETTING_TEXT, 0, NULL, 0, 0, NULL},
};

const struct setting *setting_find(const struct setting *table, const char *key)
{
    for (const struct setting *s = table; s->key; s++)
        if (strcmp(s->key, key) == 0) return s;
    return NULL;
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/** How many letters have to be put in, taken out or changed (Levenshtein); any large number for long texts. */
static unsigned distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    size_t a_len = strlen(a), b_len = strlen(b);
    if (a_len > LONGEST || b_len > LONGEST) return LONGEST;
    unsigned row[LONGEST + 1];
    for (unsigned j = 0; j <= b_len; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a_len; i++) {
        unsigned corner = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b_len; j++) {
            unsigned changed = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            row[j] = smaller(changed, smaller(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_len];
}

const char *setting_nearest(const struct setting *table, const char *key)
{
    const char *nearest = NULL;
    unsigned best = 3;
    for (const struct setting *s = table; s->key; s++) {
        unsigned d = distance(key, s->key);
        if (d >= best || d >= strlen(s->key)) continue;
        best = d;
        nearest = s->key;
    }
    return nearest;
}

void config_quote(struct buffer *out, const char *text)
{
    enum { SHOWN = 80 };
    size_t len = strnlen(text, SHOWN + 1);
    buffer_append_text(out, "\"");
    for (size_t i = 0; i < len && i < SHOWN; i++)
        buffer_append(out, text[i] >= ' ' && text[i] <= '~' ? text + i : "?", 1);
    buffer_append_text(out, len > SHOWN ? "...\"" : "\"");
}

static bool flag_parse(const char *value, bool *out)
{
    static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false", "no", "off"};
    for (int i = 0; i < 3; i++) {
        bool is_yes = strcasecmp(value, yes[i]) == 0;
        if (!is_yes && strcasecmp(value, no[i]) != 0) continue;
        *out = is_yes;
        return true;
    }
    return false;
}

bool setting_check(const struct setting *s, const char *value, struct buffer *out)
{
    const char *allowed = s->check ? s->check(value) : NULL;
    bool flag, fine = !allowed;
    uint32_t number;
    if (s->kind == SETTING_FLAG) {
        fine = flag_parse(value, &flag);
        allowed = "true or false";
    }
    if (s->kind == SETTING_NUMBER && fine) fine = slice_to_u32(slice_of(value), s->high, &number) && number >= s->low;
    if (fine) return true;
    config_quote(out, value);
    buffer_append_text(out, " is not allowed, it takes ");
    if (allowed)
        buffer_append_text(out, allowed);
    else
        buffer_printf(out, "a whole number from %u to %u", s->low, s->high);
    return false;
}

status setting_put(const struct setting *s, void *object, const char *value)
{
    void *at = (char *)object + s->offset;
    uint32_t number = 0;
    switch (s->kind) {
    case SETTING_TEXT: return config_set_text(at, value);
    case SETTING_NUMBER: {
        bool is_number = slice_to_u32(slice_of(value), s->high, &number);
        assert(is_number);
        (void)is_number;
        *(int *)at = (int)number;
        return STATUS_OK;
    }
    case SETTING_FLAG: {
        bool is_flag = flag_parse(value, at);
        assert(is_flag);
        (void)is_flag;
        return STATUS_OK;
    }
    case SETTING_LIST: break;
    }
    if (s->check == config_check_listener && strcmp(value, "off") == 0) {
        config_list_clear(at);
        return STATUS_OK;
    }
    return config_list_add(at, value);
}

static status put_items(const struct setting *s, void *object)
{
    struct slice rest = slice_of(s->initial);
    while (rest.len > 0) {
        char item[64];
        bool fits = slice_copy(slice_cut(&rest, ' '), item, sizeof item);
        assert(fits);
        (void)fits;
        status st = setting_put(s, object, item);
        if (st != STATUS_OK) return st;
    }
    return STATUS_OK;
}

status settings_init(const struct setting *table, void *object)
{
    for (const struct setting *s = table; s->key; s++) {
        status st = s->kind == SETTING_LIST ? put_items(s, object) : setting_put(s, object, s->initial);
        if (st != STATUS_OK) return st;
    }
    return STATUS_OK;
}

void settings_clear(const struct setting *table, void *object)
{
    for (const struct setting *s = table; s->key; s++) {
        void *at = (char *)object + s->offset;
        if (s->kind == SETTING_LIST) config_list_clear(at);
        if (s->kind != SETTING_TEXT) continue;
        char **text = at;
        free(*text);
        *text = NULL;
    }
}
