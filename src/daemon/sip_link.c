#include "daemon/sip_link.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/ids.h"
#include "daemon/sip_adopt.h"
#include "os/clock.h"
#include "os/log.h"
#include "os/random.h"
#include "os/spawn.h"
#include "signal/channel.h"

enum {
    RESTART_FIRST_MS = 20,
    RESTART_MAX_MS = 2000,
    STABLE_MS = 10000,
    READ_SIZE = 65536,
    LISTENERS_MAX = 32,
    FAULTS_MAX = 5,
    PART_MS = 1000,
    PART_KILL_MS = 3000
};

struct sip_link {
    struct loop *loop;
    struct sip_link_handlers handlers;
    void *arg;
    struct channel *channel;
    char socket_path[108];
    char program[512];
    char **arguments;                    /* of parley-sip, NULL at the end; owned */
    size_t argument_count, sip_argument; /* where the first --sip value stands */
    /* the child, where it is ours */
    pid_t pid;
    pid_t peer;         /* who is at the other end of the connection: an adopted one has no other trace */
    pid_t leaving;      /* an adopted one that is not what we would start: it makes room; 0 for none */
    int64_t leaving_us; /* since when; only one is seen off, lest we fight with somebody who starts it again */
    int64_t started_us;
    int restart_ms;
    uint64_t starts;
    struct loop_signal *child_died;
    struct loop_timer *restart;
    int output_fd; /* its standard output: the listening line */
    struct loop_watch *output_watch;
    struct buffer output;
    /* the connection */
    int fd;
    struct loop_watch *watch;
    int faults;    /* one after the other, with no message between: what it cannot say right it says again */
    bool reported; /* listening or failed was said */
    char *listeners[LISTENERS_MAX];
    size_t listener_count;
};

static void start_child(struct sip_link *link);
static void connection_lost(struct sip_link *link, const char *why);

static void flush(struct sip_link *link)
{
    struct buffer *out = channel_output(link->channel);
    while (link->fd >= 0 && out->len > 0) {
        ssize_t n = send(link->fd, out->at, out->len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            buffer_consume(out, (size_t)n);
        } else if (errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            connection_lost(link, strerror(errno));
            return;
        }
    }
    if (!link->watch) return;
    unsigned events = LOOP_READABLE | (out->len > 0 ? LOOP_WRITABLE : 0u);
    if (loop_watch_set(link->watch, events) != STATUS_OK) connection_lost(link, "the loop cannot watch it");
}

static void on_connection(void *arg, unsigned events)
{
    struct sip_link *link = arg;
    char bytes[READ_SIZE];
    if (events & LOOP_READABLE) {
        ssize_t n = recv(link->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            connection_lost(link, n == 0 ? "closed" : strerror(errno));
            return;
        }
        if (n > 0) channel_receive(link->channel, bytes, (size_t)n);
    }
    flush(link);
}

static void connection_lost(struct sip_link *link, const char *why)
{
    if (link->fd < 0) return;
    log_event(LOG_WARN, "sip_link_lost", "why=\"%s\"", why);
    loop_watch_destroy(link->watch);
    link->watch = NULL;
    close(link->fd);
    link->fd = -1;
    channel_disconnected(link->channel);
    loop_timer_set(link->restart, (int64_t)RESTART_FIRST_MS * 1000);
}

static status connect_socket(struct sip_link *link)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", link->socket_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return STATUS_IO;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return STATUS_CLOSED;
    }
    struct ucred peer;
    socklen_t size = sizeof peer;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) link->peer = peer.pid;
    status s = loop_watch_create(&link->watch, link->loop, fd, LOOP_READABLE, on_connection, link);
    if (s != STATUS_OK) {
        close(fd);
        return s;
    }
    link->fd = fd;
    channel_connected(link->channel, NULL);
    flush(link);
    return STATUS_OK;
}

static void say_listening(struct sip_link *link)
{
    if (link->reported) return;
    link->reported = true;
    link->handlers.listening(link->arg, link->listeners, link->listener_count);
}

