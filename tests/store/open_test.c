#include "store_kit.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[KIT_PATH_SIZE];
static char database[KIT_PATH_SIZE + 16];

static int set_up(void **state)
{
    (void)state;
    kit_dir_make(dir);
    snprintf(database, sizeof database, "%s/parley.db", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_dir_remove(dir);
    return 0;
}

static status try_open(const char *path, char why[STORE_WHY_SIZE])
{
    struct store *s = NULL;
    struct store_config config = {.data_dir = path};
    status r = store_open(&s, &config, why);
    if (r != STATUS_OK) assert_null(s);
    store_close(s);
    return r;
}

static void run_sql(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(database, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void the_data_directory_and_its_files_are_the_owners_alone(void **state)
{
    (void)state;
    char data[KIT_PATH_SIZE + 16], path[KIT_PATH_SIZE + 64];
    snprintf(data, sizeof data, "%s/data", dir);
    mode_t before = umask(0);
    struct store *s = kit_open(data, NULL);
    struct store_conference row = kit_conference(1, 1);
    assert_int_equal(kit_put_conference(s, &row), STATUS_OK);
    umask(before);
    assert_int_equal(mode_of(data), 0700);
    static const char *const files[] = {"parley.db", "parley.db-wal", "parley.db-shm", "lock"};
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", data, files[i]);
        assert_int_equal(mode_of(path), 0600);
    }
    store_close(s);
    kit_dir_remove(data);
}

static void a_data_directory_is_held_by_one_at_a_time(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE] = "", pid[64];
    struct store *s = kit_open(dir, NULL);
    assert_int_equal(try_open(dir, why), STATUS_CONFLICT);
    snprintf(pid, sizeof pid, "in use by process %ld", (long)getpid());
    assert_non_null(strstr(why, pid));
    assert_non_null(strstr(why, dir));
    store_close(s);
    assert_int_equal(try_open(dir, why), STATUS_OK);
}

static void a_newer_schema_is_refused_and_left_alone(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE] = "";
    assert_int_equal(try_open(dir, why), STATUS_OK);
    run_sql("PRAGMA user_version=99");
    assert_int_equal(try_open(dir, why), STATUS_UNSUPPORTED);
    assert_non_null(strstr(why, "schema version 99"));
    assert_non_null(strstr(why, "newer Parley"));
    assert_non_null(strstr(why, database));
    run_sql("PRAGMA user_version=4");
    assert_int_equal(try_open(dir, why), STATUS_OK);
}

static void somebody_elses_database_is_refused(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE] = "";
    run_sql("CREATE TABLE theirs(x)");
    assert_int_equal(try_open(dir, why), STATUS_INVALID);
    assert_non_null(strstr(why, "another program"));
}

static void a_file_that_is_no_database_is_refused_with_its_path(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE] = "";
    FILE *file = fopen(database, "wb");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("not a database ", file);
    fclose(file);
    assert_int_equal(try_open(dir, why), STATUS_INVALID);
    assert_non_null(strstr(why, database));
    assert_non_null(strstr(why, "not a database"));
}

static void a_damaged_database_is_refused(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE] = "";
    assert_int_equal(try_open(dir, why), STATUS_OK);
    int fd = open(database, O_RDWR);
    assert_true(fd >= 0);
    char junk[3000];
    memset(junk, 0xa5, sizeof junk);
    assert_int_equal(pwrite(fd, junk, sizeof junk, 100), sizeof junk);
    close(fd);
    assert_int_equal(try_open(dir, why), STATUS_INVALID);
    assert_non_null(strstr(why, database));
    assert_non_null(strstr(why, "malformed"));
}

static void a_missing_parent_directory_is_named(void **state)
{
    (void)state;
    char why[STORE_WHY_SIZE] = "", path[KIT_PATH_SIZE + 16];
    snprintf(path, sizeof path, "%s/no/where", dir);
    assert_int_equal(try_open(path, why), STATUS_IO);
    assert_non_null(strstr(why, path));
    assert_non_null(strstr(why, "No such file"));
}

static void opening_again_keeps_what_was_there(void **state)
{
    (void)state;
    struct store *s = kit_open(dir, NULL);
    struct store_conference row = kit_conference(1, 1);
    row.revision = 5;
    assert_int_equal(kit_put_conference(s, &row), STATUS_OK);
    store_close(s);
    s = kit_open(dir, NULL);
    uint32_t revision = 0;
    assert_int_equal(kit_get_revision(s, 1, &revision), STATUS_OK);
    assert_int_equal(revision, 5);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_data_directory_and_its_files_are_the_owners_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_data_directory_is_held_by_one_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_newer_schema_is_refused_and_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(somebody_elses_database_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_database_is_refused_with_its_path, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_database_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_parent_directory_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(opening_again_keeps_what_was_there, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
