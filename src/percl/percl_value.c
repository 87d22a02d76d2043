#include "percl/percl_value.h"

#include <stdio.h>
#include <string.h>

static void *field(struct percl_command *c, const struct percl_attribute *a)
{
    return (char *)c + a->offset;
}

static status set_text(struct percl_command *c, const struct percl_attribute *a, const char *text)
{
    char *copy = slice_dup(slice_of(text));
    if (!copy) return STATUS_NO_MEMORY;
    *(char **)field(c, a) = copy;
    return STATUS_OK;
}

status percl_value_default(struct percl_command *c, const struct percl_attribute *a)
{
    switch (a->type) {
    case PERCL_VALUE_TEXT: return a->fallback_text ? set_text(c, a, a->fallback_text) : STATUS_OK;
    case PERCL_VALUE_FLAG: *(bool *)field(c, a) = a->fallback != 0; break;
    case PERCL_VALUE_NUMBER:
    case PERCL_VALUE_CLAMPED: *(uint32_t *)field(c, a) = a->fallback; break;
    case PERCL_VALUE_KEY: *(char *)field(c, a) = (char)a->fallback; break;
    case PERCL_VALUE_BEEP: *(enum play_beep *)field(c, a) = (enum play_beep)a->fallback; break;
    default: break;
    }
    return STATUS_OK;
}

/** A whole number, also one written as 30.0. */
static bool whole(const json_t *value, double *out)
{
    if (json_is_integer(value)) {
        *out = (double)json_integer_value(value);
        return true;
    }
    if (!json_is_real(value)) return false;
    double real = json_real_value(value);
    if (real < -9e15 || real > 9e15 || (double)(int64_t)real != real) return false;
    *out = real;
    return true;
}

static status read_number(struct percl_command *c, const struct percl_attribute *a, const json_t *value)
{
    double n;
    if (!whole(value, &n)) return STATUS_INVALID;
    if (a->type == PERCL_VALUE_CLAMPED) {
        n = n < a->min ? a->min : n > a->max ? a->max : n;
    } else if (n < a->min || n > a->max) {
        return STATUS_INVALID;
    }
    *(uint32_t *)field(c, a) = (uint32_t)n;
    return STATUS_OK;
}

static status read_flag(struct percl_command *c, const struct percl_attribute *a, const json_t *value)
{
    if (!json_is_boolean(value)) return STATUS_INVALID;
    *(bool *)field(c, a) = json_is_true(value);
    return STATUS_OK;
}

/** An optional id may be an empty string: absent. */
static status read_id(struct percl_command *c, const struct percl_attribute *a, const char *text, const char *prefix)
{
    if (!text[0] && !a->required) return STATUS_OK;
    if (!id_valid(slice_of(text), prefix)) return STATUS_INVALID;
    slice_copy(slice_of(text), field(c, a), ID_SIZE);
    return STATUS_OK;
}

static status read_key(struct percl_command *c, const struct percl_attribute *a, const char *text)
{
    if (text[0] && (!percl_is_key(text[0]) || text[1])) return STATUS_INVALID;
    *(char *)field(c, a) = text[0];
    return STATUS_OK;
}

static bool is_sequence(const char *text)
{
    size_t len = strspn(text, "0123456789*#");
    return len > 0 && len <= PERCL_SEQUENCE_MAX && !text[len];
}

static bool text_valid(const struct percl_attribute *a, const char *text)
{
    switch (a->type) {
    case PERCL_VALUE_URL: return percl_url_valid(text);
    case PERCL_VALUE_KEYS: return strlen(text) <= PERCL_SHORT_BYTES && percl_keys_valid(text);
    case PERCL_VALUE_SEQUENCE: return is_sequence(text);
    case PERCL_VALUE_ALIAS: return conference_alias_valid(slice_of(text));
    case PERCL_VALUE_MACHINE: return strcmp(text, "redirect") == 0 || strcmp(text, "hangup") == 0;
    case PERCL_VALUE_ENGINE: return strlen(text) <= PERCL_SHORT_BYTES;
    default: return strlen(text) >= a->min && strlen(text) <= a->max;
    }
}

static status read_string(struct percl_command *c, const struct percl_attribute *a, const json_t *value)
{
    const char *text = json_string_value(value);
    if (!text) return STATUS_INVALID;
    switch (a->type) {
    case PERCL_VALUE_KEY: return read_key(c, a, text);
    case PERCL_VALUE_CALL_ID: return read_id(c, a, text, "CA");
    case PERCL_VALUE_CONFERENCE_ID: return read_id(c, a, text, "CF");
    case PERCL_VALUE_BEEP: return play_beep_parse(slice_of(text), field(c, a)) ? STATUS_OK : STATUS_INVALID;
    default: return text_valid(a, text) ? set_text(c, a, text) : STATUS_INVALID;
    }
}

status percl_value_read(struct percl_command *c, const struct percl_attribute *a, const json_t *value)
{
    switch (a->type) {
    case PERCL_VALUE_IGNORED: return STATUS_OK;
    case PERCL_VALUE_FLAG: return read_flag(c, a, value);
    case PERCL_VALUE_NUMBER:
    case PERCL_VALUE_CLAMPED: return read_number(c, a, value);
    case PERCL_VALUE_ENGINE: return read_string(c, a, json_object_get(value, "name"));
    default: return read_string(c, a, value);
    }
}

const char *percl_value_allowed(const struct percl_attribute *a, char *out, size_t size)
{
    switch (a->type) {
    case PERCL_VALUE_URL: snprintf(out, size, "an absolute http or https URL of at most %u bytes", a->max); break;
    case PERCL_VALUE_TEXT: snprintf(out, size, "a string of %u to %u bytes", a->min, a->max); break;
    case PERCL_VALUE_FLAG: snprintf(out, size, "true or false"); break;
    case PERCL_VALUE_NUMBER: snprintf(out, size, "an integer from %u to %u", a->min, a->max); break;
    case PERCL_VALUE_CLAMPED: snprintf(out, size, "an integer"); break;
    case PERCL_VALUE_KEY: snprintf(out, size, "one of 0-9 * #"); break;
    case PERCL_VALUE_KEYS: snprintf(out, size, "a string of 0-9 * # and pauses {n}, n being 0 to 1000"); break;
    case PERCL_VALUE_SEQUENCE: snprintf(out, size, "a string of 1 to %d of 0-9 * #", PERCL_SEQUENCE_MAX); break;
    case PERCL_VALUE_CALL_ID: snprintf(out, size, "a call id: CA and 40 hex digits"); break;
    case PERCL_VALUE_CONFERENCE_ID: snprintf(out, size, "a conference id: CF and 40 hex digits"); break;
    case PERCL_VALUE_ALIAS:
        snprintf(out, size, "a string of at most %d characters", CONFERENCE_ALIAS_CHARACTERS);
        break;
    case PERCL_VALUE_BEEP: snprintf(out, size, "always, never, entryOnly or exitOnly"); break;
    case PERCL_VALUE_MACHINE: snprintf(out, size, "redirect or hangup"); break;
    case PERCL_VALUE_ENGINE: snprintf(out, size, "an object with a name"); break;
    case PERCL_VALUE_PROMPTS:
    case PERCL_VALUE_IGNORED: snprintf(out, size, "something else"); break;
    }
    return out;
}
