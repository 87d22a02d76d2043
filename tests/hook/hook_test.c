#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hook/hook.h"
#include "hook/lane.h"
#include "net/http_server.h"
#include "os/clock.h"
#include "store/store_read.h"

enum { ARRIVALS_MAX = 4096, HELD_MAX = 16, GUARD_US = 60000000 };

/* One request as the receiver saw it. */
struct arrival {
    char event[64];
    char path[32];
    char body[64];
    char type[32];
    char agent[32];
    char signature[SIGNATURE_SIZE];
    int code; /* what it was answered */
};

static struct {
    char dir[128], url[64];
    struct loop *loop;
    struct loop_timer *guard;
    struct loop_watch *watch;
    struct store *store;
    struct http_client *client;
    struct http_server *server;
    struct hook *hook;
    struct arrival arrivals[ARRIVALS_MAX];
    size_t arrival_count;
    size_t refuse_first; /* how many tries of each event get 503 */
    bool refuse_all;
    bool hold; /* requests to /held are answered by release() */
    struct http_request *held[HELD_MAX];
    size_t held_count;
    uint64_t until_delivered, until_dead, until_retried;
    size_t until_held;
    size_t committed; /* transactions that ended well */
    struct hook_secrets secrets;
    uint32_t flush_ms; /* 0: at once */
} t;

static void secrets(void *arg, const char *account, struct hook_secrets *out)
{
    (void)arg;
    assert_string_equal(account, "AC0000000000000000000000000000000000000001");
    *out = t.secrets;
}

static void stop_if_reached(void)
{
    struct hook_stats stats = hook_stats(t.hook);
    if (stats.delivered >= t.until_delivered && stats.dead >= t.until_dead && stats.retried >= t.until_retried &&
        t.held_count >= t.until_held)
        loop_stop(t.loop);
}

static struct loop_timer *checker;

static void check_again(void *arg)
{
    (void)arg;
    stop_if_reached();
    loop_timer_set(checker, 1000);
}

static size_t tries_of(const char *event)
{
    size_t tries = 0;
    for (size_t i = 0; i < t.arrival_count; i++)
        tries += strcmp(t.arrivals[i].event, event) == 0;
    return tries;
}

static void on_request(void *arg, struct http_request *request)
{
    (void)arg;
    assert_true(t.arrival_count < ARRIVALS_MAX);
    struct arrival *a = &t.arrivals[t.arrival_count];
    assert_int_equal(http_request_method(request), HTTP_POST);
    snprintf(a->event, sizeof a->event, "%s", http_request_header(request, "Parley-Event"));
    snprintf(a->path, sizeof a->path, "%s", http_request_path(request));
    snprintf(a->type, sizeof a->type, "%s", http_request_header(request, "Content-Type"));
    snprintf(a->agent, sizeof a->agent, "%s", http_request_header(request, "User-Agent"));
    const char *signature = http_request_header(request, "FreeClimb-Signature");
    snprintf(a->signature, sizeof a->signature, "%s", signature ? signature : "");
    assert_true(slice_copy(http_request_body(request), a->body, sizeof a->body));
    size_t before = tries_of(a->event);
    t.arrival_count++;
    if (t.hold && strcmp(a->path, "/held") == 0) {
        assert_true(t.held_count < HELD_MAX);
        a->code = 204;
        t.held[t.held_count++] = request;
        return;
    }
    a->code = t.refuse_all || before < t.refuse_first ? 503 : 204;
    http_reply(request, a->code, NULL, NULL, 0);
}

static void release(void)
{
    for (size_t i = 0; i < t.held_count; i++)
        http_reply(t.held[i], 204, NULL, NULL, 0);
    t.held_count = 0;
}

static void on_store(void *arg, unsigned events)
{
    (void)arg;
    (void)events;
    store_poll(t.store);
}

static void on_guard(void *arg)
{
    (void)arg;
    fail_msg("nothing more happens");
}

/* Runs until the receiver and the hook have seen what the until_ fields say. */
static void run(void)
{
    loop_run(t.loop);
}

