/*
 * Loss: how far what is heard of speech is from what would have been heard, had nothing been lost.
 *
 * Sentences of espeak-ng are encoded in packets of 20 ms (L16/48: 10 ms) and put into a playout buffer, all of them or
 * with some left out; the same are lost for everybody who is compared. "random": each packet for itself; "bursty": two
 * in a row on average (a chain of two states), at the same rate.
 *
 * The measure is the log-spectral distance over the frames in which something was lost and the 40 ms that follow each:
 * frames as long as a packet under a Hann window, each half of one later; power in bands a Bark wide (Zwicker's) from
 * 100 Hz to 3.4 kHz (7 kHz at 16 kHz and above), in dB, nothing below 80 dB under a full-scale sine, which is about
 * what the ear hears in a quiet room; the root of the mean square difference over the bands of a frame, and its mean
 * over frames. In narrower bands two stretches of the very same hiss differ by 7 dB, which nobody hears. Frames in
 * which the speaker is silent (below -50 dBFS) are left out.
 *
 * Compared are: silence in place of what was lost, the decoder going on as if nothing had been; for Opus libopus itself
 * (opus_decode() without data); and with in-band FEC offered (useinbandfec, packet loss percentage set as RTCP would
 * have told) against libopus without using it. The first 5 s are for learning and are not measured. The bridge's output
 * is laid against the reference by correlation, anew after every splice. What lies within 120 ms of a splice, or in a
 * piece of less than half a second between two, cannot be laid against anything and is left out for all; the least
 * share of the frames that were compared all the same, over the rates of a line, is told, and is to be 90 % at least.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "playout_rig.h"
#include "speech.h"

enum { LEARN_MS = 5000, AFTER_MS = 40, MARGIN_MS = 300, BANDS_MAX = 24 };

/* A stream of packets, of which some are lost. */
struct stream {
    const struct codec *codec;
    uint32_t rate_hz, ms, packet; /* samples in a packet */
    size_t packets;
    uint8_t (*payloads)[CODEC_PAYLOAD_OUT_MAX];
    uint16_t *lens;
    bool *lost;
    uint8_t *bridged; /* frames in which the bridge was measured: nobody else is in others */
    size_t samples;
    int16_t *reference;
};

static void *grab(size_t count, size_t size)
{
    void *at = calloc(count + 1, size);
    if (!at) abort();
    return at;
}

/* ---- what is compared ---- */

enum gap { GAP_SILENT, GAP_CODEC, GAP_NONE };

/* A decoder by itself, no buffer before it. */
static int16_t *decode_all(const struct stream *s, enum gap gap)
{
    void *decoder = grab(1, codec_decoder_bytes(s->codec));
    int16_t *out = grab(s->samples, sizeof *out);
    if (s->codec->decoder_init) s->codec->decoder_init(decoder);
    for (size_t i = 0; i < s->packets; i++) {
        int16_t *pcm = out + i * s->packet;
        size_t got;
        if (gap != GAP_NONE && s->lost[i]) {
            if (gap == GAP_CODEC) s->codec->conceal(decoder, NULL, 0, pcm, s->packet);
        } else if (s->codec->decode(decoder, s->payloads[i], s->lens[i], pcm, s->packet, &got) != STATUS_OK) {
            abort();
        }
    }
    free(decoder);
    return out;
}

/* What comes out of the bridge's buffer, tick by tick, and where it was spliced. */
struct heard {
    int16_t *pcm;
    size_t samples;
    uint64_t *splices; /* until each tick */
};

