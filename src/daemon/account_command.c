#include "daemon/account_command.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/dates.h"
#include "base/ids.h"
#include "daemon/store_wait.h"
#include "os/clock.h"
#include "os/random.h"
#include "store/store_read.h"
#include "store/store_tx.h"

enum { KEY_BYTES = 20, WORDS_MAX = 8, EXIT_WORDS = 2 };

static const char usage[] = "Usage: parleyd account COMMAND [--data DIR]\n"
                            "Changes accounts in DIR (default ./data) while no bridge runs on it.\n"
                            "\n"
                            "  list                       every account: id, when it was made, its alias\n"
                            "  add                        make an account; prints ID:KEY, which is shown only now\n"
                            "  secret ACCOUNT             list its signing secrets, masked\n"
                            "  secret ACCOUNT new         make one; it is shown only now. Two may be active at a time\n"
                            "  secret ACCOUNT delete ID   take one back\n"
                            "\n"
                            "While the bridge runs, REST does the same: GET, POST and DELETE /SigningSecrets.\n";

/* The words without the flag, and what the store answered last. */
struct work {
    struct store *store;
    const char *words[WORDS_MAX];
    int count;
    const char *data;
    status outcome;
    size_t found;
};

static int say(const char *text)
{
    fprintf(stderr, "parleyd: %s\n", text);
    return EXIT_FAILURE;
}

static bool read_words(struct work *w, int argc, char **argv)
{
    w->data = "./data";
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--data=", 7) == 0)
            w->data = argv[i] + 7;
        else if (strcmp(argv[i], "--data") == 0 && i + 1 < argc)
            w->data = argv[++i];
        else if (argv[i][0] == '-' || w->count == WORDS_MAX)
            return false;
        else
            w->words[w->count++] = argv[i];
    }
    return w->count > 0;
}

static void on_outcome(void *arg, status s)
{
    struct work *w = arg;
    w->outcome = s;
}

static status commit(struct work *w, struct store_tx *tx)
{
    w->outcome = STATUS_IO;
    store_commit(tx, on_outcome, w);
    status s = store_wait(w->store);
    return s == STATUS_OK ? w->outcome : s;
}

static void on_accounts(void *arg, status s, const struct store_account *rows, size_t count)
{
    struct work *w = arg;
    char date[DATE_SIZE];
    w->outcome = s;
    for (size_t i = 0; i < count; i++) {
        date_iso(date, rows[i].created_unix_ms);
        printf("%s  %s  %s\n", rows[i].id, date, rows[i].alias ? rows[i].alias : "");
    }
}

static int list_accounts(struct work *w)
{
    status s = store_load_accounts(w->store, on_accounts, w);
    if (s == STATUS_OK) s = store_wait(w->store);
    return s == STATUS_OK && w->outcome == STATUS_OK ? 0 : say("the accounts cannot be read");
}

static void random_text(char *out, const char *prefix)
{
    uint8_t random[KEY_BYTES];
    strcpy(out, prefix);
    random_bytes(random, sizeof random);
    hex_format(out + strlen(prefix), random, sizeof random);
}

static int add_account(struct work *w)
{
    char key[2 * KEY_BYTES + 1];
    struct store_tx *tx;
    struct store_account row = {.alias = "", .label = "", .type = "full", .status = "active", .revision = 1};
    unsigned len = sizeof row.key_sha256;
    random_id(row.id, "AC");
    random_text(key, "");
    row.created_unix_ms = row.updated_unix_ms = clock_unix_ms();
    if (EVP_Digest(key, strlen(key), row.key_sha256, &len, EVP_sha256(), NULL) != 1) return say("out of memory");
    if (store_begin(w->store, &tx) != STATUS_OK) return say("out of memory");
    store_put_account(tx, &row);
    if (commit(w, tx) != STATUS_OK) return say("the account cannot be stored");
    printf("%s:%s\n", row.id, key);
    return 0;
}

static void on_account(void *arg, status s, const struct store_account *rows, size_t count)
{
    struct work *w = arg;
    (void)rows;
    w->outcome = s;
    w->found = count;
}

