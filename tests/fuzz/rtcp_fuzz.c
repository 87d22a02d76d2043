/**
 * @file rtcp_fuzz.c  Any bytes as an RTCP datagram: walked whole, and taken into the books of a stream.
 */
#include <stdint.h>
#include <stdlib.h>

#include "rtp/rtcp_packet.h"
#include "rtp/rtp_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int truth)
{
    if (!truth) abort();
}

/* Touches every byte that a block lends, so that a sanitizer sees one that is not there. */
static unsigned touch(const struct rtcp_block *b)
{
    unsigned sum = 0;
    for (uint8_t i = 0; i < b->report_count; i++)
        sum += rtcp_report_at(b, i).ssrc;
    for (uint8_t i = 0; b->kind == RTCP_BYE && i < b->source_count; i++)
        sum += rtcp_source_at(b, i);
    for (size_t i = 0; i < b->cname.len; i++)
        sum += (unsigned char)b->cname.at[i];
    for (size_t i = 0; i < b->reason.len; i++)
        sum += (unsigned char)b->reason.at[i];
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rtcp_cursor cursor;
    struct rtcp_block block;
    struct rng rng;
    struct rtp_stream stream;
    unsigned sum = 0;
    status opened = rtcp_open(&cursor, data, size), walked = STATUS_OK;
    if (opened == STATUS_OK) {
        while ((walked = rtcp_next(&cursor, &block)) == STATUS_OK)
            sum += touch(&block);
        /* Uses the sum, so that the reads stay. */
        demand(walked == STATUS_CLOSED || walked == STATUS_INVALID || sum == 0);
    }
    rng_init(&rng, 1);
    rtp_stream_init(&stream, 8000, 0, "name", &rng, 0);
    status taken = rtp_stream_receive_rtcp(&stream, data, size, 1000000);
    demand((taken == STATUS_OK) == (opened == STATUS_OK && walked == STATUS_CLOSED));
    return 0;
}
