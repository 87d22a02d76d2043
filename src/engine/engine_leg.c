#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine_parts.h"
#include "engine/leg_encoder.h"
#include "engine/udp.h"
#include "media/mixer.h"
#include "media/playout.h"
#include "media/sound.h"
#include "os/clock.h"
#include "os/thread.h"
#include "rtp/dtmf_event.h"

static bool type_valid(uint8_t type)
{
    return type < 128 || type == ENGINE_NO_PAYLOAD_TYPE;
}

static status check_media(const struct engine_leg_media *m)
{
    if (!m->codec || codec_packet_ms(m->codec, m->send_ptime_ms) != m->send_ptime_ms) return STATUS_INVALID;
    if (m->send_payload_type > 127 || m->receive_payload_type > 127 || !type_valid(m->send_event_type) ||
        !type_valid(m->receive_event_type) || !type_valid(m->receive_cn_type))
        return STATUS_INVALID;
    return STATUS_OK;
}

/* What the change brings along. On an error nothing of it is left. @param before  keys of the leg's contexts, or NULL
 */
static status make_parts(const struct engine *e, struct core_change *change, bool new_codec,
                         const struct engine_leg_srtp *before)
{
    const struct engine_leg_media *m = &change->media;
    struct playout_config config = {.codec = m->codec, .guard_us = e->config.guard_us};
    status result = STATUS_OK;
    if (new_codec) result = playout_create(&change->playout, &config);
    if (new_codec && result == STATUS_OK) result = leg_encoder_create(&change->encoder, m->codec, &m->encode);
    if (result == STATUS_OK) result = leg_srtp_make(&change->srtp, m->srtp, before);
    if (result != STATUS_OK) engine_change_clear(change);
    change->media.srtp = NULL; /* the caller's, for the call */
    return result;
}

/* The keys of the contexts that the leg has from now on; those of a leg that goes on in plain are kept. */
static void note_keys(struct engine_leg *leg, const struct engine_leg_srtp *keys)
{
    if (!keys) return;
    leg->keys = *keys;
    leg->has_keys = true;
}

static status open_checked(struct engine *e, const struct engine_leg_config *config, struct engine_leg **out)
{
    status result = check_media(&config->media);
    if (result != STATUS_OK) return result;
    if (!config->cname[0] || !memchr(config->cname, 0, sizeof config->cname)) return STATUS_INVALID;
    if (e->leg_count >= e->config.legs_max) return STATUS_FULL;
    struct core_change made = {.media = config->media};
    struct engine_leg *leg = calloc(1, sizeof *leg);
    if (!leg) return STATUS_NO_MEMORY;
    result = make_parts(e, &made, true, NULL);
    if (result != STATUS_OK) {
        free(leg);
        return result;
    }
    leg->engine = e;
    leg->sockets = config->sockets;
    leg->user = config->user;
    leg->settled = made.media;
    memcpy(leg->cname, config->cname, sizeof leg->cname);
    list_init(&leg->in_conference);
    list_init(&leg->waits);
    leg_media_init(&leg->media, config, leg->cname, made.playout, leg, clock_now_us());
    leg->media.encoder = made.encoder;
    leg->media.srtp = made.srtp;
    note_keys(leg, config->media.srtp);
    *out = leg;
    return STATUS_OK;
}

status engine_leg_open(struct engine *e, const struct engine_leg_config *config, struct engine_leg **out)
{
    thread_assert(THREAD_CONTROL);
    struct engine_leg *leg;
    status result = open_checked(e, config, &leg);
    if (result != STATUS_OK) {
        struct engine_sockets sockets = config->sockets;
        udp_pair_close(&sockets);
        return result;
    }
    leg->worker = config->near ? config->near->worker : engine_least_loaded(e);
    e->workers[leg->worker].legs++;
    e->leg_count++;
    list_push_back(&e->legs, &leg->link);
    engine_note_new_leg(e, clock_now_us());
    engine_command(e, leg->worker,
                   (struct core_command){.type = CORE_LEG_OPEN,
                                         .leg = &leg->media,
                                         .slot = config->near ? config->near->slot : engine_take_slot(e)});
    engine_commit(e);
    *out = leg;
    return STATUS_OK;
}

