#include "daemon/language.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A voice of NULL: a language of the API that the default engine does not speak. */
struct language {
    const char *tag, *voice;
};

/*
 * The tags are those of Say in the API. The voices are espeak-ng's: its cmn reads Chinese characters through English
 * phonemes, so Mandarin is cmn-latn-pinyin; it has no Japanese beyond kana, and no English of Canada or India.
 */
static const struct language languages[] = {
    {"ca-ES", "ca"},
    {"da-DK", "da"},
    {"de-DE", "de"},
    {"en-AU", "en-gb"},
    {"en-CA", "en-us"},
    {"en-GB", "en-gb"},
    {"en-IN", "en-gb"},
    {"en-US", "en-us"},
    {"es-ES", "es"},
    {"es-MX", "es-419"},
    {"fi-FI", "fi"},
    {"fr-CA", "fr-fr"},
    {"fr-FR", "fr-fr"},
    {"it-IT", "it"},
    {"ja-JP", NULL},
    {"ko-KR", "ko"},
    {"no-NO", "nb"},
    {"nb-NO", "nb"},
    {"nl-NL", "nl"},
    {"pl-PL", "pl"},
    {"pt-BR", "pt-br"},
    {"pt-PT", "pt"},
    {"ru-RU", "ru"},
    {"sv-SE", "sv"},
    {"zh-CN", "cmn-latn-pinyin"},
    {"zh-HK", "yue"},
    {"zh-TW", "cmn-latn-pinyin"},
};

enum { LANGUAGES = sizeof languages / sizeof languages[0] };

static void refuse(char why[LANGUAGE_WHY_SIZE], const char *tag, const char *what)
{
    int n = snprintf(why, LANGUAGE_WHY_SIZE, "language %.40s %s; allowed are", tag, what);
    const char *between = " ";
    for (size_t i = 0; i < LANGUAGES; i++) {
        if (!languages[i].voice) continue;
        n += snprintf(why + n, LANGUAGE_WHY_SIZE - (size_t)n, "%s%s", between, languages[i].tag);
        between = ", ";
    }
}

status language_voice(const char *tag, const char **voice, char why[LANGUAGE_WHY_SIZE])
{
    if (!tag || !tag[0]) tag = LANGUAGE_DEFAULT;
    for (size_t i = 0; i < LANGUAGES; i++) {
        if (strcasecmp(tag, languages[i].tag) != 0) continue;
        if (!languages[i].voice) {
            refuse(why, tag, "cannot be spoken by this server");
            return STATUS_UNSUPPORTED;
        }
        *voice = languages[i].voice;
        return STATUS_OK;
    }
    refuse(why, tag, "is not known");
    return STATUS_INVALID;
}

const char *language_tag(size_t index)
{
    return index < LANGUAGES ? languages[index].tag : NULL;
}
