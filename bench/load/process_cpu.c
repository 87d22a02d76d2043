#include "load/process_cpu.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int64_t process_cpu_us(pid_t pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    if (!f) return -1;
    size_t len = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[len] = 0;
    /* The second field is the name in brackets, which may hold anything: fields are counted behind the last ')'. */
    const char *rest = strrchr(text, ')');
    unsigned long user, system;
    if (!rest || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        return -1;
    return (int64_t)(user + system) * 1000000 / sysconf(_SC_CLK_TCK);
}
