/**
 * @file channel.h  One end of the numbered, acknowledged message stream between parleyd and parley-sip.
 *
 * A line is one JSON object: {"n":17,"m":{...}} carries message 17, {"ack":17} acknowledges everything up to it. What
 * is not acknowledged is kept and sent again, in order, after channel_connected(). A hello carries the sender's epoch
 * and the last number it has seen of ours in our epoch, so a restarted process neither loses nor repeats anything:
 * numbers already seen of the same epoch are acknowledged again and not delivered twice. The receiver decides when a
 * message is acknowledged (channel_ack), because that is when its effect is safe: acknowledgements are cumulative and
 * in order.
 *
 * The hello is the first line on a connection, from both sides and without waiting for the other's:
 * {"m":{"type":"hello",...},"of":EPOCH,"seen":17}, where of and seen say what was last seen, and of which epoch of the
 * receiver (absent where its epoch is not known yet). A message before the hello, a second hello, a number that leaves
 * a gap and an acknowledgement of what was never sent are faults; after a fault nothing more is read from that
 * connection. Unknown members of a line are ignored.
 *
 * Pure: bytes in, bytes and messages out. The socket, its reconnection and the clock are the caller's.
 * Thread: one at a time.
 */
#ifndef PARLEY_SIGNAL_CHANNEL_H
#define PARLEY_SIGNAL_CHANNEL_H

#include <stdint.h>

#include "base/buffer.h"
#include "signal/message.h"

struct channel;

/** Room for a hello with the ids of 180,000 calls, and for the largest SIP message with most of its bytes escaped. */
enum { CHANNEL_LINE_MAX_BYTES = 8 * 1024 * 1024 };

struct channel_handlers {
    /**
     * A message arrived, once each, in order. m is borrowed; number is what channel_ack() wants when it is safe: it
     * only grows, also over restarts of the peer, so that an acknowledgement that comes late cannot hit another
     * message.
     */
    void (*message)(void *arg, const struct signal_message *m, uint64_t number);
    /** The peer has acknowledged our message of this number (and all before it). */
    void (*acknowledged)(void *arg, uint64_t number);
    /** The peer's hello: fresh is true where its epoch is not the one we knew, so what it knew is gone. */
    void (*hello)(void *arg, const struct signal_message *m, bool fresh);
    /** The peer sent what is no message of ours: the connection should be dropped. */
    void (*fault)(void *arg, const struct fault *fault);
};

/**
 * @param epoch    copied; random per process start
 * @param version  copied; sent in hello
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status channel_create(struct channel **out, const char *epoch, const char *version,
                                 const struct channel_handlers *handlers, void *arg);
void channel_destroy(struct channel *c);

/** What every hello from now on tells as listeners: an array of text; a new reference is taken. */
void channel_set_listeners(struct channel *c, json_t *listeners);

/**
 * A connection stands: puts our hello and what is unacknowledged into the output. Anything half-received of an earlier
 * connection is dropped. Not inside a handler.
 *
 * @param calls  array of ids for the hello, borrowed; NULL where there are none to tell
 */
void channel_connected(struct channel *c, const json_t *calls);

/** The connection is gone: output is dropped, messages sent meanwhile are kept. */
void channel_disconnected(struct channel *c);

/**
 * Queues a message and returns its number (from 1). m is borrowed.
 * @return 0 where memory is short, or the line would be longer than the peer takes: it would be sent for ever
 */
uint64_t channel_send(struct channel *c, const struct signal_message *m);

/** Everything up to number has taken effect on this side. What is of an earlier epoch of the peer, or known, is
 * ignored. */
void channel_ack(struct channel *c, uint64_t number);

/**
 * Bytes from the connection; calls the handlers, which may call channel_send(), channel_ack() and
 * channel_disconnected(). A line over CHANNEL_LINE_MAX_BYTES is a fault.
 */
void channel_receive(struct channel *c, const void *bytes, size_t len);

/**
 * Bytes that wait to be written; the caller consumes what it wrote with buffer_consume(). Where buffer_ok() says no,
 * the connection is to be dropped: what was not written is sent again on the next one.
 */
struct buffer *channel_output(struct channel *c);

/** How many of our messages are not acknowledged. */
size_t channel_unacknowledged(const struct channel *c);

#endif
