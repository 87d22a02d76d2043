#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/language.h"

static void a_tag_has_its_voice_in_any_case(void **state)
{
    (void)state;
    const struct {
        const char *tag, *voice;
    } rows[] = {
        {NULL, "en-us"},
        {"", "en-us"},
        {"en-US", "en-us"},
        {"EN-gb", "en-gb"},
        {"de-DE", "de"},
        {"fr-CA", "fr-fr"},
        {"zh-CN", "cmn-latn-pinyin"},
        {"zh-TW", "cmn-latn-pinyin"},
        {"zh-HK", "yue"},
        {"pt-BR", "pt-br"},
        {"pt-PT", "pt"},
        {"nb-NO", "nb"},
        {"es-MX", "es-419"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *voice = "";
        char why[LANGUAGE_WHY_SIZE] = "";
        assert_int_equal(language_voice(rows[i].tag, &voice, why), STATUS_OK);
        assert_string_equal(voice, rows[i].voice);
        assert_string_equal(why, "");
    }
}

static void what_cannot_be_spoken_is_refused_with_the_allowed_tags(void **state)
{
    (void)state;
    const struct {
        const char *tag;
        status result;
    } rows[] = {{"ja-JP", STATUS_UNSUPPORTED}, {"JA-jp", STATUS_UNSUPPORTED}, {"xx-YY", STATUS_INVALID},
                {"en", STATUS_INVALID},        {"en-us", STATUS_OK},          {"../en", STATUS_INVALID},
                {"en-US ", STATUS_INVALID}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *voice = "untouched";
        char why[LANGUAGE_WHY_SIZE] = "";
        assert_int_equal(language_voice(rows[i].tag, &voice, why), rows[i].result);
        if (rows[i].result == STATUS_OK) continue;
        assert_string_equal(voice, "untouched");
        assert_non_null(strstr(why, rows[i].tag));
        assert_non_null(strstr(why, "ca-ES, "));
        assert_non_null(strstr(why, ", zh-TW"));
        if (strcmp(rows[i].tag, "ja-JP") != 0) assert_null(strstr(why, "ja-JP"));
    }
}

static void a_long_tag_is_cut_in_the_refusal_and_the_list_still_fits(void **state)
{
    (void)state;
    char tag[5000], why[LANGUAGE_WHY_SIZE];
    const char *voice;
    memset(tag, 'x', sizeof tag);
    tag[sizeof tag - 1] = '\0';
    assert_int_equal(language_voice(tag, &voice, why), STATUS_INVALID);
    assert_string_equal(why + strlen(why) - 5, "zh-TW");
}

/* Runs the engine for every tag: a voice that it does not have ends it with an error. */
static void the_engine_has_every_voice(void **state)
{
    (void)state;
    size_t spoken = 0;
    const char *tag;
    for (size_t i = 0; (tag = language_tag(i)); i++) {
        const char *voice;
        char why[LANGUAGE_WHY_SIZE], command[128];
        if (language_voice(tag, &voice, why) != STATUS_OK) continue;
        snprintf(command, sizeof command, "espeak-ng -q -v %s 1 >/dev/null 2>&1", voice);
        if (system(command) != 0) fail_msg("%s has no voice %s", tag, voice);
        spoken++;
    }
    assert_int_equal(spoken, 26);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_has_its_voice_in_any_case),
        cmocka_unit_test(what_cannot_be_spoken_is_refused_with_the_allowed_tags),
        cmocka_unit_test(a_long_tag_is_cut_in_the_refusal_and_the_list_still_fits),
        cmocka_unit_test(the_engine_has_every_voice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
