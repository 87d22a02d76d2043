#include "sdp/static_types.h"

#include <stddef.h>

static const struct {
    const char *encoding;
    uint32_t clock_hz;
    uint8_t channels;
} types[] = {
    [0] = {"PCMU", 8000, 1},   [3] = {"GSM", 8000, 1},    [4] = {"G723", 8000, 1},   [5] = {"DVI4", 8000, 1},
    [6] = {"DVI4", 16000, 1},  [7] = {"LPC", 8000, 1},    [8] = {"PCMA", 8000, 1},   [9] = {"G722", 8000, 1},
    [10] = {"L16", 44100, 2},  [11] = {"L16", 44100, 1},  [12] = {"QCELP", 8000, 1}, [13] = {"CN", 8000, 1},
    [14] = {"MPA", 90000, 1},  [15] = {"G728", 8000, 1},  [16] = {"DVI4", 11025, 1}, [17] = {"DVI4", 22050, 1},
    [18] = {"G729", 8000, 1},  [25] = {"CelB", 90000, 1}, [26] = {"JPEG", 90000, 1}, [28] = {"nv", 90000, 1},
    [31] = {"H261", 90000, 1}, [32] = {"MPV", 90000, 1},  [33] = {"MP2T", 90000, 1}, [34] = {"H263", 90000, 1},
};

void static_type_describe(struct sdp_format *format)
{
    format->channels = 1;
    if (format->payload_type >= sizeof types / sizeof *types || !types[format->payload_type].encoding) return;
    format->encoding = slice_of(types[format->payload_type].encoding);
    format->clock_hz = types[format->payload_type].clock_hz;
    format->channels = types[format->payload_type].channels;
}
