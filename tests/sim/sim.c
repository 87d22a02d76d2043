#include "sim.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/leg_encoder.h"
#include "media/sound.h"
#include "media/tone.h"

enum { PAYLOAD_TYPE = 77, EVENT_TYPE = 101, NOISE_TYPE = 13, MIXER_SLOTS = 256 };

static size_t receive(void *arg, struct leg_media *leg, bool rtcp, struct media_packet *packets, size_t max)
{
    struct sim *sim = arg;
    struct sim_party *p = leg->owner;
    size_t got = 0;
    for (; !rtcp && got < max && p->queue_head != p->queue_tail; got++) {
        struct sim_packet *packet = &p->queue[p->queue_head % SIM_BACKLOG];
        if (packet->at_us > sim->now_us) break;
        packets[got] = (struct media_packet){
            .bytes = packet->bytes, .len = packet->len, .arrival_us = packet->at_us, .from = &leg->source.expected};
        p->queue_head++;
    }
    return got;
}

/* RTP's units of time. */
static uint32_t units(const struct sim_party *p, uint32_t ms)
{
    return p->codec->clock_hz / 1000 * ms;
}

/* Packets of one press share a timestamp; its first has the marker; durations grow. */
static void take_event(struct sim_party *p, const struct rtp_packet *rtp)
{
    struct dtmf_payload payload;
    assert_int_equal(dtmf_payload_parse(&payload, rtp->payload, rtp->payload_bytes), STATUS_OK);
    assert_int_equal(rtp->seq, (uint16_t)(p->heard_seq + 1));
    uint32_t on = rtp->timestamp - p->event_timestamp;
    if (p->in_event && on == UINT16_MAX) { /* a further segment of a long one */
        assert_false(rtp->marker);
        assert_int_equal(p->event_duration, UINT16_MAX);
        p->event_timestamp = rtp->timestamp;
        p->event_segments++;
    } else if (on != 0 || p->digit_count == 0) {
        assert_true(rtp->marker);
        assert_false(p->in_event);
        assert_true(p->digit_count < sizeof p->digits - 1);
        p->digits[p->digit_count++] = dtmf_digit(payload.event);
        p->in_event = true;
        p->event_timestamp = rtp->timestamp;
        p->event_duration = 0;
    } else {
        assert_false(rtp->marker);
        assert_true(payload.duration > p->event_duration || payload.end || payload.duration == UINT16_MAX);
    }
    p->event_duration = payload.duration;
    p->event_packets++;
    p->event_ends += payload.end;
    if (payload.end) p->in_event = false;
    p->heard_seq = rtp->seq;
    /* A length that counts in another clock, or has reached its most, does not say how time goes on. */
    bool tells_time = p->leg.media.event_clock_hz == 0 && payload.duration < UINT16_MAX;
    p->heard_timestamp = tells_time ? rtp->timestamp + payload.duration : p->leg.timestamp;
    p->heard_timestamp -= units(p, p->leg.media.send_ptime_ms);
}

static status unprotect(struct srtp_receiver *r, bool rtcp, const uint8_t *bytes, size_t *len, uint8_t *room)
{
    memcpy(room, bytes, *len);
    return rtcp ? srtp_receiver_unprotect_rtcp(r, room, len) : srtp_receiver_unprotect(r, room, len);
}

/* What is not protected as agreed fails. */
static const uint8_t *open_packet(struct sim_party *p, bool rtcp, const uint8_t *bytes, size_t *len, uint8_t *room)
{
    if (!p->receiver) return bytes;
    status result = unprotect(p->receiver, rtcp, bytes, len, room);
    p->heard_former_key = result != STATUS_OK;
    if (p->heard_former_key && p->receiver_before) result = unprotect(p->receiver_before, rtcp, bytes, len, room);
    assert_int_equal(result, STATUS_OK);
    return room;
}

