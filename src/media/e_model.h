/**
 * @file e_model.h  The E-model: what people would think of a connection, estimated from its delay, loss and codec.
 *
 * ITU-T G.107 in full for narrowband: a rating R of 93.2 with every parameter at its default, and a mean opinion score
 * of 4.41. Wideband codecs are rated on the scale of G.107.1, which goes to 129, by what that recommendation has for
 * codec, loss and delay alone; its score is a judgement among wideband connections, so that the two scores must not be
 * compared. Codecs with more than 7 kHz are rated as wideband.
 *
 * Where Ie and Bpl of our codecs are from: G.711 and L16 at 8 kHz by G.113 Appendix I with the concealment that we
 * have (G.711 Appendix I in principle): 0 and 25.1. G.722 at 64 kbit/s by G.113 Appendix IV: 13; linear PCM at 16 kHz
 * is that scale's reference: 0. For Opus G.113 says nothing: 5 and 15 are estimates of ours, as are the Bpl of all
 * wideband codecs.
 *
 * It estimates from figures: it has not heard the audio. Pure. Thread: any.
 */
#ifndef PARLEY_MEDIA_E_MODEL_H
#define PARLEY_MEDIA_E_MODEL_H

#include <stdbool.h>

#include "media/codec.h"

/** The parameters of G.107 Table 2, in its units and by its names. */
struct e_model {
    double slr, rlr;         /**< send and receive loudness ratings, dB */
    double stmr, dr, ds;     /**< sidetone masking rating; D-values of the telephones, receive and send side */
    double telr, wepl;       /**< talker echo loudness rating, weighted echo path loss, dB */
    double t, tr, ta;        /**< mean one-way delay of the echo path, round trip in the 4-wire loop, absolute, ms */
    double qdu;              /**< quantising distortion units */
    double ie, bpl;          /**< impairment by the codec, and its robustness to loss */
    double ppl, burst_ratio; /**< random packet loss, percent; 1: random, more: in bursts */
    double nc, nfor;         /**< circuit noise, dBm0p; noise floor at the receive side, dBmp */
    double ps, pr;           /**< room noise at send and receive side, dB(A) */
    double a;                /**< advantage */
};

/** G.107's defaults. */
struct e_model e_model_defaults(void);

/** The rating R of narrowband. */
double e_model_rate(const struct e_model *m);

/** A rating's mean opinion score (listening and talking), 1 to 4.5. G.107 Annex B. */
double e_model_mos(double rating);

/** A path as it was measured. */
struct e_model_path {
    enum codec_id codec;
    double delay_ms;     /**< one way */
    double loss_percent; /**< of what should have been played, whether lost or late */
    double burst_ratio;  /**< mean run of losses over that of random loss; below 1 counts as 1 */
};

struct e_model_estimate {
    double rating; /**< of 93.2 (narrowband) or 129 */
    double mos;    /**< by its own scale, one decimal means something */
    bool wideband;
};

struct e_model_estimate e_model_estimate(const struct e_model_path *path);

#endif
