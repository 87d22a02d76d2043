#include "daemon/call_log.h"

#include <stdio.h>
#include <string.h>

#include "os/clock.h"
#include "os/log.h"
#include "store/store_tx.h"

enum { LINES_BETWEEN_TRIMS = 1000 };

static enum log_level server_level(const char *level)
{
    if (strcmp(level, "error") == 0) return LOG_ERROR;
    return strcmp(level, "warning") == 0 ? LOG_WARN : LOG_INFO;
}

void call_log_write(struct bridge *bridge, const struct call_log_line *line)
{
    char text[1024];
    struct store_tx *tx;
    log_event(server_level(line->level), "account_log", "account=%s call=%s message=%s", line->account,
              line->call ? line->call : "", log_value(text, sizeof text, slice_of(line->message)));
    struct store_log row = {.timestamp_us = clock_unix_ms() * 1000, .level = line->level, .message = line->message};
    snprintf(row.account, sizeof row.account, "%s", line->account);
    snprintf(row.call, sizeof row.call, "%s", line->call ? line->call : "");
    snprintf(row.request, sizeof row.request, "%s", line->request ? line->request : "");
    if (store_begin(bridge->store, &tx) != STATUS_OK) return;
    store_put_log(tx, &row);
    if (++bridge->log_lines % LINES_BETWEEN_TRIMS == 0) store_trim_logs(tx, row.account, CALL_LOG_KEPT);
    store_commit_unsaved(tx, NULL, NULL);
}
