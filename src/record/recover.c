#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/log.h"
#include "record/recorder.h"

enum { SUFFIX_LENGTH = 9 /* .wav.part */, HEADER_MAX = 4096 };

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool write_u32(int fd, uint64_t value, off_t at)
{
    uint32_t v = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
    uint8_t bytes[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
    return pwrite(fd, bytes, sizeof bytes, at) == (ssize_t)sizeof bytes;
}

/* Where the samples begin and how fast they are; false where it is no WAV header of ours. */
static bool find_data(int fd, off_t *data_at, uint32_t *rate_hz)
{
    uint8_t head[HEADER_MAX];
    ssize_t got = pread(fd, head, sizeof head, 0);
    if (got < 12 || memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "WAVE", 4) != 0) return false;
    uint32_t rate = 0;
    for (size_t at = 12; at + 8 <= (size_t)got;) {
        uint32_t size = read_u32(head + at + 4);
        if (memcmp(head + at, "data", 4) == 0) {
            *data_at = (off_t)at + 8;
            *rate_hz = rate;
            return rate > 0;
        }
        if (memcmp(head + at, "fmt ", 4) == 0 && at + 16 <= (size_t)got) rate = read_u32(head + at + 12);
        if (size > HEADER_MAX) return false;
        at += 8 + size + (size & 1);
    }
    return false;
}

/* Makes the header true to the size of the file and puts it on the disk. */
static status repair(int fd, struct recording_report *report)
{
    off_t data_at;
    struct stat s;
    if (fstat(fd, &s) < 0) return STATUS_IO;
    if (!find_data(fd, &data_at, &report->rate_hz) || s.st_size < data_at) return STATUS_INVALID;
    report->samples = (uint64_t)(s.st_size - data_at) / 2;
    report->bytes = (uint64_t)data_at + report->samples * 2;
    report->duration_ms = report->samples * 1000 / report->rate_hz;
    bool good = ftruncate(fd, (off_t)report->bytes) == 0 && write_u32(fd, report->bytes - 8, 4) &&
                write_u32(fd, report->samples * 2, data_at - 4) && fsync(fd) == 0;
    return good ? STATUS_OK : STATUS_IO;
}

static void recover_one(int dir_fd, const char *part, size_t stem, recorder_report_fn *found, void *arg)
{
    struct recording_report report = {.end = RECORDING_RECOVERED};
    memcpy(report.id, part, stem);
    int fd = openat(dir_fd, part, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    status result = fd < 0 ? STATUS_IO : repair(fd, &report);
    if (fd >= 0) close(fd);
    if (result == STATUS_INVALID) {
        unlinkat(dir_fd, part, 0); /* the crash came before the first header */
        return;
    }
    char name[ID_SIZE + SUFFIX_LENGTH];
    snprintf(name, sizeof name, "%s.wav", report.id);
    if (result != STATUS_OK || renameat(dir_fd, part, dir_fd, name) < 0 || fsync(dir_fd) < 0) {
        log_event(LOG_ERROR, "recording_not_recovered", "file=%s", part);
        return;
    }
    found(arg, &report);
}

status recorder_recover(const char *dir, recorder_report_fn *found, void *arg)
{
    DIR *d = opendir(dir);
    if (!d) return STATUS_IO;
    for (struct dirent *entry; (entry = readdir(d));) {
        size_t len = strlen(entry->d_name);
        if (len <= SUFFIX_LENGTH || len - SUFFIX_LENGTH > ID_LENGTH) continue;
        size_t stem = len - SUFFIX_LENGTH;
        if (strcmp(entry->d_name + stem, ".wav.part") == 0) recover_one(dirfd(d), entry->d_name, stem, found, arg);
    }
    closedir(d);
    return STATUS_OK;
}
