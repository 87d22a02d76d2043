#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signal/channel.h"

#define CALL "CA0123456789abcdef0123456789abcdef01234567"

enum { LOG_SIZE = 4096 };

/** One end, and what its handlers were told, as words. */
struct end {
    struct channel *channel;
    char log[LOG_SIZE];
    bool acks; /**< acknowledge at once */
    uint64_t last;
};

static void note(struct end *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void note(struct end *e, const char *format, ...)
{
    size_t len = strlen(e->log);
    va_list args;
    va_start(args, format);
    vsnprintf(e->log + len, sizeof e->log - len, format, args);
    va_end(args);
}

static void on_message(void *arg, const struct signal_message *m, uint64_t number)
{
    struct end *e = arg;
    note(e, "%s:%s ", signal_type_name(m->type), m->reason ? m->reason : "");
    e->last = number;
    if (e->acks) channel_ack(e->channel, number);
}

static void on_acknowledged(void *arg, uint64_t number)
{
    note(arg, "acked:%llu ", (unsigned long long)number);
}

static void on_hello(void *arg, const struct signal_message *m, bool fresh)
{
    note(arg, "hello:%s:%s:%zu:%zu ", m->epoch, fresh ? "fresh" : "known", json_array_size(m->calls),
         json_array_size(m->listeners));
}

static void on_fault(void *arg, const struct fault *fault)
{
    note(arg, "fault:%s ", fault->what);
}

static void open_end(struct end *e, const char *epoch)
{
    static const struct channel_handlers handlers = {on_message, on_acknowledged, on_hello, on_fault};
    *e = (struct end){.acks = true};
    assert_int_equal(channel_create(&e->channel, epoch, "0.1", &handlers, e), STATUS_OK);
}

static void say(struct end *e, const char *reason)
{
    struct signal_message m;
    signal_message_init(&m, SIGNAL_ENDED, CALL);
    m.reason = strdup(reason);
    assert_int_not_equal(channel_send(e->channel, &m), 0);
    signal_message_clear(&m);
}

/** Carries up to limit bytes of what waits at one end to the other. */
static void carry(struct end *from, struct end *to, size_t limit)
{
    struct buffer *out = channel_output(from->channel);
    size_t len = out->len < limit ? out->len : limit;
    char *copy = malloc(len + 1);
    if (len > 0) memcpy(copy, out->at, len);
    buffer_consume(out, len);
    channel_receive(to->channel, copy, len);
    free(copy);
}

static void settle(struct end *a, struct end *b)
{
    while (channel_output(a->channel)->len > 0 || channel_output(b->channel)->len > 0) {
        carry(a, b, SIZE_MAX);
        carry(b, a, SIZE_MAX);
    }
}

static void connect_ends(struct end *a, struct end *b)
{
    channel_connected(a->channel, NULL);
    channel_connected(b->channel, NULL);
}

static void disconnect_ends(struct end *a, struct end *b)
{
    channel_disconnected(a->channel);
    channel_disconnected(b->channel);
}

static void check_log(struct end *e, const char *expected)
{
    assert_string_equal(e->log, expected);
    e->log[0] = '\0';
}

static void close_ends(struct end *a, struct end *b)
{
    channel_destroy(a->channel);
    if (b) channel_destroy(b->channel);
}

static void messages_arrive_once_in_order_and_are_acknowledged(void **state)
{
    (void)state;
    struct end a, b;
    open_end(&a, "A");
    open_end(&b, "B");
    say(&a, "early");
    connect_ends(&a, &b);
    say(&a, "late");
    settle(&a, &b);
    check_log(&b, "hello:A:fresh:0:0 ended:early ended:late ");
    check_log(&a, "hello:B:fresh:0:0 acked:1 acked:2 ");
    assert_int_equal(channel_unacknowledged(a.channel), 0);
    close_ends(&a, &b);
}

static void a_stream_cut_into_single_bytes_says_the_same(void **state)
{
    (void)state;
    struct end a, b;
    open_end(&a, "A");
    open_end(&b, "B");
    connect_ends(&a, &b);
    say(&a, "one");
    say(&a, "two");
    while (channel_output(a.channel)->len > 0)
        carry(&a, &b, 1);
    check_log(&b, "hello:A:fresh:0:0 ended:one ended:two ");
    close_ends(&a, &b);
}

static void the_hello_tells_calls_and_listeners(void **state)
{
    (void)state;
    struct end a, b;
    open_end(&a, "A");
    open_end(&b, "B");
    json_t *calls = json_pack("[s,s]", CALL, CALL);
    json_t *listeners = json_pack("[s]", "sip:127.0.0.1:5060");
    channel_set_listeners(a.channel, listeners);
    json_decref(listeners);
    channel_connected(a.channel, calls);
    channel_connected(b.channel, NULL);
    json_decref(calls);
    settle(&a, &b);
    check_log(&b, "hello:A:fresh:2:1 ");
    close_ends(&a, &b);
}

static void what_was_lost_with_the_connection_is_sent_again(void **state)
{
    (void)state;
    struct end a, b;
    open_end(&a, "A");
    open_end(&b, "B");
    connect_ends(&a, &b);
    settle(&a, &b);
    say(&a, "one");
    carry(&a, &b, 20); /* the connection breaks inside the line */
    disconnect_ends(&a, &b);
    say(&a, "two");
    assert_int_equal(channel_output(a.channel)->len, 0);
    connect_ends(&a, &b);
    settle(&a, &b);
    check_log(&b, "hello:A:fresh:0:0 hello:A:known:0:0 ended:one ended:two ");
    close_ends(&a, &b);
}

static void a_lost_acknowledgement_does_not_deliver_twice(void **state)
{
    (void)state;
    struct end a, b;
    open_end(&a, "A");
    open_end(&b, "B");
    connect_ends(&a, &b);
    settle(&a, &b);
    say(&a, "one");
    carry(&a, &b, SIZE_MAX);
    disconnect_ends(&a, &b); /* b's acknowledgement is lost */
    assert_int_equal(channel_unacknowledged(a.channel), 1);
    connect_ends(&a, &b);
    settle(&a, &b);
    check_log(&b, "hello:A:fresh:0:0 ended:one hello:A:known:0:0 ");
    check_log(&a, "hello:B:fresh:0:0 hello:B:known:0:0 acked:1 ");
    assert_int_equal(channel_unacknowledged(a.channel), 0);
    close_ends(&a, &b);
}

static void the_receiver_decides_when_a_message_is_acknowledged(void **state)
{
    (void)state;
    struct end a, b;
    open_end(&a, "A");
    open_end(&b, "B");
    b.acks = false;
    connect_ends(&a, &b);
    say(&a, "one");
    say(&a, "two");
    say(&a, "three");
    settle(&a, &b);
    assert_int_equal(channel_unacknowledged(a.channel), 3);
    channel_ack(b.channel, b.last - 1);
    settle(&a, &b);
    assert_int_equal(channel_unacknowledged(a.channel), 1);
    disconnect_ends(&a, &b);
    channel_ack(b.channel, b.last); /* safe while the connection is down: said on the next one */
    connect_ends(&a, &b);
    settle(&a, &b);
    assert_int_equal(channel_unacknowledged(a.channel), 0);
    check_log(&b, "hello:A:fresh:0:0 ended:one ended:two ended:three hello:A:known:0:0 ");
    close_ends(&a, &b);
}

static void a_restarted_sender_starts_its_numbers_anew(void **state)
{
    (void)state;
    struct end a, b, anew;
    open_end(&a, "A");
    open_end(&b, "B");
    connect_ends(&a, &b);
    say(&a, "one");
    say(&a, "two");
    settle(&a, &b);
    uint64_t old = b.last;
    close_ends(&a, NULL);
    channel_disconnected(b.channel);
    open_end(&anew, "A2");
    b.acks = false;
    connect_ends(&anew, &b);
    say(&anew, "uno");
    settle(&anew, &b);
    check_log(&b, "hello:A:fresh:0:0 ended:one ended:two hello:A2:fresh:0:0 ended:uno ");
    assert_true(b.last > old);
    channel_ack(b.channel, old); /* of the process that is gone: must not hit the new one's messages */
    settle(&anew, &b);
    assert_int_equal(channel_unacknowledged(anew.channel), 1);
    channel_ack(b.channel, b.last);
    settle(&anew, &b);
    assert_int_equal(channel_unacknowledged(anew.channel), 0);
    close_ends(&anew, &b);
}

static void a_restarted_receiver_gets_what_was_not_acknowledged(void **state)
{
    (void)state;
    struct end a, b, anew;
    open_end(&a, "A");
    open_end(&b, "B");
    connect_ends(&a, &b);
    say(&a, "one");
    settle(&a, &b);
    b.acks = false;
    say(&a, "two");
    settle(&a, &b);
    close_ends(&b, NULL);
    channel_disconnected(a.channel);
    open_end(&anew, "B2");
    connect_ends(&a, &anew);
    settle(&a, &anew);
    check_log(&anew, "hello:A:fresh:0:0 ended:two ");
    assert_int_equal(channel_unacknowledged(a.channel), 0);
    say(&a, "three");
    settle(&a, &anew);
    check_log(&anew, "ended:three ");
    close_ends(&a, &anew);
}

static const char hello_line[] = "{\"m\":{\"type\":\"hello\",\"version\":\"1\",\"epoch\":\"P\"}}\n";

static void hostile_lines_are_faults(void **state)
{
    (void)state;
    static const struct {
        bool greeted;
        const char *text, *what;
    } rows[] = {
        {false, "\n", "a line that is no JSON object"},
        {false, "17\n", "a line that is no JSON object"},
        {false, "{\"m\":\n", "a line that is no JSON object"},
        {false, "{}\n", "type"},
        {false, "{\"m\":{\"type\":\"hello\",\"version\":\"1\"}}\n", "epoch"},
        {false, "{\"n\":1,\"m\":{\"type\":\"bye\",\"call\":\"" CALL "\"}}\n", "a message before the hello"},
        {false, "{\"ack\":1}\n", "ack of a number that was never sent"},
        {true, "{\"ack\":-1}\n", "ack of a number that was never sent"},
        {true, "{\"ack\":\"1\"}\n", "ack of a number that was never sent"},
        {true, "{\"m\":{\"type\":\"hello\",\"version\":\"1\",\"epoch\":\"P\"}}\n", "a second hello"},
        {true, "{\"m\":{\"type\":\"bye\",\"call\":\"" CALL "\"}}\n", "n"},
        {true, "{\"n\":0,\"m\":{\"type\":\"bye\",\"call\":\"" CALL "\"}}\n", "n"},
        {true, "{\"n\":9223372036854775807,\"m\":{\"type\":\"bye\",\"call\":\"" CALL "\"}}\n", "n"},
        {true, "{\"n\":1,\"n\":2,\"m\":{\"type\":\"bye\",\"call\":\"" CALL "\"}}\n", "a line that is no JSON object"},
        {true, "{\"n\":1,\"m\":{\"type\":\"bye\",\"call\":\"CA\\u0000\"}}\n", "a line that is no JSON object"},
        {true, "{\"n\":1,\"m\":{\"type\":\"nothing\"}}\n", "type"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct end e;
        open_end(&e, "E");
        channel_connected(e.channel, NULL);
        if (rows[i].greeted) channel_receive(e.channel, hello_line, strlen(hello_line));
        e.log[0] = '\0';
        channel_receive(e.channel, rows[i].text, strlen(rows[i].text));
        char expected[200];
        snprintf(expected, sizeof expected, "fault:%s ", rows[i].what);
        check_log(&e, expected);
        channel_receive(e.channel, hello_line, strlen(hello_line)); /* nothing more is read */
        check_log(&e, "");
        channel_disconnected(e.channel);
        channel_connected(e.channel, NULL);
        channel_receive(e.channel, hello_line, strlen(hello_line));
        assert_non_null(strstr(e.log, "hello:P"));
        close_ends(&e, NULL);
    }
}

static void a_gap_in_the_numbers_is_a_fault(void **state)
{
    (void)state;
    struct end e;
    open_end(&e, "E");
    channel_connected(e.channel, NULL);
    channel_receive(e.channel, hello_line, strlen(hello_line));
    static const char first[] = "{\"n\":5,\"m\":{\"type\":\"bye\",\"call\":\"" CALL "\"}}\n";
    static const char third[] = "{\"n\":7,\"m\":{\"type\":\"bye\",\"call\":\"" CALL "\"}}\n";
    channel_receive(e.channel, first, strlen(first));
    channel_receive(e.channel, first, strlen(first));
    channel_receive(e.channel, third, strlen(third));
    check_log(&e, "hello:P:fresh:0:0 bye: fault:a number that leaves a gap ");
    close_ends(&e, NULL);
}

static void a_line_without_an_end_is_a_fault(void **state)
{
    (void)state;
    struct end e;
    open_end(&e, "E");
    channel_connected(e.channel, NULL);
    static char junk[64 * 1024];
    memset(junk, ' ', sizeof junk);
    for (size_t sent = 0; sent < CHANNEL_LINE_MAX_BYTES; sent += sizeof junk)
        channel_receive(e.channel, junk, sizeof junk);
    check_log(&e, "");
    channel_receive(e.channel, junk, 1);
    check_log(&e, "fault:a line over 8 MiB ");
    close_ends(&e, NULL);
}

/* A body of control bytes is six times as long in JSON. */
static void what_the_peer_would_not_take_is_not_sent(void **state)
{
    (void)state;
    struct end e;
    open_end(&e, "E");
    channel_connected(e.channel, NULL);
    size_t before = channel_output(e.channel)->len;
    struct signal_message m;
    signal_message_init(&m, SIGNAL_INFO, CALL);
    m.content_type = strdup("text/plain");
    m.body = malloc(CHANNEL_LINE_MAX_BYTES / 6 + 1);
    assert_non_null(m.body);
    memset(m.body, 1, CHANNEL_LINE_MAX_BYTES / 6);
    m.body[CHANNEL_LINE_MAX_BYTES / 6] = '\0';
    assert_int_equal(channel_send(e.channel, &m), 0);
    assert_int_equal(channel_unacknowledged(e.channel), 0);
    assert_int_equal(channel_output(e.channel)->len, before);
    m.body[CHANNEL_LINE_MAX_BYTES / 6 - 100] = '\0';
    assert_int_equal(channel_send(e.channel, &m), 1);
    signal_message_clear(&m);
    close_ends(&e, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_arrive_once_in_order_and_are_acknowledged),
        cmocka_unit_test(a_stream_cut_into_single_bytes_says_the_same),
        cmocka_unit_test(the_hello_tells_calls_and_listeners),
        cmocka_unit_test(what_was_lost_with_the_connection_is_sent_again),
        cmocka_unit_test(a_lost_acknowledgement_does_not_deliver_twice),
        cmocka_unit_test(the_receiver_decides_when_a_message_is_acknowledged),
        cmocka_unit_test(a_restarted_sender_starts_its_numbers_anew),
        cmocka_unit_test(a_restarted_receiver_gets_what_was_not_acknowledged),
        cmocka_unit_test(hostile_lines_are_faults),
        cmocka_unit_test(a_gap_in_the_numbers_is_a_fault),
        cmocka_unit_test(a_line_without_an_end_is_a_fault),
        cmocka_unit_test(what_the_peer_would_not_take_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
