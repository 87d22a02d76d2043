/*
 * Every conversion between 8, 16 and 48 kHz, as the engine makes it (media/resample.h): sines of -6 dBFS from 50 Hz up
 * to 85 % of the lower Nyquist frequency in steps of 50 Hz, each for a second from its 100th millisecond on. Flatness
 * is the largest deviation of the level. Images, aliases and all else that is not the sine: the power of what is left
 * of the output when the sine has been taken out, against the sine. The delay is the largest group delay, from the
 * phases of neighbouring sines.
 *
 * What a phone says above the lower Nyquist frequency must not come back below it either: sines from 115 % of it on.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "media/codec.h"
#include "media/resample.h"
#include "media/tone.h"

enum { STEP_HZ = 50, FRAMES = 50, SETTLE_FRAMES = 5 };

static const double level_dbfs = -6.0;

struct figures {
    double flatness_db, rest_db, delay_ms;
};

static struct resample_bank *bank;
static int16_t heard[FRAMES * FRAME_SAMPLES_MAX];

static void convert(uint32_t from_hz, uint32_t to_hz, double hz, uint32_t frames)
{
    struct tone tone;
    struct resample_line line;
    tone_init(&tone, from_hz, hz, level_dbfs);
    resample_line_init(&line);
    for (uint32_t i = 0; i < frames; i++) {
        int16_t said[FRAME_SAMPLES_MAX], *out = heard + i * frame_samples(to_hz);
        tone_read(&tone, said, frame_samples(from_hz));
        if (!resample_frame(bank, &line, from_hz, said, to_hz, out)) memset(out, 0, frame_samples(to_hz) * sizeof *out);
        resample_line_put(&line, from_hz, said);
    }
}

static struct tone_reading reading(uint32_t to_hz, double hz, uint32_t frames)
{
    uint32_t first = SETTLE_FRAMES * frame_samples(to_hz);
    return tone_measure(heard + first, (frames - SETTLE_FRAMES) * frame_samples(to_hz), to_hz, hz, first);
}

static struct figures sweep(uint32_t from_hz, uint32_t to_hz, uint32_t frames, uint32_t step_hz)
{
    struct figures f = {.rest_db = -200};
    double nyquist_hz = (from_hz < to_hz ? from_hz : to_hz) / 2.0, before_deg = 0;
    for (uint32_t hz = step_hz; hz <= 0.85 * nyquist_hz; hz += step_hz) {
        convert(from_hz, to_hz, hz, frames);
        struct tone_reading r = reading(to_hz, hz, frames);
        f.flatness_db = fmax(f.flatness_db, fabs(r.level_dbfs - level_dbfs));
        f.rest_db = fmax(f.rest_db, r.residual_dbfs - r.level_dbfs);
        double turned_deg = remainder(before_deg - r.phase_deg, 360.0);
        f.delay_ms = fmax(f.delay_ms, 1000.0 * turned_deg / 360.0 / step_hz);
        before_deg = r.phase_deg;
    }
    return f;
}

static double folded_back(uint32_t from_hz, uint32_t to_hz, uint32_t frames, uint32_t step_hz)
{
    double worst = -200;
    uint32_t nyquist_hz = to_hz / 2;
    for (uint32_t hz = nyquist_hz * 115 / 100; hz < from_hz / 2; hz += step_hz) {
        convert(from_hz, to_hz, hz, frames);
        uint32_t first = SETTLE_FRAMES * frame_samples(to_hz);
        double left = tone_power_dbfs(heard + first, (frames - SETTLE_FRAMES) * frame_samples(to_hz));
        worst = fmax(worst, left - level_dbfs);
    }
    return worst;
}

static void conversion(uint32_t from_hz, uint32_t to_hz)
{
    const char *id = board_text("convert/%u-%u", from_hz / 1000, to_hz / 1000);
    const char *what = board_text("%u to %u kHz", from_hz / 1000, to_hz / 1000);
    if (!board_wants(id, what)) return;
    uint32_t frames = board_length(10, 30, FRAMES), step_hz = board_length(100, STEP_HZ, STEP_HZ);
    struct figures f = sweep(from_hz, to_hz, frames, step_hz);
    f.delay_ms = rint(f.delay_ms * 100.0) / 100.0; /* the fit has noise of its own: some hundredths of this */
    if (to_hz < from_hz) f.rest_db = fmax(f.rest_db, folded_back(from_hz, to_hz, frames, step_hz));
    board_share(id, what, "flat to 0.1 dB, images below -60 dB, 4 ms",
                board_text("%.3f dB, %.1f dB, %.2f ms", f.flatness_db, f.rest_db, f.delay_ms),
                f.flatness_db <= 0.1 && f.rest_db < -60 && f.delay_ms <= 4, fmax(f.flatness_db / 0.1, f.delay_ms / 4));
}

int main(int argc, char **argv)
{
    static const uint32_t rates[] = {8000, 16000, 48000};
    board_open(argc, argv, "convert", "Every conversion between 8, 16 and 48 kHz");
    if (resample_bank_create(&bank) != STATUS_OK) return 3;
    for (int from = 0; from < 3; from++) {
        for (int to = 0; to < 3; to++) {
            if (from != to) conversion(rates[from], rates[to]);
        }
    }
    resample_bank_destroy(bank);
    return board_close();
}
