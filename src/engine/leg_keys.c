#include "engine/leg_keys.h"

#include "engine/leg_media.h"

enum { EVENT_TICKS = 3, SAME_US = 1000000, ALONE_STEPS = 40, STEP_US = 2500, ECHO_TICKS = 25 };

static void choose_use(struct leg_media *leg)
{
    struct leg_keys *k = &leg->keys;
    k->searches = leg->media.detect_dtmf;
    k->finds_leaks = !k->searches && leg->media.receive_event_type != ENGINE_NO_PAYLOAD_TYPE;
    dtmf_detect_init(&leg->detect, leg->media.codec->rate_hz, k->searches ? DTMF_DETECT_KEYS : DTMF_DETECT_LEAKS);
}

void leg_keys_init(struct leg_media *leg)
{
    leg->keys = (struct leg_keys){.searches = false};
    ramp_init(&leg->keys.ramp, 1);
    dtmf_receiver_init(&leg->keys.receiver);
    choose_use(leg);
}

void leg_keys_change(struct leg_media *leg, const struct engine_leg_media *before)
{
    const struct engine_leg_media *m = &leg->media;
    if (before->codec != m->codec || before->detect_dtmf != m->detect_dtmf ||
        before->receive_event_type != m->receive_event_type)
        choose_use(leg);
}

/* The press that has come another way already, or a new one. */
static struct leg_press *find(struct leg_keys *k, enum leg_key_way way, uint8_t event, int64_t at_us)
{
    for (uint32_t i = 1; i <= LEG_KEYS_KNOWN; i++) {
        struct leg_press *p = &k->known[(k->presses + i) % LEG_KEYS_KNOWN]; /* the oldest first */
        bool other_way = p->ways != 0 && !(p->ways & 1u << way);
        if (other_way && p->event == event && at_us - p->at_us < SAME_US) return p;
    }
    struct leg_press *p = &k->known[++k->presses % LEG_KEYS_KNOWN];
    *p = (struct leg_press){.at_us = at_us, .id = k->presses, .event = event};
    return p;
}

static void press(struct leg_media *leg, const struct leg_context *context, enum leg_key_way way, uint8_t event,
                  int64_t at_us)
{
    struct leg_keys *k = &leg->keys;
    struct leg_press *p = find(k, way, event, at_us);
    bool is_new = p->ways == 0;
    p->ways |= (uint8_t)(1u << way);
    k->held[way] = p->id;
    if (!is_new) return;
    leg->stats.digits++;
    if (k->waiting < LEG_KEYS_WAITING) k->waits[k->waiting++] = *p;
    struct media_event told = {
        .type = MEDIA_LEG_DIGIT, .leg = leg, .tick_us = at_us, .number = (uint32_t)dtmf_digit(event)};
    leg_context_tell(context, &told);
}

void leg_keys_event(struct leg_media *leg, const struct leg_context *context, const struct rtp_packet *rtp,
                    const struct dtmf_payload *payload, int64_t arrival_us)
{
    struct leg_keys *k = &leg->keys;
    if (k->event_ssrc != rtp->ssrc) dtmf_receiver_init(&k->receiver);
    k->event_ssrc = rtp->ssrc;
    k->event_ticks = payload->end ? 1 : EVENT_TICKS;
    k->after_event = k->told_by_event = true;
    k->tones_alone = false;
    if (dtmf_receiver_put(&k->receiver, payload, rtp->timestamp, arrival_us) != DTMF_BEGIN) return;
    press(leg, context, LEG_KEY_EVENT, payload->event, arrival_us);
}

void leg_keys_signal(struct leg_media *leg, const struct leg_context *context, uint8_t code, uint32_t ms,
                     int64_t now_us)
{
    press(leg, context, LEG_KEY_SIGNAL, code, now_us);
    leg->keys.signal_ticks = (ms + FRAME_MS - 1) / FRAME_MS;
}

void leg_keys_tick(struct leg_media *leg, int64_t tick_us)
{
    struct leg_keys *k = &leg->keys;
    if (k->event_ticks > 0) k->event_ticks--;
    if (k->signal_ticks > 0) k->signal_ticks--;
    if (k->heard_ticks > 0) k->heard_ticks--;
    if (k->receiver.down) dtmf_receiver_expire(&k->receiver, tick_us);
}

/* The audio is searched; of a leg on hold nothing comes of it. */
static bool search(struct leg_media *leg, const struct leg_context *context, bool says, int64_t tick_us)
{
    struct leg_keys *k = &leg->keys;
    struct dtmf_detect *d = &leg->detect;
    says = dtmf_detect_frame(d, leg->pcm, says);
    bool echo = k->heard_ticks > 0 && d->event == k->heard;
    if (k->searches && d->pressed && leg->media.receive && !echo)
        press(leg, context, LEG_KEY_TONE, d->event, tick_us - (int64_t)d->down_steps * STEP_US);
    if (!d->down && !k->after_event) k->told_by_event = false;
    if (k->finds_leaks && !k->told_by_event && d->down_steps > ALONE_STEPS) k->tones_alone = true;
    d->open = k->tones_alone && leg->passes_digits;
    return says;
}

bool leg_keys_take_out(struct leg_media *leg, const struct leg_context *context, bool says, int64_t tick_us)
{
    struct leg_keys *k = &leg->keys;
    uint32_t rate_hz = leg->media.codec->rate_hz;
    if (k->searches || k->finds_leaks) says = search(leg, context, says, tick_us);
    if (says && k->event_ticks == 0) k->after_event = false;
    if (!says) {
        ramp_init(&k->ramp, k->after_event ? 0 : 1);
        return false;
    }
    ramp_to(&k->ramp, k->after_event ? 0 : 1, ramp_samples(rate_hz, RAMP_DIGIT_MS));
    if (ramp_silent(&k->ramp)) return false;
    if (!ramp_open(&k->ramp)) ramp_apply(&k->ramp, leg->pcm, frame_samples(rate_hz));
    return true;
}

void leg_keys_hear(struct leg_media *leg, uint8_t event)
{
    leg->keys.heard = event;
    leg->keys.heard_ticks = ECHO_TICKS;
}

bool leg_keys_holds(const struct leg_media *leg, uint32_t press)
{
    const struct leg_keys *k = &leg->keys;
    if (press == k->held[LEG_KEY_EVENT] && k->receiver.down) return true;
    if (press == k->held[LEG_KEY_TONE] && leg->detect.down && leg->detect.told) return true;
    return press == k->held[LEG_KEY_SIGNAL] && k->signal_ticks > 0;
}
