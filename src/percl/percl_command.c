#include "percl/percl_command.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define AT(member) offsetof(struct percl_command, member)

/* A row of an attribute: what of min, max and default a type does not use is left out. */
#define URL(name, member)                                                                                              \
    {                                                                                                                  \
        name, PERCL_VALUE_URL, AT(member), false, 0, PERCL_URL_BYTES, 0, NULL                                          \
    }
#define URL_NEEDED(name, member)                                                                                       \
    {                                                                                                                  \
        name, PERCL_VALUE_URL, AT(member), true, 0, PERCL_URL_BYTES, 0, NULL                                           \
    }
#define TEXT(name, member)                                                                                             \
    {                                                                                                                  \
        name, PERCL_VALUE_TEXT, AT(member), false, 0, PERCL_SHORT_BYTES, 0, NULL                                       \
    }
#define TEXT_NEEDED(name, member, max)                                                                                 \
    {                                                                                                                  \
        name, PERCL_VALUE_TEXT, AT(member), true, 1, max, 0, NULL                                                      \
    }
#define FLAG(name, member, fallback)                                                                                   \
    {                                                                                                                  \
        name, PERCL_VALUE_FLAG, AT(member), false, 0, 1, fallback, NULL                                                \
    }
#define NUMBER(name, member, min, max, fallback)                                                                       \
    {                                                                                                                  \
        name, PERCL_VALUE_NUMBER, AT(member), false, min, max, fallback, NULL                                          \
    }
#define OF_TYPE(type, name, member, fallback)                                                                          \
    {                                                                                                                  \
        name, PERCL_VALUE_##type, AT(member), false, 0, 0, fallback, NULL                                              \
    }
#define IGNORED(name)                                                                                                  \
    {                                                                                                                  \
        name, PERCL_VALUE_IGNORED, 0, false, 0, 0, 0, NULL                                                             \
    }
#define CALL OF_TYPE(CALL_ID, "callId", target.call, 0)
#define LOOP NUMBER("loop", play.loop, 0, UINT32_MAX, 1)
#define ENGINE_LANGUAGE                                                                                                \
    {                                                                                                                  \
        "language", PERCL_VALUE_TEXT, AT(play.language), false, 1, PERCL_SHORT_BYTES, 0, "en-US"                       \
    }
#define SAY_TEXT                                                                                                       \
    {                                                                                                                  \
        "text", PERCL_VALUE_TEXT, AT(play.text), true, 0, PERCL_TEXT_BYTES, 0, NULL                                    \
    }

enum { HOUR_MS = 3600 * 1000, DAY_S = 24 * 3600 };

