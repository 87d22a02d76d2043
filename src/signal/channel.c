#include "signal/channel.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"

/** A message of ours that the peer has not acknowledged. */
struct pending {
    struct list link;
    uint64_t number;
    size_t len;
    char line[];
};

struct channel {
    struct channel_handlers handlers;
    void *arg;
    char *epoch, *version;
    json_t *listeners;
    struct buffer in, out;
    bool connected;      /**< false after a fault, too: nothing is read then */
    bool greeted;        /**< the peer's hello has come on this connection */
    bool reading;        /**< inside channel_receive(): its buffer must stay */
    struct list pending; /**< of struct pending, oldest first */
    size_t pending_count;
    uint64_t sent;       /**< our last number */
    uint64_t sent_acked; /**< the last of ours that the peer acknowledged */
    char *peer_epoch;    /**< NULL before the first hello */
    uint64_t base;       /**< what peer's numbers are raised by when handed to our side: all of its earlier epochs */
    uint64_t seen;       /**< the peer's last number in its epoch, 0 before the first */
    uint64_t acked;      /**< the last of those that our side acknowledged */
};

status channel_create(struct channel **out, const char *epoch, const char *version,
                      const struct channel_handlers *handlers, void *arg)
{
    struct channel *c = calloc(1, sizeof *c);
    if (!c) return STATUS_NO_MEMORY;
    c->handlers = *handlers;
    c->arg = arg;
    c->epoch = slice_dup(slice_of(epoch));
    c->version = slice_dup(slice_of(version));
    buffer_init(&c->in);
    buffer_init(&c->out);
    list_init(&c->pending);
    if (!c->epoch || !c->version) {
        channel_destroy(c);
        return STATUS_NO_MEMORY;
    }
    *out = c;
    return STATUS_OK;
}

static void pending_drop_first(struct channel *c)
{
    free(list_object(list_pop_front(&c->pending), struct pending, link));
    c->pending_count--;
}

void channel_destroy(struct channel *c)
{
    if (!c) return;
    while (!list_empty(&c->pending))
        pending_drop_first(c);
    buffer_clear(&c->in);
    buffer_clear(&c->out);
    free(c->epoch);
    free(c->version);
    free(c->peer_epoch);
    json_decref(c->listeners);
    free(c);
}

void channel_set_listeners(struct channel *c, json_t *listeners)
{
    json_incref(listeners);
    json_decref(c->listeners);
    c->listeners = listeners;
}

static void put_hello(struct channel *c, const json_t *calls)
{
    json_t *hello = json_pack("{s:{s:s,s:s,s:s},s:I}", "m", "type", "hello", "version", c->version, "epoch", c->epoch,
                              "seen", (json_int_t)c->seen);
    json_t *m = json_object_get(hello, "m");
    if (calls) json_object_set_new(m, "calls", json_deep_copy(calls));
    if (c->listeners) json_object_set(m, "listeners", c->listeners);
    if (c->peer_epoch) json_object_set_new(hello, "of", json_string(c->peer_epoch));
    char *line = json_dumps(hello, JSON_COMPACT);
    if (line) buffer_printf(&c->out, "%s\n", line);
    free(line);
    json_decref(hello);
}

void channel_connected(struct channel *c, const json_t *calls)
{
    buffer_clear(&c->out);
    if (!c->reading) buffer_clear(&c->in);
    c->connected = true;
    c->greeted = false;
    put_hello(c, calls);
    list_each (link, &c->pending) {
        const struct pending *p = list_object(link, struct pending, link);
        buffer_append(&c->out, p->line, p->len);
    }
}

void channel_disconnected(struct channel *c)
{
    buffer_clear(&c->out);
    if (!c->reading) buffer_clear(&c->in);
    c->connected = false;
}

uint64_t channel_send(struct channel *c, const struct signal_message *m)
{
    json_t *object = json_pack("{s:I,s:o}", "n", (json_int_t)(c->sent + 1), "m", signal_message_to_json(m));
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    size_t len = text ? strlen(text) : 0;
    struct pending *p = text && len <= CHANNEL_LINE_MAX_BYTES ? malloc(sizeof *p + len + 1) : NULL;
    if (p) {
        memcpy(p->line, text, len);
        p->line[len] = '\n';
        p->len = len + 1;
        p->number = ++c->sent;
        list_push_back(&c->pending, &p->link);
        c->pending_count++;
        if (c->connected) buffer_append(&c->out, p->line, p->len);
    }
    free(text);
    return p ? c->sent : 0;
}

static void put_ack(struct channel *c)
{
    if (c->connected && c->acked > 0) buffer_printf(&c->out, "{\"ack\":%llu}\n", (unsigned long long)c->acked);
}

