#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "percl/percl_parse.h"

#define CA          "CA0123456789012345678901234567890123456789"
#define CF          "CF0123456789012345678901234567890123456789"
#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

static struct percl_script *parsed(const char *text)
{
    struct percl_script *script = NULL;
    struct percl_fault fault = {.why = ""};
    status s = percl_parse(&script, slice_of(text), &fault);
    if (s != STATUS_OK) fail_msg("%s: %s %s", text, fault.member, fault.why);
    return script;
}

/** The one command of a script. */
static struct percl_command *only(struct percl_script *script)
{
    assert_int_equal(script->count, 1);
    assert_int_equal(script->commands[0].index, 0);
    return &script->commands[0];
}

static void what_the_sdks_write_is_read_without_a_warning(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "[]",
        "",
        " \r\n",
        "[{\"CreateConference\":{\"actionUrl\":\"https://a\",\"record\":true,\"playBeep\":\"entryOnly\"}}]",
        "[{\"AddToConference\":{\"conferenceId\":\"" CF "\",\"callId\":\"" CA
        "\",\"startConfOnEnter\":false,\"leaveConferenceUrl\":\"https://l\"}}]",
        "[{\"RemoveFromConference\":{\"callId\":\"" CA "\"}}]",
        "[{\"TerminateConference\":{\"conferenceId\":\"" CF "\"}}]",
        "[{\"SetTalk\":{\"callId\":\"" CA "\",\"talk\":false}}]",
        "[{\"SetListen\":{\"callId\":\"" CA "\"}}]",
        "[{\"OutDial\":{\"destination\":\"+15550001\",\"callingNumber\":\"+15550002\",\"actionUrl\":\"https://a\","
        "\"callConnectUrl\":\"https://c\"}}]",
        "[{\"OutDial\":{\"destination\":\"+15550001\",\"callingNumber\":\"+15550002\",\"actionUrl\":\"http://a\","
        "\"callConnectUrl\":\"http://c\",\"sendDigits\":\"1493#\",\"timeout\":93,\"ifMachine\":\"redirect\","
        "\"ifMachineUrl\":\"http://if.machine\",\"statusCallbackUrl\":\"http://s\",\"privacyMode\":true}}]",
        "[{\"Hangup\":{}}]",
        "[{\"Hangup\":{\"callId\":\"" CA "\",\"reason\":\"Test reason\"}}]",
        "[{\"Pause\":{\"length\":20}}]",
        "[{\"Redirect\":{\"actionUrl\":\"http://action.url\"}}]",
        "[{\"SendDigits\":{\"digits\":\"1234#\",\"pauseMs\":1000,\"privacyMode\":true}}]",
        "[{\"Say\":{\"text\":\"hello\",\"loop\":1}}]",
        "[{\"Say\":{\"text\":\"hello\",\"loop\":1,\"language\":\"es-MX\",\"privacyMode\":false}}]",
        "[{\"Say\":{\"text\":\"hi\",\"engine\":{\"name\":\"freeclimb.standard\",\"parameters\":{\"a\":\"b\"}}}}]",
        "[{\"Play\":{\"file\":\"http://play.me/a.wav\",\"loop\":0}}]",
        "[{\"PlayEarlyMedia\":{\"file\":\"http://play.me/a.wav\"}}]",
        "[{\"Reject\":{}}]",
        "[{\"Reject\":{\"reason\":\"no\"}}]",
        "[{\"StartRecordCall\":{}}]",
        "[{\"StartRecordCall\":null}]",
        "[{\"RecordUtterance\":{\"actionUrl\":\"http://a\",\"silenceTimeoutMs\":2000,\"finishOnKey\":\"*\","
        "\"maxLengthSec\":30,\"playBeep\":true,\"autoStart\":true,\"privacyMode\":true}}]",
        "[{\"GetDigits\":{\"actionUrl\":\"http://a\",\"prompts\":[{\"Say\":{\"text\":\"PIN\",\"loop\":1}},"
        "{\"Play\":{\"file\":\"http://f\"}},{\"Pause\":{\"length\":100}}],\"maxDigits\":4,\"minDigits\":4,"
        "\"flushBuffer\":true,\"initialTimeoutMs\":5000,\"digitTimeoutMs\":1000,\"finishOnKey\":\"#\"}}]",
        "[{\"RemoveFromConference\":{}},{\"TerminateConference\":{}},{\"SetTalk\":{\"talk\":false}},"
        "{\"SetDTMFPassThrough\":{\"dtmfPassThrough\":true}}]",
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct percl_script *script = parsed(rows[i]);
        assert_int_equal(script->warning_count, 0);
        percl_script_destroy(script);
    }
}

