#include "media/talker.h"

#include "media/level.h"

static const float first_floor_dbfs = -60, lowest_floor_dbfs = -75;
static const float above_floor_db = 9, least_dbfs = -55;  /* speech is above both */
static const float down_share = 0.25f;                    /* of the way to a quieter frame */
static const float up_db = 0.06f, up_talking_db = 0.012f; /* a frame: 3 dB and 0.6 dB a second */
static const float gated_db = 0.12f;                      /* down a frame that a sender leaves out: 6 dB a second */
static const float smooth_share = 0.2f;

void talker_init(struct talker *t)
{
    *t = (struct talker){
        .floor_dbfs = first_floor_dbfs, .level_dbfs = LEVEL_SILENCE_DBFS, .faint_ticks = TALKER_HANG_TICKS + 1};
}

static void learn_floor(struct talker *t, float frame_dbfs)
{
    float seen = frame_dbfs > lowest_floor_dbfs ? frame_dbfs : lowest_floor_dbfs;
    if (seen < t->floor_dbfs)
        t->floor_dbfs += (seen - t->floor_dbfs) * down_share;
    else
        t->floor_dbfs += t->talking ? up_talking_db : up_db;
}

enum talker_step talker_step(struct talker *t, float frame_dbfs, uint16_t peak)
{
    bool loud = frame_dbfs > t->floor_dbfs + above_floor_db && frame_dbfs > least_dbfs;
    t->level_dbfs += (frame_dbfs - t->level_dbfs) * smooth_share;
    t->faint_ticks = peak > TALKER_INAUDIBLE_PEAK ? 0 : t->faint_ticks + 1;
    t->loud_ticks = loud ? t->loud_ticks + 1 : 0;
    t->quiet_ticks = loud ? 0 : t->quiet_ticks + 1;
    if (peak > 0)
        learn_floor(t, frame_dbfs);
    else if (t->floor_dbfs > first_floor_dbfs)
        t->floor_dbfs -= gated_db; /* what it sends, then, is voice: that must not become floor for want of noise */
    if (!t->talking && t->loud_ticks >= TALKER_BEGIN_TICKS) {
        t->talking = true;
        return TALKER_BEGAN;
    }
    if (t->talking && t->quiet_ticks >= TALKER_HANG_TICKS) {
        t->talking = false;
        return TALKER_ENDED;
    }
    return TALKER_SAME;
}

bool talker_stop(struct talker *t)
{
    bool talked = t->talking;
    float floor_dbfs = t->floor_dbfs;
    talker_init(t);
    t->floor_dbfs = floor_dbfs;
    return talked;
}
