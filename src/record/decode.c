#include "record/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sndfile.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/resampler.h"

enum { CHANNELS_MAX = 8, CHUNK_FRAMES = 1024, SOURCE_HZ_MIN = 1000, SOURCE_HZ_MAX = 384000, QUALITY = 8 };

/* The samples so far. */
struct pile {
    int16_t *pcm; /* owned */
    size_t count, size, max;
    status result; /* STATUS_OK until something fails */
};

/* A resampler_sink_fn. */
static void pile_up(void *arg, const int16_t *pcm, size_t samples)
{
    struct pile *p = arg;
    if (p->result != STATUS_OK) return;
    if (p->count + samples > p->max) {
        p->result = STATUS_FULL;
        return;
    }
    if (p->count + samples > p->size) {
        size_t size = p->size ? p->size * 2 : 65536;
        while (size < p->count + samples)
            size *= 2;
        int16_t *more = realloc(p->pcm, size * sizeof *more);
        if (!more) {
            p->result = STATUS_NO_MEMORY;
            return;
        }
        p->pcm = more;
        p->size = size;
    }
    memcpy(p->pcm + p->count, pcm, samples * sizeof *pcm);
    p->count += samples;
}

static int16_t narrow(float v)
{
    if (!(v > -1)) return v <= -1 ? INT16_MIN : 0; /* what is not a number is silence */
    return v >= 1 ? INT16_MAX : (int16_t)lrintf(v * 32767);
}

static void mix_down(const float *in, int16_t *out, size_t frames, int channels)
{
    for (size_t i = 0; i < frames; i++) {
        float sum = 0;
        for (int k = 0; k < channels; k++)
            sum += in[i * (size_t)channels + (size_t)k];
        out[i] = narrow(sum / (float)channels);
    }
}

static void read_all(SNDFILE *f, int channels, struct resampler *r, struct pile *pile, const atomic_bool *stop)
{
    float in[CHUNK_FRAMES * CHANNELS_MAX];
    int16_t mono[CHUNK_FRAMES];
    sf_count_t got;
    while (pile->result == STATUS_OK && (got = sf_readf_float(f, in, CHUNK_FRAMES)) > 0) {
        mix_down(in, mono, (size_t)got, channels);
        resampler_put(r, mono, (size_t)got, pile_up, pile);
        if (atomic_load_explicit(stop, memory_order_relaxed)) pile->result = STATUS_CLOSED;
    }
    resampler_finish(r, pile_up, pile);
}

static status explain(status result, const char **what)
{
    switch (result) {
    case STATUS_FULL: *what = "longer than allowed"; break;
    case STATUS_INVALID: *what = "holds no sample"; break;
    case STATUS_NO_MEMORY: *what = "too little memory"; break;
    case STATUS_CLOSED: *what = "stopped"; break;
    default: *what = "ok"; break;
    }
    return result;
}

/* Takes the file over and closes it. */
static status decode(struct sound **out, SNDFILE *f, const SF_INFO *info, uint32_t rate_hz,
                     const struct decode_limits *limits, const char **what)
{
    struct resampler *r = NULL;
    struct pile pile = {.max = (size_t)limits->seconds_max * rate_hz, .result = STATUS_UNSUPPORTED};
    *what = "more channels or another rate than can be taken";
    if (info->channels < 1 || info->channels > CHANNELS_MAX || info->samplerate < SOURCE_HZ_MIN ||
        info->samplerate > SOURCE_HZ_MAX) {
        sf_close(f);
        return STATUS_UNSUPPORTED;
    }
    pile.result = resampler_create(&r, (uint32_t)info->samplerate, rate_hz, QUALITY);
    if (pile.result == STATUS_OK) read_all(f, info->channels, r, &pile, limits->stop);
    if (pile.result == STATUS_OK && pile.count == 0) pile.result = STATUS_INVALID;
    if (pile.result == STATUS_OK) pile.result = sound_create(out, rate_hz, pile.pcm, (uint32_t)pile.count);
    resampler_destroy(r);
    free(pile.pcm);
    sf_close(f);
    return explain(pile.result, what);
}

status decode_file(struct sound **out, const char *path, uint32_t rate_hz, const struct decode_limits *limits,
                   const char **what)
{
    struct stat s;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        *what = "cannot be opened";
        return errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_IO;
    }
    status result = STATUS_OK;
    if (fstat(fd, &s) < 0 || !S_ISREG(s.st_mode)) {
        *what = "is not a file";
        result = STATUS_IO;
    } else if ((uint64_t)s.st_size > limits->bytes_max) {
        *what = "larger than allowed";
        result = STATUS_FULL;
    }
    if (result != STATUS_OK) {
        close(fd);
        return result;
    }
    SF_INFO info = {0};
    SNDFILE *f = sf_open_fd(fd, SFM_READ, &info, SF_TRUE);
    if (f) return decode(out, f, &info, rate_hz, limits, what);
    /* libsndfile has closed the descriptor, also where it took nothing. */
    *what = "is not audio in a known format";
    return STATUS_UNSUPPORTED;
}

/* A block of memory as libsndfile's file. */
struct block {
    const uint8_t *bytes;
    sf_count_t len, at;
};

static sf_count_t block_length(void *arg)
{
    return ((const struct block *)arg)->len;
}

static sf_count_t block_seek(sf_count_t offset, int whence, void *arg)
{
    struct block *b = arg;
    sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? b->at : b->len;
    if (offset < -base || offset > b->len - base) return -1;
    b->at = base + offset;
    return b->at;
}

static sf_count_t block_read(void *out, sf_count_t count, void *arg)
{
    struct block *b = arg;
    if (count > b->len - b->at) count = b->len - b->at;
    memcpy(out, b->bytes + b->at, (size_t)count);
    b->at += count;
    return count;
}

static sf_count_t block_write(const void *bytes, sf_count_t count, void *arg)
{
    (void)bytes;
    (void)count;
    (void)arg;
    return 0;
}

static sf_count_t block_tell(void *arg)
{
    return ((const struct block *)arg)->at;
}

status decode_memory(struct sound **out, const void *bytes, size_t len, uint32_t rate_hz,
                     const struct decode_limits *limits, const char **what)
{
    SF_VIRTUAL_IO io = {block_length, block_seek, block_read, block_write, block_tell};
    struct block block = {.bytes = bytes, .len = (sf_count_t)len};
    if (len > limits->bytes_max) {
        *what = "larger than allowed";
        return STATUS_FULL;
    }
    SF_INFO info = {0};
    SNDFILE *f = sf_open_virtual(&io, SFM_READ, &info, &block);
    if (f) return decode(out, f, &info, rate_hz, limits, what);
    *what = "is not audio in a known format";
    return STATUS_UNSUPPORTED;
}
