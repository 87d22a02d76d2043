#include "store_kit.h"

#include <poll.h>
#include <stdlib.h>

#include "test_vfs.h"

static char dir[KIT_PATH_SIZE];
static struct store *store;

static int set_up(void **state)
{
    (void)state;
    test_vfs_reset();
    kit_dir_make(dir);
    store = kit_open(dir, TEST_VFS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_vfs_refuse(false);
    test_vfs_refuse_sync(false);
    test_vfs_hold_sync(false);
    store_close(store);
    kit_dir_remove(dir);
    return 0;
}

/* Outcomes in the order in which they came. */
static struct {
    size_t count;
    struct {
        uint32_t number;
        status outcome;
    } items[1024];
} outcomes;

static void keep(void *arg, status outcome)
{
    assert_true(outcomes.count < 1024);
    outcomes.items[outcomes.count].number = (uint32_t)(uintptr_t)arg;
    outcomes.items[outcomes.count++].outcome = outcome;
}

static struct store_tx *tx_with_revision(uint32_t number, uint32_t revision)
{
    struct store_tx *tx = kit_begin(store);
    struct store_conference row = kit_conference(number, 1000 + number);
    row.revision = revision;
    store_put_conference(tx, &row);
    return tx;
}

static void commit(uint32_t number)
{
    store_commit(tx_with_revision(number, 1), keep, (void *)(uintptr_t)number);
}

static void commit_unsaved(uint32_t number, uint32_t revision)
{
    store_commit_unsaved(tx_with_revision(number, revision), keep, (void *)(uintptr_t)revision);
}

static void poll_until(size_t count)
{
    while (outcomes.count < count) {
        struct pollfd fd = {.fd = store_fd(store), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, KIT_WAIT_MS), 1);
        store_poll(store);
    }
}

static void all_that_waits_shares_one_sync(void **state)
{
    (void)state;
    outcomes.count = 0;
    test_vfs_hold_sync(true);
    commit(0);
    test_vfs_wait_held();
    for (uint32_t i = 1; i < 200; i++)
        commit(i);
    uint64_t before = test_vfs_syncs();
    test_vfs_hold_sync(false);
    kit_drain(store);
    assert_true(test_vfs_syncs() - before <= 3); /* the log's header, the first transaction, all others */
    assert_int_equal(outcomes.count, 200);
    for (uint32_t i = 0; i < 200; i++) {
        assert_int_equal(outcomes.items[i].number, i);
        assert_int_equal(outcomes.items[i].outcome, STATUS_OK);
    }
    struct store_stats stats = store_stats(store);
    assert_int_equal(stats.transactions, 200);
    assert_int_equal(stats.groups, 2);
    assert_int_equal(stats.waiting, 0);
    assert_true(stats.group_max_us > 0);
}

static void nothing_is_acknowledged_before_its_sync(void **state)
{
    (void)state;
    outcomes.count = 0;
    test_vfs_hold_sync(true);
    commit(0);
    test_vfs_wait_held();
    store_poll(store);
    assert_int_equal(outcomes.count, 0);
    test_vfs_hold_sync(false);
    kit_drain(store);
    assert_int_equal(outcomes.count, 1);
}

static void a_broken_transaction_leaves_the_others_of_its_group(void **state)
{
    (void)state;
    outcomes.count = 0;
    test_vfs_hold_sync(true);
    commit(0);
    test_vfs_wait_held();
    commit(1);
    struct store_tx *tx = tx_with_revision(2, 1);
    struct store_conference nameless = kit_conference(3, 1);
    nameless.id[0] = '\0';
    store_put_conference(tx, &nameless);
    store_commit(tx, keep, (void *)2);
    commit(4);
    test_vfs_hold_sync(false);
    kit_drain(store);
    static const struct {
        uint32_t number;
        status outcome;
    } expected[] = {{0, STATUS_OK}, {1, STATUS_OK}, {2, STATUS_INVALID}, {4, STATUS_OK}};
    assert_int_equal(outcomes.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(outcomes.items[i].number, expected[i].number);
        assert_int_equal(outcomes.items[i].outcome, expected[i].outcome);
    }
    uint32_t revision;
    assert_int_equal(kit_get_revision(store, 1, &revision), STATUS_OK);
    assert_int_equal(kit_get_revision(store, 2, &revision), STATUS_NOT_FOUND);
    assert_int_equal(kit_get_revision(store, 4, &revision), STATUS_OK);
    assert_int_equal(store_stats(store).refused, 1);
}

