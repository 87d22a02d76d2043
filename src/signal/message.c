#include "signal/message.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

static const char *const type_names[SIGNAL_TYPES] = {
    [SIGNAL_HELLO] = "hello",
    [SIGNAL_INVITE] = "invite",
    [SIGNAL_CANCEL] = "cancel",
    [SIGNAL_ACK] = "ack",
    [SIGNAL_PRACK] = "prack",
    [SIGNAL_REINVITE] = "reinvite",
    [SIGNAL_UPDATE] = "update",
    [SIGNAL_INFO] = "info",
    [SIGNAL_BYE] = "bye",
    [SIGNAL_ENDED] = "ended",
    [SIGNAL_DIALOG] = "dialog",
    [SIGNAL_RESPONSE] = "response",
    [SIGNAL_PROGRESS] = "progress",
    [SIGNAL_ANSWER] = "answer",
    [SIGNAL_REJECT] = "reject",
    [SIGNAL_ACCEPT] = "accept",
    [SIGNAL_REFUSE] = "refuse",
    [SIGNAL_MODIFY] = "modify",
    [SIGNAL_HANGUP] = "hangup",
    [SIGNAL_DIAL] = "dial",
    [SIGNAL_LOAD] = "load",
    [SIGNAL_REGISTER] = "register",
    [SIGNAL_REGISTERED] = "registered",
    [SIGNAL_LOCATED] = "located",
    [SIGNAL_OFFER] = "offer",
};

enum member_kind { MEMBER_TEXT, MEMBER_FLAG, MEMBER_NUMBER, MEMBER_CODE, MEMBER_OBJECT, MEMBER_ARRAY };

#define TYPE(name) (1u << SIGNAL_##name)

/** A member of struct signal_message, and the types that are nothing without it. */
struct member {
    const char *name;
    enum member_kind kind;
    size_t offset;
    unsigned needed_by;
};

#define MEMBER(field, kind, needed_by)                                                                                 \
    {                                                                                                                  \
#field, MEMBER_##kind, offsetof(struct signal_message, field), needed_by                                       \
    }

static const struct member members[] = {
    MEMBER(transaction, NUMBER, TYPE(REINVITE) | TYPE(UPDATE) | TYPE(ACCEPT) | TYPE(REFUSE) | TYPE(MODIFY)),
    MEMBER(code, CODE, TYPE(RESPONSE) | TYPE(PROGRESS) | TYPE(REJECT) | TYPE(REFUSE) | TYPE(REGISTERED)),
    MEMBER(reason, TEXT, TYPE(ENDED)),
    MEMBER(sdp, TEXT, TYPE(OFFER)),
    MEMBER(reliable, FLAG, 0),
    MEMBER(supports_100rel, FLAG, 0),
    MEMBER(requires_100rel, FLAG, 0),
    MEMBER(transport, TEXT, TYPE(INVITE) | TYPE(LOCATED)),
    MEMBER(source, TEXT, TYPE(INVITE) | TYPE(LOCATED)),
    MEMBER(local, TEXT, TYPE(INVITE) | TYPE(LOCATED)),
    MEMBER(request_uri, TEXT, TYPE(INVITE)),
    MEMBER(from_uri, TEXT, TYPE(INVITE) | TYPE(DIAL)),
    MEMBER(from_display, TEXT, 0),
    MEMBER(to_uri, TEXT, TYPE(INVITE) | TYPE(DIAL) | TYPE(REGISTER)),
    MEMBER(sip_call_id, TEXT, 0),
    MEMBER(identity, TEXT, 0),
    MEMBER(content_type, TEXT, TYPE(INFO)),
    MEMBER(body, TEXT, 0),
    MEMBER(headers, OBJECT, 0),
    MEMBER(record, OBJECT, TYPE(DIALOG)),
    MEMBER(calls, ARRAY, 0),
    MEMBER(listeners, ARRAY, 0),
    MEMBER(version, TEXT, TYPE(HELLO)),
    MEMBER(epoch, TEXT, TYPE(HELLO)),
    MEMBER(accepting, FLAG, TYPE(LOAD)),
    MEMBER(retry_after_s, NUMBER, 0),
    MEMBER(route, TEXT, 0),
    MEMBER(user, TEXT, 0),
    MEMBER(password, TEXT, 0),
    MEMBER(timeout_s, NUMBER, 0),
    MEMBER(private_only, FLAG, 0),
    MEMBER(registration, TEXT, TYPE(REGISTER) | TYPE(REGISTERED)),
    MEMBER(expires_s, NUMBER, TYPE(REGISTER) | TYPE(REGISTERED)),
};

