#include "rtp/rtcp_packet.h"

#include <assert.h>
#include <string.h>

enum { VERSION = 2, HEADER = 4, SENDER_INFO = 20, REPORT = 24, ITEM_CNAME = 1 };

static uint32_t read32(const uint8_t *at)
{
    return ((uint32_t)at[0] << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];
}

static uint8_t *write32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
    return at + 4;
}

/* Length of the block at `at` by its own header, in bytes. */
static size_t block_bytes(const uint8_t *at)
{
    return 4u * (((size_t)at[2] << 8 | at[3]) + 1);
}

status rtcp_open(struct rtcp_cursor *out, const uint8_t *bytes, size_t len)
{
    size_t at = 0;
    if (len < HEADER || len % 4 != 0) return STATUS_INVALID;
    while (at < len) {
        if (len - at < HEADER || bytes[at] >> 6 != VERSION) return STATUS_INVALID;
        size_t block = block_bytes(bytes + at);
        if (block > len - at) return STATUS_INVALID;
        bool last = at + block == len;
        if (bytes[at] & 0x20) {
            size_t padding = bytes[at + block - 1];
            if (!last || padding == 0 || padding % 4 != 0 || padding > block - HEADER) return STATUS_INVALID;
        }
        at += block;
    }
    *out = (struct rtcp_cursor){bytes, len};
    return STATUS_OK;
}

static status read_reports(struct rtcp_block *b, const uint8_t *body, size_t len, uint8_t count)
{
    if (len < (size_t)REPORT * count) return STATUS_INVALID;
    b->report_count = count;
    b->reports = body;
    return STATUS_OK;
}

static status read_sr(struct rtcp_block *b, const uint8_t *body, size_t len, uint8_t count)
{
    if (len < 4 + SENDER_INFO) return STATUS_INVALID;
    b->ssrc = read32(body);
    b->sender.ntp = (uint64_t)read32(body + 4) << 32 | read32(body + 8);
    b->sender.rtp_timestamp = read32(body + 12);
    b->sender.packets = read32(body + 16);
    b->sender.octets = read32(body + 20);
    return read_reports(b, body + 4 + SENDER_INFO, len - 4 - SENDER_INFO, count);
}

/* The first chunk's CNAME; the chunks after it are not looked at. */
static status read_sdes(struct rtcp_block *b, const uint8_t *body, size_t len, uint8_t count)
{
    b->source_count = count;
    if (count == 0) return STATUS_OK;
    if (len < 4) return STATUS_INVALID;
    b->ssrc = read32(body);
    size_t at = 4;
    while (at < len && body[at] != 0) {
        if (len - at < 2 || len - at - 2 < body[at + 1]) return STATUS_INVALID;
        if (body[at] == ITEM_CNAME) b->cname = (struct slice){(const char *)body + at + 2, body[at + 1]};
        at += 2u + body[at + 1];
    }
    return at < len ? STATUS_OK : STATUS_INVALID;
}

static status read_bye(struct rtcp_block *b, const uint8_t *body, size_t len, uint8_t count)
{
    size_t sources = 4u * count;
    if (len < sources) return STATUS_INVALID;
    b->source_count = count;
    b->sources = body;
    b->ssrc = count > 0 ? read32(body) : 0;
    if (len == sources) return STATUS_OK;
    size_t reason = body[sources];
    if (len - sources - 1 < reason) return STATUS_INVALID;
    b->reason = (struct slice){(const char *)body + sources + 1, reason};
    return STATUS_OK;
}

static status read_block(struct rtcp_block *b, const uint8_t *body, size_t len, uint8_t count)
{
    switch (b->kind) {
    case RTCP_SR: return read_sr(b, body, len, count);
    case RTCP_SDES: return read_sdes(b, body, len, count);
    case RTCP_BYE: return read_bye(b, body, len, count);
    default: break;
    }
    if (len < 4) return STATUS_INVALID;
    b->ssrc = read32(body);
    return b->kind == RTCP_RR ? read_reports(b, body + 4, len - 4, count) : STATUS_OK;
}

