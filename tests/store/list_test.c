#include "store_kit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "os/clock.h"

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

/* The numbers of the conferences on a page, and the page. */
struct listing {
    status status;
    size_t count;
    uint32_t numbers[STORE_PAGE_MAX];
    struct store_page page;
};

static void keep_listing(void *arg, status s, const struct store_conference *rows, size_t count,
                         const struct store_page *page)
{
    struct listing *listing = arg;
    listing->status = s;
    listing->count = count;
    if (s != STATUS_OK) return;
    assert_non_null(page);
    listing->page = *page;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(sscanf(rows[i].id, "CF%u", &listing->numbers[i]), 1);
}

static struct listing list(const struct store_conference_filter *filter)
{
    struct listing listing = {.status = STATUS_AGAIN};
    assert_int_equal(store_list_conferences(store, filter, keep_listing, &listing), STATUS_OK);
    kit_drain(store);
    assert_int_equal(listing.status, STATUS_OK);
    return listing;
}

/* Number i is created at i / 3, so three share each millisecond; statuses, aliases and days repeat. */
static void add_conferences(uint32_t from, uint32_t to)
{
    static const char *const statuses[] = {"empty", "populated", "inProgress", "terminated", "internalError"};
    struct store_tx *tx = kit_begin(store);
    for (uint32_t i = from; i < to; i++) {
        struct store_conference row = kit_conference(i, 1000 + i / 3);
        row.status = statuses[i % 5];
        row.alias = i % 2 ? "odd" : "even";
        row.updated_unix_ms = 5000 - i;
        store_put_conference(tx, &row);
    }
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
}

static void pages_of_250_show_each_once_newest_first(void **state)
{
    (void)state;
    add_conferences(0, 250);
    struct store_conference_filter filter = {.account = account};
    static const size_t sizes[] = {100, 100, 50};
    char cursor[STORE_CURSOR_SIZE] = "";
    uint32_t expected = 250;
    for (size_t i = 0; i < 3; i++) {
        filter.paging.cursor = cursor;
        struct listing page = list(&filter);
        assert_int_equal(page.count, sizes[i]);
        assert_int_equal(page.page.total, 250);
        assert_int_equal(page.page.start, i * 100);
        assert_int_equal(page.page.limit, 100);
        assert_int_equal(page.page.has_next, i < 2);
        for (size_t k = 0; k < page.count; k++)
            assert_int_equal(page.numbers[k], --expected);
        memcpy(cursor, page.page.next_cursor, sizeof cursor);
        for (const char *c = cursor; *c; c++)
            assert_true(isalnum((unsigned char)*c));
    }
    assert_int_equal(expected, 0);
    assert_string_equal(cursor, "");
}

static void a_cursor_stays_in_place_while_rows_are_added(void **state)
{
    (void)state;
    add_conferences(0, 250);
    struct store_conference_filter filter = {.account = account, .paging = {.limit = 70}};
    struct listing page = list(&filter);
    uint32_t expected = 180;
    assert_int_equal(page.numbers[69], expected);
    for (uint32_t round = 0; page.page.has_next; round++) {
        add_conferences(250 + round * 10, 260 + round * 10);
        filter.paging.cursor = page.page.next_cursor;
        struct listing next = list(&filter);
        assert_int_equal(next.page.total, 260 + round * 10);
        for (size_t k = 0; k < next.count; k++)
            assert_int_equal(next.numbers[k], --expected);
        page = next;
    }
    assert_int_equal(expected, 0);
}

static void an_exact_page_has_no_next_one(void **state)
{
    (void)state;
    add_conferences(0, 10);
    struct store_conference_filter filter = {.account = account, .paging = {.limit = 10}};
    struct listing page = list(&filter);
    assert_int_equal(page.count, 10);
    assert_false(page.page.has_next);
    id_text nobody;
    kit_id(nobody, "AC", 9);
    filter.account = nobody;
    page = list(&filter);
    assert_int_equal(page.count, 0);
    assert_int_equal(page.page.total, 0);
    assert_false(page.page.has_next);
}

