#include "store_kit.h"

#include <stdio.h>
#include <string.h>

/* Applications, numbers, log lines, secrets, replies and the outbox as a list. */

static char dir[KIT_PATH_SIZE];
static struct store *store;
static id_text account;

static int set_up(void **state)
{
    (void)state;
    kit_dir_make(dir);
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

static void reopen(void)
{
    store_close(store);
    store = kit_open(dir, NULL);
}

static struct store_application application(uint32_t number, uint32_t revision)
{
    struct store_application row = {.alias = "a", .voice_url = "http://v/", .revision = revision};
    row.created_unix_ms = row.updated_unix_ms = number;
    kit_id(row.id, "AP", number);
    kit_id(row.account, "AC", 1);
    return row;
}

static struct store_number number(uint32_t id, const char *dialled, uint32_t application_number)
{
    struct store_number row = {.number = dialled, .alias = "x", .voice_enabled = true, .revision = 1};
    row.created_unix_ms = row.updated_unix_ms = id;
    kit_id(row.id, "PN", id);
    kit_id(row.account, "AC", 1);
    if (application_number) kit_id(row.application, "AP", application_number);
    return row;
}

static status outcome;
static size_t seen;
static uint64_t total;
static struct store_page page_seen;

#define KEEP(kind)                                                                                                     \
    static struct store_##kind kind##_row;                                                                             \
    static void keep_##kind(void *arg, status s, const struct store_##kind *rows, size_t count,                        \
                            const struct store_page *page)                                                             \
    {                                                                                                                  \
        (void)arg;                                                                                                     \
        outcome = s;                                                                                                   \
        seen = count;                                                                                                  \
        if (page) page_seen = *page;                                                                                   \
        total = page ? page->total : 0;                                                                                \
        store_##kind##_clear(&kind##_row);                                                                             \
        if (count) assert_int_equal(store_##kind##_copy(&kind##_row, &rows[0]), STATUS_OK);                            \
    }
KEEP(application)
KEEP(number)
KEEP(log)
KEEP(outbox)

static struct store_secret secrets[4];
static struct store_reply reply_row;

static void keep_secrets(void *arg, status s, const struct store_secret *rows, size_t count)
{
    (void)arg;
    outcome = s;
    seen = count;
    for (size_t i = 0; i < count; i++) {
        store_secret_clear(&secrets[i]);
        assert_int_equal(store_secret_copy(&secrets[i], &rows[i]), STATUS_OK);
    }
}

static void keep_reply(void *arg, status s, const struct store_reply *rows, size_t count)
{
    (void)arg;
    outcome = s;
    seen = count;
    store_reply_clear(&reply_row);
    if (count) assert_int_equal(store_reply_copy(&reply_row, &rows[0]), STATUS_OK);
}

static void a_number_leads_to_its_application_after_a_restart(void **state)
{
    (void)state;
    struct store_tx *tx = kit_begin(store);
    struct store_application a = application(1, 1);
    struct store_number n = number(1, "+15551", 1);
    store_put_application(tx, &a);
    store_put_number(tx, &n);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    reopen();
    assert_int_equal(store_get_number_dialled(store, account, "+15551", keep_number, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(outcome, STATUS_OK);
    assert_true(number_row.voice_enabled && !number_row.sms_enabled);
    assert_int_equal(store_get_application(store, account, number_row.application, keep_application, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(outcome, STATUS_OK);
    assert_string_equal(application_row.voice_url, "http://v/");
    assert_null(application_row.sms_url);
    id_text other;
    kit_id(other, "AC", 2);
    assert_int_equal(store_get_number_dialled(store, other, "+15551", keep_number, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(outcome, STATUS_NOT_FOUND);
    store_application_clear(&application_row);
}

static void a_number_is_once_in_an_account(void **state)
{
    (void)state;
    struct store_tx *tx = kit_begin(store);
    struct store_number first = number(1, "desk", 0), second = number(2, "desk", 0);
    store_put_number(tx, &first);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    tx = kit_begin(store);
    store_put_number(tx, &second);
    assert_int_equal(kit_commit(store, tx), STATUS_EXISTS);
    kit_id(second.account, "AC", 2);
    tx = kit_begin(store);
    store_put_number(tx, &second);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
}

static void an_application_that_goes_leaves_its_numbers(void **state)
{
    (void)state;
    struct store_tx *tx = kit_begin(store);
    struct store_application a = application(1, 1);
    struct store_number n = number(1, "desk", 1);
    store_put_application(tx, &a);
    store_put_number(tx, &n);
    store_delete_application(tx, a.id);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    assert_int_equal(store_get_number(store, account, n.id, keep_number, NULL), STATUS_OK);
    kit_drain(store);
    assert_string_equal(number_row.application, "");
    assert_int_equal(number_row.revision, 2);
    assert_true(number_row.updated_unix_ms > 1);
    store_number_clear(&number_row);
}

static void a_change_of_what_has_changed_is_refused_whole(void **state)
{
    (void)state;
    struct store_application a = application(1, 1), b = application(2, 1);
    struct store_tx *tx = kit_begin(store);
    store_put_application(tx, &a);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    /* Two who have both read revision 1. */
    struct store_tx *quick = kit_begin(store), *slow = kit_begin(store);
    a.revision = 2;
    a.alias = "quick";
    store_expect_application(quick, a.id, 1);
    store_put_application(quick, &a);
    a.alias = "slow";
    store_put_application(slow, &b);
    store_expect_application(slow, a.id, 1);
    store_put_application(slow, &a);
    assert_int_equal(kit_commit(store, quick), STATUS_OK);
    assert_int_equal(kit_commit(store, slow), STATUS_CONFLICT);
    assert_int_equal(store_get_application(store, account, a.id, keep_application, NULL), STATUS_OK);
    kit_drain(store);
    assert_string_equal(application_row.alias, "quick");
    assert_int_equal(store_get_application(store, account, b.id, keep_application, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(outcome, STATUS_NOT_FOUND);
    tx = kit_begin(store);
    store_expect_number(tx, "PN1", 1);
    assert_int_equal(kit_commit(store, tx), STATUS_CONFLICT);
}

static void put_logs(uint32_t from, uint32_t to)
{
    struct store_tx *tx = kit_begin(store);
    for (uint32_t i = from; i < to; i++) {
        struct store_log row = {.timestamp_us = i / 2, .level = i % 3 ? "info" : "warning", .message = "m"};
        kit_id(row.account, "AC", 1);
        if (i % 2) kit_id(row.call, "CA", 7);
        store_put_log(tx, &row);
    }
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
}

static void list_logs(const struct store_log_filter *filter)
{
    assert_int_equal(store_list_logs(store, filter, keep_log, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(outcome, STATUS_OK);
}

static void a_log_keeps_its_newest_lines(void **state)
{
    (void)state;
    struct store_log_filter filter = {.account = account};
    put_logs(0, 300);
    list_logs(&filter);
    assert_int_equal(total, 300);
    assert_int_equal(seen, 100);
    assert_int_equal(log_row.timestamp_us, 149);
    struct store_tx *tx = kit_begin(store);
    store_trim_logs(tx, account, 71);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    list_logs(&filter);
    assert_int_equal(total, 71);
    assert_int_equal(seen, 71);
    const struct store_log_node oldest[] = {
        {.step = STORE_LOG_LESS, .field = STORE_LOG_TIMESTAMP, .number = 115},
    };
    filter.condition = oldest;
    filter.condition_count = 1;
    list_logs(&filter);
    assert_int_equal(seen, 1); /* of the two lines of 114, the one that was put in later */
    assert_int_equal(log_row.timestamp_us, 114);
    assert_string_not_equal(log_row.call, "");
    tx = kit_begin(store);
    store_trim_logs(tx, account, 500);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    filter.condition = NULL;
    list_logs(&filter);
    assert_int_equal(total, 71);
    store_log_clear(&log_row);
}

static void a_condition_means_no_more_than_it_says(void **state)
{
    (void)state;
    id_text call;
    kit_id(call, "CA", 7);
    put_logs(0, 60);
    const struct store_log_node nodes[] = {
        {.step = STORE_LOG_UNEQUAL, .field = STORE_LOG_CALL, .text = call},
        {.step = STORE_LOG_AT_LEAST, .field = STORE_LOG_LEVEL, .text = "warning"},
        {.step = STORE_LOG_LESS, .field = STORE_LOG_TIMESTAMP, .number = 2},
        {.step = STORE_LOG_AND, .left = 0, .right = 1},
        {.step = STORE_LOG_OR, .left = 3, .right = 2},
    };
    static const uint64_t totals[] = {30, 20, 4, 10, 13};
    struct store_log_filter filter = {.account = account, .condition = nodes};
    for (size_t i = 0; i < 5; i++) {
        filter.condition_count = i + 1;
        list_logs(&filter);
        assert_int_equal(total, totals[i]);
    }
    /* What is asked for is a text, never a part of the question. */
    const struct store_log_node sly[] = {
        {.step = STORE_LOG_EQUAL, .field = STORE_LOG_MESSAGE, .text = "' OR 1=1 --"},
    };
    filter.condition = sly;
    filter.condition_count = 1;
    list_logs(&filter);
    assert_int_equal(total, 0);
    store_log_clear(&log_row);
}

static status put_secret(uint32_t id)
{
    struct store_tx *tx = kit_begin(store);
    struct store_secret row = {.secret = id % 2 ? "odd" : "even", .created_unix_ms = id};
    kit_id(row.id, "SS", id);
    kit_id(row.account, "AC", 1);
    store_put_secret(tx, &row);
    return kit_commit(store, tx);
}

static void an_account_has_two_secrets_at_most(void **state)
{
    (void)state;
    assert_int_equal(put_secret(1), STATUS_OK);
    assert_int_equal(put_secret(2), STATUS_OK);
    assert_int_equal(put_secret(3), STATUS_CONFLICT);
    reopen();
    assert_int_equal(store_list_secrets(store, account, keep_secrets, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(seen, 2);
    assert_string_equal(secrets[0].secret, "odd");
    assert_string_equal(secrets[1].secret, "even");
    struct store_tx *tx = kit_begin(store);
    store_delete_secret(tx, secrets[0].id);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    assert_int_equal(put_secret(3), STATUS_OK);
    assert_int_equal(store_load_secrets(store, keep_secrets, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(seen, 2);
    store_secret_clear(&secrets[0]);
    store_secret_clear(&secrets[1]);
}

static status reserve(const char *key, int64_t created_unix_ms)
{
    struct store_tx *tx = kit_begin(store);
    struct store_reply row = {.key = key, .request = "/x", .created_unix_ms = created_unix_ms};
    kit_id(row.account, "AC", 1);
    row.request_sha256[31] = 9;
    store_expire_replies(tx, 100);
    store_reserve_reply(tx, &row);
    return kit_commit(store, tx);
}

static void get_reply(const char *key)
{
    assert_int_equal(store_get_reply(store, account, key, keep_reply, NULL), STATUS_OK);
    kit_drain(store);
}

static void a_key_is_reserved_once_until_it_expires(void **state)
{
    (void)state;
    assert_int_equal(reserve("k", 200), STATUS_OK);
    assert_int_equal(reserve("k", 201), STATUS_EXISTS);
    get_reply("k");
    assert_int_equal(outcome, STATUS_OK);
    assert_int_equal(reply_row.http, 0);
    struct store_tx *tx = kit_begin(store);
    struct store_reply row = {.key = "k", .request = "/x", .http = 200, .body = "{}", .created_unix_ms = 50};
    kit_id(row.account, "AC", 1);
    store_put_reply(tx, &row);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    get_reply("k");
    assert_int_equal(reply_row.http, 200);
    assert_string_equal(reply_row.body, "{}");
    assert_int_equal(reserve("k", 300), STATUS_OK); /* that of 50 has expired */
    tx = kit_begin(store);
    store_delete_reply(tx, account, "k");
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    get_reply("k");
    assert_int_equal(outcome, STATUS_NOT_FOUND);
}

static void the_outbox_is_listed_and_the_dead_revived(void **state)
{
    (void)state;
    struct store_tx *tx = kit_begin(store);
    id_text lane;
    kit_id(lane, "CF", 1);
    for (uint32_t i = 1; i <= 6; i++) {
        struct store_outbox row = {.n = i, .url = "u", .body = "{}", .created_unix_ms = i, .attempts = 3};
        row.state = "pending";
        kit_id(row.lane, "CF", 1 + i % 2);
        kit_id(row.account, "AC", 1);
        store_put_outbox(tx, &row);
    }
    store_outbox_dead(tx, lane, 4, 9);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    const struct store_outbox_filter dead = {.account = account, .state = "dead"};
    assert_int_equal(store_list_outbox(store, &dead, keep_outbox, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(total, 1);
    assert_int_equal(outbox_row.n, 4);
    assert_int_equal(outbox_row.attempts, 9);
    const struct store_outbox_filter one = {.account = account, .lane = lane, .n = 2};
    assert_int_equal(store_list_outbox(store, &one, keep_outbox, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(seen, 1);
    assert_int_equal(outbox_row.n, 2);
    tx = kit_begin(store);
    store_outbox_revive(tx, lane, 4);
    store_outbox_revive(tx, lane, 2); /* is not dead: stays as it is */
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    assert_int_equal(store_list_outbox(store, &dead, keep_outbox, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(total, 0);
    assert_int_equal(store_list_outbox(store, &one, keep_outbox, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(outbox_row.attempts, 3);
    store_outbox_clear(&outbox_row);
}

/* Counting stops, so what a page says is what has been seen at least. */
static void the_total_of_many_matches_is_a_floor_that_grows(void **state)
{
    (void)state;
    struct store_tx *tx = kit_begin(store);
    for (uint32_t i = 0; i < STORE_COUNT_MAX + 1500; i++) {
        struct store_log row = {.timestamp_us = i, .level = "info", .message = "m"};
        kit_id(row.account, "AC", 1);
        store_put_log(tx, &row);
    }
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    const struct store_log_node info[] = {{.step = STORE_LOG_EQUAL, .field = STORE_LOG_LEVEL, .text = "info"}};
    struct store_log_filter filter = {.account = account, .condition = info, .condition_count = 1};
    filter.paging.limit = STORE_PAGE_MAX;
    char cursor[STORE_CURSOR_SIZE];
    for (uint64_t shown = 0; shown < STORE_COUNT_MAX + 1500; shown += seen) {
        list_logs(&filter);
        bool last = !page_seen.has_next;
        uint64_t least = shown + seen + (last ? 0 : 1);
        assert_int_equal(total, least > STORE_COUNT_MAX ? least : STORE_COUNT_MAX);
        memcpy(cursor, page_seen.next_cursor, sizeof cursor);
        filter.paging.cursor = cursor;
    }
    assert_int_equal(total, STORE_COUNT_MAX + 1500);
    filter = (struct store_log_filter){.account = account};
    list_logs(&filter);
    assert_int_equal(total, STORE_COUNT_MAX + 1500);
    store_log_clear(&log_row);
}

static status begun_late, asked_late;

static void keep_outcome(void *arg, status s)
{
    *(status *)arg = s;
}

static void keep_late(void *arg, status s, const struct store_number *rows, size_t count, const struct store_page *page)
{
    (void)arg;
    (void)rows;
    (void)page;
    assert_int_equal(count, 0);
    asked_late = s;
}

static void go_on(void *arg, status s)
{
    struct store_application row = application(8, 1);
    (void)arg;
    assert_int_equal(s, STATUS_OK);
    assert_true(store_is_closing(store));
    struct store_tx *tx = kit_begin(store);
    store_put_application(tx, &row);
    store_commit(tx, keep_outcome, &begun_late);
    assert_int_equal(store_get_number(store, account, row.id, keep_late, NULL), STATUS_OK);
}

static void a_store_that_closes_keeps_its_word_and_begins_nothing(void **state)
{
    (void)state;
    struct store_application row = application(7, 1);
    struct store_tx *tx = kit_begin(store);
    begun_late = asked_late = outcome = STATUS_AGAIN;
    store_put_application(tx, &row);
    store_commit(tx, go_on, NULL);
    assert_int_equal(store_get_application(store, account, row.id, keep_application, NULL), STATUS_OK);
    store_close(store);
    assert_int_equal(outcome, STATUS_CLOSED);
    assert_int_equal(begun_late, STATUS_CLOSED);
    assert_int_equal(asked_late, STATUS_CLOSED);
    store = kit_open(dir, NULL);
    const struct store_application_filter filter = {.account = account};
    assert_int_equal(store_list_applications(store, &filter, keep_application, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(total, 1);
    assert_string_equal(application_row.id, row.id);
    store_application_clear(&application_row);
}

#define STORED(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORED(a_number_leads_to_its_application_after_a_restart),
        STORED(a_number_is_once_in_an_account),
        STORED(an_application_that_goes_leaves_its_numbers),
        STORED(a_change_of_what_has_changed_is_refused_whole),
        STORED(a_log_keeps_its_newest_lines),
        STORED(a_condition_means_no_more_than_it_says),
        STORED(an_account_has_two_secrets_at_most),
        STORED(a_key_is_reserved_once_until_it_expires),
        STORED(the_outbox_is_listed_and_the_dead_revived),
        STORED(a_store_that_closes_keeps_its_word_and_begins_nothing),
        STORED(the_total_of_many_matches_is_a_floor_that_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
