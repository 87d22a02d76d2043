/**
 * @file signal_fuzz.c  Any bytes into one end of the signalling channel: it delivers, faults, and never misbehaves.
 */
#include <stdint.h>
#include <stdlib.h>

#include "signal/channel.h"
#include "signal/dialog_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct end {
    struct channel *channel;
    uint64_t last;
};

/** What came in can be said again, and a record in it can be read. */
static void message(void *arg, const struct signal_message *m, uint64_t number)
{
    struct end *e = arg;
    if (number <= e->last) abort();
    e->last = number;
    json_t *again = signal_message_to_json(m);
    struct signal_message copy;
    struct fault fault;
    if (!again || signal_message_from_json(&copy, again, &fault) != STATUS_OK) abort();
    signal_message_clear(&copy);
    json_decref(again);
    struct dialog_record r;
    if (m->record && dialog_record_from_json(&r, m->record, &fault) == STATUS_OK) {
        json_t *object = dialog_record_to_json(&r);
        if (!object) abort();
        json_decref(object);
        dialog_record_clear(&r);
    }
    if (channel_send(e->channel, m) == 0) abort();
    if (number % 2 == 0) channel_ack(e->channel, number);
}

static void fault(void *arg, const struct fault *f)
{
    (void)arg;
    if (!f->what) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct channel_handlers handlers = {.message = message, .fault = fault};
    struct end e = {0};
    if (channel_create(&e.channel, "me", "0", &handlers, &e) != STATUS_OK) return 0;
    channel_connected(e.channel, NULL);
    size_t first = size > 0 ? data[0] % size : 0; /* a cut somewhere, as sockets make them */
    channel_receive(e.channel, data, first);
    channel_receive(e.channel, data + first, size - first);
    channel_disconnected(e.channel);
    channel_connected(e.channel, NULL);
    channel_receive(e.channel, data, size);
    channel_destroy(e.channel);
    return 0;
}
