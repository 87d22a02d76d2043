#include "daemon/call_quality.h"

#include <stdio.h>

#include "daemon/call_entry.h"
#include "daemon/call_log.h"
#include "media/e_model.h"
#include "media/level.h"

static const double packet_ms = 20;

static double percent(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static double ms(uint32_t us)
{
    return us / 1000.0;
}

/* Random losses in a row have a mean run of 1 / (1 - share of losses). */
static double burst_ratio(const struct engine_leg_stats *s, double loss_percent)
{
    return s->loss_runs > 0 ? (double)s->packets_lost / (double)s->loss_runs * (1 - loss_percent / 100) : 1;
}

void call_quality_of(const struct engine_leg_stats *s, bool talking, struct rest_quality *out)
{
    *out = (struct rest_quality){.codec = s->codec ? s->codec->name : NULL, .talking = talking};
    out->round_trip_ms = -1;
    out->level_dbfs = out->speech_dbfs = out->peak_dbfs = (double)LEVEL_SILENCE_DBFS;
    if (!s->codec) return;
    out->rate_hz = s->codec->rate_hz;
    out->packets_received = s->packets_in;
    out->packets_lost = s->packets_lost;
    out->packets_late = s->packets_late;
    out->packets_sent = s->packets_out;
    out->loss_percent = percent(s->packets_lost + s->packets_late, s->packets_in + s->packets_lost);
    out->concealed_percent = percent(s->ticks_concealed, s->ticks_played);
    out->jitter_ms = ms(s->jitter_us);
    out->playout_delay_ms = ms(s->playout_delay_us);
    if (s->round_trip_us > 0) out->round_trip_ms = ms(s->round_trip_us);
    out->level_dbfs = (double)s->level_dbfs;
    out->speech_dbfs = (double)s->speech_dbfs;
    out->peak_dbfs = (double)s->peak_dbfs;
    out->samples_clipped = s->samples_clipped;
    struct e_model_path path = {
        .codec = s->codec->id,
        .delay_ms = packet_ms + ms(s->round_trip_us) / 2 + ms(s->playout_delay_us),
        .loss_percent = out->loss_percent,
        .burst_ratio = burst_ratio(s, out->loss_percent),
    };
    struct e_model_estimate estimate = e_model_estimate(&path);
    out->rated = s->packets_in > 0;
    out->rating = estimate.rating;
    out->mos = estimate.mos;
    out->wideband = estimate.wideband;
    out->peer_known = s->peer_reports;
    out->peer_packets_lost = s->peer_packets_lost;
    out->peer_loss_percent = percent(s->peer_packets_lost, s->packets_out);
    out->peer_jitter_ms = ms(s->peer_jitter_us);
    /* A telephone that knows its trade waits for twice its jitter. */
    path.delay_ms = packet_ms + ms(s->round_trip_us) / 2 + 2 * out->peer_jitter_ms;
    path.loss_percent = out->peer_loss_percent;
    path.burst_ratio = 1;
    out->peer_mos = e_model_estimate(&path).mos;
}

double call_mos_step(size_t step)
{
    static const double steps[CALL_MOS_STEPS] = {2.0, 2.6, 3.1, 3.6, 4.0, 4.3}; /* R of 40, 50 ... 90 */
    return steps[step];
}

void call_mos_count(struct call_mos *m, double mos)
{
    for (size_t i = 0; i < CALL_MOS_STEPS; i++)
        m->up_to[i] += mos <= call_mos_step(i);
    m->count++;
    m->sum += mos;
}

void call_quality_log(const struct call_entry *e, const struct engine_leg_stats *stats)
{
    struct engine_leg_stats now;
    struct rest_quality q;
    char round_trip[32] = "unknown", peer[96] = "";
    char text[512];
    if (!stats && !e->leg) return;
    if (!stats) engine_leg_stats(e->leg, &now);
    call_quality_of(stats ? stats : &now, false, &q);
    if (!q.rated) return;
    struct calls_figures *figures = &e->calls->figures;
    call_mos_count(q.wideband ? &figures->wideband : &figures->narrowband, q.mos);
    if (q.round_trip_ms >= 0) snprintf(round_trip, sizeof round_trip, "%.1f ms", q.round_trip_ms);
    if (q.peer_known)
        snprintf(peer, sizeof peer, "; the caller lost %.2f %%, jitter %.1f ms, MOS %.1f", q.peer_loss_percent,
                 q.peer_jitter_ms, q.peer_mos);
    snprintf(text, sizeof text,
             "Quality in %s: %s, %llu packets, %.2f %% lost or late, %.2f %% concealed, jitter %.1f ms, round trip %s, "
             "playout delay %.1f ms, speech %.1f dBFS, %llu samples clipped, MOS %.1f (%s)%s",
             e->conference, q.codec, (unsigned long long)q.packets_received, q.loss_percent, q.concealed_percent,
             q.jitter_ms, round_trip, q.playout_delay_ms, q.speech_dbfs, (unsigned long long)q.samples_clipped, q.mos,
             q.wideband ? "wideband" : "narrowband", peer);
    struct call_log_line line = {.account = e->account, .level = "info", .call = e->id, .message = text};
    call_log_write(e->calls->bridge, &line);
}
