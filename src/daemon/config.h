/**
 * @file config.h  What an owner can set: one table of keys with default, range and unit, read from a file by
 * libconfuse.
 *
 * Without a file every key has its default; flags win over the file (options.h). A mistake is reported with file, line,
 * key and what is allowed, all mistakes of a file at once. config/parley.conf shows every key; a test keeps it equal to
 * the table.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_CONFIG_H
#define PARLEY_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"

/** Owned strings. */
struct config_list {
    char **items;
    size_t count;
};

/** What is agreed on with the other side of a call, and done to its voice (call_terms.h). */
struct config_terms {
    struct config_list codecs; /**< names in order of preference; default all, on a trunk all but L16 */
    char *srtp;                /**< "never", "optional" or "required"; default "optional", on a trunk "never" */
    bool dtmf_inband;          /**< keys are looked for in its audio too; default false */
    /** Of its voice when it joins a conference; default false. */
    bool noise_suppression, automatic_gain;
};

/** Which calls a route takes, and what becomes of them. The first route in file order that fits is used. */
struct config_route {
    char *name;                  /**< the section's title */
    char *user;                  /**< pattern for the user part: * and ? as in a shell; default "*" */
    char *action;                /**< "conference": the built-in route */
    char *account;               /**< account id; "" is the first account */
    bool user_parameters;        /**< take startConfOnEnter, talk, listen from the URI; default true */
    bool record;                 /**< conferences it makes are recorded; default false */
    char *status_callback_url;   /**< of conferences it makes; "" for none */
    char *wait_url;              /**< likewise */
    struct config_list networks; /**< CIDR ranges that may call; empty: this machine and private networks */
    struct config_terms terms;
    char *codec_order; /**< whose order of codecs counts: "caller" or "own"; default "caller" */
};

/** Where calls out may go (call/trunk.h says how one is chosen). The first trunk in file order that fits is used. */
struct config_trunk {
    char *name;            /**< the section's title */
    char *match;           /**< pattern over the number or URI that is dialled; has to be given */
    char *host;            /**< "HOST" or "HOST:PORT"; "" for the URI's own */
    char *transport;       /**< "udp" or "tcp"; default "udp" */
    char *caller_id;       /**< a number or SIP URI; "" for the caller's */
    char *user, *password; /**< digest credentials; "" for none */
    bool registers;        /**< key "register": keep user@host registered; default false */
    struct config_terms terms;
    int strip;    /**< digits taken off the start of a number; 0 to 32, 0 */
    char *prefix; /**< what is put there then; "" */
};

struct config {
    /* listeners */
    char *http, *https;                /**< "ADDR:PORT", or "off"; 127.0.0.1:8080, 127.0.0.1:8443 */
    struct config_list sip;            /**< "ADDR:PORT" each; 0.0.0.0:5060 and [::]:5060; empty: no SIP */
    char *rtp_ports;                   /**< "LOW-HIGH", or "0"; 20000-39999 */
    char *public_address;              /**< ""; what callers outside the local networks are told */
    struct config_list local_networks; /**< RFC 1918, loopback, link-local, ULA */
    char *tls_certificate, *tls_key;   /**< "" for the self-made one */
    /* process */
    char *data;        /**< "./data" */
    int media_threads; /**< 0: one a core; up to 64 */
    char *log_level;   /**< "info" */
    int drain_s;       /**< how long SIGTERM lets calls go on; 0 to 86400, 10 */
    int orphan_hold_s; /**< how long parley-sip keeps calls without parleyd; 1 to 3600, 30 */
    /* fetching */
    struct config_list fetch_allow;
    /* media */
    int rtp_timeout_s;      /**< 5 to 86400, 60 */
    int guard_us;           /**< 1000 to 20000, 4000 */
    int recording_rate_hz;  /**< 8000, 16000, 48000; 16000 */
    char *recording_format; /**< "wav", "flac", "opus"; "wav" */
    bool record_tracks;     /**< recordings of conferences have tracks where nothing else was asked for; false */
    int load_limit_percent; /**< busy share of a media thread above which new calls get 503; 10 to 100, 75 */
    /* webhooks */
    int webhook_timeout_ms; /**< 100 to 120000, 10000 */
    int webhook_give_up_s;  /**< 60 to 2592000, 86400 */
    /* speech */
    char *say_command; /**< the engine of Say: say.h */
    /* conferences */
    int auto_end_s;  /**< 1 to 604800, 600 */
    int talkers_max; /**< only the loudest so many are heard at a time; 0: all; up to 32, 0 */
    /* limits; 0: none */
    int participants_max;          /**< of one conference; 0 */
    int calls_max;                 /**< 0 */
    int conferences_max;           /**< that are not terminated; 0 */
    int automatic_conferences_max; /**< made by a route; 1000 */
    int call_duration_max_s;       /**< 0 */
    int recording_max_s;           /**< 0 */
    int disk_free_min_mb;          /**< recordings stop below it; 100 */
    int invites_per_s_max;         /**< 1 to 100000, 200 */
    /* routes */
    struct config_route *routes; /**< at least one */
    size_t route_count;
    /* calls out */
    struct config_trunk *trunks; /**< none by default: then only private addresses can be called */
    size_t trunk_count;
};

/** Every key at its default, with the built-in route alone. @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status config_defaults(struct config *out);

/**
 * Reads a file over the defaults.
 *
 * @param[out] out     untouched on error; cleared by the caller with config_clear()
 * @param[out] errors  one line a mistake: "FILE:LINE: KEY: what is wrong, what is allowed"
 * @return STATUS_OK; STATUS_INVALID (errors says why; also where the file cannot be read); STATUS_NO_MEMORY
 */
MUST_CHECK status config_read(struct config *out, const char *path, struct buffer *errors);

/**
 * Checks one value (of a list: one item) of a key as the file's reader would: for flags.
 *
 * @param key          one of config_key(); asserts
 * @param[out] errors  gets "WHERE: what is wrong, what is allowed" where it is not
 * @return STATUS_OK, STATUS_INVALID, STATUS_NO_MEMORY
 */
MUST_CHECK status config_check_text(const char *key, const char *value, const char *where, struct buffer *errors);

/**
 * Sets a key to a value that config_check_text() has let through. A list gets one more item; "off" empties that of the
 * SIP listeners.
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status config_put_text(struct config *c, const char *key, const char *value);

/** Empties the list of this key. */
void config_empty_list(struct config *c, const char *key);

/** The names of all keys, of those of a route and of a trunk, in the order of config/parley.conf; NULL after the last.
 */
const char *config_key(size_t index);
const char *config_route_key(size_t index);
const char *config_trunk_key(size_t index);

void config_clear(struct config *c);

/** Replaces an owned string. @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status config_set_text(char **field, const char *value);

/** Appends a copy. @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status config_list_add(struct config_list *list, const char *value);
void config_list_clear(struct config_list *list);

/**
 * Appends a route with every key at its default.
 *
 * @param[out] out  borrowed until the next route is added; on error the half-made route is in the list, to be cleared
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status config_route_add(struct config *c, const char *name, struct config_route **out);
void config_routes_clear(struct config *c);

/** Appends a trunk with every key at its default; as config_route_add(). */
MUST_CHECK status config_trunk_add(struct config *c, const char *name, struct config_trunk **out);

#endif
