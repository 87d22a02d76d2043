#include "engine/leg_media.h"

#include <assert.h>
#include <string.h>

#include "engine/leg_encoder.h"
#include "engine/leg_send.h"

enum { HOUSE_TICKS = 50, RECEIVE_ROUNDS = 9 };

static_assert(sizeof(struct engine_leg_stats) % sizeof(uint64_t) == 0, "the stats are published word by word");

void leg_media_init(struct leg_media *leg, const struct engine_leg_config *config, const char *cname,
                    struct playout *playout, void *owner, int64_t now_us)
{
    memset(leg, 0, sizeof *leg);
    list_init(&leg->link);
    leg->owner = owner;
    leg->rtp_fd = config->sockets.rtp_fd;
    leg->rtcp_fd = config->sockets.rtcp_fd;
    leg->media = config->media;
    leg->media.srtp = NULL; /* control's for the call; the contexts made from it are in leg->srtp */
    leg->playout = playout;
    leg->seq = config->first_sequence;
    leg->timestamp = config->first_timestamp;
    leg->marker = true;
    leg->alive_us = now_us;
    leg->not_before_us = INT64_MIN;
    rng_init(&leg->rng, (uint64_t)config->ssrc << 32 | config->first_timestamp);
    leg->house_ticks = 1 + rng_below(&leg->rng, HOUSE_TICKS);
    source_lock_open(&leg->source, &config->media.remote_rtp);
    leg_keys_init(leg);
    leg_own_init(&leg->own);
    leg_voice_init(&leg->voice);
    ramp_init(&leg->talk_ramp, 0);
    ramp_init(&leg->listen_ramp, 0);
    rtp_stream_init(&leg->stream, config->media.codec->clock_hz, 0, cname, &leg->rng, now_us);
    leg->stream.sender.ssrc = config->ssrc;
}

void leg_media_forget_voice(struct leg_media *leg)
{
    leg->says = false;
    resample_line_init(&leg->voice_line);
    leg->hearing[0].own = leg->hearing[1].own = false;
}

/* ---- figures ---- */

static uint64_t ticks_of(const struct leg_media *leg, uint64_t samples)
{
    return samples / frame_samples(leg->media.codec->rate_hz);
}

static void gather_stats(struct leg_media *leg)
{
    struct playout_stats p = playout_get_stats(leg->playout);
    struct engine_leg_stats *s = &leg->stats;
    s->codec = leg->media.codec;
    s->packets_lost = rtp_stream_lost_of_all(&leg->stream);
    s->packets_late = leg->played_before[2] + p.late;
    s->ticks_played = leg->played_before[0] + ticks_of(leg, p.played_samples);
    s->ticks_concealed = leg->played_before[1] + ticks_of(leg, p.concealed_samples);
    s->jitter_us = rtp_stream_jitter_us(&leg->stream);
    s->playout_delay_us = p.delay_us;
    s->round_trip_us = leg->stream.remote.round_trip_us;
    s->peer_reports = leg->stream.remote.known;
    int32_t peer_lost = leg->stream.remote.cumulative_lost;
    s->peer_packets_lost = peer_lost > 0 ? (uint64_t)peer_lost : 0;
    s->peer_lost_fraction = leg->stream.remote.fraction_lost;
    s->peer_jitter_us = rtp_stream_peer_jitter_us(&leg->stream);
}

static void publish(struct leg_media *leg, struct media_counters *counters)
{
    gather_stats(leg);
    leg_voice_stats(&leg->voice, &leg->stats);
    const struct engine_leg_stats *s = &leg->stats;
    if (s->packets_late > leg->playout_late) media_count(&counters->packets_late, s->packets_late - leg->playout_late);
    if (s->packets_lost > leg->playout_lost) media_count(&counters->packets_lost, s->packets_lost - leg->playout_lost);
    leg->playout_late = s->packets_late;
    leg->playout_lost = s->packets_lost;
    uint64_t words[LEG_STATS_WORDS];
    memcpy(words, s, sizeof words);
    for (size_t i = 0; i < LEG_STATS_WORDS; i++)
        atomic_store_explicit(&leg->published[i], words[i], memory_order_relaxed);
}

