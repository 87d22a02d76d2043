/*
 * A steady 1013 Hz through a conference of three, for every pair of codecs: the talker has the first, the other two the
 * second. One of these talks too (silence) and so has a mix of its own, the other only listens; the worse of both
 * counts. Breaks and holes are those of media/tone.h: in windows of 10 ms a step of 10 degrees or of 1 dB between
 * neighbours, and a level 6 dB too low. The level is that of each whole second. The first 2 s are left out.
 */
#include <math.h>
#include <string.h>

#include "board.h"
#include "scene.h"

static bool is_g711(enum codec_id id)
{
    return id == CODEC_PCMU || id == CODEC_PCMA;
}

/* G.722 and Opus code what is left after prediction or transformation: no bound on one tone's level comes with them. */
static double level_limit_db(enum codec_id a, enum codec_id b)
{
    bool plain_a = is_g711(a) || codec_is_exact(a), plain_b = is_g711(b) || codec_is_exact(b);
    if (!plain_a || !plain_b) return 0.5;
    return is_g711(a) && is_g711(b) && a != b ? 0.3 : 0.05;
}

static struct steadiness measure(enum codec_id a, enum codec_id b, uint32_t seconds)
{
    struct scene s;
    struct steadiness worst = {0};
    scene_open(&s);
    scene_join(&s, phone(a, 7300), true, true, true);
    struct person *silent = scene_join(&s, phone(b, 12100), true, true, true);
    struct person *listener = scene_join(&s, phone(b, 12100), false, false, true);
    silent->mute = true;
    scene_run_ms(&s, 2000);
    person_watch(silent, SCENE_TONE_HZ, SCENE_LEVEL_DBFS);
    person_watch(listener, SCENE_TONE_HZ, SCENE_LEVEL_DBFS);
    for (uint32_t i = 0; i < seconds; i++) {
        person_listen(silent, 1000);
        person_listen(listener, 1000);
        scene_run_ms(&s, 1000);
        person_judge(silent, &worst);
        person_judge(listener, &worst);
    }
    scene_close(&s);
    return worst;
}

static void pair(enum codec_id a, enum codec_id b, uint32_t seconds)
{
    const char *id = board_text("steady/%s-%s", codec_label(a), codec_label(b));
    const char *what = board_text("%s to %s, %u s", codec_label(a), codec_label(b), seconds);
    if (!board_wants(id, what)) return;
    struct steadiness h = measure(a, b, seconds);
    double limit = level_limit_db(a, b);
    board_share(id, what, board_text("0 breaks, 0 holes, level within %.2f dB", limit),
                board_text("%llu breaks, %llu holes, %.3f dB", (unsigned long long)h.breaks,
                           (unsigned long long)h.holes, h.level_error_db),
                h.breaks == 0 && h.holes == 0 && h.level_error_db <= limit, h.level_error_db / limit);
}

int main(int argc, char **argv)
{
    board_open(argc, argv, "steady", "A steady 1013 Hz through a conference of three");
    uint32_t seconds = board_length(2, 20, 3600);
    for (int a = 0; a < CODEC_COUNT; a++) {
        for (int b = 0; b < CODEC_COUNT; b++)
            pair((enum codec_id)a, (enum codec_id)b, seconds);
    }
    return board_close();
}