static void what_is_absent_has_its_default(void **state)
{
    (void)state;
    struct percl_script *s = parsed("[{\"AddToConference\":{\"conferenceId\":\"" CF "\",\"talk\":null}}]");
    const struct percl_add_to_conference *add = &only(s)->add;
    assert_true(add->talk && add->listen && add->start_conf_on_enter && add->dtmf_pass_through);
    assert_false(add->allow_call_control);
    assert_null(add->leave_conference_url);
    assert_string_equal(add->conference, CF);
    assert_string_equal(add->call, "");
    percl_script_destroy(s);

    s = parsed("[{\"GetDigits\":{\"actionUrl\":\"http://a\"}}]");
    const struct percl_get_digits *g = &only(s)->get_digits;
    assert_int_equal(g->max_digits, 16);
    assert_int_equal(g->min_digits, 0);
    assert_int_equal(g->finish_on_key, '#');
    assert_int_equal(g->digit_timeout_ms, 3000);
    assert_int_equal(g->initial_timeout_ms, 8000);
    assert_false(g->flush_buffer);
    assert_int_equal(g->prompt_count, 0);
    percl_script_destroy(s);

    s = parsed("[{\"Say\":{\"text\":\"\"}}]");
    assert_int_equal(only(s)->play.loop, 1);
    assert_string_equal(only(s)->play.text, "");
    assert_string_equal(only(s)->play.language, "en-US");
    assert_null(only(s)->play.engine);
    percl_script_destroy(s);

    s = parsed("[{\"CreateConference\":{\"actionUrl\":\"http://a\"}}]");
    assert_int_equal(only(s)->create.play_beep, PLAY_BEEP_ALWAYS);
    assert_false(only(s)->create.record);
    percl_script_destroy(s);

    s = parsed("[{\"SetTalk\":{}}]");
    assert_true(only(s)->target.on);
    percl_script_destroy(s);

    s = parsed("[{\"OutDial\":{\"destination\":\"a\",\"callingNumber\":\"b\",\"actionUrl\":\"http://a\","
               "\"callConnectUrl\":\"http://b\"}}]");
    assert_int_equal(only(s)->out_dial.timeout_s, 30);
    percl_script_destroy(s);

    s = parsed("[{\"RecordUtterance\":{\"actionUrl\":\"http://a\"}}]");
    assert_int_equal(only(s)->record.max_length_s, 60);
    assert_int_equal(only(s)->record.silence_timeout_ms, 3000);
    assert_int_equal(only(s)->record.finish_on_key, '#');
    assert_false(only(s)->record.play_beep || only(s)->record.auto_start);
    percl_script_destroy(s);
}

static void the_pause_between_sent_digits_is_clamped(void **state)
{
    (void)state;
    static const struct {
        const char *pause;
        uint32_t ms;
    } rows[] = {{"null", 500}, {"0", 100}, {"-5", 100}, {"99", 100}, {"100", 100}, {"250.0", 250}, {"5000", 1000}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[100];
        snprintf(text, sizeof text, "[{\"SendDigits\":{\"digits\":\"1{4}#\",\"pauseMs\":%s}}]", rows[i].pause);
        struct percl_script *s = parsed(text);
        assert_int_equal(only(s)->send_digits.pause_ms, rows[i].ms);
        percl_script_destroy(s);
    }
}

