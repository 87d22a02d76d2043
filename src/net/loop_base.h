/**
 * @file loop_base.h  What lies under a loop, for http_server.c and http_client.c only.
 *
 * Thread: control.
 */
#ifndef PARLEY_NET_LOOP_BASE_H
#define PARLEY_NET_LOOP_BASE_H

struct event_base;
struct loop;

/** Borrowed until loop_destroy(). */
struct event_base *loop_event_base(struct loop *loop);

#endif
