/**
 * @file config_table.h  The table behind the configuration: one row a key, which drives defaults, the file's reader,
 * the checks and the command line. Inside of config*.c only.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_CONFIG_TABLE_H
#define PARLEY_DAEMON_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"
#include "daemon/config_check.h"

enum setting_kind { SETTING_TEXT, SETTING_NUMBER, SETTING_FLAG, SETTING_LIST };

/** A key. A table of them ends with a row whose key is NULL. */
struct setting {
    const char *key;
    enum setting_kind kind;
    size_t offset;          /**< in the struct that the table describes: char *, int, bool or struct config_list */
    const char *initial;    /**< the default as text; items of a list with a blank between them */
    uint32_t low, high;     /**< of a number, both allowed */
    config_check_fn *check; /**< of a text, of each item of a list, or of a number beside its range; NULL: none */
};

extern const struct setting config_settings[];       /**< of struct config, routes aside */
extern const struct setting config_route_settings[]; /**< of struct config_route, name aside */
extern const struct setting config_trunk_settings[]; /**< of struct config_trunk, name aside */

/** NULL where there is no such key. */
const struct setting *setting_find(const struct setting *table, const char *key);

/** The key that somebody may have meant: at most two letters off; NULL where there is none. */
const char *setting_nearest(const struct setting *table, const char *key);

/** Appends '"x" is not allowed, it takes ...' where the value (of a list: one item) is not. @return true where it is */
bool setting_check(const struct setting *s, const char *value, struct buffer *out);

/**
 * Sets one member from a text that setting_check() allows. A list gets one more item; the item "off" of a list of
 * listeners empties it.
 *
 * @param object  the struct that the table describes
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status setting_put(const struct setting *s, void *object, const char *value);

/** Gives every member its default, in zeroed memory. @return STATUS_OK, STATUS_NO_MEMORY (settings_clear() is due) */
MUST_CHECK status settings_init(const struct setting *table, void *object);

/** Frees texts and lists, and leaves zeroes in them. */
void settings_clear(const struct setting *table, void *object);

/** Appends "text" in quotation marks: at most 80 characters of it, what is not printable ASCII as '?'. */
void config_quote(struct buffer *out, const char *text);

#endif
