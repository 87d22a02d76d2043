/* The configuration file's reader: libconfuse finds keys and values, config_table.h says what they may be. */
#include <assert.h>
#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "daemon/config_table.h"
#include "daemon/config_text.h"

/* Far more than anybody writes; libconfuse compares each key with all before it. */
enum { FILE_BYTES_MAX = 128 * 1024, MISTAKES_MAX = 50, SETTINGS_MAX = 40 };

/** libconfuse hands no argument to its callbacks and keeps its own state in globals; one reader at a time. */
static struct {
    const char *path;
    struct buffer *errors;
    unsigned mistakes;
} reader;

/** Counts a mistake. @return false where so many are reported already that this one is left out */
static bool mistake_begins(void)
{
    reader.mistakes++;
    if (reader.mistakes == MISTAKES_MAX + 1)
        buffer_printf(reader.errors, "%s: further mistakes are not shown\n", reader.path);
    return reader.mistakes <= MISTAKES_MAX;
}

static const struct setting *table_of(const cfg_t *section)
{
    if (!section->title) return config_settings;
    return strcmp(section->name, "trunk") == 0 ? config_trunk_settings : config_route_settings;
}

/** The kinds of section that have this key; NULL where none has. */
static const char *sections_with(const char *key)
{
    bool route = setting_find(config_route_settings, key), trunk = setting_find(config_trunk_settings, key);
    if (route) return trunk ? "route or trunk" : "route";
    return trunk ? "trunk" : NULL;
}

static void report_unknown(const cfg_t *section, const char *key)
{
    if (!mistake_begins()) return;
    buffer_printf(reader.errors, "%s:%d: ", reader.path, section->line);
    config_quote(reader.errors, key);
    const char *nearest = setting_nearest(table_of(section), key);
    if (nearest)
        buffer_printf(reader.errors, " is no key; did you mean %s?\n", nearest);
    else if (!section->title && sections_with(key))
        buffer_printf(reader.errors, " is no key here; it belongs into a %s \"name\" { ... }\n", sections_with(key));
    else if (sections_with(key))
        buffer_printf(reader.errors, " is no key of a %s; it belongs into a %s\n", section->name, sections_with(key));
    else if (section->title && setting_find(config_settings, key))
        buffer_printf(reader.errors, " is no key of a %s; it belongs outside the braces\n", section->name);
    else
        buffer_append_text(reader.errors, " is no key; config/parley.conf shows all of them\n");
}

static void on_error(cfg_t *section, const char *format, va_list args)
{
    if (strcmp(format, "no such option '%s'") == 0) {
        report_unknown(section, va_arg(args, const char *));
        return;
    }
    if (!mistake_begins()) return;
    char text[200];
    if (strcmp(format, "unexpected token '%s'") == 0)
        format = "'%s' is not expected here; a list is {VALUE, VALUE}, all else one value; what follows was not read";
    vsnprintf(text, sizeof text, format, args);
    for (char *c = text; *c; c++)
        if (*c < ' ' || *c > '~') *c = '?';
    buffer_printf(reader.errors, "%s:%d: %s\n", reader.path, section->line, text);
}

/** Called once a value, of a list once an item. A wrong one is reported and kept, so that reading goes on. */
static int on_value(cfg_t *section, cfg_opt_t *option, const char *value, void *result)
{
    *(const char **)result = value;
    const struct setting *s = setting_find(table_of(section), option->name);
    assert(s);
    struct buffer what;
    buffer_init(&what);
    if (!setting_check(s, value, &what) && mistake_begins())
        buffer_printf(reader.errors, "%s:%d: %s: %s\n", reader.path, section->line, s->key, buffer_text(&what));
    if (!buffer_ok(&what)) reader.errors->failed = true;
    buffer_clear(&what);
    return 0;
}

/** @param options  SETTINGS_MAX places */
static size_t options_of(const struct setting *table, cfg_opt_t *options)
{
    size_t n = 0;
    for (const struct setting *s = table; s->key; s++, n++) {
        assert(n < SETTINGS_MAX - 3);
        cfg_opt_t list = CFG_STR_LIST_CB(s->key, NULL, CFGF_NODEFAULT, on_value);
        cfg_opt_t text = CFG_STR_CB(s->key, NULL, CFGF_NODEFAULT, on_value);
        options[n] = s->kind == SETTING_LIST ? list : text;
    }
    cfg_opt_t end = CFG_END();
    options[n] = end;
    return n;
}

/** Puts what the file gave over the defaults. */
static status take_values(cfg_t *section, const struct setting *table, void *object)
{
    for (const struct setting *s = table; s->key; s++) {
        cfg_opt_t *option = cfg_getopt(section, s->key);
        assert(option);
        if (!(option->flags & CFGF_MODIFIED)) continue;
        if (s->kind == SETTING_LIST) config_list_clear((void *)((char *)object + s->offset));
        for (unsigned i = 0; i < cfg_opt_size(option); i++) {
            status st = setting_put(s, object, cfg_opt_getnstr(option, i));
            if (st != STATUS_OK) return st;
        }
    }
    return STATUS_OK;
}

static status take_routes(struct config *c, cfg_t *root)
{
    unsigned count = cfg_size(root, "route");
    if (count > 0) config_routes_clear(c);
    for (unsigned i = 0; i < count; i++) {
        cfg_t *section = cfg_getnsec(root, "route", i);
        struct config_route *route;
        status st = config_route_add(c, cfg_title(section), &route);
        if (st == STATUS_OK) st = take_values(section, config_route_settings, route);
        if (st != STATUS_OK) return st;
    }
    return STATUS_OK;
}

