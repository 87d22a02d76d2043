#include "store/query.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void query_init(struct query *q, const struct row_kind *kind, enum query_order order)
{
    memset(q, 0, sizeof *q);
    q->kind = kind;
    q->order = order;
}

void query_clear(struct query *q)
{
    for (size_t i = 0; i < q->term_count; i++) {
        for (size_t t = 0; t < q->terms[i].text_count; t++)
            free(q->terms[i].texts[t]);
    }
    q->term_count = 0;
    for (size_t i = 0; i < q->condition_count; i++)
        free((void *)(uintptr_t)q->condition[i].text);
    free(q->condition);
    q->condition = NULL;
    q->condition_count = 0;
}

static struct query_term *add_term(struct query *q, const char *column, enum query_test test)
{
    assert(q->term_count < QUERY_TERMS_MAX);
    struct query_term *term = &q->terms[q->term_count++];
    term->column = column;
    term->test = test;
    return term;
}

void query_in(struct query *q, const char *column, const char *const *texts, size_t count)
{
    if (count == 0) return;
    assert(count <= STORE_APPLICATIONS_MAX);
    struct query_term *term = add_term(q, column, QUERY_IN);
    for (size_t i = 0; i < count; i++) {
        char *copy = strdup(texts[i]);
        if (!copy) {
            q->failed = true;
            return;
        }
        term->texts[term->text_count++] = copy;
    }
}

void query_is(struct query *q, const char *column, const char *text)
{
    if (text && text[0]) query_in(q, column, &text, 1);
}

void query_range(struct query *q, const char *column, const struct store_range *range)
{
    if (range->from_unix_ms) add_term(q, column, QUERY_AT_LEAST)->value = range->from_unix_ms;
    if (range->to_unix_ms) add_term(q, column, QUERY_BELOW)->value = range->to_unix_ms;
}

void query_equals(struct query *q, const char *column, int64_t value)
{
    add_term(q, column, QUERY_EQUALS)->value = value;
}

void query_wanted(struct query *q, const char *column, enum store_wanted wanted, bool as_text)
{
    if (wanted == STORE_ANY) return;
    if (as_text)
        add_term(q, column, wanted == STORE_YES ? QUERY_IS_SET : QUERY_IS_NOT_SET);
    else
        query_equals(q, column, wanted == STORE_YES);
}

void query_condition(struct query *q, const struct store_log_node *nodes, size_t count)
{
    if (!nodes || count == 0) return;
    assert(count <= STORE_LOG_NODES_MAX);
    q->condition = calloc(count, sizeof *q->condition);
    if (!q->condition) {
        q->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct store_log_node *node = &q->condition[q->condition_count++];
        *node = nodes[i];
        if (node->step >= STORE_LOG_AND) assert(node->left < i && node->right < i);
        node->text = nodes[i].text ? strdup(nodes[i].text) : NULL;
        if (nodes[i].text && !node->text) q->failed = true;
    }
}

status query_page(struct query *q, const struct store_paging *paging)
{
    enum { USUAL = 100 };
    if (paging->limit > STORE_PAGE_MAX) return STATUS_INVALID;
    q->limit = paging->limit ? paging->limit : USUAL;
    if (!paging->cursor || !paging->cursor[0]) return STATUS_OK;
    status s = cursor_parse(&q->cursor, slice_of(paging->cursor));
    if (s == STATUS_OK) q->continued = true;
    return s;
}

void answer_clear(struct answer *a, const struct row_kind *kind)
{
    for (size_t i = 0; i < a->count; i++)
        row_clear(kind, (char *)a->rows + i * kind->row_bytes);
    free(a->rows);
    a->rows = NULL;
    a->count = 0;
}
