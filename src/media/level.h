/**
 * @file level.h  How loud a frame is, and how loud the last second was.
 *
 * Levels are those of the sine with the same power (a sine at full scale: 0 dBFS), an offset left out. A meter adds up
 * frames until it is read: who reads it once a second knows the last second.
 *
 * Not here: whether it is speech (talker.h).
 * Pure. Thread: one at a time.
 */
#ifndef PARLEY_MEDIA_LEVEL_H
#define PARLEY_MEDIA_LEVEL_H

#include <stddef.h>
#include <stdint.h>

/** Below this nothing is told apart: digital silence, or no audio at all. */
#define LEVEL_SILENCE_DBFS (-127.0f)

/** From here on a sample counts as clipped: the highest code of either law of G.711, -0.2 dBFS. */
enum { LEVEL_CLIPPED = 32000 };

struct level {
    float power;   /**< mean square less the offset's, of a full scale of 1: a sine at full scale has 0.5 */
    uint16_t peak; /**< largest magnitude, 0 to 32768 */
    uint32_t clipped;
};

/** @param samples  1 to 4096 */
struct level level_measure(const int16_t *pcm, size_t samples);

/** @return LEVEL_SILENCE_DBFS to about 3; @param power  as in struct level */
float level_power_dbfs(float power);

/** Of a peak: full scale is 0 dBFS. */
float level_peak_dbfs(uint16_t peak);

/** All zero: fresh. */
struct level_meter {
    float power; /**< sum over the frames since it was read */
    uint32_t frames;
    uint16_t peak;
    uint64_t clipped; /**< since it was made */
};

/** One more frame. @param level  NULL: a frame of silence */
void level_meter_put(struct level_meter *m, const struct level *level);

/** What the frames since the last reading had, both LEVEL_SILENCE_DBFS where there were none. */
void level_meter_read(struct level_meter *m, float *mean_dbfs, float *peak_dbfs);

#endif
