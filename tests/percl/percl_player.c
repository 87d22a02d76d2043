#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "percl_player.h"

void player_open(struct player *p, bool fallback)
{
    *p = (struct player){.now_us = 1000000000};
    char call[ID_SIZE] = "CA";
    memset(call + 2, '0', ID_LENGTH - 2);
    if (percl_run_create(&p->run, call, fallback ? "http://fallback" : NULL) != STATUS_OK) abort();
}

void player_close(struct player *p)
{
    percl_run_destroy(p->run);
    percl_effects_clear(&p->effects);
}

/* ---- Words of effects ---- */

/** "@1" and "$1" for ids. */
static void put_id(struct buffer *b, const char *id)
{
    buffer_printf(b, " %c%c", strncmp(id, "CF", 2) == 0 ? '$' : '@', id[2]);
}

static void put_extra(struct buffer *b, const struct percl_extra *x)
{
    if (x->conference) put_id(b, x->conference);
    if (x->conference_status) buffer_printf(b, " status=%s", x->conference_status);
    if (x->digits) buffer_printf(b, " digits=%s", x->digits);
    if (x->reason) buffer_printf(b, " reason=%s", x->reason);
    if (x->term_reason) buffer_printf(b, " term=%s", x->term_reason);
    if (x->dial_call) put_id(b, x->dial_call);
    if (x->original) buffer_printf(b, " original=%s", x->original);
    if (x->recording) buffer_printf(b, " recording=%s", x->recording->id);
    if (x->privacy) buffer_append_text(b, " private");
}

static void put_log(struct buffer *b, const struct percl_effect *e)
{
    char text[PERCL_EFFECT_TEXT];
    buffer_printf(b, "%s: %s", percl_level_name(e->level), percl_effect_text(e, text));
}

static void put_of_call(struct buffer *b, const char *word, const struct percl_effect *e)
{
    buffer_append_text(b, word);
    put_id(b, e->call);
    buffer_printf(b, " %d", e->on);
}

static void put_playback(struct buffer *b, const struct percl_effect *e)
{
    bool say = e->type == PERCL_DO_SAY;
    const struct percl_play *play = &e->command->play;
    buffer_printf(b, "%s %u %s", say ? "say" : "play", e->id, say ? play->text : play->file);
    if (e->on) buffer_append_text(b, " early");
    if (e->conference[0]) put_id(b, e->conference);
}

static void put_conference(struct buffer *b, const struct percl_effect *e)
{
    switch (e->type) {
    case PERCL_DO_ADD_TO_CONFERENCE:
        buffer_append_text(b, "add");
        put_id(b, e->call);
        put_id(b, e->conference);
        buffer_printf(b, " t%d l%d d%d s%d", e->add->talk, e->add->listen, e->add->dtmf_pass_through,
                      e->add->start_conf_on_enter);
        break;
    case PERCL_DO_REMOVE_FROM_CONFERENCE:
        buffer_append_text(b, "remove");
        put_id(b, e->call);
        break;
    default:
        buffer_append_text(b, e->type == PERCL_DO_LEAVE_CONFERENCE ? "leave" : "terminate");
        put_id(b, e->conference);
    }
}

