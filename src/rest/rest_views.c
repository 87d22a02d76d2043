#include "rest/rest_views.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/dates.h"

json_t *rest_view_text(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

json_t *rest_view_begin(json_t *uri, uint32_t revision, int64_t created_unix_ms, int64_t updated_unix_ms)
{
    char created[DATE_SIZE], updated[DATE_SIZE], created_iso[DATE_SIZE], updated_iso[DATE_SIZE];
    date_rfc1123(created, created_unix_ms);
    date_rfc1123(updated, updated_unix_ms);
    date_iso(created_iso, created_unix_ms);
    date_iso(updated_iso, updated_unix_ms);
    return json_pack("{s:o, s:I, s:s, s:s, s:s, s:s}", "uri", uri, "revision", (json_int_t)revision, "dateCreated",
                     created, "dateUpdated", updated, "dateCreatedISO", created_iso, "dateUpdatedISO", updated_iso);
}

json_t *rest_view_merge(json_t *object, json_t *more)
{
    if (!object || !more || json_object_update(object, more) != 0) {
        json_decref(object);
        object = NULL;
    }
    json_decref(more);
    return object;
}

json_t *rest_view_conference_row(const struct store_conference *row)
{
    bool failed = strcmp(row->status, conference_status_name(CONFERENCE_INTERNAL_ERROR)) == 0;
    json_t *uri = json_sprintf("/Accounts/%s/Conferences/%s", row->account, row->id);
    json_t *links = json_pack(
        "{s:o, s:o}", "participants", json_sprintf("/Accounts/%s/Conferences/%s/Participants", row->account, row->id),
        "recordings", json_sprintf("/Accounts/%s/Conferences/%s/Recordings", row->account, row->id));
    json_t *more =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:I, s:s, s:o, s:o, s:o, s:o}", "conferenceId", row->id, "accountId",
                  row->account, "alias", row->alias ? row->alias : "", "playBeep", row->play_beep, "record",
                  (int)row->record, "recordTracks", (int)row->record_tracks, "talkersMax", (json_int_t)row->talkers_max,
                  "status", failed ? conference_status_name(CONFERENCE_TERMINATED) : row->status, "waitUrl",
                  rest_view_text(row->wait_url), "actionUrl", rest_view_text(row->action_url), "statusCallbackUrl",
                  rest_view_text(row->status_callback_url), "subresourceUris", links);
    return rest_view_merge(rest_view_begin(uri, row->revision, row->created_unix_ms, row->updated_unix_ms), more);
}

json_t *rest_view_conference(const struct conference *c)
{
    struct store_conference row = {
        .alias = c->alias,
        .play_beep = play_beep_name(c->play_beep),
        .record = c->record,
        .talkers_max = c->talkers_max,
        .record_tracks = c->record_tracks,
        .wait_url = c->wait_url,
        .status_callback_url = c->status_callback_url,
        .action_url = c->action_url,
        .status = conference_status_name(c->status),
        .revision = c->revision,
        .created_unix_ms = c->created_unix_ms,
        .updated_unix_ms = c->updated_unix_ms,
    };
    strcpy(row.id, c->id);
    strcpy(row.account, c->account);
    return rest_view_conference_row(&row);
}

json_t *rest_view_participant(const struct conference *c, const struct participant *p, bool talking)
{
    json_t *uri = json_sprintf("/Accounts/%s/Conferences/%s/Participants/%s", c->account, c->id, p->call);
    json_t *links =
        json_pack("{s:o}", "quality",
                  json_sprintf("/Accounts/%s/Conferences/%s/Participants/%s/Quality", c->account, c->id, p->call));
    json_t *voice = json_pack("{s:i, s:b, s:b}", "gain", p->voice.gain_db, "noiseSuppression",
                              (int)p->voice.noise_suppression, "automaticGain", (int)p->voice.automatic_gain);
    json_t *more = json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:o}", "accountId", c->account, "conferenceId",
                             c->id, "callId", p->call, "talk", (int)p->talk, "listen", (int)p->listen,
                             "dtmfPassThrough", (int)p->dtmf_pass_through, "startConfOnEnter",
                             (int)p->start_conf_on_enter, "talking", (int)talking, "subresourceUris", links);
    json_t *view = rest_view_merge(rest_view_begin(uri, p->revision, p->created_unix_ms, p->updated_unix_ms), more);
    return rest_view_merge(view, voice);
}

