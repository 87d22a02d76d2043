#include "store_kit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"

/* Lists out of 100,000 rows. Times are printed, not asserted: the machine is shared. What is asserted is the answer. */

enum { ROWS = 100000, ROUNDS = 20 };

static char dir[KIT_PATH_SIZE];
static struct store *store;
static id_text account;

/* 100,000 of each; a second apart from 2026-11-23 on, three aliases, one in 1000 with a rare one, all updated late. */
static const char fill[] =
    "BEGIN;"
    "CREATE TEMP TABLE n(i INTEGER PRIMARY KEY);"
    "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM r WHERE i<100000) INSERT INTO n SELECT i FROM r;"
    "INSERT INTO conferences(id, account, alias, play_beep, record, status, revision, created, updated, events,"
    " auto_end_s, participants_max) SELECT printf('CF%040d', i), printf('AC%040d', 1),"
    " CASE WHEN i%1000=7 THEN 'rare' ELSE 'room'||(i%3) END, 'always', 0,"
    " CASE WHEN i%5000=0 THEN 'inProgress' ELSE 'terminated' END, 3, 1795392000000+i*1000, 1795500000000+i, 4, 0, 0"
    " FROM n;"
    "INSERT INTO calls(id, account, application, caller, callee, status, direction, revision, events, created,"
    " updated, started, connected, ended) SELECT printf('CA%040d', i), printf('AC%040d', 1),"
    " printf('AP%040d', i%20), '+1555000'||(i%4), '+1555100'||(i%100), CASE i%10 WHEN 0 THEN 'failed' ELSE"
    " 'completed' END, 'inbound', 1, 0, 1795392000000+i*1000, 1795392000000+i*1000, 1795392000000+i*1000,"
    " 1795392000000+i*1000, 1795392060000+i*1000 FROM n;"
    "INSERT INTO logs(account, timestamp_us, level, request, call, message) SELECT printf('AC%040d', 1),"
    " 1795392000000000+i*1000000, CASE WHEN i%1000=3 THEN 'error' ELSE 'info' END, NULL,"
    " printf('CA%040d', i%1000), 'line '||i FROM n;"
    "COMMIT;";

static int set_up(void **state)
{
    (void)state;
    char path[KIT_PATH_SIZE + 16];
    sqlite3 *db;
    kit_dir_make(dir);
    store_close(kit_open(dir, NULL));
    snprintf(path, sizeof path, "%s/parley.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    char *error = NULL;
    if (sqlite3_exec(db, fill, NULL, NULL, &error) != SQLITE_OK) fail_msg("%s", error);
    sqlite3_close(db);
    store = kit_open(dir, NULL);
    kit_id(account, "AC", 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store);
    kit_dir_remove(dir);
    return 0;
}

struct seen {
    status status;
    size_t count;
    struct store_page page;
};

static void note(struct seen *seen, status s, size_t count, const struct store_page *page)
{
    *seen = (struct seen){.status = s, .count = count};
    if (s == STATUS_OK) seen->page = *page;
}

#define KEEP(kind)                                                                                                     \
    static void keep_##kind(void *arg, status s, const struct store_##kind *rows, size_t count,                        \
                            const struct store_page *page)                                                             \
    {                                                                                                                  \
        (void)rows;                                                                                                    \
        note(arg, s, count, page);                                                                                     \
    }
KEEP(conference)
KEEP(call)
KEEP(log)

/* Runs a list from its start and on from cursors; says what the quickest and the middle one took. */
typedef status ask_fn(const void *filter, const char *cursor, struct seen *seen);

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static struct seen run(const char *name, ask_fn *ask, const void *filter)
{
    struct seen first = {0}, seen = {0};
    int64_t took_us[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        char cursor[STORE_CURSOR_SIZE];
        memcpy(cursor, seen.page.next_cursor, sizeof cursor);
        int64_t began_us = clock_now_us();
        assert_int_equal(ask(filter, cursor, &seen), STATUS_OK);
        kit_drain(store);
        took_us[i] = clock_now_us() - began_us;
        assert_int_equal(seen.status, STATUS_OK);
        if (i == 0) first = seen;
    }
    qsort(took_us, ROUNDS, sizeof took_us[0], by_size);
    print_message("%-34s total %6llu, middle %6.2f ms, most %6.2f ms\n", name, (unsigned long long)first.page.total,
                  (double)took_us[ROUNDS / 2] / 1000, (double)took_us[ROUNDS - 1] / 1000);
    return first;
}

static status ask_conferences(const void *filter, const char *cursor, struct seen *seen)
{
    struct store_conference_filter f = *(const struct store_conference_filter *)filter;
    f.paging.cursor = cursor;
    return store_list_conferences(store, &f, keep_conference, seen);
}

static status ask_calls(const void *filter, const char *cursor, struct seen *seen)
{
    struct store_call_filter f = *(const struct store_call_filter *)filter;
    f.paging.cursor = cursor;
    return store_list_calls(store, &f, keep_call, seen);
}

static status ask_logs(const void *filter, const char *cursor, struct seen *seen)
{
    struct store_log_filter f = *(const struct store_log_filter *)filter;
    f.paging.cursor = cursor;
    return store_list_logs(store, &f, keep_log, seen);
}

#define DAY_MS       INT64_C(86400000)
#define FIRST_DAY_MS INT64_C(1795392000000)

