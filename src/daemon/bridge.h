/**
 * @file bridge.h  All the parts of a running parleyd, as the wiring's files see each other.
 *
 * Nothing is decided here. A part is made after those it uses, and destroyed in the reverse order (bridge.c).
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_BRIDGE_H
#define PARLEY_DAEMON_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "base/status.h"
#include "daemon/config.h"
#include "net/cidr.h"
#include "net/fetch_guard.h"
#include "net/loop.h"

/** Every pointer is owned by the bridge but config, which its maker keeps. */
struct bridge {
    const struct config *config;
    struct loop *loop;
    struct rng rng; /**< SSRCs, sequence starts, jitter; seeded by the kernel */
    int64_t started_us;
    uint64_t log_lines; /**< of accounts, since the start */
    bool draining;
    bool stopping; /**< parts are going: what is still told of an outcome only lets go of what is its own */
    /* outside */
    struct store *store;
    struct fetch_guard guard;
    struct cidr *fetch_allowed; /**< what guard.allowed points to */
    struct http_client *client;
    struct hook *hook;
    struct sip_link *sip; /**< NULL where no SIP listener is configured */
    struct http_server *http, *https;
    struct rest *rest;
    /* audio */
    struct engine *engine;
    struct recorder *recorder;
    struct loader *loader;
    /* wiring */
    struct accounts *accounts;
    struct secrets *secrets;
    struct music *music;
    struct recordings *recordings;
    struct conferences *conferences;
    struct calls *calls;
    struct script_sender *asker; /**< asks for scripts */
    struct call_scripts *scripts;
    struct playbacks *playbacks;
    struct announcements *announcements;
    struct say *say;
    struct audio_cache *audio_cache;
};

#endif
