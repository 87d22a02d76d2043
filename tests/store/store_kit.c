#include "store_kit.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void kit_dir_make(char out[KIT_PATH_SIZE])
{
    const char *base = getenv("TMPDIR");
    snprintf(out, KIT_PATH_SIZE, "%s/parley-store-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(out));
}

void kit_dir_remove(const char *dir)
{
    DIR *d = opendir(dir);
    if (!d) return;
    struct dirent *entry;
    while ((entry = readdir(d))) {
        char path[KIT_PATH_SIZE * 2 + 2];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        unlink(path);
    }
    closedir(d);
    rmdir(dir);
}

struct store *kit_open(const char *dir, const char *vfs)
{
    struct store *s = NULL;
    struct store_config config = {.data_dir = dir, .vfs = vfs, .retry_first_ms = 1, .retry_max_ms = 5};
    char why[STORE_WHY_SIZE] = "";
    if (store_open(&s, &config, why) != STATUS_OK) fail_msg("%s", why);
    return s;
}

void kit_id(id_text out, const char *prefix, uint32_t number)
{
    snprintf(out, ID_SIZE, "%.2s%040u", prefix, number);
}

struct store_conference kit_conference(uint32_t number, int64_t created_unix_ms)
{
    struct store_conference row = {
        .alias = "standup",
        .play_beep = "always",
        .record = true,
        .status_callback_url = "http://127.0.0.1:1/status",
        .status = "empty",
        .revision = 1,
        .created_unix_ms = created_unix_ms,
        .updated_unix_ms = created_unix_ms,
    };
    kit_id(row.id, "CF", number);
    kit_id(row.account, "AC", 1);
    return row;
}

struct store_tx *kit_begin(struct store *s)
{
    struct store_tx *tx = NULL;
    assert_int_equal(store_begin(s, &tx), STATUS_OK);
    return tx;
}

void kit_drain(struct store *s)
{
    assert_int_equal(store_drain(s, KIT_WAIT_MS), STATUS_OK);
}

static void keep_outcome(void *arg, status outcome)
{
    *(status *)arg = outcome;
}

status kit_commit(struct store *s, struct store_tx *tx)
{
    status outcome = STATUS_AGAIN;
    store_commit(tx, keep_outcome, &outcome);
    kit_drain(s);
    return outcome;
}

status kit_put_conference(struct store *s, const struct store_conference *row)
{
    struct store_tx *tx = kit_begin(s);
    store_put_conference(tx, row);
    return kit_commit(s, tx);
}

struct found {
    status status;
    uint32_t revision;
};

static void keep_revision(void *arg, status outcome, const struct store_conference *rows, size_t count,
                          const struct store_page *page)
{
    struct found *found = arg;
    found->status = outcome;
    if (count == 1) found->revision = rows[0].revision;
    assert_null(page);
}

status kit_get_revision_now(struct store *s, uint32_t number, uint32_t *revision)
{
    struct found found = {.status = STATUS_AGAIN};
    id_text account, id;
    kit_id(account, "AC", 1);
    kit_id(id, "CF", number);
    assert_int_equal(store_get_conference(s, account, id, keep_revision, &found), STATUS_OK);
    while (found.status == STATUS_AGAIN) {
        struct pollfd fd = {.fd = store_fd(s), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, KIT_WAIT_MS), 1);
        store_poll(s);
    }
    if (found.status == STATUS_OK) *revision = found.revision;
    return found.status;
}

status kit_get_revision(struct store *s, uint32_t number, uint32_t *revision)
{
    kit_drain(s);
    return kit_get_revision_now(s, number, revision);
}