void leg_media_read_stats(const struct leg_media *leg, struct engine_leg_stats *out)
{
    uint64_t words[LEG_STATS_WORDS];
    for (size_t i = 0; i < LEG_STATS_WORDS; i++)
        words[i] = atomic_load_explicit(&leg->published[i], memory_order_relaxed);
    memcpy(out, words, sizeof *out);
}

/* ---- receiving ---- */

static void tell(struct leg_media *leg, const struct leg_context *context, enum media_event_type type, int64_t tick_us)
{
    struct media_event event = {.type = type, .leg = leg, .tick_us = tick_us};
    leg_context_tell(context, &event);
}

static void sign_of_life(struct leg_media *leg, int64_t now_us)
{
    leg->alive_us = now_us;
    leg->timed_out = false;
}

static void receive_digit(struct leg_media *leg, const struct leg_context *context, const struct rtp_packet *rtp,
                          int64_t arrival_us)
{
    struct dtmf_payload payload;
    playout_note(leg->playout, rtp->seq);
    if (!leg->media.receive) return;
    if (dtmf_payload_parse(&payload, rtp->payload, rtp->payload_bytes) != STATUS_OK) return;
    leg_keys_event(leg, context, rtp, &payload, arrival_us);
}

static void count_bad(struct leg_media *leg, const struct leg_context *context)
{
    leg->stats.packets_bad++;
    media_count(&context->counters->packets_bad, 1);
}

static void count_foreign(struct leg_media *leg, const struct leg_context *context)
{
    leg->stats.packets_foreign++;
    media_count(&context->counters->packets_foreign, 1);
}

/* Why a protected packet was not opened. */
static void count_closed(struct leg_media *leg, const struct leg_context *context, status why)
{
    struct media_counters *counters = context->counters;
    switch (why) {
    case STATUS_REFUSED:
        leg->stats.packets_unauthentic++;
        media_count(&counters->packets_unauthentic, 1);
        break;
    case STATUS_EXISTS:
        leg->stats.packets_replayed++;
        media_count(&counters->packets_replayed, 1);
        break;
    default: count_bad(leg, context); break;
    }
}

/* False where it is not the peer's, and counted: a protected leg drops what is plain. */
static bool open_packet(struct leg_media *leg, const struct leg_context *context, bool rtcp,
                        const struct media_packet *packet, struct media_packet *out, struct leg_srtp_room *room)
{
    status result = leg_srtp_open(leg, rtcp, packet, out, room);
    if (result != STATUS_OK) count_closed(leg, context, result);
    return result == STATUS_OK;
}

static void receive_rtcp(struct leg_media *leg, const struct leg_context *context, const struct media_packet *packet)
{
    struct media_packet opened;
    struct leg_srtp_room room;
    const struct engine_leg_media *m = &leg->media;
    bool known = source_lock_same_host(packet->from, source_lock_destination(&leg->source)) ||
                 (!leg->source.locked && source_lock_same_host(packet->from, &m->remote_rtcp));
    if (!known) {
        count_foreign(leg, context);
        return;
    }
    if (leg->srtp.on) {
        if (!open_packet(leg, context, true, packet, &opened, &room)) return;
        packet = &opened;
    }
    if (rtp_stream_receive_rtcp(&leg->stream, packet->bytes, packet->len, packet->arrival_us) != STATUS_OK) {
        count_bad(leg, context);
        return;
    }
    leg->rtcp_source = *packet->from;
    sign_of_life(leg, packet->arrival_us);
}

/* False where the packet is not for the playout buffer. */
static bool take_into_books(struct leg_media *leg, const struct leg_context *context, const struct rtp_packet *rtp,
                            int64_t arrival_us)
{
    bool known = leg->stream.receiver.known;
    uint16_t next_seq = (uint16_t)(leg->stream.receiver.max_seq + 1);
    enum rtp_verdict verdict = rtp_stream_receive(&leg->stream, rtp, arrival_us);
    if (verdict == RTP_PROBATION) {
        count_bad(leg, context);
        return false;
    }
    if (verdict == RTP_NEW_SOURCE && known) playout_reset(leg->playout);
    leg->in_step = verdict == RTP_ACCEPT && rtp->seq == next_seq;
    if (verdict == RTP_ACCEPT && rtp_seq_before(next_seq, rtp->seq)) leg->stats.loss_runs++;
    leg->stats.packets_in++;
    leg->stats.bytes_in += rtp->payload_bytes;
    media_count(&context->counters->packets_in, 1);
    media_count(&context->counters->bytes_in, rtp->payload_bytes);
    sign_of_life(leg, arrival_us);
    if (!leg->heard_of) tell(leg, context, MEDIA_LEG_ALIVE, arrival_us);
    leg->heard_of = true;
    return true;
}

