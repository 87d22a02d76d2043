#include "sip/options.h"

#include <getopt.h>

static const char usage[] =
    "parley-sip " PARLEY_VERSION
    ", the SIP signalling of a Parley bridge. parleyd starts it; it does nothing by itself.\n"
    "\n"
    "  parley-sip --socket PATH --sip ADDR:PORT [--sip ADDR:PORT]... [FLAG]...\n"
    "\n"
    "  --socket PATH          Unix socket that parleyd connects to (made, mode 0600)\n"
    "  --sip ADDR:PORT        listen for SIP over UDP and TCP; port 0: any free one\n"
    "  --public-address IP    told to peers outside the local networks\n"
    "  --local-net CIDR       a network that reaches us without translation (instead of the private ones)\n"
    "  --hold-s N             keep calls this long without parleyd (30)\n"
    "  --invites-per-s N      new calls a second before 503 (200)\n"
    "  --session-expires-s N  session timer that is proposed and allowed at most (1800; 0: none)\n"
    "  --min-se-s N           least session timer (90; less only for tests)\n"
    "  --t1-ms N              RFC 3261 timer T1 (500; less only for tests)\n"
    "  --log-level LEVEL      error, warn, info or debug (info)\n"
    "  --help, --version\n";

enum option_id {
    OPTION_SOCKET = 256,
    OPTION_SIP,
    OPTION_PUBLIC_ADDRESS,
    OPTION_LOCAL_NET,
    OPTION_HOLD,
    OPTION_INVITES,
    OPTION_SESSION_EXPIRES,
    OPTION_MIN_SE,
    OPTION_T1,
    OPTION_LOG_LEVEL,
    OPTION_HELP,
    OPTION_VERSION,
};

static const struct option table[] = {
    {"socket", required_argument, NULL, OPTION_SOCKET},
    {"sip", required_argument, NULL, OPTION_SIP},
    {"public-address", required_argument, NULL, OPTION_PUBLIC_ADDRESS},
    {"local-net", required_argument, NULL, OPTION_LOCAL_NET},
    {"hold-s", required_argument, NULL, OPTION_HOLD},
    {"invites-per-s", required_argument, NULL, OPTION_INVITES},
    {"session-expires-s", required_argument, NULL, OPTION_SESSION_EXPIRES},
    {"min-se-s", required_argument, NULL, OPTION_MIN_SE},
    {"t1-ms", required_argument, NULL, OPTION_T1},
    {"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {0},
};

static bool add_listener(struct options *o, struct slice text)
{
    return o->sip_count < OPTIONS_LISTENERS_MAX && address_parse(&o->sip[o->sip_count++], text) == STATUS_OK;
}

static bool add_network(struct options *o, struct slice text, bool *own_networks)
{
    if (!*own_networks) o->local_networks.count = 0; /* the first one replaces the defaults */
    *own_networks = true;
    return o->local_networks.count < NETWORKS_MAX &&
           network_parse(&o->local_networks.at[o->local_networks.count++], text) == STATUS_OK;
}

static bool number(struct slice text, uint32_t low, uint32_t high, uint32_t *out)
{
    return slice_to_u32(text, high, out) && *out >= low;
}

static bool take(struct options *o, int id, const char *value, bool *own_networks)
{
    struct slice text = slice_of(value);
    switch (id) {
    case OPTION_SOCKET: o->socket = value; return true;
    case OPTION_SIP: return add_listener(o, text);
    case OPTION_PUBLIC_ADDRESS:
        o->has_public_address = true;
        return address_parse_host(&o->public_address, text) == STATUS_OK;
    case OPTION_LOCAL_NET: return add_network(o, text, own_networks);
    case OPTION_HOLD: return number(text, 0, 3600, &o->hold_s);
    case OPTION_INVITES: return number(text, 1, 100000, &o->invites_per_s);
    case OPTION_SESSION_EXPIRES: return number(text, 0, 86400, &o->session.expires_s);
    case OPTION_MIN_SE: return number(text, 2, 86400, &o->session.min_s);
    case OPTION_T1: return number(text, 10, 10000, &o->t1_ms);
    case OPTION_LOG_LEVEL: return log_level_parse(text, &o->log_level);
    default: return false;
    }
}

enum options_result options_read(struct options *o, int argc, char **argv, FILE *out, FILE *err)
{
    *o = (struct options){
        .hold_s = 30, .invites_per_s = 200, .session = {1800, 90}, .t1_ms = 500, .log_level = LOG_INFO};
    networks_default(&o->local_networks);
    bool own_networks = false;
    opterr = 0;
    optind = 1;
    for (int id, index = 0; (id = getopt_long(argc, argv, "", table, &index)) != -1;) {
        if (id == OPTION_HELP || id == OPTION_VERSION) {
            fputs(id == OPTION_HELP ? usage : "parley-sip " PARLEY_VERSION "\n", out);
            return OPTIONS_EXIT_OK;
        }
        if (id == '?' || id == ':') {
            fprintf(err, "parley-sip: unknown option or missing value: %s\n", argv[optind - 1]);
            return OPTIONS_EXIT_BAD;
        }
        if (!take(o, id, optarg, &own_networks)) {
            fprintf(err, "parley-sip: --%s: bad value \"%s\"\n", table[index].name, optarg);
            return OPTIONS_EXIT_BAD;
        }
    }
    if (optind < argc || !o->socket || o->sip_count == 0) {
        fprintf(err,
                optind < argc ? "parley-sip: unexpected \"%s\"\n" : "parley-sip: --socket and --sip are needed%s\n",
                optind < argc ? argv[optind] : "");
        return OPTIONS_EXIT_BAD;
    }
    return OPTIONS_RUN;
}
