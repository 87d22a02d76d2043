#include "daemon/sip_adopt.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COMMAND_LINE_MAX = 16384 };

static bool same_argument(const char *ours, const char *its)
{
    const char *port = strrchr(ours, ':');
    if (strcmp(ours, its) == 0) return true;
    return port && strcmp(port, ":0") == 0 && strncmp(ours, its, (size_t)(port + 1 - ours)) == 0 &&
           !strchr(its + (port + 1 - ours), ':');
}

bool sip_adopt_fits(pid_t pid, char *const *arguments)
{
    char path[64], line[COMMAND_LINE_MAX + 1];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, line, COMMAND_LINE_MAX) : -1;
    if (fd >= 0) close(fd);
    if (len <= 0 || len == COMMAND_LINE_MAX) return true;
    line[len] = '\0';
    const char *end = line + len, *its = line + strlen(line) + 1; /* wherever the program lies */
    for (size_t i = 1; arguments[i]; i++, its += strlen(its) + 1) {
        if (its >= end || !same_argument(arguments[i], its)) return false;
    }
    return its >= end;
}
