#include "media/playout_line.h"

enum {
    JUMP_EARLY_US = 200000,
    JUMP_LATE_US = 2000000,
    JUMP_SEQ = 3000,
    GAP_LEAST_US = 20000, /* a jump after less than that follows directly */
};

void playout_line_init(struct playout_line *line, uint32_t rate_hz, uint32_t clock_hz)
{
    line->rate_hz = rate_hz;
    line->clock_hz = clock_hz;
    line->us_each = 1e6 / rate_hz;
    line->jumps = 0;
    playout_line_reset(line);
}

void playout_line_reset(struct playout_line *line)
{
    line->known = false;
    for (int i = 0; i < PLAYOUT_LINE_NOTED; i++)
        line->noted[i] = INT64_MIN;
    for (int i = 0; i < PLAYOUT_LINE_SEEN; i++)
        line->seen[i] = INT64_MIN;
}

static void begin(struct playout_line *line, const struct playout_packet *packet)
{
    line->known = true;
    line->top_seq = packet->seq;
    line->top_wire_seq = packet->seq;
    line->top_media = 0;
    line->top_end = 0;
    line->top_timestamp = packet->timestamp;
    line->top_arrival_us = packet->arrival_us;
}

/* Numbers or times have jumped: the packet is set where its arrival says. Nothing of what waits is lost. */
static void take_up_anew(struct playout_line *line, const struct playout_packet *packet, struct playout_place *place)
{
    int64_t gap_us = packet->arrival_us - line->top_arrival_us - playout_line_us(line, line->top_end - line->top_media);
    int64_t gap = gap_us > GAP_LEAST_US ? gap_us * line->rate_hz / 1000000 : 0;
    line->jumps++;
    place->jumped = true;
    place->media = line->top_end + gap;
    place->seq = line->top_seq + 1;
}

void playout_line_place(struct playout_line *line, const struct playout_packet *packet, struct playout_place *place)
{
    place->first = !line->known;
    place->jumped = false;
    if (place->first) begin(line, packet);
    int64_t seq_step = (int16_t)(uint16_t)(packet->seq - line->top_wire_seq);
    int64_t step = (int32_t)(packet->timestamp - line->top_timestamp);
    if (line->rate_hz != line->clock_hz) step = step * line->rate_hz / line->clock_hz;
    place->seq = line->top_seq + seq_step;
    place->media = line->top_media + step;

    int64_t drift_us = packet->arrival_us - line->top_arrival_us - playout_line_us(line, step);
    bool jumped = seq_step > JUMP_SEQ || seq_step < -JUMP_SEQ || drift_us > JUMP_LATE_US;
    if (seq_step > 0) jumped = jumped || step <= 0 || drift_us < -JUMP_EARLY_US;
    if (seq_step < 0)
        jumped = jumped || step > 0 || step < -(int64_t)JUMP_LATE_US / 1000 * (int64_t)(line->rate_hz / 1000);
    if (jumped) take_up_anew(line, packet, place);
}

bool playout_line_seen(struct playout_line *line, int64_t seq)
{
    int64_t *seen = &line->seen[seq & (PLAYOUT_LINE_SEEN - 1)];
    bool duplicate = *seen == seq;
    *seen = seq;
    return duplicate;
}

void playout_line_follow(struct playout_line *line, const struct playout_packet *packet,
                         const struct playout_place *place, uint32_t samples)
{
    if (place->seq < line->top_seq) return;
    line->top_seq = place->seq;
    line->top_wire_seq = packet->seq;
    line->top_media = place->media;
    line->top_end = place->media + samples;
    line->top_timestamp = packet->timestamp;
    line->top_arrival_us = packet->arrival_us;
}

void playout_line_note(struct playout_line *line, uint16_t seq)
{
    if (!line->known) return;
    int64_t extended = line->top_seq + (int16_t)(uint16_t)(seq - line->top_wire_seq);
    line->noted[extended & (PLAYOUT_LINE_NOTED - 1)] = extended;
}

int64_t playout_line_missing(const struct playout_line *line, int64_t before, int64_t after)
{
    int64_t missing = after - before - 1;
    int64_t from = missing > PLAYOUT_LINE_NOTED ? after - PLAYOUT_LINE_NOTED : before + 1;
    for (int64_t seq = from; seq < after; seq++)
        missing -= line->noted[seq & (PLAYOUT_LINE_NOTED - 1)] == seq;
    return missing;
}
