#include "rest/rest_shown.h"

#include <stdlib.h>
#include <string.h>

#include "rest/rest_views.h"

enum { PLACES = 512 };

struct place {
    id_text id;
    uint32_t revision;
    enum conference_status status;
    int64_t updated_unix_ms;
    char *text; /* NULL: nothing is here */
};

struct rest_shown {
    struct place places[PLACES];
};

status rest_shown_create(struct rest_shown **out)
{
    struct rest_shown *shown = calloc(1, sizeof *shown);
    if (!shown) return STATUS_NO_MEMORY;
    *out = shown;
    return STATUS_OK;
}

void rest_shown_destroy(struct rest_shown *shown)
{
    if (!shown) return;
    for (size_t i = 0; i < PLACES; i++)
        free(shown->places[i].text);
    free(shown);
}

/* Ids are random: any of their digits do. FNV-1a. */
static struct place *place_of(struct rest_shown *shown, const char *id)
{
    uint32_t hash = UINT32_C(2166136261);
    for (; *id; id++)
        hash = (hash ^ (uint8_t)*id) * UINT32_C(16777619);
    return &shown->places[hash % PLACES];
}

static bool is_this(const struct place *place, const struct conference *c)
{
    return place->text && place->revision == c->revision && place->status == c->status &&
           place->updated_unix_ms == c->updated_unix_ms && strcmp(place->id, c->id) == 0;
}

const char *rest_shown_conference(struct rest_shown *shown, const struct conference *c)
{
    struct place *place = place_of(shown, c->id);
    if (is_this(place, c)) return place->text;
    json_t *view = rest_view_conference(c);
    char *text = view ? json_dumps(view, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(view);
    free(place->text);
    place->text = text;
    place->revision = c->revision;
    place->status = c->status;
    place->updated_unix_ms = c->updated_unix_ms;
    strcpy(place->id, c->id);
    return text;
}
