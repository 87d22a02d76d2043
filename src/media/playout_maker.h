/**
 * @file playout_maker.h  Makes samples at the end of a playout queue: of a packet, for a lost one, of a pause.
 *
 * Part of playout.h. Pure: memory is taken by playout_maker_init() alone. Thread: as its owner.
 */
#ifndef PARLEY_MEDIA_PLAYOUT_MAKER_H
#define PARLEY_MEDIA_PLAYOUT_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "media/codec.h"
#include "media/conceal.h"
#include "media/playout_queue.h"
#include "media/playout_store.h"

struct playout_maker {
    const struct codec *codec; /**< borrowed */
    void *decoder;             /**< owned; NULL where the codec has no state */
    uint32_t ms;
    uint64_t concealed_samples; /**< made up for lost and late packets */
    uint64_t invalid;           /**< packets that did not decode */
    struct conceal conceal;
};

/** @return STATUS_OK, STATUS_NO_MEMORY (it may be cleared all the same) */
MUST_CHECK status playout_maker_init(struct playout_maker *m, const struct codec *codec);

void playout_maker_clear(struct playout_maker *m);

/** As before the first packet; keeps the counts. */
void playout_maker_reset(struct playout_maker *m);

/** n samples for what was lost. */
void playout_maker_lose(struct playout_maker *m, struct playout_queue *q, size_t n);

/** n samples of a pause: what was heard last fades within 5 ms. */
void playout_maker_pause(struct playout_maker *m, struct playout_queue *q, size_t n);

/**
 * The audio of a packet.
 *
 * @param overlap   samples at its beginning that were played already, or made up
 * @param inserted  samples at the end of the queue that were made up and stand for no time: the packet may begin as
 * much later in itself, where it fits best
 * @param[out] samples  in the packet; unchanged where it does not decode
 * @return STATUS_OK; STATUS_INVALID (nothing was added, and it is counted)
 */
MUST_CHECK status playout_maker_decode(struct playout_maker *m, struct playout_queue *q,
                                       const struct playout_stored *stored, const uint8_t *payload, size_t overlap,
                                       size_t inserted, size_t *samples);

#endif
