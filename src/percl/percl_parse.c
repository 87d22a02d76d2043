#include "percl/percl_parse.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "percl/percl_value.h"

/** The place in the script that is being read, for faults. */
struct reader {
    struct percl_script *script;
    struct percl_fault *fault;
    int32_t index;
    const char *command; /**< static */
    const char *prefix;  /**< "prompts[1].Say." within prompts */
};

static status fail(const struct reader *r, enum percl_fault_kind kind, const char *member, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void fault_fill(struct percl_fault *f, const struct reader *r, enum percl_fault_kind kind, const char *member)
{
    *f = (struct percl_fault){.kind = kind, .index = r->index, .command = r->command};
    snprintf(f->member, sizeof f->member, "%s%s", r->prefix, member);
}

static status fail(const struct reader *r, enum percl_fault_kind kind, const char *member, const char *format, ...)
{
    fault_fill(r->fault, r, kind, member);
    va_list args;
    va_start(args, format);
    vsnprintf(r->fault->why, sizeof r->fault->why, format, args);
    va_end(args);
    return kind == PERCL_FAULT_REFUSED ? STATUS_UNSUPPORTED : STATUS_INVALID;
}

static const struct percl_attribute *find_attribute(const struct percl_command_kind *kind, const char *name)
{
    for (size_t i = 0; i < PERCL_ATTRIBUTES_MAX && kind->attributes[i].name; i++)
        if (strcmp(kind->attributes[i].name, name) == 0) return &kind->attributes[i];
    return NULL;
}

static status warn_of_unknown(struct reader *r, const struct percl_command_kind *kind, const json_t *attributes)
{
    struct percl_script *s = r->script;
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)attributes, name, value) {
        if (find_attribute(kind, name) || s->warning_count == PERCL_WARNINGS_MAX) continue;
        if (!s->warnings) {
            s->warnings = calloc(PERCL_WARNINGS_MAX, sizeof *s->warnings);
            if (!s->warnings) return STATUS_NO_MEMORY;
        }
        struct percl_fault *f = &s->warnings[s->warning_count++];
        fault_fill(f, r, PERCL_FAULT_SCRIPT, name);
        snprintf(f->why, sizeof f->why, "is not an attribute of %s and is skipped", kind->name);
    }
    return STATUS_OK;
}

static status read_command(struct reader *r, struct percl_command *c, const json_t *value);

/** Say, Play or Pause within prompts: prefix is what the faults of its attributes begin with. */
static status read_prompt(struct reader *outer, struct percl_command *c, size_t i, const json_t *value)
{
    const char *name = json_object_iter_key(json_object_iter((json_t *)value));
    char prefix[48];
    snprintf(prefix, sizeof prefix, "prompts[%zu]", i);
    if (json_object_size(value) != 1 || (strcmp(name, "Say") && strcmp(name, "Play") && strcmp(name, "Pause")))
        return fail(outer, PERCL_FAULT_SCRIPT, prefix, "must be an object with one key: Say, Play or Pause");
    snprintf(prefix, sizeof prefix, "prompts[%zu].%s.", i, name);
    struct reader r = *outer;
    r.prefix = prefix;
    c->index = (uint32_t)r.index;
    percl_command_find(name, &c->type);
    return read_command(&r, c, json_object_get(value, name));
}

static status read_prompts(struct reader *r, struct percl_get_digits *g, const json_t *value)
{
    if (!json_is_array(value) || json_array_size(value) > PERCL_PROMPTS_MAX)
        return fail(r, PERCL_FAULT_SCRIPT, "prompts", "must be an array of at most %d commands", PERCL_PROMPTS_MAX);
    size_t count = json_array_size(value);
    if (count == 0) return STATUS_OK;
    g->prompts = calloc(count, sizeof *g->prompts);
    if (!g->prompts) return STATUS_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        g->prompts[i].type = PERCL_PAUSE; /* owns nothing, until it is read */
        g->prompt_count = i + 1;
        status s = read_prompt(r, &g->prompts[i], i, json_array_get(value, i));
        if (s != STATUS_OK) return s;
    }
    return STATUS_OK;
}

static status read_attribute(struct reader *r, struct percl_command *c, const struct percl_attribute *a,
                             const json_t *value)
{
    if (!value || json_is_null(value)) {
        if (a->required) return fail(r, PERCL_FAULT_SCRIPT, a->name, "is required");
        return percl_value_default(c, a);
    }
    if (a->type == PERCL_VALUE_PROMPTS) return read_prompts(r, &c->get_digits, value);
    status s = percl_value_read(c, a, value);
    if (s != STATUS_INVALID) return s;
    char allowed[sizeof r->fault->why];
    return fail(r, PERCL_FAULT_SCRIPT, a->name, "must be %s", percl_value_allowed(a, allowed, sizeof allowed));
}

/** What one attribute asks of another. */
static status check_together(const struct reader *r, const struct percl_command *c)
{
    if (c->type == PERCL_ADD_TO_CONFERENCE && c->add.allow_call_control) {
        if (!c->add.call_control_sequence)
            return fail(r, PERCL_FAULT_SCRIPT, "callControlSequence", "is required where allowCallControl is true");
        if (!c->add.call_control_url)
            return fail(r, PERCL_FAULT_SCRIPT, "callControlUrl", "is required where allowCallControl is true");
    }
    if (c->type == PERCL_OUT_DIAL && c->out_dial.if_machine && strcmp(c->out_dial.if_machine, "redirect") == 0 &&
        !c->out_dial.if_machine_url)
        return fail(r, PERCL_FAULT_SCRIPT, "ifMachineUrl", "is required where ifMachine is redirect");
    return STATUS_OK;
}

