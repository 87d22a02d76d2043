/* argv[1] is config/parley.conf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/config.h"
#include "daemon/config_check.h"

static const char *shipped_file;
static char path[64];

static void write_file(const void *bytes, size_t len)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
}

static status read_bytes(struct config *c, const void *bytes, size_t len, struct buffer *errors)
{
    write_file(bytes, len);
    buffer_init(errors);
    return config_read(c, path, errors);
}

static status read_text(struct config *c, const char *text, struct buffer *errors)
{
    return read_bytes(c, text, strlen(text), errors);
}

static void assert_same_list(const struct config_list *a, const struct config_list *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        assert_string_equal(a->items[i], b->items[i]);
}

static void assert_same_terms(const struct config_terms *a, const struct config_terms *b)
{
    assert_same_list(&a->codecs, &b->codecs);
    assert_string_equal(a->srtp, b->srtp);
    assert_int_equal(a->dtmf_inband, b->dtmf_inband);
    assert_int_equal(a->noise_suppression, b->noise_suppression);
    assert_int_equal(a->automatic_gain, b->automatic_gain);
}

static void assert_same_route(const struct config_route *a, const struct config_route *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->user, b->user);
    assert_string_equal(a->action, b->action);
    assert_string_equal(a->account, b->account);
    assert_int_equal(a->user_parameters, b->user_parameters);
    assert_int_equal(a->record, b->record);
    assert_string_equal(a->status_callback_url, b->status_callback_url);
    assert_string_equal(a->wait_url, b->wait_url);
    assert_same_list(&a->networks, &b->networks);
    assert_same_terms(&a->terms, &b->terms);
    assert_string_equal(a->codec_order, b->codec_order);
}

static void assert_same_trunk(const struct config_trunk *a, const struct config_trunk *b)
{
    assert_string_equal(a->match, b->match);
    assert_string_equal(a->host, b->host);
    assert_string_equal(a->transport, b->transport);
    assert_string_equal(a->caller_id, b->caller_id);
    assert_string_equal(a->user, b->user);
    assert_string_equal(a->password, b->password);
    assert_int_equal(a->registers, b->registers);
    assert_same_terms(&a->terms, &b->terms);
    assert_int_equal(a->strip, b->strip);
    assert_string_equal(a->prefix, b->prefix);
}

#define SAME_TEXT(member)   assert_string_equal(a->member, b->member)
#define SAME_NUMBER(member) assert_int_equal(a->member, b->member)

static void assert_same(const struct config *a, const struct config *b)
{
    SAME_TEXT(http);
    SAME_TEXT(https);
    assert_same_list(&a->sip, &b->sip);
    SAME_TEXT(rtp_ports);
    SAME_TEXT(public_address);
    assert_same_list(&a->local_networks, &b->local_networks);
    SAME_TEXT(tls_certificate);
    SAME_TEXT(tls_key);
    SAME_TEXT(data);
    SAME_NUMBER(media_threads);
    SAME_TEXT(log_level);
    SAME_NUMBER(drain_s);
    SAME_NUMBER(orphan_hold_s);
    assert_same_list(&a->fetch_allow, &b->fetch_allow);
    SAME_NUMBER(rtp_timeout_s);
    SAME_NUMBER(guard_us);
    SAME_NUMBER(recording_rate_hz);
    SAME_NUMBER(load_limit_percent);
    SAME_NUMBER(record_tracks);
    SAME_TEXT(recording_format);
    SAME_NUMBER(webhook_timeout_ms);
    SAME_NUMBER(webhook_give_up_s);
    SAME_NUMBER(auto_end_s);
    SAME_NUMBER(talkers_max);
    SAME_NUMBER(participants_max);
    SAME_NUMBER(calls_max);
    SAME_NUMBER(conferences_max);
    SAME_NUMBER(automatic_conferences_max);
    SAME_NUMBER(call_duration_max_s);
    SAME_NUMBER(recording_max_s);
    SAME_NUMBER(disk_free_min_mb);
    SAME_NUMBER(invites_per_s_max);
    SAME_NUMBER(route_count);
    for (size_t i = 0; i < a->route_count; i++)
        assert_same_route(&a->routes[i], &b->routes[i]);
    SAME_NUMBER(trunk_count);
    for (size_t i = 0; i < a->trunk_count; i++)
        assert_same_trunk(&a->trunks[i], &b->trunks[i]);
}

static void the_defaults_are_those_of_the_process_interface(void **state)
{
    (void)state;
    struct config c;
    assert_int_equal(config_defaults(&c), STATUS_OK);
    assert_string_equal(c.http, "127.0.0.1:8080");
    assert_string_equal(c.https, "127.0.0.1:8443");
    assert_int_equal(c.sip.count, 2);
    assert_string_equal(c.sip.items[0], "0.0.0.0:5060");
    assert_string_equal(c.sip.items[1], "[::]:5060");
    assert_string_equal(c.rtp_ports, "20000-39999");
    assert_string_equal(c.data, "./data");
    assert_int_equal(c.orphan_hold_s, 30);
    assert_int_equal(c.auto_end_s, 600);
    assert_int_equal(c.rtp_timeout_s, 60);
    assert_int_equal(c.load_limit_percent, 75);
    assert_int_equal(c.local_networks.count, 8);
    assert_int_equal(c.route_count, 1);
    assert_string_equal(c.routes[0].action, "conference");
    assert_true(c.routes[0].user_parameters);
    assert_int_equal(c.routes[0].terms.codecs.count, 7);
    assert_string_equal(c.routes[0].terms.codecs.items[0], "opus");
    assert_string_equal(c.routes[0].terms.srtp, "optional");
    assert_false(c.routes[0].terms.dtmf_inband);
    assert_false(c.routes[0].terms.noise_suppression || c.routes[0].terms.automatic_gain);
    assert_false(c.routes[0].record);
    config_clear(&c);
}

static void every_default_is_a_value_that_its_key_takes(void **state)
{
    (void)state;
    struct config c;
    struct buffer errors;
    buffer_init(&errors);
    assert_int_equal(config_defaults(&c), STATUS_OK);
    const struct config_list *lists[] = {&c.sip, &c.local_networks};
    const char *keys[] = {"sip", "local_networks"};
    for (int l = 0; l < 2; l++)
        for (size_t i = 0; i < lists[l]->count; i++)
            assert_int_equal(config_check_text(keys[l], lists[l]->items[i], "x", &errors), STATUS_OK);
    assert_int_equal(config_check_text("http", c.http, "x", &errors), STATUS_OK);
    assert_int_equal(config_check_text("rtp_ports", c.rtp_ports, "x", &errors), STATUS_OK);
    assert_int_equal(config_check_text("log_level", c.log_level, "x", &errors), STATUS_OK);
    config_clear(&c);
    buffer_clear(&errors);
}

static void the_shipped_file_equals_the_defaults(void **state)
{
    (void)state;
    struct config from_file, defaults;
    struct buffer errors;
    buffer_init(&errors);
    if (config_read(&from_file, shipped_file, &errors) != STATUS_OK) fail_msg("%s", buffer_text(&errors));
    assert_int_equal(config_defaults(&defaults), STATUS_OK);
    assert_same(&from_file, &defaults);
    config_clear(&from_file);
    config_clear(&defaults);
}

/** Whether a line of the text, blanks aside, begins with "KEY =". */
static bool names(const char *text, const char *key)
{
    char wanted[64];
    int len = snprintf(wanted, sizeof wanted, "%s =", key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += strspn(line, " \n");
        if (strncmp(line, wanted, (size_t)len) == 0) return true;
    }
    return false;
}

