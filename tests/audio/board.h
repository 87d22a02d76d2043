/**
 * @file board.h  What a measuring program of tests/audio shares with the others: its options, and the lines it prints
 * for tests/audio/run.
 *
 * A program measures one group of lines. On stdout it prints
 *
 *     group=steady title="A steady 1013 Hz through a conference of three"
 *     line=steady/PCMU-PCMA what="PCMU to PCMA, 20 s" limit="0 breaks" value="0 breaks" ok=1 share=0.07
 *     end
 *
 * and nothing else, `end` when all was measured; share, where it is there, is how much of the limit was used up, for
 * drawing. What a line is about stands in `what`, with the length of the measurement where that differs between the
 * short and the full form.
 *
 * Options: --full (the lengths that are promised), --brief (the least that is able to fail, for builds with
 * sanitizers), --only WORDS (lines whose id or what contains one of the words, separated by commas). The status is 1
 * where a line missed its limit.
 */
#ifndef PARLEY_TESTS_AUDIO_BOARD_H
#define PARLEY_TESTS_AUDIO_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Reads the options; ends the program where they are wrong. @param title  a line over the group, in plain words */
void board_open(int argc, char **argv, const char *group, const char *title);

/** How long to measure: the first under --brief, the last under --full, else the second. */
uint32_t board_length(uint32_t brief, uint32_t usual, uint32_t full);

/** True where a line is asked for: what is not need not be measured. */
bool board_wants(const char *id, const char *what);

/** True under --full: lines that need a quiet machine or much time are measured then only. */
bool board_full(void);

/** A line in words. @param id  the group's name, a slash, and what tells it from the others, without spaces */
void board_line(const char *id, const char *what, const char *limit, const char *value, bool ok);

/** As board_line(), with how much of the limit was used up, 0 to 1 where it was kept. */
void board_share(const char *id, const char *what, const char *limit, const char *value, bool ok, double share);

/** One figure that must not be above its limit. @param unit  as it stands behind a figure: "ms", "dB"; may be "" */
void board_at_most(const char *id, const char *what, const char *unit, double limit, double value);

/** As printf, into one of 64 static buffers that are used in turn: for ids and values. */
const char *board_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Says that all was measured. To be returned from main(). */
int board_close(void);

#endif
