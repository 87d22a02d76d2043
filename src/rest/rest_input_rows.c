#include <string.h>

#include "rest/rest_input.h"

enum { ALIAS_MAX = CONFERENCE_ALIAS_CHARACTERS, NUMBER_MAX = 64 };

#define COUNT_OF(a) (sizeof(a) / sizeof(a)[0])

status rest_input_account(struct store_account *row, const json_t *body, struct rest_fault *fault)
{
    static const struct rest_field fields[] = {
        {"alias", REST_FIELD_TEXT, offsetof(struct store_account, alias), .max = ALIAS_MAX},
        {"label", REST_FIELD_TEXT, offsetof(struct store_account, label), .max = ALIAS_MAX},
    };
    return rest_fields_read(row, sizeof *row, fields, COUNT_OF(fields), body, NULL, NULL, fault);
}

#define APPLICATION_URL(name, member)                                                                                  \
    {                                                                                                                  \
        name, REST_FIELD_URL, offsetof(struct store_application, member), .max = 0                                     \
    }

status rest_input_application(struct store_application *row, const json_t *body, rest_check_url_fn *check, void *arg,
                              struct rest_fault *fault)
{
    static const struct rest_field fields[] = {
        {"alias", REST_FIELD_TEXT, offsetof(struct store_application, alias), .max = ALIAS_MAX},
        APPLICATION_URL("voiceUrl", voice_url),
        APPLICATION_URL("voiceFallbackUrl", voice_fallback_url),
        APPLICATION_URL("callConnectUrl", call_connect_url),
        APPLICATION_URL("statusCallbackUrl", status_callback_url),
        APPLICATION_URL("smsUrl", sms_url),
        APPLICATION_URL("smsFallbackUrl", sms_fallback_url),
    };
    return rest_fields_read(row, sizeof *row, fields, COUNT_OF(fields), body, check, arg, fault);
}

static const struct rest_field number_fields[] = {
    {"applicationId", REST_FIELD_ID, offsetof(struct store_number, application), .words = "AP"},
    {"alias", REST_FIELD_TEXT, offsetof(struct store_number, alias), .max = ALIAS_MAX},
    {"phoneNumber", REST_FIELD_TEXT, offsetof(struct store_number, number), 1, NUMBER_MAX, NULL, true},
    {"region", REST_FIELD_TEXT, offsetof(struct store_number, region), .max = ALIAS_MAX},
    {"country", REST_FIELD_TEXT, offsetof(struct store_number, country), .max = ALIAS_MAX},
};
enum { NUMBER_CHANGEABLE = 2 };

/* "+" and digits, or the user part of a SIP URI as it is dialled: what needs no escape there (RFC 3261, 25.1). */
static bool is_dialled(const char *text)
{
    static const char digits[] = "0123456789";
    static const char user[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.!~*'()+";
    if (text[0] == '+') return text[1] && !text[1 + strspn(text + 1, digits)] && strlen(text) <= 16;
    return text[0] && !text[strspn(text, user)];
}

status rest_input_number(struct store_number *row, const json_t *body, struct rest_fault *fault)
{
    return rest_fields_read(row, sizeof *row, number_fields, NUMBER_CHANGEABLE, body, NULL, NULL, fault);
}

status rest_input_new_number(struct store_number *row, const json_t *body, struct rest_fault *fault)
{
    struct store_number read = *row;
    status s = rest_fields_read(&read, sizeof read, number_fields, COUNT_OF(number_fields), body, NULL, NULL, fault);
    if (s != STATUS_OK) return s;
    if (!is_dialled(read.number))
        return rest_fault_set(fault, "phoneNumber",
                              "must be + and at most 15 digits, or a SIP user name (letters, digits, -_.!~*'()+)");
    *row = read;
    return STATUS_OK;
}
