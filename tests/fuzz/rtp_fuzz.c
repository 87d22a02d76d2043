/**
 * @file rtp_fuzz.c  Any bytes as an RTP packet and as a telephone event; what was read must be written again alike.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rtp/dtmf_event.h"
#include "rtp/rtp_packet.h"
#include "rtp/rtp_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int truth)
{
    if (!truth) abort();
}

static void read_event(const struct rtp_packet *p)
{
    struct dtmf_payload event;
    struct dtmf_receiver receiver;
    if (dtmf_payload_parse(&event, p->payload, p->payload_bytes) != STATUS_OK) return;
    demand(dtmf_digit(event.event) != '\0');
    dtmf_receiver_init(&receiver);
    demand(dtmf_receiver_put(&receiver, &event, p->timestamp, 0) == DTMF_BEGIN);
    demand(dtmf_receiver_put(&receiver, &event, p->timestamp, 1) == DTMF_NOTHING || event.end == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rtp_packet p, again;
    uint8_t *copy = malloc(size + 1);
    demand(copy != NULL);
    if (rtp_packet_parse(&p, data, size) == STATUS_OK) {
        demand(p.payload >= data && p.payload + p.payload_bytes <= data + size);
        size_t header = rtp_packet_write_header(&p, copy, size);
        demand(header >= RTP_HEADER_BYTES && header + p.payload_bytes <= size);
        memcpy(copy + header, p.payload, p.payload_bytes);
        demand(rtp_packet_parse(&again, copy, header + p.payload_bytes) == STATUS_OK);
        demand(again.seq == p.seq && again.ssrc == p.ssrc && again.payload_bytes == p.payload_bytes);

        struct rng rng;
        struct rtp_stream stream;
        rng_init(&rng, 1);
        rtp_stream_init(&stream, 8000, 0, "name", &rng, 0);
        demand(rtp_stream_receive(&stream, &p, 0) == RTP_NEW_SOURCE);
        read_event(&p);
    }
    free(copy);
    return 0;
}
