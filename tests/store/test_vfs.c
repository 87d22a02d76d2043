#include "test_vfs.h"

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum { FILES_MAX = 8, SECTOR = 512 };

/* A write (or, where bytes is NULL, a truncation to offset) that no sync has followed yet. */
struct pending {
    struct pending *next;
    size_t offset, len;
    char *bytes;
};

/* What the disk holds of one file. */
struct image {
    char name[64];
    char *bytes;
    size_t len, size;
    struct pending *first, **end;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool refuse, refuse_sync, hold;
    unsigned held;
    uint64_t syncs, refusals;
    bool tracking, cut;
    uint64_t operations_left;
    struct image images[FILES_MAX];
    size_t image_count;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

struct test_file {
    sqlite3_file base;
    char name[64];
    sqlite3_file *real;
};

static sqlite3_vfs vfs;
static sqlite3_vfs *real_vfs;

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct test_file *)file)->real;
}

static struct image *image_of(const char *name)
{
    for (size_t i = 0; i < disk.image_count; i++) {
        if (strcmp(disk.images[i].name, name) == 0) return &disk.images[i];
    }
    assert(disk.image_count < FILES_MAX);
    struct image *image = &disk.images[disk.image_count++];
    memset(image, 0, sizeof *image);
    snprintf(image->name, sizeof image->name, "%s", name);
    image->end = &image->first;
    return image;
}

static void remember(const char *name, const void *bytes, size_t len, size_t offset)
{
    struct image *image = image_of(name);
    struct pending *p = calloc(1, sizeof *p);
    p->offset = offset;
    p->len = len;
    if (bytes) {
        p->bytes = malloc(len ? len : 1);
        memcpy(p->bytes, bytes, len);
    }
    *image->end = p;
    image->end = &p->next;
}

static void resize(struct image *image, size_t len)
{
    if (len > image->size) {
        image->size = len * 2;
        image->bytes = realloc(image->bytes, image->size);
        assert(image->bytes);
    }
    if (len > image->len) memset(image->bytes + image->len, 0, len - image->len);
    image->len = len;
}

static void put(struct image *image, const char *bytes, size_t offset, size_t len)
{
    if (offset + len > image->len) resize(image, offset + len);
    memcpy(image->bytes + offset, bytes, len);
}

static void forget_pending(struct image *image)
{
    for (struct pending *p = image->first, *next; p; p = next) {
        next = p->next;
        free(p->bytes);
        free(p);
    }
    image->first = NULL;
    image->end = &image->first;
}

static void settle(const char *name)
{
    struct image *image = image_of(name);
    for (struct pending *p = image->first; p; p = p->next) {
        if (p->bytes) {
            put(image, p->bytes, p->offset, p->len);
        } else {
            resize(image, p->offset);
        }
    }
    forget_pending(image);
}

/* Called with the lock held. */
static bool refused(bool sync)
{
    if (disk.tracking && !disk.cut) {
        if (disk.operations_left == 0) disk.cut = true;
        if (!disk.cut) disk.operations_left--;
    }
    bool no = disk.refuse || disk.cut || (sync && disk.refuse_sync);
    if (no) disk.refusals++;
    if (no) pthread_cond_broadcast(&disk.changed);
    return no;
}

static int do_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int do_read(sqlite3_file *file, void *out, int len, sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), out, len, offset);
}

static int do_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
    pthread_mutex_lock(&disk.lock);
    bool no = refused(false);
    if (!no && disk.tracking) remember(((struct test_file *)file)->name, bytes, (size_t)len, (size_t)offset);
    pthread_mutex_unlock(&disk.lock);
    return no ? SQLITE_IOERR_WRITE : real_of(file)->pMethods->xWrite(real_of(file), bytes, len, offset);
}

static int do_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    pthread_mutex_lock(&disk.lock);
    bool no = refused(false);
    if (!no && disk.tracking) remember(((struct test_file *)file)->name, NULL, 0, (size_t)size);
    pthread_mutex_unlock(&disk.lock);
    return no ? SQLITE_IOERR_TRUNCATE : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int do_sync(sqlite3_file *file, int flags)
{
    pthread_mutex_lock(&disk.lock);
    disk.held++;
    pthread_cond_broadcast(&disk.changed);
    while (disk.hold)
        pthread_cond_wait(&disk.changed, &disk.lock);
    disk.held--;
    bool no = refused(true);
    if (!no) disk.syncs++;
    if (!no && disk.tracking) settle(((struct test_file *)file)->name);
    pthread_mutex_unlock(&disk.lock);
    return no ? SQLITE_IOERR_FSYNC : real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int do_size(sqlite3_file *file, sqlite3_int64 *out)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), out);
}

