#include "call/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "call/call.h"
#include "os/random.h"

void exchange_init(struct call *c)
{
    random_bytes(&c->keys, sizeof c->keys);
}

static struct sdp_local our_side(const struct call *c)
{
    struct sdp_local local = {
        .address = c->address,
        .rtp_port = c->rtp_port,
        .session_id = c->session_id,
        .version = c->sdp_version,
        .codecs = c->terms.codecs,
        .codec_count = c->terms.codec_count,
        .own_order = c->terms.own_order,
        .telephone_event = true,
        .comfort_noise = true,
        .ptime_ms = 20,
        .direction = SDP_SENDRECV,
        .srtp = c->terms.srtp,
        .keys = c->keys,
    };
    return local;
}

static status reserve(struct call *c)
{
    if (c->reserved) return STATUS_OK;
    status s = c->world->media_reserve(c->world_arg, c, c->address, &c->rtp_port);
    if (s == STATUS_OK) c->reserved = true;
    return s;
}

/* Takes an outcome of offer and answer into force. */
static status apply(struct call *c, const struct sdp_result *result)
{
    status s = c->world->media_apply(c->world_arg, c, result);
    if (s != STATUS_OK) return s;
    bool same_key =
        c->negotiated && memcmp(c->media.srtp.send_key, result->srtp.send_key, sizeof result->srtp.send_key) == 0;
    if (!same_key) random_bytes(&c->keys, sizeof c->keys); /* no key that was offered or in force before serves again */
    c->media = *result;
    c->negotiated = true;
    if (result->srtp.on) memcpy(c->keys.of[result->srtp.suite], result->srtp.send_key, SDP_KEY_BYTES_MAX);
    return STATUS_OK;
}

/* What describe() made, and is the one last sent only when it is told so: one whose media cannot be set up never leaves
 * us, and nothing may be read against it. */
struct description {
    char *text;
    uint64_t version;
};

static void keep_as_sent(struct call *c, struct description *made)
{
    free(c->sent);
    c->sent = made->text;
    c->sdp_version = made->version;
}

/* Our description; its o= version grows by one where it says something new (RFC 3264 section 8). */
typedef status describe_fn(struct buffer *out, const struct sdp_local *local, void *arg);

static status describe(const struct call *c, struct buffer *out, struct description *made, describe_fn *fn, void *arg)
{
    struct sdp_local local = our_side(c);
    status s = fn(out, &local, arg);
    if (s == STATUS_OK && c->sent && !sdp_says_same(slice_of(c->sent), slice_of(buffer_text(out)))) {
        buffer_clear(out);
        local.version++;
        s = fn(out, &local, arg);
    }
    if (s != STATUS_OK) return s;
    *made = (struct description){buffer_ok(out) ? strdup(buffer_text(out)) : NULL, local.version};
    return made->text ? STATUS_OK : STATUS_NO_MEMORY;
}

struct answering {
    const struct sdp *offer;
    const struct sdp_result *previous;
    struct sdp_keys keys; /* where the peer comes with a new key, we encrypt with a new one, too */
    struct sdp_result result;
    struct fault *fault;
};

static status describe_answer(struct buffer *out, const struct sdp_local *local, void *arg)
{
    struct answering *a = arg;
    struct sdp_local ours = *local;
    ours.keys = a->keys;
    return sdp_answer(out, &a->result, a->offer, &ours, a->previous, a->fault);
}

static status describe_offer(struct buffer *out, const struct sdp_local *local, void *arg)
{
    (void)arg;
    return sdp_offer(out, local);
}

status exchange_answer(struct call *c, const char *offer_text, struct buffer *answer, struct fault *fault)
{
    struct sdp offer;
    struct answering a = {.offer = &offer, .previous = c->negotiated ? &c->media : NULL, .fault = fault};
    status s = sdp_parse(&offer, slice_of(offer_text), fault);
    if (s != STATUS_OK) return s;
    s = reserve(c);
    if (s != STATUS_OK) {
        *fault = (struct fault){0, "no RTP ports are free"};
        return s;
    }
    random_bytes(&a.keys, sizeof a.keys);
    struct description made;
    s = describe(c, answer, &made, describe_answer, &a);
    if (s != STATUS_OK) return s;
    s = apply(c, &a.result);
    if (s == STATUS_OK) {
        keep_as_sent(c, &made);
    } else {
        *fault = (struct fault){0, "media could not be set up"};
        free(made.text);
    }
    return s;
}

status exchange_offer(struct call *c, struct buffer *offer)
{
    struct description made;
    status s = reserve(c);
    if (s == STATUS_OK) s = describe(c, offer, &made, describe_offer, NULL);
    if (s != STATUS_OK) return s;
    char *copy = strdup(made.text);
    if (!copy) {
        free(made.text);
        return STATUS_NO_MEMORY;
    }
    keep_as_sent(c, &made);
    free(c->offered);
    c->offered = copy;
    return STATUS_OK;
}

/* @param ours  the description of ours that is answered; NULL: none */
static status accept_answer_to(struct call *c, const char *ours, const char *text, struct fault *fault)
{
    struct sdp answer, sent;
    struct sdp_result result;
    struct sdp_local local = our_side(c);
    if (!ours) {
        *fault = (struct fault){0, "nothing was offered"};
        return STATUS_CONFLICT;
    }
    status s = sdp_parse(&sent, slice_of(ours), fault);
    if (s == STATUS_OK) s = sdp_parse(&answer, slice_of(text), fault);
    if (s == STATUS_OK) s = sdp_accept(&result, &answer, &sent, &local, fault);
    return s == STATUS_OK ? apply(c, &result) : s;
}

status exchange_accept(struct call *c, const char *answer, struct fault *fault)
{
    return accept_answer_to(c, c->offered, answer, fault);
}

status exchange_accept_again(struct call *c, const char *answer, struct fault *fault)
{
    return accept_answer_to(c, c->sent, answer, fault);
}

bool exchange_offers(const struct call *c)
{
    return c->offered && strcmp(c->offered, c->sent) == 0;
}
