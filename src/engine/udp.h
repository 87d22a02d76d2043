/**
 * @file udp.h  The sockets of legs: bound pairs, datagrams with the kernel's arrival time, connecting to one source.
 *
 * Thread: udp_pair_open() and udp_pair_close() control, the rest the leg's media thread.
 */
#ifndef PARLEY_ENGINE_UDP_H
#define PARLEY_ENGINE_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/status.h"
#include "engine/engine.h"
#include "engine/media_io.h"

/**
 * @param port  even, or 0 for one that the kernel chooses (RTCP then on the next)
 * @return STATUS_OK; STATUS_EXISTS (one of the two is in use); STATUS_IO
 */
MUST_CHECK status udp_pair_open(const struct sockaddr *local, uint16_t port, struct engine_sockets *out);
void udp_pair_close(struct engine_sockets *sockets);

/** Memory for one receive. */
struct udp_batch {
    struct msghdr one; /**< for udp_receive_one(): the first of the parts, and no address */
    struct mmsghdr headers[MEDIA_PACKETS_MAX];
    struct iovec parts[MEDIA_PACKETS_MAX];
    struct sockaddr_storage from[MEDIA_PACKETS_MAX];
    _Alignas(8) uint8_t control[MEDIA_PACKETS_MAX][128];
    uint8_t bytes[MEDIA_PACKETS_MAX][MEDIA_PACKET_BYTES];
};

void udp_batch_init(struct udp_batch *batch);

/**
 * Takes what is there, in one call to the kernel.
 *
 * @param offset_us      what to add to the wall clock to get the monotonic one
 * @param now_us         stands in for a stamp that is missing
 * @param[in,out] drops  the socket's count of datagrams that found its buffer full
 * @return how many, up to max
 */
size_t udp_receive(struct udp_batch *batch, int fd, struct media_packet *packets, size_t max, int64_t offset_us,
                   int64_t now_us, uint32_t *drops);

/**
 * Takes one datagram from a socket that only lets its peer's through. It costs about half of what udp_receive() does.
 *
 * @param peer  what packet->from shall be
 * @return false where there is none
 */
bool udp_receive_one(struct udp_batch *batch, int fd, struct media_packet *packet, const struct sockaddr_storage *peer,
                     int64_t offset_us, int64_t now_us, uint32_t *drops);

/** @param to  NULL where the socket is connected. @return false where the kernel would not */
bool udp_send(int fd, const uint8_t *bytes, size_t len, const struct sockaddr_storage *to);

/** From now on only datagrams of this address come through, and go there; AF_UNSPEC undoes it. @return false: as before
 */
bool udp_connect(int fd, const struct sockaddr_storage *peer);

/** The same address, another port (network order kept inside). */
void udp_set_port(struct sockaddr_storage *address, uint16_t port);
uint16_t udp_port(const struct sockaddr_storage *address);

#endif
