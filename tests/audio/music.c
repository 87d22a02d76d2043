/*
 * Wait music.
 *
 * start: somebody joins an empty conference that waits, at phases spread over the tick; from the command that joins it
 * (which is what answers the call) to the sending of the packet that holds the first sample of the music above -40
 * dBFS.
 *
 * loop: a sine of 1013 Hz that lasts one second, looped; no frame is a whole number of its periods, so that one that is
 * dropped or comes twice is heard. Breaks and holes as in the first group, and over L16 the largest window of 5 ms of
 * the first three seconds besides the tone (residual.h).
 *
 * seam: the music that is shipped (audio/wait.wav), twice around: the largest step between two neighbouring samples
 * at the seam itself, against the largest within 20 ms of it.
 *
 * fade: the conference starts at phases spread over the tick. From the first sample of the packet of the tick that is
 * reported for that, to the last sample of music that is not 0: the 10 ms of the fade, the 2 ms that every mix is late,
 * and where the music is converted to the codec's rate the 4 ms of that. All packets after it are silent. The residual
 * is that around the fade.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "media/sound.h"
#include "scene.h"

enum { MUSIC_HZ = 1013, WAV_HEADER_BYTES = 44, WAV_RATE_HZ = 16000, PHASES_MAX = 200 };

static const double music_dbfs = -12;

static struct sound *sine(uint32_t rate_hz)
{
    return sim_tone(rate_hz, MUSIC_HZ, music_dbfs, rate_hz);
}

static void set_music(struct scene *s, struct sound *music)
{
    sim_command(&s->sim,
                (struct core_command){.type = CORE_CONFERENCE_MUSIC, .conference = s->conference, .sound = music});
}

static double started_ms(enum codec_id codec, uint32_t phase_us)
{
    struct scene s;
    scene_open(&s);
    struct sound *music = sine(SIM_RATE_HZ);
    set_music(&s, music);
    scene_audio(&s, ENGINE_AUDIO_WAIT);
    sim_run(&s.sim, 40000 + phase_us);
    int64_t joined_us = s.sim.now_us;
    struct person *p = scene_join(&s, phone(codec, 0), true, true, true);
    p->mute = true;
    double ms = INFINITY;
    person_listen(p, 200);
    for (int i = 0; i < 200 && isinf(ms); i++) {
        scene_run_ms(&s, 1);
        for (size_t k = 0; k < p->kept_count; k++) {
            if (abs(p->kept[k]) > 327) ms = (double)(p->party->last_heard_us - joined_us) / 1000.0;
        }
    }
    scene_close(&s);
    sound_destroy(music);
    return ms;
}

static void start(enum codec_id codec)
{
    uint32_t phases = board_length(4, 40, PHASES_MAX);
    const char *id = board_text("music/start-%s", codec_label(codec));
    const char *what = board_text("starts after joining, %s, %u phases", codec_label(codec), phases);
    if (!board_wants(id, what)) return;
    double worst = 0;
    for (uint32_t i = 0; i < phases; i++)
        worst = fmax(worst, started_ms(codec, 20000 * i / phases));
    board_at_most(id, what, "ms", 60, worst);
}

/* One listener in a conference that waits with the music given. */
static struct person *wait_with(struct scene *s, enum codec_id codec, struct sound *music)
{
    scene_open(s);
    set_music(s, music);
    scene_audio(s, ENGINE_AUDIO_WAIT);
    struct person *p = scene_join(s, phone(codec, 0), false, true, true);
    scene_run_ms(s, 500);
    return p;
}

static void loop(enum codec_id codec)
{
    uint32_t seconds = board_length(3, 20, 600);
    const char *id = board_text("music/loop-%s", codec_label(codec));
    const char *what = board_text("loops over %s, %u s, clicks in the first 3 s", codec_label(codec), seconds);
    if (!board_wants(id, what)) return;
    struct scene s;
    struct sound *music = sine(SIM_RATE_HZ);
    struct person *p = wait_with(&s, codec, music);
    person_watch(p, MUSIC_HZ, music_dbfs);
    person_listen(p, 3000);
    scene_run_ms(&s, seconds * 1000);
    double largest_dbfs = person_residual_dbfs(p, MUSIC_HZ);
    board_share(id, what, "0 breaks, 0 holes, 5 ms windows up to -50 dBFS",
                board_text("%llu breaks, %llu holes, %.1f dBFS", (unsigned long long)p->watch.breaks,
                           (unsigned long long)p->watch.holes, largest_dbfs),
                p->watch.breaks == 0 && p->watch.holes == 0 && largest_dbfs <= -50, pow(10, (largest_dbfs + 50) / 20));
    scene_close(&s);
    sound_destroy(music);
}

