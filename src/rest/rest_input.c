#include "rest/rest_input.h"

#include <stdio.h>
#include <string.h>

status rest_input_parse(json_t **out, struct slice text, struct rest_fault *fault)
{
    json_error_t error;
    struct slice trimmed = slice_trim(text);
    json_t *body =
        trimmed.len == 0 ? json_object() : json_loadb(trimmed.at, trimmed.len, JSON_REJECT_DUPLICATES, &error);
    if (!body) {
        fault->member = "";
        fault->missing = false;
        snprintf(fault->why, sizeof fault->why, "The body is not valid JSON: line %d, column %d: %s", error.line,
                 error.column, error.text);
        return STATUS_INVALID;
    }
    if (!json_is_object(body)) {
        json_decref(body);
        return rest_fault_set(fault, "", "The body must be a JSON object");
    }
    *out = body;
    return STATUS_OK;
}

/* NULL where the member is absent or null. */
static const json_t *member_of(const json_t *body, const char *member)
{
    const json_t *value = json_object_get(body, member);
    return json_is_null(value) ? NULL : value;
}

static status read_text(const json_t *body, const char *member, const char **out, struct rest_fault *fault)
{
    const json_t *value = member_of(body, member);
    *out = NULL;
    if (!value) return STATUS_OK;
    if (!json_is_string(value)) return rest_fault_set(fault, member, "must be a string");
    *out = json_string_value(value);
    return STATUS_OK;
}

static status read_flag(const json_t *body, const char *member, bool *given, bool *out, struct rest_fault *fault)
{
    const json_t *value = member_of(body, member);
    *given = value != NULL;
    if (!value) return STATUS_OK;
    if (!json_is_boolean(value)) return rest_fault_set(fault, member, "must be true or false");
    *out = json_is_true(value);
    return STATUS_OK;
}

/* A string with a NUL in it does not parse, so its C string is all of it. */
static status read_alias(const json_t *body, bool *given, struct slice *out, struct rest_fault *fault)
{
    const char *text;
    status s = read_text(body, "alias", &text, fault);
    *given = s == STATUS_OK && text;
    if (!*given) return s;
    *out = slice_of(text);
    return conference_alias_valid(*out) ? STATUS_OK : rest_fault_set(fault, "alias", "must have at most 64 characters");
}

static status read_play_beep(const json_t *body, bool *given, enum play_beep *out, struct rest_fault *fault)
{
    const char *text;
    status s = read_text(body, "playBeep", &text, fault);
    *given = s == STATUS_OK && text;
    if (!*given || play_beep_parse(slice_of(text), out)) return s;
    return rest_fault_set(fault, "playBeep", "must be always, never, entryOnly or exitOnly");
}

static status read_url(const json_t *body, const char *member, rest_check_url_fn *check, void *arg, const char **out,
                       struct rest_fault *fault)
{
    const char *text;
    status s = read_text(body, member, &text, fault);
    if (s != STATUS_OK || !text || !text[0]) return s;
    if (check(arg, text, fault->why) != STATUS_OK) {
        fault->member = member;
        fault->missing = false;
        return STATUS_INVALID;
    }
    *out = text;
    return STATUS_OK;
}

static status read_talkers_max(const json_t *body, bool *given, uint32_t *out, struct rest_fault *fault)
{
    const json_t *value = member_of(body, "talkersMax");
    *given = value != NULL;
    if (!value) return STATUS_OK;
    json_int_t max = json_integer_value(value);
    if (!json_is_integer(value) || max < 0 || max > CONFERENCE_TALKERS_MAX)
        return rest_fault_set(fault, "talkersMax", "must be an integer from 0 to 32");
    *out = (uint32_t)max;
    return STATUS_OK;
}

