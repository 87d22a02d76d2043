#include "daemon/metrics.h"

#include <stdio.h>

#include "daemon/audio_cache.h"
#include "daemon/call_quality.h"
#include "daemon/call_script.h"
#include "daemon/calls.h"
#include "daemon/conferences.h"
#include "daemon/say.h"
#include "daemon/sip_link.h"
#include "engine/engine.h"
#include "hook/hook.h"
#include "hook/script_request.h"
#include "net/http_server.h"
#include "os/clock.h"
#include "record/recorder.h"
#include "store/store.h"

static void head(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_printf(out, "# HELP parley_%s %s\n# TYPE parley_%s %s\n", name, help, name, type);
}

static void one(struct buffer *out, const char *name, const char *type, const char *help, uint64_t value)
{
    head(out, name, type, help);
    buffer_printf(out, "parley_%s %llu\n", name, (unsigned long long)value);
}

static void labelled(struct buffer *out, const char *name, const char *label, const char *value, uint64_t figure)
{
    buffer_printf(out, "parley_%s{%s=\"%s\"} %llu\n", name, label, value, (unsigned long long)figure);
}

static void write_calls(const struct bridge *bridge, struct buffer *out)
{
    struct calls_figures f = calls_figures(bridge->calls);
    one(out, "calls", "gauge", "Calls in hand", f.calls);
    one(out, "calls_taken_total", "counter", "Calls that came in", f.taken);
    one(out, "calls_placed_total", "counter", "Calls that went out", f.placed);
    one(out, "calls_ended_total", "counter", "Calls that are over, refused ones included", f.ended);
    head(out, "calls_refused_total", "counter", "Calls refused, by reason");
    labelled(out, "calls_refused_total", "reason", "overload", f.refused_overload);
    labelled(out, "calls_refused_total", "reason", "limit", f.refused_limit);
    labelled(out, "calls_refused_total", "reason", "route", f.refused_route);
    labelled(out, "calls_refused_total", "reason", "draining", f.refused_draining);
    if (!bridge->sip) return;
    one(out, "sip_starts_total", "counter", "How often parley-sip was started", sip_link_starts(bridge->sip));
    one(out, "sip_messages_waiting", "gauge", "Messages to parley-sip not yet acknowledged",
        sip_link_waiting(bridge->sip));
}

static void write_conferences(const struct bridge *bridge, struct buffer *out)
{
    struct conferences_figures f;
    conferences_figures(bridge->conferences, &f);
    head(out, "conferences", "gauge", "Conferences that are not terminated, by status");
    for (int s = CONFERENCE_EMPTY; s <= CONFERENCE_IN_PROGRESS; s++)
        labelled(out, "conferences", "status", conference_status_name((enum conference_status)s), f.conferences[s]);
    one(out, "participants", "gauge", "Calls in conferences", f.participants);
}

static void write_threads(const struct engine_metrics *m, struct buffer *out)
{
    char name[12];
    head(out, "media_busy_ratio", "gauge", "Share of the tick a media thread works, over about a second");
    for (uint32_t i = 0; i < m->threads; i++)
        buffer_printf(out, "parley_media_busy_ratio{thread=\"%u\"} %.3f\n", i, m->thread[i].busy_permille / 1000.0);
    head(out, "media_ticks_late_total", "counter", "Ticks begun more than 5 ms after their time");
    for (uint32_t i = 0; i < m->threads; i++) {
        snprintf(name, sizeof name, "%u", i);
        labelled(out, "media_ticks_late_total", "thread", name, m->thread[i].ticks_late);
    }
    head(out, "media_late_max_seconds", "gauge", "The latest tick since the start");
    for (uint32_t i = 0; i < m->threads; i++)
        buffer_printf(out, "parley_media_late_max_seconds{thread=\"%u\"} %.6f\n", i,
                      (double)m->thread[i].late_max_us / 1e6);
    head(out, "media_wakeups_total", "counter", "How often a media thread woke up");
    for (uint32_t i = 0; i < m->threads; i++) {
        snprintf(name, sizeof name, "%u", i);
        labelled(out, "media_wakeups_total", "thread", name, m->thread[i].wakeups);
    }
}

static void write_engine(const struct bridge *bridge, struct buffer *out)
{
    struct engine_metrics m;
    engine_metrics(bridge->engine, &m);
    write_threads(&m, out);
    one(out, "legs", "gauge", "RTP streams open", m.legs);
    one(out, "legs_talking", "gauge", "Of these, who say something just now", m.talking);
    one(out, "rtp_packets_in_total", "counter", "Valid RTP packets received", m.packets_in);
    one(out, "rtp_packets_out_total", "counter", "RTP packets sent", m.packets_out);
    one(out, "rtp_bytes_in_total", "counter", "Payload bytes received", m.bytes_in);
    one(out, "rtp_bytes_out_total", "counter", "Payload bytes sent", m.bytes_out);
    one(out, "rtp_packets_foreign_total", "counter", "Packets from a source that a leg is not locked to",
        m.packets_foreign);
    one(out, "rtp_packets_bad_total", "counter", "Packets that are no RTP of an agreed type", m.packets_bad);
    one(out, "rtp_packets_unauthentic_total", "counter", "SRTP packets that are plain, of another key or changed",
        m.packets_unauthentic);
    one(out, "rtp_packets_replayed_total", "counter", "SRTP packets that were taken before", m.packets_replayed);
    one(out, "rtp_packets_late_total", "counter", "Packets that came after their time", m.packets_late);
    one(out, "rtp_packets_lost_total", "counter", "Packets that did not come", m.packets_lost);
    one(out, "rtp_socket_drops_total", "counter", "Packets the kernel dropped before they were read", m.socket_drops);
    one(out, "rtp_send_errors_total", "counter", "Packets the kernel refused to send", m.send_errors);
    head(out, "encodes_total", "counter", "20 ms frames encoded, for all who hear the same or for one");
    labelled(out, "encodes_total", "for", "shared", m.encodes_shared);
    labelled(out, "encodes_total", "for", "own", m.encodes_own);
    one(out, "decodes_total", "counter", "20 ms frames decoded", m.decodes);
}

