#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ids.h"

enum { KEY_CHARACTERS_MIN = 16, KEY_CHARACTERS_MAX = 256, ACCOUNT_FILE_BYTES_MAX = 4096 };

/** What a flag means; a flag of FLAG_KEY sets a key of the configuration. */
enum flag_kind { FLAG_KEY, FLAG_CONFIG, FLAG_ACCOUNT, FLAG_ACCOUNT_FILE, FLAG_CHECK, FLAG_HELP, FLAG_VERSION };

struct flag {
    const char *name;
    enum flag_kind kind;
    const char *key;
    bool is_list;
};

static const struct flag flags[] = {
    {"config", FLAG_CONFIG, NULL, false},
    {"http", FLAG_KEY, "http", false},
    {"https", FLAG_KEY, "https", false},
    {"sip", FLAG_KEY, "sip", true},
    {"rtp-ports", FLAG_KEY, "rtp_ports", false},
    {"public-address", FLAG_KEY, "public_address", false},
    {"fetch-allow", FLAG_KEY, "fetch_allow", true},
    {"data", FLAG_KEY, "data", false},
    {"account", FLAG_ACCOUNT, NULL, false},
    {"account-file", FLAG_ACCOUNT_FILE, NULL, false},
    {"media-threads", FLAG_KEY, "media_threads", false},
    {"log-level", FLAG_KEY, "log_level", false},
    {"check-config", FLAG_CHECK, NULL, false},
    {"help", FLAG_HELP, NULL, false},
    {"version", FLAG_VERSION, NULL, false},
};
enum { FLAG_COUNT = sizeof flags / sizeof flags[0] };

/** The command line as given: borrowed from argv, in its order. */
struct given {
    unsigned flag; /**< index */
    const char *value;
};

static void long_options(struct option out[FLAG_COUNT + 1])
{
    for (unsigned i = 0; i < FLAG_COUNT; i++) {
        bool takes_value = flags[i].kind < FLAG_CHECK;
        out[i] = (struct option){flags[i].name, takes_value ? required_argument : no_argument, NULL, (int)i};
    }
    out[FLAG_COUNT] = (struct option){NULL, 0, NULL, 0};
}

/** @param given  room for argc. @return how many are given; mistakes go to errors */
static size_t read_flags(struct given *given, int argc, char **argv, struct buffer *errors)
{
    struct option known[FLAG_COUNT + 1];
    long_options(known);
    size_t count = 0;
    optind = 0; /* GNU: from the start, also the second time */
    opterr = 0;
    for (;;) {
        int at = optind > 0 ? optind : 1;
        int flag = getopt_long(argc, argv, "+:", known, NULL);
        if (flag == -1) break;
        if (flag == ':')
            buffer_printf(errors, "%s: needs a value; see --help\n", argv[at]);
        else if (flag == '?')
            buffer_printf(errors, "%s: no such flag, or a value where it takes none; see --help\n", argv[at]);
        else
            given[count++] = (struct given){(unsigned)flag, optarg};
    }
    if (optind < argc) buffer_printf(errors, "%s: not a flag; see --help\n", argv[optind]);
    return count;
}

static bool account_valid(struct slice text)
{
    struct slice key = text;
    struct slice id = slice_cut(&key, ':');
    if (!id_valid(id, "AC") || key.len < KEY_CHARACTERS_MIN || key.len > KEY_CHARACTERS_MAX) return false;
    for (size_t i = 0; i < key.len; i++)
        if (key.at[i] <= ' ' || key.at[i] > '~') return false;
    return true;
}

/** The message does not repeat the text: it is a secret. */
static status take_account(struct options *o, const char *where, struct slice text, struct buffer *errors)
{
    if (!account_valid(text)) {
        buffer_printf(errors,
                      "%s: takes ID:KEY: AC and 40 hex digits, a colon, %d to %d printable characters without "
                      "blanks\n",
                      where, KEY_CHARACTERS_MIN, KEY_CHARACTERS_MAX);
        return STATUS_INVALID;
    }
    char *copy = slice_dup(text);
    if (!copy) return STATUS_NO_MEMORY;
    free(o->account);
    o->account = copy;
    return STATUS_OK;
}

/** The first line of the file. */
static status read_account(struct options *o, const char *path, struct buffer *errors)
{
    char text[ACCOUNT_FILE_BYTES_MAX];
    FILE *f = fopen(path, "re");
    size_t len = f ? fread(text, 1, sizeof text, f) : 0;
    int error = !f || ferror(f) ? errno : 0;
    if (f) fclose(f);
    status s = STATUS_INVALID;
    if (error) {
        buffer_printf(errors, "--account-file: %s cannot be read: %s\n", path, strerror(error));
    } else {
        struct slice rest = {text, len};
        s = take_account(o, "--account-file", slice_trim(slice_cut(&rest, '\n')), errors);
    }
    explicit_bzero(text, sizeof text);
    return s;
}

static const char *last_value(const struct given *given, size_t count, enum flag_kind kind)
{
    const char *value = NULL;
    for (size_t i = 0; i < count; i++)
        if (flags[given[i].flag].kind == kind) value = given[i].value ? given[i].value : "";
    return value;
}

static status find_account(struct options *o, const struct given *given, size_t count, struct buffer *errors)
{
    const char *account = last_value(given, count, FLAG_ACCOUNT);
    if (account) return take_account(o, "--account", slice_of(account), errors);
    const char *path = last_value(given, count, FLAG_ACCOUNT_FILE);
    if (path) return read_account(o, path, errors);
    account = getenv("PARLEY_ACCOUNT");
    if (account && account[0] != '\0') return take_account(o, "PARLEY_ACCOUNT", slice_of(account), errors);
    return STATUS_OK;
}

