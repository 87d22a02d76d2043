#include "rtp/rtp_packet.h"

#include <assert.h>

enum { VERSION = 2 };

static uint16_t read16(const uint8_t *at)
{
    return (uint16_t)((at[0] << 8) | at[1]);
}

static uint32_t read32(const uint8_t *at)
{
    return ((uint32_t)at[0] << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];
}

static void write16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void write32(uint8_t *at, uint32_t value)
{
    write16(at, (uint16_t)(value >> 16));
    write16(at + 2, (uint16_t)value);
}

bool rtp_is_rtcp(const uint8_t *bytes, size_t len)
{
    return len >= 2 && bytes[1] >= 192 && bytes[1] <= 223;
}

status rtp_packet_parse(struct rtp_packet *out, const uint8_t *bytes, size_t len)
{
    if (len < RTP_HEADER_BYTES || len > UINT16_MAX || bytes[0] >> 6 != VERSION) return STATUS_INVALID;
    struct rtp_packet p = {
        .marker = bytes[1] & 0x80,
        .payload_type = bytes[1] & 0x7f,
        .seq = read16(bytes + 2),
        .timestamp = read32(bytes + 4),
        .ssrc = read32(bytes + 8),
        .csrc_count = bytes[0] & 0x0f,
        .has_extension = bytes[0] & 0x10,
    };
    size_t at = RTP_HEADER_BYTES + 4u * p.csrc_count;
    if (at > len) return STATUS_INVALID;
    for (size_t i = 0; i < p.csrc_count; i++)
        p.csrc[i] = read32(bytes + RTP_HEADER_BYTES + 4 * i);

    if (p.has_extension) {
        if (len - at < 4) return STATUS_INVALID;
        p.extension_profile = read16(bytes + at);
        size_t words = read16(bytes + at + 2);
        at += 4;
        if (len - at < 4 * words) return STATUS_INVALID;
        p.extension = bytes + at;
        p.extension_bytes = (uint16_t)(4 * words);
        at += 4 * words;
    }

    size_t padding = 0;
    if (bytes[0] & 0x20) {
        padding = bytes[len - 1];
        if (padding == 0 || padding > len - at) return STATUS_INVALID;
    }
    p.payload = bytes + at;
    p.payload_bytes = (uint16_t)(len - at - padding);
    *out = p;
    return STATUS_OK;
}

size_t rtp_packet_write_header(const struct rtp_packet *packet, uint8_t *out, size_t size)
{
    assert(packet->csrc_count <= RTP_CSRC_MAX && packet->extension_bytes % 4 == 0);
    size_t at = RTP_HEADER_BYTES + 4u * packet->csrc_count;
    size_t total = at + (packet->has_extension ? 4u + packet->extension_bytes : 0u);
    if (size < total) return 0;

    out[0] = (uint8_t)(VERSION << 6 | (packet->has_extension ? 0x10 : 0) | packet->csrc_count);
    out[1] = (uint8_t)((packet->marker ? 0x80 : 0) | (packet->payload_type & 0x7f));
    write16(out + 2, packet->seq);
    write32(out + 4, packet->timestamp);
    write32(out + 8, packet->ssrc);
    for (size_t i = 0; i < packet->csrc_count; i++)
        write32(out + RTP_HEADER_BYTES + 4 * i, packet->csrc[i]);
    if (packet->has_extension) {
        write16(out + at, packet->extension_profile);
        write16(out + at + 2, (uint16_t)(packet->extension_bytes / 4));
        for (size_t i = 0; i < packet->extension_bytes; i++)
            out[at + 4 + i] = packet->extension[i];
    }
    return total;
}

void rtp_packet_write_plain(uint8_t *out, bool marker, uint8_t payload_type, uint16_t seq, uint32_t timestamp,
                            uint32_t ssrc)
{
    out[0] = VERSION << 6;
    out[1] = (uint8_t)((marker ? 0x80 : 0) | (payload_type & 0x7f));
    write16(out + 2, seq);
    write32(out + 4, timestamp);
    write32(out + 8, ssrc);
}
