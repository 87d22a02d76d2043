#include "media/loudest.h"

#include <assert.h>
#include <string.h>

#include "media/level.h"

void loudest_init(struct loudest *l, uint32_t max)
{
    assert(max >= 1 && max <= LOUDEST_MAX);
    memset(l, 0, sizeof *l);
    l->max = max;
}

/* The softest of those who speak or do not. NULL: there is none */
static struct loudest_seat *softest(struct loudest *l, bool speaking)
{
    struct loudest_seat *out = NULL;
    for (uint32_t i = 0; i < l->count; i++) {
        struct loudest_seat *seat = &l->seats[i];
        if (seat->speaks == speaking && (!out || seat->level_dbfs < out->level_dbfs)) out = seat;
    }
    return out;
}

/* Who was louder than one who speaks for long enough takes its seat. */
static void seat_rival(struct loudest *l)
{
    struct loudest_seat *seat = softest(l, true);
    bool louder = l->rival.who && seat && l->rival.level_dbfs > seat->level_dbfs + LOUDEST_RIVAL_DB;
    if (!louder)
        l->rival_ticks = 0;
    else
        l->rival_ticks = l->rival.who == l->rival_before ? l->rival_ticks + 1 : 1;
    l->rival_before = l->rival.who;
    if (l->rival_ticks < LOUDEST_RIVAL_TICKS) return;
    *seat = l->rival;
    l->rival_ticks = 0;
}

void loudest_begin(struct loudest *l)
{
    seat_rival(l);
    l->rival.who = NULL;
    for (uint32_t i = 0; i < l->count; i++) {
        struct loudest_seat *seat = &l->seats[i];
        if (!seat->seen) {
            seat->speaks = false;
            seat->level_dbfs = LEVEL_SILENCE_DBFS;
        }
        seat->seen = false;
    }
}

static struct loudest_seat *find(struct loudest *l, const void *who)
{
    for (uint32_t i = 0; i < l->count; i++) {
        if (l->seats[i].who == who) return &l->seats[i];
    }
    return NULL;
}

bool loudest_put(struct loudest *l, const void *who, float level_dbfs, bool speaks)
{
    struct loudest_seat now = {.who = who, .level_dbfs = level_dbfs, .speaks = speaks, .seen = true};
    struct loudest_seat *seat = find(l, who);
    if (!seat && l->count < l->max) seat = &l->seats[l->count++];
    if (!seat && speaks) seat = softest(l, false);
    if (seat) {
        *seat = now;
        return true;
    }
    if (speaks && (!l->rival.who || level_dbfs > l->rival.level_dbfs)) l->rival = now;
    return false;
}

void loudest_leave(struct loudest *l, const void *who)
{
    struct loudest_seat *seat = find(l, who);
    if (seat) *seat = l->seats[--l->count];
    if (l->rival.who == who) l->rival.who = NULL;
}