static struct heard play_all(const struct stream *s)
{
    struct playout *playout;
    struct playout_config config = {.codec = s->codec};
    if (playout_create(&playout, &config) != STATUS_OK) abort();
    size_t frame = frame_samples(s->rate_hz), ticks = s->samples / frame;
    struct heard h = {grab(s->samples, sizeof *h.pcm), ticks * frame, grab(ticks, sizeof *h.splices)};
    int64_t packet_us = (int64_t)s->packet * 1000 / s->ms, begin_us = 1000000;
    size_t next = 0;
    for (size_t tick = 0; tick < ticks; tick++) {
        int64_t now_us = begin_us + (int64_t)tick * 20000;
        for (; next < s->packets && (int64_t)(next + 1) * packet_us - 13000 <= (int64_t)tick * 20000; next++) {
            struct playout_packet packet = {
                .seq = (uint16_t)next,
                .timestamp = (uint32_t)(next * s->packet * s->codec->clock_hz / s->rate_hz),
                .payload = s->payloads[next],
                .len = s->lens[next],
                .arrival_us = begin_us + (int64_t)(next + 1) * packet_us - 13000,
            };
            if (!s->lost[next]) (void)playout_put(playout, &packet);
        }
        (void)playout_get(playout, now_us, h.pcm + tick * frame);
        struct playout_stats stats = playout_get_stats(playout);
        h.splices[tick] = stats.shrinks + stats.stretches;
    }
    playout_destroy(playout);
    return h;
}

/* ---- the measure ---- */

struct spectrum {
    uint32_t frame_ms, line_hz; /* lines lie so far from each other */
    uint32_t rate_hz, length, lines, bands;
    uint32_t begins[BANDS_MAX + 1]; /* first line of each band */
    float *window, *cosine, *sine;  /* of a frame; of each line */
};

static const uint32_t edges_hz[] = {100,  200,  300,  400,  510,  630,  770,  920,  1080, 1270, 1480,
                                    1720, 2000, 2320, 2700, 3150, 3700, 4400, 5300, 6400, 7700};

static struct spectrum spectrum_make(const struct stream *s)
{
    uint32_t rate_hz = s->rate_hz > 16000 ? 16000 : s->rate_hz, frame_ms = s->packet / s->ms;
    struct spectrum sp = {.frame_ms = frame_ms, .line_hz = 1000 / frame_ms, .rate_hz = rate_hz};
    sp.length = rate_hz * frame_ms / 1000;
    uint32_t top_hz = rate_hz > 8000 ? 7000 : 3400;
    sp.lines = top_hz / sp.line_hz;
    for (sp.bands = 0; edges_hz[sp.bands] < top_hz; sp.bands++)
        sp.begins[sp.bands] = (edges_hz[sp.bands] + sp.line_hz - 1) / sp.line_hz;
    sp.begins[sp.bands] = sp.lines;
    sp.window = grab(sp.length, sizeof *sp.window);
    sp.cosine = grab(sp.length * sp.lines, sizeof *sp.cosine);
    sp.sine = grab(sp.length * sp.lines, sizeof *sp.sine);
    for (uint32_t i = 0; i < sp.length; i++) {
        sp.window[i] = (float)(0.5 - 0.5 * cos(2 * M_PI * (i + 0.5) / sp.length));
        for (uint32_t line = 0; line < sp.lines; line++) {
            double turn = 2 * M_PI * sp.line_hz * line / rate_hz * i;
            sp.cosine[line * sp.length + i] = (float)cos(turn);
            sp.sine[line * sp.length + i] = (float)sin(turn);
        }
    }
    return sp;
}

static void spectrum_free(struct spectrum *sp)
{
    free(sp->window);
    free(sp->cosine);
    free(sp->sine);
}

static float line_power(const struct spectrum *sp, const float *windowed, uint32_t line)
{
    float re = 0, im = 0;
    for (uint32_t i = 0; i < sp->length; i++) {
        re += windowed[i] * sp->cosine[line * sp->length + i];
        im += windowed[i] * sp->sine[line * sp->length + i];
    }
    return re * re + im * im;
}

static void measure_bands(const struct spectrum *sp, const int16_t *pcm, float *db)
{
    float windowed[48 * 20], full = 32767.0f * (float)sp->length / 4; /* a sine of full scale has 0 dB */
    for (uint32_t i = 0; i < sp->length; i++)
        windowed[i] = sp->window[i] * (float)pcm[i];
    for (uint32_t b = 0; b < sp->bands; b++) {
        float power = 0;
        for (uint32_t line = sp->begins[b]; line < sp->begins[b + 1]; line++)
            power += line_power(sp, windowed, line);
        db[b] = fmaxf(10 * log10f(power / (full * full) + 1e-12f), -80);
    }
}