enum { MEMBERS = sizeof members / sizeof members[0] };

static void *member_at(struct signal_message *m, const struct member *member)
{
    return (char *)m + member->offset;
}

static const void *member_of(const struct signal_message *m, const struct member *member)
{
    return (const char *)m + member->offset;
}

void signal_message_init(struct signal_message *m, enum signal_type type, const char *call)
{
    assert((unsigned)type < SIGNAL_TYPES);
    memset(m, 0, sizeof *m);
    m->type = type;
    if (call) slice_copy(slice_of(call), m->call, sizeof m->call);
}

void signal_message_clear(struct signal_message *m)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        void *at = member_at(m, &members[i]);
        if (members[i].kind == MEMBER_TEXT) {
            free(*(char **)at);
            *(char **)at = NULL;
        } else if (members[i].kind == MEMBER_OBJECT || members[i].kind == MEMBER_ARRAY) {
            json_decref(*(json_t **)at);
            *(json_t **)at = NULL;
        }
    }
}

const char *signal_type_name(enum signal_type type)
{
    assert((unsigned)type < SIGNAL_TYPES);
    return type_names[type];
}

static json_t *text_to_json(const char *text)
{
    json_t *value = json_string(text);
    if (value) return value;
    char *clean = signal_text(slice_of(text)); /* not UTF-8, or no memory, which fails again */
    value = json_string(clean);
    free(clean);
    return value;
}

/** A new reference; NULL with *absent where the message does not carry it. */
static json_t *member_to_json(const struct signal_message *m, const struct member *member, bool *absent)
{
    const void *at = member_of(m, member);
    bool needed = member->needed_by & (1u << m->type);
    json_t *const *json = at;
    *absent = false;
    switch (member->kind) {
    case MEMBER_TEXT: *absent = !*(char *const *)at; return *absent ? NULL : text_to_json(*(char *const *)at);
    case MEMBER_FLAG: *absent = !*(const bool *)at && !needed; return *absent ? NULL : json_boolean(*(const bool *)at);
    case MEMBER_NUMBER:
    case MEMBER_CODE:
        *absent = *(const uint32_t *)at == 0 && !needed;
        return *absent ? NULL : json_integer(*(const uint32_t *)at);
    case MEMBER_OBJECT:
    case MEMBER_ARRAY: *absent = !*json; return json_incref(*json);
    }
    return NULL;
}

json_t *signal_message_to_json(const struct signal_message *m)
{
    json_t *object = json_object();
    if (!object) return NULL;
    bool ok = json_object_set_new(object, "type", json_string(type_names[m->type])) == 0;
    if (m->call[0]) ok = ok && json_object_set_new(object, "call", json_string(m->call)) == 0;
    for (size_t i = 0; ok && i < MEMBERS; i++) {
        bool absent;
        json_t *value = member_to_json(m, &members[i], &absent);
        if (!absent) ok = json_object_set_new(object, members[i].name, value) == 0;
    }
    if (ok) return object;
    json_decref(object);
    return NULL;
}

static status invalid(struct fault *fault, const char *what)
{
    *fault = (struct fault){0, what};
    return STATUS_INVALID;
}

static bool number_in_range(const json_t *value, json_int_t low, json_int_t high)
{
    return json_is_integer(value) && json_integer_value(value) >= low && json_integer_value(value) <= high;
}

