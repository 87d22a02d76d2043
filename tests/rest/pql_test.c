#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "rest/pql.h"

/* A condition in words, so that a test can say what it means: brackets round each AND and OR. */
static void print(struct buffer *out, const struct pql *pql, size_t at)
{
    static const char *const steps[] = {"=", "!=", "<", ">", "<=", ">=", "and", "or"};
    static const char *const fields[] = {"timestamp", "level", "call", "request", "message"};
    const struct store_log_node *node = &pql->nodes[at];
    if (node->step >= STORE_LOG_AND) {
        buffer_append_text(out, "(");
        print(out, pql, node->left);
        buffer_printf(out, " %s ", steps[node->step]);
        print(out, pql, node->right);
        buffer_append_text(out, ")");
    } else if (node->field == STORE_LOG_TIMESTAMP) {
        buffer_printf(out, "timestamp%s%lld", steps[node->step], (long long)node->number);
    } else {
        buffer_printf(out, "%s%s%s", fields[node->field], steps[node->step], node->text);
    }
}

static void queries_mean_what_they_say(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"level=\"info\"", "level=info"},
        {" level = 'ERROR' ", "level=error"},
        {"level != \"Warning\"", "level!=warning"},
        {"timestamp >= 1471500000000000", "timestamp>=1471500000000000"},
        {"timestamp<'12'", "timestamp<12"},
        {"message = \"a \\\"b\\\" \\\\ c\"", "message=a \"b\" \\ c"},
        {"message=''", "message="},
        {"callId='CA1' AND requestId=\"RQ2\"", "(call=CA1 and request=RQ2)"},
        {"level='info' and message>'a' Or message<='b'", "((level=info and message>a) or message<=b)"},
        {"level='info' OR message>'a' AND message<='b'", "(level=info or (message>a and message<=b))"},
        {"(level='info' OR message>'a')AND(message<='b')", "((level=info or message>a) and message<=b)"},
        {"level='info' AND level='info' AND level='info'", "((level=info and level=info) and level=info)"},
        {"((timestamp>1))", "timestamp>1"},
        {"message='x AND y'", "message=x AND y"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pql pql;
        struct fault fault = {0};
        struct buffer text;
        if (pql_parse(&pql, slice_of(rows[i][0]), &fault) != STATUS_OK) fail_msg("%s: %s", rows[i][0], fault.what);
        buffer_init(&text);
        print(&text, &pql, pql.count - 1);
        assert_string_equal(buffer_text(&text), rows[i][1]);
        buffer_clear(&text);
    }
}

static void whatever_else_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *query;
        size_t at;
        const char *what;
    } rows[] = {
        {"", 0, "timestamp, level"},
        {"foo='x'", 0, "timestamp, level"},
        {"Level='info'", 0, "timestamp, level"},
        {"levels='info'", 0, "timestamp, level"},
        {"level", 5, "is wanted"},
        {"level LIKE 'x'", 6, "is wanted"},
        {"level==\"info\"", 6, "quoted"},
        {"level=info", 6, "quoted"},
        {"level='loud'", 6, "warning"},
        {"level='info", 11, "not closed"},
        {"timestamp>x", 10, "microseconds"},
        {"timestamp>-1", 10, "microseconds"},
        {"timestamp>'1", 12, "not closed"},
        {"timestamp>12345678901234567890", 28, "too long"},
        {"timestamp>1 AND", 15, "is wanted"},
        {"timestamp>1 timestamp<2", 12, "the end"},
        {"(timestamp>1", 12, ")"},
        {"timestamp>1)", 11, "the end"},
        {"timestamp>1; DROP TABLE logs", 11, "the end"},
        {"NOT timestamp>1", 0, "timestamp, level"},
        {"()", 1, "timestamp, level"},
        {"timestamp<>1", 10, "microseconds"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pql pql;
        struct fault fault = {0};
        if (pql_parse(&pql, slice_of(rows[i].query), &fault) != STATUS_INVALID) fail_msg("%s was taken", rows[i].query);
        assert_int_equal(pql.count, 0);
        if (fault.at != rows[i].at || !strstr(fault.what, rows[i].what))
            fail_msg("%s: at %lu: %s", rows[i].query, fault.at, fault.what);
    }
}

static void what_is_too_much_is_refused(void **state)
{
    (void)state;
    struct pql pql;
    struct fault fault;
    struct buffer text;
    buffer_init(&text);
    for (int i = 0; i < 100; i++)
        buffer_append_text(&text, "(");
    assert_int_equal(pql_parse(&pql, slice_of(buffer_text(&text)), &fault), STATUS_INVALID);
    assert_string_equal(fault.what, "too many brackets");
    buffer_clear(&text);
    for (int i = 0; i < 200; i++)
        buffer_append_text(&text, "timestamp>1 OR ");
    buffer_append_text(&text, "timestamp>1");
    assert_int_equal(pql_parse(&pql, slice_of(buffer_text(&text)), &fault), STATUS_INVALID);
    assert_string_equal(fault.what, "too many comparisons");
    for (int i = 0; i < 500; i++)
        buffer_append_text(&text, "          ");
    assert_int_equal(pql_parse(&pql, slice_of(buffer_text(&text)), &fault), STATUS_INVALID);
    buffer_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_mean_what_they_say),
        cmocka_unit_test(whatever_else_is_refused_with_its_place),
        cmocka_unit_test(what_is_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
