#include "sdp/media_match.h"

#include <string.h>

#include "sdp/connection_address.h"

/* ---- Codecs ---- */

static bool format_is(const struct sdp_format *f, const struct sdp_codec *codec)
{
    return f->clock_hz == codec->clock_hz && f->channels == codec->channels &&
           slice_is_nocase(f->encoding, codec->encoding);
}

const struct sdp_format *media_match_codec(const struct sdp_media *m, const struct sdp_codec *codec)
{
    for (uint8_t i = 0; i < m->format_count; i++) {
        if (format_is(&m->format[i], codec)) return &m->format[i];
    }
    return NULL;
}

static bool take(struct media_match *match, const struct sdp_format *format, uint8_t codec)
{
    if (!format) return false;
    match->format = format;
    match->codec = codec;
    return true;
}

/** The peer's first format that is a codec of ours; in an answer, one that we sent. */
static bool match_their_first(struct media_match *match, const struct sdp_media *m, const struct media_question *q)
{
    const struct sdp_local *local = q->local;
    for (uint8_t i = 0; i < m->format_count; i++) {
        for (uint8_t k = 0; k < local->codec_count; k++) {
            bool was_sent = !q->sent || media_match_codec(q->sent, &local->codecs[k]);
            if (was_sent && format_is(&m->format[i], &local->codecs[k])) return take(match, &m->format[i], k);
        }
    }
    return false;
}

static bool match_our_first(struct media_match *match, const struct sdp_media *m, const struct sdp_local *local)
{
    for (uint8_t k = 0; k < local->codec_count; k++) {
        if (take(match, media_match_codec(m, &local->codecs[k]), k)) return true;
    }
    return false;
}

/** An answer is in the order that counts (RFC 3264 section 7); of an offer ours may count more. */
static bool match_codec(struct media_match *match, const struct sdp_media *m, const struct media_question *q)
{
    const struct sdp_local *local = q->local;
    bool known = q->previous && q->previous->codec < local->codec_count;
    if (known && take(match, media_match_codec(m, &local->codecs[q->previous->codec]), q->previous->codec)) return true;
    bool ours = local->own_order && !q->sent;
    return ours ? match_our_first(match, m, local) : match_their_first(match, m, q);
}

const struct sdp_format *media_match_format(const struct sdp_media *m, const char *encoding, uint32_t clock_hz)
{
    for (uint8_t i = 0; i < m->format_count; i++) {
        const struct sdp_format *f = &m->format[i];
        if (f->clock_hz == clock_hz && slice_is_nocase(f->encoding, encoding)) return f;
    }
    return NULL;
}

/** What goes with the codec, in an answer where we have sent it. */
static const struct sdp_format *companion(const struct sdp_media *m, const struct media_question *q,
                                          const char *encoding, uint32_t clock_hz)
{
    if (q->sent && !media_match_format(q->sent, encoding, clock_hz)) return NULL;
    return media_match_format(m, encoding, clock_hz);
}

static const struct sdp_format *event_of(const struct sdp_media *m, const struct media_question *q, uint32_t clock_hz)
{
    enum { CLOCK_OF_ALL_HZ = 8000 };
    const struct sdp_format *event = companion(m, q, "telephone-event", clock_hz);
    return event ? event : companion(m, q, "telephone-event", CLOCK_OF_ALL_HZ);
}

/* ---- Keys ---- */

/** Ours that the peer's line answers: of the same tag and suite. */
static bool find_answered(struct sdp_crypto *ours, const struct sdp_media *sent, const struct sdp_crypto *answered)
{
    for (uint8_t i = 0; i < sent->crypto_count; i++) {
        if (!sdp_crypto_parse(ours, sent->crypto[i]) || ours->tag != answered->tag) continue;
        return ours->suite == answered->suite;
    }
    return false;
}

/** An answer has one line; where it has several, the first that answers one of ours. */
static bool match_answered_key(struct media_match *match, const struct sdp_media *m, const struct media_question *q)
{
    for (uint8_t i = 0; i < m->crypto_count; i++) {
        struct sdp_crypto ours;
        if (!sdp_crypto_parse(&match->crypto, m->crypto[i]) || !find_answered(&ours, q->sent, &match->crypto)) continue;
        memcpy(match->ours, ours.key, sizeof ours.key);
        return true;
    }
    return false;
}

/** Whether the key that the peer sends with is the one in force: then ours stays as well. */
static bool keeps_key(const struct sdp_result *previous, const struct sdp_crypto *crypto)
{
    return previous && previous->srtp.on && previous->srtp.suite == crypto->suite &&
           memcmp(previous->srtp.receive_key, crypto->key, sizeof crypto->key) == 0;
}

/** How much we like a line: the one in force above all, then the suite that is cheapest, then as they stand. */
static int liking(const struct sdp_crypto *crypto, const struct sdp_result *previous)
{
    if (keeps_key(previous, crypto)) return 3;
    return crypto->suite == SDP_SUITE_AEAD_AES_128_GCM ? 2 : 1;
}