static double distance(const struct spectrum *sp, const int16_t *a, const int16_t *b)
{
    float of_a[BANDS_MAX], of_b[BANDS_MAX];
    double sum = 0;
    measure_bands(sp, a, of_a);
    measure_bands(sp, b, of_b);
    for (uint32_t i = 0; i < sp->bands; i++)
        sum += (double)((of_a[i] - of_b[i]) * (of_a[i] - of_b[i]));
    return sqrt(sum / sp->bands);
}

static bool is_spoken(const struct spectrum *sp, const int16_t *pcm)
{
    double sum = 0;
    for (uint32_t i = 0; i < sp->length; i++)
        sum += (double)pcm[i] * pcm[i];
    return sum / sp->length > 32768.0 * 32768.0 / 2 * 1e-5;
}

/* Is anything of this frame lost, or follows a loss? */
static bool is_touched(const struct stream *s, double from_ms)
{
    double packet_ms = (double)s->packet / s->ms;
    long first = (long)((from_ms - AFTER_MS) / packet_ms), last = (long)((from_ms + packet_ms - 0.01) / packet_ms);
    for (long i = first < 0 ? 0 : first; i <= last && i < (long)s->packets; i++) {
        if (s->lost[i]) return true;
    }
    return false;
}

struct mean {
    double sum;
    uint64_t count;
    uint64_t touched; /* frames with a loss in or before them; those that are not compared, too */
};

/* Over [from, to) ms of the reference, `shift` ms later in what is heard. */
static void compare(const struct stream *s, const struct spectrum *sp, const int16_t *reference, const int16_t *heard,
                    double from_ms, double to_ms, long shift, bool bridge, struct mean *mean)
{
    for (double at_ms = from_ms; at_ms + sp->frame_ms <= to_ms; at_ms += 0.5 * sp->frame_ms) {
        const int16_t *a = reference + (long)(at_ms * sp->rate_hz / 1000);
        uint8_t *bridged = &s->bridged[(size_t)(at_ms * 2 / sp->frame_ms + 0.5)];
        if (bridge) *bridged = 1;
        if (!is_touched(s, at_ms) || !is_spoken(sp, a)) continue;
        mean->touched++;
        if (!*bridged) continue;
        mean->sum += distance(sp, a, heard + (long)(at_ms * sp->rate_hz / 1000) + shift);
        mean->count++;
    }
}

/* How many samples later than in `a` it is in `b`, looked for over some of it. */
static long find_shift(const int16_t *a, const int16_t *b, size_t count, long least, long most)
{
    double best = -1;
    long at = 0;
    for (long d = least; d <= most; d++) {
        double ab = 0, bb = 1;
        for (size_t i = 0; i < count; i += 3) {
            ab += (double)a[i] * b[(long)i + d];
            bb += (double)b[(long)i + d] * b[(long)i + d];
        }
        if (ab > 0 && ab * ab / bb > best) {
            best = ab * ab / bb;
            at = d;
        }
    }
    return at;
}

/* At most 16 kHz: what lies above the highest band costs time only. */
static int16_t *for_ears(const int16_t *pcm, size_t count, uint32_t rate_hz, size_t *n)
{
    uint32_t to_hz = rate_hz > 16000 ? 16000 : rate_hz;
    if (to_hz != rate_hz) return speech_convert(pcm, count, rate_hz, to_hz, n);
    int16_t *copy = grab(count, sizeof *copy);
    memcpy(copy, pcm, count * sizeof *copy);
    *n = count;
    return copy;
}

