#include "call/user_part.h"

#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool name_character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._-", c));
}

/* Escapes ("%2D") stand for the character itself, RFC 3261 section 19.1.2. */
static bool copy_name(struct slice text, char out[USER_NAME_SIZE])
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '%' && i + 2 < text.len && hex_value(text.at[i + 1]) >= 0 && hex_value(text.at[i + 2]) >= 0) {
            c = (char)(hex_value(text.at[i + 1]) * 16 + hex_value(text.at[i + 2]));
            i += 2;
        }
        bool number_sign = c == '+' && n == 0;
        if ((!name_character(c) && !number_sign) || n == USER_NAME_MAX) return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return out[0] == '+' ? n > 1 && strspn(out + 1, "0123456789") == n - 1 : n > 0;
}

static bool *parameter_field(struct user_part *part, struct slice name)
{
    if (slice_is_nocase(name, "startConfOnEnter")) return &part->start_conf_on_enter;
    if (slice_is_nocase(name, "talk")) return &part->talk;
    if (slice_is_nocase(name, "listen")) return &part->listen;
    return NULL;
}

static status read_parameters(struct user_part *part, struct slice text, struct slice uri, struct fault *fault)
{
    while (text.len > 0) {
        struct slice value = slice_cut(&text, ';');
        struct slice name = slice_cut(&value, '=');
        bool *field = parameter_field(part, name);
        if (!field) continue;
        bool yes = slice_is_nocase(value, "true"), no = slice_is_nocase(value, "false");
        if (!yes && !no) {
            *fault = (struct fault){(unsigned long)(name.at - uri.at),
                                    "startConfOnEnter, talk and listen take true or false"};
            return STATUS_INVALID;
        }
        *field = yes;
    }
    return STATUS_OK;
}

status user_part_parse(struct user_part *out, struct slice uri, bool parameters, struct fault *fault)
{
    struct user_part part = {.start_conf_on_enter = true, .talk = true, .listen = true};
    struct slice rest = uri;
    struct slice scheme = slice_cut(&rest, ':');
    if (!slice_is_nocase(scheme, "sip") && !slice_is_nocase(scheme, "sips")) {
        *fault = (struct fault){0, "only sip and sips URIs can be called"};
        return STATUS_UNSUPPORTED;
    }
    bool has_user = rest.len > 0 && memchr(rest.at, '@', rest.len) != NULL;
    struct slice user = has_user ? slice_cut(&rest, '@') : (struct slice){rest.at, 0};
    struct slice host_parameters = slice_cut(&rest, '?');
    slice_cut(&host_parameters, ';');
    struct slice name = slice_cut(&user, ';');
    struct slice password = name;
    name = slice_cut(&password, ':');
    if (!copy_name(name, part.name)) {
        *fault = (struct fault){(unsigned long)(name.at - uri.at),
                                "a conference name has 1 to 64 of the characters A-Z a-z 0-9 . _ -"};
        return STATUS_NOT_FOUND;
    }
    if (parameters) {
        status s = read_parameters(&part, host_parameters, uri, fault);
        if (s == STATUS_OK) s = read_parameters(&part, user, uri, fault);
        if (s != STATUS_OK) return s;
    }
    *out = part;
    return STATUS_OK;
}