static bool match_offered_key(struct media_match *match, const struct sdp_media *m, const struct media_question *q)
{
    int best = 0;
    for (uint8_t i = 0; i < m->crypto_count; i++) {
        struct sdp_crypto crypto;
        if (!sdp_crypto_parse(&crypto, m->crypto[i]) || liking(&crypto, q->previous) <= best) continue;
        best = liking(&crypto, q->previous);
        match->crypto = crypto;
    }
    if (best == 0) return false;
    bool keeps = keeps_key(q->previous, &match->crypto);
    memcpy(match->ours, keeps ? q->previous->srtp.send_key : q->local->keys.of[match->crypto.suite],
           sdp_suite_key_bytes(match->crypto.suite));
    return true;
}

/* ---- Media lines ---- */

/** How near a media line came to being taken; the text says what it lacks. */
enum usable {
    NOT_AUDIO,
    DISABLED,
    OTHER_PROTOCOL,
    MAY_NOT_ENCRYPT,
    NOT_ENCRYPTED,
    NO_KEY,
    NO_CODEC,
    TO_A_GROUP,
    USABLE
};

static const char *const lacks[] = {
    [NOT_AUDIO] = "there is no audio line",
    [DISABLED] = "the audio line has port 0",
    [OTHER_PROTOCOL] = "the protocol of the audio line must be RTP/AVP or RTP/SAVP",
    [MAY_NOT_ENCRYPT] = "encryption is not allowed here: the protocol of the audio line must be RTP/AVP",
    [NOT_ENCRYPTED] = "encryption is required here: the audio line must be RTP/SAVP with a=crypto",
    [NO_KEY] = "the audio line has no a=crypto that can be used",
    [NO_CODEC] = "the audio line has no codec that is taken here",
    [TO_A_GROUP] = "the connection address of the audio line must be unicast",
};

/** The profiles for feedback (RFC 4585, RFC 5124) are the plain ones, where no feedback is agreed on. */
static bool protocol_known(struct slice protocol, bool *encrypted)
{
    *encrypted = slice_is_nocase(protocol, "RTP/SAVP") || slice_is_nocase(protocol, "RTP/SAVPF");
    return *encrypted || slice_is_nocase(protocol, "RTP/AVP") || slice_is_nocase(protocol, "RTP/AVPF");
}

/** Keys with plain RTP/AVP say that its writer can do both: we then encrypt wherever we may. */
static enum usable match_srtp(struct media_match *match, const struct sdp_media *m, const struct media_question *q)
{
    bool encrypted;
    enum sdp_srtp_use use = q->local->srtp;
    if (!protocol_known(m->protocol, &encrypted)) return OTHER_PROTOCOL;
    if (use == SDP_SRTP_NEVER) return encrypted ? MAY_NOT_ENCRYPT : USABLE;
    match->encrypted = q->sent ? match_answered_key(match, m, q) : match_offered_key(match, m, q);
    if (match->encrypted) return USABLE;
    bool answers_with_key = q->sent && m->crypto_count > 0;
    if (encrypted || answers_with_key) return NO_KEY;
    return use == SDP_SRTP_REQUIRED ? NOT_ENCRYPTED : USABLE;
}

static enum usable match_media(struct media_match *match, const struct sdp_media *m, const struct media_question *q)
{
    const struct sdp_local *local = q->local;
    *match = (struct media_match){.media = m};
    if (!slice_is_nocase(m->kind, "audio")) return NOT_AUDIO;
    if (m->port == 0) return DISABLED;
    enum usable usable = match_srtp(match, m, q);
    if (usable != USABLE) return usable;
    if (!match_codec(match, m, q)) return NO_CODEC;
    if (connection_address_kind(m->address) == ADDRESS_GROUP) return TO_A_GROUP;
    const struct sdp_codec *codec = &local->codecs[match->codec];
    if (local->telephone_event) match->event = event_of(m, q, codec->clock_hz);
    if (local->comfort_noise && !codec->has_dtx) match->comfort_noise = companion(m, q, "CN", codec->clock_hz);
    return USABLE;
}

status media_match_first(struct media_match *match, const struct sdp_media *media, uint8_t count,
                         const struct media_question *question, struct fault *fault)
{
    enum usable best = NOT_AUDIO;
    struct fault nearest = {count > 0 ? media[0].at : 0, lacks[NOT_AUDIO]};
    for (uint8_t i = 0; i < count; i++) {
        enum usable usable = match_media(match, &media[i], question);
        if (usable == USABLE) return STATUS_OK;
        if (usable <= best) continue;
        best = usable;
        nearest = (struct fault){media[i].at, lacks[usable]};
    }
    *fault = nearest;
    return STATUS_UNSUPPORTED;
}
