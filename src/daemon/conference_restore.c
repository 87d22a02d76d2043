#include "daemon/conference_live.h"
#include "daemon/conference_row.h"
#include "daemon/store_wait.h"
#include "os/clock.h"
#include "os/log.h"
#include "store/store_read.h"

/* Its calls are gone with the process that had them: it is empty, and says so. */
static void empty_restored(struct live *live)
{
    struct conferences *cs = live->conferences;
    struct conference *c = live->now;
    struct conference_effect effects[] = {
        {.type = EFFECT_SAVE},
        {.type = EFFECT_STATUS, .status = CONFERENCE_EMPTY, .event = c->events + 1},
    };
    struct store_tx *tx;
    id_text none;
    c->status = CONFERENCE_EMPTY;
    c->events++;
    c->revision++;
    c->updated_unix_ms = clock_unix_ms();
    struct conference_effects list = {effects, 2, 2};
    status s = change_begin_tx(cs, c, &list, none, &tx);
    if (s == STATUS_OK)
        store_commit_unsaved(tx, NULL, NULL);
    else
        log_event(LOG_ERROR, "conference_not_stored", "conf=%s why=%s", c->id, status_name(s));
    change_log_status(c, &effects[1]);
}

static void restore(struct conferences *cs, const struct store_conference *row)
{
    struct conference *c;
    struct live *live;
    status s = conference_from_row(&c, row);
    if (s == STATUS_OK) {
        s = live_create(&live, cs, c);
        if (s != STATUS_OK) conference_destroy(c);
    }
    if (s == STATUS_OK) s = live_publish(live);
    if (s != STATUS_OK) {
        log_event(LOG_ERROR, "conference_not_restored", "conf=%s why=%s", row->id, status_name(s));
        return;
    }
    if (c->status != CONFERENCE_EMPTY) empty_restored(live);
    live_set_auto_end(live);
}

static void on_rows(void *arg, status s, const struct store_conference *rows, size_t count,
                    const struct store_page *page)
{
    struct conferences *cs = arg;
    (void)page;
    if (s != STATUS_OK) log_event(LOG_ERROR, "conferences_not_loaded", "why=%s", status_name(s));
    for (size_t i = 0; i < count; i++)
        restore(cs, &rows[i]);
}

status conferences_load(struct conferences *cs)
{
    status s = store_load_conferences(cs->bridge->store, on_rows, cs);
    return s == STATUS_OK ? store_wait(cs->bridge->store) : s;
}
