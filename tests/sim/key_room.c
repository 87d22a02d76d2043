#include "key_room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "media/pcm_frame.h"

enum { SLOT = 4, RING = 4000, DRAIN_MS = 500 };

const char *const key_ear_names[KEY_EARS] = {"a PCMU listener",
                                             "a G.722 listener",
                                             "an L16/48000 listener",
                                             "an Opus listener",
                                             "a listener with events",
                                             "the recording",
                                             "the track of who presses",
                                             "the bridge's track",
                                             "the recording of what it says",
                                             "the recording of a listener"};

static struct ring *record(struct key_room *r, struct sim_party *party, enum engine_leg_sides sides)
{
    struct ring *ring;
    assert_int_equal(ring_create(&ring, sizeof(struct pcm_frame), RING), STATUS_OK);
    struct core_command command = {.type = CORE_CONFERENCE_RECORD, .conference = r->conference, .on = true};
    if (party) command = (struct core_command){.type = CORE_LEG_RECORD, .leg = &party->leg, .sides = sides};
    command.frames = ring;
    sim_command(&r->sim, command);
    return ring;
}

static void call_listener(struct key_room *r, enum key_ear ear, enum codec_id codec)
{
    struct sim_party_config config = {.codec = codec,
                                      .ptime_ms = (uint16_t)codec_packet_ms(codec_by_id(codec), FRAME_MS),
                                      .hear = ear_hear,
                                      .slot = SLOT,
                                      .no_events = ear != EAR_EVENTS,
                                      .phase_us = 1300 * (int64_t)ear};
    config.user = r->ears[ear] = ear_create(codec_by_id(codec)->rate_hz);
    r->listeners[ear] = sim_call(&r->sim, &config);
    sim_join(r->listeners[ear], r->conference, true, true);
}

struct key_room *key_room_open(const struct key_room_config *config)
{
    struct key_room *r = calloc(1, sizeof *r);
    assert_non_null(r);
    uint32_t rate_hz = codec_by_id(config->codec)->rate_hz;
    r->config = *config;
    sim_open(&r->sim, 11);
    r->conference = sim_conference_at(&r->sim, SLOT, rate_hz);
    keypad_init(&r->pad, rate_hz, config->dbm0, config->snr_db, 12);
    struct sim_party_config presser = {.codec = config->codec,
                                       .ptime_ms = (uint16_t)codec_packet_ms(codec_by_id(config->codec), FRAME_MS),
                                       .network = {.jitter_us = config->jitter_us},
                                       .phase_us = config->phase_us,
                                       .speak = keypad_speak,
                                       .user = &r->pad,
                                       .slot = SLOT,
                                       .detect_dtmf = config->detect_dtmf};
    r->presser = sim_call(&r->sim, &presser);
    sim_join(r->presser, r->conference, true, false);
    static const enum codec_id codecs[] = {CODEC_PCMU, CODEC_G722, CODEC_L16_48, CODEC_OPUS, CODEC_PCMA};
    for (int ear = EAR_PCMU; ear <= EAR_EVENTS; ear++)
        call_listener(r, (enum key_ear)ear, codecs[ear]);
    for (int ear = EAR_MIX; ear < KEY_EARS; ear++)
        r->ears[ear] = ear_create(ear == EAR_BOTH ? 8000 : rate_hz);
    struct core_command commands[] = {
        {.type = CORE_CONFERENCE_AUDIO, .conference = r->conference, .audio = ENGINE_AUDIO_MIX},
        {.type = CORE_LEG_DTMF, .leg = &r->presser->leg, .on = config->pass},
        {.type = CORE_LEG_TRACK, .leg = &r->presser->leg, .number = PCM_TRACK_FIRST}};
    sim_commands(&r->sim, commands, 2, 0);
    r->mix = record(r, NULL, ENGINE_LEG_SAYS);
    sim_command(&r->sim, commands[2]);
    r->says = record(r, r->presser, ENGINE_LEG_SAYS);
    r->both = record(r, r->listeners[EAR_PCMU], ENGINE_LEG_BOTH);
    key_room_run(r, 1000);
    key_room_clear(r);
    return r;
}

static enum key_ear ear_of(const struct key_room *r, const struct ring *ring, uint16_t track)
{
    if (ring == r->says) return EAR_SAYS;
    if (ring == r->both) return EAR_BOTH;
    return track == PCM_TRACK_MIX ? EAR_MIX : track == PCM_TRACK_BRIDGE ? EAR_BRIDGE : EAR_TRACK;
}

/* Ticks without a frame are silent. */
static void put_silence(struct key_room *r, enum key_ear which, uint64_t until)
{
    static const int16_t silence[FRAME_SAMPLES_MAX];
    struct ear *ear = r->ears[which];
    for (; r->ticks[which] > 0 && r->ticks[which] < until; r->ticks[which]++)
        ear_put(ear, silence, frame_samples(ear->rate_hz));
    r->ticks[which] = until + 1;
}

static void drain(struct key_room *r, struct ring *ring)
{
    struct pcm_frame frame;
    while (ring_pop(ring, &frame)) {
        if (frame.kind != PCM_FRAME_AUDIO) continue;
        enum key_ear which = ear_of(r, ring, frame.track);
        assert_int_equal(frame.rate_hz, r->ears[which]->rate_hz);
        if (frame.part == 0) put_silence(r, which, frame.tick);
        ear_put(r->ears[which], frame.pcm, PCM_FRAME_SAMPLES);
    }
}

void key_room_run(struct key_room *r, uint32_t ms)
{
    for (uint32_t done = 0; done < ms; done += DRAIN_MS) {
        sim_run(&r->sim, (ms - done < DRAIN_MS ? ms - done : DRAIN_MS) * 1000);
        drain(r, r->mix);
        drain(r, r->says);
        drain(r, r->both);
    }
}

void key_room_tone(struct key_room *r, char key, uint32_t in_us, uint32_t ms)
{
    keypad_press(&r->pad, key, r->config.dbm0, in_us, ms);
}

void key_room_tone_and_events(struct key_room *r, char key, uint32_t in_us, uint32_t ms, uint32_t late_ms)
{
    key_room_tone(r, key, in_us, ms);
    sim_press_beside(r->presser, key, ms, late_ms);
}

void key_room_clear(struct key_room *r)
{
    for (int ear = 0; ear < KEY_EARS; ear++)
        ear_clear(r->ears[ear]);
}

void key_room_close(struct key_room *r)
{
    struct core_command commands[] = {
        {.type = CORE_CONFERENCE_RECORD, .conference = r->conference},
        {.type = CORE_LEG_RECORD, .leg = &r->presser->leg, .sides = ENGINE_LEG_SAYS},
        {.type = CORE_LEG_RECORD, .leg = &r->listeners[EAR_PCMU]->leg, .sides = ENGINE_LEG_BOTH}};
    for (int i = 0; i < 3; i++)
        sim_command(&r->sim, commands[i]);
    ring_destroy(r->mix);
    ring_destroy(r->says);
    ring_destroy(r->both);
    sim_conference_close(&r->sim, r->conference);
    sim_close(&r->sim);
    for (int ear = 0; ear < KEY_EARS; ear++)
        ear_destroy(r->ears[ear]);
    free(r);
}