static bool take(void *arg, struct leg_media *leg, bool rtcp, const uint8_t *bytes, size_t len)
{
    struct sim *sim = arg;
    struct sim_party *p = leg->owner;
    struct leg_srtp_room room;
    bytes = open_packet(p, rtcp, bytes, &len, room.bytes);
    if (rtcp) {
        if (p->report) p->report(p, bytes, len);
        return true;
    }
    struct rtp_packet rtp;
    assert_int_equal(rtp_packet_parse(&rtp, bytes, len), STATUS_OK);
    if (rtp.payload_type == EVENT_TYPE) {
        take_event(p, &rtp);
        return true;
    }
    assert_int_equal(rtp.payload_type, PAYLOAD_TYPE);
    assert_int_equal(leg->media.codec->id, p->codec->id);
    assert_false(p->in_event);
    int16_t pcm[SIM_SAMPLES_MAX];
    size_t samples;
    assert_int_equal(
        p->codec->decode(p->decoder, rtp.payload, rtp.payload_bytes, pcm, sizeof pcm / sizeof *pcm, &samples),
        STATUS_OK);
    assert_int_equal(samples, sim_samples(p, leg->media.send_ptime_ms));
    if (p->packets_heard > 0) {
        assert_int_equal(rtp.seq, (uint16_t)(p->heard_seq + 1));
        uint32_t skipped = rtp.timestamp - p->heard_timestamp - units(p, leg->media.send_ptime_ms);
        assert_true(skipped == 0 || (p->may_skip && skipped % units(p, FRAME_MS) == 0 && skipped < units(p, 10000)));
        p->skipped_samples += skipped;
    }
    p->heard_seq = rtp.seq;
    p->heard_timestamp = rtp.timestamp;
    p->markers += rtp.marker;
    p->packets_heard++;
    p->bytes_heard += rtp.payload_bytes;
    p->heard_ssrc = rtp.ssrc;
    p->last_heard_us = sim->now_us;
    if (p->hear) p->hear(p, pcm, (uint32_t)samples);
    return true;
}

static void lock(void *arg, struct leg_media *leg)
{
    (void)arg;
    (void)leg;
}

static int64_t unix_us(void *arg)
{
    const struct sim *sim = arg;
    return sim->now_us + 1700000000000000;
}

static void tell(void *arg, const struct media_event *event)
{
    struct sim *sim = arg;
    sim->events[event->type]++;
    sim->last[event->type] = *event;
    if (event->type == MEDIA_LEG_DIGITS_SENT) free(event->object);
    if (event->type == MEDIA_LEG_DIGIT && strlen(sim->told) < sizeof sim->told - 1)
        sim->told[strlen(sim->told)] = (char)event->number;
    if (event->type == MEDIA_GRAPH_BACK) conference_graph_destroy(event->object);
    if (event->type == MEDIA_BATCH_DONE) {
        struct core_batch *batch = event->object;
        if (batch->token) {
            sim->done_us = event->tick_us;
            sim->done_token = batch->token;
        }
        free(batch->commands);
        free(batch);
    }
    if (event->type == MEDIA_LEG_CLOSED) ((struct sim_party *)event->leg->owner)->closed = true;
}

void sim_open(struct sim *sim, uint64_t seed)
{
    memset(sim, 0, sizeof *sim);
    rng_init(&sim->rng, seed);
    sim->now_us = 1000000007;
    sim->io =
        (struct media_io){.receive = receive, .send = take, .lock = lock, .unix_us = unix_us, .tell = tell, .arg = sim};
    assert_int_equal(core_create(&sim->core, &sim->io, &sim->counters, 60000000), STATUS_OK);
}

void sim_commands(struct sim *sim, const struct core_command *commands, uint32_t count, uint64_t token)
{
    struct core_batch *batch = calloc(1, sizeof *batch);
    list_init(&batch->link);
    batch->count = count;
    batch->token = token;
    batch->commands = calloc(count, sizeof *commands);
    memcpy(batch->commands, commands, count * sizeof *commands);
    core_execute(sim->core, batch, sim->now_us);
}

void sim_command(struct sim *sim, struct core_command command)
{
    sim_commands(sim, &command, 1, 0);
}

static void *state_of(size_t bytes)
{
    if (bytes == 0) return NULL;
    void *state = calloc(1, bytes);
    assert_non_null(state);
    return state;
}

static void open_coders(struct sim_party *p)
{
    static const struct codec_params usual;
    p->encoder = state_of(codec_encoder_bytes(p->codec));
    p->decoder = state_of(codec_decoder_bytes(p->codec));
    if (p->encoder) p->codec->encoder_init(p->encoder, &usual);
    if (p->decoder) p->codec->decoder_init(p->decoder);
}

