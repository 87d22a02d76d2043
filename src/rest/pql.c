#include "rest/pql.h"

#include <stdbool.h>
#include <string.h>

struct parser {
    struct pql *out;
    struct slice text;
    size_t at;
    struct fault *fault;
};

static status fail(struct parser *p, const char *what)
{
    *p->fault = (struct fault){p->at, what};
    return STATUS_INVALID;
}

static void skip_blanks(struct parser *p)
{
    while (p->at < p->text.len && strchr(" \t\r\n", p->text.at[p->at]))
        p->at++;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static struct slice peek_word(struct parser *p)
{
    skip_blanks(p);
    size_t end = p->at;
    while (end < p->text.len && is_letter(p->text.at[end]))
        end++;
    return (struct slice){p->text.at + p->at, end - p->at};
}

static bool take_word(struct parser *p, const char *word)
{
    struct slice next = peek_word(p);
    if (!slice_is_nocase(next, word)) return false;
    p->at += next.len;
    return true;
}

static bool take_char(struct parser *p, char c)
{
    skip_blanks(p);
    if (p->at >= p->text.len || p->text.at[p->at] != c) return false;
    p->at++;
    return true;
}

static status add_node(struct parser *p, const struct store_log_node *node)
{
    if (p->out->count == STORE_LOG_NODES_MAX) return fail(p, "too many comparisons");
    p->out->nodes[p->out->count++] = *node;
    return STATUS_OK;
}

static status read_field(struct parser *p, enum store_log_field *out)
{
    static const struct {
        const char *name;
        enum store_log_field field;
    } fields[] = {
        {"timestamp", STORE_LOG_TIMESTAMP}, {"level", STORE_LOG_LEVEL},     {"callId", STORE_LOG_CALL},
        {"requestId", STORE_LOG_REQUEST},   {"message", STORE_LOG_MESSAGE},
    };
    struct slice word = peek_word(p);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (!slice_is(word, fields[i].name)) continue;
        *out = fields[i].field;
        p->at += word.len;
        return STATUS_OK;
    }
    return fail(p, "timestamp, level, callId, requestId, message or ( is wanted here");
}

static status read_comparison(struct parser *p, enum store_log_step *out)
{
    static const struct {
        const char *sign;
        enum store_log_step step;
    } signs[] = {
        {"!=", STORE_LOG_UNEQUAL}, {"<=", STORE_LOG_AT_MOST}, {">=", STORE_LOG_AT_LEAST},
        {"=", STORE_LOG_EQUAL},    {"<", STORE_LOG_LESS},     {">", STORE_LOG_MORE},
    };
    skip_blanks(p);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t len = strlen(signs[i].sign);
        if (p->text.len - p->at < len || memcmp(p->text.at + p->at, signs[i].sign, len) != 0) continue;
        *out = signs[i].step;
        p->at += len;
        return STATUS_OK;
    }
    return fail(p, "=, !=, <, >, <= or >= is wanted here");
}

static status read_quoted(struct parser *p, const char **out)
{
    char *start = p->out->texts + p->out->used, *end = start;
    skip_blanks(p);
    char quote = p->at < p->text.len ? p->text.at[p->at] : '\0';
    if (quote != '"' && quote != '\'') return fail(p, "a quoted text is wanted here");
    for (p->at++; p->at < p->text.len && p->text.at[p->at] != quote; p->at++) {
        char c = p->text.at[p->at];
        if (c == '\\' && p->at + 1 < p->text.len) c = p->text.at[++p->at];
        if (c == '\0') return fail(p, "a text has no NUL");
        *end++ = c;
    }
    if (p->at >= p->text.len) return fail(p, "the quote is not closed");
    p->at++;
    *end = '\0';
    p->out->used = (size_t)(end - p->out->texts) + 1;
    *out = start;
    return STATUS_OK;
}

static status read_digits(struct parser *p, int64_t *out)
{
    int64_t number = 0;
    skip_blanks(p);
    char quote = p->at < p->text.len ? p->text.at[p->at] : '\0';
    bool quoted = quote == '"' || quote == '\'';
    if (quoted) p->at++;
    size_t start = p->at;
    for (; p->at < p->text.len && p->text.at[p->at] >= '0' && p->text.at[p->at] <= '9'; p->at++) {
        if (p->at - start >= 18) return fail(p, "the number is too long");
        number = number * 10 + (p->text.at[p->at] - '0');
    }
    if (p->at == start) return fail(p, "microseconds since 1970 are wanted here");
    if (quoted && !take_char(p, quote)) return fail(p, "the quote is not closed");
    *out = number;
    return STATUS_OK;
}

/* The store's spelling of a level. */
static status read_level(struct parser *p, const char **out)
{
    static const char *const levels[] = {"info", "warning", "error"};
    const char *text;
    size_t before = p->at;
    status s = read_quoted(p, &text);
    if (s != STATUS_OK) return s;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (!slice_is_nocase(slice_of(text), levels[i])) continue;
        *out = levels[i];
        return STATUS_OK;
    }
    p->at = before;
    return fail(p, "\"info\", \"warning\" or \"error\" is wanted here");
}

static status read_test(struct parser *p)
{
    struct store_log_node node = {0};
    status s = read_field(p, &node.field);
    if (s == STATUS_OK) s = read_comparison(p, &node.step);
    if (s != STATUS_OK) return s;
    switch (node.field) {
    case STORE_LOG_TIMESTAMP: s = read_digits(p, &node.number); break;
    case STORE_LOG_LEVEL: s = read_level(p, &node.text); break;
    default: s = read_quoted(p, &node.text); break;
    }
    return s == STATUS_OK ? add_node(p, &node) : s;
}

static status read_any(struct parser *p, unsigned depth);

static status read_one(struct parser *p, unsigned depth)
{
    if (!take_char(p, '(')) return read_test(p);
    if (depth == PQL_DEPTH_MAX) return fail(p, "too many brackets");
    status s = read_any(p, depth + 1);
    if (s == STATUS_OK && !take_char(p, ')')) return fail(p, "AND, OR or ) is wanted here");
    return s;
}

static status join(struct parser *p, enum store_log_step step, size_t left)
{
    struct store_log_node node = {.step = step, .left = left, .right = p->out->count - 1};
    return add_node(p, &node);
}

static status read_all(struct parser *p, unsigned depth)
{
    status s = read_one(p, depth);
    while (s == STATUS_OK && take_word(p, "AND")) {
        size_t left = p->out->count - 1;
        s = read_one(p, depth);
        if (s == STATUS_OK) s = join(p, STORE_LOG_AND, left);
    }
    return s;
}

static status read_any(struct parser *p, unsigned depth)
{
    status s = read_all(p, depth);
    while (s == STATUS_OK && take_word(p, "OR")) {
        size_t left = p->out->count - 1;
        s = read_all(p, depth);
        if (s == STATUS_OK) s = join(p, STORE_LOG_OR, left);
    }
    return s;
}

status pql_parse(struct pql *out, struct slice text, struct fault *fault)
{
    struct parser p = {.out = out, .text = text, .fault = fault};
    out->count = 0;
    out->used = 0;
    if (text.len > PQL_MAX) return fail(&p, "at most 4096 bytes are taken");
    status s = read_any(&p, 0);
    skip_blanks(&p);
    if (s == STATUS_OK && p.at < text.len) s = fail(&p, "AND, OR or the end is wanted here");
    if (s != STATUS_OK) out->count = 0;
    return s;
}