status engine_leg_change(struct engine_leg *leg, const struct engine_leg_media *media)
{
    thread_assert(THREAD_CONTROL);
    assert(!leg->closing);
    status result = check_media(media);
    if (result != STATUS_OK) return result;
    struct core_change *change = calloc(1, sizeof *change);
    if (!change) return STATUS_NO_MEMORY;
    change->media = *media;
    result = make_parts(leg->engine, change, media->codec != leg->settled.codec, leg->has_keys ? &leg->keys : NULL);
    if (result != STATUS_OK) {
        free(change);
        return result;
    }
    leg->settled = change->media;
    note_keys(leg, media->srtp);
    engine_command(leg->engine, leg->worker,
                   (struct core_command){.type = CORE_LEG_CHANGE, .leg = &leg->media, .change = change});
    if (leg->preprocess_hz != 0 && leg->preprocess_hz != media->codec->rate_hz) engine_voice_send(leg);
    if (leg->conference) {
        engine_rate_count(leg);
        engine_rate_tune(leg->conference, true);
    }
    engine_commit(leg->engine);
    return STATUS_OK;
}

void engine_leg_out(struct engine_leg *leg)
{
    if (!leg->conference) return;
    engine_rate_uncount(leg);
    if (leg->has_place) leg->conference->talkers--;
    leg->has_place = false;
    leg->conference = NULL;
    list_remove(&leg->in_conference);
}

/* A talker needs a place in the mixer before it comes. */
static void make_place(struct engine_leg *leg)
{
    struct engine_conference *c = leg->conference;
    if (leg->has_place) return;
    leg->has_place = true;
    if (++c->talkers <= c->places) return;
    struct mixer *mixer = NULL;
    c->places = (uint16_t)(c->places > MIXER_SLOTS_MAX / 2 ? MIXER_SLOTS_MAX : c->places * 2);
    struct mixer_config config = {.rate_hz = c->rate_hz, .max_slots = c->places};
    if (mixer_create(&mixer, &config) != STATUS_OK) engine_must_have(NULL);
    engine_command(leg->engine, c->worker,
                   (struct core_command){.type = CORE_CONFERENCE_MIXER, .conference = &c->media, .mixer = mixer});
}

static void note_roles(struct engine_leg *leg, bool talk, bool listen, bool lower)
{
    leg->talk = talk;
    leg->listen = listen;
    engine_rate_count(leg);
    engine_rate_tune(leg->conference, lower);
}

/* From its thread to another: the new one's batch waits until the old one has let go. */
static void move(struct engine_leg *leg, unsigned to)
{
    struct engine *e = leg->engine;
    struct detach_wait *wait = engine_must_have(calloc(1, sizeof *wait));
    /* Two batches must not wait for each other's end. What waits already goes first, so that all waiting is for what
     * was sent before. */
    const struct core_batch *before = e->workers[leg->worker].filling;
    if (before && before->awaits > 0) engine_post_all(e);
    engine_command(e, leg->worker, (struct core_command){.type = CORE_LEG_DETACH, .leg = &leg->media});
    e->workers[leg->worker].legs--;
    e->workers[to].legs++;
    leg->worker = to;
    wait->batch = engine_filling(e, to);
    wait->batch->awaits++;
    wait->worker = to;
    list_push_back(&leg->waits, &wait->link);
}

void engine_leg_join(struct engine_leg *leg, struct engine_conference *c, bool talk, bool listen)
{
    thread_assert(THREAD_CONTROL);
    assert(!leg->closing && !c->closing);
    if (leg->conference != c) {
        struct engine_conference *before = leg->conference;
        engine_leg_out(leg);
        if (before) engine_rate_tune(before, true);
        leg->conference = c;
        list_push_back(&c->legs, &leg->in_conference);
    }
    if (leg->worker != c->worker) move(leg, c->worker);
    if (talk || leg->passes_digits) make_place(leg);
    note_roles(leg, talk, listen, true);
    engine_command(
        leg->engine, leg->worker,
        (struct core_command){
            .type = CORE_LEG_JOIN, .leg = &leg->media, .conference = &c->media, .talk = talk, .listen = listen});
    engine_commit(leg->engine);
}

void engine_leg_roles(struct engine_leg *leg, bool talk, bool listen)
{
    thread_assert(THREAD_CONTROL);
    assert(!leg->closing);
    if (!leg->conference) return;
    if (talk) make_place(leg);
    note_roles(leg, talk, listen, false);
    engine_command(leg->engine, leg->worker,
                   (struct core_command){.type = CORE_LEG_ROLES, .leg = &leg->media, .talk = talk, .listen = listen});
    engine_commit(leg->engine);
}

bool engine_leg_is_in(const struct engine_leg *leg, const struct engine_conference *conference)
{
    return leg->conference == conference;
}

void engine_leg_leave(struct engine_leg *leg)
{
    thread_assert(THREAD_CONTROL);
    assert(!leg->closing);
    struct engine_conference *c = leg->conference;
    if (!c) return;
    engine_leg_out(leg);
    engine_command(leg->engine, leg->worker, (struct core_command){.type = CORE_LEG_LEAVE, .leg = &leg->media});
    engine_rate_tune(c, true);
    engine_commit(leg->engine);
}