static void party_receive_key(struct sim_party *p, const struct srtp_key *key)
{
    srtp_receiver_destroy(p->receiver_before);
    p->receiver_before = p->receiver;
    assert_int_equal(srtp_receiver_create(&p->receiver, key), STATUS_OK);
}

void sim_party_send_key(struct sim_party *p, const struct srtp_key *key)
{
    srtp_sender_destroy(p->sender);
    p->sender = NULL;
    if (key) assert_int_equal(srtp_sender_create(&p->sender, key), STATUS_OK);
}

static void open_protection(struct sim_party *p, const struct engine_leg_srtp *keys)
{
    if (!keys) return;
    assert_int_equal(srtp_library_start(), STATUS_OK);
    assert_int_equal(leg_srtp_make(&p->leg.srtp, keys, NULL), STATUS_OK);
    party_receive_key(p, &keys->send);
    sim_party_send_key(p, &keys->receive);
}

void sim_change_keys(struct sim_party *p, const struct engine_leg_srtp *keys, const struct engine_leg_srtp *before,
                     uint16_t port)
{
    struct core_change change = {.media = p->leg.media};
    if (port) ((struct sockaddr_in *)&change.media.remote_rtp)->sin_port = htons(port);
    assert_int_equal(leg_srtp_make(&change.srtp, keys, before), STATUS_OK);
    if (change.srtp.sender) party_receive_key(p, &keys->send);
    sim_command(p->sim, (struct core_command){.type = CORE_LEG_CHANGE, .leg = &p->leg, .change = &change});
    leg_srtp_clear(&change.srtp);
}

struct sim_party *sim_call(struct sim *sim, const struct sim_party_config *config)
{
    struct sim_party *p = calloc(1, sizeof *p);
    assert_true(sim->party_count < SIM_PARTIES_MAX);
    sim->parties[sim->party_count++] = p;
    p->sim = sim;
    p->user = config->user;
    p->speak = config->speak;
    p->hear = config->hear;
    p->codec = codec_by_id(config->codec);
    open_coders(p);
    p->ptime_ms = config->ptime_ms ? config->ptime_ms : 20;
    p->drift_ppm = config->drift_ppm;
    p->network = config->network;
    p->next_us = sim->now_us / 20000 * 20000 + 20000 + config->phase_us;
    p->seq = (uint16_t)rng_u32(&sim->rng);
    p->timestamp = rng_u32(&sim->rng);
    struct engine_leg_config leg = {.ssrc = rng_u32(&sim->rng),
                                    .first_timestamp = UINT32_MAX - 1000, /* wraps early */
                                    .first_sequence = UINT16_MAX - 10};
    leg.media = (struct engine_leg_media){.codec = p->codec,
                                          .encode = config->encode,
                                          .send_payload_type = PAYLOAD_TYPE,
                                          .receive_payload_type = PAYLOAD_TYPE,
                                          .send_event_type = EVENT_TYPE,
                                          .receive_event_type = EVENT_TYPE,
                                          .event_clock_hz = config->event_clock_hz,
                                          .receive_cn_type = NOISE_TYPE,
                                          .send_ptime_ms = p->ptime_ms,
                                          .send = true,
                                          .receive = true};
    if (config->no_events) leg.media.send_event_type = ENGINE_NO_PAYLOAD_TYPE;
    leg.media.detect_dtmf = config->detect_dtmf;
    struct sockaddr_in *to = (struct sockaddr_in *)&leg.media.remote_rtp;
    *to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(4000)};
    inet_pton(AF_INET, "192.0.2.1", &to->sin_addr);
    struct playout *playout;
    struct playout_config playing = {.codec = leg.media.codec};
    assert_int_equal(playout_create(&playout, &playing), STATUS_OK);
    leg_media_init(&p->leg, &leg, "party", playout, p, sim->now_us);
    open_protection(p, config->srtp);
    assert_int_equal(leg_encoder_create(&p->leg.encoder, leg.media.codec, &leg.media.encode), STATUS_OK);
    sim_command(sim, (struct core_command){.type = CORE_LEG_OPEN, .leg = &p->leg, .slot = config->slot});
    return p;
}

struct conference_media *sim_conference(struct sim *sim, uint8_t slot)
{
    return sim_conference_at(sim, slot, SIM_RATE_HZ);
}

static struct conference_graph *graph_at(uint32_t rate_hz)
{
    struct conference_graph *graph;
    assert_int_equal(conference_graph_create(&graph, rate_hz, MIXER_SLOTS), STATUS_OK);
    return graph;
}

