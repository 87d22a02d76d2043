/**
 * @file percl_fuzz.c  Any bytes as a script, run on a call that does what the runner asks: it comes to an end or a
 * rest.
 *
 * The first byte says where the call is (ringing, up, in a conference) and how its world answers; then follows the
 * text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "percl/percl_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TURNS = 4000, RESTS = 8 };

struct world {
    struct percl_run *run;
    struct percl_effects effects;
    struct percl_event next; /**< what the last effects lead to; its type is PERCL_ON_KEY where to nothing */
    const char *text;
    size_t len;
    unsigned scripts, seed;
    uint64_t now_us;
    id_text conference;
};

static void check_fault(const struct percl_fault *fault)
{
    char text[PERCL_FAULT_TEXT];
    if (!percl_fault_text(fault, text)[0]) abort();
    percl_end_name(percl_fault_end(fault));
}

static void post(const struct percl_effect *e)
{
    const struct percl_call_facts call = {.call = "CA", .account = "AC"};
    json_t *body = percl_webhook_body(e->webhook, &call, &e->extra);
    if (!body || !e->url || e->id == 0) abort();
    json_decref(body);
}

/** The effect's consequence, as the last one said in a turn decides. */
static void carry_out(struct world *w, const struct percl_effect *e)
{
    static const struct percl_recording recording = {.id = "RE", .url = "http://r"};
    char line[PERCL_EFFECT_TEXT];
    bool fails = w->seed & 4;
    struct percl_event next = {.type = PERCL_ON_KEY, .id = e->id, .why = fails ? "because" : NULL};
    switch (e->type) {
    case PERCL_DO_ANSWER: next.type = PERCL_ON_ANSWERED; break;
    case PERCL_DO_REQUEST:
        post(e);
        if (e->on) next.type = PERCL_ON_SCRIPT;
        break;
    case PERCL_DO_SAY:
    case PERCL_DO_PLAY:
    case PERCL_DO_SEND_DIGITS: next.type = PERCL_ON_PLAYED; break;
    case PERCL_DO_CREATE_CONFERENCE:
        next.type = PERCL_ON_CREATED;
        next.conference = fails ? NULL : "CF";
        break;
    case PERCL_DO_ADD_TO_CONFERENCE:
        memcpy(w->conference, e->conference, sizeof w->conference);
        next.type = PERCL_ON_JOINED;
        next.conference = w->conference;
        break;
    case PERCL_DO_OUT_DIAL:
        next.type = PERCL_ON_DIALED;
        next.call = fails ? NULL : "CA";
        break;
    case PERCL_DO_RECORD_START: next.type = PERCL_ON_RECORDING; break;
    case PERCL_DO_RECORD_STOP:
        next.type = PERCL_ON_RECORDED;
        next.recording = fails ? NULL : &recording;
        break;
    case PERCL_DO_LOG: percl_effect_text(e, line); return;
    default: return;
    }
    w->next = next;
}

static void apply(struct world *w, const struct percl_event *e)
{
    w->effects.count = 0;
    w->next.type = PERCL_ON_KEY;
    if (percl_run_apply(w->run, e, w->now_us, &w->effects) != STATUS_OK) abort();
    for (size_t i = 0; i < w->effects.count; i++)
        carry_out(w, &w->effects.items[i]);
}

static void give_script(struct world *w)
{
    struct percl_fault fault;
    struct percl_event e = w->next;
    static const char again[] =
        "[{\"AddToConference\":{\"conferenceId\":\"CF0000000000000000000000000000000000000000\","
        "\"allowCallControl\":true,\"callControlSequence\":\"1\",\"callControlUrl\":\"http://k\","
        "\"leaveConferenceUrl\":\"http://l\"}}]";
    bool join_first = w->seed & 2 && w->scripts == 0;
    struct slice text = join_first ? slice_of(again) : (struct slice){w->text, w->len};
    w->scripts++;
    if (percl_parse(&e.script, text, &fault) != STATUS_OK) {
        check_fault(&fault);
        e.fault = &fault;
    }
    apply(w, &e);
}

/** Nothing is under way but time, keys and other people. */
static void rest(struct world *w, unsigned turn)
{
    static const char keys[] = "1*#9";
    uint64_t deadline = percl_run_deadline(w->run);
    if (turn % 2 == 0 && deadline != UINT64_MAX) {
        w->now_us = deadline;
        w->effects.count = 0;
        w->next.type = PERCL_ON_KEY;
        if (percl_run_expire(w->run, w->now_us, &w->effects) != STATUS_OK) abort();
        for (size_t i = 0; i < w->effects.count; i++)
            carry_out(w, &w->effects.items[i]);
    } else {
        apply(w, &(struct percl_event){.type = PERCL_ON_KEY, .key = keys[turn % 4]});
    }
}

static void live(struct world *w)
{
    unsigned rests = 0;
    for (unsigned turn = 0; turn < TURNS && !percl_run_done(w->run) && rests < RESTS && w->scripts < 300; turn++) {
        if (w->next.type == PERCL_ON_SCRIPT) {
            give_script(w);
        } else if (w->next.type != PERCL_ON_KEY) {
            struct percl_event e = w->next;
            apply(w, &e);
        } else {
            rests++;
            rest(w, turn);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    struct world w = {.seed = data[0], .text = (const char *)data + 1, .len = size - 1};
    if (percl_run_create(&w.run, "CA0000000000000000000000000000000000000000", "http://f") != STATUS_OK) return 0;
    bool up = w.seed & 3;
    apply(&w, &(struct percl_event){.type = PERCL_ON_STARTED,
                                    .webhook = up ? PERCL_HOOK_OUT_DIAL_CONNECT : PERCL_HOOK_INBOUND_CALL,
                                    .url = "http://v",
                                    .answered = up});
    live(&w);
    if (percl_run_conference(w.run)[0])
        apply(&w, &(struct percl_event){
                      .type = PERCL_ON_LEFT, .conference = w.conference, .how = (enum percl_left)(w.seed >> 3 & 3)});
    apply(&w, &(struct percl_event){.type = PERCL_ON_OVER});
    if (!percl_run_ended(w.run)) abort();
    percl_run_destroy(w.run);
    percl_effects_clear(&w.effects);
    return 0;
}