status rest_input_conference(struct conference_options *out, const json_t *body, rest_check_url_fn *check, void *arg,
                             struct rest_fault *fault)
{
    struct conference_options options = {.play_beep = PLAY_BEEP_ALWAYS};
    bool given;
    status s = read_alias(body, &given, &options.alias, fault);
    if (s == STATUS_OK) s = read_play_beep(body, &given, &options.play_beep, fault);
    if (s == STATUS_OK) s = read_flag(body, "record", &given, &options.record, fault);
    if (s == STATUS_OK) s = read_talkers_max(body, &options.has_talkers_max, &options.talkers_max, fault);
    if (s == STATUS_OK) s = read_flag(body, "recordTracks", &options.has_record_tracks, &options.record_tracks, fault);
    if (s == STATUS_OK) s = read_url(body, "waitUrl", check, arg, &options.wait_url, fault);
    if (s == STATUS_OK) s = read_url(body, "statusCallbackUrl", check, arg, &options.status_callback_url, fault);
    if (s == STATUS_OK) *out = options;
    return s;
}

static status read_status(const json_t *body, bool *given, enum conference_event_type *out, struct rest_fault *fault)
{
    const char *text;
    status s = read_text(body, "status", &text, fault);
    *given = s == STATUS_OK && text;
    if (!*given) return s;
    *out = strcmp(text, "empty") == 0 ? CONFERENCE_MAKE_EMPTY : CONFERENCE_TERMINATE;
    bool known = strcmp(text, "empty") == 0 || strcmp(text, "terminated") == 0;
    return known ? STATUS_OK : rest_fault_set(fault, "status", "must be empty or terminated");
}

status rest_input_conference_update(struct conference_event events[REST_UPDATE_EVENTS], size_t *count,
                                    const json_t *body, struct rest_fault *fault)
{
    struct conference_event attributes = {.type = CONFERENCE_SET_ATTRIBUTES}, state = {.type = CONFERENCE_TERMINATE};
    bool has_state = false;
    status s = read_alias(body, &attributes.set_alias, &attributes.alias, fault);
    if (s == STATUS_OK) s = read_play_beep(body, &attributes.set_play_beep, &attributes.play_beep, fault);
    if (s == STATUS_OK) s = read_status(body, &has_state, &state.type, fault);
    if (s != STATUS_OK) return s;
    *count = 0;
    if (attributes.set_alias || attributes.set_play_beep) events[(*count)++] = attributes;
    if (has_state) events[(*count)++] = state;
    return STATUS_OK;
}

/* In dB, a whole number. */
static status read_gain(const json_t *body, bool *given, int *out, struct rest_fault *fault)
{
    const json_t *value = member_of(body, "gain");
    *given = value != NULL;
    if (!value) return STATUS_OK;
    json_int_t gain_db = json_integer_value(value);
    if (!json_is_integer(value) || gain_db < PARTICIPANT_GAIN_MIN_DB || gain_db > PARTICIPANT_GAIN_MAX_DB)
        return rest_fault_set(fault, "gain", "must be an integer from -60 to 20");
    *out = (int)gain_db;
    return STATUS_OK;
}

status rest_input_participant(struct conference_event *event, const json_t *body, struct rest_fault *fault)
{
    struct conference_event e = {.type = CONFERENCE_UPDATE, .call = event->call};
    status s = read_flag(body, "talk", &e.set_talk, &e.talk, fault);
    if (s == STATUS_OK) s = read_flag(body, "listen", &e.set_listen, &e.listen, fault);
    if (s == STATUS_OK) s = read_flag(body, "dtmfPassThrough", &e.set_dtmf, &e.dtmf, fault);
    if (s == STATUS_OK) s = read_gain(body, &e.set_gain, &e.voice.gain_db, fault);
    if (s == STATUS_OK)
        s = read_flag(body, "noiseSuppression", &e.set_noise_suppression, &e.voice.noise_suppression, fault);
    if (s == STATUS_OK) s = read_flag(body, "automaticGain", &e.set_automatic_gain, &e.voice.automatic_gain, fault);
    if (s == STATUS_OK) *event = e;
    return s;
}