static status take_trunks(struct config *c, cfg_t *root)
{
    for (unsigned i = 0; i < cfg_size(root, "trunk"); i++) {
        cfg_t *section = cfg_getnsec(root, "trunk", i);
        struct config_trunk *trunk;
        status st = config_trunk_add(c, cfg_title(section), &trunk);
        if (st == STATUS_OK) st = take_values(section, config_trunk_settings, trunk);
        if (st != STATUS_OK) return st;
    }
    return STATUS_OK;
}

static void report_trunk(const struct config_trunk *t, const char *what)
{
    if (!mistake_begins()) return;
    buffer_printf(reader.errors, "%s: trunk ", reader.path);
    config_quote(reader.errors, t->name);
    buffer_printf(reader.errors, ": %s\n", what);
}

static void check_trunk(const struct config_trunk *t)
{
    if (t->match[0] == '\0')
        report_trunk(t, "match is not given, it takes a pattern like \"+49*\" or \"sip:*@example.org\"");
    if (t->registers && (t->user[0] == '\0' || t->host[0] == '\0'))
        report_trunk(t, "register takes user and host as well");
    if ((t->user[0] == '\0') != (t->password[0] == '\0'))
        report_trunk(t, "only one of user and password is given, it takes both or neither");
}

static void check_whole(const struct config *c)
{
    for (size_t i = 0; i < c->trunk_count; i++)
        check_trunk(&c->trunks[i]);
    if ((c->tls_certificate[0] == '\0') != (c->tls_key[0] == '\0') && mistake_begins())
        buffer_printf(reader.errors, "%s: tls_certificate and tls_key: only one is given, it takes both or neither\n",
                      reader.path);
}

static status take_all(struct config *out, cfg_t *root)
{
    struct config c;
    status st = config_defaults(&c);
    if (st != STATUS_OK) return st;
    st = take_values(root, config_settings, &c);
    if (st == STATUS_OK) st = take_routes(&c, root);
    if (st == STATUS_OK) st = take_trunks(&c, root);
    if (st == STATUS_OK) {
        check_whole(&c);
        if (reader.mistakes > 0) st = STATUS_INVALID;
    }
    if (st == STATUS_OK)
        *out = c;
    else
        config_clear(&c);
    return st;
}

static status parse(struct config *out, const char *text)
{
    cfg_opt_t route[SETTINGS_MAX], trunk[SETTINGS_MAX], options[SETTINGS_MAX];
    options_of(config_route_settings, route);
    options_of(config_trunk_settings, trunk);
    size_t n = options_of(config_settings, options);
    cfg_opt_t routes = CFG_SEC("route", route, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
    cfg_opt_t trunks = CFG_SEC("trunk", trunk, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
    cfg_opt_t end = CFG_END();
    options[n] = routes;
    options[n + 1] = trunks;
    options[n + 2] = end;
    /* With KEYSTRVAL libconfuse reports an unknown key, takes its value and reads on. */
    cfg_t *root = cfg_init(options, CFGF_KEYSTRVAL);
    if (!root) return STATUS_NO_MEMORY;
    cfg_set_error_function(root, on_error);
    status st = STATUS_NO_MEMORY;
    int result = cfg_parse_buf(root, text);
    if (reader.mistakes > 0)
        st = STATUS_INVALID;
    else if (result == CFG_SUCCESS)
        st = take_all(out, root);
    cfg_free(root);
    return st;
}

/** The file's text, with a NUL that its length does not count. Says in errors what is wrong with it. */
static status load(struct buffer *text, const char *path, struct buffer *errors)
{
    FILE *f = fopen(path, "re");
    if (!f) {
        buffer_printf(errors, "%s: cannot be read: %s\n", path, strerror(errno));
        return STATUS_INVALID;
    }
    char part[4096];
    size_t n;
    while (text->len <= FILE_BYTES_MAX && (n = fread(part, 1, sizeof part, f)) > 0)
        buffer_append(text, part, n);
    int error = ferror(f) ? errno : 0;
    fclose(f);
    if (error) buffer_printf(errors, "%s: cannot be read: %s\n", path, strerror(error));
    bool too_long = text->len > FILE_BYTES_MAX;
    if (too_long) buffer_printf(errors, "%s: is longer than %d bytes\n", path, FILE_BYTES_MAX);
    if (error || too_long) return STATUS_INVALID;
    return buffer_ok(text) ? STATUS_OK : STATUS_NO_MEMORY;
}

status config_read(struct config *out, const char *path, struct buffer *errors)
{
    struct buffer text;
    buffer_init(&text);
    struct config_text_fault fault;
    status st = load(&text, path, errors);
    if (st == STATUS_OK && text.len > 0 && !config_text_prepare(text.at, text.len, &fault)) {
        buffer_printf(errors, "%s:%u: %s\n", path, fault.line, fault.what);
        st = STATUS_INVALID;
    }
    if (st == STATUS_OK) {
        reader.path = path;
        reader.errors = errors;
        reader.mistakes = 0;
        st = parse(out, buffer_text(&text));
    }
    buffer_clear(&text);
    return st == STATUS_INVALID && !buffer_ok(errors) ? STATUS_NO_MEMORY : st;
}
