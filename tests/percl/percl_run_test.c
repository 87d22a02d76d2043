#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "percl/percl_control.h"
#include "percl/percl_digits.h"
#include "percl_player.h"

#define INBOUND                                                                                                        \
    {                                                                                                                  \
        "start", "ask 1 inboundCall http://v"                                                                          \
    }
#define OUTBOUND                                                                                                       \
    {                                                                                                                  \
        "start out", "ask 1 outDialApiConnect http://v"                                                                \
    }

/* ---- The first script ---- */

static void the_first_command_that_needs_it_answers_the_call(void **state)
{
    (void)state;
    static const struct line lines[] = {
        INBOUND,
        {"script 1 [{'Say':{'text':'hello'}},{'Play':{'file':'http://f'}}]", "answer"},
        {"answered", "say 2 hello"},
        {"played 2", "play 3 http://f"},
        {"played 3", "hangup appNoPercl"},
        {"over", ""},
    };
    PLAY(lines);
}

static void an_empty_script_ends_the_call(void **state)
{
    (void)state;
    static const struct line array[] = {INBOUND, {"script 1 []", "hangup appNoPercl"}};
    static const struct line nothing[] = {OUTBOUND, {"script 1 ", "hangup appNoPercl"}};
    PLAY(array);
    PLAY(nothing);
}

static void reject_counts_only_first(void **state)
{
    (void)state;
    static const struct line first[] = {INBOUND, {"script 1 [{'Reject':{}},{'Hangup':{}}]", "reject appReject"}};
    static const struct line second[] = {
        INBOUND,
        {"script 1 [{'Pause':{'length':10}},{'Reject':{}},{'Hangup':{}}]", ""},
        {"wait 10", "warning: command 1 (Reject): counts only as the first command of a call; skipped; answer"},
        {"answered", "hangup appHangup"},
    };
    static const struct line answered[] = {
        OUTBOUND,
        {"script 1 [{'Reject':{}}]",
         "warning: command 0 (Reject): counts only as the first command of a call; skipped; hangup appNoPercl"}};
    PLAY(first);
    PLAY(second);
    PLAY(answered);
}

static void a_pause_first_delays_the_answer(void **state)
{
    (void)state;
    static const struct line lines[] = {
        INBOUND,
        {"script 1 [{'Pause':{'length':2000}},{'Hangup':{}}]", ""},
        {"wait 1999", ""},
        {"wait 1", "answer"},
        {"wait 60000", ""},
        {"answered", "hangup appHangup"},
    };
    PLAY(lines);
}

static void early_media_plays_before_the_answer_only(void **state)
{
    (void)state;
    static const struct line lines[] = {
        INBOUND,
        {"script 1 [{'PlayEarlyMedia':{'file':'http://a'}},{'PlayEarlyMedia':{'file':'http://b'}},"
         "{'Say':{'text':'x'}},{'PlayEarlyMedia':{'file':'http://c'}}]",
         "play 2 http://a early"},
        {"played 2", "play 3 http://b early"},
        {"unplayable 3", "warning: command 1 (PlayEarlyMedia): it could not be played: because; answer"},
        {"answered", "say 4 x"},
        {"played 4", "warning: command 3 (PlayEarlyMedia): the call is answered already; skipped; hangup appNoPercl"},
    };
    PLAY(lines);
}

static void hangup_answers_first(void **state)
{
    (void)state;
    static const struct line lines[] = {INBOUND,
                                        {"script 1 [{'Hangup':{'reason':'bye'}},{'Say':{'text':'x'}}]", "answer"},
                                        {"answered", "hangup appHangup"}};
    PLAY(lines);
}

/* ---- Webhooks that fail ---- */

static void the_fallback_is_asked_once(void **state)
{
    (void)state;
    static const struct line lines[] = {
        INBOUND,
        {"dead 1", "warning: voiceUrl failed, voiceFallbackUrl is asked: because; ask 2 inboundCall http://fallback"},
        {"script 1 [{'Hangup':{}}]", ""},
        {"dead 2", "error: a webhook failed: because; hangup webhookFailed"},
    };
    player_play(lines, sizeof lines / sizeof *lines, true);
}

static void a_fallback_may_reject(void **state)
{
    (void)state;
    static const struct line lines[] = {
        INBOUND,
        {"dead 1", "warning: voiceUrl failed, voiceFallbackUrl is asked: because; ask 2 inboundCall http://fallback"},
        {"script 2 [{'Reject':{}}]", "reject appReject"},
    };
    player_play(lines, sizeof lines / sizeof *lines, true);
}

