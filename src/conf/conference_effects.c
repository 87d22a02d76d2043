#include "conf/conference_effects.h"

#include <assert.h>
#include <stdlib.h>

void conference_effects_clear(struct conference_effects *effects)
{
    free(effects->items);
    *effects = (struct conference_effects){0};
}

status conference_effects_reserve(struct conference_effects *effects, size_t more)
{
    size_t need = effects->count + more;
    if (need <= effects->size) return STATUS_OK;
    size_t size = effects->size ? effects->size : 16;
    while (size < need)
        size *= 2;
    struct conference_effect *items = realloc(effects->items, size * sizeof *items);
    if (!items) return STATUS_NO_MEMORY;
    effects->items = items;
    effects->size = size;
    return STATUS_OK;
}

struct conference_effect *conference_effects_add(struct conference_effects *effects, enum conference_effect_type type)
{
    assert(effects->count < effects->size);
    struct conference_effect *effect = &effects->items[effects->count++];
    *effect = (struct conference_effect){.type = type};
    return effect;
}