static void write_opinions(struct buffer *out, const char *scale, const struct call_mos *m)
{
    unsigned long long count = m->count;
    for (size_t i = 0; i < CALL_MOS_STEPS; i++)
        buffer_printf(out, "parley_call_mos_bucket{scale=\"%s\",le=\"%.1f\"} %llu\n", scale, call_mos_step(i),
                      (unsigned long long)m->up_to[i]);
    buffer_printf(out, "parley_call_mos_bucket{scale=\"%s\",le=\"+Inf\"} %llu\n", scale, count);
    buffer_printf(out, "parley_call_mos_sum{scale=\"%s\"} %.2f\n", scale, m->sum);
    buffer_printf(out, "parley_call_mos_count{scale=\"%s\"} %llu\n", scale, count);
}

/* Of the calls that were in a conference. */
static void write_quality(const struct bridge *bridge, struct buffer *out)
{
    struct calls_figures f = calls_figures(bridge->calls);
    head(out, "call_mos", "histogram",
         "Estimated opinion (ITU-T G.107, wideband G.107.1) of calls that left a conference");
    write_opinions(out, "narrowband", &f.narrowband);
    write_opinions(out, "wideband", &f.wideband);
}

static void write_recorder(const struct bridge *bridge, struct buffer *out)
{
    struct recorder_metrics m;
    recorder_metrics(bridge->recorder, &m);
    one(out, "recordings_open", "gauge", "Recordings being written", m.open);
    one(out, "recording_lost_milliseconds_total", "counter",
        "Audio lost to a slow disk or a skipped tick, written as silence", m.lost_ms);
    one(out, "recording_bytes_total", "counter", "Bytes of audio written", m.bytes);
    one(out, "recording_write_errors_total", "counter", "Writes the disk refused", m.write_errors);
}

static void write_storage(const struct bridge *bridge, struct buffer *out)
{
    struct store_stats s = store_stats(bridge->store);
    struct hook_stats h = hook_stats(bridge->hook);
    one(out, "store_groups_total", "counter", "Group commits on disk", s.groups);
    one(out, "store_transactions_total", "counter", "Transactions on disk", s.transactions);
    one(out, "store_refused_total", "counter", "Transactions that failed", s.refused);
    one(out, "store_unsaved", "gauge", "Transactions that wait for the disk to return", s.unsaved);
    one(out, "webhooks_posted_total", "counter", "Notifications taken on", h.posted);
    one(out, "webhooks_delivered_total", "counter", "Notifications answered with 2xx", h.delivered);
    one(out, "webhooks_retried_total", "counter", "Tries that failed and are repeated", h.retried);
    one(out, "webhooks_dead_total", "counter", "Notifications given up", h.dead);
    one(out, "webhooks_resent_total", "counter", "Dead notifications taken up again", h.resent);
    one(out, "webhooks_pending", "gauge", "Notifications not yet delivered", h.pending);
    head(out, "webhooks_oldest_age_seconds", "gauge", "Age of the oldest pending notification");
    buffer_printf(out, "parley_webhooks_oldest_age_seconds %.3f\n", (double)h.oldest_age_us / 1e6);
}

static void write_scripts(const struct bridge *bridge, struct buffer *out)
{
    struct script_stats asked = script_stats(bridge->asker);
    struct say_stats say = say_stats(bridge->say);
    struct audio_cache_stats audio = audio_cache_stats(bridge->audio_cache);
    one(out, "scripts", "gauge", "Calls whose scripts are run", call_scripts_count(bridge->scripts));
    one(out, "script_requests_total", "counter", "Scripts asked for", asked.asked);
    one(out, "script_requests_unreachable_total", "counter", "Scripts that could not be had", asked.unreachable);
    one(out, "script_fallbacks_total", "counter", "Second tries at a fallback URL", asked.fallbacks);
    one(out, "say_total", "counter", "Texts to be spoken", say.asked);
    one(out, "say_cached_total", "counter", "Texts that had been spoken before", say.cached);
    one(out, "say_failed_total", "counter", "Texts that could not be spoken", say.failed);
    one(out, "play_total", "counter", "Audio files to be played", audio.asked);
    one(out, "play_fetched_total", "counter", "Audio files fetched whole", audio.fetched);
    one(out, "play_failed_total", "counter", "Audio files that could not be played", audio.failed);
}

void metrics_write(const struct bridge *bridge, struct buffer *out)
{
    head(out, "info", "gauge", "The version");
    buffer_printf(out, "parley_info{version=\"%s\"} 1\n", PARLEY_VERSION);
    one(out, "uptime_seconds", "counter", "Seconds since the start",
        (uint64_t)(clock_now_us() - bridge->started_us) / 1000000);
    write_calls(bridge, out);
    write_conferences(bridge, out);
    write_engine(bridge, out);
    write_quality(bridge, out);
    write_recorder(bridge, out);
    write_storage(bridge, out);
    write_scripts(bridge, out);
}