/* False where it came from a stranger. */
static bool check_source(struct leg_media *leg, const struct leg_context *context, const struct media_packet *packet,
                         const struct rtp_packet *rtp)
{
    if (leg->filtered) return true;
    enum source_verdict source = source_lock_judge(&leg->source, packet->from, rtp->ssrc, rtp->seq);
    if (source == SOURCE_LOCKED) context->io->lock(context->io->arg, leg);
    if (source == SOURCE_FOREIGN) count_foreign(leg, context);
    return source != SOURCE_FOREIGN;
}

static void take_rtp(struct leg_media *leg, const struct leg_context *context, const struct media_packet *packet)
{
    const struct engine_leg_media *m = &leg->media;
    struct rtp_packet rtp;
    if (rtp_packet_parse(&rtp, packet->bytes, packet->len) != STATUS_OK) {
        count_bad(leg, context);
        return;
    }
    bool is_event = rtp.payload_type == m->receive_event_type;
    bool is_noise = rtp.payload_type == m->receive_cn_type;
    bool agreed = is_event || is_noise || rtp.payload_type == m->receive_payload_type;
    if (!agreed) {
        count_bad(leg, context);
        return;
    }
    if (!check_source(leg, context, packet, &rtp)) return;
    if (!take_into_books(leg, context, &rtp, packet->arrival_us)) return;
    if (is_event) {
        leg->in_step = false;
        receive_digit(leg, context, &rtp, packet->arrival_us);
        return;
    }
    if (!m->receive) return;
    struct playout_packet audio = {.seq = rtp.seq,
                                   .timestamp = rtp.timestamp,
                                   .noise = is_noise,
                                   .payload = rtp.payload,
                                   .len = rtp.payload_bytes,
                                   .arrival_us = packet->arrival_us};
    playout_put(leg->playout, &audio);
}

static void receive_rtp(struct leg_media *leg, const struct leg_context *context, const struct media_packet *packet)
{
    struct media_packet opened;
    struct leg_srtp_room room;
    if (leg->srtp.on) {
        /* Strangers cost no cipher once the source is known, and what is not authentic never locks it. */
        if (leg->source.locked && !source_lock_same(packet->from, &leg->source.source)) {
            count_foreign(leg, context);
            return;
        }
        if (!open_packet(leg, context, false, packet, &opened, &room)) return;
        packet = &opened;
    }
    take_rtp(leg, context, packet);
}

static void receive_packet(struct leg_media *leg, const struct leg_context *context, const struct media_packet *packet)
{
    leg->in_step = false;
    if (leg->media.rtcp_mux && rtp_is_rtcp(packet->bytes, packet->len))
        receive_rtcp(leg, context, packet);
    else
        receive_rtp(leg, context, packet);
}

/* True where one packet a tick is all that there is to expect. */
static bool wants_one(const struct leg_media *leg)
{
    return leg->received_last <= 1 && leg->source.locked && (leg->filtered || !leg->connected);
}

void leg_media_receive(struct leg_media *leg, const struct leg_context *context, int64_t tick_us)
{
    struct media_packet packets[MEDIA_PACKETS_MAX];
    bool was_connected = leg->connected, one = wants_one(leg), drained = false, enough = false;
    size_t max = one ? 1 : MEDIA_PACKETS_MAX, total = 0;
    /* After a late tick, or while strangers spray at an unlocked port, a few calls more. */
    for (int round = 0; !drained && !enough && round < RECEIVE_ROUNDS; round++) {
        size_t got = context->io->receive(context->io->arg, leg, false, packets, max);
        for (size_t i = 0; i < got; i++)
            receive_packet(leg, context, &packets[i]);
        total += got;
        drained = got < max;
        enough = max == 1 && got == 1 && leg->received_last == 1 && leg->in_step &&
                 packets[0].arrival_us > tick_us - LEG_TICK_US;
        max = MEDIA_PACKETS_MAX;
    }
    leg->received_last = (uint8_t)total;
    if (drained && was_connected && leg->connected) leg->filtered = true;
    leg_keys_tick(leg, tick_us);
}

