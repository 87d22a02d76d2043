#include "rest/rest_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ids.h"

status rest_fault_set(struct rest_fault *fault, const char *member, const char *why)
{
    fault->member = member;
    fault->missing = false;
    snprintf(fault->why, sizeof fault->why, "%s", why);
    return STATUS_INVALID;
}

status rest_fault_missing(struct rest_fault *fault, const char *member, const char *why)
{
    status s = rest_fault_set(fault, member, why);
    fault->missing = true;
    return s;
}

/* JSON text is well-formed UTF-8 once it is parsed. */
bool rest_text_length(const char *text, size_t *characters)
{
    size_t count = 0;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f) return false;
        if ((c & 0xc0) != 0x80) count++;
    }
    *characters = count;
    return true;
}

static bool is_one_of(const char *words, const char *text)
{
    struct slice rest = slice_of(words);
    while (rest.len > 0) {
        if (slice_is(slice_cut(&rest, '|'), text)) return true;
    }
    return false;
}

static status refuse_words(const struct rest_field *field, struct rest_fault *fault)
{
    char why[FETCH_WHY_SIZE];
    struct slice rest = slice_of(field->words);
    int used = snprintf(why, sizeof why, "must be");
    const char *between = " ";
    while (rest.len > 0) {
        struct slice word = slice_cut(&rest, '|');
        used += snprintf(why + used, sizeof why - (size_t)used, "%s%.*s", between, SLICE_ARGS(word));
        between = memchr(rest.at, '|', rest.len) ? ", " : " or ";
    }
    return rest_fault_set(fault, field->name, why);
}

static status check_text(const struct rest_field *field, const char *text, struct rest_fault *fault)
{
    char why[FETCH_WHY_SIZE];
    size_t length;
    if (!rest_text_length(text, &length)) return rest_fault_set(fault, field->name, "must have no control characters");
    if (length >= field->min && length <= field->max) return STATUS_OK;
    if (field->min)
        snprintf(why, sizeof why, "must have %u to %u characters", field->min, field->max);
    else
        snprintf(why, sizeof why, "must have at most %u characters", field->max);
    return rest_fault_set(fault, field->name, why);
}

static status check_id(const struct rest_field *field, const char *text, struct rest_fault *fault)
{
    char why[FETCH_WHY_SIZE];
    if (!text[0] || id_valid(slice_of(text), field->words)) return STATUS_OK;
    snprintf(why, sizeof why, "must be %s and 40 hex digits", field->words);
    return rest_fault_set(fault, field->name, why);
}

static status read_text(void *at, const struct rest_field *field, const json_t *value, rest_check_url_fn *check,
                        void *arg, struct rest_fault *fault)
{
    if (!json_is_string(value)) return rest_fault_set(fault, field->name, "must be a string");
    const char *text = json_string_value(value);
    status s = STATUS_OK;
    switch (field->type) {
    case REST_FIELD_TEXT: s = check_text(field, text, fault); break;
    case REST_FIELD_WORD: s = is_one_of(field->words, text) ? STATUS_OK : refuse_words(field, fault); break;
    case REST_FIELD_ID: s = check_id(field, text, fault); break;
    case REST_FIELD_URL:
        if (text[0] && check(arg, text, fault->why) != STATUS_OK) {
            fault->member = field->name;
            fault->missing = false;
            s = STATUS_INVALID;
        }
        break;
    case REST_FIELD_FLAG:
    case REST_FIELD_U32: break;
    }
    if (s != STATUS_OK) return s;
    if (field->type == REST_FIELD_ID)
        strcpy(at, text);
    else
        *(const char **)at = text;
    return STATUS_OK;
}

static status read_number(uint32_t *at, const struct rest_field *field, const json_t *value, struct rest_fault *fault)
{
    char why[FETCH_WHY_SIZE];
    json_int_t number = json_integer_value(value);
    if (json_is_integer(value) && number >= field->min && number <= field->max) {
        *at = (uint32_t)number;
        return STATUS_OK;
    }
    snprintf(why, sizeof why, "must be a whole number from %u to %u", field->min, field->max);
    return rest_fault_set(fault, field->name, why);
}

static status read_field(void *at, const struct rest_field *field, const json_t *body, rest_check_url_fn *check,
                         void *arg, struct rest_fault *fault)
{
    const json_t *value = json_object_get(body, field->name);
    if (!value || json_is_null(value))
        return field->required ? rest_fault_missing(fault, field->name, "must be given") : STATUS_OK;
    if (field->type == REST_FIELD_U32) return read_number(at, field, value, fault);
    if (field->type != REST_FIELD_FLAG) return read_text(at, field, value, check, arg, fault);
    if (!json_is_boolean(value)) return rest_fault_set(fault, field->name, "must be true or false");
    *(bool *)at = json_is_true(value);
    return STATUS_OK;
}

status rest_fields_read(void *out, size_t size, const struct rest_field *fields, size_t count, const json_t *body,
                        rest_check_url_fn *check, void *arg, struct rest_fault *fault)
{
    char *read = malloc(size);
    if (!read) return rest_fault_set(fault, "", "Out of memory");
    memcpy(read, out, size);
    status s = STATUS_OK;
    for (size_t i = 0; i < count && s == STATUS_OK; i++)
        s = read_field(read + fields[i].at, &fields[i], body, check, arg, fault);
    if (s == STATUS_OK) memcpy(out, read, size);
    free(read);
    return s;
}