static bool account_exists(struct work *w, const char *id)
{
    w->found = 0;
    status s = store_get_account(w->store, id, on_account, w);
    if (s == STATUS_OK) s = store_wait(w->store);
    return s == STATUS_OK && w->outcome == STATUS_OK && w->found == 1;
}

/* The end is enough to tell two apart. */
static void on_secrets(void *arg, status s, const struct store_secret *rows, size_t count)
{
    struct work *w = arg;
    char date[DATE_SIZE];
    w->outcome = s;
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(rows[i].secret);
        date_iso(date, rows[i].created_unix_ms);
        printf("%s  %s  ...%s\n", rows[i].id, date, rows[i].secret + (len > 4 ? len - 4 : 0));
    }
}

static int list_secrets(struct work *w)
{
    status s = store_list_secrets(w->store, w->words[1], on_secrets, w);
    if (s == STATUS_OK) s = store_wait(w->store);
    return s == STATUS_OK && w->outcome == STATUS_OK ? 0 : say("the secrets cannot be read");
}

static int new_secret(struct work *w)
{
    char text[sizeof "sigsec_" + 2 * KEY_BYTES];
    struct store_tx *tx;
    struct store_secret row = {.secret = text, .created_unix_ms = clock_unix_ms()};
    random_id(row.id, "SS");
    random_text(text, "sigsec_");
    snprintf(row.account, sizeof row.account, "%s", w->words[1]);
    if (store_begin(w->store, &tx) != STATUS_OK) return say("out of memory");
    store_put_secret(tx, &row);
    status s = commit(w, tx);
    if (s == STATUS_CONFLICT) return say("there are two signing secrets already: delete one");
    if (s != STATUS_OK) return say("the secret cannot be stored");
    printf("%s  %s\n", row.id, text);
    return 0;
}

struct search {
    struct work *work;
    const char *id;
    bool found;
};

static void on_search(void *arg, status s, const struct store_secret *rows, size_t count)
{
    struct search *search = arg;
    search->work->outcome = s;
    for (size_t i = 0; i < count; i++)
        search->found = search->found || strcmp(rows[i].id, search->id) == 0;
}

static int delete_secret(struct work *w)
{
    struct search search = {.work = w, .id = w->words[3]};
    struct store_tx *tx;
    status s = store_list_secrets(w->store, w->words[1], on_search, &search);
    if (s == STATUS_OK) s = store_wait(w->store);
    if (s != STATUS_OK || !search.found) return say("the account has no such secret");
    if (store_begin(w->store, &tx) != STATUS_OK) return say("out of memory");
    store_delete_secret(tx, w->words[3]);
    return commit(w, tx) == STATUS_OK ? 0 : say("the secret cannot be deleted");
}

static int run_secret(struct work *w)
{
    if (!account_exists(w, w->words[1])) return say("there is no such account: parleyd account list shows them");
    if (w->count == 2) return list_secrets(w);
    if (w->count == 3 && strcmp(w->words[2], "new") == 0) return new_secret(w);
    if (w->count == 4 && strcmp(w->words[2], "delete") == 0) return delete_secret(w);
    return EXIT_WORDS;
}

static int run(struct work *w)
{
    if (w->count == 1 && strcmp(w->words[0], "list") == 0) return list_accounts(w);
    if (w->count == 1 && strcmp(w->words[0], "add") == 0) return add_account(w);
    if (w->count >= 2 && strcmp(w->words[0], "secret") == 0) return run_secret(w);
    return EXIT_WORDS;
}

int account_command(int argc, char **argv)
{
    struct work w = {0};
    char why[STORE_WHY_SIZE];
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    int code = EXIT_WORDS;
    if (read_words(&w, argc, argv)) {
        struct store_config config = {.data_dir = w.data};
        if (store_open(&w.store, &config, why) != STATUS_OK) return say(why);
        code = run(&w);
        store_close(w.store);
    }
    if (code == EXIT_WORDS) fputs(usage, stderr);
    return code;
}