/* The share of frames in which the bridge could be compared goes into `share`. */
static double distance_of(const struct stream *s, const int16_t *pcm, double *share)
{
    struct spectrum sp = spectrum_make(s);
    size_t n, m;
    int16_t *a = for_ears(s->reference, s->samples, s->rate_hz, &n), *b = for_ears(pcm, s->samples, s->rate_hz, &m);
    struct mean mean = {0};
    double end_ms = (double)(n < m ? n : m) * 1000 / sp.rate_hz;
    compare(s, &sp, a, b, LEARN_MS, end_ms - MARGIN_MS, 0, false, &mean);
    spectrum_free(&sp);
    free(a);
    free(b);
    *share = mean.touched ? (double)mean.count / (double)mean.touched : 0;
    return mean.count ? mean.sum / (double)mean.count : 0;
}

/* The bridge: piece by piece between its splices. */
static double distance_of_bridge(const struct stream *s)
{
    struct heard h = play_all(s);
    struct spectrum sp = spectrum_make(s);
    size_t n, m;
    int16_t *a = for_ears(s->reference, s->samples, s->rate_hz, &n), *b = for_ears(h.pcm, h.samples, s->rate_hz, &m);
    struct mean mean = {0};
    size_t ticks = h.samples / frame_samples(s->rate_hz), last = ticks - MARGIN_MS / 20;
    for (size_t from = LEARN_MS / 20, to; from < last; from = to) {
        for (to = from + 1; to < last && h.splices[to] == h.splices[from];)
            to++;
        if (to - from < 25) continue;
        size_t at = (from + 10) * 20 * sp.rate_hz / 1000, length = (to - from - 20 < 100 ? to - from - 20 : 100) * 20;
        long shift = find_shift(a + at, b + at, length * sp.rate_hz / 1000, -(long)(sp.rate_hz / 1000) * 10,
                                (long)(sp.rate_hz / 1000) * 120);
        compare(s, &sp, a, b, (double)(from + 6) * 20, (double)(to - 6) * 20, shift, true, &mean);
    }
    spectrum_free(&sp);
    free(a);
    free(b);
    free(h.pcm);
    free(h.splices);
    return mean.count ? mean.sum / (double)mean.count : 0;
}

/* ---- streams ---- */

static void stream_open(struct stream *s, enum codec_id id, const struct codec_params *params, const int16_t *speech,
                        size_t count, uint32_t seconds)
{
    memset(s, 0, sizeof *s);
    s->codec = codec_by_id(id);
    s->rate_hz = s->codec->rate_hz;
    s->ms = s->rate_hz / 1000;
    s->packet = codec_packet_ms(s->codec, 20) * s->ms;
    s->packets = (size_t)seconds * s->rate_hz / s->packet;
    s->samples = s->packets * s->packet;
    s->payloads = grab(s->packets, sizeof *s->payloads);
    s->lens = grab(s->packets, sizeof *s->lens);
    s->lost = grab(s->packets, sizeof *s->lost);
    s->bridged = grab(2 * s->packets, sizeof *s->bridged);
    void *encoder = grab(1, codec_encoder_bytes(s->codec));
    int16_t *pcm = grab(s->packet, sizeof *pcm);
    if (s->codec->encoder_init) s->codec->encoder_init(encoder, params);
    for (size_t i = 0, at = 0; i < s->packets; i++) {
        for (size_t k = 0; k < s->packet; k++, at++)
            pcm[k] = speech[at % count];
        s->lens[i] = (uint16_t)s->codec->encode(encoder, pcm, s->packet, s->payloads[i], sizeof s->payloads[i]);
    }
    free(encoder);
    free(pcm);
    s->reference = decode_all(s, GAP_NONE);
}

static void stream_close(struct stream *s)
{
    free(s->payloads);
    free(s->lens);
    free(s->lost);
    free(s->bridged);
    free(s->reference);
}

static void stream_lose(struct stream *s, double loss, double burst)
{
    struct rng rng;
    bool losing = false;
    rng_init(&rng, 11);
    for (size_t i = 0; i < s->packets; i++)
        s->lost[i] = i > 100 && rig_draw_loss(&rng, loss, burst, &losing);
}

/* ---- lines ---- */

static const double rates[] = {0.01, 0.05, 0.10, 0.20};
enum { RATES = sizeof rates / sizeof rates[0] };

/* Of the frames that could be compared. */
static const double share_limit = 0.9;