static void what_a_client_asks_for_is_refused_while_the_disk_refuses(void **state)
{
    (void)state;
    struct store_conference row = kit_conference(1, 1);
    assert_int_equal(kit_put_conference(store, &row), STATUS_OK);
    void (*const faults[])(bool) = {test_vfs_refuse, test_vfs_refuse_sync};
    for (size_t i = 0; i < 2; i++) {
        faults[i](true);
        row.revision = 2;
        assert_int_equal(kit_put_conference(store, &row), STATUS_IO);
        uint32_t revision = 0;
        assert_int_equal(kit_get_revision(store, 1, &revision), STATUS_OK);
        assert_int_equal(revision, 1);
        faults[i](false);
        row.revision = 1;
        assert_int_equal(kit_put_conference(store, &row), STATUS_OK);
    }
    store_close(store);
    store = kit_open(dir, TEST_VFS);
    uint32_t revision = 0;
    assert_int_equal(kit_get_revision(store, 1, &revision), STATUS_OK);
    assert_int_equal(revision, 1);
}

static void what_has_happened_is_written_in_order_when_the_disk_returns(void **state)
{
    (void)state;
    outcomes.count = 0;
    test_vfs_refuse(true);
    for (uint32_t i = 1; i <= 100; i++)
        commit_unsaved(1, i);
    test_vfs_wait_refusals(5);
    store_poll(store);
    assert_int_equal(outcomes.count, 0);
    struct store_stats stats = store_stats(store);
    assert_int_equal(stats.unsaved, 100);
    assert_true(stats.unsaved_oldest_age_us > 0);
    test_vfs_refuse(false);
    kit_drain(store);
    assert_int_equal(outcomes.count, 100);
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(outcomes.items[i].number, i + 1);
        assert_int_equal(outcomes.items[i].outcome, STATUS_OK);
    }
    assert_int_equal(store_stats(store).unsaved, 0);
    uint32_t revision = 0;
    assert_int_equal(kit_get_revision(store, 1, &revision), STATUS_OK);
    assert_int_equal(revision, 100);
}

static void a_client_never_overtakes_what_is_unsaved(void **state)
{
    (void)state;
    outcomes.count = 0;
    test_vfs_refuse(true);
    commit_unsaved(1, 7);
    test_vfs_wait_refusals(1);
    store_commit(tx_with_revision(1, 8), keep, (void *)8);
    poll_until(1);
    assert_int_equal(outcomes.items[0].number, 8);
    assert_int_equal(outcomes.items[0].outcome, STATUS_IO);
    test_vfs_refuse(false);
    poll_until(2);
    uint32_t revision = 0;
    assert_int_equal(kit_get_revision(store, 1, &revision), STATUS_OK);
    assert_int_equal(revision, 7);
    struct store_conference row = kit_conference(1, 1);
    row.revision = 9;
    assert_int_equal(kit_put_conference(store, &row), STATUS_OK);
    assert_int_equal(kit_get_revision(store, 1, &revision), STATUS_OK);
    assert_int_equal(revision, 9);
}

static struct store *open_small(void)
{
    struct store *s = NULL;
    struct store_config config = {
        .data_dir = dir, .vfs = TEST_VFS, .queue_jobs = 8, .retry_first_ms = 1, .retry_max_ms = 5};
    char why[STORE_WHY_SIZE] = "";
    if (store_open(&s, &config, why) != STATUS_OK) fail_msg("%s", why);
    return s;
}

static void a_full_queue_refuses_clients_and_keeps_what_has_happened(void **state)
{
    (void)state;
    store_close(store);
    store = open_small();
    outcomes.count = 0;
    test_vfs_refuse(true);
    for (uint32_t i = 1; i <= 50; i++)
        commit_unsaved(1, i);
    uint32_t revision;
    assert_int_equal(kit_get_revision_now(store, 1, &revision), STATUS_NOT_FOUND);
    test_vfs_refuse(false);
    kit_drain(store);
    assert_int_equal(outcomes.count, 50);
    for (uint32_t i = 0; i < 50; i++)
        assert_int_equal(outcomes.items[i].number, i + 1);
    outcomes.count = 0;
    test_vfs_hold_sync(true);
    commit(100);
    test_vfs_wait_held();
    for (uint32_t i = 101; i < 120; i++)
        commit(i);
    test_vfs_hold_sync(false);
    kit_drain(store);
    size_t full = 0, fine = 0;
    for (size_t i = 0; i < outcomes.count; i++) {
        full += outcomes.items[i].outcome == STATUS_FULL;
        fine += outcomes.items[i].outcome == STATUS_OK;
    }
    assert_int_equal(outcomes.count, 20);
    assert_int_equal(fine, 8);
    assert_int_equal(full, 12);
}

