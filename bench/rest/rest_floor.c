/**
 * @file rest_floor.c  parley-rest-floor: the least that the API can cost.
 *
 *   parley-rest-floor --http FILE            evhttp answers every request with the bytes of FILE, on one thread; prints
 *                                            its URL
 *   parley-rest-floor --commits DIR GROUP S  the bare SQLite loop of commit_floor.h for S seconds; prints JSON
 *
 * Thread: one.
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "commit_floor.h"

struct reply {
    char bytes[65536];
    size_t len;
};

static void on_request(struct evhttp_request *request, void *arg)
{
    const struct reply *reply = arg;
    struct evbuffer *body = evbuffer_new();
    if (!body) return;
    evbuffer_add(body, reply->bytes, reply->len);
    evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type", "application/json");
    evhttp_send_reply(request, HTTP_OK, "OK", body);
    evbuffer_free(body);
}

static int read_file(struct reply *reply, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) return -1;
    reply->len = fread(reply->bytes, 1, sizeof reply->bytes, file);
    fclose(file);
    return 0;
}

static int port_of(struct evhttp_bound_socket *bound)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    if (getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &len) != 0) return 0;
    return ntohs(address.sin_port);
}

static int serve(const char *path)
{
    static struct reply reply;
    if (read_file(&reply, path) != 0) {
        fprintf(stderr, "parley-rest-floor: %s cannot be read\n", path);
        return 2;
    }
    struct event_base *base = event_base_new();
    struct evhttp *http = base ? evhttp_new(base) : NULL;
    struct evhttp_bound_socket *bound = http ? evhttp_bind_socket_with_handle(http, "127.0.0.1", 0) : NULL;
    if (!bound) {
        fprintf(stderr, "parley-rest-floor: cannot listen\n");
        return 2;
    }
    evhttp_set_gencb(http, on_request, &reply);
    printf("http://127.0.0.1:%d\n", port_of(bound));
    fflush(stdout);
    return event_base_dispatch(base) == 0 ? 0 : 2;
}

static int commit(char **words)
{
    struct commit_floor figures;
    if (commit_floor_run(&figures, words[0], (unsigned)atoi(words[1]), (unsigned)atoi(words[2])) != 0) return 2;
    printf("{\"operations_per_s\":%.1f,\"sync_us\":%.1f}\n", figures.operations_per_s, figures.sync_us);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--http") == 0) return serve(argv[2]);
    if (argc == 5 && strcmp(argv[1], "--commits") == 0 && atoi(argv[3]) > 0 && atoi(argv[4]) > 0)
        return commit(argv + 2);
    fprintf(stderr, "usage: parley-rest-floor --http FILE | --commits DIR GROUP SECONDS\n");
    return 2;
}