static void put_effect(struct buffer *b, const struct percl_effect *e)
{
    if (e->type == PERCL_DO_LOG && e->level == PERCL_INFO) return;
    if (b->len > 0) buffer_append_text(b, "; ");
    switch (e->type) {
    case PERCL_DO_ANSWER: buffer_append_text(b, "answer"); break;
    case PERCL_DO_REJECT: buffer_printf(b, "reject %s", percl_end_name(e->end)); break;
    case PERCL_DO_HANGUP: buffer_printf(b, "hangup %s", percl_end_name(e->end)); break;
    case PERCL_DO_SAY:
    case PERCL_DO_PLAY: put_playback(b, e); break;
    case PERCL_DO_STOP_PLAY: buffer_printf(b, "stop %u", e->id); break;
    case PERCL_DO_SEND_DIGITS: buffer_printf(b, "send %u %s", e->id, e->command->send_digits.digits); break;
    case PERCL_DO_COLLECT: buffer_printf(b, "collect %d", e->on); break;
    case PERCL_DO_REQUEST:
        buffer_printf(b, "%s %u %s %s", e->on ? "ask" : "post", e->id, percl_webhook_name(e->webhook), e->url);
        put_extra(b, &e->extra);
        break;
    case PERCL_DO_CREATE_CONFERENCE: buffer_append_text(b, "create"); break;
    case PERCL_DO_ADD_TO_CONFERENCE:
    case PERCL_DO_LEAVE_CONFERENCE:
    case PERCL_DO_REMOVE_FROM_CONFERENCE:
    case PERCL_DO_TERMINATE_CONFERENCE: put_conference(b, e); break;
    case PERCL_DO_SET_TALK: put_of_call(b, "talk", e); break;
    case PERCL_DO_SET_LISTEN: put_of_call(b, "listen", e); break;
    case PERCL_DO_SET_DTMF_PASS_THROUGH: put_of_call(b, "dtmf", e); break;
    case PERCL_DO_OUT_DIAL: buffer_printf(b, "dial %s", e->command->out_dial.destination); break;
    case PERCL_DO_RECORD_START: buffer_printf(b, "record %u", e->id); break;
    case PERCL_DO_RECORD_STOP: buffer_printf(b, "record-stop %u", e->id); break;
    case PERCL_DO_START_RECORD_CALL: buffer_append_text(b, "record-call"); break;
    case PERCL_DO_LOG: put_log(b, e); break;
    }
}

/* ---- Events of words ---- */

/** @1 and $1 become ids, single quotes double ones. Freed by the caller. */
static char *expand(const char *text)
{
    struct buffer b;
    buffer_init(&b);
    for (; *text; text++) {
        if ((*text == '@' || *text == '$') && text[1]) {
            buffer_append_text(&b, *text == '@' ? "CA" : "CF");
            for (int i = 0; i < ID_LENGTH - 2; i++)
                buffer_append(&b, text + 1, 1);
            text++;
        } else {
            buffer_append(&b, *text == '\'' ? "\"" : text, 1);
        }
    }
    if (!buffer_ok(&b)) abort();
    return b.at ? buffer_take(&b) : calloc(1, 1);
}

static status apply(struct player *p, const struct percl_event *e, struct buffer *out)
{
    p->effects.count = 0;
    status s = percl_run_apply(p->run, e, p->now_us, &p->effects);
    for (size_t i = 0; s == STATUS_OK && i < p->effects.count; i++)
        put_effect(out, &p->effects.items[i]);
    return s;
}

static status apply_script(struct player *p, struct percl_event *e, const char *text, struct buffer *out)
{
    struct percl_fault fault;
    status s = percl_parse(&e->script, slice_of(text), &fault);
    if (s == STATUS_NO_MEMORY) return s;
    if (s != STATUS_OK) e->fault = &fault;
    s = apply(p, e, out);
    if (s != STATUS_OK) percl_script_destroy(e->script);
    return s;
}

static status apply_keys(struct player *p, const char *keys, struct buffer *out)
{
    status s = STATUS_OK;
    for (; *keys && s == STATUS_OK; keys++)
        s = apply(p, &(struct percl_event){.type = PERCL_ON_KEY, .key = *keys}, out);
    return s;
}

static status apply_wait(struct player *p, uint32_t ms, struct buffer *out)
{
    p->now_us += (uint64_t)ms * 1000;
    p->effects.count = 0;
    status s = percl_run_expire(p->run, p->now_us, &p->effects);
    for (size_t i = 0; s == STATUS_OK && i < p->effects.count; i++)
        put_effect(out, &p->effects.items[i]);
    return s;
}

static enum percl_left left_of(const char *word)
{
    static const char *const words[] = {"removed", "emptied", "terminated", "error"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], word) == 0) return (enum percl_left)i;
    fail_msg("no such word: %s", word);
    return PERCL_LEFT_REMOVED;
}

