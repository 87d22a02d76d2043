#include "sip/digest.h"

#include <sofia-sip/su_md5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/slice.h"

enum { HASH_SIZE = 2 * SU_MD5_DIGEST_SIZE + 1 };

void digest_init(struct digest *d)
{
    memset(d, 0, sizeof *d);
}

static void clear_challenge(struct digest_challenge *c)
{
    free(c->realm);
    free(c->nonce);
    free(c->opaque);
    memset(c, 0, sizeof *c);
}

void digest_clear(struct digest *d)
{
    for (unsigned i = 0; i < d->count; i++)
        clear_challenge(&d->at[i]);
    d->count = 0;
}

/** The value of a parameter, without its quotes; what was escaped stays escaped, as it is said back the same way. */
static char *value_of(const char *const *params, const char *name)
{
    size_t len = strlen(name);
    for (; *params; params++) {
        if (strncasecmp(*params, name, len) != 0) continue;
        struct slice rest = slice_of(*params + len);
        struct slice before = slice_cut(&rest, '=');
        if (slice_trim(before).len > 0) continue; /* a longer name */
        struct slice value = slice_trim(rest);
        if (value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"') {
            value.at++;
            value.len -= 2;
        }
        return slice_dup(value);
    }
    return NULL;
}

static bool has_item(const char *list, const char *item)
{
    struct slice rest = slice_of(list);
    while (rest.len > 0) {
        if (slice_is_nocase(slice_trim(slice_cut(&rest, ',')), item)) return true;
    }
    return false;
}

static bool is_clean(const char *text)
{
    for (; text && *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20 || byte == 0x7F) return false;
    }
    return true;
}

/** @return false where we cannot answer it; *out is to be cleared either way */
static bool read_challenge(struct digest_challenge *out, const char *const *params, bool *stale)
{
    char *algorithm = value_of(params, "algorithm");
    char *qop = value_of(params, "qop");
    char *old = value_of(params, "stale");
    out->realm = value_of(params, "realm");
    out->nonce = value_of(params, "nonce");
    out->opaque = value_of(params, "opaque");
    out->qop = qop != NULL;
    *stale = old && strcasecmp(old, "true") == 0;
    bool fits = (!algorithm || strcasecmp(algorithm, "MD5") == 0) && (!qop || has_item(qop, "auth")) && out->realm &&
                out->nonce && is_clean(out->realm) && is_clean(out->nonce) && is_clean(out->opaque);
    free(algorithm);
    free(qop);
    free(old);
    return fits;
}

enum digest_outcome digest_learn(struct digest *d, bool proxy, const char *scheme, const char *const *params)
{
    struct digest_challenge c = {.proxy = proxy};
    bool stale = false;
    if (!scheme || strcasecmp(scheme, "Digest") != 0 || !params || !read_challenge(&c, params, &stale)) {
        clear_challenge(&c);
        return DIGEST_UNSUPPORTED;
    }
    for (unsigned i = 0; i < d->count; i++) {
        if (d->at[i].proxy != proxy || strcmp(d->at[i].realm, c.realm) != 0) continue;
        clear_challenge(&d->at[i]);
        d->at[i] = c;
        return stale ? DIGEST_NEW : DIGEST_REPEATED;
    }
    if (d->count == DIGEST_CHALLENGES_MAX) {
        clear_challenge(&c);
        return DIGEST_UNSUPPORTED;
    }
    d->at[d->count++] = c;
    return DIGEST_NEW;
}

static void hash(char out[HASH_SIZE], const char *const *parts, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    su_md5_t md5;
    unsigned char bytes[SU_MD5_DIGEST_SIZE];
    su_md5_init(&md5);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) su_md5_update(&md5, ":", 1);
        su_md5_update(&md5, parts[i], (usize_t)strlen(parts[i]));
    }
    su_md5_digest(&md5, bytes);
    su_md5_deinit(&md5);
    for (size_t i = 0; i < sizeof bytes; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[HASH_SIZE - 1] = '\0';
}

static void append_quoted(struct buffer *b, const char *name, const char *text)
{
    buffer_printf(b, ", %s=\"", name);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') buffer_append_text(b, "\\");
        buffer_append(b, text, 1);
    }
    buffer_append_text(b, "\"");
}

static void append_one(struct digest_challenge *c, struct buffer *out, const char *user, const char *password,
                       const char *method, const char *uri, const char *cnonce)
{
    char a1[HASH_SIZE], a2[HASH_SIZE], response[HASH_SIZE], count[9];
    snprintf(count, sizeof count, "%08x", ++c->count);
    hash(a1, (const char *const[]){user, c->realm, password}, 3);
    hash(a2, (const char *const[]){method, uri}, 2);
    if (c->qop)
        hash(response, (const char *const[]){a1, c->nonce, count, cnonce, "auth", a2}, 6);
    else
        hash(response, (const char *const[]){a1, c->nonce, a2}, 3);
    buffer_printf(out, "%s: Digest realm=\"%s\", nonce=\"%s\"", c->proxy ? "Proxy-Authorization" : "Authorization",
                  c->realm, c->nonce);
    append_quoted(out, "username", user);
    append_quoted(out, "uri", uri);
    buffer_printf(out, ", response=\"%s\", algorithm=MD5", response);
    if (c->qop) buffer_printf(out, ", qop=auth, nc=%s, cnonce=\"%s\"", count, cnonce);
    if (c->opaque) buffer_printf(out, ", opaque=\"%s\"", c->opaque);
    buffer_append_text(out, "\r\n");
}

void digest_append(struct digest *d, struct buffer *out, const char *user, const char *password, const char *method,
                   const char *uri, const char *cnonce)
{
    for (unsigned i = 0; i < d->count; i++)
        append_one(&d->at[i], out, user, password, method, uri, cnonce);
}
