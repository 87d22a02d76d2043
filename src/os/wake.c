#include "os/wake.h"

#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

status wake_open(int *fd)
{
    int made = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (made < 0) return STATUS_IO;
    *fd = made;
    return STATUS_OK;
}

void wake_close(int fd)
{
    if (fd >= 0) close(fd);
}

void wake_signal(int fd)
{
    eventfd_write(fd, 1); /* fails only where 2^64 - 1 signals are pending: then it is awake */
}

void wake_drain(int fd)
{
    eventfd_t count;
    eventfd_read(fd, &count);
}
