#include "store_kit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "schema_1.h"

static char dir[KIT_PATH_SIZE];
static char database[KIT_PATH_SIZE + 16];

static int set_up(void **state)
{
    (void)state;
    kit_dir_make(dir);
    snprintf(database, sizeof database, "%s/parley.db", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_dir_remove(dir);
    return 0;
}

static void run_sql(const char *sql)
{
    sqlite3 *db;
    char *error = NULL;
    assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK) fail_msg("%s", error);
    sqlite3_close(db);
}

/* A number that a query gives. */
static int ask(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int value = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

static void make_version_1(void)
{
    run_sql(schema_1);
    run_sql("PRAGMA user_version=1; PRAGMA application_id=1347570777");
    run_sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<300)"
            " INSERT INTO conferences(id, account, alias, play_beep, record, status, revision, created, updated,"
            " events, auto_end_s, participants_max)"
            " SELECT printf('CF%040d', i), printf('AC%040d', 1), 'room', 'always', 0,"
            " CASE i%2 WHEN 0 THEN 'terminated' ELSE 'empty' END, 3, 1000+i, 2000+i, 4, 0, 0 FROM n");
    run_sql("INSERT INTO outbox(account, lane, n, url, body, created, attempts, due, state) VALUES"
            "(printf('AC%040d', 1), printf('CF%040d', 1), 1, 'http://127.0.0.1:1/', '{}', 5, 9, 0, 'dead')");
}

struct found {
    status status;
    size_t count;
    uint64_t total;
    id_text first;
};

static void keep(void *arg, status s, const struct store_conference *rows, size_t count, const struct store_page *page)
{
    struct found *found = arg;
    found->status = s;
    found->count = count;
    found->total = page->total;
    if (count) memcpy(found->first, rows[0].id, sizeof found->first);
}

static void a_database_of_version_1_is_upgraded_with_all_its_rows(void **state)
{
    (void)state;
    make_version_1();
    struct store *store = kit_open(dir, NULL);
    id_text account, newest;
    kit_id(account, "AC", 1);
    kit_id(newest, "CF", 300);
    struct found found = {.status = STATUS_AGAIN};
    struct store_conference_filter filter = {.account = account, .status = "terminated", .alias = "room"};
    assert_int_equal(store_list_conferences(store, &filter, keep, &found), STATUS_OK);
    kit_drain(store);
    assert_int_equal(found.status, STATUS_OK);
    assert_int_equal(found.count, 100);
    assert_int_equal(found.total, 150);
    assert_string_equal(found.first, newest);
    struct store_tx *tx = kit_begin(store);
    struct store_application application = {.alias = "new", .revision = 1, .created_unix_ms = 1, .updated_unix_ms = 1};
    kit_id(application.id, "AP", 1);
    kit_id(application.account, "AC", 1);
    store_put_application(tx, &application);
    store_outbox_revive(tx, "CF0000000000000000000000000000000000000001", 1);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    store_close(store);
    assert_int_equal(ask("PRAGMA user_version"), 4);
    assert_int_equal(ask("SELECT count(*) FROM conferences WHERE revision=3 AND events=4"), 300);
    assert_int_equal(ask("SELECT count(*) FROM outbox WHERE state='pending' AND attempts=0"), 1);
}

/* The same tables and indexes, whichever way the file came to this version. */
static void an_upgraded_schema_is_that_of_a_new_database(void **state)
{
    (void)state;
    static const char fingerprint[] = "SELECT sum(length(sql)) + 1000000 * count(*) FROM sqlite_schema";
    make_version_1();
    store_close(kit_open(dir, NULL));
    int upgraded = ask(fingerprint);
    assert_int_equal(ask("SELECT count(*) FROM pragma_integrity_check() WHERE integrity_check='ok'"), 1);
    kit_dir_remove(dir);
    kit_dir_make(dir);
    snprintf(database, sizeof database, "%s/parley.db", dir);
    store_close(kit_open(dir, NULL));
    assert_int_equal(ask(fingerprint), upgraded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_database_of_version_1_is_upgraded_with_all_its_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_upgraded_schema_is_that_of_a_new_database, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