static void filters_are_anded_and_counted(void **state)
{
    (void)state;
    add_conferences(0, 250);
    const struct {
        struct store_conference_filter filter;
        size_t total;
        uint32_t first;
    } rows[] = {
        {{.account = account, .status = "empty"}, 50, 245},
        {{.account = account, .status = "terminated"}, 100, 249},
        {{.account = account, .alias = "odd"}, 125, 249},
        {{.account = account, .alias = "Odd"}, 0, 0},
        {{.account = account, .status = "empty", .alias = "odd"}, 25, 245},
        {{.account = account, .created = {1010, 1012}}, 6, 35},
        {{.account = account, .created = {.from_unix_ms = 1080}}, 10, 249},
        {{.account = account, .created = {.to_unix_ms = 1001}}, 3, 2},
        {{.account = account, .updated = {4991, 5001}}, 10, 9},
        {{.account = account, .alias = "even", .updated = {4991, 5001}}, 5, 8},
        {{.account = account, .status = "populated", .created = {1010, 1012}}, 1, 31},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct store_conference_filter filter = rows[i].filter;
        filter.paging.limit = STORE_PAGE_MAX;
        struct listing page = list(&filter);
        assert_int_equal(page.page.total, rows[i].total);
        assert_int_equal(page.count, rows[i].total);
        if (page.count) assert_int_equal(page.numbers[0], rows[i].first);
    }
}

static void totals_follow_a_change_of_status(void **state)
{
    (void)state;
    add_conferences(0, 10);
    struct store_conference row = kit_conference(0, 1000);
    row.status = "terminated";
    assert_int_equal(kit_put_conference(store, &row), STATUS_OK);
    assert_int_equal(kit_put_conference(store, &row), STATUS_OK);
    struct store_conference_filter filter = {.account = account, .status = "terminated"};
    assert_int_equal(list(&filter).page.total, 5);
    assert_int_equal(list(&filter).count, 5);
    filter.status = "empty";
    assert_int_equal(list(&filter).page.total, 1);
    filter.status = NULL;
    assert_int_equal(list(&filter).page.total, 10);
}

static void a_cursor_that_is_not_ours_is_refused(void **state)
{
    (void)state;
    static const char *const cursors[] = {"x",
                                          "c",
                                          "c000000000000000000000000000000000000000",
                                          "c0000000000000000000000000000000000000000 ",
                                          "cg000000000000000000000000000000000000000",
                                          "00000000000000000000000000000000000000000",
                                          "c00000000000000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof cursors / sizeof cursors[0]; i++) {
        struct store_conference_filter filter = {.account = account, .paging = {.cursor = cursors[i]}};
        assert_int_equal(store_list_conferences(store, &filter, keep_listing, NULL), STATUS_INVALID);
    }
    struct store_conference_filter filter = {.account = account, .paging = {.limit = STORE_PAGE_MAX + 1}};
    assert_int_equal(store_list_conferences(store, &filter, keep_listing, NULL), STATUS_INVALID);
}

static uint64_t total;
static size_t shown;

static void keep_recordings(void *arg, status s, const struct store_recording *rows, size_t count,
                            const struct store_page *page)
{
    (void)arg;
    assert_int_equal(s, STATUS_OK);
    total = page->total;
    shown = count;
    for (size_t i = 1; i < count; i++)
        assert_true(rows[i - 1].created_unix_ms >= rows[i].created_unix_ms);
}

static void recordings_are_listed_by_conference_and_by_call(void **state)
{
    (void)state;
    struct store_tx *tx = kit_begin(store);
    for (uint32_t i = 0; i < 30; i++) {
        struct store_recording row = {.state = "complete", .file = "f", .revision = 1, .created_unix_ms = 50 - i};
        kit_id(row.id, "RE", i);
        kit_id(row.account, "AC", 1);
        if (i % 3) {
            kit_id(row.conference, "CF", i % 3);
        } else {
            kit_id(row.call, "CA", 7);
        }
        store_put_recording(tx, &row);
    }
    id_text gone, conference, call;
    kit_id(gone, "RE", 1);
    store_delete_recording(tx, gone);
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    kit_id(conference, "CF", 1);
    kit_id(call, "CA", 7);
    const struct {
        struct store_recording_filter filter;
        uint64_t total;
    } rows[] = {
        {{.account = account}, 29},
        {{.account = account, .conference = conference}, 9},
        {{.account = account, .call = call}, 10},
        {{.account = account, .call = call, .conference = conference}, 0},
        {{.account = account, .call = call, .created = {40, 51}}, 4},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(store_list_recordings(store, &rows[i].filter, keep_recordings, NULL), STATUS_OK);
        kit_drain(store);
        assert_int_equal(total, rows[i].total);
        assert_int_equal(shown, rows[i].total);
    }
}