static const struct percl_command_kind kinds[PERCL_COMMAND_TYPES] = {
    [PERCL_CREATE_CONFERENCE] = {"CreateConference",
                                 {URL_NEEDED("actionUrl", create.action_url), OF_TYPE(ALIAS, "alias", create.alias, 0),
                                  OF_TYPE(BEEP, "playBeep", create.play_beep, PLAY_BEEP_ALWAYS),
                                  FLAG("record", create.record, false), URL("waitUrl", create.wait_url),
                                  URL("statusCallbackUrl", create.status_callback_url), IGNORED("parentCallId")}},
    [PERCL_ADD_TO_CONFERENCE] = {"AddToConference",
                                 {{"conferenceId", PERCL_VALUE_CONFERENCE_ID, AT(add.conference), true, 0, 0, 0, NULL},
                                  OF_TYPE(CALL_ID, "callId", add.call, 0),
                                  FLAG("startConfOnEnter", add.start_conf_on_enter, true),
                                  FLAG("talk", add.talk, true),
                                  FLAG("listen", add.listen, true),
                                  FLAG("dtmfPassThrough", add.dtmf_pass_through, true),
                                  FLAG("allowCallControl", add.allow_call_control, false),
                                  OF_TYPE(SEQUENCE, "callControlSequence", add.call_control_sequence, 0),
                                  URL("callControlUrl", add.call_control_url),
                                  URL("leaveConferenceUrl", add.leave_conference_url),
                                  URL("notificationUrl", add.notification_url)}},
    [PERCL_REMOVE_FROM_CONFERENCE] = {"RemoveFromConference", {CALL}},
    [PERCL_TERMINATE_CONFERENCE] = {"TerminateConference",
                                    {OF_TYPE(CONFERENCE_ID, "conferenceId", target.conference, 0)}},
    [PERCL_SET_TALK] = {"SetTalk", {CALL, FLAG("talk", target.on, true)}},
    [PERCL_SET_LISTEN] = {"SetListen", {CALL, FLAG("listen", target.on, true)}},
    [PERCL_SET_DTMF_PASS_THROUGH] = {"SetDTMFPassThrough", {CALL, FLAG("dtmfPassThrough", target.on, true)}},
    [PERCL_SAY] = {"Say",
                   {SAY_TEXT, LOOP, ENGINE_LANGUAGE, OF_TYPE(ENGINE, "engine", play.engine, 0),
                    OF_TYPE(CONFERENCE_ID, "conferenceId", play.conference, 0),
                    FLAG("privacyMode", play.privacy, false)}},
    [PERCL_PLAY] = {"Play",
                    {URL_NEEDED("file", play.file), LOOP, OF_TYPE(CONFERENCE_ID, "conferenceId", play.conference, 0),
                     FLAG("privacyMode", play.privacy, false)}},
    [PERCL_PLAY_EARLY_MEDIA] = {"PlayEarlyMedia", {URL_NEEDED("file", play.file)}},
    [PERCL_PAUSE] = {"Pause", {{"length", PERCL_VALUE_NUMBER, AT(pause.length_ms), true, 0, 24 * HOUR_MS, 0, NULL}}},
    [PERCL_GET_DIGITS] = {"GetDigits",
                          {URL_NEEDED("actionUrl", get_digits.action_url),
                           NUMBER("initialTimeoutMs", get_digits.initial_timeout_ms, 1, HOUR_MS, 8000),
                           NUMBER("digitTimeoutMs", get_digits.digit_timeout_ms, 1, HOUR_MS, 3000),
                           OF_TYPE(KEY, "finishOnKey", get_digits.finish_on_key, '#'),
                           NUMBER("minDigits", get_digits.min_digits, 0, UINT32_MAX, 0),
                           NUMBER("maxDigits", get_digits.max_digits, 0, UINT32_MAX, 16),
                           FLAG("flushBuffer", get_digits.flush_buffer, false),
                           OF_TYPE(PROMPTS, "prompts", get_digits.prompts, 0),
                           FLAG("privacyMode", get_digits.privacy, false)}},
    [PERCL_SEND_DIGITS] = {"SendDigits",
                           {{"digits", PERCL_VALUE_KEYS, AT(send_digits.digits), true, 0, 0, 0, NULL},
                            {"pauseMs", PERCL_VALUE_CLAMPED, AT(send_digits.pause_ms), false, 100, 1000, 500, NULL},
                            FLAG("privacyMode", send_digits.privacy, false)}},
    [PERCL_OUT_DIAL] =
        {"OutDial",
         {TEXT_NEEDED("destination", out_dial.destination, PERCL_SHORT_BYTES),
          TEXT_NEEDED("callingNumber", out_dial.calling_number, PERCL_SHORT_BYTES),
          URL_NEEDED("actionUrl", out_dial.action_url), URL_NEEDED("callConnectUrl", out_dial.call_connect_url),
          OF_TYPE(KEYS, "sendDigits", out_dial.send_digits, 0), OF_TYPE(MACHINE, "ifMachine", out_dial.if_machine, 0),
          URL("ifMachineUrl", out_dial.if_machine_url), NUMBER("timeout", out_dial.timeout_s, 1, DAY_S, 30),
          URL("statusCallbackUrl", out_dial.status_callback_url), FLAG("privacyMode", out_dial.privacy, false)}},
    [PERCL_HANGUP] = {"Hangup", {OF_TYPE(CALL_ID, "callId", hangup.call, 0), TEXT("reason", hangup.reason)}},
    [PERCL_REJECT] = {"Reject", {TEXT("reason", hangup.reason)}},
    [PERCL_REDIRECT] = {"Redirect", {URL_NEEDED("actionUrl", redirect.action_url)}},
    [PERCL_RECORD_UTTERANCE] = {"RecordUtterance",
                                {URL_NEEDED("actionUrl", record.action_url),
                                 NUMBER("silenceTimeoutMs", record.silence_timeout_ms, 1, HOUR_MS, 3000),
                                 OF_TYPE(KEY, "finishOnKey", record.finish_on_key, '#'),
                                 NUMBER("maxLengthSec", record.max_length_s, 2, DAY_S, 60),
                                 FLAG("playBeep", record.play_beep, false), FLAG("autoStart", record.auto_start, false),
                                 FLAG("privacyMode", record.privacy, false)}},
    [PERCL_START_RECORD_CALL] = {"StartRecordCall", {{NULL, PERCL_VALUE_IGNORED, 0, false, 0, 0, 0, NULL}}},
};

