#include "store/row_kind.h"

#include <stdlib.h>
#include <string.h>

#include "store/store_rows.h"

#define COUNT_OF(a) (sizeof(a) / sizeof(a)[0])

#define ACCOUNT(name, type, member)                                                                                    \
    {                                                                                                                  \
        name, type, offsetof(struct store_account, member)                                                             \
    }
static const struct column account_columns[] = {
    ACCOUNT("id", COLUMN_ID, id),
    ACCOUNT("key_sha256", COLUMN_SHA256, key_sha256),
    ACCOUNT("alias", COLUMN_TEXT, alias),
    ACCOUNT("label", COLUMN_TEXT, label),
    ACCOUNT("type", COLUMN_TEXT, type),
    ACCOUNT("status", COLUMN_TEXT, status),
    ACCOUNT("revision", COLUMN_U32, revision),
    ACCOUNT("created", COLUMN_I64, created_unix_ms),
    ACCOUNT("updated", COLUMN_I64, updated_unix_ms),
};
const struct row_kind row_account = {
    .table = "accounts",
    .columns = account_columns,
    .column_count = COUNT_OF(account_columns),
    .row_bytes = sizeof(struct store_account),
    .key = "id",
};

#define CONFERENCE(name, type, member)                                                                                 \
    {                                                                                                                  \
        name, type, offsetof(struct store_conference, member)                                                          \
    }
static const struct column conference_columns[] = {
    CONFERENCE("id", COLUMN_ID, id),
    CONFERENCE("account", COLUMN_ID, account),
    CONFERENCE("alias", COLUMN_TEXT, alias),
    CONFERENCE("play_beep", COLUMN_TEXT, play_beep),
    CONFERENCE("record", COLUMN_BOOL, record),
    CONFERENCE("record_tracks", COLUMN_BOOL, record_tracks),
    CONFERENCE("wait_url", COLUMN_TEXT, wait_url),
    CONFERENCE("status_callback_url", COLUMN_TEXT, status_callback_url),
    CONFERENCE("action_url", COLUMN_TEXT, action_url),
    CONFERENCE("status", COLUMN_TEXT, status),
    CONFERENCE("revision", COLUMN_U32, revision),
    CONFERENCE("created", COLUMN_I64, created_unix_ms),
    CONFERENCE("updated", COLUMN_I64, updated_unix_ms),
    CONFERENCE("events", COLUMN_U32, events),
    CONFERENCE("auto_end_s", COLUMN_U32, auto_end_s),
    CONFERENCE("participants_max", COLUMN_U32, participants_max),
    CONFERENCE("talkers_max", COLUMN_U32, talkers_max),
};
const struct row_kind row_conference = {
    .table = "conferences",
    .columns = conference_columns,
    .column_count = COUNT_OF(conference_columns),
    .row_bytes = sizeof(struct store_conference),
    .key = "id",
    .live = "status IN ('empty','populated','inProgress')",
    .counted = true,
    .count_column = "shown",
};

#define CALL(name, type, member)                                                                                       \
    {                                                                                                                  \
        name, type, offsetof(struct store_call, member)                                                                \
    }
static const struct column call_columns[] = {
    CALL("id", COLUMN_ID, id),
    CALL("account", COLUMN_ID, account),
    CALL("parent_call", COLUMN_ID, parent_call),
    CALL("conference", COLUMN_ID, conference),
    CALL("application", COLUMN_ID, application),
    CALL("phone_number", COLUMN_ID, phone_number),
    CALL("caller", COLUMN_TEXT, from),
    CALL("callee", COLUMN_TEXT, to),
    CALL("caller_name", COLUMN_TEXT, caller_name),
    CALL("status", COLUMN_TEXT, status),
    CALL("direction", COLUMN_TEXT, direction),
    CALL("answered_by", COLUMN_TEXT, answered_by),
    CALL("ended_reason", COLUMN_TEXT, ended_reason),
    CALL("status_callback_url", COLUMN_TEXT, status_callback_url),
    CALL("revision", COLUMN_U32, revision),
    CALL("events", COLUMN_U32, events),
    CALL("created", COLUMN_I64, created_unix_ms),
    CALL("updated", COLUMN_I64, updated_unix_ms),
    CALL("started", COLUMN_I64, start_unix_ms),
    CALL("connected", COLUMN_I64, connect_unix_ms),
    CALL("ended", COLUMN_I64, end_unix_ms),
};
const struct row_kind row_call = {
    .table = "calls",
    .columns = call_columns,
    .column_count = COUNT_OF(call_columns),
    .row_bytes = sizeof(struct store_call),
    .key = "id",
    .live = "status IN ('queued','ringing','inProgress')",
    .counted = true,
    .count_column = "status",
};

