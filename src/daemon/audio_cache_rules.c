#include "daemon/audio_cache_rules.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

#include "base/slice.h"

/* What Cache-Control says. */
struct directives {
    bool present;
    bool no_store, no_cache;
    bool has_max_age;
    int64_t max_age_ms;
};

/* Seconds to milliseconds, at most CACHE_FRESH_MAX_MS. @return false where it is no number */
static bool seconds(struct slice text, int64_t *ms)
{
    int64_t s = 0;
    text = slice_trim(text);
    if (text.len >= 2 && text.at[0] == '"' && text.at[text.len - 1] == '"')
        text = (struct slice){text.at + 1, text.len - 2};
    if (text.len == 0) return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9') return false;
        if (s * 1000 < CACHE_FRESH_MAX_MS) s = s * 10 + (text.at[i] - '0');
    }
    *ms = s * 1000 < CACHE_FRESH_MAX_MS ? s * 1000 : CACHE_FRESH_MAX_MS;
    return true;
}

/* The strictest wins where one is repeated; a max-age that is no number is stale at once (RFC 9111 section 4.2.1). */
static void read_directive(struct directives *d, struct slice directive)
{
    struct slice value = directive;
    struct slice name = slice_trim(slice_cut(&value, '='));
    int64_t ms = 0;
    if (slice_is_nocase(name, "no-store")) d->no_store = true;
    if (slice_is_nocase(name, "no-cache")) d->no_cache = true;
    if (!slice_is_nocase(name, "max-age")) return;
    if (!seconds(value, &ms)) ms = 0;
    if (!d->has_max_age || ms < d->max_age_ms) d->max_age_ms = ms;
    d->has_max_age = true;
}

/* Commas between double quotes belong to a value: no-cache="Set-Cookie, X". */
static void read_directives(struct directives *d, const char *at)
{
    while (at && *at) {
        const char *start = at;
        bool quoted = false;
        for (; *at && (quoted || *at != ','); at++)
            quoted ^= *at == '"';
        read_directive(d, (struct slice){start, (size_t)(at - start)});
        if (*at) at++;
    }
}

static bool says_no_cache(const char *pragma)
{
    struct slice rest = slice_of(pragma);
    while (rest.len > 0) {
        if (slice_is_nocase(slice_trim(slice_cut(&rest, ',')), "no-cache")) return true;
    }
    return false;
}

bool cache_date(const char *text, int64_t *unix_ms)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %d %H:%M:%S %Y"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct tm tm = {0};
        const char *end = strptime(text, forms[i], &tm);
        if (!end || *end) continue;
        *unix_ms = (int64_t)timegm(&tm) * 1000;
        return true;
    }
    return false;
}

static int64_t within(int64_t ms)
{
    if (ms < 0) return 0;
    return ms < CACHE_FRESH_MAX_MS ? ms : CACHE_FRESH_MAX_MS;
}

/* Expires counts from the server's own Date; what is no date is in the past (RFC 9111 section 5.3). */
static int64_t until_expiry(const struct cache_headers *headers, int64_t now_unix_ms)
{
    int64_t expires = 0, date = now_unix_ms;
    if (!cache_date(headers->expires, &expires)) return 0;
    if (headers->date) cache_date(headers->date, &date);
    return within(expires - date);
}

struct cache_rule cache_rule(const struct cache_headers *headers, int64_t now_unix_ms)
{
    struct directives d = {.present = headers->cache_control != NULL};
    struct cache_rule rule = {.store = true, .fresh_ms = CACHE_DEFAULT_MS, .said = true};
    int64_t age_ms = 0;
    read_directives(&d, headers->cache_control);
    if (headers->age) seconds(slice_of(headers->age), &age_ms);
    if (d.no_store) {
        rule.store = false;
        rule.fresh_ms = 0;
    } else if (d.no_cache || (!d.present && headers->pragma && says_no_cache(headers->pragma))) {
        rule.fresh_ms = 0;
    } else if (d.has_max_age) {
        rule.fresh_ms = within(d.max_age_ms - age_ms);
    } else if (headers->expires) {
        rule.fresh_ms = within(until_expiry(headers, now_unix_ms) - age_ms);
    } else {
        rule.said = false;
    }
    return rule;
}
