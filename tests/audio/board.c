#include "board.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS = 64, TEXT_SIZE = 240, FULL = 'f', BRIEF = 'b' };

static struct {
    const char *group, *title;
    char length; /* FULL, BRIEF or neither */
    const char *only;
    int printed, missed;
} board;

static void usage(const char *program)
{
    fprintf(stderr, "usage: %s [--full | --brief] [--only WORD,WORD...]\n", program);
    exit(2);
}

void board_open(int argc, char **argv, const char *group, const char *title)
{
    board.group = group;
    board.title = title;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--full") == 0)
            board.length = FULL;
        else if (strcmp(argv[i], "--brief") == 0)
            board.length = BRIEF;
        else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc)
            board.only = argv[++i];
        else
            usage(argv[0]);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
}

uint32_t board_length(uint32_t brief, uint32_t usual, uint32_t full)
{
    return board.length == FULL ? full : board.length == BRIEF ? brief : usual;
}

bool board_full(void)
{
    return board.length == FULL;
}

bool board_wants(const char *id, const char *what)
{
    if (!board.only) return true;
    char words[TEXT_SIZE];
    snprintf(words, sizeof words, "%s", board.only);
    char *rest;
    for (char *word = strtok_r(words, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        if (strcasestr(id, word) || strcasestr(what, word)) return true;
    }
    return false;
}

static void print(const char *id, const char *what, const char *limit, const char *value, bool ok)
{
    if (board.printed++ == 0) printf("group=%s title=\"%s\"\n", board.group, board.title);
    board.missed += !ok;
    printf("line=%s what=\"%s\" limit=\"%s\" value=\"%s\" ok=%d", id, what, limit, value, ok);
}

void board_line(const char *id, const char *what, const char *limit, const char *value, bool ok)
{
    if (!board_wants(id, what)) return;
    print(id, what, limit, value, ok);
    printf("\n");
}

void board_share(const char *id, const char *what, const char *limit, const char *value, bool ok, double share)
{
    if (!board_wants(id, what)) return;
    print(id, what, limit, value, ok);
    if (isfinite(share)) printf(" share=%.3f", share);
    printf("\n");
}

/* Decibels below something say how much was used up as amplitudes do; of other figures the quotient does. */
static double share_of(const char *unit, double limit, double value)
{
    if (strncmp(unit, "dB", 2) == 0 && limit < 0) return pow(10.0, (value - limit) / 20.0);
    return limit > 0 && value >= 0 ? value / limit : NAN;
}

static const char *figure(const char *unit, double value)
{
    const char *gap = unit[0] ? " " : "";
    double size = fabs(value);
    int places = value == rint(value) ? 0 : size < 0.1 ? 3 : size < 10 ? 2 : 1;
    return board_text("%.*f%s%s", places, value, gap, unit);
}

void board_at_most(const char *id, const char *what, const char *unit, double limit, double value)
{
    board_share(id, what, board_text("<= %s", figure(unit, limit)), figure(unit, value), value <= limit,
                share_of(unit, limit, value));
}

const char *board_text(const char *format, ...)
{
    static char texts[TEXTS][TEXT_SIZE];
    static int next;
    char *text = texts[next++ % TEXTS];
    va_list args;
    va_start(args, format);
    vsnprintf(text, TEXT_SIZE, format, args);
    va_end(args);
    return text;
}

int board_close(void)
{
    printf("end\n");
    return board.missed > 0;
}
