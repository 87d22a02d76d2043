#include "record/convert.h"

#include <dirent.h>
#include <fcntl.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/log.h"
#include "record/tracks.h"
#include "record/wav_file.h"

enum { PATH_SIZE = 4200, CHUNK = 48000 };

const char *convert_ending(enum recording_format format)
{
    static const char *const endings[RECORDING_FORMATS] = {"wav", "flac", "ogg"};
    return endings[format];
}

static int sound_format(enum recording_format format)
{
    return format == RECORDING_FLAC ? SF_FORMAT_FLAC | SF_FORMAT_PCM_16 : SF_FORMAT_OGG | SF_FORMAT_OPUS;
}

static status copy(SNDFILE *from, SNDFILE *to, const atomic_bool *stop)
{
    int16_t *pcm = malloc(CHUNK * sizeof *pcm);
    status s = pcm ? STATUS_OK : STATUS_NO_MEMORY;
    for (sf_count_t got = 1; s == STATUS_OK && got > 0;) {
        if (atomic_load_explicit(stop, memory_order_relaxed)) s = STATUS_CLOSED;
        got = s == STATUS_OK ? sf_read_short(from, pcm, CHUNK) : 0;
        if (got > 0 && sf_write_short(to, pcm, got) != got) s = STATUS_IO;
    }
    free(pcm);
    return s;
}

/* Writes the new file, under its temporary name, onto the disk. */
static status make(const char *wav, int fd, enum recording_format format, const atomic_bool *stop)
{
    SF_INFO info = {.format = 0};
    SNDFILE *from = sf_open(wav, SFM_READ, &info);
    if (!from) return STATUS_IO;
    SF_INFO made = {.samplerate = info.samplerate, .channels = info.channels, .format = sound_format(format)};
    SNDFILE *to = sf_open_fd(fd, SFM_WRITE, &made, SF_FALSE);
    status s = to ? copy(from, to, stop) : STATUS_IO;
    sf_close(from);
    if (to && sf_close(to) != 0 && s == STATUS_OK) s = STATUS_IO;
    if (s == STATUS_OK && fsync(fd) < 0) s = STATUS_IO;
    return s;
}

/* What a full disk has cut off is not noticed while it is written. */
static bool is_whole(const char *wav, const char *part)
{
    struct recording_report before, after;
    return recorder_examine(wav, &before) == STATUS_OK && recorder_examine(part, &after) == STATUS_OK &&
           before.samples == after.samples;
}

status convert_file(const char *dir, const char *stem, enum recording_format format, const atomic_bool *stop,
                    uint64_t *bytes)
{
    char wav[PATH_SIZE], name[PATH_SIZE], part[PATH_SIZE + 8];
    struct stat file;
    snprintf(wav, sizeof wav, "%s/%s.wav", dir, stem);
    snprintf(name, sizeof name, "%s/%s.%s", dir, stem, convert_ending(format));
    snprintf(part, sizeof part, "%s.part", name);
    int fd = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    status s = fd < 0 ? STATUS_IO : make(wav, fd, format, stop);
    if (s == STATUS_OK && (fstat(fd, &file) < 0 || !is_whole(wav, part))) s = STATUS_IO;
    if (fd >= 0) close(fd);
    if (s == STATUS_OK && rename(part, name) < 0) s = STATUS_IO;
    if (s != STATUS_OK) {
        unlink(part);
        if (s != STATUS_CLOSED) log_event(LOG_ERROR, "recording_not_converted", "file=%s", wav);
        return s;
    }
    *bytes = (uint64_t)file.st_size;
    if (wav_file_sync_dir(dir)) unlink(wav); /* else both stay, and the next start takes the WAV away */
    return STATUS_OK;
}

void convert_tracks(const char *dir, const char *id, enum recording_format format, const atomic_bool *stop)
{
    char in[PATH_SIZE], stem[256];
    snprintf(in, sizeof in, "%s/%s%s", dir, id, TRACKS_SUFFIX);
    DIR *d = opendir(in);
    if (!d) return;
    for (struct dirent *entry; (entry = readdir(d));) {
        size_t len = strlen(entry->d_name);
        uint64_t bytes;
        if (len < 5 || len >= sizeof stem || strcmp(entry->d_name + len - 4, ".wav") != 0) continue;
        memcpy(stem, entry->d_name, len - 4);
        stem[len - 4] = '\0';
        if (convert_file(in, stem, format, stop, &bytes) == STATUS_CLOSED) break;
    }
    closedir(d);
}