static void unknown_attributes_are_warned_of_and_skipped(void **state)
{
    (void)state;
    struct percl_script *s =
        parsed("[{\"Pause\":{\"length\":1}},{\"GetDigits\":{\"actionUrl\":\"http://a\",\"colour\":\"red\","
               "\"prompts\":[{\"Say\":{\"text\":\"x\",\"voice\":1}}]}}]");
    assert_int_equal(s->count, 2);
    assert_int_equal(s->warning_count, 2);
    char text[PERCL_FAULT_TEXT];
    assert_string_equal(percl_fault_text(&s->warnings[0], text),
                        "command 1 (GetDigits): prompts[0].Say.voice is not an attribute of Say and is skipped");
    assert_string_equal(percl_fault_text(&s->warnings[1], text),
                        "command 1 (GetDigits): colour is not an attribute of GetDigits and is skipped");
    percl_script_destroy(s);
}

static void many_unknown_attributes_are_warned_of_up_to_a_limit(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b);
    buffer_append_text(&b, "[{\"Hangup\":{");
    for (int i = 0; i < 100; i++)
        buffer_printf(&b, "%s\"x%d\":1", i ? "," : "", i);
    buffer_append_text(&b, "}}]");
    struct percl_script *s = parsed(buffer_text(&b));
    assert_int_equal(s->warning_count, PERCL_WARNINGS_MAX);
    percl_script_destroy(s);
    buffer_clear(&b);
}

/** Invalid rows: the whole sentence is the promise. */
struct invalid {
    const char *text;
    enum percl_end end;
    const char *why;
};