/* Two decimals are all that means something. The sum makes 0 of -0. */
static json_t *figure(double value)
{
    return json_real(round(value * 100) / 100 + 0.0);
}

static json_t *figure_or_null(bool known, double value)
{
    return known ? figure(value) : json_null();
}

static json_t *loudness(double dbfs)
{
    return figure_or_null(dbfs > -120, dbfs);
}

static json_t *view_received(const struct rest_quality *q)
{
    return json_pack("{s:o, s:o, s:I, s:b, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "codec",
                     rest_view_text(q->codec), "srtp", rest_view_text(q->srtp), "sampleRateHz", (json_int_t)q->rate_hz,
                     "talking", (int)q->talking, "packetsReceived", (json_int_t)q->packets_received, "packetsLost",
                     (json_int_t)q->packets_lost, "packetsLate", (json_int_t)q->packets_late, "lossPercent",
                     figure(q->loss_percent), "concealedPercent", figure(q->concealed_percent), "jitterMs",
                     figure(q->jitter_ms), "roundTripMs", figure_or_null(q->round_trip_ms >= 0, q->round_trip_ms),
                     "playoutDelayMs", figure(q->playout_delay_ms), "levelDbfs", loudness(q->level_dbfs), "peakDbfs",
                     loudness(q->peak_dbfs), "speechDbfs", loudness(q->speech_dbfs), "samplesClipped",
                     (json_int_t)q->samples_clipped);
}

static json_t *view_sent(const struct rest_quality *q)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:o}", "packetsSent", (json_int_t)q->packets_sent, "peerPacketsLost",
                     q->peer_known ? json_integer((json_int_t)q->peer_packets_lost) : json_null(), "peerLossPercent",
                     figure_or_null(q->peer_known, q->peer_loss_percent), "peerJitterMs",
                     figure_or_null(q->peer_known, q->peer_jitter_ms), "peerMos",
                     figure_or_null(q->peer_known, q->peer_mos));
}

json_t *rest_view_quality(const struct conference *c, const struct participant *p, const struct rest_quality *q)
{
    json_t *uri = json_sprintf("/Accounts/%s/Conferences/%s/Participants/%s/Quality", c->account, c->id, p->call);
    json_t *view = json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:s}", "uri", uri, "accountId", c->account, "conferenceId",
                             c->id, "callId", p->call, "mos", figure_or_null(q->rated, q->mos), "rating",
                             figure_or_null(q->rated, q->rating), "mosScale", q->wideband ? "wideband" : "narrowband");
    return rest_view_merge(rest_view_merge(view, view_received(q)), view_sent(q));
}

static const char *mime_type(const struct store_recording *row)
{
    const char *ending = row->file ? strrchr(row->file, '.') : NULL;
    if (ending && strcmp(ending, ".flac") == 0) return "audio/flac";
    return ending && strcmp(ending, ".ogg") == 0 ? "audio/ogg" : "audio/wav";
}

json_t *rest_view_track(const struct store_recording *row, const char *name)
{
    json_t *download = json_sprintf("/Accounts/%s/Recordings/%s/Tracks/%s/Download", row->account, row->id, name);
    return json_pack("{s:s, s:s, s:s, s:o, s:o}", "track", name, "accountId", row->account, "recordingId", row->id,
                     "callId", rest_view_text(strcmp(name, "bridge") == 0 ? NULL : name), "downloadUrl", download);
}

json_t *rest_view_recording(const struct store_recording *row, uint64_t duration_ms)
{
    json_t *uri = json_sprintf("/Accounts/%s/Recordings/%s", row->account, row->id);
    json_t *download = json_sprintf("/Accounts/%s/Recordings/%s/Download", row->account, row->id);
    json_t *more = json_pack("{s:s, s:s, s:o, s:o, s:I, s:s, s:s, s:b, s:o}", "recordingId", row->id, "accountId",
                             row->account, "callId", rest_view_text(row->call), "conferenceId",
                             rest_view_text(row->conference), "durationSec", (json_int_t)((duration_ms + 999) / 1000),
                             "mimeType", mime_type(row), "type", "private", "deleted", 0, "downloadUrl", download);
    return rest_view_merge(rest_view_begin(uri, row->revision, row->created_unix_ms, row->updated_unix_ms), more);
}
