/**
 * @file scratch.h  A directory of a test's own: by hand, or scratch_dir by scratch_setup() and scratch_teardown().
 *
 * Thread: one.
 */
#ifndef PARLEY_TESTS_RECORD_SCRATCH_H
#define PARLEY_TESTS_RECORD_SCRATCH_H

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCRATCH_SIZE = 64 };

/** Makes it below /tmp. @return false where it cannot be */
static inline bool scratch_make(char dir[SCRATCH_SIZE])
{
    strcpy(dir, "/tmp/record_test.XXXXXX");
    return mkdtemp(dir) != NULL;
}

/** Removes a directory of files. @return false where it is still there: something else is in it */
static inline bool scratch_remove(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] != '.') unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d) closedir(d);
    return rmdir(dir) == 0 || errno == ENOENT;
}

static char scratch_dir[SCRATCH_SIZE];

static inline int scratch_setup(void **state)
{
    (void)state;
    return scratch_make(scratch_dir) ? 0 : -1;
}

static inline int scratch_teardown(void **state)
{
    (void)state;
    return scratch_remove(scratch_dir) ? 0 : -1;
}

#endif