/* The part that a crash takes away: everything but the data directory and the receiver. */
static void start_bridge(void)
{
    struct store_config store = {.data_dir = t.dir};
    struct http_client_config client = {0};
    struct hook_config hook = {.retry_first_ms = 2,
                               .retry_max_ms = 10,
                               .flush_ms = t.flush_ms ? t.flush_ms : 1,
                               .secrets = secrets,
                               .seed = 5};
    char why[STORE_WHY_SIZE] = "";
    if (store_open(&t.store, &store, why) != STATUS_OK) fail_msg("%s", why);
    assert_int_equal(loop_watch_create(&t.watch, t.loop, store_fd(t.store), LOOP_READABLE, on_store, NULL), STATUS_OK);
    assert_int_equal(http_client_create(&t.client, t.loop, &client), STATUS_OK);
    assert_int_equal(hook_create(&t.hook, t.loop, t.store, t.client, &hook), STATUS_OK);
}

static void end_bridge(void)
{
    hook_destroy(t.hook);
    http_client_destroy(t.client);
    loop_watch_destroy(t.watch);
    store_close(t.store);
}

static void remove_dir(void)
{
    DIR *d = opendir(t.dir);
    struct dirent *entry;
    while (d && (entry = readdir(d))) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", t.dir, entry->d_name);
        if (entry->d_name[0] != '.') unlink(path);
    }
    if (d) closedir(d);
    rmdir(t.dir);
}

