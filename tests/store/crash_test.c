#include "store_kit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"
#include "os/clock.h"
#include "test_vfs.h"

enum { COMMITS_MAX = 200000, IN_FLIGHT = 16 };

/* A change of the storm: a conference and the outbox row that reports it, with the same number. */
static struct store_tx *change(struct store *s, uint32_t number)
{
    struct store_tx *tx = kit_begin(s);
    struct store_conference row = kit_conference(number, 1000 + number);
    struct store_outbox event = {.n = number, .url = "http://127.0.0.1:1/", .body = "{}", .state = "pending"};
    store_put_conference(tx, &row);
    kit_id(event.account, "AC", 1);
    kit_id(event.lane, "CF", 0);
    store_put_outbox(tx, &event);
    return tx;
}

/* Everything the storm knows; commits are numbered from 0 and told of in order. */
static struct storm {
    struct store *store;
    uint32_t next, acknowledged, failed;
    int report_fd; /* -1, or where each acknowledged number is written */
} storm;

static void on_done(void *arg, status outcome)
{
    uint32_t number = (uint32_t)(uintptr_t)arg;
    if (outcome != STATUS_OK) {
        storm.failed++;
        return;
    }
    storm.acknowledged++;
    if (storm.report_fd >= 0 && write(storm.report_fd, &number, sizeof number) != sizeof number) _exit(3);
}

static void fill(void)
{
    while (storm.next - storm.acknowledged - storm.failed < IN_FLIGHT) {
        uint32_t number = storm.next++;
        store_commit(change(storm.store, number), on_done, (void *)(uintptr_t)number);
    }
}

static void poll_once(void)
{
    struct pollfd fd = {.fd = store_fd(storm.store), .events = POLLIN};
    poll(&fd, 1, KIT_WAIT_MS);
    store_poll(storm.store);
}

/* Which numbers are on disk; a conference and its outbox row must be there together. */
static struct {
    bool conference[COMMITS_MAX], outbox[COMMITS_MAX];
    size_t conferences;
} found;

static void see_conferences(void *arg, status s, const struct store_conference *rows, size_t count,
                            const struct store_page *page)
{
    (void)arg;
    (void)page;
    assert_int_equal(s, STATUS_OK);
    found.conferences = count;
    for (size_t i = 0; i < count; i++) {
        uint32_t number;
        assert_int_equal(sscanf(rows[i].id, "CF%u", &number), 1);
        assert_true(number < COMMITS_MAX);
        found.conference[number] = true;
    }
}

static void see_outbox(void *arg, status s, const struct store_outbox *rows, size_t count)
{
    (void)arg;
    assert_int_equal(s, STATUS_OK);
    for (size_t i = 0; i < count; i++)
        found.outbox[rows[i].n] = true;
}

static uint64_t total;

static void see_total(void *arg, status s, const struct store_conference *rows, size_t count,
                      const struct store_page *page)
{
    (void)arg;
    (void)rows;
    (void)count;
    assert_int_equal(s, STATUS_OK);
    total = page->total;
}

static void look(const char *dir)
{
    memset(&found, 0, sizeof found);
    struct store *s = kit_open(dir, NULL);
    id_text account;
    kit_id(account, "AC", 1);
    struct store_conference_filter filter = {.account = account};
    assert_int_equal(store_load_conferences(s, see_conferences, NULL), STATUS_OK);
    assert_int_equal(store_load_outbox(s, see_outbox, NULL), STATUS_OK);
    assert_int_equal(store_list_conferences(s, &filter, see_total, NULL), STATUS_OK);
    kit_drain(s);
    store_close(s);
    assert_memory_equal(found.conference, found.outbox, sizeof found.conference);
    assert_int_equal(total, found.conferences);
}

static void child(const char *dir, int report_fd)
{
    alarm(60);
    memset(&storm, 0, sizeof storm);
    storm.report_fd = report_fd;
    storm.store = kit_open(dir, NULL);
    while (storm.next < COMMITS_MAX - IN_FLIGHT) {
        fill();
        poll_once();
    }
    _exit(0);
}