static void the_shipped_file_names_every_key(void **state)
{
    (void)state;
    static char text[64 * 1024];
    FILE *f = fopen(shipped_file, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    size_t count = 0;
    for (; config_key(count); count++)
        if (!names(text, config_key(count))) fail_msg("%s is not in the file", config_key(count));
    assert_true(count > 25);
    for (size_t i = 0; config_route_key(i); i++)
        if (!names(text, config_route_key(i))) fail_msg("%s is not in the file", config_route_key(i));
}

/** The shipped file with its trunk brought to life: the "# " is taken off its lines. */
static void uncomment_trunk(struct buffer *out)
{
    FILE *f = fopen(shipped_file, "r");
    assert_non_null(f);
    char line[256];
    bool within = false;
    buffer_init(out);
    while (fgets(line, sizeof line, f)) {
        if (strncmp(line, "# trunk ", 8) == 0) within = true;
        buffer_append_text(out, within && line[0] == '#' ? line + (line[1] == ' ' ? 2 : 1) : line);
        if (strncmp(line, "# }", 3) == 0) within = false;
    }
    fclose(f);
}

static void the_trunk_of_the_shipped_file_has_every_key_at_its_default(void **state)
{
    (void)state;
    struct buffer text, errors;
    struct config c, expected;
    struct config_trunk *trunk;
    uncomment_trunk(&text);
    for (size_t i = 0; config_trunk_key(i); i++)
        if (!names(buffer_text(&text), config_trunk_key(i))) fail_msg("%s is not in the file", config_trunk_key(i));
    if (read_text(&c, buffer_text(&text), &errors) != STATUS_OK) fail_msg("%s", buffer_text(&errors));
    assert_int_equal(config_defaults(&expected), STATUS_OK);
    assert_int_equal(expected.trunk_count, 0);
    assert_int_equal(config_trunk_add(&expected, "carrier", &trunk), STATUS_OK);
    assert_int_equal(config_set_text(&trunk->match, "+*"), STATUS_OK);
    assert_int_equal(config_set_text(&trunk->host, "sip.example.org"), STATUS_OK);
    assert_same(&c, &expected);
    assert_string_equal(c.trunks[0].name, "carrier");
    config_clear(&c);
    config_clear(&expected);
    buffer_clear(&text);
    buffer_clear(&errors);
}

static void trunks_are_read_in_their_order(void **state)
{
    (void)state;
    struct config c;
    struct buffer errors;
    status s =
        read_text(&c,
                  "trunk \"a\" { match = \"0*\" host = \"[2001:db8::1]:5070\" transport = tcp user = u password = p\n"
                  "  register = yes codecs = {PCMA, pcmu} srtp = required dtmf_inband = true automatic_gain = on strip "
                  "= 1 prefix = \"+49\" caller_id = \"+4930\" }\n"
                  "trunk \"b\" { match = \"sip:*@example.org\" caller_id = \"sip:us@example.org\" }\n",
                  &errors);
    if (s != STATUS_OK) fail_msg("%s", buffer_text(&errors));
    assert_int_equal(c.trunk_count, 2);
    assert_true(c.trunks[0].registers);
    assert_string_equal(c.trunks[0].terms.codecs.items[1], "pcmu");
    assert_string_equal(c.trunks[0].terms.srtp, "required");
    assert_true(c.trunks[0].terms.dtmf_inband && !c.trunks[1].terms.dtmf_inband);
    assert_true(c.trunks[0].terms.automatic_gain && !c.trunks[0].terms.noise_suppression &&
                !c.trunks[1].terms.automatic_gain);
    assert_string_equal(c.trunks[1].terms.srtp, "never");
    assert_int_equal(c.trunks[0].strip, 1);
    assert_string_equal(c.trunks[0].prefix, "+49");
    assert_string_equal(c.trunks[1].name, "b");
    assert_string_equal(c.trunks[1].caller_id, "sip:us@example.org");
    assert_int_equal(c.route_count, 1);
    config_clear(&c);
    buffer_clear(&errors);
}

static void only_what_is_given_replaces_a_default(void **state)
{
    (void)state;
    struct config c, expected;
    struct buffer errors;
    assert_int_equal(config_defaults(&expected), STATUS_OK);
    assert_int_equal(read_text(&c, "", &errors), STATUS_OK);
    assert_same(&c, &expected);
    config_clear(&c);
    assert_int_equal(read_text(&c, "calls_max = 7\nhttp = off # none\n", &errors), STATUS_OK);
    assert_int_equal(config_set_text(&expected.http, "off"), STATUS_OK);
    expected.calls_max = 7;
    assert_same(&c, &expected);
    config_clear(&c);
    config_clear(&expected);
}

static void a_list_in_the_file_replaces_the_default_list(void **state)
{
    (void)state;
    struct config c;
    struct buffer errors;
    assert_int_equal(read_text(&c,
                               "sip = {\n  \"127.0.0.1:5060\", # one\n  /* and */ [::1]:5070 // two\n}\n"
                               "local_networks = {}\nfetch_allow += {10.0.0.0/8}\nfetch_allow += {fd00::/8}\n",
                               &errors),
                     STATUS_OK);
    assert_int_equal(c.sip.count, 2);
    assert_string_equal(c.sip.items[0], "127.0.0.1:5060");
    assert_string_equal(c.sip.items[1], "[::1]:5070");
    assert_int_equal(c.local_networks.count, 0);
    assert_int_equal(c.fetch_allow.count, 2);
    assert_string_equal(c.fetch_allow.items[1], "fd00::/8");
    config_clear(&c);
    assert_int_equal(read_text(&c, "sip = {off}\n", &errors), STATUS_OK);
    assert_int_equal(c.sip.count, 0);
    config_clear(&c);
}

static void routes_of_the_file_replace_the_built_in_one_and_keep_their_order(void **state)
{
    (void)state;
    struct config c;
    struct buffer errors;
    assert_int_equal(
        read_text(
            &c,
            "route \"rooms\" { user = \"room-?\" networks = {192.0.2.0/24, 10.0.0.1} record = yes\n"
            "  codecs = {PCMU, L16/8000} codec_order = own srtp = never dtmf_inband = on noise_suppression = on }\n"
            "route \"all\" {\n  user_parameters = false\n  wait_url = http://music.example/a.wav\n}\n",
            &errors),
        STATUS_OK);
    assert_int_equal(c.route_count, 2);
    assert_string_equal(c.routes[0].name, "rooms");
    assert_string_equal(c.routes[0].user, "room-?");
    assert_int_equal(c.routes[0].networks.count, 2);
    assert_string_equal(c.routes[0].networks.items[1], "10.0.0.1");
    assert_true(c.routes[0].record);
    assert_true(c.routes[0].user_parameters);
    assert_int_equal(c.routes[0].terms.codecs.count, 2);
    assert_string_equal(c.routes[0].terms.codecs.items[1], "L16/8000");
    assert_string_equal(c.routes[0].codec_order, "own");
    assert_string_equal(c.routes[0].terms.srtp, "never");
    assert_true(c.routes[0].terms.dtmf_inband && !c.routes[1].terms.dtmf_inband);
    assert_true(c.routes[0].terms.noise_suppression && !c.routes[0].terms.automatic_gain &&
                !c.routes[1].terms.noise_suppression);
    assert_string_equal(c.routes[1].codec_order, "caller");
    assert_string_equal(c.routes[1].terms.srtp, "optional");
    assert_string_equal(c.routes[1].name, "all");
    assert_string_equal(c.routes[1].user, "*");
    assert_false(c.routes[1].user_parameters);
    assert_string_equal(c.routes[1].wait_url, "http://music.example/a.wav");
    assert_int_equal(c.routes[1].networks.count, 0);
    config_clear(&c);
}

/** Text of a file, and what config_read() says about it, where FILE stands for its path. */
static const struct mistake {
    const char *text, *expected;
} mistakes[] = {
    {"http = localhost:8080\n",
     "FILE:1: http: \"localhost:8080\" is not allowed, it takes an IP address and a port like 127.0.0.1:8080 or "
     "[::1]:8080 (port 0: any free one), or off\n"},
    {"\n\nrtp_timeout_s = 4\n",
     "FILE:3: rtp_timeout_s: \"4\" is not allowed, it takes a whole number from 5 to 86400\n"},
    {"rtp_timeout_s = 86401\n",
     "FILE:1: rtp_timeout_s: \"86401\" is not allowed, it takes a whole number from 5 to 86400\n"},
    {"calls_max = -1\n", "FILE:1: calls_max: \"-1\" is not allowed, it takes a whole number from 0 to 1000000\n"},
    {"calls_max = many\n", "FILE:1: calls_max: \"many\" is not allowed, it takes a whole number from 0 to 1000000\n"},
    {"calls_max = 99999999999999999999\n",
     "FILE:1: calls_max: \"99999999999999999999\" is not allowed, it takes a whole number from 0 to 1000000\n"},
    {"recording_rate_hz = 44100\n",
     "FILE:1: recording_rate_hz: \"44100\" is not allowed, it takes 8000, 16000 or 48000\n"},
    {"log_level = loud\n", "FILE:1: log_level: \"loud\" is not allowed, it takes error, warn, info or debug\n"},
    {"data = \"\"\n", "FILE:1: data: \"\" is not allowed, it takes any text but an empty one\n"},
    {"rtp_ports = 20001-30000\n",
     "FILE:1: rtp_ports: \"20001-30000\" is not allowed, it takes a range like 20000-39999 that starts with an even "
     "port from 1024 on, or 0 for any free ports\n"},
    {"# first\nfetch_allow = {\n  10.0.0.0/8,\n  10.0.0.1/8, /* host bits */\n  fd00::/8\n}\n",
     "FILE:4: fetch_allow: \"10.0.0.1/8\" is not allowed, it takes an address range like 10.0.0.0/8 or fd00::/8 with "
     "nothing behind the prefix, or one address\n"},
    {"public_address = gateway\n",
     "FILE:1: public_address: \"gateway\" is not allowed, it takes an IP address like 203.0.113.7, or nothing\n"},
    {"htp = off\ndata = x\n", "FILE:1: \"htp\" is no key; did you mean http?\n"},
    {"colour = blue\n", "FILE:1: \"colour\" is no key; config/parley.conf shows all of them\n"},
    {"a|b = 1\n", "FILE:1: a value with * + or | needs quotation marks\n"},
    {"networks = {10.0.0.0/8}\n",
     "FILE:1: \"networks\" is no key here; it belongs into a route \"name\" { ... }\nFILE:1: '{' is not expected here; "
     "a list is {VALUE, VALUE}, all else one value; what follows was not read\n"},
    {"route \"a\" {\n  calls_max = 1\n}\n",
     "FILE:2: \"calls_max\" is no key of a route; it belongs outside the braces\n"},
    {"record = true\n", "FILE:1: \"record\" is no key here; it belongs into a route \"name\" { ... }\n"},
    {"route \"a\" {\n\n  record = maybe\n  usr = x\n}\ncalls_max = x\n",
     "FILE:3: record: \"maybe\" is not allowed, it takes true or false\n"
     "FILE:4: \"usr\" is no key; did you mean user?\n"
     "FILE:6: calls_max: \"x\" is not allowed, it takes a whole number from 0 to 1000000\n"},
    {"route \"a\" { account = AC12 }\n",
     "FILE:1: account: \"AC12\" is not allowed, it takes an account id: AC and 40 hex digits, or nothing\n"},
    {"route \"a\" { action = percl }\n",
     "FILE:1: action: \"percl\" is not allowed, it takes conference, the built-in route\n"},
    {"route \"a\" { wait_url = ftp://x/y }\n",
     "FILE:1: wait_url: \"ftp://x/y\" is not allowed, it takes a URL like https://example.com/events without user and "
     "password, or nothing\n"},
    {"route \"a\" { }\nroute \"a\" { }\n", "FILE:2: found duplicate title 'a'\n"},
    {"route { }\n", "FILE:1: missing title for section 'route'\n"},
    {"\nhttp off\n", "FILE:2: missing equal sign after option 'http'\n"},
    {"route \"a\" {\n  codecs = {opus PCMU}\n}\n",
     "FILE:2: 'PCMU' is not expected here; a list is {VALUE, VALUE}, all else one value; what follows was not read\n"},
    {"http = {off}\n",
     "FILE:1: '{' is not expected here; a list is {VALUE, VALUE}, all else one value; what follows was not read\n"},
    {"\nroute \"a\" {\n  record = true\n", "FILE:2: the { in this line is not closed with }\n"},
    {"sip = {\"127.0.0.1:5060\"\ncalls_max = 1\n", "FILE:1: the { in this line is not closed with }\n"},
    {"}\n", "FILE:1: this } closes nothing\n"},
    {"\ndata = \"x\nhttp = off\n", "FILE:2: the quotation mark is not closed in its line\n"},
    {"data = 'x", "FILE:1: the quotation mark is not closed in its line\n"},
    {"data = \"x\\", "FILE:1: the quotation mark is not closed in its line\n"},
    {"data = x\n/* on and\non", "FILE:2: the comment that starts here is not closed with */\n"},
    {"data = \"\\101\"\n", "FILE:1: characters by number are not taken; write \\\\ for a backslash\n"},
    {"data = ${HOME}\n", "FILE:1: ${...} is not replaced here; write the value\n"},
    {"data = \"${HOME}\"\n", "FILE:1: ${...} is not replaced here; write the value\n"},
    {"route \"a\" { user = * }\n", "FILE:1: a value with * + or | needs quotation marks\n"},
    {"trunk \"a\" { }\n", "FILE: trunk \"a\": match is not given, it takes a pattern like \"+49*\" or "
                          "\"sip:*@example.org\"\n"},
    {"trunk \"a\" { match = 1 register = true host = h }\n",
     "FILE: trunk \"a\": register takes user and host as well\n"},
    {"trunk \"a\" { match = 1 password = p }\n",
     "FILE: trunk \"a\": only one of user and password is given, it takes both or neither\n"},
    {"trunk \"a\" {\n  wait_url = x\n  calls_max = 1\n  hots = h\n}\n",
     "FILE:2: \"wait_url\" is no key of a trunk; it belongs into a route\n"
     "FILE:3: \"calls_max\" is no key of a trunk; it belongs outside the braces\n"
     "FILE:4: \"hots\" is no key; did you mean host?\n"},
    {"route \"a\" {\n  caller_id = 1\n}\n", "FILE:2: \"caller_id\" is no key of a route; it belongs into a trunk\n"},
    {"noise_suppression = true\n",
     "FILE:1: \"noise_suppression\" is no key here; it belongs into a route or trunk \"name\" { ... }\n"},
    {"caller_id = 1\n", "FILE:1: \"caller_id\" is no key here; it belongs into a trunk \"name\" { ... }\n"},
    {"trunk \"a\" { match = 1 host = \"a b\" }\n",
     "FILE:1: host: \"a b\" is not allowed, it takes a host like sip.example.org, 192.0.2.1:5070 or "
     "[2001:db8::1]:5060, or nothing\n"},
    {"trunk \"a\" { match = 1 host = \"h:0\" }\n",
     "FILE:1: host: \"h:0\" is not allowed, it takes a host like sip.example.org, 192.0.2.1:5070 or "
     "[2001:db8::1]:5060, or nothing\n"},
    {"trunk \"a\" { match = 1 host = \"[::1\" }\n",
     "FILE:1: host: \"[::1\" is not allowed, it takes a host like sip.example.org, 192.0.2.1:5070 or "
     "[2001:db8::1]:5060, or nothing\n"},
    {"trunk \"a\" { match = 1 transport = tls }\n", "FILE:1: transport: \"tls\" is not allowed, it takes udp or tcp\n"},
    {"trunk \"a\" { match = 1 caller_id = \"sips:a@b\" }\n",
     "FILE:1: caller_id: \"sips:a@b\" is not allowed, it takes a number like +4930123456 or a URI like "
     "sip:conference@example.org, or nothing\n"},
    {"trunk \"a\" { match = 1 codecs = {PCMA, GSM} }\n",
     "FILE:1: codecs: \"GSM\" is not allowed, it takes opus, G722, PCMU, PCMA, L16/8000, L16/16000 or L16/48000\n"},
    {"route \"a\" {\n  codecs = {PCMA,\n    L16}\n}\n",
     "FILE:3: codecs: \"L16\" is not allowed, it takes opus, G722, PCMU, PCMA, L16/8000, L16/16000 or L16/48000\n"},
    {"route \"a\" { codec_order = best }\n", "FILE:1: codec_order: \"best\" is not allowed, it takes caller or own\n"},
    {"route \"a\" { srtp = maybe }\n",
     "FILE:1: srtp: \"maybe\" is not allowed, it takes never, optional or required\n"},
    {"trunk \"a\" { match = 1 srtp = yes }\n",
     "FILE:1: srtp: \"yes\" is not allowed, it takes never, optional or required\n"},
    {"trunk \"a\" { match = 1 strip = 33 }\n",
     "FILE:1: strip: \"33\" is not allowed, it takes a whole number from 0 to 32\n"},
    {"trunk \"a\" { match = 1 prefix = \"sip:1\" }\n",
     "FILE:1: prefix: \"sip:1\" is not allowed, it takes up to 32 digits, + first, or nothing\n"},
    {"\n\x01\n", "FILE:2: a control character; this is not a text file\n"},
    {"tls_key = /etc/key.pem\n", "FILE: tls_certificate and tls_key: only one is given, it takes both or neither\n"},
};

/** The text with FILE replaced by the path of the file under test. */
static void expand(struct buffer *out, const char *text)
{
    buffer_init(out);
    for (const char *at = text; *at;) {
        bool here = strncmp(at, "FILE:", 5) == 0;
        if (here)
            buffer_append_text(out, path);
        else
            buffer_append(out, at, 1);
        at += here ? 4 : 1;
    }
}

static void each_mistake_is_reported_with_line_key_and_what_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct config c;
        memset(&c, 0x5a, sizeof c);
        struct config untouched = c;
        struct buffer errors, expected;
        if (read_text(&c, mistakes[i].text, &errors) != STATUS_INVALID) fail_msg("taken: %s", mistakes[i].text);
        assert_memory_equal(&c, &untouched, sizeof c);
        expand(&expected, mistakes[i].expected);
        if (strcmp(buffer_text(&errors), buffer_text(&expected)) != 0)
            fail_msg("for %s\nwanted: %sgot:    %s", mistakes[i].text, buffer_text(&expected), buffer_text(&errors));
        buffer_clear(&errors);
        buffer_clear(&expected);
    }
}