static int do_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int do_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int do_check_lock(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int do_control(sqlite3_file *file, int op, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int do_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

/* No promise that a write is whole or that it leaves its neighbours alone. */
static int do_traits(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static int do_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int do_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void do_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int do_shm_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_size,
    .xLock = do_lock,
    .xUnlock = do_unlock,
    .xCheckReservedLock = do_check_lock,
    .xFileControl = do_control,
    .xSectorSize = do_sector,
    .xDeviceCharacteristics = do_traits,
    .xShmMap = do_shm_map,
    .xShmLock = do_shm_lock,
    .xShmBarrier = do_shm_barrier,
    .xShmUnmap = do_shm_unmap,
};

static int do_open(sqlite3_vfs *v, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    (void)v;
    struct test_file *f = (struct test_file *)file;
    const char *slash = name ? strrchr(name, '/') : NULL;
    snprintf(f->name, sizeof f->name, "%s", slash ? slash + 1 : "temporary");
    f->real = (sqlite3_file *)(void *)(f + 1);
    int code = real_vfs->xOpen(real_vfs, name, f->real, flags, out_flags);
    f->base.pMethods = f->real->pMethods ? &methods : NULL;
    return code;
}

static int do_delete(sqlite3_vfs *v, const char *name, int sync)
{
    (void)v;
    pthread_mutex_lock(&disk.lock);
    bool no = refused(false);
    if (!no && disk.tracking) {
        const char *slash = strrchr(name, '/');
        struct image *image = image_of(slash ? slash + 1 : name);
        forget_pending(image);
        image->len = 0;
    }
    pthread_mutex_unlock(&disk.lock);
    return no ? SQLITE_IOERR_DELETE : real_vfs->xDelete(real_vfs, name, sync);
}

static void forget_images(void)
{
    for (size_t i = 0; i < disk.image_count; i++) {
        forget_pending(&disk.images[i]);
        free(disk.images[i].bytes);
    }
    disk.image_count = 0;
}

void test_vfs_reset(void)
{
    if (!real_vfs) {
        real_vfs = sqlite3_vfs_find(NULL);
        vfs = *real_vfs;
        vfs.zName = TEST_VFS;
        vfs.szOsFile = (int)sizeof(struct test_file) + real_vfs->szOsFile;
        vfs.xOpen = do_open;
        vfs.xDelete = do_delete;
        vfs.pNext = NULL;
        sqlite3_vfs_register(&vfs, 0);
    }
    pthread_mutex_lock(&disk.lock);
    disk.refuse = disk.refuse_sync = disk.hold = disk.tracking = disk.cut = false;
    disk.syncs = disk.refusals = 0;
    forget_images();
    pthread_mutex_unlock(&disk.lock);
}

static void set(bool *what, bool value)
{
    pthread_mutex_lock(&disk.lock);
    *what = value;
    pthread_cond_broadcast(&disk.changed);
    pthread_mutex_unlock(&disk.lock);
}

void test_vfs_refuse(bool refuse)
{
    set(&disk.refuse, refuse);
}

void test_vfs_refuse_sync(bool refuse)
{
    set(&disk.refuse_sync, refuse);
}

void test_vfs_hold_sync(bool hold)
{
    set(&disk.hold, hold);
}

void test_vfs_wait_held(void)
{
    pthread_mutex_lock(&disk.lock);
    while (disk.held == 0)
        pthread_cond_wait(&disk.changed, &disk.lock);
    pthread_mutex_unlock(&disk.lock);
}

uint64_t test_vfs_syncs(void)
{
    pthread_mutex_lock(&disk.lock);
    uint64_t syncs = disk.syncs;
    pthread_mutex_unlock(&disk.lock);
    return syncs;
}

uint64_t test_vfs_refusals(void)
{
    pthread_mutex_lock(&disk.lock);
    uint64_t refusals = disk.refusals;
    pthread_mutex_unlock(&disk.lock);
    return refusals;
}

void test_vfs_wait_refusals(uint64_t count)
{
    pthread_mutex_lock(&disk.lock);
    while (disk.refusals < count)
        pthread_cond_wait(&disk.changed, &disk.lock);
    pthread_mutex_unlock(&disk.lock);
}

void test_vfs_cut_after(uint64_t operations)
{
    pthread_mutex_lock(&disk.lock);
    disk.tracking = true;
    disk.operations_left = operations;
    pthread_mutex_unlock(&disk.lock);
}

bool test_vfs_is_cut(void)
{
    pthread_mutex_lock(&disk.lock);
    bool cut = disk.cut;
    pthread_mutex_unlock(&disk.lock);
    return cut;
}

static void keep_some(struct image *image, const struct pending *p, struct rng *rng)
{
    if (!p->bytes) {
        if (rng_below(rng, 2)) resize(image, p->offset);
        return;
    }
    for (size_t at = 0; at < p->len;) {
        size_t part = SECTOR - (p->offset + at) % SECTOR;
        if (part > p->len - at) part = p->len - at;
        if (rng_below(rng, 2)) put(image, p->bytes + at, p->offset + at, part);
        at += part;
    }
}

void test_vfs_save_disk(const char *dir, uint64_t seed)
{
    struct rng rng;
    rng_init(&rng, seed);
    pthread_mutex_lock(&disk.lock);
    for (size_t i = 0; i < disk.image_count; i++) {
        struct image *image = &disk.images[i];
        for (const struct pending *p = image->first; p; p = p->next)
            keep_some(image, p, &rng);
        if (image->len == 0) continue;
        char path[512];
        snprintf(path, sizeof path, "%s/%s", dir, image->name);
        FILE *file = fopen(path, "wb");
        assert(file);
        size_t written = fwrite(image->bytes, 1, image->len, file);
        assert(written == image->len);
        (void)written;
        fclose(file);
    }
    pthread_mutex_unlock(&disk.lock);
}