static void keep_calls(void *arg, status s, const struct store_call *rows, size_t count, const struct store_page *page)
{
    (void)arg;
    (void)rows;
    assert_int_equal(s, STATUS_OK);
    total = page->total;
    shown = count;
}

static void calls_are_listed_by_every_filter(void **state)
{
    (void)state;
    static const char *const statuses[] = {"queued", "ringing", "inProgress", "completed"};
    id_text applications[4], parent;
    for (uint32_t i = 0; i < 4; i++)
        kit_id(applications[i], "AP", i);
    kit_id(parent, "CA", 500);
    struct store_tx *tx = kit_begin(store);
    for (uint32_t i = 0; i < 40; i++) {
        struct store_call row = {.status = statuses[i % 4],
                                 .direction = "inbound",
                                 .from = i % 2 ? "+1" : "+2",
                                 .to = i % 5 ? "+3" : "+4",
                                 .created_unix_ms = 100 + i,
                                 .start_unix_ms = 200 + i};
        kit_id(row.id, "CA", i);
        kit_id(row.account, "AC", 1);
        kit_id(row.application, "AP", i % 4);
        if (i < 3) memcpy(row.parent_call, parent, sizeof parent);
        store_put_call(tx, &row);
    }
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    const struct {
        struct store_call_filter filter;
        uint64_t total;
    } rows[] = {
        {{.account = account}, 40},
        {{.account = account, .active = true}, 30},
        {{.account = account, .status = "completed"}, 10},
        {{.account = account, .active = true, .status = "completed"}, 0},
        {{.account = account, .from = "+1"}, 20},
        {{.account = account, .to = "+4"}, 8},
        {{.account = account, .from = "+1", .to = "+4"}, 4},
        {{.account = account, .parent_call = parent}, 3},
        {{.account = account, .start = {210, 215}}, 5},
        {{.account = account, .applications = {applications[0]}, .application_count = 1}, 10},
        {{.account = account, .applications = {applications[0], applications[3]}, .application_count = 2}, 20},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(store_list_calls(store, &rows[i].filter, keep_calls, NULL), STATUS_OK);
        kit_drain(store);
        assert_int_equal(total, rows[i].total);
        assert_int_equal(shown, rows[i].total);
    }
}

/* Time is printed, not asserted: what is asserted is that no page costs a walk over all rows (see the totals). */
static void a_page_of_20000_archived_conferences_is_found_by_index(void **state)
{
    (void)state;
    struct store_tx *tx = kit_begin(store);
    for (uint32_t i = 0; i < 20000; i++) {
        struct store_conference row = kit_conference(i, 1000 + i);
        row.status = "terminated";
        store_put_conference(tx, &row);
    }
    assert_int_equal(kit_commit(store, tx), STATUS_OK);
    struct store_conference_filter filter = {.account = account, .status = "terminated"};
    struct listing page = list(&filter);
    int64_t began_us = clock_now_us();
    for (int i = 0; i < 100; i++) {
        filter.paging.cursor = page.page.next_cursor;
        page = list(&filter);
        assert_int_equal(page.page.total, 20000);
        assert_int_equal(page.count, 100);
    }
    print_message("a page of 100 out of 20000: %.0f us\n", (double)(clock_now_us() - began_us) / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages_of_250_show_each_once_newest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cursor_stays_in_place_while_rows_are_added, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_exact_page_has_no_next_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(filters_are_anded_and_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(totals_follow_a_change_of_status, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cursor_that_is_not_ours_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(recordings_are_listed_by_conference_and_by_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(calls_are_listed_by_every_filter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_page_of_20000_archived_conferences_is_found_by_index, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