static void a_good_file_is_read_after_each_bad_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct config c;
        struct buffer errors;
        assert_int_equal(read_text(&c, mistakes[i].text, &errors), STATUS_INVALID);
        buffer_clear(&errors);
        if (read_text(&c, "calls_max = 3\n", &errors) != STATUS_OK)
            fail_msg("after %s: %s", mistakes[i].text, buffer_text(&errors));
        assert_int_equal(c.calls_max, 3);
        config_clear(&c);
        buffer_clear(&errors);
    }
}

static void a_file_that_cannot_be_read_says_why(void **state)
{
    (void)state;
    struct config c;
    struct buffer errors;
    buffer_init(&errors);
    assert_int_equal(config_read(&c, "/no/such/file", &errors), STATUS_INVALID);
    assert_string_equal(buffer_text(&errors), "/no/such/file: cannot be read: No such file or directory\n");
    buffer_clear(&errors);
    assert_int_equal(config_read(&c, "/tmp", &errors), STATUS_INVALID);
    assert_string_equal(buffer_text(&errors), "/tmp: cannot be read: Is a directory\n");
    buffer_clear(&errors);
}

static void a_huge_file_is_refused_and_many_mistakes_are_cut_short(void **state)
{
    (void)state;
    struct config c;
    struct buffer errors, text;
    buffer_init(&text);
    for (int i = 0; i < 1000; i++)
        buffer_printf(&text, "key_%d = 1\n", i);
    assert_int_equal(read_bytes(&c, text.at, text.len, &errors), STATUS_INVALID);
    size_t lines = 0;
    for (const char *line = buffer_text(&errors); (line = strchr(line, '\n')); line++)
        lines++;
    assert_int_equal(lines, 51);
    assert_non_null(strstr(buffer_text(&errors), ": further mistakes are not shown\n"));
    buffer_clear(&errors);
    while (text.len < 1000000)
        buffer_append_text(&text, "# much ado\n");
    assert_int_equal(read_bytes(&c, text.at, text.len, &errors), STATUS_INVALID);
    assert_non_null(strstr(buffer_text(&errors), "is longer than"));
    buffer_clear(&errors);
    buffer_clear(&text);
}