/** The attributes of a command whose type is set. */
static status read_command(struct reader *r, struct percl_command *c, const json_t *value)
{
    const struct percl_command_kind *kind = percl_command_kind(c->type);
    if (!json_is_object(value) && !json_is_null(value))
        return fail(r, PERCL_FAULT_SCRIPT, "", "the attributes must be an object");
    for (size_t i = 0; i < PERCL_ATTRIBUTES_MAX && kind->attributes[i].name; i++) {
        const struct percl_attribute *a = &kind->attributes[i];
        status s = read_attribute(r, c, a, json_object_get(value, a->name));
        if (s != STATUS_OK) return s;
    }
    status s = check_together(r, c);
    return s == STATUS_OK ? warn_of_unknown(r, kind, value) : s;
}

static status read_element(struct reader *r, struct percl_command *c, const json_t *value)
{
    if (!json_is_object(value) || json_object_size(value) != 1)
        return fail(r, PERCL_FAULT_SCRIPT, "", "must be an object with one key, the name of the command");
    const char *name = json_object_iter_key(json_object_iter((json_t *)value));
    if (percl_command_refused(name))
        return fail(r, PERCL_FAULT_REFUSED, "", "%s is a command of PerCL that is not supported here", name);
    if (!percl_command_find(name, &c->type))
        return fail(r, PERCL_FAULT_SCRIPT, "", "there is no command named \"%.60s\"", name);
    r->command = percl_command_kind(c->type)->name;
    c->index = (uint32_t)r->index;
    return read_command(r, c, json_object_get(value, name));
}

static status read_script(struct reader *r, const json_t *value)
{
    size_t count = json_array_size(value);
    if (count == 0) return STATUS_OK;
    r->script->commands = calloc(count, sizeof *r->script->commands);
    if (!r->script->commands) return STATUS_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        struct percl_command *c = &r->script->commands[i];
        r->index = (int32_t)i;
        r->command = "";
        c->type = PERCL_START_RECORD_CALL; /* owns nothing, until it is read */
        r->script->count = i + 1;
        status s = read_element(r, c, json_array_get(value, i));
        if (s != STATUS_OK) return s;
    }
    return STATUS_OK;
}

status percl_parse_json(struct percl_script **out, const json_t *value, struct percl_fault *fault)
{
    struct reader r = {.fault = fault, .index = -1, .command = "", .prefix = ""};
    if (!json_is_array(value)) return fail(&r, PERCL_FAULT_SCRIPT, "", "a script must be an array of commands");
    if (json_array_size(value) > PERCL_SCRIPT_COMMANDS)
        return fail(&r, PERCL_FAULT_SCRIPT, "", "a script may have %d commands at most", PERCL_SCRIPT_COMMANDS);
    r.script = calloc(1, sizeof *r.script);
    if (!r.script) return STATUS_NO_MEMORY;
    status s = read_script(&r, value);
    if (s == STATUS_OK) {
        *out = r.script;
    } else {
        percl_script_destroy(r.script);
    }
    return s;
}

/** For most allocations that fail, jansson sets no code and no text. */
static bool is_want_of_memory(const json_error_t *error)
{
    return !error->text[0] || json_error_code(error) == json_error_out_of_memory;
}

status percl_parse(struct percl_script **out, struct slice text, struct percl_fault *fault)
{
    struct reader r = {.fault = fault, .index = -1, .command = "", .prefix = ""};
    text = slice_trim(text);
    if (text.len > PERCL_SCRIPT_BYTES)
        return fail(&r, PERCL_FAULT_BODY, "", "a script may have %d bytes at most", PERCL_SCRIPT_BYTES);
    json_error_t error;
    json_t *value = text.len == 0 ? json_array() : json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!value) {
        if (text.len == 0 || is_want_of_memory(&error)) return STATUS_NO_MEMORY;
        return fail(&r, PERCL_FAULT_BODY, "", "the answer is not JSON: line %d, column %d", error.line, error.column);
    }
    status s = percl_parse_json(out, value, fault);
    json_decref(value);
    return s;
}

void percl_script_destroy(struct percl_script *script)
{
    if (!script) return;
    for (size_t i = 0; i < script->count; i++)
        percl_command_clear(&script->commands[i]);
    free(script->commands);
    free(script->warnings);
    free(script);
}

const char *percl_fault_text(const struct percl_fault *fault, char out[PERCL_FAULT_TEXT])
{
    size_t len = 0;
    if (fault->index >= 0) {
        const char *command = fault->command[0] ? fault->command : "?";
        len = (size_t)snprintf(out, PERCL_FAULT_TEXT, "command %d (%s): ", fault->index, command);
    }
    snprintf(out + len, PERCL_FAULT_TEXT - len, "%s%s%s", fault->member, fault->member[0] ? " " : "", fault->why);
    return out;
}

enum percl_end percl_fault_end(const struct percl_fault *fault)
{
    switch (fault->kind) {
    case PERCL_FAULT_BODY: return PERCL_END_WEBHOOK_INVALID_RESPONSE;
    case PERCL_FAULT_SCRIPT: return PERCL_END_APP_INVALID_PERCL;
    case PERCL_FAULT_REFUSED: break;
    }
    return PERCL_END_PERCL_PROCESSING_ERROR;
}
