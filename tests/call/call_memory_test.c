/**
 * @file call_memory_test.c  Every allocation in the life of a call fails once: the call is refused, ends or goes on,
 * and nothing is lost. Leaks show in a build with the address sanitizer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../short_memory.h"
#include "notebook.h"

#define KEY  "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\r\n"
#define NEW  "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC\r\n"
#define SAVP SESSION "m=audio 4000 RTP/SAVP 0\r\n"

enum { MESSAGES = 6 };

static void tell(struct signal_message *m, enum signal_type type, uint32_t code, const char *sdp)
{
    signal_message_init(m, type, ID);
    m->code = code;
    m->sdp = sdp ? strdup(sdp) : NULL;
    m->request_uri = strdup("sip:room@192.0.2.1");
    m->source = strdup("192.0.2.7:5060");
    m->local = strdup("192.0.2.1:5060");
}

/** Whatever becomes of it, each message is taken, and the call is done with. */
static void live(struct call *call, const struct signal_message *messages)
{
    for (int i = 0; i < MESSAGES; i++)
        call_receive(call, &messages[i], 2);
    call_hang_up(call, "appHangup");
    assert_int_equal(call->state, CALL_ENDED);
    call_destroy(call);
}

static void a_call_that_comes_in_lives_without_any_of_its_memory(void **state)
{
    (void)state;
    struct signal_message invite, later[MESSAGES];
    tell(&invite, SIGNAL_INVITE, 0, SAVP KEY);
    tell(&later[0], SIGNAL_ACK, 0, NULL);
    tell(&later[1], SIGNAL_REINVITE, 0, SAVP NEW);
    tell(&later[2], SIGNAL_REINVITE, 0, NULL);
    tell(&later[3], SIGNAL_ACK, 0,
         SAVP "a=crypto:3 AES_CM_128_HMAC_SHA1_80 "
              "inline:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB\r\n");
    tell(&later[4], SIGNAL_RESPONSE, 200, SAVP "nonsense");
    tell(&later[5], SIGNAL_BYE, 0, NULL);
    int n = 0;
    for (bool sufficed = false; !sufficed;) {
        struct notebook notebook = {.terms = plain_terms()};
        struct call *call;
        notebook.terms.srtp = SDP_SRTP_REQUIRED;
        memory_fail_at(++n);
        status s = call_create(&call, &invite, &notebook_world, &notebook, 42, 1);
        if (s == STATUS_OK) {
            call_set_terms(call, &notebook.terms);
            call_answer(call);
            live(call, later);
        }
        sufficed = memory_sufficed();
        assert_true(s == STATUS_OK || (s == STATUS_NO_MEMORY && !sufficed));
        if (sufficed)
            assert_string_equal(notebook.words, "reserve apply answer-200 connected apply accept-200 accept-200 apply "
                                                "ended farEndHangup");
    }
    assert_true(n > 15);
    signal_message_clear(&invite);
    for (int i = 0; i < MESSAGES; i++)
        signal_message_clear(&later[i]);
}

static void a_call_of_ours_lives_without_any_of_its_memory(void **state)
{
    (void)state;
    struct signal_message later[MESSAGES];
    tell(&later[0], SIGNAL_LOCATED, 0, NULL);
    tell(&later[1], SIGNAL_PROGRESS, 183, OFFER);
    tell(&later[2], SIGNAL_UPDATE, 0, OFFER);
    tell(&later[3], SIGNAL_ANSWER, 200, OFFER);
    tell(&later[4], SIGNAL_RESPONSE, 200, OFFER);
    tell(&later[5], SIGNAL_BYE, 0, NULL);
    int n = 0;
    for (bool sufficed = false; !sufficed;) {
        struct notebook notebook = {.terms = plain_terms()};
        const struct call_plan plan = {
            .id = ID, .to_uri = "sip:b@192.0.2.7", .from_uri = "sip:a@192.0.2.1", .terms = &notebook.terms};
        struct call *call;
        memory_fail_at(++n);
        status s = call_create_outgoing(&call, &plan, &notebook_world, &notebook, 42, 1);
        if (s == STATUS_OK) {
            call_dial(call, &plan);
            live(call, later);
        }
        sufficed = memory_sufficed();
        assert_true(s == STATUS_OK || (s == STATUS_NO_MEMORY && !sufficed));
        if (sufficed)
            assert_string_equal(notebook.words, "dial reserve offer apply ringing-183 apply accept-200 apply connected "
                                                "apply ended farEndHangup");
    }
    assert_true(n > 15);
    for (int i = 0; i < MESSAGES; i++)
        signal_message_clear(&later[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_comes_in_lives_without_any_of_its_memory),
        cmocka_unit_test(a_call_of_ours_lives_without_any_of_its_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
