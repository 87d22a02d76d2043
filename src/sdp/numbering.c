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

static bool has(const struct numbering *n, enum extra_kind kind, uint32_t clock_hz)
{
    for (uint8_t i = 0; i < n->count; i++) {
        if (n->extra[i].kind == kind && n->extra[i].clock_hz == clock_hz) return true;
    }
    return false;
}

static void add(struct numbering *n, enum extra_kind kind, uint32_t clock_hz, uint8_t payload_type)
{
    n->extra[n->count++] = (struct extra){kind, clock_hz, payload_type};
}

/** The next dynamic type that no codec has; *next goes on behind it. */
static uint8_t draw(uint8_t *next, const struct sdp_codec *codecs, uint8_t count)
{
    while (is_codecs(codecs, count, *next))
        *next = after(*next);
    uint8_t drawn = *next;
    *next = after(drawn);
    return drawn;
}

void numbering_make(struct numbering *out, const struct sdp_codec *codecs, uint8_t count, bool events,
                    bool comfort_noise)
{
    uint8_t next = FIRST_TYPE;
    assert(count <= SDP_CODECS);
    out->count = 0;
    for (uint8_t i = 0; events && i < count; i++) {
        uint32_t clock_hz = codecs[i].clock_hz;
        if (!has(out, EXTRA_EVENT, clock_hz)) add(out, EXTRA_EVENT, clock_hz, draw(&next, codecs, count));
    }
    for (uint8_t i = 0; comfort_noise && i < count; i++) {
        uint32_t clock_hz = codecs[i].clock_hz;
        if (codecs[i].has_dtx || has(out, EXTRA_COMFORT_NOISE, clock_hz)) continue;
        uint8_t type = clock_hz == 8000 ? COMFORT_NOISE_8000 : draw(&next, codecs, count);
        add(out, EXTRA_COMFORT_NOISE, clock_hz, type);
    }
}
