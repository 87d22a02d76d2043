/**
 * @file percl_value.h  One attribute's value: from JSON into its field, by its row of the table. Not for other folders.
 *
 * Prompts are read by the parser, for they are commands again.
 * Thread: any; no state.
 */
#ifndef PARLEY_PERCL_PERCL_VALUE_H
#define PARLEY_PERCL_PERCL_VALUE_H

#include <jansson.h>
#include <stddef.h>

#include "base/status.h"
#include "percl/percl_command.h"

/** Sets the default; the field was zero. @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status percl_value_default(struct percl_command *c, const struct percl_attribute *a);

/** Sets what a value that is not null says. @return STATUS_OK; STATUS_INVALID; STATUS_NO_MEMORY */
MUST_CHECK status percl_value_read(struct percl_command *c, const struct percl_attribute *a, const json_t *value);

/** What is allowed, to be put behind "must be". @return out */
const char *percl_value_allowed(const struct percl_attribute *a, char *out, size_t size);

#endif