static int set_up(void **state)
{
    (void)state;
    struct http_server_config server = {.address = "127.0.0.1"};
    char why[256] = "";
    const char *base = getenv("TMPDIR");
    memset(&t, 0, sizeof t);
    snprintf(t.dir, sizeof t.dir, "%s/parley-hook-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(t.dir));
    assert_int_equal(loop_create(&t.loop), STATUS_OK);
    assert_int_equal(loop_timer_create(&t.guard, t.loop, on_guard, NULL), STATUS_OK);
    loop_timer_set(t.guard, GUARD_US);
    assert_int_equal(loop_timer_create(&checker, t.loop, check_again, NULL), STATUS_OK);
    loop_timer_set(checker, 1000);
    if (http_server_create(&t.server, t.loop, &server, on_request, NULL, why, sizeof why) != STATUS_OK)
        fail_msg("%s", why);
    snprintf(t.url, sizeof t.url, "http://127.0.0.1:%u", http_server_port(t.server));
    start_bridge();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    release();
    end_bridge();
    http_server_destroy(t.server);
    loop_timer_destroy(checker);
    loop_timer_destroy(t.guard);
    loop_destroy(t.loop);
    remove_dir();
    return 0;
}

static void make_id(id_text out, const char *prefix, uint32_t number)
{
    snprintf(out, ID_SIZE, "%.2s%040u", prefix, number);
}

static void on_committed(void *arg, status outcome)
{
    (void)arg;
    if (outcome == STATUS_OK) t.committed++;
}

static struct store_tx *post(uint32_t lane, uint32_t n, const char *path)
{
    struct store_tx *tx = NULL;
    id_text account, lane_id;
    char url[128], body[64];
    make_id(account, "AC", 1);
    make_id(lane_id, "CF", lane);
    snprintf(url, sizeof url, "%s%s", t.url, path);
    snprintf(body, sizeof body, "{\"lane\":%u,\"n\":%u}", lane, n);
    struct hook_event event = {.account = account, .lane = lane_id, .n = n, .url = url, .body = body};
    assert_int_equal(store_begin(t.store, &tx), STATUS_OK);
    assert_int_equal(hook_post(t.hook, tx, &event), STATUS_OK);
    return tx;
}

static void post_and_commit(uint32_t lane, uint32_t n, const char *path)
{
    store_commit(post(lane, n, path), on_committed, NULL);
}

static size_t outbox_left;

static void count_outbox(void *arg, status s, const struct store_outbox *rows, size_t count)
{
    (void)arg;
    (void)rows;
    assert_int_equal(s, STATUS_OK);
    outbox_left = count;
}

/* How many rows a bridge that starts after this one would find. */
static size_t pending_on_disk_after_restart(void)
{
    end_bridge();
    start_bridge();
    assert_int_equal(store_load_outbox(t.store, count_outbox, NULL), STATUS_OK);
    assert_int_equal(store_drain(t.store, 60000), STATUS_OK);
    return outbox_left;
}

/* The events of a lane were first seen in order, each only after the one before it was answered with 2xx. */
static void check_order(uint32_t lane, uint32_t last)
{
    uint32_t next = 1;
    for (size_t i = 0; i < t.arrival_count; i++) {
        uint32_t from, n;
        assert_int_equal(sscanf(t.arrivals[i].event, "CF%u/%u", &from, &n), 2);
        if (from != lane) continue;
        assert_int_equal(n, next);
        if (t.arrivals[i].code == 204) next++;
    }
    assert_int_equal(next, last + 1);
}

static void an_event_is_sent_when_its_transaction_is_on_disk_and_then_forgotten(void **state)
{
    (void)state;
    struct store_tx *tx = post(7, 1, "/status");
    assert_int_equal(hook_stats(t.hook).pending, 1);
    run(); /* no goal: one round of the loop */
    assert_int_equal(t.arrival_count, 0);
    store_commit(tx, on_committed, NULL);
    t.until_delivered = 1;
    run();
    assert_int_equal(t.committed, 1);
    assert_int_equal(t.arrival_count, 1);
    assert_string_equal(t.arrivals[0].event, "CF0000000000000000000000000000000000000007/1");
    assert_string_equal(t.arrivals[0].path, "/status");
    assert_string_equal(t.arrivals[0].body, "{\"lane\":7,\"n\":1}");
    assert_string_equal(t.arrivals[0].type, "application/json");
    assert_string_equal(t.arrivals[0].agent, "Parley/" PARLEY_VERSION);
    assert_string_equal(t.arrivals[0].signature, "");
    struct hook_stats stats = hook_stats(t.hook);
    assert_int_equal(stats.posted, 1);
    assert_int_equal(stats.pending, 0);
    assert_int_equal(stats.lanes, 0);
    assert_int_equal(stats.oldest_age_us, 0);
    assert_int_equal(pending_on_disk_after_restart(), 0);
}

static void the_next_event_of_a_lane_waits_for_its_own_transaction(void **state)
{
    (void)state;
    post_and_commit(7, 1, "/status");
    struct store_tx *tx = post(7, 2, "/status");
    for (uint32_t n = 1; n <= 10; n++) /* one after the other: time enough for what must not go */
        post_and_commit(9, n, "/status");
    t.until_delivered = 11;
    run();
    assert_int_equal(t.arrival_count, 11);
    assert_int_equal(tries_of("CF0000000000000000000000000000000000000007/2"), 0);
    store_commit(tx, on_committed, NULL);
    t.until_delivered = 12;
    run();
    assert_int_equal(tries_of("CF0000000000000000000000000000000000000007/2"), 1);
}

static void a_lane_keeps_its_order_under_failures_and_its_event_names_over_retries(void **state)
{
    (void)state;
    t.refuse_first = 2;
    for (uint32_t n = 1; n <= 20; n++)
        post_and_commit(1, n, "/status");
    t.until_delivered = 20;
    run();
    check_order(1, 20);
    assert_int_equal(t.arrival_count, 60);
    assert_int_equal(hook_stats(t.hook).retried, 40);
}

static void a_slow_receiver_holds_up_its_own_lane_only(void **state)
{
    (void)state;
    t.hold = true;
    post_and_commit(1, 1, "/held");
    post_and_commit(1, 2, "/held");
    t.until_held = 1;
    run();
    for (uint32_t n = 1; n <= 10; n++)
        post_and_commit(2, n, "/status");
    t.until_delivered = 10;
    run();
    check_order(2, 10);
    assert_int_equal(t.held_count, 1); /* one request at a time in a lane */
    assert_int_equal(hook_stats(t.hook).pending, 2);
    assert_true(hook_stats(t.hook).oldest_age_us > 0);
    t.hold = false;
    t.until_held = 0;
    release();
    t.until_delivered = 12;
    run();
    check_order(1, 2);
}

static void many_lanes_go_at_once_and_each_in_order(void **state)
{
    (void)state;
    t.refuse_first = 1;
    for (uint32_t n = 1; n <= 5; n++) {
        for (uint32_t lane = 1; lane <= 50; lane++)
            post_and_commit(lane, n, "/status");
    }
    t.until_delivered = 250;
    run();
    for (uint32_t lane = 1; lane <= 50; lane++)
        check_order(lane, 5);
}

static void an_event_whose_transaction_fails_is_never_sent(void **state)
{
    (void)state;
    store_discard(post(2, 1, "/discarded"));
    struct store_tx *tx = post(1, 1, "/broken");
    struct store_conference nameless = {.play_beep = "always", .status = "empty"};
    store_put_conference(tx, &nameless);
    store_commit(tx, on_committed, NULL);
    post_and_commit(1, 1, "/status");
    t.until_delivered = 1;
    run();
    assert_int_equal(t.arrival_count, 1);
    assert_string_equal(t.arrivals[0].path, "/status");
    assert_int_equal(hook_stats(t.hook).pending, 0);
    assert_int_equal(hook_stats(t.hook).posted, 1);
    assert_int_equal(pending_on_disk_after_restart(), 0); /* the row went with its transaction */
}

static void on_load_done(void *arg, status outcome)
{
    *(status *)arg = outcome;
}

static void what_was_not_delivered_is_taken_up_in_order_after_a_restart(void **state)
{
    (void)state;
    t.refuse_all = true;
    for (uint32_t lane = 1; lane <= 3; lane++) {
        for (uint32_t n = 1; n <= 10; n++)
            post_and_commit(lane, n, "/status");
    }
    t.until_retried = 9;
    run();
    assert_int_equal(t.committed, 30);
    end_bridge();
    for (size_t i = 0; i < t.arrival_count; i++)
        assert_int_equal(t.arrivals[i].code, 503);
    start_bridge();
    t.refuse_all = false;
    t.until_retried = 0;
    status loaded = STATUS_AGAIN;
    assert_int_equal(hook_load(t.hook, on_load_done, &loaded), STATUS_OK);
    post_and_commit(1, 11, "/status"); /* while the answer is still on its way */
    t.until_delivered = 31;
    run();
    assert_int_equal(loaded, STATUS_OK);
    check_order(1, 11);
    check_order(2, 10);
    check_order(3, 10);
    assert_int_equal(pending_on_disk_after_restart(), 0);
}

static void a_hook_may_go_while_its_transactions_are_open(void **state)
{
    (void)state;
    struct store_tx *tx = post(1, 1, "/status");
    post_and_commit(1, 2, "/status");
    hook_destroy(t.hook);
    t.hook = NULL;
    store_commit(tx, on_committed, NULL);
    assert_int_equal(store_drain(t.store, 60000), STATUS_OK);
    assert_int_equal(t.committed, 2);
    assert_int_equal(pending_on_disk_after_restart(), 2);
    assert_int_equal(hook_load(t.hook, NULL, NULL), STATUS_OK);
    t.until_delivered = 2;
    run();
    check_order(1, 2);
}

static void put_old_row(uint32_t lane, uint32_t n, int64_t age_ms)
{
    struct store_tx *tx = NULL;
    char url[128];
    snprintf(url, sizeof url, "%s/status", t.url);
    struct store_outbox row = {.n = n, .url = url, .body = "{}", .state = "pending", .attempts = 40};
    row.created_unix_ms = clock_unix_ms() - age_ms;
    make_id(row.account, "AC", 1);
    make_id(row.lane, "CF", lane);
    assert_int_equal(store_begin(t.store, &tx), STATUS_OK);
    store_put_outbox(tx, &row);
    store_commit(tx, on_committed, NULL);
}

static void what_is_too_old_becomes_a_dead_letter_and_the_lane_goes_on(void **state)
{
    (void)state;
    int64_t day_ms = 86400000;
    put_old_row(1, 1, day_ms + 1000);
    put_old_row(1, 2, 1000);
    put_old_row(2, 1, day_ms - 60000);
    t.refuse_first = 1;
    assert_int_equal(hook_load(t.hook, NULL, NULL), STATUS_OK);
    t.until_delivered = 2;
    t.until_dead = 1;
    run();
    assert_int_equal(tries_of("CF0000000000000000000000000000000000000001/1"), 1);
    assert_int_equal(tries_of("CF0000000000000000000000000000000000000001/2"), 2);
    assert_int_equal(tries_of("CF0000000000000000000000000000000000000002/1"), 2);
    assert_int_equal(hook_stats(t.hook).dead, 1);
    assert_int_equal(pending_on_disk_after_restart(), 0);
}

/* A port that is taken, and on which nobody listens. */
static int silent_socket(uint16_t *port)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof in;
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    *port = ntohs(in.sin_port);
    return fd;
}