static void lists_of_100000_conferences(void **state)
{
    (void)state;
    const struct {
        const char *name;
        struct store_conference_filter filter;
        uint64_t total; /* at least this; exactly this below STORE_COUNT_MAX */
    } rows[] = {
        {"conferences", {.account = account}, ROWS},
        {"conferences status", {.account = account, .status = "terminated"}, 99980},
        {"conferences status, few", {.account = account, .status = "inProgress"}, 20},
        {"conferences alias", {.account = account, .alias = "room1"}, STORE_COUNT_MAX},
        {"conferences alias, few", {.account = account, .alias = "rare"}, 100},
        {"conferences status, alias", {.account = account, .status = "terminated", .alias = "room1"}, STORE_COUNT_MAX},
        {"conferences status, alias, few", {.account = account, .status = "inProgress", .alias = "room1"}, 7},
        {"conferences day", {.account = account, .created = {FIRST_DAY_MS, FIRST_DAY_MS + DAY_MS}}, STORE_COUNT_MAX},
        {"conferences day, none", {.account = account, .created = {1, DAY_MS}}, 0},
        {"conferences day, status, alias",
         {.account = account,
          .status = "terminated",
          .alias = "room2",
          .created = {FIRST_DAY_MS, FIRST_DAY_MS + DAY_MS}},
         STORE_COUNT_MAX},
        {"conferences updated, all",
         {.account = account, .updated = {FIRST_DAY_MS, FIRST_DAY_MS + 9 * DAY_MS}},
         STORE_COUNT_MAX},
        {"conferences updated, few", {.account = account, .updated = {1795500000500, 1795500000600}}, 100},
        {"conferences updated, alias",
         {.account = account, .alias = "room1", .updated = {FIRST_DAY_MS, FIRST_DAY_MS + 9 * DAY_MS}},
         STORE_COUNT_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct seen seen = run(rows[i].name, ask_conferences, &rows[i].filter);
        assert_int_equal(seen.page.total, rows[i].total);
        assert_int_equal(seen.count, rows[i].total < 100 ? rows[i].total : 100);
    }
}

static void lists_of_100000_calls(void **state)
{
    (void)state;
    id_text application, other;
    kit_id(application, "AP", 1);
    kit_id(other, "AP", 2);
    const struct {
        const char *name;
        struct store_call_filter filter;
        uint64_t total;
    } rows[] = {
        {"calls", {.account = account}, ROWS},
        {"calls status", {.account = account, .status = "failed"}, 10000},
        {"calls active", {.account = account, .active = true}, 0},
        {"calls from", {.account = account, .from = "+15550001"}, STORE_COUNT_MAX},
        {"calls to", {.account = account, .to = "+15551007"}, 1000},
        {"calls from, to", {.account = account, .from = "+15550003", .to = "+15551007"}, 1000},
        {"calls from, status", {.account = account, .from = "+15550001", .status = "completed"}, STORE_COUNT_MAX},
        {"calls two applications",
         {.account = account, .applications = {application, other}, .application_count = 2},
         STORE_COUNT_MAX},
        {"calls start", {.account = account, .start = {.from_unix_ms = FIRST_DAY_MS}}, STORE_COUNT_MAX},
        {"calls start and end, few",
         {.account = account,
          .start = {.from_unix_ms = FIRST_DAY_MS + 50000000},
          .end = {.to_unix_ms = FIRST_DAY_MS + 50100000}},
         40},
        {"calls end, all", {.account = account, .end = {.to_unix_ms = FIRST_DAY_MS + 9 * DAY_MS}}, STORE_COUNT_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct seen seen = run(rows[i].name, ask_calls, &rows[i].filter);
        assert_int_equal(seen.page.total, rows[i].total);
        assert_int_equal(seen.count, rows[i].total < 100 ? rows[i].total : 100);
    }
}

static void lists_of_100000_log_lines(void **state)
{
    (void)state;
    id_text call;
    kit_id(call, "CA", 5);
    const struct store_log_node errors[] = {
        {.step = STORE_LOG_EQUAL, .field = STORE_LOG_LEVEL, .text = "error"},
    };
    const struct store_log_node since[] = {
        {.step = STORE_LOG_AT_LEAST, .field = STORE_LOG_TIMESTAMP, .number = (FIRST_DAY_MS + 99900000) * 1000},
        {.step = STORE_LOG_UNEQUAL, .field = STORE_LOG_LEVEL, .text = "error"},
        {.step = STORE_LOG_AND, .left = 0, .right = 1},
    };
    const struct store_log_node text[] = {{.step = STORE_LOG_EQUAL, .field = STORE_LOG_MESSAGE, .text = "line 5"}};
    const struct store_log_node one[] = {{.step = STORE_LOG_EQUAL, .field = STORE_LOG_CALL, .text = call}};
    const struct {
        const char *name;
        struct store_log_filter filter;
        uint64_t total;
    } rows[] = {
        {"logs", {.account = account}, ROWS},
        {"logs of a call", {.account = account, .call = call}, 100},
        {"logs level=error", {.account = account, .condition = errors, .condition_count = 1}, 100},
        {"logs timestamp>=, level!=", {.account = account, .condition = since, .condition_count = 3}, 101},
        {"logs message= (no index)", {.account = account, .condition = text, .condition_count = 1}, 1},
        {"logs callId=", {.account = account, .condition = one, .condition_count = 1}, 100},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct seen seen = run(rows[i].name, ask_logs, &rows[i].filter);
        assert_int_equal(seen.page.total, rows[i].total);
        assert_int_equal(seen.count, rows[i].total < 100 ? rows[i].total : 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_100000_conferences),
        cmocka_unit_test(lists_of_100000_calls),
        cmocka_unit_test(lists_of_100000_log_lines),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
