/**
 * @file percl_parse.h  A PerCL script: the JSON array that a webhook is answered with, read into typed commands.
 *
 * An element is an object with one key, the command; its value an object of attributes, or null for none. Attributes
 * that a command does not have are skipped with a warning; null counts as absent; a number may be written as 30
 * or 30.0. A body without a byte but white space is an empty script. The whole script is checked before any of it runs:
 * one bad command, also behind a terminal one, refuses it all.
 *
 * Thread: any; no state.
 */
#ifndef PARLEY_PERCL_PERCL_PARSE_H
#define PARLEY_PERCL_PERCL_PARSE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/status.h"
#include "percl/percl_command.h"
#include "percl/percl_end.h"

enum {
    PERCL_SCRIPT_BYTES = 256 * 1024, /**< of a script's JSON */
    PERCL_SCRIPT_COMMANDS = 1000,
    PERCL_PROMPTS_MAX = 100,
    PERCL_WARNINGS_MAX = 16, /**< kept of one script */
    PERCL_FAULT_TEXT = 320,  /**< ample for percl_fault_text() */
};

enum percl_fault_kind {
    PERCL_FAULT_BODY,    /**< no JSON, too long, too deep: webhookInvalidResponse */
    PERCL_FAULT_SCRIPT,  /**< JSON, and no valid PerCL: appInvalidPercl */
    PERCL_FAULT_REFUSED, /**< a command of PerCL that is not run here: perclProcessingError */
};

/** What is wrong, where, and what is allowed. */
struct percl_fault {
    enum percl_fault_kind kind;
    int32_t index;       /**< of the command, from 0; -1: the script as a whole */
    const char *command; /**< static; "" where it has no known name */
    char member[64];     /**< "finishOnKey", "prompts[1].Say.text"; "" where the command as a whole is */
    char why[160];       /**< "must be one of 0-9 * #" */
};

struct percl_script {
    struct percl_command *commands; /**< owned */
    size_t count;
    struct percl_fault *warnings; /**< owned; attributes that were skipped */
    size_t warning_count;
};

/**
 * Reads a script.
 *
 * @param[out] out   owned by the caller: percl_script_destroy()
 * @param fault      filled with STATUS_INVALID and STATUS_UNSUPPORTED
 * @return STATUS_OK; STATUS_INVALID; STATUS_UNSUPPORTED (PERCL_FAULT_REFUSED); STATUS_NO_MEMORY
 */
MUST_CHECK status percl_parse(struct percl_script **out, struct slice text, struct percl_fault *fault);

/** The same of JSON that has been read. The value stays the caller's. */
MUST_CHECK status percl_parse_json(struct percl_script **out, const json_t *value, struct percl_fault *fault);

/** NULL is allowed. */
void percl_script_destroy(struct percl_script *script);

/** "command 2 (GetDigits): finishOnKey must be one of 0-9 * #". @return out */
const char *percl_fault_text(const struct percl_fault *fault, char out[PERCL_FAULT_TEXT]);

/** What a call ends with whose script has this fault. */
enum percl_end percl_fault_end(const struct percl_fault *fault);

#endif