/* Reads what the child has acknowledged; kills it once that is enough, and reads the rest. */
static uint32_t watch_and_kill(pid_t pid, int fd, uint32_t enough)
{
    uint32_t number, last = 0, count = 0;
    while (read(fd, &number, sizeof number) == sizeof number) {
        assert_int_equal(number, count);
        last = number;
        if (++count == enough) kill(pid, SIGKILL);
    }
    assert_int_equal(count, last + 1);
    return count;
}

static void what_was_acknowledged_survives_kill_9(void **state)
{
    (void)state;
    static const uint32_t counts[] = {1, 37, 400, 1500};
    for (size_t i = 0; i < 4; i++) {
        char dir[KIT_PATH_SIZE];
        int fds[2], ended = 0;
        kit_dir_make(dir);
        assert_int_equal(pipe(fds), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(fds[0]);
            child(dir, fds[1]);
        }
        close(fds[1]);
        uint32_t acknowledged = watch_and_kill(pid, fds[0], counts[i]);
        close(fds[0]);
        assert_int_equal(waitpid(pid, &ended, 0), pid);
        assert_true(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL);
        assert_true(acknowledged >= counts[i]);
        look(dir);
        for (uint32_t number = 0; number < acknowledged; number++)
            assert_true(found.conference[number]);
        kit_dir_remove(dir);
    }
}

/* Commits until the power goes; @return how many commits were acknowledged */
static uint32_t storm_until_cut(const char *dir, uint64_t cut_after)
{
    test_vfs_reset();
    test_vfs_cut_after(UINT64_MAX);
    memset(&storm, 0, sizeof storm);
    storm.report_fd = -1;
    storm.store = kit_open(dir, TEST_VFS);
    test_vfs_cut_after(cut_after);
    while (!test_vfs_is_cut()) {
        fill();
        poll_once();
    }
    store_close(storm.store);
    return storm.acknowledged;
}

static void what_was_acknowledged_survives_a_power_cut(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 7);
    uint64_t acknowledged_all = 0, found_all = 0;
    for (uint32_t round = 0; round < 40; round++) {
        char dir[KIT_PATH_SIZE], after[KIT_PATH_SIZE];
        kit_dir_make(dir);
        kit_dir_make(after);
        /* The later rounds go past checkpoints, which start at 1000 pages. */
        uint32_t acknowledged = storm_until_cut(dir, 1 + rng_below(&rng, round < 34 ? 400 : 9000));
        test_vfs_save_disk(after, round);
        look(after);
        for (uint32_t number = 0; number < acknowledged; number++) {
            if (!found.conference[number]) fail_msg("round %u: acknowledged %u is missing", round, number);
        }
        acknowledged_all += acknowledged;
        found_all += found.conferences;
        kit_dir_remove(dir);
        kit_dir_remove(after);
    }
    print_message("acknowledged %llu, found %llu\n", (unsigned long long)acknowledged_all,
                  (unsigned long long)found_all);
    assert_true(acknowledged_all > 0);
}

/* The shim can tell: without a sync at each commit something acknowledged does go missing. */
static void a_power_cut_without_syncs_is_noticed(void **state)
{
    (void)state;
    uint32_t missing = 0;
    for (uint32_t round = 0; round < 10 && missing == 0; round++) {
        char dir[KIT_PATH_SIZE], after[KIT_PATH_SIZE];
        kit_dir_make(dir);
        kit_dir_make(after);
        test_vfs_reset();
        test_vfs_cut_after(UINT64_MAX);
        memset(&storm, 0, sizeof storm);
        storm.report_fd = -1;
        struct store_config config = {.data_dir = dir, .vfs = TEST_VFS, .relaxed_sync = true};
        char why[STORE_WHY_SIZE] = "";
        if (store_open(&storm.store, &config, why) != STATUS_OK) fail_msg("%s", why);
        test_vfs_cut_after(300);
        while (!test_vfs_is_cut()) {
            fill();
            poll_once();
        }
        store_close(storm.store);
        test_vfs_save_disk(after, round);
        look(after);
        for (uint32_t number = 0; number < storm.acknowledged; number++)
            missing += !found.conference[number];
        kit_dir_remove(dir);
        kit_dir_remove(after);
    }
    assert_true(missing > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_acknowledged_survives_kill_9),
        cmocka_unit_test(what_was_acknowledged_survives_a_power_cut),
        cmocka_unit_test(a_power_cut_without_syncs_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
