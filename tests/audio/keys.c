/*
 * Digits that are not passed on: are they told, each once, and can anybody else read one? Somebody presses all sixteen
 * keys several times, at -30 dBm0 a tone in white noise 15 dB below both, the tones beginning anywhere in a packet.
 *
 * tones: the tones alone, in-band detection is on. events: telephone-events beside the tones, which begin up to 60 ms
 * after these. jitter: the same, packets delayed by up to 80 ms, so that audio plays long after the events.
 *
 * Every listener (PCMU, G.722, L16/48000, Opus, one with events), the recording of the conference with its tracks and
 * the recordings of single legs are given to libspandsp's detector, a second time with each of 34 places where its
 * blocks can begin. A limit of 0 keys is for all of these together, and nobody may have heard nothing. A digit that the
 * one with events is sent as an event counts as readable.
 */
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "key_room.h"
#include "scene.h"

enum { ENOUGH = 1000 }; /* samples in half a second, of 4000 */

static const char keypad[] = "1234567890*#ABCD";

struct outcome {
    uint32_t pressed, right; /**< right: told once, and in order */
    size_t readable, deaf;   /**< deaf: were given no audio */
};

/* Tracks are written while there is something in them, all others always. */
static bool is_always_there(int ear)
{
    return ear != EAR_TRACK && ear != EAR_BRIDGE;
}

static void press_all(struct key_room *r, bool events, uint32_t round, struct outcome *out)
{
    for (uint32_t i = 0; i < strlen(keypad); i++) {
        uint32_t in_us = (i * 1250 + round * 410) % 20000;
        memset(r->sim.told, 0, sizeof r->sim.told);
        key_room_clear(r);
        if (events)
            key_room_tone_and_events(r, keypad[i], in_us, 100, 20 * (i % 4));
        else
            key_room_tone(r, keypad[i], in_us, 60);
        key_room_run(r, 500);
        out->pressed++;
        out->right += r->sim.told[0] == keypad[i] && r->sim.told[1] == '\0';
        for (int ear = 0; ear < KEY_EARS; ear++) {
            out->readable += ear_chances(r->ears[ear]) > 0;
            out->deaf += is_always_there(ear) && r->ears[ear]->count < ENOUGH;
        }
    }
    out->readable += r->listeners[EAR_EVENTS]->digit_count > 0;
}

static void line(enum codec_id codec, const char *kind, bool events, uint32_t jitter_us)
{
    const char *id = board_text("keys/%s-%s", codec_label(codec), kind);
    uint32_t rounds = board_length(1, 1, 16);
    const char *what = board_text("%s from %s, %u keys", kind, codec_label(codec), rounds * 16);
    if (!board_wants(id, what)) return;
    struct key_room_config config = {
        .codec = codec, .dbm0 = -30, .snr_db = 15, .jitter_us = jitter_us, .phase_us = 6300, .detect_dtmf = !events};
    struct outcome out = {.pressed = 0};
    struct key_room *r = key_room_open(&config);
    key_room_run(r, jitter_us ? 3000 : 500);
    for (uint32_t round = 0; round < rounds; round++)
        press_all(r, events, round, &out);
    key_room_close(r);
    const char *deaf = out.deaf ? board_text(", %zu times nothing heard", out.deaf) : "";
    board_line(id, what, "all told, 0 readable", board_text("%u told, %zu readable%s", out.right, out.readable, deaf),
               out.right == out.pressed && out.readable == 0 && out.deaf == 0);
}

int main(int argc, char **argv)
{
    board_open(argc, argv, "keys", "Digits that are not passed on: -30 dBm0, 15 dB above the noise");
    for (int id = 0; id < CODEC_COUNT; id++) {
        line((enum codec_id)id, "tones", false, 0);
        line((enum codec_id)id, "events", true, 0);
    }
    line(CODEC_PCMU, "jitter", true, 80000);
    line(CODEC_OPUS, "jitter", true, 80000);
    return board_close();
}
