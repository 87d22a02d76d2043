#include "signal/dialog_record.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "signal/keyless.h"
#include "signal/message.h"

enum member_kind { MEMBER_TEXT, MEMBER_SDP, MEMBER_NUMBER, MEMBER_FLAG };

struct member {
    const char *name;
    enum member_kind kind;
    size_t offset;
    bool needed;
};

#define MEMBER(field, kind, needed)                                                                                    \
    {                                                                                                                  \
#field, MEMBER_##kind, offsetof(struct dialog_record, field), needed                                           \
    }

/** All but role and route_set, which are of their own kind. */
static const struct member members[] = {
    MEMBER(call_id, TEXT, true),
    MEMBER(local_uri, TEXT, true),
    MEMBER(local_tag, TEXT, true),
    MEMBER(remote_uri, TEXT, true),
    MEMBER(remote_tag, TEXT, false),
    MEMBER(local_cseq, NUMBER, true),
    MEMBER(remote_cseq, NUMBER, true),
    MEMBER(remote_target, TEXT, false),
    MEMBER(transport, TEXT, true),
    MEMBER(source, TEXT, false),
    MEMBER(local, TEXT, false),
    MEMBER(confirmed, FLAG, true),
    MEMBER(session_expires_s, NUMBER, false),
    MEMBER(we_refresh, FLAG, false),
    MEMBER(peer_allows_update, FLAG, false),
    MEMBER(sdp_version, NUMBER, false),
    MEMBER(local_sdp, SDP, false),
    MEMBER(remote_sdp, SDP, false),
};

enum { MEMBERS = sizeof members / sizeof members[0] };

void dialog_record_init(struct dialog_record *r)
{
    memset(r, 0, sizeof *r);
}

void dialog_record_clear(struct dialog_record *r)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        bool is_text = members[i].kind == MEMBER_TEXT || members[i].kind == MEMBER_SDP;
        if (is_text) free(*(char **)(void *)((char *)r + members[i].offset));
    }
    json_decref(r->route_set);
    dialog_record_init(r);
}

static json_t *text_to_json(const char *text)
{
    char *clean = signal_text(slice_of(text));
    json_t *value = json_string(clean);
    free(clean);
    return value;
}

static json_t *sdp_to_json(const char *sdp)
{
    char *text = keyless_copy(slice_of(sdp));
    json_t *value = text ? text_to_json(text) : NULL;
    free(text);
    return value;
}

static bool member_to_json(json_t *object, const struct dialog_record *r, const struct member *member)
{
    const void *at = (const char *)r + member->offset;
    switch (member->kind) {
    case MEMBER_SDP:
        if (!*(char *const *)at) return true;
        return json_object_set_new(object, member->name, sdp_to_json(*(char *const *)at)) == 0;
    case MEMBER_TEXT:
        if (!*(char *const *)at) return true;
        return json_object_set_new(object, member->name, text_to_json(*(char *const *)at)) == 0;
    case MEMBER_NUMBER: return json_object_set_new(object, member->name, json_integer(*(const uint32_t *)at)) == 0;
    case MEMBER_FLAG: return json_object_set_new(object, member->name, json_boolean(*(const bool *)at)) == 0;
    }
    return false;
}

json_t *dialog_record_to_json(const struct dialog_record *r)
{
    json_t *object = json_object();
    if (!object) return NULL;
    bool ok = json_object_set_new(object, "role", json_string(r->role == DIALOG_UAC ? "uac" : "uas")) == 0;
    for (size_t i = 0; ok && i < MEMBERS; i++)
        ok = member_to_json(object, r, &members[i]);
    json_t *routes = r->route_set ? json_incref(r->route_set) : json_array();
    ok = ok && json_object_set(object, "route_set", routes) == 0;
    json_decref(routes);
    if (ok) return object;
    json_decref(object);
    return NULL;
}

static status invalid(struct fault *fault, const char *what)
{
    *fault = (struct fault){0, what};
    return STATUS_INVALID;
}

static status member_from_json(struct dialog_record *r, const struct member *member, const json_t *value,
                               struct fault *fault)
{
    void *at = (char *)r + member->offset;
    if (!value) return member->needed ? invalid(fault, member->name) : STATUS_OK;
    switch (member->kind) {
    case MEMBER_TEXT:
    case MEMBER_SDP:
        if (!json_is_string(value)) break;
        *(char **)at = slice_dup((struct slice){json_string_value(value), json_string_length(value)});
        return *(char **)at ? STATUS_OK : STATUS_NO_MEMORY;
    case MEMBER_NUMBER:
        if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > UINT32_MAX) break;
        *(uint32_t *)at = (uint32_t)json_integer_value(value);
        return STATUS_OK;
    case MEMBER_FLAG:
        if (!json_is_boolean(value)) break;
        *(bool *)at = json_is_true(value);
        return STATUS_OK;
    }
    return invalid(fault, member->name);
}

static status role_from_json(struct dialog_record *r, const json_t *value, struct fault *fault)
{
    struct slice role = slice_of(json_string_value(value));
    if (!slice_is(role, "uas") && !slice_is(role, "uac")) return invalid(fault, "role");
    r->role = slice_is(role, "uac") ? DIALOG_UAC : DIALOG_UAS;
    return STATUS_OK;
}

static status routes_from_json(struct dialog_record *r, json_t *value, struct fault *fault)
{
    if (!json_is_array(value)) return invalid(fault, "route_set");
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (!json_is_string(json_array_get(value, i))) return invalid(fault, "route_set");
    }
    r->route_set = json_incref(value);
    return STATUS_OK;
}

status dialog_record_from_json(struct dialog_record *out, const json_t *object, struct fault *fault)
{
    struct dialog_record r;
    dialog_record_init(&r);
    status s = role_from_json(&r, json_object_get(object, "role"), fault);
    for (size_t i = 0; s == STATUS_OK && i < MEMBERS; i++)
        s = member_from_json(&r, &members[i], json_object_get(object, members[i].name), fault);
    if (s == STATUS_OK) s = routes_from_json(&r, json_object_get(object, "route_set"), fault);
    if (s == STATUS_OK)
        *out = r;
    else
        dialog_record_clear(&r);
    return s;
}