#define RECORDING(name, type, member)                                                                                  \
    {                                                                                                                  \
        name, type, offsetof(struct store_recording, member)                                                           \
    }
static const struct column recording_columns[] = {
    RECORDING("id", COLUMN_ID, id),
    RECORDING("account", COLUMN_ID, account),
    RECORDING("conference", COLUMN_ID, conference),
    RECORDING("call", COLUMN_ID, call),
    RECORDING("state", COLUMN_TEXT, state),
    RECORDING("file", COLUMN_TEXT, file),
    RECORDING("token", COLUMN_TOKEN, token),
    RECORDING("bytes", COLUMN_U64, bytes),
    RECORDING("duration_ms", COLUMN_U64, duration_ms),
    RECORDING("lost_ms", COLUMN_U64, lost_ms),
    RECORDING("revision", COLUMN_U32, revision),
    RECORDING("created", COLUMN_I64, created_unix_ms),
    RECORDING("updated", COLUMN_I64, updated_unix_ms),
};
const struct row_kind row_recording = {
    .table = "recordings",
    .columns = recording_columns,
    .column_count = COUNT_OF(recording_columns),
    .row_bytes = sizeof(struct store_recording),
    .key = "id",
    .live = "state = 'recording'",
    .counted = true,
};

#define DIALOG(name, type, member)                                                                                     \
    {                                                                                                                  \
        name, type, offsetof(struct store_dialog, member)                                                              \
    }
static const struct column dialog_columns[] = {
    DIALOG("call", COLUMN_ID, call),
    DIALOG("json", COLUMN_TEXT, json),
};
const struct row_kind row_dialog = {
    .table = "dialogs",
    .columns = dialog_columns,
    .column_count = COUNT_OF(dialog_columns),
    .row_bytes = sizeof(struct store_dialog),
    .key = "call",
};

#define OUTBOX(name, type, member)                                                                                     \
    {                                                                                                                  \
        name, type, offsetof(struct store_outbox, member)                                                              \
    }
static const struct column outbox_columns[] = {
    OUTBOX("account", COLUMN_ID, account),
    OUTBOX("lane", COLUMN_ID, lane),
    OUTBOX("n", COLUMN_U32, n),
    OUTBOX("url", COLUMN_TEXT, url),
    OUTBOX("body", COLUMN_TEXT, body),
    OUTBOX("created", COLUMN_I64, created_unix_ms),
    OUTBOX("attempts", COLUMN_U32, attempts),
    OUTBOX("due", COLUMN_I64, due_unix_ms),
    OUTBOX("state", COLUMN_TEXT, state),
};
const struct row_kind row_outbox = {
    .table = "outbox",
    .columns = outbox_columns,
    .column_count = COUNT_OF(outbox_columns),
    .row_bytes = sizeof(struct store_outbox),
    .live = "state = 'pending'",
};

#define APPLICATION(name, type, member)                                                                                \
    {                                                                                                                  \
        name, type, offsetof(struct store_application, member)                                                         \
    }
static const struct column application_columns[] = {
    APPLICATION("id", COLUMN_ID, id),
    APPLICATION("account", COLUMN_ID, account),
    APPLICATION("alias", COLUMN_TEXT, alias),
    APPLICATION("voice_url", COLUMN_TEXT, voice_url),
    APPLICATION("voice_fallback_url", COLUMN_TEXT, voice_fallback_url),
    APPLICATION("call_connect_url", COLUMN_TEXT, call_connect_url),
    APPLICATION("status_callback_url", COLUMN_TEXT, status_callback_url),
    APPLICATION("sms_url", COLUMN_TEXT, sms_url),
    APPLICATION("sms_fallback_url", COLUMN_TEXT, sms_fallback_url),
    APPLICATION("revision", COLUMN_U32, revision),
    APPLICATION("created", COLUMN_I64, created_unix_ms),
    APPLICATION("updated", COLUMN_I64, updated_unix_ms),
};
const struct row_kind row_application = {
    .table = "applications",
    .columns = application_columns,
    .column_count = COUNT_OF(application_columns),
    .row_bytes = sizeof(struct store_application),
    .key = "id",
};

#define NUMBER(name, type, member)                                                                                     \
    {                                                                                                                  \
        name, type, offsetof(struct store_number, member)                                                              \
    }