static const struct invalid invalid_rows[] = {
    {"{", PERCL_END_WEBHOOK_INVALID_RESPONSE, "the answer is not JSON: line 1, column 1"},
    {"OK", PERCL_END_WEBHOOK_INVALID_RESPONSE, "the answer is not JSON: line 1, column 2"},
    {"[] []", PERCL_END_WEBHOOK_INVALID_RESPONSE, "the answer is not JSON: line 1, column 4"},
    {"{}", PERCL_END_APP_INVALID_PERCL, "a script must be an array of commands"},
    {"[1]", PERCL_END_APP_INVALID_PERCL, "command 0 (?): must be an object with one key, the name of the command"},
    {"[{}]", PERCL_END_APP_INVALID_PERCL, "command 0 (?): must be an object with one key, the name of the command"},
    {"[{\"Say\":{\"text\":\"a\"},\"Hangup\":{}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (?): must be an object with one key, the name of the command"},
    {"[{\"Hangup\":{}},{\"Dance\":{}}]", PERCL_END_APP_INVALID_PERCL,
     "command 1 (?): there is no command named \"Dance\""},
    {"[{\"say\":{\"text\":\"a\"}}]", PERCL_END_APP_INVALID_PERCL, "command 0 (?): there is no command named \"say\""},
    {"[{\"Hangup\":[]}]", PERCL_END_APP_INVALID_PERCL, "command 0 (Hangup): the attributes must be an object"},
    {"[{\"Say\":{}}]", PERCL_END_APP_INVALID_PERCL, "command 0 (Say): text is required"},
    {"[{\"Say\":{\"text\":null}}]", PERCL_END_APP_INVALID_PERCL, "command 0 (Say): text is required"},
    {"[{\"Say\":{\"text\":5}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (Say): text must be a string of 0 to 4096 bytes"},
    {"[{\"Say\":{\"text\":\"a\",\"loop\":-1}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (Say): loop must be an integer from 0 to 4294967295"},
    {"[{\"Say\":{\"text\":\"a\",\"loop\":1.5}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (Say): loop must be an integer from 0 to 4294967295"},
    {"[{\"Say\":{\"text\":\"a\",\"engine\":\"x\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (Say): engine must be an object with a name"},
    {"[{\"Play\":{\"file\":\"a.wav\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (Play): file must be an absolute http or https URL of at most 8192 bytes"},
    {"[{\"Play\":{\"file\":\"ftp://a/a.wav\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (Play): file must be an absolute http or https URL of at most 8192 bytes"},
    {"[{\"Play\":{\"file\":\"http:///a\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (Play): file must be an absolute http or https URL of at most 8192 bytes"},
    {"[{\"Play\":{\"file\":\"http://a b\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (Play): file must be an absolute http or https URL of at most 8192 bytes"},
    {"[{\"Pause\":{}}]", PERCL_END_APP_INVALID_PERCL, "command 0 (Pause): length is required"},
    {"[{\"Pause\":{\"length\":\"100\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (Pause): length must be an integer from 0 to 86400000"},
    {"[{\"Hangup\":{}},{\"Hangup\":{}},{\"GetDigits\":{\"actionUrl\":\"http://a\",\"finishOnKey\":\"A\"}}]",
     PERCL_END_APP_INVALID_PERCL, "command 2 (GetDigits): finishOnKey must be one of 0-9 * #"},
    {"[{\"GetDigits\":{\"actionUrl\":\"http://a\",\"finishOnKey\":\"12\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (GetDigits): finishOnKey must be one of 0-9 * #"},
    {"[{\"GetDigits\":{\"actionUrl\":\"http://a\",\"initialTimeoutMs\":0}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (GetDigits): initialTimeoutMs must be an integer from 1 to 3600000"},
    {"[{\"GetDigits\":{\"actionUrl\":\"http://a\",\"flushBuffer\":\"yes\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (GetDigits): flushBuffer must be true or false"},
    {"[{\"GetDigits\":{\"actionUrl\":\"http://a\",\"prompts\":{}}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (GetDigits): prompts must be an array of at most 100 commands"},
    {"[{\"GetDigits\":{\"actionUrl\":\"http://a\",\"prompts\":[{\"Hangup\":{}}]}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (GetDigits): prompts[0] must be an object with one key: Say, Play or Pause"},
    {"[{\"GetDigits\":{\"actionUrl\":\"http://a\",\"prompts\":[{\"Say\":{\"text\":\"a\"}},{\"Say\":{}}]}}]",
     PERCL_END_APP_INVALID_PERCL, "command 0 (GetDigits): prompts[1].Say.text is required"},
    {"[{\"GetDigits\":{\"actionUrl\":\"http://a\",\"prompts\":[3]}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (GetDigits): prompts[0] must be an object with one key: Say, Play or Pause"},
    {"[{\"SendDigits\":{\"digits\":\"\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (SendDigits): digits must be a string of 0-9 * # and pauses {n}, n being 0 to 1000"},
    {"[{\"SendDigits\":{\"digits\":\"1{x}\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (SendDigits): digits must be a string of 0-9 * # and pauses {n}, n being 0 to 1000"},
    {"[{\"SendDigits\":{\"digits\":\"1{4\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (SendDigits): digits must be a string of 0-9 * # and pauses {n}, n being 0 to 1000"},
    {"[{\"SendDigits\":{\"digits\":\"12a\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (SendDigits): digits must be a string of 0-9 * # and pauses {n}, n being 0 to 1000"},
    {"[{\"AddToConference\":{}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (AddToConference): conferenceId is required"},
    {"[{\"AddToConference\":{\"conferenceId\":\"\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (AddToConference): conferenceId must be a conference id: CF and 40 hex digits"},
    {"[{\"AddToConference\":{\"conferenceId\":\"" CF "\",\"talk\":\"true\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (AddToConference): talk must be true or false"},
    {"[{\"AddToConference\":{\"conferenceId\":\"" CF "\",\"allowCallControl\":true}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (AddToConference): callControlSequence is required where allowCallControl is true"},
    {"[{\"AddToConference\":{\"conferenceId\":\"" CF "\",\"allowCallControl\":true,\"callControlSequence\":\"*1\"}}]",
     PERCL_END_APP_INVALID_PERCL,
     "command 0 (AddToConference): callControlUrl is required where allowCallControl is true"},
    {"[{\"AddToConference\":{\"conferenceId\":\"" CF "\",\"callControlSequence\":\"1a\"}}]",
     PERCL_END_APP_INVALID_PERCL,
     "command 0 (AddToConference): callControlSequence must be a string of 1 to 32 of 0-9 * #"},
    {"[{\"AddToConference\":{\"conferenceId\":\"" CF "\",\"callId\":\"me\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (AddToConference): callId must be a call id: CA and 40 hex digits"},
    {"[{\"CreateConference\":{\"actionUrl\":\"http://a\",\"playBeep\":\"sometimes\"}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (CreateConference): playBeep must be always, never, entryOnly or exitOnly"},
    {"[{\"CreateConference\":{\"actionUrl\":\"http://a\",\"alias\":"
     "\"0123456789012345678901234567890123456789012345678901234567890123x\"}}]",
     PERCL_END_APP_INVALID_PERCL, "command 0 (CreateConference): alias must be a string of at most 64 characters"},
    {"[{\"CreateConference\":{}}]", PERCL_END_APP_INVALID_PERCL, "command 0 (CreateConference): actionUrl is required"},
    {"[{\"OutDial\":{\"destination\":\"\",\"callingNumber\":\"b\",\"actionUrl\":\"http://a\",\"callConnectUrl\":"
     "\"http://b\"}}]",
     PERCL_END_APP_INVALID_PERCL, "command 0 (OutDial): destination must be a string of 1 to 1024 bytes"},
    {"[{\"OutDial\":{\"destination\":\"a\",\"callingNumber\":\"b\",\"actionUrl\":\"http://a\",\"callConnectUrl\":"
     "\"http://b\",\"ifMachine\":\"redirect\"}}]",
     PERCL_END_APP_INVALID_PERCL, "command 0 (OutDial): ifMachineUrl is required where ifMachine is redirect"},
    {"[{\"OutDial\":{\"destination\":\"a\",\"callingNumber\":\"b\",\"actionUrl\":\"http://a\",\"callConnectUrl\":"
     "\"http://b\",\"ifMachine\":\"sing\"}}]",
     PERCL_END_APP_INVALID_PERCL, "command 0 (OutDial): ifMachine must be redirect or hangup"},
    {"[{\"RecordUtterance\":{\"actionUrl\":\"http://a\",\"maxLengthSec\":1}}]", PERCL_END_APP_INVALID_PERCL,
     "command 0 (RecordUtterance): maxLengthSec must be an integer from 2 to 86400"},
    {"[{\"Redirect\":{}}]", PERCL_END_APP_INVALID_PERCL, "command 0 (Redirect): actionUrl is required"},
    {"[{\"Pause\":{\"length\":1}},{\"Sms\":{\"from\":\"a\"}}]", PERCL_END_PERCL_PROCESSING_ERROR,
     "command 1 (?): Sms is a command of PerCL that is not supported here"},
};

