#include "daemon/recording_files.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/log.h"
#include "record/convert.h"
#include "record/timeline.h"
#include "record/tracks.h"
#include "record/wav_header.h"

static const char growing[] = "wav.part";

static const char *const content_types[RECORDING_FORMATS] = {"audio/wav", "audio/flac", "audio/ogg"};

static_assert((int)REST_AUDIO_HEAD >= (int)WAV_HEADER_LONG, "a header is made there");

static const char *ending_of(int format)
{
    return convert_ending((enum recording_format)format);
}

bool recording_files_ending(struct slice ending)
{
    for (int i = 0; i < RECORDING_FORMATS; i++) {
        if (slice_is(ending, ending_of(i))) return true;
    }
    return false;
}

bool recording_files_find(const char *dir, const char *name, char path[RECORDING_PATH_SIZE])
{
    for (int i = RECORDING_FORMATS - 1; i >= 0; i--) { /* a WAV that was converted goes last */
        snprintf(path, RECORDING_PATH_SIZE, "%s/%s.%s", dir, name, ending_of(i));
        if (access(path, F_OK) == 0) return true;
    }
    return false;
}

static status open_file(const char *path, struct rest_audio *out)
{
    struct stat file;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    if (fstat(fd, &file) != 0) {
        close(fd);
        return STATUS_IO;
    }
    out->fd = fd;
    out->size = (uint64_t)file.st_size;
    return STATUS_OK;
}

/* The header may say more, or less, by the time it is read than what is served: it is made to fit. */
static void fit_header(struct rest_audio *audio)
{
    struct wav_header header;
    ssize_t got = pread(audio->fd, audio->head, sizeof audio->head, 0);
    if (got < 0 || !wav_header_read(audio->head, (size_t)got, &header) || audio->size < header.bytes) return;
    header.samples = (audio->size - header.bytes) / sizeof(int16_t);
    wav_header_make(&header, audio->head);
    audio->head_len = header.bytes;
    audio->size = header.bytes + header.samples * sizeof(int16_t);
}

enum { GROWING_PATH_SIZE = RECORDING_PATH_SIZE + 128 };

static void growing_path(const char *dir, const char *name, char path[GROWING_PATH_SIZE])
{
    snprintf(path, GROWING_PATH_SIZE, "%s/%s.%s", dir, name, growing);
}

static status open_growing(const char *dir, const char *name, struct rest_audio *out)
{
    char path[GROWING_PATH_SIZE];
    growing_path(dir, name, path);
    status s = open_file(path, out);
    if (s == STATUS_OK) fit_header(out);
    return s;
}

static status open_complete(const char *dir, const char *name, struct rest_audio *out)
{
    char path[RECORDING_PATH_SIZE];
    if (!recording_files_find(dir, name, path)) return STATUS_NOT_FOUND;
    const char *ending = strrchr(path, '.') + 1;
    for (int i = 0; i < RECORDING_FORMATS; i++) {
        if (strcmp(ending, ending_of(i)) == 0) out->content_type = content_types[i];
    }
    return open_file(path, out);
}

static void tracks_dir(const char *dir, const char *id, char out[RECORDING_PATH_SIZE])
{
    snprintf(out, RECORDING_PATH_SIZE, "%s/%s%s", dir, id, TRACKS_SUFFIX);
}

status recording_files_open(const char *dir, const char *id, const char *track, struct rest_audio *out)
{
    char in[RECORDING_PATH_SIZE];
    const char *name = track ? track : id;
    snprintf(in, sizeof in, "%s", dir);
    if (track) tracks_dir(dir, id, in);
    *out = (struct rest_audio){.fd = -1, .content_type = content_types[RECORDING_WAV]};
    status s = open_complete(in, name, out);
    if (s == STATUS_NOT_FOUND) s = open_growing(in, name, out);
    if (s == STATUS_NOT_FOUND) s = open_complete(in, name, out); /* completed a moment ago */
    return s;
}

static status open_timeline(const char *dir, const char *id, const char *name, struct rest_audio *out)
{
    char in[RECORDING_PATH_SIZE], path[RECORDING_PATH_SIZE + 32];
    tracks_dir(dir, id, in);
    snprintf(path, sizeof path, "%s/%s", in, name);
    return open_file(path, out);
}

static status open_growing_timeline(const char *dir, const char *id, struct rest_audio *out)
{
    status s = open_timeline(dir, id, "timeline.json.part", out);
    if (s != STATUS_OK) return s;
    int part = out->fd;
    s = timeline_snapshot(part, &out->fd, &out->size);
    close(part);
    return s;
}

status recording_files_open_timeline(const char *dir, const char *id, struct rest_audio *out)
{
    static const char whole[] = "timeline.json";
    *out = (struct rest_audio){.fd = -1, .content_type = "application/json"};
    status s = open_timeline(dir, id, whole, out);
    if (s == STATUS_NOT_FOUND) s = open_growing_timeline(dir, id, out);
    if (s == STATUS_NOT_FOUND) s = open_timeline(dir, id, whole, out); /* completed a moment ago */
    return s;
}

/* The name of a track's file without its ending; an empty slice where it is none. */
static struct slice track_name(const char *file)
{
    struct slice ending = slice_of(file), name = slice_cut(&ending, '.');
    if (!recording_files_ending(ending) && !slice_is(ending, growing)) return (struct slice){.len = 0};
    return name;
}

void recording_files_tracks(const char *dir, const char *id, rest_track_fn *each, void *arg)
{
    char in[RECORDING_PATH_SIZE], name[128], before[128] = "";
    struct dirent **files;
    tracks_dir(dir, id, in);
    int count = scandir(in, &files, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        struct slice found = track_name(files[i]->d_name);
        bool fits = found.len > 0 && slice_copy(found, name, sizeof name);
        free(files[i]);
        if (!fits || strcmp(name, before) == 0) continue;
        each(arg, name);
        snprintf(before, sizeof before, "%s", name);
    }
    if (count >= 0) free(files);
}

static void remove_tracks(const char *path)
{
    DIR *d = opendir(path);
    if (!d) return;
    for (struct dirent *entry; (entry = readdir(d));) {
        if (entry->d_name[0] != '.') unlinkat(dirfd(d), entry->d_name, 0);
    }
    closedir(d);
    if (rmdir(path) < 0) log_event(LOG_ERROR, "tracks_not_removed", "path=%s", path);
}

void recording_files_remove(const char *dir, const char *id)
{
    char path[RECORDING_PATH_SIZE], part[GROWING_PATH_SIZE];
    while (recording_files_find(dir, id, path)) {
        if (unlink(path) < 0) break;
    }
    growing_path(dir, id, part); /* where it could not be completed */
    unlink(part);
    tracks_dir(dir, id, path);
    remove_tracks(path);
}
