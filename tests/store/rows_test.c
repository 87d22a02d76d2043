#include "store_kit.h"

#include <string.h>

static char dir[KIT_PATH_SIZE];
static struct store *store;

static int set_up(void **state)
{
    (void)state;
    kit_dir_make(dir);
    store = kit_open(dir, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(store);
    kit_dir_remove(dir);
    return 0;
}

/* What is read must come from disk, not from anything the process still holds. */
static void reopen(void)
{
    store_close(store);
    store = kit_open(dir, NULL);
}

static void same_text(const char *a, const char *b)
{
    if (!a || !b) {
        assert_ptr_equal(a, b);
        return;
    }
    assert_string_equal(a, b);
}

static struct store_account account_row;
static struct store_conference conference_row;
static struct store_call call_row;
static struct store_recording recording_row;
static size_t seen;

static void keep_account(void *arg, status s, const struct store_account *rows, size_t count)
{
    (void)arg;
    assert_int_equal(s, STATUS_OK);
    seen = count;
    if (count) assert_int_equal(store_account_copy(&account_row, &rows[0]), STATUS_OK);
}

static void an_account_comes_back_as_it_was(void **state)
{
    (void)state;
    struct store_account row = {
        .label = "the \"first\" one",
        .type = "full",
        .status = "active",
        .revision = 7,
        .created_unix_ms = 1700000000001,
        .updated_unix_ms = 1700000000002,
    };
    kit_id(row.id, "AC", 1);
    for (size_t i = 0; i < 32; i++)
        row.key_sha256[i] = (uint8_t)(i * 9);
    struct store_tx *tx = kit_begin(store);
    store_put_account(tx, &row);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    reopen();
    assert_int_equal(store_get_account(store, row.id, keep_account, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(seen, 1);
    assert_memory_equal(account_row.key_sha256, row.key_sha256, 32);
    assert_string_equal(account_row.id, row.id);
    assert_null(account_row.alias);
    same_text(account_row.label, row.label);
    same_text(account_row.type, "full");
    same_text(account_row.status, "active");
    assert_int_equal(account_row.revision, 7);
    assert_int_equal(account_row.created_unix_ms, row.created_unix_ms);
    assert_int_equal(account_row.updated_unix_ms, row.updated_unix_ms);
    store_account_clear(&account_row);
    assert_int_equal(store_load_accounts(store, keep_account, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(seen, 1);
    store_account_clear(&account_row);
}

static void keep_conference(void *arg, status s, const struct store_conference *rows, size_t count,
                            const struct store_page *page)
{
    (void)arg;
    (void)page;
    assert_true(s == STATUS_OK || s == STATUS_NOT_FOUND);
    seen = count;
    if (count) assert_int_equal(store_conference_copy(&conference_row, &rows[0]), STATUS_OK);
}

static void get_conference(const char *account, const char *id)
{
    assert_int_equal(store_get_conference(store, account, id, keep_conference, NULL), STATUS_OK);
    kit_drain(store);
}

static void a_conference_comes_back_as_it_was(void **state)
{
    (void)state;
    struct store_conference row = {
        .alias = "Stand-up \xe2\x98\x95",
        .play_beep = "entryOnly",
        .record = true,
        .record_tracks = true,
        .wait_url = "https://a.example/w.wav",
        .status_callback_url = "https://a.example/s?x=1&y=2",
        .action_url = NULL,
        .status = "inProgress",
        .revision = 4000000000u,
        .created_unix_ms = 1700000000001,
        .updated_unix_ms = 1700000000002,
        .events = 12,
        .auto_end_s = 600,
        .participants_max = 3,
        .talkers_max = 4,
    };
    kit_id(row.id, "CF", 1);
    kit_id(row.account, "AC", 1);
    assert_int_equal(kit_put_conference(store, &row), STATUS_OK);
    reopen();
    get_conference(row.account, row.id);
    assert_int_equal(seen, 1);
    assert_string_equal(conference_row.id, row.id);
    assert_string_equal(conference_row.account, row.account);
    same_text(conference_row.alias, row.alias);
    same_text(conference_row.play_beep, row.play_beep);
    same_text(conference_row.wait_url, row.wait_url);
    same_text(conference_row.status_callback_url, row.status_callback_url);
    assert_null(conference_row.action_url);
    same_text(conference_row.status, row.status);
    assert_true(conference_row.record);
    assert_true(conference_row.record_tracks);
    assert_int_equal(conference_row.revision, row.revision);
    assert_int_equal(conference_row.created_unix_ms, row.created_unix_ms);
    assert_int_equal(conference_row.updated_unix_ms, row.updated_unix_ms);
    assert_int_equal(conference_row.events, 12);
    assert_int_equal(conference_row.auto_end_s, 600);
    assert_int_equal(conference_row.participants_max, 3);
    assert_int_equal(conference_row.talkers_max, 4);
    store_conference_clear(&conference_row);
}

static void another_account_does_not_find_it(void **state)
{
    (void)state;
    struct store_conference row = kit_conference(1, 5);
    assert_int_equal(kit_put_conference(store, &row), STATUS_OK);
    id_text other;
    kit_id(other, "AC", 2);
    seen = 9;
    get_conference(other, row.id);
    assert_int_equal(seen, 0);
}

static void a_second_put_replaces_the_row(void **state)
{
    (void)state;
    struct store_conference row = kit_conference(1, 5);
    assert_int_equal(kit_put_conference(store, &row), STATUS_OK);
    row.revision = 2;
    row.status = "terminated";
    row.alias = NULL;
    assert_int_equal(kit_put_conference(store, &row), STATUS_OK);
    get_conference(row.account, row.id);
    assert_int_equal(conference_row.revision, 2);
    same_text(conference_row.status, "terminated");
    assert_null(conference_row.alias);
    store_conference_clear(&conference_row);
}

static void keep_call(void *arg, status s, const struct store_call *rows, size_t count, const struct store_page *page)
{
    (void)arg;
    (void)page;
    assert_int_equal(s, STATUS_OK);
    seen = count;
    if (count) assert_int_equal(store_call_copy(&call_row, &rows[0]), STATUS_OK);
}

static struct store_call sample_call(uint32_t number)
{
    struct store_call row = {
        .from = "+15550001",
        .to = "sip:room@bridge",
        .caller_name = "A. Caller",
        .status = "ringing",
        .direction = "inbound",
        .revision = 3,
        .events = 2,
        .created_unix_ms = 10,
        .updated_unix_ms = 11,
        .start_unix_ms = 12,
        .connect_unix_ms = 13,
        .end_unix_ms = 0,
    };
    kit_id(row.id, "CA", number);
    kit_id(row.account, "AC", 1);
    kit_id(row.conference, "CF", 4);
    kit_id(row.parent_call, "CA", 99);
    return row;
}

static void a_call_comes_back_as_it_was(void **state)
{
    (void)state;
    struct store_call row = sample_call(1);
    struct store_tx *tx = kit_begin(store);
    store_put_call(tx, &row);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    reopen();
    assert_int_equal(store_get_call(store, row.account, row.id, keep_call, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(seen, 1);
    assert_string_equal(call_row.id, row.id);
    assert_string_equal(call_row.conference, row.conference);
    assert_string_equal(call_row.parent_call, row.parent_call);
    assert_string_equal(call_row.application, "");
    assert_string_equal(call_row.phone_number, "");
    same_text(call_row.from, row.from);
    same_text(call_row.to, row.to);
    same_text(call_row.caller_name, row.caller_name);
    same_text(call_row.status, row.status);
    same_text(call_row.direction, row.direction);
    assert_null(call_row.answered_by);
    assert_null(call_row.ended_reason);
    assert_null(call_row.status_callback_url);
    assert_int_equal(call_row.revision, 3);
    assert_int_equal(call_row.events, 2);
    assert_int_equal(call_row.created_unix_ms, 10);
    assert_int_equal(call_row.updated_unix_ms, 11);
    assert_int_equal(call_row.start_unix_ms, 12);
    assert_int_equal(call_row.connect_unix_ms, 13);
    assert_int_equal(call_row.end_unix_ms, 0);
    store_call_clear(&call_row);
}

static void keep_recording(void *arg, status s, const struct store_recording *rows, size_t count,
                           const struct store_page *page)
{
    (void)arg;
    (void)page;
    assert_true(s == STATUS_OK || s == STATUS_NOT_FOUND);
    seen = count;
    if (count) assert_int_equal(store_recording_copy(&recording_row, &rows[0]), STATUS_OK);
}

static struct store_recording sample_recording(uint32_t number)
{
    struct store_recording row = {
        .state = "recording",
        .file = "a.wav",
        .token = "0123456789abcdef0123456789abcdef01234567",
        .bytes = 5000000000u,
        .duration_ms = 123456,
        .lost_ms = 20,
        .revision = 2,
        .created_unix_ms = 100,
        .updated_unix_ms = 200,
    };
    kit_id(row.id, "RE", number);
    kit_id(row.account, "AC", 1);
    kit_id(row.conference, "CF", 1);
    return row;
}

static void a_recording_comes_back_until_it_is_deleted(void **state)
{
    (void)state;
    struct store_recording row = sample_recording(1);
    struct store_tx *tx = kit_begin(store);
    store_put_recording(tx, &row);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    reopen();
    assert_int_equal(store_get_recording_by_token(store, row.token, keep_recording, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(seen, 1);
    assert_string_equal(recording_row.id, row.id);
    assert_string_equal(recording_row.token, row.token);
    assert_string_equal(recording_row.conference, row.conference);
    assert_string_equal(recording_row.call, "");
    same_text(recording_row.state, row.state);
    same_text(recording_row.file, row.file);
    assert_true(recording_row.bytes == row.bytes);
    assert_int_equal(recording_row.duration_ms, row.duration_ms);
    assert_int_equal(recording_row.lost_ms, 20);
    assert_int_equal(recording_row.revision, 2);
    assert_int_equal(recording_row.created_unix_ms, 100);
    assert_int_equal(recording_row.updated_unix_ms, 200);
    store_recording_clear(&recording_row);
    tx = kit_begin(store);
    store_delete_recording(tx, row.id);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    assert_int_equal(store_get_recording(store, row.account, row.id, keep_recording, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(seen, 0);
}

static void count_dialogs(void *arg, status s, const struct store_dialog *rows, size_t count)
{
    (void)arg;
    assert_int_equal(s, STATUS_OK);
    seen = count;
    if (count == 1) assert_string_equal(rows[0].json, "{\"call_id\":\"b\"}");
}

static void a_dialog_is_replaced_loaded_and_deleted(void **state)
{
    (void)state;
    id_text call;
    kit_id(call, "CA", 1);
    struct store_tx *tx = kit_begin(store);
    store_put_dialog(tx, call, "{\"call_id\":\"a\"}");
    store_put_dialog(tx, call, "{\"call_id\":\"b\"}");
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    reopen();
    assert_int_equal(store_load_dialogs(store, count_dialogs, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(seen, 1);
    tx = kit_begin(store);
    store_delete_dialog(tx, call);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    assert_int_equal(store_load_dialogs(store, count_dialogs, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(seen, 0);
}

static struct store_outbox sample_outbox(uint32_t lane, uint32_t n)
{
    struct store_outbox row = {
        .n = n,
        .url = "http://127.0.0.1:1/",
        .body = "{}",
        .created_unix_ms = 5,
        .due_unix_ms = 6,
        .state = "pending",
    };
    kit_id(row.account, "AC", 1);
    kit_id(row.lane, "CF", lane);
    return row;
}

static void check_outbox(void *arg, status s, const struct store_outbox *rows, size_t count)
{
    (void)arg;
    assert_int_equal(s, STATUS_OK);
    assert_int_equal(count, 3);
    struct {
        uint32_t lane, n, attempts;
        int64_t due;
    } const expected[] = {{1, 2, 0, 6}, {1, 10, 4, 77}, {2, 1, 0, 6}};
    for (size_t i = 0; i < 3; i++) {
        id_text lane;
        kit_id(lane, "CF", expected[i].lane);
        assert_string_equal(rows[i].lane, lane);
        assert_int_equal(rows[i].n, expected[i].n);
        assert_int_equal(rows[i].attempts, expected[i].attempts);
        assert_int_equal(rows[i].due_unix_ms, expected[i].due);
        assert_int_equal(rows[i].created_unix_ms, 5);
        assert_string_equal(rows[i].url, "http://127.0.0.1:1/");
        assert_string_equal(rows[i].body, "{}");
        assert_string_equal(rows[i].state, "pending");
    }
    seen = count;
}

static void the_outbox_is_loaded_by_lane_and_number_without_the_delivered_and_the_dead(void **state)
{
    (void)state;
    struct store_tx *tx = kit_begin(store);
    static const uint32_t order[][2] = {{2, 1}, {1, 10}, {1, 1}, {1, 2}, {2, 2}};
    for (size_t i = 0; i < 5; i++) {
        struct store_outbox row = sample_outbox(order[i][0], order[i][1]);
        store_put_outbox(tx, &row);
    }
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    id_text one, two;
    kit_id(one, "CF", 1);
    kit_id(two, "CF", 2);
    tx = kit_begin(store);
    store_delete_outbox(tx, one, 1);
    store_outbox_retry(tx, one, 10, 4, 77);
    store_outbox_dead(tx, two, 2, 9);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    reopen();
    seen = 0;
    assert_int_equal(store_load_outbox(store, check_outbox, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(seen, 3);
}

static void an_outbox_number_is_used_once(void **state)
{
    (void)state;
    struct store_outbox row = sample_outbox(1, 1);
    struct store_tx *tx = kit_begin(store);
    store_put_outbox(tx, &row);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    tx = kit_begin(store);
    store_put_outbox(tx, &row);
    assert_int_equal(kit_commit(store, tx), STATUS_EXISTS);
}

static void the_start_loads_only_what_is_unfinished(void **state)
{
    (void)state;
    static const char *const conference_words[] = {"empty", "populated", "inProgress", "terminated", "internalError"};
    static const char *const call_words[] = {"queued",    "ringing", "inProgress", "canceled",
                                             "completed", "failed",  "busy",       "noAnswer"};
    static const char *const recording_words[] = {"recording", "complete", "lost"};
    struct store_tx *tx = kit_begin(store);
    for (uint32_t i = 0; i < 5; i++) {
        struct store_conference row = kit_conference(i, i);
        row.status = conference_words[i];
        store_put_conference(tx, &row);
    }
    for (uint32_t i = 0; i < 8; i++) {
        struct store_call row = sample_call(i);
        row.status = call_words[i];
        store_put_call(tx, &row);
    }
    for (uint32_t i = 0; i < 3; i++) {
        struct store_recording row = sample_recording(i);
        row.token[0] = (char)('a' + i);
        row.state = recording_words[i];
        store_put_recording(tx, &row);
    }
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    assert_int_equal(store_load_conferences(store, keep_conference, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(seen, 3);
    same_text(conference_row.status, "empty");
    store_conference_clear(&conference_row);
    assert_int_equal(store_load_calls(store, keep_call, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(seen, 3);
    store_call_clear(&call_row);
    assert_int_equal(store_load_recordings(store, keep_recording, NULL), STATUS_OK);
    kit_drain(store);
    assert_int_equal(seen, 1);
    store_recording_clear(&recording_row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_account_comes_back_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_conference_comes_back_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_account_does_not_find_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_put_replaces_the_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_comes_back_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_recording_comes_back_until_it_is_deleted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dialog_is_replaced_loaded_and_deleted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_outbox_is_loaded_by_lane_and_number_without_the_delivered_and_the_dead,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_outbox_number_is_used_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_start_loads_only_what_is_unfinished, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