/* Over a restart parley-sip must take the very ports that it had: phones know them. */
static void pin_listeners(struct sip_link *link)
{
    for (size_t i = 0; i < link->listener_count && link->sip_argument + 2 * i < link->argument_count; i++) {
        char **value = &link->arguments[link->sip_argument + 2 * i];
        const char *port = strrchr(*value, ':');
        const char *bound = strrchr(link->listeners[i], ':');
        if (!port || !bound || strcmp(port, ":0") != 0) continue;
        struct buffer text;
        buffer_init(&text);
        buffer_append(&text, *value, (size_t)(port - *value));
        buffer_append_text(&text, bound);
        char *pinned = buffer_take(&text);
        if (!pinned) continue;
        free(*value);
        *value = pinned;
    }
}

static void take_listeners(struct sip_link *link, const json_t *listeners)
{
    size_t i;
    json_t *value;
    if (link->listener_count > 0) return;
    json_array_foreach (listeners, i, value) {
        const char *text = json_string_value(value);
        if (!text || link->listener_count == LISTENERS_MAX) continue;
        link->listeners[link->listener_count] = strdup(text);
        if (link->listeners[link->listener_count]) link->listener_count++;
    }
    pin_listeners(link);
}

static void on_message(void *arg, const struct signal_message *m, uint64_t number)
{
    struct sip_link *link = arg;
    link->faults = 0;
    link->handlers.message(link->arg, m);
    channel_ack(link->channel, number);
}

static void on_acknowledged(void *arg, uint64_t number)
{
    (void)arg;
    (void)number;
}

/* It ends the calls that it holds, of which the handler has just told it; on_restart() sees it off. */
static void part(struct sip_link *link)
{
    link->leaving = link->peer;
    link->leaving_us = loop_now_us(link->loop);
    loop_timer_set(link->restart, (int64_t)RESTART_FIRST_MS * 1000);
}

static void on_hello(void *arg, const struct signal_message *m, bool fresh)
{
    struct sip_link *link = arg;
    bool fits = link->leaving_us > 0 || link->peer <= 0 || link->peer == link->pid ||
                (strcmp(m->version, PARLEY_VERSION) == 0 && sip_adopt_fits(link->peer, link->arguments));
    log_event(LOG_INFO, "sip_link_up", "version=%s fresh=%d held=%zu fits=%d", m->version, fresh,
              json_array_size(m->calls), fits);
    link->handlers.hello(link->arg, m->calls, fresh);
    if (!fits) {
        part(link);
        return;
    }
    take_listeners(link, m->listeners);
    link->restart_ms = RESTART_FIRST_MS;
    say_listening(link);
}

static void on_fault(void *arg, const struct fault *fault)
{
    struct sip_link *link = arg;
    log_event(LOG_ERROR, "sip_link_fault", "at=%lu what=\"%s\"", fault->at, fault->what);
    shutdown(link->fd, SHUT_RDWR); /* the watch sees its end and drops it */
    if (++link->faults < FAULTS_MAX || link->peer <= 0) return;
    log_event(LOG_ERROR, "sip_link_hopeless", "pid=%d why=\"it says the same again and again, a new one is started\"",
              (int)link->peer);
    link->faults = 0;
    kill(link->peer, SIGKILL);
}

static void forget_output(struct sip_link *link)
{
    loop_watch_destroy(link->output_watch);
    link->output_watch = NULL;
    if (link->output_fd >= 0) close(link->output_fd);
    link->output_fd = -1;
    buffer_clear(&link->output);
}

/* Its first line on standard output says that the listeners are bound: only then is there a socket to connect to. */
static void on_output(void *arg, unsigned events)
{
    struct sip_link *link = arg;
    char bytes[1024];
    (void)events;
    ssize_t n = read(link->output_fd, bytes, sizeof bytes);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0) buffer_append(&link->output, bytes, (size_t)n);
    bool line = link->output.len > 0 && memchr(link->output.at, '\n', link->output.len) != NULL;
    if (!line && n > 0) return;
    forget_output(link);
    if (line && connect_socket(link) != STATUS_OK) loop_timer_set(link->restart, (int64_t)RESTART_FIRST_MS * 1000);
}

