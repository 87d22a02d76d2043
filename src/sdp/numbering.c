#include "sdp/numbering.h"

#include <assert.h>
#include <stddef.h>

enum { FIRST_TYPE = 101, DYNAMIC_FIRST = 96, DYNAMIC_LAST = 127, COMFORT_NOISE_8000 = 13 };

static bool is_codecs(const struct sdp_codec *codecs, uint8_t count, uint8_t payload_type)
{
    for (uint8_t i = 0; i < count; i++) {
        if (codecs[i].payload_type == payload_type) return true;
    }
    return false;
}

static uint8_t after(uint8_t payload_type)
{
    return payload_type == DYNAMIC_LAST ? DYNAMIC_FIRST : (uint8_t)(payload_type + 1);
}

static void add(struct numbering *n, enum extra_kind kind, uint32_t clock_hz, uint8_t payload_type)
{
    n->extra[n->count++] = (struct extra){kind, clock_hz, payload_type};
}

void numbering_make(struct numbering *out, const struct sdp_codec *codecs, uint8_t count, bool events,
                    bool comfort_noise)
{
    uint8_t next = FIRST_TYPE;
    assert(count <= SDP_CODECS);
    out->count = 0;
    for (int kind = EXTRA_EVENT; kind <= EXTRA_COMFORT_NOISE; kind++) {
        for (uint8_t i = 0; i < count; i++) {
            uint32_t clock_hz = codecs[i].clock_hz;
            bool wanted = kind == EXTRA_EVENT ? events : comfort_noise && !codecs[i].has_dtx;
            if (!wanted || numbering_find(out, (enum extra_kind)kind, clock_hz)) continue;
            if (kind == EXTRA_COMFORT_NOISE && clock_hz == 8000) {
                add(out, EXTRA_COMFORT_NOISE, clock_hz, COMFORT_NOISE_8000);
                continue;
            }
            while (is_codecs(codecs, count, next))
                next = after(next);
            add(out, (enum extra_kind)kind, clock_hz, next);
            next = after(next);
        }
    }
}

const struct extra *numbering_find(const struct numbering *n, enum extra_kind kind, uint32_t clock_hz)
{
    for (uint8_t i = 0; i < n->count; i++) {
        if (n->extra[i].kind == kind && n->extra[i].clock_hz == clock_hz) return &n->extra[i];
    }
    return NULL;
}