struct conference_media *sim_conference_at(struct sim *sim, uint8_t slot, uint32_t rate_hz)
{
    struct conference_media *c = calloc(1, sizeof *c);
    conference_media_init(c, graph_at(rate_hz), slot, NULL);
    sim_command(sim, (struct core_command){.type = CORE_CONFERENCE_OPEN, .conference = c});
    return c;
}

void sim_conference_rate(struct sim *sim, struct conference_media *c, uint32_t rate_hz)
{
    sim_command(sim, (struct core_command){.type = CORE_CONFERENCE_RATE, .conference = c, .graph = graph_at(rate_hz)});
}

void sim_conference_close(struct sim *sim, struct conference_media *c)
{
    sim_command(sim, (struct core_command){.type = CORE_CONFERENCE_CLOSE, .conference = c});
    conference_graph_destroy(c->graph);
    free(c);
}

void sim_close(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->party_count; i++) {
        struct sim_party *p = sim->parties[i];
        if (!p->closed) sim_command(sim, (struct core_command){.type = CORE_LEG_CLOSE, .leg = &p->leg});
        assert_true(p->closed);
        playout_destroy(p->leg.playout);
        leg_encoder_destroy(p->leg.encoder);
        leg_srtp_clear(&p->leg.srtp);
        srtp_sender_destroy(p->sender);
        srtp_receiver_destroy(p->receiver);
        srtp_receiver_destroy(p->receiver_before);
        free(p->encoder);
        free(p->decoder);
        free(p);
    }
    core_destroy(sim->core);
}

void sim_join(struct sim_party *p, struct conference_media *c, bool talk, bool listen)
{
    sim_command(p->sim, (struct core_command){
                            .type = CORE_LEG_JOIN, .leg = &p->leg, .conference = c, .talk = talk, .listen = listen});
}

void sim_press(struct sim_party *p, char key, uint32_t ms)
{
    assert_int_equal(dtmf_event(key, &p->key_code), STATUS_OK);
    p->key_ms = ms;
    p->key_done_ms = p->key_late_ms = 0;
    p->key_beside = false;
}

void sim_press_beside(struct sim_party *p, char key, uint32_t ms, uint32_t late_ms)
{
    sim_press(p, key, ms);
    p->key_late_ms = late_ms;
    p->key_beside = true;
}

/* A place in the queue, behind all that come no later. */
static struct sim_packet *place(struct sim_party *p, int64_t at_us)
{
    uint32_t at = p->queue_tail++;
    assert_true(p->queue_tail - p->queue_head <= SIM_BACKLOG || p->closed);
    for (; at != p->queue_head && p->queue[(at - 1) % SIM_BACKLOG].at_us > at_us; at--)
        p->queue[at % SIM_BACKLOG] = p->queue[(at - 1) % SIM_BACKLOG];
    struct sim_packet *packet = &p->queue[at % SIM_BACKLOG];
    packet->at_us = at_us;
    return packet;
}

/* Onto the network: it arrives once, twice or never. */
static void send_rtp(struct sim *sim, struct sim_party *p, const struct rtp_packet *rtp, const uint8_t *payload,
                     size_t len)
{
    int64_t arrivals[NETWORK_COPIES_MAX];
    uint32_t copies = network_carry(&p->network, &sim->rng, p->next_us, arrivals);
    struct leg_srtp_room room;
    assert_true(RTP_HEADER_BYTES + len <= SIM_PACKET_BYTES);
    memcpy(room.bytes + rtp_packet_write_header(rtp, room.bytes, sizeof room.bytes), payload, len);
    len += RTP_HEADER_BYTES;
    if (p->sender) assert_int_equal(srtp_sender_protect(p->sender, room.bytes, &len, SIM_PACKET_BYTES), STATUS_OK);
    if (p->network.flips_bits)
        room.bytes[rng_below(&sim->rng, (uint32_t)len)] ^= (uint8_t)(1u << rng_below(&sim->rng, 8));
    for (uint32_t i = 0; i < copies; i++) {
        struct sim_packet *packet = place(p, arrivals[i]);
        packet->len = len;
        memcpy(packet->bytes, room.bytes, len);
    }
}

