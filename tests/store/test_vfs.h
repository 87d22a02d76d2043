/**
 * @file test_vfs.h  An SQLite VFS named "test" that does what bad disks do: refuse, hang, and forget what was not
 * synced.
 *
 * One for the whole process; test_vfs_reset() between tests. Reading always works.
 * Thread: any.
 */
#ifndef PARLEY_TESTS_TEST_VFS_H
#define PARLEY_TESTS_TEST_VFS_H

#include <stdbool.h>
#include <stdint.h>

#define TEST_VFS "test"

/** Registers it where that has not happened; nothing fails, counts are zero, nothing is remembered. */
void test_vfs_reset(void);

/** Writes and syncs fail from now on, or work again. */
void test_vfs_refuse(bool refuse);

/** Only syncs fail. */
void test_vfs_refuse_sync(bool refuse);

/** Syncs wait from now on, until this is taken back. */
void test_vfs_hold_sync(bool hold);

/** Waits until a sync is being held. */
void test_vfs_wait_held(void);

uint64_t test_vfs_syncs(void);

/** Groups of writes and syncs the disk has refused. */
uint64_t test_vfs_refusals(void);

/** Waits until so many have been refused. */
void test_vfs_wait_refusals(uint64_t count);

/**
 * Remembers from now on what each file would hold after a power cut, and cuts the power before write or sync number
 * operations: everything fails from then on.
 */
void test_vfs_cut_after(uint64_t operations);

bool test_vfs_is_cut(void);

/**
 * Writes the files into this directory as the disk would have them after the cut: what was synced, and of what was not
 * a random part, writes torn at 512 bytes included.
 */
void test_vfs_save_disk(const char *dir, uint64_t seed);

#endif
