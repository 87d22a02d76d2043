#include "short_memory.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
char *__real_strdup(const char *text);

static int until_failure; /* 0: memory is ample; n: the n-th allocation from now fails */

static bool memory_is_short(void)
{
    return until_failure > 0 && --until_failure == 0;
}

void *__wrap_malloc(size_t size)
{
    return memory_is_short() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return memory_is_short() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *at, size_t size)
{
    return memory_is_short() ? NULL : __real_realloc(at, size);
}

char *__wrap_strdup(const char *text)
{
    return memory_is_short() ? NULL : __real_strdup(text);
}

void memory_fail_at(int n)
{
    until_failure = n;
}

bool memory_sufficed(void)
{
    bool sufficed = until_failure > 0;
    until_failure = 0;
    return sufficed;
}