/* To the time of the next packet, by the party's own clock. */
static void step(struct sim_party *p)
{
    int64_t ptime_us = p->ptime_ms * 1000;
    p->drift_pus += ptime_us * p->drift_ppm;
    int64_t whole_us = p->drift_pus / 1000000;
    p->drift_pus -= whole_us * 1000000;
    p->next_us += ptime_us - whole_us;
    p->timestamp += units(p, p->ptime_ms);
}

static void press(struct sim *sim, struct sim_party *p)
{
    uint32_t begin = p->timestamp - units(p, p->key_done_ms), marker = p->key_done_ms == 0;
    p->key_done_ms += p->ptime_ms;
    uint32_t duration = units(p, p->key_done_ms), segments = (duration - 1) / UINT16_MAX;
    struct rtp_packet rtp = {
        .payload_type = EVENT_TYPE, .timestamp = begin + segments * UINT16_MAX, .ssrc = 7, .marker = marker};
    struct dtmf_payload event = {.event = p->key_code,
                                 .end = p->key_done_ms >= p->key_ms,
                                 .duration = (uint16_t)(duration - segments * UINT16_MAX)};
    uint8_t payload[DTMF_PAYLOAD_BYTES];
    dtmf_payload_write(&event, payload);
    for (int i = 0; i < (event.end ? 3 : 1); i++) {
        rtp.seq = p->seq++;
        send_rtp(sim, p, &rtp, payload, sizeof payload);
    }
    if (!p->key_beside) step(p);
    if (event.end) p->key_ms = 0;
}

static void speak(struct sim *sim, struct sim_party *p)
{
    int16_t pcm[SIM_SAMPLES_MAX];
    uint8_t payload[SIM_PACKET_BYTES];
    uint32_t samples = sim_samples(p, p->ptime_ms);
    p->speak(p, pcm, samples);
    struct rtp_packet rtp = {.payload_type = PAYLOAD_TYPE,
                             .seq = p->seq++,
                             .timestamp = p->timestamp,
                             .ssrc = 7,
                             .marker = !p->samples_said};
    p->samples_said += samples;
    size_t len = p->codec->encode(p->encoder, pcm, samples, payload, SIM_PACKET_BYTES - RTP_HEADER_BYTES);
    assert_true(len > 0);
    send_rtp(sim, p, &rtp, payload, len);
    step(p);
}

static void be_quiet(struct sim *sim, struct sim_party *p)
{
    struct rtp_packet rtp = {.payload_type = NOISE_TYPE, .seq = p->seq, .timestamp = p->timestamp, .ssrc = 7};
    if (!p->told_noise) {
        send_rtp(sim, p, &rtp, &p->noise_level, 1);
        p->seq++;
    }
    p->told_noise = true;
    step(p);
}

static void send_next(struct sim *sim, struct sim_party *p)
{
    if (p->quiet) {
        be_quiet(sim, p);
        return;
    }
    p->told_noise = false;
    bool speaks = p->key_ms == 0 || p->key_beside;
    if (p->key_ms > 0 && p->key_late_ms > 0)
        p->key_late_ms -= p->key_late_ms > p->ptime_ms ? p->ptime_ms : p->key_late_ms;
    else if (p->key_ms > 0)
        press(sim, p);
    if (speaks) speak(sim, p);
}

struct sound *sim_tone(uint32_t rate_hz, double hz, double level_dbfs, uint32_t samples)
{
    struct sound *sound;
    struct tone tone;
    int16_t *pcm = calloc(samples, sizeof *pcm);
    assert_non_null(pcm);
    tone_init(&tone, rate_hz, hz, level_dbfs);
    tone_read(&tone, pcm, samples);
    assert_int_equal(sound_create(&sound, rate_hz, pcm, samples), STATUS_OK);
    free(pcm);
    return sound;
}

void sim_run(struct sim *sim, int64_t us)
{
    int64_t end_us = sim->now_us + us;
    while (sim->now_us < end_us) {
        int64_t next_us = core_deadline(sim->core);
        if (next_us > end_us) next_us = end_us;
        if (next_us > sim->now_us) sim->now_us = next_us;
        for (uint32_t i = 0; i < sim->party_count; i++) {
            struct sim_party *p = sim->parties[i];
            while (p->speak && !p->closed && p->next_us <= sim->now_us)
                send_next(sim, p);
        }
        core_run(sim->core, sim->now_us);
    }
}
