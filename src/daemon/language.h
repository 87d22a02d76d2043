/**
 * @file language.h  Which voice speaks a language of Say: the API's language tags, and the default engine's voices.
 *
 * Tags are BCP 47, read without regard to case. A tag is listed only where the default engine speaks that language
 * from its usual script; Japanese is known and refused, as that engine reads kana only.
 * Thread: any.
 */
#ifndef PARLEY_DAEMON_LANGUAGE_H
#define PARLEY_DAEMON_LANGUAGE_H

#include <stddef.h>

#include "base/status.h"

/** What Say speaks where nothing else is said; and room for a refusal, with its NUL. */
#define LANGUAGE_DEFAULT "en-US"
enum { LANGUAGE_WHY_SIZE = 512 };

/**
 * @param tag         NULL or "": the default
 * @param[out] voice  static text
 * @param[out] why    on refusal a sentence without a full stop that names the allowed tags
 * @return STATUS_OK; STATUS_UNSUPPORTED (a language of the API that we do not speak); STATUS_INVALID (no such tag)
 */
MUST_CHECK status language_voice(const char *tag, const char **voice, char why[LANGUAGE_WHY_SIZE]);

/** The tag number index as it is written in the table; NULL past the last. */
const char *language_tag(size_t index);

#endif