/* ---- house-keeping ---- */

static void send_report(struct leg_media *leg, const struct leg_context *context, int64_t now_us, bool bye)
{
    uint8_t bytes[RTCP_COMPOUND_MAX];
    uint32_t ahead = (uint32_t)(leg->queued_ms * (leg->media.codec->clock_hz / 1000));
    size_t len = rtp_stream_report(&leg->stream, now_us, context->io->unix_us(context->io->arg), leg->timestamp + ahead,
                                   bye, &leg->rng, bytes, sizeof bytes);
    if (len > 0) leg_srtp_send(leg, context, true, bytes, len);
}

void leg_media_keep_house(struct leg_media *leg, const struct leg_context *context, int64_t now_us)
{
    leg_srtp_tick(leg, now_us);
    if (--leg->house_ticks > 0) return;
    leg->house_ticks = HOUSE_TICKS;
    struct media_packet packets[MEDIA_PACKETS_MAX];
    if (!leg->media.rtcp_mux) {
        size_t got = context->io->receive(context->io->arg, leg, true, packets, MEDIA_PACKETS_MAX);
        for (size_t i = 0; i < got; i++)
            receive_rtcp(leg, context, &packets[i]);
    }
    if (rtp_stream_report_due(&leg->stream, now_us)) send_report(leg, context, now_us, false);
    bool on_hold = !leg->media.send || !leg->media.receive;
    if (on_hold) leg->alive_us = now_us;
    if (!leg->timed_out && now_us - leg->alive_us >= context->rtp_timeout_us) {
        leg->timed_out = true;
        tell(leg, context, MEDIA_LEG_TIMEOUT, now_us);
    }
    publish(leg, context->counters);
}

/* ---- changes ---- */

static void exchange_codec(struct leg_media *leg, struct playout **playout, struct leg_encoder **encoder)
{
    struct playout *before = leg->playout;
    struct leg_encoder *encoder_before = leg->encoder;
    gather_stats(leg);
    leg->played_before[0] = leg->stats.ticks_played;
    leg->played_before[1] = leg->stats.ticks_concealed;
    leg->played_before[2] = leg->stats.packets_late;
    leg->playout = *playout;
    leg->encoder = *encoder;
    *playout = before;
    *encoder = encoder_before;
    leg_media_forget_voice(leg);
    ramp_init(&leg->talk_ramp, 0);
    leg->comes_anew = true;
}

void leg_media_change(struct leg_media *leg, const struct leg_context *context, const struct engine_leg_media *media,
                      struct playout **playout, struct leg_encoder **encoder, int64_t now_us)
{
    struct engine_leg_media before = leg->media;
    bool new_format = before.codec != media->codec || before.send_ptime_ms != media->send_ptime_ms;
    if (new_format) leg_send_drop(leg);
    leg_encoder_leave(leg->encoder);
    if (before.codec != media->codec)
        exchange_codec(leg, playout, encoder);
    else if (media->receive && !before.receive)
        playout_reset(leg->playout);
    leg->media = *media;
    leg_keys_change(leg, &before);
    if (leg->encoder && before.codec == media->codec) leg_encoder_change(leg->encoder, &media->encode);
    if (!media->send || media->send_event_type == ENGINE_NO_PAYLOAD_TYPE) leg->in_event = false;
    if (new_format) rtp_stream_set_clock(&leg->stream, media->codec->clock_hz);
    bool moves = !source_lock_same(&before.remote_rtp, &media->remote_rtp);
    bool moves_rtcp = before.rtcp_mux != media->rtcp_mux || !source_lock_same(&before.remote_rtcp, &media->remote_rtcp);
    if (moves || moves_rtcp) memset(&leg->rtcp_source, 0, sizeof leg->rtcp_source);
    if (moves) {
        source_lock_open(&leg->source, &media->remote_rtp);
        leg->filtered = false;
        playout_reset(leg->playout);
        context->io->lock(context->io->arg, leg);
    }
    sign_of_life(leg, now_us);
}

void leg_media_close(struct leg_media *leg, const struct leg_context *context, int64_t now_us)
{
    leg_own_close(&leg->own, context, leg);
    send_report(leg, context, now_us, true);
    publish(leg, context->counters);
}