/** A fixed random sequence: a failure can be repeated. */
static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void garbage_is_refused_or_read_but_never_crashes(void **state)
{
    (void)state;
    static const char *const words[] = {
        "http", "route", "\"a\"", "{",  "}",         "=", "+=",  "(",   ")", ",",    "'x'", "\\",    "#c",      "\n",
        "sip",  "/*",    "*/",    "//", "calls_max", "7", "off", "\"b", "'", "user", "|",   "trunk", "include", "$"};
    uint32_t seed = 20;
    for (int round = 0; round < 2000; round++) {
        struct buffer text, errors;
        buffer_init(&text);
        for (uint32_t n = next_random(&seed) % 40; n > 0; n--) {
            if (round % 4 == 0) {
                char byte = (char)next_random(&seed);
                buffer_append(&text, &byte, 1);
            } else {
                buffer_append_text(&text, words[next_random(&seed) % (sizeof words / sizeof words[0])]);
                buffer_append_text(&text, " ");
            }
        }
        struct config c;
        status s = read_bytes(&c, buffer_text(&text), text.len, &errors);
        if (s == STATUS_OK) config_clear(&c);
        if (s != STATUS_OK && errors.len == 0) fail_msg("no word about %s", buffer_text(&text));
        buffer_clear(&errors);
        assert_int_equal(read_text(&c, "calls_max = 3\n", &errors), STATUS_OK);
        config_clear(&c);
        buffer_clear(&text);
    }
}

