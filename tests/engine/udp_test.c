#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/udp.h"
#include "os/clock.h"

static struct sockaddr_storage loopback(uint16_t port)
{
    struct sockaddr_storage a;
    memset(&a, 0, sizeof a);
    a.ss_family = AF_INET;
    ((struct sockaddr_in *)&a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    udp_set_port(&a, port);
    return a;
}

static void open_pair(struct engine_sockets *pair)
{
    const struct sockaddr_storage local = loopback(0);
    assert_int_equal(udp_pair_open((const struct sockaddr *)&local, 0, pair), STATUS_OK);
}

static bool arrives(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    return poll(&wait, 1, 5000) == 1;
}

static void a_packet_has_the_time_of_its_arrival_and_not_of_the_read(void **state)
{
    (void)state;
    struct engine_sockets from, to;
    struct udp_batch *batch = malloc(sizeof *batch);
    struct media_packet packets[MEDIA_PACKETS_MAX];
    uint32_t drops = 0;
    open_pair(&from);
    open_pair(&to);
    const struct sockaddr_storage target = loopback(to.port);
    udp_batch_init(batch);
    int64_t before_us = clock_now_us();
    assert_true(udp_send(from.rtp_fd, (const uint8_t *)"one", 3, &target));
    assert_true(arrives(to.rtp_fd));
    int64_t after_us = clock_now_us();
    int64_t offset_us = clock_real_to_monotonic_us();
    assert_int_equal(udp_receive(batch, to.rtp_fd, packets, MEDIA_PACKETS_MAX, offset_us, after_us + 7000000, &drops),
                     1);
    assert_int_equal(packets[0].len, 3);
    assert_in_range(packets[0].arrival_us, before_us - 1000, after_us + 1000); /* two clocks are compared */
    udp_pair_close(&from);
    udp_pair_close(&to);
    free(batch);
}

static void a_connected_socket_takes_from_nobody_else(void **state)
{
    (void)state;
    struct engine_sockets friend, stranger, to;
    struct udp_batch *batch = malloc(sizeof *batch);
    struct media_packet packets[MEDIA_PACKETS_MAX];
    const struct sockaddr_storage nobody = {.ss_family = AF_UNSPEC};
    uint32_t drops = 0;
    open_pair(&friend);
    open_pair(&stranger);
    open_pair(&to);
    const struct sockaddr_storage target = loopback(to.port), source = loopback(friend.port);
    udp_batch_init(batch);
    assert_true(udp_connect(to.rtp_fd, &source));
    assert_true(udp_send(stranger.rtp_fd, (const uint8_t *)"stranger", 8, &target));
    assert_true(udp_send(friend.rtp_fd, (const uint8_t *)"friend", 6, &target));
    assert_true(arrives(to.rtp_fd));
    assert_int_equal(udp_receive(batch, to.rtp_fd, packets, MEDIA_PACKETS_MAX, 0, 0, &drops), 1);
    assert_memory_equal(packets[0].bytes, "friend", 6);
    assert_true(udp_connect(to.rtp_fd, &nobody));
    assert_true(udp_send(stranger.rtp_fd, (const uint8_t *)"stranger", 8, &target));
    assert_true(arrives(to.rtp_fd));
    udp_pair_close(&friend);
    udp_pair_close(&stranger);
    udp_pair_close(&to);
    free(batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_has_the_time_of_its_arrival_and_not_of_the_read),
        cmocka_unit_test(a_connected_socket_takes_from_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