static void spawn_child(struct sip_link *link)
{
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0) return;
    status s = spawn_process(&link->pid, link->arguments, -1, pipe_fds[1]);
    close(pipe_fds[1]);
    if (s != STATUS_OK) {
        close(pipe_fds[0]);
        link->pid = 0;
        char why[640];
        snprintf(why, sizeof why, "%s cannot be started: %s", link->program, status_name(s));
        log_event(LOG_ERROR, "sip_start_failed", "why=\"%s\"", why);
        if (!link->reported) link->handlers.failed(link->arg, why);
        link->reported = true;
        return;
    }
    link->starts++;
    link->started_us = loop_now_us(link->loop);
    link->output_fd = pipe_fds[0];
    fcntl(link->output_fd, F_SETFL, O_NONBLOCK);
    s = loop_watch_create(&link->output_watch, link->loop, link->output_fd, LOOP_READABLE, on_output, link);
    if (s != STATUS_OK) forget_output(link);
    log_event(LOG_INFO, "sip_started", "pid=%d", (int)link->pid);
}

/* Adopts a living parley-sip before it starts another. */
static void start_child(struct sip_link *link)
{
    if (link->fd >= 0 || link->output_fd >= 0) return;
    if (connect_socket(link) == STATUS_OK) return;
    if (link->pid > 0) { /* ours lives but does not listen yet */
        loop_timer_set(link->restart, (int64_t)RESTART_FIRST_MS * 1000);
        return;
    }
    spawn_child(link);
}

/* @return true once it is gone */
static bool has_left(const struct sip_link *link)
{
    int64_t since_ms = (loop_now_us(link->loop) - link->leaving_us) / 1000;
    bool told = channel_unacknowledged(link->channel) == 0 || since_ms > PART_MS;
    int signal = since_ms > PART_KILL_MS ? SIGKILL : told ? SIGTERM : 0;
    return kill(link->leaving, signal) != 0;
}

static void on_restart(void *arg)
{
    struct sip_link *link = arg;
    if (link->leaving > 0 && !has_left(link)) {
        loop_timer_set(link->restart, (int64_t)RESTART_FIRST_MS * 1000);
        return;
    }
    link->leaving = 0;
    start_child(link);
}

static void child_ended(struct sip_link *link, int wait_status)
{
    bool stable = loop_now_us(link->loop) - link->started_us > (int64_t)STABLE_MS * 1000;
    int code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0;
    log_event(LOG_ERROR, "sip_ended", "pid=%d exit=%d signal=%d", (int)link->pid, code,
              WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0);
    link->pid = 0;
    forget_output(link);
    connection_lost(link, "parley-sip ended");
    if (!link->reported && code != 0) {
        link->reported = true;
        link->handlers.failed(link->arg, "parley-sip could not listen: its message above says why");
        return;
    }
    link->restart_ms = stable ? RESTART_FIRST_MS : link->restart_ms * 2;
    if (link->restart_ms > RESTART_MAX_MS) link->restart_ms = RESTART_MAX_MS;
    loop_timer_set(link->restart, (int64_t)link->restart_ms * 1000);
}

static void on_child(void *arg)
{
    struct sip_link *link = arg;
    int wait_status;
    if (link->pid > 0 && waitpid(link->pid, &wait_status, WNOHANG) == link->pid) child_ended(link, wait_status);
}

static status add_argument(struct sip_link *link, const char *text)
{
    char **arguments = realloc(link->arguments, (link->argument_count + 2) * sizeof *arguments);
    if (!arguments) return STATUS_NO_MEMORY;
    link->arguments = arguments;
    arguments[link->argument_count] = strdup(text);
    if (!arguments[link->argument_count]) return STATUS_NO_MEMORY;
    arguments[++link->argument_count] = NULL;
    return STATUS_OK;
}

static status add_option(struct sip_link *link, const char *flag, const char *value)
{
    status s = add_argument(link, flag);
    return s == STATUS_OK ? add_argument(link, value) : s;
}

static status add_number(struct sip_link *link, const char *flag, int value)
{
    char text[16];
    snprintf(text, sizeof text, "%d", value);
    return add_option(link, flag, text);
}