static const struct column number_columns[] = {
    NUMBER("id", COLUMN_ID, id),
    NUMBER("account", COLUMN_ID, account),
    NUMBER("application", COLUMN_ID, application),
    NUMBER("number", COLUMN_TEXT, number),
    NUMBER("alias", COLUMN_TEXT, alias),
    NUMBER("region", COLUMN_TEXT, region),
    NUMBER("country", COLUMN_TEXT, country),
    NUMBER("voice_enabled", COLUMN_BOOL, voice_enabled),
    NUMBER("sms_enabled", COLUMN_BOOL, sms_enabled),
    NUMBER("offnet", COLUMN_BOOL, offnet),
    NUMBER("revision", COLUMN_U32, revision),
    NUMBER("created", COLUMN_I64, created_unix_ms),
    NUMBER("updated", COLUMN_I64, updated_unix_ms),
};
const struct row_kind row_number = {
    .table = "numbers",
    .columns = number_columns,
    .column_count = COUNT_OF(number_columns),
    .row_bytes = sizeof(struct store_number),
    .key = "id",
};

#define LOG(name, type, member)                                                                                        \
    {                                                                                                                  \
        name, type, offsetof(struct store_log, member)                                                                 \
    }
static const struct column log_columns[] = {
    LOG("account", COLUMN_ID, account),     LOG("timestamp_us", COLUMN_I64, timestamp_us),
    LOG("level", COLUMN_TEXT, level),       LOG("request", COLUMN_ID, request),
    LOG("call", COLUMN_ID, call),           LOG("message", COLUMN_TEXT, message),
    LOG("metadata", COLUMN_TEXT, metadata),
};
const struct row_kind row_log = {
    .table = "logs",
    .columns = log_columns,
    .column_count = COUNT_OF(log_columns),
    .row_bytes = sizeof(struct store_log),
    .time = "timestamp_us",
    .counted = true,
};

#define SECRET(name, type, member)                                                                                     \
    {                                                                                                                  \
        name, type, offsetof(struct store_secret, member)                                                              \
    }
static const struct column secret_columns[] = {
    SECRET("id", COLUMN_ID, id),
    SECRET("account", COLUMN_ID, account),
    SECRET("secret", COLUMN_TEXT, secret),
    SECRET("created", COLUMN_I64, created_unix_ms),
};
const struct row_kind row_secret = {
    .table = "secrets",
    .columns = secret_columns,
    .column_count = COUNT_OF(secret_columns),
    .row_bytes = sizeof(struct store_secret),
};

#define REPLY(name, type, member)                                                                                      \
    {                                                                                                                  \
        name, type, offsetof(struct store_reply, member)                                                               \
    }
static const struct column reply_columns[] = {
    REPLY("account", COLUMN_ID, account),
    REPLY("key", COLUMN_TEXT, key),
    REPLY("request", COLUMN_TEXT, request),
    REPLY("request_sha256", COLUMN_SHA256, request_sha256),
    REPLY("http", COLUMN_U32, http),
    REPLY("body", COLUMN_TEXT, body),
    REPLY("created", COLUMN_I64, created_unix_ms),
};
const struct row_kind row_reply = {
    .table = "replies",
    .columns = reply_columns,
    .column_count = COUNT_OF(reply_columns),
    .row_bytes = sizeof(struct store_reply),
    .key = "account, key",
};
const struct row_kind row_reply_new = {
    .table = "replies",
    .columns = reply_columns,
    .column_count = COUNT_OF(reply_columns),
    .row_bytes = sizeof(struct store_reply),
};

static const char **text_of(void *row, const struct column *column)
{
    return (const char **)(void *)((char *)row + column->at);
}

static void clear_texts(const struct row_kind *kind, void *row, size_t columns)
{
    for (size_t i = 0; i < columns; i++) {
        if (kind->columns[i].type == COLUMN_TEXT) free((void *)(uintptr_t)*text_of(row, &kind->columns[i]));
    }
}

status row_copy(const struct row_kind *kind, void *out, const void *row)
{
    char *copy = malloc(kind->row_bytes);
    if (!copy) return STATUS_NO_MEMORY;
    memcpy(copy, row, kind->row_bytes);
    for (size_t i = 0; i < kind->column_count; i++) {
        if (kind->columns[i].type != COLUMN_TEXT) continue;
        const char **text = text_of(copy, &kind->columns[i]);
        if (!*text) continue;
        *text = strdup(*text);
        if (*text) continue;
        clear_texts(kind, copy, i);
        free(copy);
        return STATUS_NO_MEMORY;
    }
    memcpy(out, copy, kind->row_bytes);
    free(copy);
    return STATUS_OK;
}

void row_clear(const struct row_kind *kind, void *row)
{
    clear_texts(kind, row, kind->column_count);
    memset(row, 0, kind->row_bytes);
}