/* With fec: the encoder of each rate knows the rate. Prints both comparisons. */
static void line(const char *name, enum codec_id id, const struct codec_params *base, bool fec, double burst,
                 const int16_t *speech, size_t count, uint32_t seconds)
{
    const char *way = burst > 1 ? "bursty" : "random";
    bool brief = board_length(1, 0, 0);
    const char *ident = board_text("loss/%s-%s", name, way);
    const char *what = board_text("%s, %s loss of %s%%, %u s of speech", name, way,
                                  brief ? "5, 20 "
                                  : fec ? "5, 10, 20 "
                                        : "1, 5, 10, 20 ",
                                  seconds);
    if (!board_wants(ident, what)) return;
    double worst = 0, worst_own = 0, least_share = 1;
    bool measured = true;
    const char *against_silence = "", *against_own = "";
    for (int i = 0; i < RATES; i++) {
        struct stream s;
        struct codec_params params = *base;
        if ((fec && i == 0) || (brief && i % 2 == 0)) continue;
        if (fec) params.loss_percent = (uint8_t)(rates[i] * 100);
        /* Few packets of a hundred are lost: more of them are asked for. */
        stream_open(&s, id, &params, speech, count, i == 0 ? 3 * seconds : seconds);
        stream_lose(&s, rates[i], burst);
        double bridge = distance_of_bridge(&s);
        int16_t *silent = decode_all(&s, GAP_SILENT);
        double share, silence = distance_of(&s, silent, &share);
        measured = measured && bridge > 0 && silence > 0;
        least_share = fmin(least_share, share);
        free(silent);
        against_silence = board_text("%s%s%.2f", against_silence, *against_silence ? ", " : "", bridge / silence);
        worst = fmax(worst, bridge / silence);
        if (s.codec->conceal) {
            int16_t *plain = decode_all(&s, GAP_CODEC);
            double own = distance_of(&s, plain, &share);
            measured = measured && own > 0;
            free(plain);
            against_own = board_text("%s%s%.2f", against_own, *against_own ? ", " : "", bridge / own);
            worst_own = fmax(worst_own, bridge / own);
        }
        stream_close(&s);
    }
    if (!*against_own) {
        board_share(ident, what, "at most 0.70 of silence's distance",
                    board_text("%s (%.0f %% compared)", against_silence, 100 * least_share),
                    measured && least_share >= share_limit && worst <= 0.7, worst / 0.7);
        return;
    }
    board_share(ident, what,
                fec ? "at most 0.70 of silence's distance, less than libopus's own"
                    : "at most 0.70 of silence's distance, 1.00 of libopus's own",
                board_text("%s; %s (%.0f %% compared)", against_silence, against_own, 100 * least_share),
                measured && least_share >= share_limit && worst <= 0.7 && worst_own <= (fec ? 0.995 : 1.005),
                fmax(worst / 0.7, fmin(worst_own, fec ? worst_own : 1.0)));
}

int main(int argc, char **argv)
{
    static const struct codec_params usual, fec = {.fec = true};
    static const enum codec_id codecs[] = {CODEC_PCMU,   CODEC_PCMA,   CODEC_G722, CODEC_L16_8,
                                           CODEC_L16_16, CODEC_L16_48, CODEC_OPUS};
    static const char *const names[] = {"PCMU", "PCMA", "G722", "L16/8", "L16/16", "L16/48", "opus"};
    board_open(argc, argv, "loss",
               "Loss: log-spectral distance of what is heard, against silence in place of what is lost");
    uint32_t seconds = board_length(12, 25, 300);
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        size_t count;
        int16_t *speech = speech_make(codec_by_id(codecs[i])->rate_hz, &count);
        line(names[i], codecs[i], &usual, false, 1, speech, count, seconds);
        line(names[i], codecs[i], &usual, false, 2, speech, count, seconds);
        if (codecs[i] == CODEC_OPUS) line("opus+FEC", codecs[i], &fec, true, 1, speech, count, seconds);
        free(speech);
    }
    return board_close();
}
