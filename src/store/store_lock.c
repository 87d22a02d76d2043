#include "store/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static status failed(const char *doing, const char *path, char why[STORE_WHY_SIZE])
{
    snprintf(why, STORE_WHY_SIZE, "cannot %s %s: %s", doing, path, strerror(errno));
    return STATUS_IO;
}

static status held_by(int fd, const char *data_dir, char why[STORE_WHY_SIZE])
{
    char pid[32] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);
    pid[n > 0 ? n : 0] = '\0';
    long holder = strtol(pid, NULL, 10);
    if (holder > 0) {
        snprintf(why, STORE_WHY_SIZE, "the data directory %s is in use by process %ld", data_dir, holder);
    } else {
        snprintf(why, STORE_WHY_SIZE, "the data directory %s is in use by another process", data_dir);
    }
    return STATUS_CONFLICT;
}

static status write_pid(int fd, const char *path, char why[STORE_WHY_SIZE])
{
    char pid[32];
    int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)len, 0) != len) return failed("write", path, why);
    return STATUS_OK;
}

status store_lock_take(int *fd, const char *data_dir, char why[STORE_WHY_SIZE])
{
    char path[STORE_PATH_SIZE];
    if (mkdir(data_dir, 0700) != 0 && errno != EEXIST) return failed("make the data directory", data_dir, why);
    if (snprintf(path, sizeof path, "%s/lock", data_dir) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return failed("use the data directory", data_dir, why);
    }
    int made = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (made < 0) return failed("open", path, why);
    status s = STATUS_OK;
    if (flock(made, LOCK_EX | LOCK_NB) != 0) {
        s = errno == EWOULDBLOCK ? held_by(made, data_dir, why) : failed("lock", path, why);
    } else {
        s = write_pid(made, path, why);
    }
    if (s != STATUS_OK) {
        close(made);
        return s;
    }
    *fd = made;
    return STATUS_OK;
}

status store_file_make(const char *data_dir, const char *path, char why[STORE_WHY_SIZE])
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return failed("open", path, why);
    close(fd);
    fd = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return failed("open", data_dir, why);
    int synced = fsync(fd);
    status s = synced == 0 ? STATUS_OK : failed("sync", data_dir, why);
    close(fd);
    return s;
}
