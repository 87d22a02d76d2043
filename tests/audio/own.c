/*
 * How much of its own voice a talker hears. All have the same codec. One says 1013 Hz; another says 701 Hz, so that the
 * talker's mix holds something; a third listens. In one second of what the talker and the listener hear, 1013 Hz is
 * fitted; the figure is the talker's reading against the listener's. For codecs with noise of their own the
 * limit is that noise: the power of the talker's second less that of both tones in it, on the same scale. In a whole
 * second the two are orthogonal, so that neither's power holds any of the other's. The first 2 s are left out.
 *
 * loud: the same with two others, all at -1 dBFS, so that the limiters work hard while it is measured.
 */
#include <math.h>

#include "board.h"
#include "scene.h"

static const double other_hz = 701, third_hz = 1333, nothing_db = -120;

struct own {
    double voice_db, noise_db;
    double heard_dbfs; /* by the listener */
};

static struct tone_reading reading(const struct person *p, double hz)
{
    return tone_measure(p->kept, p->kept_count, person_rate(p), hz, 0);
}

static double power(double dbfs)
{
    return pow(10, dbfs / 10);
}

static struct own measure(enum codec_id codec, double level_dbfs, bool third)
{
    struct scene s;
    scene_open(&s);
    struct person *talker = scene_join(&s, phone(codec, 7300), true, true, true);
    struct person *other = scene_join(&s, phone(codec, 12100), true, true, true);
    struct person *listener = scene_join(&s, phone(codec, 900), third, third, true);
    struct person *last = scene_join(&s, phone(codec, 16400), false, false, true);
    person_says(talker, SCENE_TONE_HZ, level_dbfs);
    person_says(other, other_hz, level_dbfs);
    person_says(listener, third_hz, level_dbfs);
    scene_run_ms(&s, 2000);
    person_listen(talker, 1000);
    person_listen(last, 1000);
    scene_run_ms(&s, 1100);
    double voice_dbfs = reading(last, SCENE_TONE_HZ).level_dbfs, own_dbfs = reading(talker, SCENE_TONE_HZ).level_dbfs;
    double noise = power(reading(talker, other_hz).residual_dbfs) - power(own_dbfs);
    struct own own = {.voice_db = fmax(nothing_db, own_dbfs - voice_dbfs),
                      .noise_db = 10 * log10(fmax(noise, 1e-20)) - voice_dbfs,
                      .heard_dbfs = voice_dbfs};
    scene_close(&s);
    return own;
}

static void line(enum codec_id codec, const char *kind, const char *about, double level_dbfs, bool third)
{
    const char *id = board_text("own/%s%s", codec_label(codec), kind);
    const char *what = board_text("own voice over %s, %s", codec_label(codec), about);
    if (!board_wants(id, what)) return;
    struct own own = measure(codec, level_dbfs, third);
    bool exact = codec_is_exact(codec);
    double limit = exact ? -60 : own.noise_db;
    board_share(id, what, board_text("below %.1f dB%s", limit, exact ? "" : ", the codec's noise"),
                board_text("%.1f dB", own.voice_db), own.voice_db < limit && own.heard_dbfs > level_dbfs - 12,
                pow(10, (own.voice_db - limit) / 20));
}

int main(int argc, char **argv)
{
    board_open(argc, argv, "own", "Own voice in one's own mix, against that voice as the others hear it");
    for (int id = 0; id < CODEC_COUNT; id++)
        line((enum codec_id)id, "", "one other talks", SCENE_LEVEL_DBFS, false);
    for (int id = CODEC_L16_8; id <= CODEC_L16_48; id++)
        line((enum codec_id)id, "-loud", "three talk at -1 dBFS", -1, true);
    return board_close();
}
