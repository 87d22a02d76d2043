#include "media/e_model.h"

#include <assert.h>
#include <math.h>

static const double wideband_best = 129, wideband_share = 1.29;

struct e_model e_model_defaults(void)
{
    return (struct e_model){
        .slr = 8,
        .rlr = 2,
        .stmr = 15,
        .dr = 3,
        .ds = 3,
        .telr = 65,
        .wepl = 110,
        .qdu = 1,
        .bpl = 4.3,
        .burst_ratio = 1,
        .nc = -70,
        .nfor = -64,
        .ps = 35,
        .pr = 35,
    };
}

static double square(double x)
{
    return x * x;
}

/* The sum of two powers given in dB, and so on. */
static double power(double db)
{
    return pow(10, db / 10);
}

/* The n-th root of 1 + x^n: close to 1 for small x, to x for large. G.107 uses it all over. */
static double bend(double x, double n)
{
    return pow(1 + pow(x, n), 1 / n);
}

/* G.107 7.2: the sum of all noise, dBm0p. */
static double noise(const struct e_model *m)
{
    double olr = m->slr + m->rlr;
    double send_room = m->ps - m->slr - m->ds - 100 + 0.004 * square(m->ps - olr - m->ds - 14);
    double room = m->pr + 10 * log10(1 + power(10 - (m->stmr + m->dr)));
    double receive_room = m->rlr - 121 + room + 0.008 * square(room - 35);
    return 10 * log10(power(m->nc) + power(send_room) + power(receive_room) + power(m->nfor + m->rlr));
}

static double sidetone_impairment(const struct e_model *m)
{
    double stmr = -10 * log10(power(-m->stmr) + exp(-m->t / 4) * power(-m->telr));
    return 12 * bend((stmr - 13) / 6, 8) - 28 * bend((stmr + 1) / 19.4, 35) - 13 * bend((stmr - 3) / 33, 13) + 29;
}

/* G.107 7.3 */
static double simultaneous_impairment(const struct e_model *m, double no, double ro)
{
    double loudness = m->slr + m->rlr + 0.2 * (64 + no - m->rlr);
    double too_loud = 20 * (bend(loudness / 8, 8) - loudness / 8);
    double q = 37 - 15 * log10(m->qdu);
    double g = 1.07 + 0.258 * q + 0.0602 * square(q);
    double y = (ro - 100) / 15 + 46 / 8.4 - g / 9, z = 46.0 / 30 - g / 40;
    double quantising = 15 * log10(1 + pow(10, y) + pow(10, z));
    return too_loud + sidetone_impairment(m) + quantising;
}

static double talker_echo(const struct e_model *m, double no)
{
    double st = sidetone_impairment(m);
    double terv = m->telr - 40 * log10((1 + m->t / 10) / (1 + m->t / 150)) + 6 * exp(-0.3 * square(m->t));
    if (m->stmr < 9) terv += st / 2;
    double less = -1.5 * (no - m->rlr) - (80 + 2.5 * (terv - 14));
    double echo = (less / 2 + sqrt(square(less) / 4 + 100) - 1) * (1 - exp(-m->t));
    return m->stmr > 20 ? sqrt(square(echo) + square(st)) : echo;
}

/* Of too long a way, with no echo at all; the same on both scales. */
static double absolute_delay(double delay_ms)
{
    if (delay_ms <= 100) return 0;
    double x = log2(delay_ms / 100);
    return 25 * (bend(x, 6) - 3 * bend(x / 3, 6) + 2);
}

/* G.107 7.4 */
static double delay_impairment(const struct e_model *m, double no, double ro)
{
    double less = ro - 10.5 * (m->wepl + 7) * pow(m->tr + 1, -0.25);
    double listener_echo = less / 2 + sqrt(square(less) / 4 + 169);
    return talker_echo(m, no) + listener_echo + absolute_delay(m->ta);
}

/* G.107 7.5, G.107.1 7.5 */
static double equipment_impairment(double ie, double bpl, double ppl, double burst_ratio)
{
    return ppl > 0 ? ie + (95 - ie) * ppl / (ppl / burst_ratio + bpl) : ie;
}

double e_model_rate(const struct e_model *m)
{
    double no = noise(m);
    double ro = 15 - 1.5 * (m->slr + no);
    return ro - simultaneous_impairment(m, no, ro) - delay_impairment(m, no, ro) -
           equipment_impairment(m->ie, m->bpl, m->ppl, m->burst_ratio) + m->a;
}

double e_model_mos(double rating)
{
    if (rating <= 0) return 1;
    if (rating >= 100) return 4.5;
    double mos = 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6;
    return mos > 1 ? mos : 1; /* the polynomial dips below it for the worst */
}

struct codec_figures {
    double ie, bpl;
    bool wideband; /* on the scale of G.107.1 */
};

static struct codec_figures figures_of(enum codec_id id)
{
    switch (id) {
    case CODEC_PCMU:
    case CODEC_PCMA:
    case CODEC_L16_8: return (struct codec_figures){.ie = 0, .bpl = 25.1};
    case CODEC_G722: return (struct codec_figures){.ie = 13, .bpl = 15, .wideband = true};
    case CODEC_L16_16:
    case CODEC_L16_48: return (struct codec_figures){.ie = 0, .bpl = 15, .wideband = true};
    case CODEC_OPUS: return (struct codec_figures){.ie = 5, .bpl = 15, .wideband = true};
    case CODEC_COUNT: break;
    }
    assert(false && "no such codec");
    return (struct codec_figures){0};
}

struct e_model_estimate e_model_estimate(const struct e_model_path *path)
{
    struct codec_figures codec = figures_of(path->codec);
    double burst_ratio = path->burst_ratio > 1 ? path->burst_ratio : 1;
    struct e_model_estimate out = {.wideband = codec.wideband};
    if (codec.wideband) {
        out.rating = wideband_best - absolute_delay(path->delay_ms) -
                     equipment_impairment(codec.ie, codec.bpl, path->loss_percent, burst_ratio);
        out.mos = e_model_mos(out.rating / wideband_share);
    } else {
        struct e_model m = e_model_defaults();
        m.t = m.ta = path->delay_ms;
        m.tr = 2 * path->delay_ms;
        m.ie = codec.ie;
        m.bpl = codec.bpl;
        m.ppl = path->loss_percent;
        m.burst_ratio = burst_ratio;
        out.rating = e_model_rate(&m);
        out.mos = e_model_mos(out.rating);
    }
    return out;
}