/* parley-sip is found beside parleyd. */
static void find_program(char out[512])
{
    ssize_t n = readlink("/proc/self/exe", out, 490);
    out[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(out, '/');
    snprintf(slash ? slash + 1 : out, 20, "parley-sip");
}

static status make_arguments(struct sip_link *link, const struct config *config)
{
    status s = add_argument(link, link->program);
    if (s == STATUS_OK) s = add_option(link, "--socket", link->socket_path);
    link->sip_argument = link->argument_count + 1;
    for (size_t i = 0; i < config->sip.count && s == STATUS_OK; i++)
        s = add_option(link, "--sip", config->sip.items[i]);
    if (s == STATUS_OK && config->public_address[0]) s = add_option(link, "--public-address", config->public_address);
    for (size_t i = 0; i < config->local_networks.count && s == STATUS_OK; i++)
        s = add_option(link, "--local-net", config->local_networks.items[i]);
    if (s == STATUS_OK) s = add_number(link, "--hold-s", config->orphan_hold_s);
    if (s == STATUS_OK) s = add_number(link, "--invites-per-s", config->invites_per_s_max);
    return s == STATUS_OK ? add_option(link, "--log-level", config->log_level) : s;
}

static status set_up(struct sip_link *link, const struct config *config)
{
    static const struct channel_handlers handlers = {on_message, on_acknowledged, on_hello, on_fault};
    int n = snprintf(link->socket_path, sizeof link->socket_path, "%s/sip.sock", config->data);
    if (n < 0 || (size_t)n >= sizeof link->socket_path) return STATUS_INVALID;
    find_program(link->program);
    uint8_t random[8];
    char epoch[2 * sizeof random + 1];
    random_bytes(random, sizeof random);
    hex_format(epoch, random, sizeof random);
    status s = make_arguments(link, config);
    if (s == STATUS_OK) s = channel_create(&link->channel, epoch, PARLEY_VERSION, &handlers, link);
    if (s == STATUS_OK) s = loop_timer_create(&link->restart, link->loop, on_restart, link);
    return s == STATUS_OK ? loop_signal_create(&link->child_died, link->loop, SIGCHLD, on_child, link) : s;
}

status sip_link_create(struct sip_link **out, struct loop *loop, const struct config *config,
                       const struct sip_link_handlers *handlers, void *arg)
{
    struct sip_link *link = calloc(1, sizeof *link);
    if (!link) return STATUS_NO_MEMORY;
    *link = (struct sip_link){.loop = loop, .handlers = *handlers, .arg = arg, .fd = -1, .output_fd = -1};
    link->restart_ms = RESTART_FIRST_MS;
    buffer_init(&link->output);
    status s = set_up(link, config);
    if (s != STATUS_OK) {
        sip_link_destroy(link);
        return s;
    }
    if (config->sip.count > 0) loop_timer_set(link->restart, 0);
    *out = link;
    return STATUS_OK;
}

void sip_link_destroy(struct sip_link *link)
{
    if (!link) return;
    flush(link);
    if (link->pid > 0)
        kill(link->pid, SIGTERM);
    else if (link->fd >= 0 && link->peer > 0)
        kill(link->peer, SIGTERM);
    forget_output(link);
    loop_watch_destroy(link->watch);
    if (link->fd >= 0) close(link->fd);
    loop_timer_destroy(link->restart);
    loop_signal_destroy(link->child_died);
    channel_destroy(link->channel);
    for (size_t i = 0; i < link->argument_count; i++)
        free(link->arguments[i]);
    free(link->arguments);
    for (size_t i = 0; i < link->listener_count; i++)
        free(link->listeners[i]);
    free(link);
}

void sip_link_send(struct sip_link *link, const struct signal_message *m)
{
    if (channel_send(link->channel, m) == 0) log_event(LOG_ERROR, "sip_message_lost", "call=%s why=no_memory", m->call);
    flush(link);
}

size_t sip_link_waiting(const struct sip_link *link)
{
    return channel_unacknowledged(link->channel);
}

uint64_t sip_link_starts(const struct sip_link *link)
{
    return link->starts;
}