static const char *const refused[] = {"Enqueue", "Dequeue", "GetSpeech", "TranscribeUtterance",
                                      "Sms",     "Park",    "Unpark",    "AudioStream"};

const struct percl_command_kind *percl_command_kind(enum percl_command_type type)
{
    assert((unsigned)type < PERCL_COMMAND_TYPES);
    return &kinds[type];
}

bool percl_command_find(const char *name, enum percl_command_type *out)
{
    for (size_t i = 0; i < PERCL_COMMAND_TYPES; i++) {
        if (strcmp(kinds[i].name, name) != 0) continue;
        *out = (enum percl_command_type)i;
        return true;
    }
    return false;
}

bool percl_command_refused(const char *name)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (strcmp(refused[i], name) == 0) return true;
    return false;
}

static void clear_prompts(struct percl_get_digits *g)
{
    for (size_t i = 0; i < g->prompt_count; i++)
        percl_command_clear(&g->prompts[i]);
    free(g->prompts);
}

void percl_command_clear(struct percl_command *command)
{
    const struct percl_command_kind *kind = percl_command_kind(command->type);
    for (const struct percl_attribute *a = kind->attributes; a < kind->attributes + PERCL_ATTRIBUTES_MAX && a->name;
         a++) {
        switch (a->type) {
        case PERCL_VALUE_URL:
        case PERCL_VALUE_TEXT:
        case PERCL_VALUE_KEYS:
        case PERCL_VALUE_SEQUENCE:
        case PERCL_VALUE_ALIAS:
        case PERCL_VALUE_MACHINE:
        case PERCL_VALUE_ENGINE: free(*(char **)(void *)((char *)command + a->offset)); break;
        case PERCL_VALUE_PROMPTS: clear_prompts(&command->get_digits); break;
        default: break;
        }
    }
    memset(command, 0, sizeof *command);
}

static bool copy_text(char **out, const char *text)
{
    *out = text ? slice_dup(slice_of(text)) : NULL;
    return !text || *out;
}

status percl_add_copy(struct percl_add_to_conference *out, const struct percl_add_to_conference *add)
{
    struct percl_add_to_conference copy = *add;
    bool ok = copy_text(&copy.call_control_sequence, add->call_control_sequence);
    ok = copy_text(&copy.call_control_url, add->call_control_url) && ok;
    ok = copy_text(&copy.leave_conference_url, add->leave_conference_url) && ok;
    ok = copy_text(&copy.notification_url, add->notification_url) && ok;
    if (!ok) {
        percl_add_clear(&copy);
        return STATUS_NO_MEMORY;
    }
    *out = copy;
    return STATUS_OK;
}

void percl_add_clear(struct percl_add_to_conference *add)
{
    free(add->call_control_sequence);
    free(add->call_control_url);
    free(add->leave_conference_url);
    free(add->notification_url);
    memset(add, 0, sizeof *add);
}

bool percl_is_key(char c)
{
    return (c >= '0' && c <= '9') || c == '*' || c == '#';
}

/** Steps over {n}; NULL where it is none. */
static const char *pause_end(const char *at)
{
    const char *end = strchr(at, '}');
    uint32_t n;
    if (!end || !slice_to_u32((struct slice){at + 1, (size_t)(end - at - 1)}, 1000, &n)) return NULL;
    return end + 1;
}

bool percl_keys_valid(const char *keys)
{
    const char *at = keys;
    while (at && *at) {
        if (*at == '{') {
            at = pause_end(at);
        } else {
            at = percl_is_key(*at) ? at + 1 : NULL;
        }
    }
    return at && at > keys;
}

bool percl_url_valid(const char *url)
{
    size_t scheme = strncasecmp(url, "http://", 7) == 0 ? 7 : strncasecmp(url, "https://", 8) == 0 ? 8 : 0;
    if (scheme == 0 || !url[scheme] || strchr("/?#:@", url[scheme])) return false;
    size_t len = 0;
    for (; url[len]; len++)
        if ((unsigned char)url[len] <= ' ' || url[len] == 0x7f || len >= PERCL_URL_BYTES) return false;
    return true;
}