/* The samples of the file that is shipped. */
static int16_t *shipped(size_t *count)
{
    FILE *file = fopen(SHIPPED_MUSIC, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) abort();
    *count = ((size_t)ftell(file) - WAV_HEADER_BYTES) / sizeof(int16_t);
    int16_t *pcm = malloc(*count * sizeof *pcm);
    if (!pcm || fseek(file, WAV_HEADER_BYTES, SEEK_SET) != 0 || fread(pcm, sizeof *pcm, *count, file) != *count)
        abort();
    fclose(file);
    return pcm;
}

static void seam(void)
{
    const char *id = "music/seam", *what = "the seam of the music that is shipped";
    if (!board_wants(id, what)) return;
    size_t count, near = WAV_RATE_HZ / 1000 * 20;
    int16_t *pcm = shipped(&count);
    int at_seam = abs(pcm[0] - pcm[count - 1]), elsewhere = 0;
    for (size_t i = 1; i < near; i++) {
        int after = abs(pcm[i] - pcm[i - 1]), before = abs(pcm[count - i] - pcm[count - i - 1]);
        elsewhere = after > elsewhere ? after : elsewhere;
        elsewhere = before > elsewhere ? before : elsewhere;
    }
    free(pcm);
    board_share(id, what, board_text("a step up to %d, as beside it", elsewhere), board_text("%d", at_seam),
                at_seam <= elsewhere && elsewhere > 0, (double)at_seam / elsewhere);
}

struct faded {
    double gone_ms, least_ms, largest_dbfs;
    bool silent;
};

static struct faded fade_at(enum codec_id codec, uint32_t phase_us)
{
    struct scene s;
    struct sound *music = sine(SIM_RATE_HZ);
    struct person *p = wait_with(&s, codec, music);
    sim_run(&s.sim, phase_us);
    person_listen(p, 400);
    scene_run_ms(&s, 100);
    struct core_command command = {
        .type = CORE_CONFERENCE_AUDIO, .conference = s.conference, .audio = ENGINE_AUDIO_MIX};
    sim_commands(&s.sim, &command, 1, 7);
    scene_run_ms(&s, 320);
    size_t last = p->kept_count, rate = person_rate(p);
    while (last > 0 && p->kept[last - 1] == 0)
        last--;
    double first_ms = (double)(s.sim.done_us - p->kept_us) / 1000.0, last_ms = 1000.0 * (double)last / (double)rate;
    struct faded f = {.gone_ms = last_ms - first_ms,
                      .largest_dbfs = person_residual_dbfs(p, MUSIC_HZ),
                      .silent = last < p->kept_count};
    scene_close(&s);
    sound_destroy(music);
    return f;
}

static void fade(enum codec_id codec)
{
    uint32_t phases = board_length(4, 40, PHASES_MAX);
    const char *id = board_text("music/fade-%s", codec_label(codec));
    const char *what = board_text("fades as the conference starts, %s, %u phases", codec_label(codec), phases);
    if (!board_wants(id, what)) return;
    struct faded worst = {.least_ms = INFINITY, .largest_dbfs = -200, .silent = true};
    double most_ms = codec == CODEC_L16_8 ? 12 : 16;
    for (uint32_t i = 0; i < phases; i++) {
        struct faded f = fade_at(codec, 20000 * i / phases);
        worst.gone_ms = fmax(worst.gone_ms, f.gone_ms);
        worst.least_ms = fmin(worst.least_ms, f.gone_ms);
        worst.largest_dbfs = fmax(worst.largest_dbfs, f.largest_dbfs);
        worst.silent = worst.silent && f.silent;
    }
    board_share(id, what, board_text("gone 10 to %.0f ms into the tick, 5 ms windows up to -50 dBFS", most_ms),
                board_text("%.1f to %.1f ms into it, %.1f dBFS", worst.least_ms, worst.gone_ms, worst.largest_dbfs),
                worst.silent && worst.least_ms >= 10 && worst.gone_ms <= most_ms && worst.largest_dbfs <= -50,
                worst.gone_ms / most_ms);
}

int main(int argc, char **argv)
{
    board_open(argc, argv, "music", "Wait music");
    for (int id = 0; id < CODEC_COUNT; id++)
        start((enum codec_id)id);
    for (int id = CODEC_L16_8; id <= CODEC_L16_48; id++)
        loop((enum codec_id)id);
    seam();
    for (int id = CODEC_L16_8; id <= CODEC_L16_48; id++)
        fade((enum codec_id)id);
    return board_close();
}
