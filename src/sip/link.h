/**
 * @file link.h  The Unix socket on which parleyd reaches parley-sip, and the message channel on it.
 *
 * parley-sip listens, so that a starting parleyd can adopt a living parley-sip. One connection counts: a newer one
 * replaces the older with its first byte, so parleyd says its hello without waiting for ours.
 * Thread: the main thread (su_root).
 */
#ifndef PARLEY_SIP_LINK_H
#define PARLEY_SIP_LINK_H

#include <sofia-sip/su_wait.h>
#include <stdbool.h>

#include "signal/channel.h"

struct link;

struct link_handlers {
    /** A message of parleyd; acknowledged when the handler returns. */
    void (*message)(void *arg, const struct signal_message *m);
    /** parleyd has acknowledged our message of this number (and all before it). */
    void (*acknowledged)(void *arg, uint64_t number);
    /** Call ids for the hello: a new array, given to the link. */
    json_t *(*calls)(void *arg);
    /** parleyd is there (its hello has come; fresh where it has started since the last one), or gone. */
    void (*changed)(void *arg, bool connected, bool fresh);
};

/**
 * Binds the path (mode 0600) and listens. A socket that nobody serves any more is replaced.
 *
 * @return STATUS_OK; STATUS_EXISTS where another parley-sip serves the path; STATUS_IO (errno says why);
 *         STATUS_NO_MEMORY
 */
MUST_CHECK status link_open(struct link **out, su_root_t *root, const char *path, const struct link_handlers *handlers,
                            void *arg);

/** Closes, and removes the path. */
void link_close(struct link *l);

/** What each hello tells as listeners; a new reference is taken. */
void link_set_listeners(struct link *l, json_t *listeners);

/** @return the message's number; 0 where memory is short or too much waits for parleyd already */
uint64_t link_send(struct link *l, const struct signal_message *m);

/** Does so much wait for parleyd that nothing new should begin? */
bool link_is_full(const struct link *l);

/** Is parleyd there? */
bool link_is_up(const struct link *l);

/** Writes what waits; once a turn of the loop. */
void link_flush(struct link *l);

#endif
