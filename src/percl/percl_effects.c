#include "percl/percl_effects.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void percl_effects_clear(struct percl_effects *effects)
{
    free(effects->items);
    memset(effects, 0, sizeof *effects);
}

status percl_effects_reserve(struct percl_effects *effects, size_t more)
{
    if (effects->size - effects->count >= more) return STATUS_OK;
    size_t size = effects->count + more;
    struct percl_effect *items = realloc(effects->items, size * sizeof *items);
    if (!items) return STATUS_NO_MEMORY;
    effects->items = items;
    effects->size = size;
    return STATUS_OK;
}

struct percl_effect *percl_effects_add(struct percl_effects *effects, enum percl_effect_type type)
{
    assert(effects->count < effects->size);
    struct percl_effect *e = &effects->items[effects->count++];
    memset(e, 0, sizeof *e);
    e->type = type;
    return e;
}

const char *percl_effect_text(const struct percl_effect *effect, char out[PERCL_EFFECT_TEXT])
{
    char fault[PERCL_FAULT_TEXT];
    char where[64] = "";
    if (effect->command)
        snprintf(where, sizeof where, "command %u (%s): ", effect->command->index,
                 percl_command_kind(effect->command->type)->name);
    const char *message = effect->message ? effect->message : "";
    const char *detail = effect->fault ? percl_fault_text(effect->fault, fault) : effect->detail ? effect->detail : "";
    snprintf(out, PERCL_EFFECT_TEXT, "%s%s%s%s", where, message, message[0] && detail[0] ? ": " : "", detail);
    return out;
}

const char *percl_level_name(enum percl_level level)
{
    static const char *const names[] = {"info", "warning", "error"};
    assert((unsigned)level < sizeof names / sizeof names[0]);
    return names[level];
}
