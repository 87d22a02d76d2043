/**
 * @file leg_send.h  What a leg is sent: audio and events into packets, on the leg's own grid.
 *
 * A packet leaves every ptime. The first one leaves in the tick that mixed its last sample: 20 ms of samples come every
 * 20 ms, so those of each later packet are there when its time comes.
 *
 * Thread: media. RFC 3550, 3551, 4733.
 */
#ifndef PARLEY_ENGINE_LEG_SEND_H
#define PARLEY_ENGINE_LEG_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct leg_context;
struct leg_event;
struct leg_media;

/** What is queued is given up; the time it stood for passes, and the grid begins anew. */
void leg_send_drop(struct leg_media *leg);

/**
 * Has a 20 ms frame's payload to send; sends what is due.
 *
 * @param packet  RTP_HEADER_BYTES of room, which may be written over, then len bytes of payload; NULL: on hold, time
 *                passes
 */
void leg_send_frame(struct leg_media *leg, const struct leg_context *context, uint8_t *packet, size_t len);

/**
 * One whole packet of the leg's ptime, now.
 * @param packet  as above; @param len  0: nothing is sent, time passes (DTX)
 */
void leg_send_whole(struct leg_media *leg, const struct leg_context *context, uint8_t *packet, size_t len);

/** The second of two packets of 10 ms, to be sent between this tick and the next; otherwise as leg_send_whole(). */
void leg_send_later(struct leg_media *leg, const uint8_t *packet, size_t len);

/**
 * A tick of an event in place of a frame. The last one goes out three times; without `on` the event that is being sent
 * ends here.
 */
void leg_send_event(struct leg_media *leg, const struct leg_context *context, const struct leg_event *event);

/** True where packets leave between ticks too. */
bool leg_send_needs_half_tick(const struct leg_media *leg);
void leg_send_half_tick(struct leg_media *leg, const struct leg_context *context);

/** A tick that did not run: time passes for what is sent. */
void leg_send_skip_tick(struct leg_media *leg);

#endif
