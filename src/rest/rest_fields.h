/**
 * @file rest_fields.h  Members of a JSON body, read by a table into a struct.
 *
 * Members that the table does not name are skipped; null counts as absent; what is absent leaves the struct as it is.
 * Thread: any; the only state is what the URL check reads.
 */
#ifndef PARLEY_REST_REST_FIELDS_H
#define PARLEY_REST_REST_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "net/fetch_guard.h"

/** What is wrong: the member, and what is allowed. */
struct rest_fault {
    const char *member; /**< "" where the body as a whole is */
    bool missing;       /**< it must be there and is not */
    char why[FETCH_WHY_SIZE];
};

/** As fetch_guard_url(). */
typedef status rest_check_url_fn(void *arg, const char *url, char why[FETCH_WHY_SIZE]);

enum rest_field_type {
    REST_FIELD_TEXT, /**< const char *, well-formed UTF-8 of min to max characters */
    REST_FIELD_URL,  /**< const char *, a URL that clients may give, or "" */
    REST_FIELD_WORD, /**< const char *, one of words */
    REST_FIELD_ID,   /**< id_text, with the prefix in words, or "" */
    REST_FIELD_FLAG, /**< bool */
    REST_FIELD_U32,  /**< uint32_t, a whole number of min to max */
};

struct rest_field {
    const char *name;
    enum rest_field_type type;
    size_t at; /**< offset in the struct */
    uint32_t min, max;
    const char *words; /**< "redirect|hangup"; a prefix: "AP" */
    bool required;
};

/**
 * Reads all fields, or none where one is wrong. Texts are borrowed from the body.
 *
 * @param out    of size bytes
 * @param check  NULL where no field is a URL
 * @return STATUS_OK; STATUS_INVALID
 */
MUST_CHECK status rest_fields_read(void *out, size_t size, const struct rest_field *fields, size_t count,
                                   const json_t *body, rest_check_url_fn *check, void *arg, struct rest_fault *fault);

/** Fills the fault. @return STATUS_INVALID */
status rest_fault_set(struct rest_fault *fault, const char *member, const char *why);

/** The same for what must be there. */
status rest_fault_missing(struct rest_fault *fault, const char *member, const char *why);

/** Characters of well-formed UTF-8 without control characters. @return false where it is none */
bool rest_text_length(const char *text, size_t *characters);

#endif
