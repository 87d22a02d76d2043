#include "record/wav_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sndfile.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "os/log.h"

enum { HEADER_BYTES = 44 }; /* libsndfile's, for 16-bit PCM */

struct wav_file {
    SNDFILE *sound;
    const struct recorder_io *io;
    int fd, dir_fd;
    uint64_t samples;
    bool failed;
    char part[128], name[128]; /* in the directory of dir_fd */
};

static uint64_t disk_free_bytes(const char *dir)
{
    struct statvfs s;
    if (statvfs(dir, &s) < 0) return UINT64_MAX;
    return (uint64_t)s.f_bavail * s.f_frsize;
}

const struct recorder_io wav_file_disk = {.write = write, .sync = fdatasync, .free_bytes = disk_free_bytes};

/* What libsndfile reads and writes goes through these, so that the io decides what the disk is like. */

static sf_count_t file_length(void *arg)
{
    const struct wav_file *f = arg;
    struct stat s;
    return fstat(f->fd, &s) < 0 ? 0 : s.st_size;
}

static sf_count_t file_seek(sf_count_t offset, int whence, void *arg)
{
    const struct wav_file *f = arg;
    return lseek(f->fd, offset, whence);
}

static sf_count_t file_read(void *at, sf_count_t len, void *arg)
{
    const struct wav_file *f = arg;
    return read(f->fd, at, (size_t)len);
}

static sf_count_t file_write(const void *at, sf_count_t len, void *arg)
{
    struct wav_file *f = arg;
    sf_count_t done = 0;
    while (done < len && !f->failed) {
        ssize_t n = f->io->write(f->fd, (const char *)at + done, (size_t)(len - done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            f->failed = true;
            break;
        }
        done += n;
    }
    return done;
}

static sf_count_t file_tell(void *arg)
{
    const struct wav_file *f = arg;
    return lseek(f->fd, 0, SEEK_CUR);
}

static SF_VIRTUAL_IO file_io = {
    .get_filelen = file_length, .seek = file_seek, .read = file_read, .write = file_write, .tell = file_tell};

static void release(struct wav_file *f)
{
    if (f->sound) sf_close(f->sound);
    if (f->fd >= 0) close(f->fd);
    if (f->dir_fd >= 0) close(f->dir_fd);
    free(f);
}

status wav_file_create(struct wav_file **out, const char *dir, const char *name, uint32_t rate_hz,
                       const struct recorder_io *io)
{
    struct wav_file *f = calloc(1, sizeof *f);
    if (!f) return STATUS_NO_MEMORY;
    f->io = io;
    f->fd = -1;
    f->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(f->part, sizeof f->part, "%s.wav.part", name);
    snprintf(f->name, sizeof f->name, "%s.wav", name);
    if (f->dir_fd >= 0) f->fd = openat(f->dir_fd, f->part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (f->fd >= 0) {
        SF_INFO info = {.samplerate = (int)rate_hz, .channels = 1, .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16};
        f->sound = sf_open_virtual(&file_io, SFM_WRITE, &info, f);
    }
    if (!f->sound || wav_file_update(f) != STATUS_OK) {
        if (f->fd >= 0) unlinkat(f->dir_fd, f->part, 0);
        release(f);
        return STATUS_IO;
    }
    *out = f;
    return STATUS_OK;
}

status wav_file_write(struct wav_file *f, const int16_t *pcm, size_t samples)
{
    if (f->failed) return STATUS_IO;
    sf_count_t n = sf_write_short(f->sound, pcm, (sf_count_t)samples);
    if (n > 0) f->samples += (uint64_t)n;
    return f->failed || n != (sf_count_t)samples ? STATUS_IO : STATUS_OK;
}

status wav_file_update(struct wav_file *f)
{
    if (f->failed) return STATUS_IO;
    sf_command(f->sound, SFC_UPDATE_HEADER_NOW, NULL, 0);
    return f->failed ? STATUS_IO : STATUS_OK;
}

status wav_file_sync(struct wav_file *f)
{
    return f->io->sync(f->fd) < 0 ? STATUS_IO : STATUS_OK;
}

uint64_t wav_file_samples(const struct wav_file *f)
{
    return f->samples;
}

status wav_file_finish(struct wav_file *f, uint64_t *bytes)
{
    off_t size = HEADER_BYTES + (off_t)(f->samples * sizeof(int16_t));
    bool cut = f->failed && ftruncate(f->fd, size) < 0;
    f->failed = false;  /* a full disk still takes a header in its place */
    sf_close(f->sound); /* the last header */
    f->sound = NULL;
    /* A sync that fails says nothing about what readers see: the file is whole for them, so it gets its name. */
    bool synced = wav_file_sync(f) == STATUS_OK;
    bool named = !cut && renameat(f->dir_fd, f->part, f->dir_fd, f->name) == 0;
    if (named) synced = fsync(f->dir_fd) == 0 && synced;
    if (named && !synced) log_event(LOG_ERROR, "recording_sync_failed", "file=%s", f->name);
    release(f);
    if (!named) return STATUS_IO;
    *bytes = (uint64_t)size;
    return STATUS_OK;
}

void wav_file_discard(struct wav_file *f)
{
    f->failed = true; /* no last header into a file that goes */
    unlinkat(f->dir_fd, f->part, 0);
    release(f);
}