static void closing_writes_what_is_unsaved_and_says_what_could_not_be(void **state)
{
    (void)state;
    outcomes.count = 0;
    test_vfs_refuse(true);
    commit_unsaved(1, 1);
    test_vfs_wait_refusals(1);
    store_close(store);
    assert_int_equal(outcomes.count, 1);
    assert_int_equal(outcomes.items[0].outcome, STATUS_CLOSED);
    test_vfs_refuse(false);
    store = open_small();
    outcomes.count = 0;
    test_vfs_refuse(true);
    for (uint32_t i = 1; i <= 50; i++)
        commit_unsaved(1, i);
    test_vfs_wait_refusals(1);
    test_vfs_refuse(false);
    store_close(store);
    assert_int_equal(outcomes.count, 50);
    for (uint32_t i = 0; i < 50; i++)
        assert_int_equal(outcomes.items[i].outcome, STATUS_OK);
    store = kit_open(dir, TEST_VFS);
    uint32_t revision = 0;
    assert_int_equal(kit_get_revision(store, 1, &revision), STATUS_OK);
    assert_int_equal(revision, 50);
}

static void a_question_sees_what_was_committed_before_it(void **state)
{
    (void)state;
    outcomes.count = 0;
    test_vfs_hold_sync(true);
    commit(0);
    test_vfs_wait_held();
    commit(1);
    test_vfs_hold_sync(false);
    uint32_t revision = 0;
    assert_int_equal(kit_get_revision(store, 1, &revision), STATUS_OK);
    assert_int_equal(revision, 1);
}

static void listeners_are_told_before_the_committer_and_of_a_discard_at_once(void **state)
{
    (void)state;
    outcomes.count = 0;
    struct store_tx *tx = tx_with_revision(1, 1);
    assert_int_equal(store_tx_listen(tx, keep, (void *)1), STATUS_OK);
    assert_int_equal(store_tx_listen(tx, keep, (void *)2), STATUS_OK);
    store_commit(tx, keep, (void *)3);
    assert_int_equal(outcomes.count, 0);
    kit_drain(store);
    assert_int_equal(outcomes.count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(outcomes.items[i].number, i + 1);
    tx = tx_with_revision(2, 1);
    assert_int_equal(store_tx_listen(tx, keep, (void *)4), STATUS_OK);
    store_discard(tx);
    assert_int_equal(outcomes.count, 4);
    assert_int_equal(outcomes.items[3].outcome, STATUS_CLOSED);
    uint32_t revision;
    assert_int_equal(kit_get_revision(store, 2, &revision), STATUS_NOT_FOUND);
}

/* A callback may commit again; the chain ends on disk. */
static void commit_next(void *arg, status outcome)
{
    uint32_t *left = arg;
    assert_int_equal(outcome, STATUS_OK);
    if ((*left)-- > 0) store_commit(tx_with_revision(*left, 1), commit_next, left);
}

static void a_callback_may_commit_again(void **state)
{
    (void)state;
    uint32_t left = 20;
    store_commit(tx_with_revision(99, 1), commit_next, &left);
    kit_drain(store);
    uint32_t revision;
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(kit_get_revision(store, i, &revision), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_that_waits_shares_one_sync, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_acknowledged_before_its_sync, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_transaction_leaves_the_others_of_its_group, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_client_asks_for_is_refused_while_the_disk_refuses, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_has_happened_is_written_in_order_when_the_disk_returns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_never_overtakes_what_is_unsaved, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_queue_refuses_clients_and_keeps_what_has_happened, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_writes_what_is_unsaved_and_says_what_could_not_be, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_question_sees_what_was_committed_before_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(listeners_are_told_before_the_committer_and_of_a_discard_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_callback_may_commit_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
