#include <dirent.h>
#include <fcntl.h>
#include <sndfile.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/log.h"
#include "record/convert.h"
#include "record/recorder.h"
#include "record/tracks.h"
#include "record/wav_header.h"

static const char ending[] = ".wav", growing[] = ".part", timeline[] = "timeline.json";

enum { NAME_SIZE = ID_SIZE + 16 };

/* The name without this ending. @return false where it has another, or is too long for one of ours */
static bool stem_of(const char *name, const char *with, id_text stem)
{
    size_t len = strlen(name), end = strlen(with);
    if (len <= end || len - end > ID_LENGTH || strcmp(name + len - end, with) != 0) return false;
    memset(stem, 0, sizeof(id_text));
    memcpy(stem, name, len - end);
    return true;
}

static bool read_header(int fd, struct wav_header *out)
{
    uint8_t bytes[WAV_HEADER_LONG];
    ssize_t got = pread(fd, bytes, sizeof bytes, 0);
    return got >= 0 && wav_header_read(bytes, (size_t)got, out);
}

/*
 * Makes header and size of a file true to each other and puts it on the disk.
 * @param samples  how long it is to be; UINT64_MAX: as it is
 */
static status repair(int fd, uint64_t samples, struct recording_report *report)
{
    uint8_t bytes[WAV_HEADER_LONG];
    struct wav_header header;
    struct stat s;
    if (fstat(fd, &s) < 0) return STATUS_IO;
    if (!read_header(fd, &header)) return s.st_size < WAV_HEADER_LONG ? STATUS_INVALID : STATUS_IO;
    header.samples = samples == UINT64_MAX ? ((uint64_t)s.st_size - header.bytes) / sizeof(int16_t) : samples;
    report->rate_hz = header.rate_hz;
    report->samples = header.samples;
    report->bytes = header.bytes + header.samples * sizeof(int16_t);
    report->duration_ms = report->samples * 1000 / report->rate_hz;
    wav_header_make(&header, bytes);
    bool good = ftruncate(fd, (off_t)report->bytes) == 0 &&
                pwrite(fd, bytes, header.bytes, 0) == (ssize_t)header.bytes && fsync(fd) == 0;
    return good ? STATUS_OK : STATUS_IO;
}

/* @return STATUS_OK; STATUS_INVALID (removed: the crash came before the first header); STATUS_IO (left as it is: what
 * cannot be read may yet hold audio) */
static status complete(int dir_fd, const char *stem, uint64_t samples, struct recording_report *report)
{
    char name[NAME_SIZE], part[NAME_SIZE + sizeof growing];
    snprintf(name, sizeof name, "%s%s", stem, ending);
    snprintf(part, sizeof part, "%s%s", name, growing);
    int fd = openat(dir_fd, part, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    status s = fd < 0 ? STATUS_IO : repair(fd, samples, report);
    if (fd >= 0) close(fd);
    if (s == STATUS_OK && (renameat(dir_fd, part, dir_fd, name) < 0 || fsync(dir_fd) < 0)) s = STATUS_IO;
    if (s == STATUS_INVALID) unlinkat(dir_fd, part, 0);
    if (s == STATUS_IO) log_event(LOG_ERROR, "recording_not_recovered", "file=%s", part);
    return s;
}

/* How long the mix is; UINT64_MAX where there is none. */
static uint64_t samples_of_mix(int dir_fd, const char *id)
{
    char name[NAME_SIZE];
    struct wav_header header;
    snprintf(name, sizeof name, "%s%s", id, ending);
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool known = fd >= 0 && read_header(fd, &header);
    if (fd >= 0) close(fd);
    return known ? header.samples : UINT64_MAX;
}

/* What is left of a conversion: half of a file, or the WAV of one that is whole. */
static void clear_conversion(int dir_fd, const char *name)
{
    char converted[16], half[32], wav[NAME_SIZE];
    id_text stem;
    for (int i = RECORDING_WAV + 1; i < RECORDING_FORMATS; i++) {
        snprintf(converted, sizeof converted, ".%s", convert_ending((enum recording_format)i));
        snprintf(half, sizeof half, "%s%s", converted, growing);
        if (stem_of(name, half, stem)) unlinkat(dir_fd, name, 0);
        if (!stem_of(name, converted, stem)) continue;
        snprintf(wav, sizeof wav, "%s%s", stem, ending);
        unlinkat(dir_fd, wav, 0);
    }
}

/* The tracks become as long as their mix. */
static void recover_tracks(int dir_fd, const char *name, uint64_t samples)
{
    char part[NAME_SIZE];
    id_text stem;
    snprintf(part, sizeof part, "%s%s", timeline, growing);
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        if (fd >= 0) close(fd);
        log_event(LOG_ERROR, "tracks_not_recovered", "path=%s", name);
        return;
    }
    for (struct dirent *entry; (entry = readdir(d));) {
        struct recording_report report;
        if (strcmp(entry->d_name, part) == 0 && renameat(fd, part, fd, timeline) < 0)
            log_event(LOG_ERROR, "timeline_not_named", "path=%s", name);
        clear_conversion(fd, entry->d_name);
        if (stem_of(entry->d_name, ".wav.part", stem)) (void)complete(fd, stem, samples, &report);
    }
    closedir(d);
}

static void recover_mixes(DIR *d, recorder_report_fn *found, void *arg)
{
    for (struct dirent *entry; (entry = readdir(d));) {
        struct recording_report report = {.end = RECORDING_RECOVERED};
        clear_conversion(dirfd(d), entry->d_name);
        if (!stem_of(entry->d_name, ".wav.part", report.id)) continue;
        if (complete(dirfd(d), report.id, UINT64_MAX, &report) == STATUS_OK) found(arg, &report);
    }
}

status recorder_recover(const char *dir, recorder_report_fn *found, void *arg)
{
    DIR *d = opendir(dir);
    id_text id;
    if (!d) return STATUS_IO;
    recover_mixes(d, found, arg);
    rewinddir(d);
    for (struct dirent *entry; (entry = readdir(d));) {
        if (stem_of(entry->d_name, TRACKS_SUFFIX, id))
            recover_tracks(dirfd(d), entry->d_name, samples_of_mix(dirfd(d), id));
    }
    closedir(d);
    return STATUS_OK;
}

status recorder_examine(const char *path, struct recording_report *out)
{
    SF_INFO info = {.format = 0};
    struct stat file;
    SNDFILE *sound = sf_open(path, SFM_READ, &info);
    if (!sound) return STATUS_IO;
    sf_close(sound);
    if (stat(path, &file) < 0) return STATUS_IO;
    out->samples = (uint64_t)info.frames;
    out->rate_hz = (uint32_t)info.samplerate;
    out->duration_ms = out->samples * 1000 / out->rate_hz;
    out->bytes = (uint64_t)file.st_size;
    return STATUS_OK;
}