static void every_cut_of_the_shipped_file_is_read_or_refused(void **state)
{
    (void)state;
    static char text[64 * 1024];
    FILE *f = fopen(shipped_file, "r");
    assert_non_null(f);
    size_t len = fread(text, 1, sizeof text, f);
    fclose(f);
    for (size_t cut = 0; cut < len; cut += 37) {
        struct config c;
        struct buffer errors;
        status s = read_bytes(&c, text, cut, &errors);
        assert_true(s == STATUS_OK || (s == STATUS_INVALID && errors.len > 0));
        if (s == STATUS_OK) config_clear(&c);
        buffer_clear(&errors);
    }
}

static void listeners_are_split_into_literal_and_port(void **state)
{
    (void)state;
    static const struct {
        const char *text, *address;
        int port;
    } rows[] = {
        {"127.0.0.1:8080", "127.0.0.1", 8080},
        {"[::1]:0", "::1", 0},
        {"0.0.0.0:65535", "0.0.0.0", 65535},
        {"[::ffff:192.0.2.1]:1", "::ffff:192.0.2.1", 1},
        {"::1:80", NULL, 0},
        {"[127.0.0.1]:80", NULL, 0},
        {"127.0.0.1:", NULL, 0},
        {"127.0.0.1", NULL, 0},
        {":80", NULL, 0},
        {"127.0.0.1:65536", NULL, 0},
        {"127.0.0.1:-1", NULL, 0},
        {"127.0.0.1: 80", NULL, 0},
        {"localhost:80", NULL, 0},
        {"[]:80", NULL, 0},
        {"", NULL, 0},
        {"[::1]:80x", NULL, 0},
        {"1.2.3:80", NULL, 0},
        {"[::1", NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char address[INET6_ADDRSTRLEN] = "untouched";
        uint16_t port = 9;
        bool fine = config_split_listener(rows[i].text, address, &port);
        if (fine != (rows[i].address != NULL)) fail_msg("%s", rows[i].text);
        assert_string_equal(address, fine ? rows[i].address : "untouched");
        assert_int_equal(port, fine ? rows[i].port : 9);
    }
}

static void port_ranges_start_even_and_rise(void **state)
{
    (void)state;
    uint16_t low = 1, high = 1;
    assert_true(config_split_ports("0", &low, &high));
    assert_int_equal(low, 0);
    assert_int_equal(high, 0);
    assert_true(config_split_ports("1024-65535", &low, &high));
    assert_int_equal(low, 1024);
    assert_int_equal(high, 65535);
    static const char *const bad[] = {"",          "1024",       "1022-2000", "1025-2000", "2000-2000",
                                      "2000-1998", "2000-65536", "2000-",     "-2000",     "2000-2100-2200"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (config_split_ports(bad[i], &low, &high)) fail_msg("%s", bad[i]);
}

static void urls_are_http_and_absolute(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "http://example.com",
                                       "https://example.com:8443/x?y=z",
                                       "http://127.0.0.1:9/hook",
                                       "http://10.1.2.3/hook",
                                       "http://[::1]/"};
    static const char *const bad[] = {"example.com",
                                      "/x",
                                      "http://",
                                      "http:///x",
                                      "file:///etc/passwd",
                                      "http://a b/",
                                      "http://u:p@example.com/",
                                      "http://example.com:99999/"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (config_check_url(good[i])) fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (!config_check_url(bad[i])) fail_msg("%s", bad[i]);
}

int main(int argc, char **argv)
{
    if (argc < 2) return 2;
    shipped_file = argv[1];
    int fd = memfd_create("parley.conf", MFD_CLOEXEC); /* a file that no disk slows down */
    if (fd < 0) return 2;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_those_of_the_process_interface),
        cmocka_unit_test(every_default_is_a_value_that_its_key_takes),
        cmocka_unit_test(the_shipped_file_equals_the_defaults),
        cmocka_unit_test(the_shipped_file_names_every_key),
        cmocka_unit_test(the_trunk_of_the_shipped_file_has_every_key_at_its_default),
        cmocka_unit_test(trunks_are_read_in_their_order),
        cmocka_unit_test(only_what_is_given_replaces_a_default),
        cmocka_unit_test(a_list_in_the_file_replaces_the_default_list),
        cmocka_unit_test(routes_of_the_file_replace_the_built_in_one_and_keep_their_order),
        cmocka_unit_test(each_mistake_is_reported_with_line_key_and_what_is_allowed),
        cmocka_unit_test(a_good_file_is_read_after_each_bad_one),
        cmocka_unit_test(a_file_that_cannot_be_read_says_why),
        cmocka_unit_test(a_huge_file_is_refused_and_many_mistakes_are_cut_short),
        cmocka_unit_test(garbage_is_refused_or_read_but_never_crashes),
        cmocka_unit_test(every_cut_of_the_shipped_file_is_read_or_refused),
        cmocka_unit_test(listeners_are_split_into_literal_and_port),
        cmocka_unit_test(port_ranges_start_even_and_rise),
        cmocka_unit_test(urls_are_http_and_absolute),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    close(fd);
    return failed;
}
