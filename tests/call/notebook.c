#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "notebook.h"

static void note(struct notebook *n, const char *word)
{
    assert_true(strlen(n->words) + strlen(word) + 2 < sizeof n->words);
    if (n->words[0]) strcat(n->words, " ");
    strcat(n->words, word);
}

static void world_send(void *arg, struct call *call, const struct signal_message *m)
{
    struct notebook *n = arg;
    char word[64];
    (void)call;
    snprintf(word, sizeof word, "%s", signal_type_name(m->type));
    if (m->code) snprintf(word, sizeof word, "%s-%u", signal_type_name(m->type), m->code);
    note(n, word);
    snprintf(n->sdp, sizeof n->sdp, "%s", m->sdp ? m->sdp : "");
    const char *warning = json_string_value(json_object_get(m->headers, "Warning"));
    snprintf(n->warning, sizeof n->warning, "%s", warning ? warning : "");
}

static status world_reserve(void *arg, struct call *call, char address[SDP_ADDRESS_SIZE], uint16_t *port)
{
    struct notebook *n = arg;
    (void)call;
    if (n->reserve != STATUS_OK) return n->reserve;
    note(n, "reserve");
    strcpy(address, "192.0.2.1");
    *port = 20000;
    return STATUS_OK;
}

static status world_apply(void *arg, struct call *call, const struct sdp_result *result)
{
    struct notebook *n = arg;
    (void)call;
    if (n->apply != STATUS_OK) return n->apply;
    note(n, "apply");
    n->media = *result;
    return STATUS_OK;
}

static void world_connected(void *arg, struct call *call)
{
    (void)call;
    note(arg, "connected");
}

static void world_ended(void *arg, struct call *call, const char *reason)
{
    (void)call;
    note(arg, "ended");
    note(arg, reason);
}

static void world_ringing(void *arg, struct call *call, uint32_t code)
{
    char word[32];
    (void)call;
    snprintf(word, sizeof word, "ringing-%u", code);
    note(arg, word);
}

const struct call_world notebook_world = {world_send,      world_reserve, world_apply,
                                          world_connected, world_ended,   world_ringing};

struct terms plain_terms(void)
{
    static const char *const g711[] = {"PCMU", "PCMA"};
    struct terms terms = {.codec_count = 0};
    terms_set_codecs(&terms, g711, 2);
    return terms;
}

struct call *make_call(struct notebook *n, const char *sdp, bool requires_100rel)
{
    struct signal_message m;
    struct call *call;
    signal_message_init(&m, SIGNAL_INVITE, ID);
    m.request_uri = strdup("sip:room@192.0.2.1");
    m.source = strdup("192.0.2.7:5060");
    m.local = strdup("192.0.2.1:5060");
    m.sdp = sdp ? strdup(sdp) : NULL;
    m.requires_100rel = requires_100rel;
    assert_int_equal(call_create(&call, &m, &notebook_world, n, 42, 1), STATUS_OK);
    call_set_terms(call, &n->terms);
    signal_message_clear(&m);
    return call;
}

struct call *place_call(struct notebook *n)
{
    struct call *call;
    const struct call_plan plan = {
        .id = ID, .to_uri = "sip:bob@192.0.2.7", .from_uri = "sip:parley@192.0.2.1", .terms = &n->terms};
    assert_int_equal(call_create_outgoing(&call, &plan, &notebook_world, n, 42, 1), STATUS_OK);
    assert_true(call->outgoing);
    call_dial(call, &plan);
    call_dial(call, &plan);
    return call;
}

void receive(struct call *call, enum signal_type type, const char *sdp)
{
    struct signal_message m;
    signal_message_init(&m, type, ID);
    m.sdp = sdp ? strdup(sdp) : NULL;
    m.transaction = 7;
    call_receive(call, &m, 2);
    signal_message_clear(&m);
}

void receive_coded(struct call *call, enum signal_type type, uint32_t code, const char *sdp)
{
    struct signal_message m;
    signal_message_init(&m, type, ID);
    m.code = code;
    m.sdp = sdp ? strdup(sdp) : NULL;
    m.source = strdup("192.0.2.7:5060");
    m.local = strdup("192.0.2.1:5060");
    call_receive(call, &m, 2);
    signal_message_clear(&m);
}
