#include "daemon/config_text.h"

#include <ctype.h>
#include <string.h>

enum { DEPTH_MAX = 8 };

struct scan {
    char *at, *end;
    unsigned line;
    unsigned open[DEPTH_MAX]; /**< lines of the braces that are open */
    unsigned depth;
    struct config_text_fault *fault;
};

static bool refuse(struct scan *s, unsigned line, const char *what)
{
    *s->fault = (struct config_text_fault){line, what};
    return false;
}

static bool starts(const struct scan *s, const char *word)
{
    size_t len = strlen(word);
    return (size_t)(s->end - s->at) >= len && memcmp(s->at, word, len) == 0;
}

static void blank(struct scan *s)
{
    if (*s->at == '\n')
        s->line++;
    else
        *s->at = ' ';
    s->at++;
}

static bool blank_block(struct scan *s)
{
    unsigned first = s->line;
    blank(s);
    blank(s);
    while (s->at < s->end && !starts(s, "*/"))
        blank(s);
    if (s->at == s->end) return refuse(s, first, "the comment that starts here is not closed with */");
    blank(s);
    blank(s);
    return true;
}

static void blank_line(struct scan *s)
{
    while (s->at < s->end && *s->at != '\n')
        blank(s);
}

static bool skip_quoted(struct scan *s)
{
    char mark = *s->at++;
    while (s->at < s->end && *s->at != mark) {
        if (*s->at == '\n') return refuse(s, s->line, "the quotation mark is not closed in its line");
        if (mark == '"' && starts(s, "${")) return refuse(s, s->line, "${...} is not replaced here; write the value");
        if (*s->at == '\\') {
            s->at++;
            if (s->at == s->end || *s->at == '\n') break;
            if (isdigit((unsigned char)*s->at) || *s->at == 'x')
                return refuse(s, s->line, "characters by number are not taken; write \\\\ for a backslash");
        }
        s->at++;
    }
    if (s->at == s->end || *s->at != mark) return refuse(s, s->line, "the quotation mark is not closed in its line");
    s->at++;
    return true;
}

static bool step_brace(struct scan *s)
{
    if (*s->at == '}') {
        if (s->depth == 0) return refuse(s, s->line, "this } closes nothing");
        s->depth--;
    } else {
        if (s->depth == DEPTH_MAX) return refuse(s, s->line, "braces stand within braces too often");
        s->open[s->depth++] = s->line;
    }
    s->at++;
    return true;
}

static bool is_mark(char c)
{
    return strchr(" \t\r\n={}(),\"'", c) != NULL;
}

/** A bare word or a single mark. Slashes within a word are no comment: a URL needs no quotation marks. */
static bool step_word(struct scan *s)
{
    if (is_mark(*s->at)) {
        if (*s->at == '\n') s->line++;
        s->at++;
        return true;
    }
    if (starts(s, "+=")) {
        s->at += 2;
        return true;
    }
    while (s->at < s->end && !is_mark(*s->at) && *s->at != '#') {
        if (strchr("*+|", *s->at)) return refuse(s, s->line, "a value with * + or | needs quotation marks");
        if (starts(s, "${")) return refuse(s, s->line, "${...} is not replaced here; write the value");
        s->at++;
    }
    return true;
}

static bool step(struct scan *s)
{
    if (*s->at == '#' || starts(s, "//")) {
        blank_line(s);
        return true;
    }
    if (starts(s, "/*")) return blank_block(s);
    if (*s->at == '"' || *s->at == '\'') return skip_quoted(s);
    if (*s->at == '{' || *s->at == '}') return step_brace(s);
    return step_word(s);
}

static bool is_text(struct scan *s)
{
    unsigned line = 1;
    for (const char *c = s->at; c < s->end; c++) {
        if (*c == '\n') line++;
        bool blank_or_letter = (unsigned char)*c >= ' ' || strchr("\t\r\n", *c);
        if (*c == '\0' || *c == 0x7f || !blank_or_letter)
            return refuse(s, line, "a control character; this is not a text file");
    }
    return true;
}

bool config_text_prepare(char *text, size_t len, struct config_text_fault *fault)
{
    struct scan s = {.at = text, .end = text + len, .line = 1, .fault = fault};
    if (!is_text(&s)) return false;
    while (s.at < s.end)
        if (!step(&s)) return false;
    if (s.depth > 0) return refuse(&s, s.open[s.depth - 1], "the { in this line is not closed with }");
    return true;
}
