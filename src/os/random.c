#include "os/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *out, size_t len)
{
    unsigned char *at = out;
    while (len > 0) {
        ssize_t n = getrandom(at, len, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) abort();
        at += n;
        len -= (size_t)n;
    }
}

uint64_t random_u64(void)
{
    uint64_t value;
    random_bytes(&value, sizeof value);
    return value;
}

void random_id(id_text out, const char prefix[2])
{
    uint8_t bytes[ID_RANDOM_BYTES];
    random_bytes(bytes, sizeof bytes);
    id_format(out, prefix, bytes);
}