static void what_is_wrong_with_an_answer_is_why_the_call_ends(void **state)
{
    (void)state;
    static const struct line rows[][2] = {
        {INBOUND, {"dead 1", "error: a webhook failed: because; hangup webhookFailed"}},
        {INBOUND,
         {"script 1 <html>", "error: the answer is not JSON: line 1, column 1; hangup webhookInvalidResponse"}},
        {INBOUND,
         {"script 1 [{'Dance':{}}]",
          "error: command 0 (?): there is no command named \"Dance\"; hangup appInvalidPercl"}},
        {INBOUND,
         {"script 1 [{'Sms':{}}]",
          "error: command 0 (?): Sms is a command of PerCL that is not supported here; hangup perclProcessingError"}},
        {OUTBOUND, {"dead 1", "error: a webhook failed: because; hangup webhookFailed"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        PLAY(rows[i]);
}

static void a_bad_script_does_not_go_to_the_fallback(void **state)
{
    (void)state;
    static const struct line lines[] = {
        INBOUND, {"script 1 {}", "error: a script must be an array of commands; hangup appInvalidPercl"}};
    player_play(lines, sizeof lines / sizeof *lines, true);
}

static void attributes_that_are_skipped_are_warned_of(void **state)
{
    (void)state;
    static const struct line lines[] = {
        OUTBOUND,
        {"script 1 [{'Hangup':{'why':1}}]",
         "warning: command 0 (Hangup): why is not an attribute of Hangup and is skipped; hangup appHangup"}};
    PLAY(lines);
}

static void a_late_answer_changes_nothing(void **state)
{
    (void)state;
    static const struct line lines[] = {
        OUTBOUND,
        {"played 1", ""},
        {"recorded 1", ""},
        {"script 1 [{'Redirect':{'actionUrl':'http://r'}}]", "ask 2 redirect http://r original=outDialApiConnect"},
        {"script 1 [{'Hangup':{}}]", ""},
        {"dead 1", ""},
        {"over", ""},
        {"script 2 [{'Hangup':{}}]", ""},
    };
    PLAY(lines);
}

static void a_call_is_redirected_256_times_at_most(void **state)
{
    (void)state;
    struct player p;
    struct buffer out;
    char event[100], effects[100];
    player_open(&p, false);
    buffer_init(&out);
    assert_int_equal(player_apply(&p, "start out", &out), STATUS_OK);
    for (int i = 1; i <= PERCL_REDIRECTS_MAX; i++) {
        buffer_clear(&out);
        snprintf(event, sizeof event, "script %d [{'Redirect':{'actionUrl':'http://r'}}]", i);
        snprintf(effects, sizeof effects, "ask %d redirect http://r original=%s", i + 1,
                 i == 1 ? "outDialApiConnect" : "redirect");
        assert_int_equal(player_apply(&p, event, &out), STATUS_OK);
        assert_string_equal(buffer_text(&out), effects);
    }
    buffer_clear(&out);
    snprintf(event, sizeof event, "script %d [{'Redirect':{'actionUrl':'http://r'}}]", PERCL_REDIRECTS_MAX + 1);
    assert_int_equal(player_apply(&p, event, &out), STATUS_OK);
    assert_string_equal(buffer_text(&out),
                        "error: command 0 (Redirect): a call may be redirected 256 times at most; hangup "
                        "maxRedirectsError");
    assert_true(percl_run_done(p.run));
    buffer_clear(&out);
    player_close(&p);
}

/* ---- Commands of a call alone ---- */

static void plain_commands_go_on_by_themselves(void **state)
{
    (void)state;
    static const struct line lines[] = {
        OUTBOUND,
        {"script 1 "
         "[{'Say':{'text':''}},{'StartRecordCall':{}},{'StartRecordCall':{}},{'SendDigits':{'digits':'12{2}'}},"
         "{'Pause':{'length':0}},{'Pause':{'length':500}},{'Say':{'text':'late','conferenceId':'$1'}},{'Hangup':{}}]",
         "record-call; warning: command 2 (StartRecordCall): the call is being recorded already; skipped; "
         "send 2 12{2}"},
        {"played 1", ""},
        {"played 2", ""},
        {"wait 500", "say 3 late $1; hangup appHangup"},
    };
    PLAY(lines);
}

static void a_playback_that_fails_is_a_warning(void **state)
{
    (void)state;
    static const struct line lines[] = {
        OUTBOUND,
        {"script 1 [{'Play':{'file':'http://f','loop':0}},{'Hangup':{}}]", "play 2 http://f"},
        {"unplayable 2", "warning: command 0 (Play): it could not be played: because; hangup appHangup"},
    };
    PLAY(lines);
}

static void conference_commands_outside_of_one_are_skipped(void **state)
{
    (void)state;
    static const struct line lines[] = {
        OUTBOUND,
        {"script 1 [{'SetTalk':{'talk':false}},{'SetListen':{'callId':'@0'}},{'SetDTMFPassThrough':{}},"
         "{'RemoveFromConference':{}},{'TerminateConference':{}},{'Hangup':{}}]",
         "warning: command 0 (SetTalk): the call is in no conference; skipped; "
         "warning: command 1 (SetListen): the call is in no conference; skipped; "
         "warning: command 2 (SetDTMFPassThrough): the call is in no conference; skipped; "
         "warning: command 3 (RemoveFromConference): the call is in no conference; skipped; "
         "warning: command 4 (TerminateConference): the call is in no conference; skipped; hangup appHangup"},
    };
    PLAY(lines);
}

static void others_that_are_named_are_acted_on(void **state)
{
    (void)state;
    static const struct line lines[] = {
        OUTBOUND,
        {"script 1 [{'SetTalk':{'callId':'@3','talk':false}},{'SetListen':{'callId':'@3'}},"
         "{'RemoveFromConference':{'callId':'@4'}},{'TerminateConference':{'conferenceId':'$5'}},"
         "{'AddToConference':{'conferenceId':'$6','callId':'@7','talk':false}},{'Hangup':{'callId':'@8'}}]",
         "talk @3 0; listen @3 1; remove @4; terminate $5; add @7 $6 t0 l1 d1 s1; warning: command 5 (Hangup): only "
         "the call itself can be hung up; skipped: CA8888888888888888888888888888888888888888; hangup appNoPercl"},
    };
    PLAY(lines);
}

static void a_conference_is_made_and_reported(void **state)
{
    (void)state;
    static const struct line made[] = {
        OUTBOUND,
        {"script 1 [{'CreateConference':{'actionUrl':'http://c'}},{'Hangup':{}}]", "create"},
        {"created $1", "ask 2 createConference http://c $1 status=empty"},
        {"script 2 [{'Hangup':{}}]", "hangup appHangup"},
    };
    static const struct line failed[] = {
        OUTBOUND,
        {"script 1 [{'CreateConference':{'actionUrl':'http://c'}}]", "create"},
        {"created -", "error: command 0 (CreateConference): the conference could not be made: because; hangup "
                      "perclProcessingError"},
    };
    PLAY(made);
    PLAY(failed);
}

#define DIAL "{'OutDial':{'destination':'+1','callingNumber':'+2','actionUrl':'http://a','callConnectUrl':'http://b'"

static void a_call_that_dials_goes_on_at_once(void **state)
{
    (void)state;
    static const struct line made[] = {
        OUTBOUND,
        {"script 1 [" DIAL "}},{'Hangup':{}}]", "dial +1"},
        {"dialed @2", "ask 2 outDialStart http://a @2"},
        {"script 2 [{'Pause':{'length':1}}]", ""},
        {"wait 1", "hangup appNoPercl"},
    };
    static const struct line failed[] = {
        OUTBOUND,
        {"script 1 [" DIAL ",'ifMachine':'hangup'}}]",
         "warning: command 0 (OutDial): ifMachine is accepted, but machines are not detected; dial +1"},
        {"dialed -", "error: command 0 (OutDial): the call could not be made: because; hangup perclProcessingError"},
    };
    PLAY(made);
    PLAY(failed);
}

/* ---- GetDigits ---- */

#define DIGITS(attributes) "script 1 [{'GetDigits':{'actionUrl':'http://d'" attributes "}}]"
#define TWO_PROMPTS                                                                                                    \
    ",'prompts':[{'Say':{'text':''}},{'Say':{'text':'pin'}},{'Pause':{'length':100}},{'Play':{'file':'http://p'}}]"

static void the_finishing_key_ends_getdigits_and_is_not_reported(void **state)
{
    (void)state;
    static const struct line lines[] = {
        OUTBOUND,
        {DIGITS(""), "collect 1"},
        {"key 1A2*#3", "collect 0; ask 2 getDigits http://d digits=12* reason=finishKey"},
        {"script 2 [{'GetDigits':{'actionUrl':'http://e','maxDigits':1}}]",
         "collect 1; collect 0; ask 3 getDigits http://e digits=3 reason=maxDigits"},
        {"script 3 [{'Hangup':{}}]", "hangup appHangup"},
    };
    PLAY(lines);
}

static void prompts_follow_one_another_and_the_first_key_stops_them(void **state)
{
    (void)state;
    static const struct line lines[] = {
        OUTBOUND,
        {DIGITS(TWO_PROMPTS), "collect 1; say 2 pin"},
        {"wait 60000", ""},
        {"played 2", ""},
        {"wait 99", ""},
        {"wait 1", "play 3 http://p"},
        {"key A", ""},
        {"key 7", "stop 3"},
        {"played 3", ""},
        {"wait 2999", ""},
        {"key 8", ""},
        {"wait 2999", ""},
        {"wait 1", "collect 0; ask 4 getDigits http://d digits=78 reason=timeout"},
    };
    PLAY(lines);
}

static void a_key_in_a_prompts_pause_ends_the_prompts(void **state)
{
    (void)state;
    static const struct line lines[] = {
        OUTBOUND,         {DIGITS(TWO_PROMPTS), "collect 1; say 2 pin"},
        {"played 2", ""}, {"key 7", ""},
        {"wait 100", ""}, {"wait 2900", "collect 0; ask 3 getDigits http://d digits=7 reason=timeout"},
    };
    PLAY(lines);
}

static void the_initial_timer_starts_when_the_prompts_are_over(void **state)
{
    (void)state;
    static const struct line lines[] = {
        OUTBOUND,
        {DIGITS(",'initialTimeoutMs':1000,'prompts':[{'Say':{'text':'pin'}}]"), "collect 1; say 2 pin"},
        {"wait 5000", ""},
        {"unplayable 2", "warning: command 0 (GetDigits): it could not be played: because"},
        {"wait 999", ""},
        {"wait 1", "collect 0; ask 3 getDigits http://d digits= reason=timeout"},
    };
    PLAY(lines);
}

static void limits_and_privacy_decide_what_is_reported(void **state)
{
    (void)state;
    static const struct line rows[][3] = {
        {OUTBOUND,
         {DIGITS(",'maxDigits':4"), "collect 1"},
         {"key 123456", "collect 0; ask 2 getDigits http://d digits=1234 reason=maxDigits"}},
        {OUTBOUND,
         {DIGITS(""), "collect 1"},
         {"key 12345678901234567", "collect 0; ask 2 getDigits http://d digits=1234567890123456 reason=maxDigits"}},
        {OUTBOUND,
         {DIGITS(",'minDigits':3"), "collect 1"},
         {"key 12#", "collect 0; ask 2 getDigits http://d digits= reason=finishKey"}},
        {OUTBOUND,
         {DIGITS(",'privacyMode':true"), "collect 1"},
         {"key 12#", "collect 0; ask 2 getDigits http://d digits=xxxxx reason=finishKey"}},
        {OUTBOUND,
         {DIGITS(",'finishOnKey':'*'"), "collect 1"},
         {"key #1*", "collect 0; ask 2 getDigits http://d digits=#1 reason=finishKey"}},
        {OUTBOUND, {DIGITS(",'finishOnKey':''"), "collect 1"}, {"key #*", ""}},
        {OUTBOUND,
         {DIGITS(""), "collect 1"},
         {"key #", "collect 0; ask 2 getDigits http://d digits= reason=finishKey"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        PLAY(rows[i]);
}

static void without_a_limit_getdigits_holds_what_it_can(void **state)
{
    (void)state;
    struct percl_get_digits options = {.finish_on_key = '#', .digit_timeout_ms = 1};
    struct percl_digits d;
    percl_digits_open(&d, &options);
    for (int i = 1; i < PERCL_DIGITS_MAX; i++)
        assert_int_equal(percl_digits_key(&d, '1', 0), PERCL_DIGITS_OPEN);
    assert_int_equal(percl_digits_key(&d, '1', 0), PERCL_DIGITS_MAX_REACHED);
    assert_int_equal(strlen(percl_digits_text(&d, false)), PERCL_DIGITS_MAX);
}

static void the_initial_timer_does_not_follow_a_key(void **state)
{
    (void)state;
    struct percl_get_digits options = {.initial_timeout_ms = 9000, .digit_timeout_ms = 2, .max_digits = 5};
    struct percl_digits d;
    percl_digits_open(&d, &options);
    assert_true(d.deadline_us == UINT64_MAX);
    assert_int_equal(percl_digits_key(&d, '1', 1000), PERCL_DIGITS_OPEN);
    percl_digits_listen(&d, 1500);
    assert_int_equal(d.deadline_us, 3000);
    assert_int_equal(percl_digits_expire(&d, 2999), PERCL_DIGITS_OPEN);
    assert_int_equal(percl_digits_expire(&d, 3000), PERCL_DIGITS_TIMEOUT);
    assert_int_equal(percl_digits_key(&d, '2', 3000), PERCL_DIGITS_TIMEOUT);
    assert_string_equal(percl_digits_text(&d, false), "1");
}

static void keys_typed_ahead_count_and_skip_the_prompts(void **state)
{
    (void)state;
    static const struct line kept[] = {
        OUTBOUND,
        {"key 12", ""},
        {DIGITS(TWO_PROMPTS), "collect 1"},
        {"key 3#", "collect 0; ask 2 getDigits http://d digits=123 reason=finishKey"},
    };
    static const struct line enough[] = {
        OUTBOUND,
        {"key 12#", ""},
        {DIGITS(TWO_PROMPTS), "collect 1; collect 0; ask 2 getDigits http://d digits=12 reason=finishKey"},
    };
    static const struct line too_many[] = {
        OUTBOUND,
        {"key 1234567890123456789012345678901234567890123456789012345678901234X567", ""},
        {DIGITS(",'maxDigits':0"), "collect 1"},
        {"key #", "collect 0; ask 2 getDigits http://d "
                  "digits=1234567890123456789012345678901234567890123456789012345678901234 reason=finishKey"},
    };
    static const struct line flushed[] = {
        OUTBOUND,
        {"key 12", ""},
        {DIGITS(",'flushBuffer':true"), "collect 1"},
        {"key 3#", "collect 0; ask 2 getDigits http://d digits=3 reason=finishKey"},
    };
    static const struct line said[] = {
        OUTBOUND,
        {"key 12", ""},
        {"script 1 [{'Say':{'text':'a'}},{'GetDigits':{'actionUrl':'http://d'}}]", "say 2 a"},
        {"key 4", ""},
        {"played 2", "collect 1"},
        {"key #", "collect 0; ask 3 getDigits http://d digits=4 reason=finishKey"},
    };
    static const struct line left_over[] = {
        OUTBOUND,
        {"key ##", ""},
        {DIGITS(TWO_PROMPTS), "collect 1; say 2 pin"},
        {"key #", "stop 2; collect 0; ask 3 getDigits http://d digits= reason=finishKey"},
    };
    PLAY(enough);
    PLAY(too_many);
    PLAY(left_over);
    PLAY(kept);
    PLAY(flushed);
    PLAY(said);
}

static void a_caller_who_hangs_up_in_getdigits_is_reported(void **state)
{
    (void)state;
    static const struct line lines[] = {
        OUTBOUND,           {DIGITS(""), "collect 1"},
        {"key 12", ""},     {"over", "post 2 getDigits http://d digits=12 reason=hangup"},
        {"wait 10000", ""}, {"script 2 [{'Say':{'text':'x'}}]", ""},
    };
    PLAY(lines);
}

/* ---- RecordUtterance ---- */

#define UTTERANCE "script 1 [{'RecordUtterance':{'actionUrl':'http://u','maxLengthSec':5,'privacyMode':true}}]"

static void an_utterance_ends_by_key_silence_or_length(void **state)
{
    (void)state;
    static const struct line key[] = {
        OUTBOUND,
        {UTTERANCE, "record 2"},
        {"recording 2", ""},
        {"key 1#", "record-stop 2"},
        {"silence 2", ""},
        {"wait 10000", ""},
        {"recorded 2", "ask 3 record http://u term=finishKey recording=RE private"},
        {"script 3 []", "hangup appNoPercl"},
    };
    static const struct line silence[] = {
        OUTBOUND,
        {UTTERANCE, "record 2"},
        {"silence 2", "record-stop 2"},
        {"recorded 2 nothing", "ask 3 record http://u term=timeout private"},
    };
    static const struct line length[] = {
        OUTBOUND,
        {UTTERANCE, "record 2"},
        {"wait 4999", ""},
        {"recording 2", ""},
        {"wait 4999", ""},
        {"wait 1", "record-stop 2"},
        {"recorded 2", "ask 3 record http://u term=maxLength recording=RE private"},
    };
    PLAY(key);
    PLAY(silence);
    PLAY(length);
}

static void a_caller_who_hangs_up_leaves_the_utterance_behind(void **state)
{
    (void)state;
    static const struct line lines[] = {
        OUTBOUND,
        {UTTERANCE, "record 2"},
        {"recording 2", ""},
        {"over", "record-stop 2"},
        {"key #", ""},
        {"recorded 2", "post 3 record http://u term=hangup recording=RE private"},
        {"recorded 2", ""},
        {"script 3 [{'Say':{'text':'x'}}]", ""},
    };
    PLAY(lines);
}

static void a_runner_is_done_when_its_last_recording_is(void **state)
{
    (void)state;
    struct player p;
    struct buffer out;
    static const char *const events[] = {"start out", UTTERANCE, "over"};
    player_open(&p, false);
    buffer_init(&out);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        assert_false(percl_run_ended(p.run));
        assert_int_equal(player_apply(&p, events[i], &out), STATUS_OK);
    }
    assert_true(percl_run_ended(p.run));
    assert_false(percl_run_done(p.run));
    assert_int_equal(player_apply(&p, "recorded 2", &out), STATUS_OK);
    assert_true(percl_run_done(p.run));
    buffer_clear(&out);
    player_close(&p);
}

/* ---- In a conference ---- */

#define ADD(more) "{'AddToConference':{'conferenceId':'$1'" more "}}"
#define CONTROL   ",'allowCallControl':true,'callControlSequence':'*1','callControlUrl':'http://k'"
#define LEAVE     ",'leaveConferenceUrl':'http://l'"
#define JOINED(more)                                                                                                   \
    OUTBOUND, {"script 1 [" ADD(more) ",{'Hangup':{}}]", "add @0 $1 t1 l1 d1 s1"},                                     \
    {                                                                                                                  \
        "joined $1", ""                                                                                                \
    }

static void joining_is_notified_and_the_rest_of_the_script_never_runs(void **state)
{
    (void)state;
    static const struct line lines[] = {
        INBOUND,
        {"script 1 [" ADD(",'talk':false,'listen':false,'dtmfPassThrough':false,'startConfOnEnter':false,"
                          "'notificationUrl':'http://n','callId':'@0'") ",{'Hangup':{}}]",
         "answer"},
        {"answered", "add @0 $1 t0 l0 d0 s0"},
        {"joined $2", ""},
        {"joined $1", "post 2 addToConferenceNotification http://n $1"},
        {"wait 100000", ""},
        {"over", ""},
    };
    PLAY(lines);
}

static void a_conference_that_cannot_be_joined_ends_the_call(void **state)
{
    (void)state;
    static const struct line lines[] = {
        OUTBOUND,
        {"script 1 [" ADD(LEAVE) "]", "add @0 $1 t1 l1 d1 s1"},
        {"refused $1", "error: command 0 (AddToConference): the call cannot be put into the conference: because; "
                       "hangup perclProcessingError"},
    };
    PLAY(lines);
}

static void the_sequence_asks_for_a_script_and_the_call_stays(void **state)
{
    (void)state;
    static const struct line lines[] = {
        JOINED(CONTROL),
        {"key 9*", ""},
        {"key 1", "ask 2 callControl http://k $1 digits=*1"},
        {"key *1", ""},
        {"script 2 []", ""},
        {"key **1", "ask 3 callControl http://k $1 digits=*1"},
        {"script 3 [{'SetTalk':{'talk':false}},{'SetListen':{'listen':false}},{'SetDTMFPassThrough':"
         "{'dtmfPassThrough':false}},{'Say':{'text':'muted'}}]",
         "talk @0 0; listen @0 0; dtmf @0 0; say 4 muted"},
        {"played 4", ""},
        {"key *", ""},
        {"wait 3001", ""},
        {"key 1", ""},
        {"key *", ""},
        {"wait 3000", ""},
        {"key 1", "ask 5 callControl http://k $1 digits=*1"},
    };
    PLAY(lines);
}

static void without_call_control_keys_mean_nothing(void **state)
{
    (void)state;
    static const struct line lines[] = {JOINED(""), {"key *1#", ""}};
    PLAY(lines);
}

static void a_new_sequence_drops_the_last_script(void **state)
{
    (void)state;
    static const struct line lines[] = {
        JOINED(CONTROL),
        {"key *1", "ask 2 callControl http://k $1 digits=*1"},
        {"script 2 [{'Play':{'file':'http://f','loop':0}},{'Hangup':{}}]", "play 3 http://f"},
        {"key *1", "stop 3; ask 4 callControl http://k $1 digits=*1"},
        {"played 3", ""},
        {"script 4 []", ""},
    };
    PLAY(lines);
}

static void a_bad_control_script_ends_that_leg(void **state)
{
    (void)state;
    static const struct line bad[] = {
        JOINED(CONTROL LEAVE),
        {"key *1", "ask 2 callControl http://k $1 digits=*1"},
        {"script 2 [{'Pause':{}}]",
         "error: command 0 (Pause): length is required; post 3 leaveConference http://l $1; hangup appInvalidPercl"},
    };
    static const struct line dead[] = {
        JOINED(CONTROL),
        {"key *1", "ask 2 callControl http://k $1 digits=*1"},
        {"dead 2", "error: a webhook failed: because; hangup webhookFailed"},
    };
    PLAY(bad);
    PLAY(dead);
}

static void what_needs_a_call_alone_is_skipped_in_a_conference(void **state)
{
    (void)state;
    static const struct line lines[] = {
        JOINED(CONTROL),
        {"key *1", "ask 2 callControl http://k $1 digits=*1"},
        {"script 2 [{'GetDigits':{'actionUrl':'http://d'}},{'RecordUtterance':{'actionUrl':'http://d'}},"
         "{'Play':{'file':'http://f','conferenceId':'$1'}},{'Hangup':{}}]",
         "warning: command 0 (GetDigits): is not possible in a conference; skipped; warning: command 1 "
         "(RecordUtterance): is not possible in a conference; skipped; play 3 http://f $1; hangup appHangup"},
    };
    PLAY(lines);
}

static void a_call_that_is_put_out_goes_on_at_leaveconferenceurl(void **state)
{
    (void)state;
    static const struct line removed[] = {
        JOINED(LEAVE),
        {"left $2 removed", ""},
        {"left $1 removed", "ask 2 leaveConference http://l $1"},
        {"left $1 removed", ""},
        {"script 2 [{'Say':{'text':'bye'}}]", "say 3 bye"},
        {"played 3", "hangup appNoPercl"},
    };
    static const struct line emptied[] = {
        JOINED(LEAVE),
        {"left $1 emptied", "ask 2 leaveConference http://l $1"},
        {"script 2 [" ADD("") "]", "add @0 $1 t1 l1 d1 s1"},
        {"joined $1", ""},
        {"left $1 emptied", "hangup conferenceEmptied"},
    };
    static const struct line unnamed[] = {JOINED(""), {"left $1 removed", "hangup removedFromConference"}};
    PLAY(removed);
    PLAY(emptied);
    PLAY(unnamed);
}

static void a_call_put_out_before_its_join_is_told_was_in_all_the_same(void **state)
{
    (void)state;
    static const struct line lines[] = {
        OUTBOUND,
        {"script 1 [" ADD(",'notificationUrl':'http://n'" LEAVE) "]", "add @0 $1 t1 l1 d1 s1"},
        {"left $1 removed", "post 2 addToConferenceNotification http://n $1; ask 3 leaveConference http://l $1"},
        {"joined $1", ""},
        {"script 3 []", "hangup appNoPercl"},
    };
    PLAY(lines);
}

static void a_terminated_conference_ends_the_call_whatever_its_script(void **state)
{
    (void)state;
    static const struct line with[] = {
        JOINED(LEAVE),
        {"left $1 terminated", "post 2 leaveConference http://l $1; hangup conferenceTerminated"},
        {"script 2 [{'Say':{'text':'bye'}}]", ""},
    };
    static const struct line without[] = {JOINED(""), {"left $1 terminated", "hangup conferenceTerminated"}};
    static const struct line broken[] = {JOINED(""), {"left $1 error", "hangup internalError"}};
    PLAY(with);
    PLAY(without);
    PLAY(broken);
}

static void a_caller_who_hangs_up_is_said_to_have_left(void **state)
{
    (void)state;
    static const struct line lines[] = {
        JOINED(LEAVE), {"over", "post 2 leaveConference http://l $1"}, {"script 2 [{'Hangup':{}}]", ""}};
    PLAY(lines);
}

static void control_scripts_remove_terminate_and_hang_up(void **state)
{
    (void)state;
    static const struct line removes[] = {
        JOINED(CONTROL LEAVE),
        {"key *1", "ask 2 callControl http://k $1 digits=*1"},
        {"script 2 [{'RemoveFromConference':{}},{'Hangup':{}}]", "remove @0"},
        {"left $1 removed", "ask 3 leaveConference http://l $1"},
    };
    static const struct line terminates[] = {
        JOINED(CONTROL),
        {"key *1", "ask 2 callControl http://k $1 digits=*1"},
        {"script 2 [{'TerminateConference':{'conferenceId':'$1'}},{'Hangup':{}}]", "terminate $1"},
        {"left $1 terminated", "hangup conferenceTerminated"},
    };
    static const struct line hangs_up[] = {
        JOINED(CONTROL LEAVE),
        {"key *1", "ask 2 callControl http://k $1 digits=*1"},
        {"script 2 [{'Hangup':{}}]", "post 3 leaveConference http://l $1; hangup appHangup"},
        {"left $1 removed", ""},
    };
    static const struct line dials[] = {
        JOINED(CONTROL),
        {"key *1", "ask 2 callControl http://k $1 digits=*1"},
        {"script 2 [" DIAL "}}]", "dial +1"},
        {"dialed @2", "ask 3 outDialStart http://a @2"},
        {"key *1", ""},
        {"script 3 []", ""},
        {"left $1 removed", "hangup removedFromConference"},
    };
    PLAY(removes);
    PLAY(terminates);
    PLAY(hangs_up);
    PLAY(dials);
}

static void being_put_out_drops_the_control_script(void **state)
{
    (void)state;
    static const struct line playing[] = {
        JOINED(CONTROL LEAVE),
        {"key *1", "ask 2 callControl http://k $1 digits=*1"},
        {"script 2 [{'Say':{'text':'a'}},{'Hangup':{}}]", "say 3 a"},
        {"left $1 removed", "stop 3; ask 4 leaveConference http://l $1"},
        {"played 3", ""},
        {"script 4 []", "hangup appNoPercl"},
    };
    static const struct line asking[] = {
        JOINED(CONTROL LEAVE),
        {"key *1", "ask 2 callControl http://k $1 digits=*1"},
        {"left $1 removed", "ask 3 leaveConference http://l $1"},
        {"script 2 [{'Hangup':{}}]", ""},
        {"script 3 [{'Hangup':{}}]", "hangup appHangup"},
    };
    PLAY(playing);
    PLAY(asking);
}

static void addtoconference_moves_a_call(void **state)
{
    (void)state;
    static const struct line lines[] = {
        JOINED(CONTROL LEAVE),
        {"key *1", "ask 2 callControl http://k $1 digits=*1"},
        {"script 2 [{'AddToConference':{'conferenceId':'$2','leaveConferenceUrl':'http://m'}}]",
         "leave $1; post 3 leaveConference http://l $1; add @0 $2 t1 l1 d1 s1"},
        {"left $1 removed", ""},
        {"joined $2", ""},
        {"left $2 removed", "ask 4 leaveConference http://m $2"},
    };
    PLAY(lines);
}

static void addtoconference_into_the_same_one_changes_its_terms(void **state)
{
    (void)state;
    static const struct line lines[] = {
        JOINED(CONTROL LEAVE),
        {"key *1", "ask 2 callControl http://k $1 digits=*1"},
        {"script 2 [" ADD(",'talk':false,'leaveConferenceUrl':'http://m'") "]", "talk @0 0; listen @0 1; dtmf @0 1"},
        {"key *1", ""},
        {"left $1 removed", "ask 3 leaveConference http://m $1"},
    };
    PLAY(lines);
}

static void new_terms_watch_for_their_sequence_afresh(void **state)
{
    (void)state;
    static const struct line lines[] = {
        JOINED(CONTROL),
        {"key *1", "ask 2 callControl http://k $1 digits=*1"},
        {"script 2 [{'Pause':{'length':100}}," ADD(",'allowCallControl':true,'callControlSequence':'**',"
                                                   "'callControlUrl':'http://j'") "]",
         ""},
        {"key *", ""},
        {"wait 100", "talk @0 1; listen @0 1; dtmf @0 1"},
        {"key *", ""},
        {"key *", "ask 3 callControl http://j $1 digits=**"},
    };
    PLAY(lines);
}

static void another_calls_script_may_put_a_call_into_a_conference(void **state)
{
    (void)state;
    static const struct line busy[] = {
        OUTBOUND,
        {DIGITS(TWO_PROMPTS), "collect 1; say 2 pin"},
        {"add $2", "collect 0; stop 2; add @0 $2 t1 l0 d0 s0"},
        {"joined $2", ""},
        {"left $2 removed", "ask 3 leaveConference http://added $2"},
    };
    static const struct line moved[] = {
        JOINED(LEAVE),
        {"add $2", "leave $1; post 2 leaveConference http://l $1; add @0 $2 t1 l0 d0 s0"},
        {"over", ""},
    };
    static const struct line ringing[] = {
        INBOUND,
        {"add $2", "warning: another call's AddToConference came before the call was answered; skipped"},
        {"over", ""},
        {"add $2", ""},
    };
    PLAY(busy);
    PLAY(moved);
    PLAY(ringing);
}

static void keys_typed_before_a_conference_are_forgotten_in_it(void **state)
{
    (void)state;
    static const struct line lines[] = {
        OUTBOUND,
        {"key 1", ""},
        {"script 1 [" ADD(LEAVE) "]", "add @0 $1 t1 l1 d1 s1"},
        {"key 2", ""},
        {"joined $1", ""},
        {"left $1 removed", "ask 2 leaveConference http://l $1"},
        {"script 2 [{'GetDigits':{'actionUrl':'http://d'}}]", "collect 1"},
        {"key #", "collect 0; ask 3 getDigits http://d digits= reason=finishKey"},
    };
    PLAY(lines);
}

static void a_call_that_ends_on_its_way_in_is_in_no_conference(void **state)
{
    (void)state;
    struct player p;
    struct buffer out;
    player_open(&p, false);
    buffer_init(&out);
    assert_int_equal(player_apply(&p, "start out", &out), STATUS_OK);
    assert_int_equal(player_apply(&p, "script 1 [" ADD(LEAVE) "]", &out), STATUS_OK);
    assert_int_equal(strncmp(percl_run_conference(p.run), "CF1", 3), 0);
    buffer_clear(&out);
    assert_int_equal(player_apply(&p, "over", &out), STATUS_OK);
    assert_string_equal(buffer_text(&out), "");
    assert_string_equal(percl_run_conference(p.run), "");
    player_close(&p);
}

static void keys_typed_in_a_conference_are_not_kept(void **state)
{
    (void)state;
    static const struct line lines[] = {
        JOINED(LEAVE),
        {"key 123", ""},
        {"left $1 removed", "ask 2 leaveConference http://l $1"},
        {"key 4", ""},
        {"script 2 [{'GetDigits':{'actionUrl':'http://d','maxDigits':1}}]",
         "collect 1; collect 0; ask 3 getDigits http://d digits=4 reason=maxDigits"},
    };
    PLAY(lines);
}

/* ---- The matcher alone ---- */

static void the_longest_end_of_what_was_typed_counts(void **state)
{
    (void)state;
    static const struct {
        const char *sequence, *typed;
        int matches;
    } rows[] = {
        {"*1", "*1*1", 2}, {"*1", "**1", 1},   {"11", "1111", 2},   {"11", "111", 1},   {"1212*", "121212*", 1},
        {"#", "1#2##", 3}, {"123", "1123", 1}, {"123", "12123", 1}, {"123", "1 23", 0}, {"1121", "11121", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct percl_control c = {.count = 0};
        int matches = 0;
        for (const char *k = rows[i].typed; *k; k++)
            matches += percl_control_key(&c, rows[i].sequence, *k, 5);
        assert_int_equal(matches, rows[i].matches);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_command_that_needs_it_answers_the_call),
        cmocka_unit_test(an_empty_script_ends_the_call),
        cmocka_unit_test(reject_counts_only_first),
        cmocka_unit_test(a_pause_first_delays_the_answer),
        cmocka_unit_test(early_media_plays_before_the_answer_only),
        cmocka_unit_test(hangup_answers_first),
        cmocka_unit_test(the_fallback_is_asked_once),
        cmocka_unit_test(a_fallback_may_reject),
        cmocka_unit_test(what_is_wrong_with_an_answer_is_why_the_call_ends),
        cmocka_unit_test(a_bad_script_does_not_go_to_the_fallback),
        cmocka_unit_test(attributes_that_are_skipped_are_warned_of),
        cmocka_unit_test(a_late_answer_changes_nothing),
        cmocka_unit_test(a_call_is_redirected_256_times_at_most),
        cmocka_unit_test(plain_commands_go_on_by_themselves),
        cmocka_unit_test(a_playback_that_fails_is_a_warning),
        cmocka_unit_test(conference_commands_outside_of_one_are_skipped),
        cmocka_unit_test(others_that_are_named_are_acted_on),
        cmocka_unit_test(a_conference_is_made_and_reported),
        cmocka_unit_test(a_call_that_dials_goes_on_at_once),
        cmocka_unit_test(the_finishing_key_ends_getdigits_and_is_not_reported),
        cmocka_unit_test(prompts_follow_one_another_and_the_first_key_stops_them),
        cmocka_unit_test(a_key_in_a_prompts_pause_ends_the_prompts),
        cmocka_unit_test(the_initial_timer_starts_when_the_prompts_are_over),
        cmocka_unit_test(limits_and_privacy_decide_what_is_reported),
        cmocka_unit_test(without_a_limit_getdigits_holds_what_it_can),
        cmocka_unit_test(the_initial_timer_does_not_follow_a_key),
        cmocka_unit_test(keys_typed_ahead_count_and_skip_the_prompts),
        cmocka_unit_test(a_caller_who_hangs_up_in_getdigits_is_reported),
        cmocka_unit_test(an_utterance_ends_by_key_silence_or_length),
        cmocka_unit_test(a_caller_who_hangs_up_leaves_the_utterance_behind),
        cmocka_unit_test(a_runner_is_done_when_its_last_recording_is),
        cmocka_unit_test(joining_is_notified_and_the_rest_of_the_script_never_runs),
        cmocka_unit_test(a_conference_that_cannot_be_joined_ends_the_call),
        cmocka_unit_test(the_sequence_asks_for_a_script_and_the_call_stays),
        cmocka_unit_test(without_call_control_keys_mean_nothing),
        cmocka_unit_test(a_new_sequence_drops_the_last_script),
        cmocka_unit_test(a_bad_control_script_ends_that_leg),
        cmocka_unit_test(what_needs_a_call_alone_is_skipped_in_a_conference),
        cmocka_unit_test(a_call_that_is_put_out_goes_on_at_leaveconferenceurl),
        cmocka_unit_test(a_call_put_out_before_its_join_is_told_was_in_all_the_same),
        cmocka_unit_test(a_terminated_conference_ends_the_call_whatever_its_script),
        cmocka_unit_test(a_caller_who_hangs_up_is_said_to_have_left),
        cmocka_unit_test(control_scripts_remove_terminate_and_hang_up),
        cmocka_unit_test(being_put_out_drops_the_control_script),
        cmocka_unit_test(addtoconference_moves_a_call),
        cmocka_unit_test(addtoconference_into_the_same_one_changes_its_terms),
        cmocka_unit_test(new_terms_watch_for_their_sequence_afresh),
        cmocka_unit_test(another_calls_script_may_put_a_call_into_a_conference),
        cmocka_unit_test(keys_typed_before_a_conference_are_forgotten_in_it),
        cmocka_unit_test(a_call_that_ends_on_its_way_in_is_in_no_conference),
        cmocka_unit_test(keys_typed_in_a_conference_are_not_kept),
        cmocka_unit_test(the_longest_end_of_what_was_typed_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