static void a_receiver_that_does_not_listen_is_tried_again(void **state)
{
    (void)state;
    uint16_t port;
    int fd = silent_socket(&port);
    snprintf(t.url, sizeof t.url, "http://127.0.0.1:%u", port);
    post_and_commit(1, 1, "/status");
    t.until_retried = 3;
    run();
    close(fd);
    assert_int_equal(t.arrival_count, 0);
    assert_int_equal(hook_stats(t.hook).pending, 1);
    assert_int_equal(hook_stats(t.hook).delivered, 0);
}

static void every_try_is_signed_at_its_own_time_with_the_secrets_of_the_moment(void **state)
{
    (void)state;
    char expected[SIGNATURE_SIZE];
    t.secrets = (struct hook_secrets){{"one", "two"}, 2};
    t.refuse_first = 1;
    int64_t before_s = clock_unix_ms() / 1000;
    post_and_commit(1, 1, "/status");
    t.until_delivered = 1;
    run();
    assert_int_equal(t.arrival_count, 2);
    for (size_t i = 0; i < 2; i++) {
        int64_t signed_s = strtoll(t.arrivals[i].signature + 2, NULL, 10);
        assert_in_range(signed_s, before_s, clock_unix_ms() / 1000);
        assert_true(signature_write(expected, &t.secrets, signed_s, slice_of(t.arrivals[i].body)));
        assert_string_equal(t.arrivals[i].signature, expected);
    }
}