/** The flags' values over the file's; the first of a repeatable flag does away with the file's list. */
static status put_keys(struct config *c, const struct given *given, size_t count, struct buffer *errors)
{
    bool seen[FLAG_COUNT] = {false};
    status worst = STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        const struct flag *flag = &flags[given[i].flag];
        if (flag->kind != FLAG_KEY) continue;
        char where[32];
        snprintf(where, sizeof where, "--%s", flag->name);
        status s = config_check_text(flag->key, given[i].value, where, errors);
        if (s == STATUS_OK) {
            if (flag->is_list && !seen[given[i].flag]) config_empty_list(c, flag->key);
            seen[given[i].flag] = true;
            s = config_put_text(c, flag->key, given[i].value);
        }
        if (s == STATUS_NO_MEMORY) return s;
        if (s != STATUS_OK) worst = s;
    }
    return worst;
}

/**
 * Goes on after a mistake, so that those of file and flags are reported together.
 *
 * @param known_mistakes  length of errors before this command line
 */
static status fill(struct options *o, const struct given *given, size_t count, size_t known_mistakes,
                   struct buffer *errors)
{
    status s = config_defaults(&o->config);
    if (s != STATUS_OK) return s;
    const char *path = last_value(given, count, FLAG_CONFIG);
    o->check_config = last_value(given, count, FLAG_CHECK);
    o->help = last_value(given, count, FLAG_HELP);
    o->version = last_value(given, count, FLAG_VERSION);
    if (o->help || o->version) return STATUS_OK;
    if (path) {
        s = config_set_text(&o->config_path, path);
        if (s != STATUS_OK) return s;
        struct config from_file;
        s = config_read(&from_file, path, errors);
        if (s == STATUS_NO_MEMORY) return s;
        if (s == STATUS_OK) {
            config_clear(&o->config);
            o->config = from_file;
        }
    }
    s = put_keys(&o->config, given, count, errors);
    if (s == STATUS_NO_MEMORY) return s;
    s = find_account(o, given, count, errors);
    if (s == STATUS_NO_MEMORY) return s;
    return errors->len > known_mistakes ? STATUS_INVALID : STATUS_OK;
}

status options_read(struct options *out, int argc, char **argv, struct buffer *errors)
{
    struct given *given = calloc((size_t)argc + 1, sizeof *given);
    if (!given) return STATUS_NO_MEMORY;
    struct options o;
    memset(&o, 0, sizeof o);
    size_t known_mistakes = errors->len;
    size_t count = read_flags(given, argc, argv, errors);
    status s = fill(&o, given, count, known_mistakes, errors);
    free(given);
    if (!buffer_ok(errors)) s = STATUS_NO_MEMORY;
    if (s == STATUS_OK)
        *out = o;
    else
        options_clear(&o);
    return s;
}

void options_clear(struct options *o)
{
    config_clear(&o->config);
    free(o->config_path);
    if (o->account) explicit_bzero(o->account, strlen(o->account));
    free(o->account);
    o->config_path = o->account = NULL;
}

const char *options_help(void)
{
    return "parleyd " PARLEY_VERSION ", a conference bridge: phones call in over SIP and hear each other; programs\n"
           "make and steer conferences over a REST API.\n"
           "\n"
           "  parleyd [FLAG]...\n"
           "  parleyd account --help   accounts and signing secrets, while no bridge runs\n"
           "\n"
           "Started without flags it keeps its data in ./data, takes SIP calls on port 5060 and API requests on\n"
           "127.0.0.1:8080. It starts parley-sip, which must stand beside it, and needs no other server. Call\n"
           "sip:NAME@THIS-HOST from two phones to talk in the conference called NAME. Once everything listens,\n"
           "one line that begins with \"ready\" is printed.\n"
           "\n"
           "Listeners (ADDR is an IP address, IPv6 in square brackets; port 0 is any free one; off: no listener)\n"
           "  --http ADDR:PORT        REST API                             127.0.0.1:8080\n"
           "  --https ADDR:PORT       REST API over TLS                    127.0.0.1:8443\n"
           "  --sip ADDR:PORT         SIP over UDP and TCP; repeatable     0.0.0.0:5060 and [::]:5060\n"
           "  --rtp-ports LOW-HIGH    audio, UDP; 0: any free ones         20000-39999\n"
           "  --public-address IP     what callers from outside are told, where this host is behind NAT\n"
           "\n"
           "Accounts\n"
           "  --account ID:KEY        an account that may use the API: ID is AC and 40 hex digits, KEY at least 16\n"
           "                          characters. Other users of this host can see flags; these cannot be seen:\n"
           "  --account-file FILE     a file whose first line is ID:KEY\n"
           "  PARLEY_ACCOUNT          ID:KEY in the environment\n"
           "                          Without any, the first start makes an account and writes it to\n"
           "                          DATA/first-account.\n"
           "\n"
           "Everything else\n"
           "  --config FILE           settings; config/parley.conf shows and explains all. Flags win over it\n"
           "  --data DIR              where conferences and recordings are kept      ./data\n"
           "  --fetch-allow CIDR      a private address range that callback and music URLs may lead to; repeatable\n"
           "  --media-threads N       threads for audio; 0: one a core               0\n"
           "  --log-level LEVEL       error, warn, info or debug; logs go to stderr  info\n"
           "  --check-config          say whether file and flags are right, and exit with 0 or 2\n"
           "  --help, --version       print, and exit\n"
           "\n"
           "SIGTERM lets calls end for a while (drain_s), then stops. SIGHUP reads the configuration file again.\n"
           "Exit status: 0 after SIGTERM, 2 where file or flags are wrong, 1 where it cannot start or go on.\n";
}