status rtcp_next(struct rtcp_cursor *c, struct rtcp_block *out)
{
    while (c->left > 0) {
        const uint8_t *at = c->at;
        size_t block = block_bytes(at);
        c->at += block;
        c->left -= block;
        if (at[1] < RTCP_SR || at[1] > RTCP_XR) continue;
        size_t len = block - HEADER - (at[0] & 0x20 ? at[block - 1] : 0);
        struct rtcp_block b = {.kind = (enum rtcp_kind)at[1]};
        status s = read_block(&b, at + HEADER, len, at[0] & 0x1f);
        if (s == STATUS_OK) *out = b;
        return s;
    }
    return STATUS_CLOSED;
}

struct rtcp_report rtcp_report_at(const struct rtcp_block *block, uint8_t index)
{
    assert(index < block->report_count);
    const uint8_t *at = block->reports + (size_t)REPORT * index;
    int32_t lost = (int32_t)(read32(at + 4) & 0xffffff);
    return (struct rtcp_report){
        .ssrc = read32(at),
        .fraction_lost = at[4],
        .cumulative_lost = lost >= 0x800000 ? lost - 0x1000000 : lost,
        .highest_seq = read32(at + 8),
        .jitter = read32(at + 12),
        .last_sr = read32(at + 16),
        .delay_since_sr = read32(at + 20),
    };
}

uint32_t rtcp_source_at(const struct rtcp_block *block, uint8_t index)
{
    assert(block->kind == RTCP_BYE && index < block->source_count);
    return read32(block->sources + 4u * index);
}

/* Common header; the length in words is known when the block is written. @return where the body begins */
static uint8_t *write_header(uint8_t *at, enum rtcp_kind kind, uint8_t count, size_t body_bytes)
{
    at[0] = (uint8_t)(VERSION << 6 | count);
    at[1] = (uint8_t)kind;
    at[2] = (uint8_t)((body_bytes / 4) >> 8);
    at[3] = (uint8_t)(body_bytes / 4);
    return at + HEADER;
}

static uint8_t *write_report(uint8_t *at, const struct rtcp_report *r)
{
    int32_t lost = r->cumulative_lost;
    if (lost > 0x7fffff) lost = 0x7fffff;
    if (lost < -0x800000) lost = -0x800000;
    at = write32(at, r->ssrc);
    at = write32(at, (uint32_t)r->fraction_lost << 24 | ((uint32_t)lost & 0xffffff));
    at = write32(at, r->highest_seq);
    at = write32(at, r->jitter);
    at = write32(at, r->last_sr);
    return write32(at, r->delay_since_sr);
}

size_t rtcp_build(const struct rtcp_compound *compound, uint8_t *out, size_t size)
{
    size_t name = strlen(compound->cname);
    assert(name <= 255 && compound->report_count <= RTCP_REPORTS_MAX);
    size_t report_body = 4 + (compound->sends ? SENDER_INFO : 0u) + (size_t)REPORT * compound->report_count;
    /* The list of items ends with at least one zero byte and fills whole words (section 6.5). */
    size_t sdes_body = (4 + 2 + name + 4) / 4 * 4;
    size_t total = HEADER + report_body + HEADER + sdes_body + (compound->bye ? HEADER + 4u : 0u);
    if (size < total) return 0;

    uint8_t *at = write_header(out, compound->sends ? RTCP_SR : RTCP_RR, compound->report_count, report_body);
    at = write32(at, compound->ssrc);
    if (compound->sends) {
        at = write32(at, (uint32_t)(compound->sender.ntp >> 32));
        at = write32(at, (uint32_t)compound->sender.ntp);
        at = write32(at, compound->sender.rtp_timestamp);
        at = write32(at, compound->sender.packets);
        at = write32(at, compound->sender.octets);
    }
    for (uint8_t i = 0; i < compound->report_count; i++)
        at = write_report(at, &compound->reports[i]);

    at = write_header(at, RTCP_SDES, 1, sdes_body);
    memset(at, 0, sdes_body);
    write32(at, compound->ssrc);
    at[4] = ITEM_CNAME;
    at[5] = (uint8_t)name;
    memcpy(at + 6, compound->cname, name);
    at += sdes_body;

    if (compound->bye) write32(write_header(at, RTCP_BYE, 1, 4), compound->ssrc);
    return total;
}