static size_t arrival_of(const char *event)
{
    for (size_t i = 0; i < t.arrival_count; i++) {
        if (strcmp(t.arrivals[i].event, event) == 0) return i;
    }
    fail_msg("%s has not arrived", event);
    return 0;
}

static size_t outcome_count, outcomes_wanted;
static status outcomes[8];

static void on_resent(void *arg, status outcome)
{
    (void)arg;
    outcomes[outcome_count++] = outcome;
    if (outcome_count == outcomes_wanted) loop_stop(t.loop);
}

static void resend(uint32_t account, uint32_t lane, uint32_t n)
{
    id_text account_id, lane_id;
    make_id(account_id, "AC", account);
    make_id(lane_id, "CF", lane);
    assert_int_equal(hook_resend(t.hook, account_id, lane_id, n, on_resent, NULL), STATUS_OK);
}

static void let_one_die(uint32_t lane, uint32_t n)
{
    put_old_row(lane, n, 86401000);
    t.refuse_all = true;
    assert_int_equal(hook_load(t.hook, NULL, NULL), STATUS_OK);
    t.until_dead = 1;
    run();
    t.refuse_all = false;
    t.until_dead = 0;
    t.arrival_count = outcome_count = 0;
}

static void a_dead_letter_is_sent_again_in_its_place(void **state)
{
    (void)state;
    t.flush_ms = 60000; /* the store has not been told yet that it is dead */
    end_bridge();
    start_bridge();
    let_one_die(1, 1);
    t.hold = true;
    post_and_commit(1, 2, "/held");
    post_and_commit(1, 3, "/status");
    t.until_held = 1;
    run();
    t.until_held = 0;
    t.until_delivered = 3;
    outcomes_wanted = 1;
    resend(1, 1, 1);
    run();
    while (outcome_count == 0)
        run();
    assert_int_equal(outcomes[0], STATUS_OK);
    assert_int_equal(hook_stats(t.hook).resent, 1);
    assert_int_equal(hook_stats(t.hook).pending, 3);
    t.hold = false;
    release();
    run();
    assert_int_equal(arrival_of("CF0000000000000000000000000000000000000001/2"), 0);
    assert_int_equal(arrival_of("CF0000000000000000000000000000000000000001/1"), 1);
    assert_int_equal(arrival_of("CF0000000000000000000000000000000000000001/3"), 2);
    assert_int_equal(pending_on_disk_after_restart(), 0);
}

static void only_what_is_dead_is_sent_again_and_once(void **state)
{
    (void)state;
    let_one_die(1, 1);
    t.hold = true;
    post_and_commit(1, 2, "/held");
    t.until_held = 1;
    run();
    t.until_delivered = UINT64_MAX; /* what ends the run are the outcomes */
    outcomes_wanted = 5;
    resend(1, 1, 2);
    resend(1, 1, 7);
    resend(2, 1, 1);
    resend(1, 1, 1);
    resend(1, 1, 1);
    run();
    const status wanted[] = {STATUS_CONFLICT, STATUS_NOT_FOUND, STATUS_NOT_FOUND, STATUS_CONFLICT, STATUS_OK};
    assert_memory_equal(outcomes, wanted, sizeof wanted);
}

