/**
 * @file pql.h  The language in which logs are asked for, as a condition that the store understands.
 *
 *   condition := tests joined by AND and OR (AND binds closer), with brackets
 *   test      := field comparison value
 *   field     := timestamp | level | callId | requestId | message
 *   comparison:= = != < > <= >=
 *   value     := 'text' or "text", a backslash before a quote or backslash; for timestamp digits, quoted or not
 *
 * AND and OR in any case, levels (info, warning, error) too. There is no NOT, no LIKE, no list.
 * Thread: any; pure.
 */
#ifndef PARLEY_REST_PQL_H
#define PARLEY_REST_PQL_H

#include "base/slice.h"
#include "base/status.h"
#include "store/store_read.h"

enum { PQL_MAX = 4096, PQL_DEPTH_MAX = 32 };

/** A parsed query. It points into itself: not to be copied. */
struct pql {
    struct store_log_node nodes[STORE_LOG_NODES_MAX]; /**< the last one is the whole condition */
    size_t count;
    char texts[PQL_MAX + STORE_LOG_NODES_MAX]; /**< what the nodes' texts point to */
    size_t used;
};

/** @return STATUS_OK; STATUS_INVALID (fault says where and what is wanted there; *out holds nothing) */
MUST_CHECK status pql_parse(struct pql *out, struct slice text, struct fault *fault);

#endif
