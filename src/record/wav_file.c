#include "record/wav_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "os/log.h"
#include "record/wav_header.h"

struct wav_file {
    const struct recorder_io *io;
    int fd;
    char *dir, *part, *name;  /* paths, owned: no descriptor of the directory is held while it grows */
    struct wav_header header; /* samples: written or skipped so far */
    uint64_t hole;            /* samples skipped behind what was written */
    bool failed;
};

static uint64_t disk_free_bytes(const char *dir)
{
    struct statvfs s;
    if (statvfs(dir, &s) < 0) return UINT64_MAX;
    return (uint64_t)s.f_bavail * s.f_frsize;
}

const struct recorder_io wav_file_disk = {.write = write, .sync = fdatasync, .free_bytes = disk_free_bytes};

static off_t size_of(const struct wav_file *f)
{
    return (off_t)(f->header.bytes + f->header.samples * sizeof(int16_t));
}

/* All of it, or the file has failed. @return bytes written */
static size_t write_all(struct wav_file *f, const void *bytes, size_t len)
{
    size_t done = 0;
    while (done < len && !f->failed) {
        ssize_t n = f->io->write(f->fd, (const char *)bytes + done, len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0)
            f->failed = true;
        else
            done += (size_t)n;
    }
    return done;
}

/* Goes in place: a full disk still takes it. */
static bool put_header(const struct wav_file *f)
{
    uint8_t bytes[WAV_HEADER_LONG];
    wav_header_make(&f->header, bytes);
    return pwrite(f->fd, bytes, f->header.bytes, 0) == (ssize_t)f->header.bytes;
}

static void release(struct wav_file *f)
{
    if (f->fd >= 0) close(f->fd);
    free(f->dir);
    free(f->part);
    free(f->name);
    free(f);
}

static char *path_of(const char *dir, const char *name, const char *ending)
{
    size_t size = strlen(dir) + strlen(name) + strlen(ending) + 2;
    char *path = malloc(size);
    if (path) snprintf(path, size, "%s/%s%s", dir, name, ending);
    return path;
}

static bool begin(struct wav_file *f)
{
    uint8_t bytes[WAV_HEADER_LONG];
    wav_header_make(&f->header, bytes);
    return write_all(f, bytes, f->header.bytes) == f->header.bytes;
}

status wav_file_create(struct wav_file **out, const char *dir, const char *name, uint32_t rate_hz, uint64_t samples_max,
                       const struct recorder_io *io)
{
    struct wav_file *f = calloc(1, sizeof *f);
    if (!f) return STATUS_NO_MEMORY;
    f->io = io;
    f->fd = -1;
    f->header = (struct wav_header){.rate_hz = rate_hz, .bytes = wav_header_bytes_for(samples_max)};
    f->dir = strdup(dir);
    f->part = path_of(dir, name, ".wav.part");
    f->name = path_of(dir, name, ".wav");
    bool named = f->dir && f->part && f->name;
    if (named) f->fd = open(f->part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (f->fd < 0 || !begin(f)) {
        if (f->fd >= 0) unlink(f->part);
        release(f);
        return named ? STATUS_IO : STATUS_NO_MEMORY;
    }
    *out = f;
    return STATUS_OK;
}

/* What was skipped becomes part of the file. */
static bool fill_hole(struct wav_file *f)
{
    if (f->hole == 0) return true;
    bool good = ftruncate(f->fd, size_of(f)) == 0 && lseek(f->fd, 0, SEEK_END) == size_of(f);
    if (!good) f->header.samples -= f->hole;
    f->failed = f->failed || !good;
    f->hole = 0;
    return good;
}

status wav_file_write(struct wav_file *f, const int16_t *pcm, size_t samples)
{
    if (f->failed || !fill_hole(f)) return STATUS_IO;
    size_t done = write_all(f, pcm, samples * sizeof *pcm);
    f->header.samples += done / sizeof *pcm;
    return f->failed ? STATUS_IO : STATUS_OK;
}

void wav_file_skip(struct wav_file *f, uint64_t samples)
{
    if (f->failed) return;
    f->header.samples += samples;
    f->hole += samples;
}

void wav_file_end_at(struct wav_file *f, uint64_t samples)
{
    (void)fill_hole(f);
    f->header.samples = samples;
    f->failed = true; /* the finish makes it so long, with a hole where it must */
}

status wav_file_update(struct wav_file *f)
{
    if (f->failed || !fill_hole(f)) return STATUS_IO;
    f->failed = !put_header(f);
    return f->failed ? STATUS_IO : STATUS_OK;
}

status wav_file_sync(struct wav_file *f)
{
    return f->io->sync(f->fd) < 0 ? STATUS_IO : STATUS_OK;
}

uint64_t wav_file_samples(const struct wav_file *f)
{
    return f->header.samples;
}

bool wav_file_sync_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return good;
}

status wav_file_finish(struct wav_file *f, uint64_t *bytes)
{
    (void)fill_hole(f); /* where it cannot be, the file is that much shorter */
    bool cut = f->failed && ftruncate(f->fd, size_of(f)) < 0;
    cut = !put_header(f) || cut;
    uint64_t size = (uint64_t)size_of(f);
    /* A sync that fails says nothing about what readers see: the file is whole for them, so it gets its name. */
    bool synced = wav_file_sync(f) == STATUS_OK;
    bool named = !cut && rename(f->part, f->name) == 0;
    if (named) synced = wav_file_sync_dir(f->dir) && synced;
    if (named && !synced) log_event(LOG_ERROR, "recording_sync_failed", "file=%s", f->name);
    release(f);
    if (!named) return STATUS_IO;
    *bytes = size;
    return STATUS_OK;
}

void wav_file_discard(struct wav_file *f)
{
    unlink(f->part);
    release(f);
}
