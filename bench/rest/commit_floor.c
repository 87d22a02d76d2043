#include "commit_floor.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/clock.h"

enum { SYNCS = 101, PAGE_BYTES = 4096, PATH_BYTES = 1024 };

/* The rows and the indexes that the API's lists of conferences need, whoever writes them. */
static const char schema[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
    "CREATE TABLE conferences(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, alias TEXT,"
    " play_beep TEXT NOT NULL, record INTEGER NOT NULL, wait_url TEXT, status_callback_url TEXT, action_url TEXT,"
    " status TEXT NOT NULL, revision INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,"
    " events INTEGER NOT NULL, auto_end_s INTEGER NOT NULL, participants_max INTEGER NOT NULL);"
    "CREATE INDEX by_account ON conferences(account, created);"
    "CREATE INDEX by_status ON conferences(account, status, created);"
    "CREATE INDEX by_alias ON conferences(account, alias, created, status);"
    "CREATE INDEX by_updated ON conferences(account, updated);"
    "CREATE INDEX live ON conferences(seq) WHERE status IN ('empty','populated','inProgress');";

struct loop_state {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *insert, *update;
    uint64_t rows;
};

static int refused(const char *what, const char *why)
{
    fprintf(stderr, "parley-rest-floor: %s: %s\n", what, why);
    return -1;
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static int measure_sync(double *median_us, const char *folder)
{
    char path[PATH_BYTES];
    static char page[PAGE_BYTES];
    int64_t took[SYNCS];
    snprintf(path, sizeof path, "%s/sync", folder);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) return refused(path, "cannot be made");
    for (unsigned i = 0; i < SYNCS; i++) {
        int64_t began_us = clock_now_us();
        if (write(fd, page, sizeof page) != sizeof page || fdatasync(fd) != 0) {
            close(fd);
            return refused(path, "cannot be written");
        }
        took[i] = clock_now_us() - began_us;
    }
    close(fd);
    qsort(took, SYNCS, sizeof *took, by_size);
    *median_us = (double)took[SYNCS / 2];
    return 0;
}

static int step(struct loop_state *l, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? 0 : refused("SQLite", sqlite3_errmsg(l->db));
}

static void bind_id(sqlite3_stmt *statement, int at, uint64_t row)
{
    char id[43];
    snprintf(id, sizeof id, "CF%040llx", (unsigned long long)(row * UINT64_C(0x9e3779b97f4a7c15)));
    sqlite3_bind_text(statement, at, id, -1, SQLITE_TRANSIENT);
}

static int prepare(struct loop_state *l)
{
    static const char insert[] =
        "INSERT INTO conferences(id, account, alias, play_beep, record, status, revision, created, updated, events,"
        " auto_end_s, participants_max) VALUES(?1, 'AC0000000000000000000000000000000000000000', 'bench', 'always', 0,"
        " 'empty', 1, ?2, ?2, 1, 0, 0)";
    static const char update[] = "UPDATE conferences SET status = 'terminated', revision = 2, events = 2, updated = ?2"
                                 " WHERE id = ?1";
    if (sqlite3_exec(l->db, schema, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(l->db, "BEGIN IMMEDIATE", -1, &l->begin, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(l->db, "COMMIT", -1, &l->commit, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(l->db, insert, -1, &l->insert, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(l->db, update, -1, &l->update, NULL) != SQLITE_OK)
        return refused("SQLite", sqlite3_errmsg(l->db));
    return 0;
}

/* One transaction: so many rows more, or the same rows terminated. */
static int write_group(struct loop_state *l, unsigned group, bool terminate)
{
    sqlite3_stmt *statement = terminate ? l->update : l->insert;
    int failed = step(l, l->begin);
    for (unsigned i = 0; i < group && !failed; i++) {
        bind_id(statement, 1, l->rows + i + 1);
        sqlite3_bind_int64(statement, 2, clock_unix_ms());
        failed = step(l, statement);
    }
    if (!failed) failed = step(l, l->commit);
    if (terminate) l->rows += group;
    return failed;
}

static void finish(struct loop_state *l)
{
    sqlite3_finalize(l->begin);
    sqlite3_finalize(l->commit);
    sqlite3_finalize(l->insert);
    sqlite3_finalize(l->update);
    sqlite3_close(l->db);
}

int commit_floor_run(struct commit_floor *out, const char *folder, unsigned group, unsigned seconds)
{
    struct loop_state l = {0};
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/floor.db", folder);
    if (measure_sync(&out->sync_us, folder) != 0) return -1;
    int failed = sqlite3_open(path, &l.db) == SQLITE_OK ? prepare(&l) : refused(path, "cannot be opened");
    int64_t began_us = clock_now_us(), end_us = began_us + (int64_t)seconds * 1000000;
    while (!failed && clock_now_us() < end_us) {
        failed = write_group(&l, group, false);
        if (!failed) failed = write_group(&l, group, true);
    }
    out->operations_per_s = 2e6 * (double)l.rows / (double)(clock_now_us() - began_us);
    finish(&l);
    return failed;
}
