#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call/trunk.h"
#include "daemon/call_entry.h"
#include "daemon/call_terms.h"
#include "daemon/sip_link.h"
#include "os/log.h"

enum { REGISTER_S = 3600, AOR_SIZE = 384 };

static struct trunk make_trunk(const struct config_trunk *from)
{
    struct trunk trunk = {
        .name = from->name,
        .match = from->match,
        .host = from->host,
        .transport = from->transport,
        .caller_id = from->caller_id,
        .user = from->user,
        .password = from->password,
        .registers = from->registers,
        .strip = (unsigned)from->strip,
        .prefix = from->prefix,
    };
    call_terms_make(&trunk.terms, &from->terms, "own");
    return trunk;
}

/* user@host without its port is who we are there. */
static void send_register(struct calls *cs, const struct trunk *trunk, uint32_t expires_s)
{
    struct signal_message m;
    char aor[AOR_SIZE];
    const char *port = strrchr(trunk->host, ':');
    size_t host = port && !strchr(port, ']') ? (size_t)(port - trunk->host) : strlen(trunk->host);
    snprintf(aor, sizeof aor, "sip:%s@%.*s", trunk->user, (int)host, trunk->host);
    signal_message_init(&m, SIGNAL_REGISTER, NULL);
    m.registration = strdup(trunk->name);
    m.to_uri = strdup(aor);
    m.route = strdup(trunk->host);
    m.transport = strdup(trunk->transport);
    m.user = strdup(trunk->user);
    m.password = strdup(trunk->password);
    m.expires_s = expires_s;
    if (m.registration && m.to_uri && m.route && m.transport && m.user && m.password)
        sip_link_send(cs->bridge->sip, &m);
    signal_message_clear(&m);
}

void calls_register_trunks(struct calls *cs)
{
    for (size_t i = 0; cs->bridge->sip && i < cs->trunk_count; i++) {
        if (cs->trunks[i].registers) send_register(cs, &cs->trunks[i], REGISTER_S);
    }
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* True where one of these is kept registered in the same way. */
static bool registered_among(const struct trunk *t, const struct trunk *trunks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct trunk *other = &trunks[i];
        bool same = other->registers && same_text(t->name, other->name) && same_text(t->host, other->host) &&
                    same_text(t->transport, other->transport) && same_text(t->user, other->user) &&
                    same_text(t->password, other->password);
        if (same) return true;
    }
    return false;
}

/* What stays as it is stays registered throughout. */
static void change_registrations(struct calls *cs, const struct trunk *now, size_t count)
{
    for (size_t i = 0; i < cs->trunk_count; i++) {
        const struct trunk *t = &cs->trunks[i];
        if (t->registers && !registered_among(t, now, count)) send_register(cs, t, 0);
    }
    for (size_t i = 0; i < count; i++) {
        if (now[i].registers && !registered_among(&now[i], cs->trunks, cs->trunk_count))
            send_register(cs, &now[i], REGISTER_S);
    }
}

status calls_set_trunks(struct calls *cs)
{
    const struct config *config = cs->bridge->config;
    struct trunk *trunks = calloc(config->trunk_count + 1, sizeof *trunks);
    if (!trunks) return STATUS_NO_MEMORY;
    for (size_t i = 0; i < config->trunk_count; i++)
        trunks[i] = make_trunk(&config->trunks[i]);
    if (cs->bridge->sip) change_registrations(cs, trunks, config->trunk_count);
    free(cs->trunks);
    cs->trunks = trunks;
    cs->trunk_count = config->trunk_count;
    return STATUS_OK;
}

void call_trunks_registered(const struct signal_message *m)
{
    char why[160];
    bool good = m->expires_s > 0 || m->code / 100 == 2;
    log_event(good ? LOG_INFO : LOG_WARN, "trunk_registered", "trunk=%s code=%u expires_s=%u why=%s", m->registration,
              m->code, m->expires_s, log_value(why, sizeof why, slice_of(m->reason ? m->reason : "")));
}
