#include "daemon/store_wait.h"

#include <stdbool.h>

#include "os/log.h"

enum { STEP_MS = 500, WAIT_MAX_MS = 60000 };

status store_wait(struct store *store)
{
    for (int waited_ms = 0; waited_ms < WAIT_MAX_MS; waited_ms += STEP_MS) {
        if (store_drain(store, STEP_MS) == STATUS_OK) return STATUS_OK;
        struct store_stats stats = store_stats(store);
        if (stats.waiting == stats.unsaved) {
            log_event(LOG_ERROR, "store_unwritable", "changes=%u why=\"the disk refuses them, they wait\"",
                      stats.unsaved);
            return STATUS_OK;
        }
    }
    return STATUS_TIMEOUT;
}
