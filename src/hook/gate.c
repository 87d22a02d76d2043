#include "hook/gate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "base/slice.h"

struct gate {
    struct map *hosts;
    struct list turns; /* hosts for which somebody waits, the next one first */
    uint32_t places, places_per_host, places_failing;
    uint32_t inside, inside_failing; /* of all, and of hosts that are failing now */
    bool opening;
};

struct gate_host {
    struct list link; /* in gate.turns */
    struct list queue;
    uint32_t passes; /* that refer to it */
    uint32_t inside;
    uint32_t failures; /* in a row */
    bool proven;       /* it has answered once */
    char name[];
};

static bool failing(const struct gate_host *host)
{
    return host->failures >= GATE_FAILING_AFTER;
}

status gate_create(struct gate **out, uint32_t places, uint32_t places_per_host)
{
    struct gate *gate = calloc(1, sizeof *gate);
    if (!gate) return STATUS_NO_MEMORY;
    if (map_create(&gate->hosts) != STATUS_OK) {
        free(gate);
        return STATUS_NO_MEMORY;
    }
    list_init(&gate->turns);
    gate->places = places;
    gate->places_per_host = places_per_host;
    gate->places_failing = places / 3 ? places / 3 : 1;
    *out = gate;
    return STATUS_OK;
}

void gate_destroy(struct gate *gate)
{
    if (!gate) return;
    assert(map_count(gate->hosts) == 0);
    map_destroy(gate->hosts);
    free(gate);
}

void gate_pass_init(struct gate_pass *pass, struct gate *gate, gate_fn *go, void *arg)
{
    *pass = (struct gate_pass){.gate = gate, .go = go, .arg = arg};
    list_init(&pass->link);
}

/* "http://Host:80/path?query" to "http://host:80": spelt alike is the same; an explicit default port is another. */
static char *host_name(const char *url)
{
    const char *start = strstr(url, "://");
    size_t len = start ? (size_t)(start + 3 - url) : 0;
    len += strcspn(url + len, "/?#");
    char *name = slice_dup((struct slice){url, len});
    for (char *c = name; c && *c; c++) {
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
    }
    return name;
}

static struct gate_host *host_get(struct gate *gate, const char *name)
{
    struct gate_host *host = map_get(gate->hosts, name);
    if (host) return host;
    size_t len = strlen(name);
    host = calloc(1, sizeof *host + len + 1);
    if (!host) return NULL;
    list_init(&host->link);
    list_init(&host->queue);
    memcpy(host->name, name, len + 1);
    if (map_put(gate->hosts, name, host) == STATUS_OK) return host;
    free(host);
    return NULL;
}

static void host_drop(struct gate *gate, struct gate_host *host)
{
    if (--host->passes > 0) return;
    assert(host->inside == 0 && list_empty(&host->queue));
    list_remove(&host->link);
    map_remove(gate->hosts, host->name);
    free(host);
}

static bool has_place(const struct gate *gate, const struct gate_host *host)
{
    uint32_t places = gate->places_per_host;
    if (gate->inside >= gate->places || host->inside >= places) return false;
    if (failing(host)) return host->inside < GATE_FAILING_PLACES && gate->inside_failing < gate->places_failing;
    return host->proven || host->inside < (places + 1) / 2;
}

/* The next host in turn that has a place; NULL where nobody can go. */
static struct gate_host *next_host(const struct gate *gate)
{
    list_each (link, &gate->turns) {
        struct gate_host *host = list_object(link, struct gate_host, link);
        if (has_place(gate, host)) return host;
    }
    return NULL;
}

static void enter(struct gate *gate, struct gate_host *host, struct gate_pass *pass)
{
    list_remove(&pass->link);
    list_remove(&host->link);
    if (!list_empty(&host->queue)) list_push_back(&gate->turns, &host->link);
    pass->inside = true;
    host->inside++;
    gate->inside++;
    gate->inside_failing += failing(host);
}

/* Whoever is let in may ask and leave: the loop that runs then goes on with that. */
static void open_gate(struct gate *gate)
{
    struct gate_host *host;
    if (gate->opening) return;
    gate->opening = true;
    while ((host = next_host(gate))) {
        struct gate_pass *pass = list_object(host->queue.next, struct gate_pass, link);
        enter(gate, host, pass);
        pass->go(pass->arg);
    }
    gate->opening = false;
}

static void leave_queue(struct gate_pass *pass)
{
    list_remove(&pass->link);
    if (pass->host && list_empty(&pass->host->queue)) list_remove(&pass->host->link);
}

static void give_place_back(struct gate_pass *pass)
{
    struct gate_host *host = pass->host;
    assert(pass->inside);
    pass->inside = false;
    host->inside--;
    pass->gate->inside--;
    pass->gate->inside_failing -= failing(host);
}

void gate_pass_clear(struct gate_pass *pass)
{
    struct gate *gate = pass->gate;
    leave_queue(pass);
    if (pass->inside) give_place_back(pass);
    if (pass->host) host_drop(gate, pass->host);
    pass->host = NULL;
    open_gate(gate);
}

status gate_ask(struct gate_pass *pass, const char *url)
{
    struct gate *gate = pass->gate;
    assert(!pass->inside);
    char *name = host_name(url);
    struct gate_host *host = name ? host_get(gate, name) : NULL;
    free(name);
    bool waits_there = host && host == pass->host && !list_empty(&pass->link);
    if (waits_there) return STATUS_OK;
    leave_queue(pass);
    if (!host) return STATUS_NO_MEMORY;
    host->passes++;
    if (pass->host) host_drop(gate, pass->host);
    pass->host = host;
    list_push_back(&host->queue, &pass->link);
    if (list_empty(&host->link)) list_push_back(&gate->turns, &host->link);
    open_gate(gate);
    return STATUS_OK;
}

void gate_leave(struct gate_pass *pass, enum gate_outcome outcome)
{
    struct gate_host *host = pass->host;
    bool was_failing = failing(host);
    give_place_back(pass);
    if (outcome == GATE_ANSWERED) host->proven = true;
    if (outcome == GATE_ANSWERED)
        host->failures = 0;
    else if (outcome == GATE_SILENT && !was_failing)
        host->failures++;
    if (failing(host) && !was_failing) pass->gate->inside_failing += host->inside;
    if (!failing(host) && was_failing) pass->gate->inside_failing -= host->inside;
    open_gate(pass->gate);
}