static status member_from_json(struct signal_message *m, const struct member *member, json_t *value,
                               struct fault *fault)
{
    void *at = member_at(m, member);
    switch (member->kind) {
    case MEMBER_TEXT:
        if (!json_is_string(value)) break;
        *(char **)at = slice_dup((struct slice){json_string_value(value), json_string_length(value)});
        return *(char **)at ? STATUS_OK : STATUS_NO_MEMORY;
    case MEMBER_FLAG:
        if (!json_is_boolean(value)) break;
        *(bool *)at = json_is_true(value);
        return STATUS_OK;
    case MEMBER_NUMBER:
    case MEMBER_CODE:
        if (!number_in_range(value, member->kind == MEMBER_CODE ? 100 : 0,
                             member->kind == MEMBER_CODE ? 699 : (json_int_t)UINT32_MAX))
            break;
        *(uint32_t *)at = (uint32_t)json_integer_value(value);
        return STATUS_OK;
    case MEMBER_OBJECT:
        if (!json_is_object(value)) break;
        *(json_t **)at = json_incref(value);
        return STATUS_OK;
    case MEMBER_ARRAY:
        if (!json_is_array(value)) break;
        *(json_t **)at = json_incref(value);
        return STATUS_OK;
    }
    return invalid(fault, member->name);
}

static bool type_from_json(const json_t *object, enum signal_type *out)
{
    const char *name = json_string_value(json_object_get(object, "type"));
    for (unsigned i = 0; name && i < SIGNAL_TYPES; i++) {
        if (strcmp(name, type_names[i]) == 0) {
            *out = (enum signal_type)i;
            return true;
        }
    }
    return false;
}

static status call_from_json(struct signal_message *m, const json_t *object, struct fault *fault)
{
    const json_t *call = json_object_get(object, "call");
    bool needed =
        m->type != SIGNAL_HELLO && m->type != SIGNAL_LOAD && m->type != SIGNAL_REGISTER && m->type != SIGNAL_REGISTERED;
    if (!call && !needed) return STATUS_OK;
    struct slice text = {json_string_value(call), json_string_length(call)};
    if (!json_is_string(call) || !id_valid(text, "CA")) return invalid(fault, "call");
    slice_copy(text, m->call, sizeof m->call);
    return STATUS_OK;
}

status signal_message_from_json(struct signal_message *out, const json_t *object, struct fault *fault)
{
    enum signal_type type;
    if (!type_from_json(object, &type)) return invalid(fault, "type");
    struct signal_message m;
    signal_message_init(&m, type, NULL);
    status s = call_from_json(&m, object, fault);
    for (size_t i = 0; s == STATUS_OK && i < MEMBERS; i++) {
        json_t *value = json_object_get(object, members[i].name);
        if (value)
            s = member_from_json(&m, &members[i], value, fault);
        else if (members[i].needed_by & (1u << type))
            s = invalid(fault, members[i].name);
    }
    if (s == STATUS_OK)
        *out = m;
    else
        signal_message_clear(&m);
    return s;
}

/** How many bytes at the start of s are one character of UTF-8 (RFC 3629 section 4) other than NUL; 0 where none. */
static size_t utf8_length(struct slice s)
{
    const unsigned char *p = (const unsigned char *)s.at;
    if (p[0] == 0) return 0;
    if (p[0] < 0x80) return 1;
    size_t length = p[0] >= 0xC2 && p[0] <= 0xDF   ? 2
                    : p[0] >= 0xE0 && p[0] <= 0xEF ? 3
                    : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4
                                                   : 0;
    if (length == 0 || s.len < length) return 0;
    unsigned low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
    unsigned high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < length; i++) {
        if ((p[i] & 0xC0) != 0x80) return 0;
    }
    return length;
}

char *signal_text(struct slice text)
{
    if (!text.at) return NULL;
    struct buffer b;
    buffer_init(&b);
    while (text.len > 0) {
        size_t length = utf8_length(text);
        if (length > 0)
            buffer_append(&b, text.at, length);
        else
            buffer_append_text(&b, "\xEF\xBF\xBD");
        if (length == 0) length = 1;
        text.at += length;
        text.len -= length;
    }
    char *clean = buffer_take(&b);
    buffer_clear(&b);
    return clean;
}
