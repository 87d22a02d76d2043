#include <string.h>

#include "rest/rest_input.h"

enum { ADDRESS_MAX = 256, DIGITS_MAX = 256, TIMEOUT_DEFAULT_S = 30, TIMEOUT_MAX_S = 600, LOOP_MAX = 1000000 };
enum { SAY_BYTES_MAX = 4096, LANGUAGE_MAX = 35 };

#define COUNT_OF(a) (sizeof(a) / sizeof(a)[0])

struct call_ids {
    id_text application, parent;
};

/* Digits, * and #, each perhaps followed by {n}, a pause of n half seconds. */
static bool digits_valid(const char *text)
{
    while (*text) {
        if (!strchr("0123456789*#", *text++)) return false;
        if (*text != '{') continue;
        size_t digits = strspn(++text, "0123456789");
        if (digits == 0 || digits > 3 || text[digits] != '}') return false;
        text += digits + 1;
    }
    return true;
}

static status check_machine(const struct rest_call_options *o, struct rest_fault *fault)
{
    bool redirect = o->if_machine && strcmp(o->if_machine, "redirect") == 0;
    bool has_url = o->if_machine_url && o->if_machine_url[0];
    if (redirect && !has_url) return rest_fault_missing(fault, "ifMachineUrl", "must be given with ifMachine redirect");
    if (has_url && !redirect) return rest_fault_set(fault, "ifMachineUrl", "is for ifMachine redirect only");
    return STATUS_OK;
}

/* offsets of ids are within struct call_ids, which is read by itself. */
static status read_ids(struct call_ids *ids, const json_t *body, struct rest_fault *fault)
{
    static const struct rest_field fields[] = {
        {"applicationId", REST_FIELD_ID, offsetof(struct call_ids, application), .words = "AP"},
        {"parentCallId", REST_FIELD_ID, offsetof(struct call_ids, parent), .words = "CA"},
    };
    return rest_fields_read(ids, sizeof *ids, fields, COUNT_OF(fields), body, NULL, NULL, fault);
}

static const char *given(const json_t *body, const char *member)
{
    const char *text = json_string_value(json_object_get(body, member));
    return text && text[0] ? text : NULL;
}

status rest_input_call(struct rest_call_options *out, const json_t *body, rest_check_url_fn *check, void *arg,
                       struct rest_fault *fault)
{
    static const struct rest_field fields[] = {
        {"from", REST_FIELD_TEXT, offsetof(struct rest_call_options, from), 1, ADDRESS_MAX, NULL, true},
        {"to", REST_FIELD_TEXT, offsetof(struct rest_call_options, to), 1, ADDRESS_MAX, NULL, true},
        {"callConnectUrl", REST_FIELD_URL, offsetof(struct rest_call_options, call_connect_url), .max = 0},
        {"sendDigits", REST_FIELD_TEXT, offsetof(struct rest_call_options, send_digits), .max = DIGITS_MAX},
        {"ifMachine", REST_FIELD_WORD, offsetof(struct rest_call_options, if_machine), .words = "redirect|hangup"},
        {"ifMachineUrl", REST_FIELD_URL, offsetof(struct rest_call_options, if_machine_url), .max = 0},
        {"timeout", REST_FIELD_U32, offsetof(struct rest_call_options, timeout_s), 1, TIMEOUT_MAX_S, NULL, false},
        {"privacyMode", REST_FIELD_FLAG, offsetof(struct rest_call_options, privacy_mode), .max = 0},
    };
    struct rest_call_options options = {.timeout_s = TIMEOUT_DEFAULT_S};
    struct call_ids ids = {"", ""};
    status s = rest_fields_read(&options, sizeof options, fields, COUNT_OF(fields), body, check, arg, fault);
    if (s == STATUS_OK) s = read_ids(&ids, body, fault);
    if (s == STATUS_OK) s = check_machine(&options, fault);
    if (s != STATUS_OK) return s;
    if (options.send_digits && !digits_valid(options.send_digits))
        return rest_fault_set(fault, "sendDigits", "must be digits, * and #, each perhaps with a pause like {2}");
    options.application = given(body, "applicationId");
    options.parent_call = given(body, "parentCallId");
    options.call_connect_url = given(body, "callConnectUrl");
    if (!options.application && !options.parent_call && !options.call_connect_url)
        return rest_fault_missing(fault, "applicationId", "or callConnectUrl or parentCallId must be given");
    *out = options;
    return STATUS_OK;
}

status rest_input_call_update(enum rest_call_change *out, const json_t *body, struct rest_fault *fault)
{
    static const struct rest_field fields[] = {
        {"status", REST_FIELD_WORD, 0, .words = "canceled|completed", .required = true},
    };
    const char *word = NULL;
    status s = rest_fields_read(&word, sizeof word, fields, COUNT_OF(fields), body, NULL, NULL, fault);
    if (s == STATUS_OK) *out = strcmp(word, "canceled") == 0 ? REST_CALL_CANCEL : REST_CALL_COMPLETE;
    return s;
}

static status read_say(struct rest_announcement *out, const json_t *body, struct rest_fault *fault)
{
    static const struct rest_field fields[] = {
        {"text", REST_FIELD_TEXT, offsetof(struct rest_announcement, text), 1, SAY_BYTES_MAX, NULL, true},
        {"language", REST_FIELD_TEXT, offsetof(struct rest_announcement, language), .max = LANGUAGE_MAX},
        {"loop", REST_FIELD_U32, offsetof(struct rest_announcement, loop), .max = LOOP_MAX},
        {"privacyMode", REST_FIELD_FLAG, offsetof(struct rest_announcement, privacy_mode), .max = 0},
    };
    status s = rest_fields_read(out, sizeof *out, fields, COUNT_OF(fields), body, NULL, NULL, fault);
    if (s != STATUS_OK || strlen(out->text) <= SAY_BYTES_MAX) return s;
    return rest_fault_set(fault, "text", "must have at most 4096 bytes");
}

static status read_play(struct rest_announcement *out, const json_t *body, rest_check_url_fn *check, void *arg,
                        struct rest_fault *fault)
{
    static const struct rest_field fields[] = {
        {"file", REST_FIELD_URL, offsetof(struct rest_announcement, file), .max = 0, .required = true},
        {"loop", REST_FIELD_U32, offsetof(struct rest_announcement, loop), .max = LOOP_MAX},
        {"privacyMode", REST_FIELD_FLAG, offsetof(struct rest_announcement, privacy_mode), .max = 0},
    };
    status s = rest_fields_read(out, sizeof *out, fields, COUNT_OF(fields), body, check, arg, fault);
    if (s == STATUS_OK && !out->file[0]) return rest_fault_missing(fault, "file", "must be given");
    return s;
}

status rest_input_announcement(struct rest_announcement *out, const json_t *body, rest_check_url_fn *check, void *arg,
                               struct rest_fault *fault)
{
    struct rest_announcement read = {.loop = 1};
    const json_t *say = json_object_get(body, "say"), *play = json_object_get(body, "play");
    if (!say == !play) return rest_fault_missing(fault, "say", "or play must be given, not both");
    if (!json_is_object(say ? say : play)) return rest_fault_set(fault, say ? "say" : "play", "must be an object");
    status s = say ? read_say(&read, say, fault) : read_play(&read, play, check, arg, fault);
    if (s == STATUS_OK) *out = read;
    return s;
}