void engine_leg_close(struct engine_leg *leg)
{
    thread_assert(THREAD_CONTROL);
    assert(!leg->closing);
    struct engine_conference *c = leg->conference;
    engine_leg_out(leg);
    leg->closing = true;
    engine_command(leg->engine, leg->worker, (struct core_command){.type = CORE_LEG_CLOSE, .leg = &leg->media});
    if (c) engine_rate_tune(c, true);
    engine_commit(leg->engine);
}

static void leg_command(struct engine_leg *leg, struct core_command command_for_it)
{
    thread_assert(THREAD_CONTROL);
    assert(!leg->closing);
    command_for_it.leg = &leg->media;
    engine_command(leg->engine, leg->worker, command_for_it);
    engine_commit(leg->engine);
}

void engine_leg_track(struct engine_leg *leg, uint16_t track)
{
    leg_command(leg, (struct core_command){.type = CORE_LEG_TRACK, .number = track});
}

void engine_leg_dtmf(struct engine_leg *leg, bool pass)
{
    leg->passes_digits = pass;
    if (pass && leg->conference) make_place(leg);
    leg_command(leg, (struct core_command){.type = CORE_LEG_DTMF, .on = pass});
}

void engine_leg_press(struct engine_leg *leg, char digit, uint32_t held_ms)
{
    uint8_t code = 0;
    status known = dtmf_event(digit, &code);
    assert(known == STATUS_OK);
    (void)known;
    leg_command(leg, (struct core_command){.type = CORE_LEG_PRESS, .key = code, .number = held_ms});
}

void engine_leg_play(struct engine_leg *leg, struct sound *sound, uint32_t loops, uint64_t token)
{
    resample_rate_index(sound->rate_hz); /* asserts */
    sound_ref(sound);
    leg_command(leg, (struct core_command){.type = CORE_LEG_PLAY, .sound = sound, .number = loops, .token = token});
}

void engine_leg_stop(struct engine_leg *leg)
{
    leg_command(leg, (struct core_command){.type = CORE_LEG_STOP});
}

status engine_leg_send_digits(struct engine_leg *leg, const struct engine_digit *digits, size_t count, uint64_t token)
{
    uint8_t code;
    if (count == 0) return STATUS_INVALID;
    for (size_t i = 0; i < count; i++) {
        if (dtmf_event(digits[i].digit, &code) != STATUS_OK) return STATUS_INVALID;
    }
    struct leg_digits *list = malloc(sizeof *list + count * sizeof *digits);
    if (!list) return STATUS_NO_MEMORY;
    list->token = token;
    list->count = count;
    memcpy(list->list, digits, count * sizeof *digits);
    leg_command(leg, (struct core_command){.type = CORE_LEG_DIGITS, .digits = list});
    return STATUS_OK;
}

void engine_leg_record(struct engine_leg *leg, struct ring *frames, enum engine_leg_sides sides)
{
    leg_command(leg, (struct core_command){.type = CORE_LEG_RECORD, .frames = frames, .sides = sides});
}

void engine_leg_watch_silence(struct engine_leg *leg, uint32_t silence_ms, uint64_t token)
{
    leg_command(leg, (struct core_command){.type = CORE_LEG_WATCH, .number = silence_ms, .token = token});
}

void engine_leg_stats(const struct engine_leg *leg, struct engine_leg_stats *out)
{
    thread_assert(THREAD_CONTROL);
    leg_media_read_stats(&leg->media, out);
}

void engine_leg_let_go(struct engine_leg *leg)
{
    struct list *link = list_pop_front(&leg->waits);
    assert(link);
    struct detach_wait *wait = list_object(link, struct detach_wait, link);
    wait->batch->awaits--;
    engine_flush(&leg->engine->workers[wait->worker]);
    free(wait);
}

void engine_leg_destroy(struct engine_leg *leg)
{
    engine_leg_out(leg);
    engine_leg_note_talking(leg, false);
    list_remove(&leg->link);
    for (struct list *link; (link = list_pop_front(&leg->waits));)
        free(list_object(link, struct detach_wait, link));
    leg->engine->leg_count--;
    leg->engine->workers[leg->worker].legs--;
    leg_own_drop(&leg->media.own);
    leg_voice_drop(&leg->media.voice);
    playout_destroy(leg->media.playout);
    leg_encoder_destroy(leg->media.encoder);
    leg_srtp_clear(&leg->media.srtp);
    srtp_key_forget(&leg->keys.send);
    srtp_key_forget(&leg->keys.receive);
    udp_pair_close(&leg->sockets);
    free(leg);
}
