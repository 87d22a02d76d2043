#include "daemon/config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_table.h"

status config_set_text(char **field, const char *value)
{
    char *copy = strdup(value);
    if (!copy) return STATUS_NO_MEMORY;
    free(*field);
    *field = copy;
    return STATUS_OK;
}

status config_list_add(struct config_list *list, const char *value)
{
    char *copy = strdup(value);
    char **items = copy ? realloc(list->items, (list->count + 1) * sizeof *items) : NULL;
    if (!items) {
        free(copy);
        return STATUS_NO_MEMORY;
    }
    items[list->count++] = copy;
    list->items = items;
    return STATUS_OK;
}

void config_list_clear(struct config_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct config_list){NULL, 0};
}

status config_route_add(struct config *c, const char *name, struct config_route **out)
{
    struct config_route *routes = realloc(c->routes, (c->route_count + 1) * sizeof *routes);
    if (!routes) return STATUS_NO_MEMORY;
    c->routes = routes;
    struct config_route *route = &routes[c->route_count++];
    memset(route, 0, sizeof *route);
    status s = config_set_text(&route->name, name);
    if (s == STATUS_OK) s = settings_init(config_route_settings, route);
    if (s == STATUS_OK) *out = route;
    return s;
}

void config_routes_clear(struct config *c)
{
    for (size_t i = 0; i < c->route_count; i++) {
        free(c->routes[i].name);
        settings_clear(config_route_settings, &c->routes[i]);
    }
    free(c->routes);
    c->routes = NULL;
    c->route_count = 0;
}

status config_trunk_add(struct config *c, const char *name, struct config_trunk **out)
{
    struct config_trunk *trunks = realloc(c->trunks, (c->trunk_count + 1) * sizeof *trunks);
    if (!trunks) return STATUS_NO_MEMORY;
    c->trunks = trunks;
    struct config_trunk *trunk = &trunks[c->trunk_count++];
    memset(trunk, 0, sizeof *trunk);
    status s = config_set_text(&trunk->name, name);
    if (s == STATUS_OK) s = settings_init(config_trunk_settings, trunk);
    if (s == STATUS_OK) *out = trunk;
    return s;
}

static void clear_trunks(struct config *c)
{
    for (size_t i = 0; i < c->trunk_count; i++) {
        free(c->trunks[i].name);
        settings_clear(config_trunk_settings, &c->trunks[i]);
    }
    free(c->trunks);
    c->trunks = NULL;
    c->trunk_count = 0;
}

status config_defaults(struct config *out)
{
    struct config c;
    memset(&c, 0, sizeof c);
    struct config_route *route;
    status s = settings_init(config_settings, &c);
    if (s == STATUS_OK) s = config_route_add(&c, "conference", &route);
    if (s == STATUS_OK)
        *out = c;
    else
        config_clear(&c);
    return s;
}

void config_clear(struct config *c)
{
    settings_clear(config_settings, c);
    config_routes_clear(c);
    clear_trunks(c);
}

status config_check_text(const char *key, const char *value, const char *where, struct buffer *errors)
{
    const struct setting *s = setting_find(config_settings, key);
    assert(s);
    struct buffer mistake;
    buffer_init(&mistake);
    bool fine = setting_check(s, value, &mistake);
    if (!fine) buffer_printf(errors, "%s: %s\n", where, buffer_text(&mistake));
    bool memory = buffer_ok(&mistake) && buffer_ok(errors);
    buffer_clear(&mistake);
    if (!memory) return STATUS_NO_MEMORY;
    return fine ? STATUS_OK : STATUS_INVALID;
}

status config_put_text(struct config *c, const char *key, const char *value)
{
    const struct setting *s = setting_find(config_settings, key);
    assert(s);
    return setting_put(s, c, value);
}

void config_empty_list(struct config *c, const char *key)
{
    const struct setting *s = setting_find(config_settings, key);
    assert(s && s->kind == SETTING_LIST);
    config_list_clear((struct config_list *)(void *)((char *)c + s->offset));
}

const char *config_key(size_t index)
{
    return config_settings[index].key;
}

const char *config_route_key(size_t index)
{
    return config_route_settings[index].key;
}

const char *config_trunk_key(size_t index)
{
    return config_trunk_settings[index].key;
}
