#include "percl/turn.h"

#include <assert.h>
#include <string.h>

struct percl_effect *turn_say(struct turn *t, enum percl_effect_type type, const struct percl_command *command)
{
    struct percl_effect *e = percl_effects_add(t->effects, type);
    e->command = command;
    return e;
}

void turn_log(struct turn *t, enum percl_level level, const struct percl_command *command, const char *message,
              const char *detail)
{
    struct percl_effect *e = turn_say(t, PERCL_DO_LOG, command);
    e->level = level;
    e->message = message;
    e->detail = detail;
}

static uint32_t next_number(struct percl_run *run)
{
    if (++run->numbers == 0) run->numbers = 1;
    return run->numbers;
}

static struct percl_effect *post(struct turn *t, enum percl_webhook hook, const char *url,
                                 const struct percl_extra *extra)
{
    struct percl_effect *e = turn_say(t, PERCL_DO_REQUEST, NULL);
    e->id = next_number(t->run);
    e->webhook = hook;
    e->url = url;
    e->extra = *extra;
    return e;
}

void turn_request(struct turn *t, enum percl_webhook hook, const char *url, const struct percl_extra *extra)
{
    assert(percl_webhook_runs(hook));
    struct percl_effect *e = post(t, hook, url, extra);
    e->on = true;
    t->run->phase = PHASE_REQUESTING;
    t->run->awaited = e->id;
    t->run->awaited_hook = hook;
    t->run->deadline_us = UINT64_MAX;
}

void turn_notify(struct turn *t, enum percl_webhook hook, const char *url, const struct percl_extra *extra)
{
    if (url) post(t, hook, url, extra);
}

struct percl_effect *turn_item(struct turn *t, enum percl_effect_type type, const struct percl_command *command)
{
    struct percl_effect *e = turn_say(t, type, command);
    e->id = next_number(t->run);
    t->run->awaited = e->id;
    return e;
}

void turn_end(struct turn *t, enum percl_end end, const struct percl_command *command)
{
    membership_leave(t);
    turn_say(t, PERCL_DO_HANGUP, command)->end = end;
    t->run->phase = PHASE_ENDED;
    t->run->awaited = 0;
    t->run->deadline_us = UINT64_MAX;
}

void turn_drop_script(struct turn *t)
{
    struct percl_run *run = t->run;
    if (!run->script) return;
    assert(!run->retired);
    run->retired = run->script;
    run->script = NULL;
    run->command = NULL;
    run->next = 0;
}

void turn_abandon(struct turn *t)
{
    struct percl_run *run = t->run;
    if (run->phase == PHASE_COLLECTING) turn_say(t, PERCL_DO_COLLECT, run->command);
    if ((run->phase == PHASE_PLAYING || run->phase == PHASE_COLLECTING) && run->awaited != 0)
        turn_say(t, PERCL_DO_STOP_PLAY, NULL)->id = run->awaited;
    if (run->phase == PHASE_RECORDING && !run->term_reason) turn_say(t, PERCL_DO_RECORD_STOP, NULL)->id = run->awaited;
    run->awaited = 0;
    run->deadline_us = UINT64_MAX;
    turn_drop_script(t);
}

uint64_t turn_after_ms(const struct turn *t, uint32_t ms)
{
    return t->now_us + (uint64_t)ms * 1000;
}