static void what_is_wrong_is_said_with_its_place_and_what_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(invalid_rows); i++) {
        const struct invalid *row = &invalid_rows[i];
        struct percl_script *script = NULL;
        struct percl_fault fault;
        char text[PERCL_FAULT_TEXT];
        status s = percl_parse(&script, slice_of(row->text), &fault);
        bool refused = row->end == PERCL_END_PERCL_PROCESSING_ERROR;
        assert_int_equal(s, refused ? STATUS_UNSUPPORTED : STATUS_INVALID);
        assert_null(script);
        assert_string_equal(percl_fault_text(&fault, text), row->why);
        assert_int_equal(percl_fault_end(&fault), row->end);
    }
}

static void every_other_command_of_percl_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"Enqueue", "Dequeue", "GetSpeech", "TranscribeUtterance",
                                        "Sms",     "Park",    "Unpark",    "AudioStream"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char text[64];
        struct percl_script *script = NULL;
        struct percl_fault fault;
        snprintf(text, sizeof text, "[{\"%s\":{}}]", names[i]);
        assert_int_equal(percl_parse(&script, slice_of(text), &fault), STATUS_UNSUPPORTED);
        assert_non_null(strstr(fault.why, names[i]));
    }
}

static void sizes_and_depth_are_bounded(void **state)
{
    (void)state;
    struct percl_script *script = NULL;
    struct percl_fault fault;
    struct buffer b;
    buffer_init(&b);
    for (int i = 0; i < 100000; i++)
        buffer_append_text(&b, "[");
    assert_int_equal(percl_parse(&script, slice_of(buffer_text(&b)), &fault), STATUS_INVALID);
    assert_int_equal(fault.kind, PERCL_FAULT_BODY);
    buffer_clear(&b);

    buffer_append_text(&b, "[{\"Say\":{\"text\":\"");
    for (int i = 0; i < PERCL_TEXT_BYTES; i++)
        buffer_append_text(&b, "x");
    size_t fits = b.len;
    buffer_append_text(&b, "\"}}]");
    percl_script_destroy(parsed(buffer_text(&b)));
    b.len = fits;
    buffer_append_text(&b, "x\"}}]");
    assert_int_equal(percl_parse(&script, slice_of(buffer_text(&b)), &fault), STATUS_INVALID);
    assert_int_equal(fault.kind, PERCL_FAULT_SCRIPT);
    buffer_clear(&b);

    buffer_append_text(&b, "[{\"Hangup\":{}}");
    for (int i = 1; i < PERCL_SCRIPT_COMMANDS; i++)
        buffer_append_text(&b, ",{\"Hangup\":{}}");
    fits = b.len;
    buffer_append_text(&b, "]");
    percl_script_destroy(parsed(buffer_text(&b)));
    b.len = fits;
    buffer_append_text(&b, ",{\"Hangup\":{}}]");
    assert_int_equal(percl_parse(&script, slice_of(buffer_text(&b)), &fault), STATUS_INVALID);
    assert_string_equal(fault.why, "a script may have 1000 commands at most");
    buffer_clear(&b);

    char *big = calloc(1, PERCL_SCRIPT_BYTES + 2);
    memset(big, '1', PERCL_SCRIPT_BYTES + 1);
    assert_int_equal(percl_parse(&script, slice_of(big), &fault), STATUS_INVALID);
    assert_string_equal(fault.why, "a script may have 262144 bytes at most");
    free(big);
    assert_null(script);
}

static void a_name_from_outside_fits_its_fault(void **state)
{
    (void)state;
    char name[2000], text[2100];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct percl_script *script = NULL;
    struct percl_fault fault;
    snprintf(text, sizeof text, "[{\"%s\":{}}]", name);
    assert_int_equal(percl_parse(&script, slice_of(text), &fault), STATUS_INVALID);
    snprintf(text, sizeof text, "[{\"Hangup\":{\"%s\":1}}]", name);
    script = parsed(text);
    assert_int_equal(script->warning_count, 1);
    assert_int_equal(strlen(script->warnings[0].member), sizeof fault.member - 1);
    percl_script_destroy(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_sdks_write_is_read_without_a_warning),
        cmocka_unit_test(what_is_absent_has_its_default),
        cmocka_unit_test(the_pause_between_sent_digits_is_clamped),
        cmocka_unit_test(unknown_attributes_are_warned_of_and_skipped),
        cmocka_unit_test(many_unknown_attributes_are_warned_of_up_to_a_limit),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place_and_what_is_allowed),
        cmocka_unit_test(every_other_command_of_percl_is_refused),
        cmocka_unit_test(sizes_and_depth_are_bounded),
        cmocka_unit_test(a_name_from_outside_fits_its_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
