/**
 * @file replay.c  Feeds every file of the folders (or files) on the command line to a fuzz target, once each.
 *
 * Stands in for libFuzzer's main in ordinary builds, so that the corpora and old crashes are tested everywhere.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return 1;
    }
    struct stat st;
    size_t size = fstat(fileno(f), &st) == 0 ? (size_t)st.st_size : 0;
    uint8_t *data = malloc(size > 0 ? size : 1); /* exactly as long, so that ASan sees the first byte too far */
    if (!data) abort();
    size = fread(data, 1, size, f);
    fclose(f);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    replayed++;
    return 0;
}

static int replay_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) return replay_file(path);
    int failed = 0;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.') continue;
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        failed |= replay_file(name);
    }
    closedir(folder);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= replay_folder(argv[i]);
    printf("%u inputs replayed\n", replayed);
    return failed || replayed == 0;
}
