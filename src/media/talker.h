/**
 * @file talker.h  Whether somebody speaks: energy over a noise floor that is learnt, with hang-over.
 *
 * It only says; nothing is cut because of it. Speech has begun where two frames in a row stand out of the floor, and is
 * over half a second after the last one that did; both are said with the time at which they were true. The floor goes
 * down with the quietest frames at once, and up slowly: a noise that stays becomes floor within seconds, a voice that
 * never pauses within a minute. Digital silence, which a sender puts in the place of its pauses, takes the floor back
 * to where it began.
 *
 * talker_inaudible() is another matter and an absolute one: whether there is anything to hear at all, for who wants to
 * save the work of mixing what nobody can hear. There is from the first frame on in which a single sample is above the
 * smallest step of G.711, and for half a second after the last.
 *
 * Pure. Thread: one at a time.
 */
#ifndef PARLEY_MEDIA_TALKER_H
#define PARLEY_MEDIA_TALKER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    TALKER_HANG_TICKS = 25,    /**< frames of 20 ms */
    TALKER_BEGIN_TICKS = 2,    /**< so many in a row stand out of the floor: no click is speech */
    TALKER_INAUDIBLE_PEAK = 8, /**< -72 dBFS */
};

struct talker {
    bool talking;
    float floor_dbfs, level_dbfs; /**< level: smoothed over about 100 ms, for who compares talkers */
    uint32_t loud_ticks;          /**< in a row */
    uint32_t quiet_ticks;         /**< since the last loud one */
    uint32_t faint_ticks;         /**< since there was anything to hear */
};

enum talker_step {
    TALKER_SAME,
    TALKER_BEGAN, /**< TALKER_BEGIN_TICKS - 1 frames before this one */
    TALKER_ENDED, /**< with the end of the frame TALKER_HANG_TICKS before this one */
};

void talker_init(struct talker *t);

/**
 * One frame of 20 ms.
 * @param frame_dbfs  level_power_dbfs() of it; @param peak  its largest magnitude, 0 for silence
 */
enum talker_step talker_step(struct talker *t, float frame_dbfs, uint16_t peak);

/** True where for half a second there was nothing to hear, this frame included. */
static inline bool talker_inaudible(const struct talker *t)
{
    return t->faint_ticks > TALKER_HANG_TICKS;
}

/** Nobody listens any more. @return true where it talked: it ends here */
bool talker_stop(struct talker *t);

#endif
