/**
 * @file rest_quality.h  How a call in a conference sounds, in figures: the Quality resource of a participant.
 *
 * "Received" is what the participant says and the bridge hears; "peer" is what the participant hears, as its own
 * reports (RTCP) have it.
 * Thread: control.
 */
#ifndef PARLEY_REST_REST_QUALITY_H
#define PARLEY_REST_REST_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conference.h"

struct rest_quality {
    const char *codec; /**< as SDP has it; NULL: nothing is known yet */
    uint32_t rate_hz;  /**< of its audio */
    const char *srtp;  /**< suite, as SDP has it; NULL: plain */
    bool talking;
    uint64_t packets_received, packets_lost, packets_late, packets_sent;
    double loss_percent; /**< lost or late, of all that should have come */
    double concealed_percent;
    double jitter_ms, playout_delay_ms;
    double round_trip_ms; /**< below 0: not known */
    double level_dbfs, speech_dbfs, peak_dbfs;
    uint64_t samples_clipped;
    bool rated; /**< there was anything to rate */
    double rating, mos;
    bool wideband; /**< the scale of both */
    bool peer_known;
    uint64_t peer_packets_lost;
    double peer_loss_percent, peer_jitter_ms, peer_mos;
};

#endif
