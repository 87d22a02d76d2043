/**
 * @file dtmf_info_fuzz.c  Any bytes as the body of an INFO: what is taken is a key, or none, for a time within bounds.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "signal/dtmf_info.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dtmf_info info;
    if (dtmf_info_parse(&info, (struct slice){(const char *)data, size}) != STATUS_OK) return 0;
    if (!strchr("0123456789*#ABCD", info.digit)) abort(); /* its end stands for none */
    if (info.duration_ms < DTMF_INFO_LEAST_MS || info.duration_ms > DTMF_INFO_MOST_MS) abort();
    return 0;
}
