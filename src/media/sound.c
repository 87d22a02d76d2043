#include "media/sound.h"

#include <stdlib.h>
#include <string.h>

status sound_create(struct sound **out, uint32_t rate_hz, const int16_t *pcm, uint32_t samples)
{
    if (rate_hz == 0 || samples == 0) return STATUS_INVALID;
    struct sound *s = malloc(sizeof(*s) + (size_t)samples * sizeof(s->pcm[0]));
    if (!s) return STATUS_NO_MEMORY;
    s->refs = 0;
    s->rate_hz = rate_hz;
    s->samples = samples;
    memcpy(s->pcm, pcm, (size_t)samples * sizeof(s->pcm[0]));
    *out = s;
    return STATUS_OK;
}

void sound_destroy(struct sound *s)
{
    free(s);
}

void sound_start(struct sound_cursor *c, const struct sound *s, uint64_t offset, bool loop)
{
    *c = (struct sound_cursor){.sound = s, .loop = loop};
    if (!s) return;
    if (loop)
        c->offset = (uint32_t)(offset % s->samples);
    else
        c->offset = offset < s->samples ? (uint32_t)offset : s->samples;
}

size_t sound_read(struct sound_cursor *c, int16_t *pcm, size_t samples)
{
    size_t done = 0;
    while (done < samples && !sound_done(c)) {
        size_t run = c->sound->samples - c->offset;
        if (run > samples - done) run = samples - done;
        memcpy(pcm + done, c->sound->pcm + c->offset, run * sizeof(*pcm));
        done += run;
        c->offset += (uint32_t)run;
        if (c->loop && c->offset == c->sound->samples) c->offset = 0;
    }
    memset(pcm + done, 0, (samples - done) * sizeof(*pcm));
    return done;
}

bool sound_done(const struct sound_cursor *c)
{
    return !c->sound || (!c->loop && c->offset >= c->sound->samples);
}
