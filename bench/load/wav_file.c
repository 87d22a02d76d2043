#include "load/wav_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES = 44, RATE_HZ = 8000 };

static uint32_t le32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_le32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static status file_read(const char *path, uint8_t **out, size_t *size)
{
    FILE *f = fopen(path, "rbe");
    if (!f) return STATUS_NOT_FOUND;
    uint8_t *bytes = NULL;
    size_t len = 0, room = 0;
    for (;;) {
        if (len == room) {
            uint8_t *more = realloc(bytes, room = room ? room * 2 : 65536);
            if (!more) {
                free(bytes);
                fclose(f);
                return STATUS_NO_MEMORY;
            }
            bytes = more;
        }
        size_t got = fread(bytes + len, 1, room - len, f);
        if (got == 0) break;
        len += got;
    }
    fclose(f);
    *out = bytes;
    *size = len;
    return STATUS_OK;
}

static bool format_fits(const uint8_t *chunk, size_t size)
{
    return size >= 16 && (le32(chunk) & 0xffff) == 1 && le32(chunk) >> 16 == 1 && le32(chunk + 4) == RATE_HZ &&
           le32(chunk + 12) >> 16 == 16;
}

static status wav_parse(const uint8_t *bytes, size_t len, int16_t **samples, size_t *count)
{
    if (len < 12 || memcmp(bytes, "RIFF", 4) != 0 || memcmp(bytes + 8, "WAVE", 4) != 0) return STATUS_UNSUPPORTED;
    bool fits = false;
    for (size_t at = 12; at + 8 <= len;) {
        size_t size = le32(bytes + at + 4), room = len - at - 8;
        if (size > room) size = room;
        const uint8_t *chunk = bytes + at + 8;
        if (memcmp(bytes + at, "fmt ", 4) == 0) fits = format_fits(chunk, size);
        if (memcmp(bytes + at, "data", 4) == 0) {
            if (!fits || size < 2) return STATUS_UNSUPPORTED;
            int16_t *pcm = malloc(size);
            if (!pcm) return STATUS_NO_MEMORY;
            for (size_t i = 0; i < size / 2; i++)
                pcm[i] = (int16_t)(chunk[2 * i] | chunk[2 * i + 1] << 8);
            *samples = pcm;
            *count = size / 2;
            return STATUS_OK;
        }
        at += 8 + size + (size & 1);
    }
    return STATUS_UNSUPPORTED;
}

status wav_file_read(const char *path, int16_t **samples, size_t *count)
{
    uint8_t *bytes;
    size_t len;
    status s = file_read(path, &bytes, &len);
    if (s != STATUS_OK) return s;
    s = wav_parse(bytes, len, samples, count);
    free(bytes);
    return s;
}

struct wav_writer {
    FILE *file;
    uint32_t bytes;
};

static void header_write(struct wav_writer *writer)
{
    uint8_t h[HEADER_BYTES];
    memcpy(h, "RIFF____WAVEfmt ", 16);
    put_le32(h + 4, writer->bytes + HEADER_BYTES - 8);
    put_le32(h + 16, 16);
    put_le32(h + 20, 1 | 1 << 16);
    put_le32(h + 24, RATE_HZ);
    put_le32(h + 28, RATE_HZ * 2);
    put_le32(h + 32, 2 | 16 << 16);
    memcpy(h + 36, "data", 4);
    put_le32(h + 40, writer->bytes);
    fwrite(h, 1, sizeof h, writer->file);
}

status wav_writer_open(struct wav_writer **out, const char *path)
{
    struct wav_writer *writer = calloc(1, sizeof *writer);
    if (!writer) return STATUS_NO_MEMORY;
    writer->file = fopen(path, "wbe");
    if (!writer->file) {
        free(writer);
        return STATUS_IO;
    }
    header_write(writer);
    *out = writer;
    return STATUS_OK;
}

void wav_writer_put(struct wav_writer *writer, const int16_t *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t s = (uint16_t)samples[i];
        putc(s & 0xff, writer->file);
        putc(s >> 8, writer->file);
    }
    writer->bytes += (uint32_t)(count * 2);
}

void wav_writer_flush(struct wav_writer *writer)
{
    if (fseek(writer->file, 0, SEEK_SET) == 0) header_write(writer);
    if (fseek(writer->file, 0, SEEK_END) == 0) fflush(writer->file);
}

void wav_writer_close(struct wav_writer *writer)
{
    if (!writer) return;
    wav_writer_flush(writer);
    fclose(writer->file);
    free(writer);
}
