/**
 * @file http_fixture.h  A server and a client on one loop, and raw connections to the server, for the HTTP tests.
 *
 * Real sockets on loopback. Everything waits on the loop; a watchdog of 20 s fails the test that waits for ever.
 * What the server answers: /echo the request in words; /later after 10 ms; /hold never, the test does; /file a file;
 * /redirect?to=URL 302; /big?n=BYTES that many; /code?n=CODE; else 404.
 */
#ifndef PARLEY_TESTS_NET_HTTP_FIXTURE_H
#define PARLEY_TESTS_NET_HTTP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "net/http_client.h"
#include "net/http_server.h"

struct fixture {
    struct loop *loop;
    struct http_server *server;
    struct http_client *client;
    struct fetch_guard guard;
    struct loop_timer *watchdog, *later;
    struct http_request *held; /* the last of /hold and /later */
    char path[64];             /* of the file that /file sends */
    uint64_t file_size;
    bool quit_on_hold;
    unsigned requests;
};

struct outcome {
    struct fixture *fixture;
    bool over;
    status status;
    int code;
    char error[1024], content_type[64], url[512], range[64];
    struct buffer body;
    uint64_t body_bytes;
};

/** config's address and limits are used; a NULL config means 127.0.0.1 and the defaults. */
void fixture_start(struct fixture *f, const struct http_server_config *config, const char *ca_file);
void fixture_end(struct fixture *f);

/** "http://127.0.0.1:PORT" and the path. @return a static buffer */
const char *fixture_url(const struct fixture *f, const char *path);

/** Starts a request whose end sets o->over and stops the loop. */
struct http_exchange *fixture_start_request(struct fixture *f, const struct http_client_request *request,
                                            struct outcome *o);

/** Starts it and turns the loop until its end; o->body is freed by outcome_clear(). */
void fixture_fetch(struct fixture *f, const struct http_client_request *request, struct outcome *o);
void outcome_clear(struct outcome *o);

/** Makes a file of size zero bytes (sparse) with text at the offset; it goes with the fixture. */
void fixture_file(struct fixture *f, uint64_t size, uint64_t offset, const char *text);

/** Connects to the server without HTTP. @return a non-blocking socket */
int fixture_connect(const struct fixture *f);

/** Writes all of the bytes and then reads until the server closes, or until text came in (NULL: until it closes). */
void fixture_raw(struct fixture *f, int fd, const char *bytes, size_t len, const char *until, struct buffer *reply);

#endif
