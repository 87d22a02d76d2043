/**
 * @file pql_fuzz.c  Any bytes as a query of logs: a condition whose nodes follow those they join, or a reason and a
 * place within the text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rest/pql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int truth)
{
    if (!truth) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pql pql;
    struct fault fault = {0};
    if (pql_parse(&pql, (struct slice){(const char *)data, size}, &fault) != STATUS_OK) {
        demand(pql.count == 0 && fault.what && fault.at <= size);
        return 0;
    }
    demand(pql.count > 0 && pql.count <= STORE_LOG_NODES_MAX);
    for (size_t i = 0; i < pql.count; i++) {
        const struct store_log_node *node = &pql.nodes[i];
        if (node->step >= STORE_LOG_AND)
            demand(node->left < i && node->right < i && node->left != node->right);
        else
            demand(node->field == STORE_LOG_TIMESTAMP ? node->number >= 0 : strlen(node->text) <= size);
    }
    return 0;
}