static const struct {
    const char *word;
    enum percl_event_type type;
} event_words[] = {
    {"start", PERCL_ON_STARTED},     {"answered", PERCL_ON_ANSWERED},   {"over", PERCL_ON_OVER},
    {"played", PERCL_ON_PLAYED},     {"unplayable", PERCL_ON_PLAYED},   {"created", PERCL_ON_CREATED},
    {"joined", PERCL_ON_JOINED},     {"refused", PERCL_ON_JOINED},      {"left", PERCL_ON_LEFT},
    {"dialed", PERCL_ON_DIALED},     {"recording", PERCL_ON_RECORDING}, {"silence", PERCL_ON_SILENCE},
    {"recorded", PERCL_ON_RECORDED}, {"dead", PERCL_ON_SCRIPT},         {"script", PERCL_ON_SCRIPT},
    {"add", PERCL_ON_ADD},
};

static enum percl_event_type type_of(const char *word)
{
    for (size_t i = 0; i < sizeof event_words / sizeof event_words[0]; i++)
        if (strcmp(event_words[i].word, word) == 0) return event_words[i].type;
    fail_msg("no such event: %s", word);
    return PERCL_ON_OVER;
}

static status apply_words(struct player *p, const char *word, const char *first, const char *rest, struct buffer *out)
{
    static const struct percl_recording recording = {.id = "RE", .url = "http://r", .duration_s = 3};
    struct percl_add_to_conference add = {.talk = true, .leave_conference_url = (char[]){"http://added"}};
    bool none = strcmp(first, "-") == 0;
    struct percl_event e = {.type = type_of(word), .id = (uint32_t)strtoul(first, NULL, 10)};
    if (strcmp(word, "unplayable") == 0 || strcmp(word, "refused") == 0 || strcmp(word, "dead") == 0 || none)
        e.why = "because";
    e.conference = e.call = none ? NULL : first;
    switch (e.type) {
    case PERCL_ON_STARTED:
        e.url = "http://v";
        e.answered = strcmp(first, "out") == 0;
        e.webhook = e.answered ? PERCL_HOOK_OUT_DIAL_API_CONNECT : PERCL_HOOK_INBOUND_CALL;
        break;
    case PERCL_ON_LEFT: e.how = left_of(rest); break;
    case PERCL_ON_RECORDED: e.recording = rest[0] ? NULL : &recording; break;
    case PERCL_ON_ADD:
        slice_copy(slice_of(first), add.conference, sizeof add.conference);
        e.add = &add;
        break;
    case PERCL_ON_SCRIPT:
        if (strcmp(word, "script") == 0) return apply_script(p, &e, rest, out);
        break;
    default: break;
    }
    return apply(p, &e, out);
}

status player_apply(struct player *p, const char *event, struct buffer *out)
{
    char *words = expand(event);
    char *first = strchr(words, ' ');
    if (first) *first++ = '\0';
    char *rest = first ? strchr(first, ' ') : NULL;
    if (rest) *rest++ = '\0';
    status s;
    if (strcmp(words, "key") == 0) {
        s = apply_keys(p, first, out);
    } else if (strcmp(words, "wait") == 0) {
        s = apply_wait(p, (uint32_t)strtoul(first, NULL, 10), out);
    } else {
        s = apply_words(p, words, first ? first : "", rest ? rest : "", out);
    }
    free(words);
    return s;
}

void player_play(const struct line *lines, size_t count, bool fallback)
{
    struct player p;
    player_open(&p, fallback);
    for (size_t i = 0; i < count; i++) {
        struct buffer out;
        buffer_init(&out);
        assert_int_equal(player_apply(&p, lines[i].event, &out), STATUS_OK);
        if (strcmp(buffer_text(&out), lines[i].effects) != 0)
            fail_msg("line %zu, %s:\n  is     %s\n  wanted %s", i, lines[i].event, buffer_text(&out), lines[i].effects);
        buffer_clear(&out);
    }
    player_close(&p);
}