static void a_hook_may_go_while_a_dead_letter_is_taken_up(void **state)
{
    (void)state;
    let_one_die(1, 1);
    outcomes_wanted = 0;
    resend(1, 1, 1);
    hook_destroy(t.hook);
    t.hook = NULL;
    assert_int_equal(store_drain(t.store, 60000), STATUS_OK);
    assert_int_equal(outcome_count, 1);
    assert_int_equal(outcomes[0], STATUS_CLOSED);
}

/* Connections to it are made by the kernel, and nobody ever answers. */
static int deaf_socket(uint16_t *port)
{
    int fd = silent_socket(port);
    assert_int_equal(listen(fd, 128), 0);
    return fd;
}

static void hosts_that_are_down_with_many_lanes_hold_up_no_other_host(void **state)
{
    (void)state;
    enum { DEAF = 5, LANES = 40 };
    char good[64];
    int fds[DEAF];
    memcpy(good, t.url, sizeof good);
    for (uint32_t host = 0; host < DEAF; host++) {
        uint16_t port;
        fds[host] = deaf_socket(&port);
        snprintf(t.url, sizeof t.url, "http://127.0.0.1:%u", port);
        for (uint32_t lane = 0; lane < LANES; lane++)
            post_and_commit(1000 * (host + 1) + lane, 1, "/status");
    }
    memcpy(t.url, good, sizeof good);
    for (uint32_t lane = 1; lane <= 5; lane++) {
        for (uint32_t n = 1; n <= 5; n++)
            post_and_commit(lane, n, "/status");
    }
    t.until_delivered = 25;
    run();
    for (uint32_t lane = 1; lane <= 5; lane++)
        check_order(lane, 5);
    assert_int_equal(hook_stats(t.hook).retried, 0); /* before the first of the others has timed out */
    assert_int_equal(hook_stats(t.hook).pending, DEAF * LANES);
    for (int i = 0; i < DEAF; i++)
        close(fds[i]);
}

static void pauses_double_up_to_the_maximum_with_at_most_half_taken_off(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 1);
    const struct {
        uint32_t attempts, full_ms;
    } rows[] = {{1, 1000},  {2, 2000},  {3, 4000},  {4, 8000},        {5, 16000},
                {6, 32000}, {7, 60000}, {8, 60000}, {1000000, 60000}, {4000000000u, 60000}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t least = UINT32_MAX, most = 0;
        for (int k = 0; k < 1000; k++) {
            uint32_t pause_ms = lane_pause_ms(rows[i].attempts, 1000, 60000, &rng);
            least = pause_ms < least ? pause_ms : least;
            most = pause_ms > most ? pause_ms : most;
        }
        assert_in_range(least, rows[i].full_ms / 2, rows[i].full_ms * 6 / 10);
        assert_in_range(most, rows[i].full_ms * 9 / 10, rows[i].full_ms);
    }
    assert_in_range(lane_pause_ms(1, 100, 10, &rng), 5, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_is_sent_when_its_transaction_is_on_disk_and_then_forgotten, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_next_event_of_a_lane_waits_for_its_own_transaction, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lane_keeps_its_order_under_failures_and_its_event_names_over_retries, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_slow_receiver_holds_up_its_own_lane_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_lanes_go_at_once_and_each_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_event_whose_transaction_fails_is_never_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_not_delivered_is_taken_up_in_order_after_a_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hook_may_go_while_its_transactions_are_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_old_becomes_a_dead_letter_and_the_lane_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_receiver_that_does_not_listen_is_tried_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_try_is_signed_at_its_own_time_with_the_secrets_of_the_moment, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_dead_letter_is_sent_again_in_its_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_what_is_dead_is_sent_again_and_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hook_may_go_while_a_dead_letter_is_taken_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hosts_that_are_down_with_many_lanes_hold_up_no_other_host, set_up, tear_down),
        cmocka_unit_test(pauses_double_up_to_the_maximum_with_at_most_half_taken_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