void channel_ack(struct channel *c, uint64_t number)
{
    if (number <= c->base) return;
    number -= c->base;
    if (number > c->seen || number <= c->acked) return;
    c->acked = number;
    put_ack(c);
}

static void give_up(struct channel *c, size_t at, const char *what)
{
    const struct fault fault = {at, what};
    c->connected = false;
    buffer_clear(&c->out);
    if (c->handlers.fault) c->handlers.fault(c->arg, &fault);
}

/** A whole number from 1; 0 for anything else. */
static uint64_t number_of(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) > 0 ? (uint64_t)json_integer_value(value) : 0;
}

static void take_ack(struct channel *c, uint64_t number)
{
    if (number == 0 || number > c->sent) {
        give_up(c, 0, "ack of a number that was never sent");
        return;
    }
    if (number <= c->sent_acked) return;
    c->sent_acked = number;
    while (!list_empty(&c->pending) && list_object(c->pending.next, struct pending, link)->number <= number)
        pending_drop_first(c);
    if (c->handlers.acknowledged) c->handlers.acknowledged(c->arg, number);
}

/** The peer's process is another than the one we knew, so its numbers start anew. */
static bool take_epoch(struct channel *c, const char *epoch)
{
    char *copy = slice_dup(slice_of(epoch));
    if (!copy) return false;
    free(c->peer_epoch);
    c->peer_epoch = copy;
    c->base += c->seen;
    c->seen = 0;
    c->acked = 0;
    return true;
}

static void take_hello(struct channel *c, const struct signal_message *m)
{
    if (c->greeted) {
        give_up(c, 0, "a second hello");
        return;
    }
    bool fresh = !c->peer_epoch || strcmp(c->peer_epoch, m->epoch) != 0;
    if (fresh && !take_epoch(c, m->epoch)) {
        give_up(c, 0, "no memory");
        return;
    }
    c->greeted = true;
    if (c->handlers.hello) c->handlers.hello(c->arg, m, fresh);
}

static void take_message(struct channel *c, const struct signal_message *m, uint64_t number)
{
    if (!c->greeted) {
        give_up(c, 0, "a message before the hello");
    } else if (number <= c->seen) {
        put_ack(c); /* its acknowledgement was lost, or is still to come */
    } else if (c->seen > 0 && number != c->seen + 1) {
        give_up(c, 0, "a number that leaves a gap");
    } else {
        /* The first of an epoch may have any number: what came before was acknowledged by an earlier process of ours.
         */
        c->seen = number;
        if (c->handlers.message) c->handlers.message(c->arg, m, c->base + number);
    }
}

static void take_object(struct channel *c, const json_t *object)
{
    const json_t *ack = json_object_get(object, "ack");
    if (ack) {
        take_ack(c, number_of(ack));
        return;
    }
    struct signal_message m;
    struct fault fault = {0, "no message"};
    status s = signal_message_from_json(&m, json_object_get(object, "m"), &fault);
    if (s != STATUS_OK) {
        give_up(c, fault.at, s == STATUS_NO_MEMORY ? "no memory" : fault.what);
        return;
    }
    uint64_t number = number_of(json_object_get(object, "n"));
    if (m.type == SIGNAL_HELLO)
        take_hello(c, &m);
    else if (number == 0 || number > INT64_MAX / 2)
        give_up(c, 0, "n");
    else
        take_message(c, &m, number);
    signal_message_clear(&m);
}

static void take_line(struct channel *c, struct slice line)
{
    json_error_t error;
    json_t *object = json_loadb(line.at, line.len, JSON_REJECT_DUPLICATES, &error);
    if (json_is_object(object))
        take_object(c, object);
    else
        give_up(c, object || error.position < 0 ? 0 : (size_t)error.position, "a line that is no JSON object");
    json_decref(object);
}

void channel_receive(struct channel *c, const void *bytes, size_t len)
{
    if (!c->connected) return;
    buffer_append(&c->in, bytes, len);
    if (!buffer_ok(&c->in)) {
        give_up(c, 0, "no memory");
        buffer_clear(&c->in);
        return;
    }
    c->reading = true;
    size_t at = 0;
    while (c->connected && at < c->in.len) {
        const char *start = c->in.at + at;
        const char *end = memchr(start, '\n', c->in.len - at);
        size_t line = end ? (size_t)(end - start) : c->in.len - at;
        if (line > CHANNEL_LINE_MAX_BYTES) give_up(c, at, "a line over 8 MiB");
        if (!end || !c->connected) break;
        take_line(c, (struct slice){start, line});
        at += line + 1;
    }
    c->reading = false;
    if (c->connected)
        buffer_consume(&c->in, at);
    else
        buffer_clear(&c->in);
}

struct buffer *channel_output(struct channel *c)
{
    return &c->out;
}

size_t channel_unacknowledged(const struct channel *c)
{
    return c->pending_count;
}
