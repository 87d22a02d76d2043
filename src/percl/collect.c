#include <string.h>

#include "percl/turn.h"

/** Says the prompts one after the other; behind the last, the initial timer runs. */
static void next_prompt(struct turn *t)
{
    struct percl_run *run = t->run;
    const struct percl_get_digits *g = &run->command->get_digits;
    run->awaited = 0;
    run->deadline_us = UINT64_MAX;
    while (run->prompt < g->prompt_count) {
        const struct percl_command *p = &g->prompts[run->prompt++];
        if (p->type == PERCL_PAUSE && p->pause.length_ms > 0) {
            run->deadline_us = turn_after_ms(t, p->pause.length_ms);
            return;
        }
        if (p->type == PERCL_PLAY || (p->type == PERCL_SAY && p->play.text[0])) {
            turn_item(t, p->type == PERCL_SAY ? PERCL_DO_SAY : PERCL_DO_PLAY, p);
            return;
        }
    }
    percl_digits_listen(&run->digits, t->now_us);
}

static struct percl_extra report(const struct percl_run *run)
{
    return (struct percl_extra){.digits = percl_digits_text(&run->digits, run->command->get_digits.privacy),
                                .reason = percl_digits_reason(&run->digits)};
}

static void finish(struct turn *t)
{
    struct percl_extra extra = report(t->run);
    turn_say(t, PERCL_DO_COLLECT, t->run->command);
    turn_request(t, PERCL_HOOK_GET_DIGITS, t->run->command->get_digits.action_url, &extra);
}

/**
 * Takes keys that were typed before, as many as it needs. A finishing key with nothing before it is dropped: it is most
 * often the rest of the last GetDigits, which was full one key earlier.
 *
 * @return true where it holds any
 */
static bool take_ahead(struct turn *t)
{
    struct percl_run *run = t->run;
    size_t taken = 0;
    for (; taken < run->ahead_count && run->digits.state == PERCL_DIGITS_OPEN; taken++) {
        char key = run->ahead[taken];
        if (key != run->digits.finish_on_key || run->digits.count > 0) percl_digits_key(&run->digits, key, t->now_us);
    }
    run->ahead_count -= taken;
    memmove(run->ahead, run->ahead + taken, run->ahead_count);
    return run->digits.count > 0;
}

void collect_start(struct turn *t, const struct percl_command *c)
{
    struct percl_run *run = t->run;
    run->phase = PHASE_COLLECTING;
    run->awaited = 0;
    run->prompt = 0;
    if (c->get_digits.flush_buffer) run->ahead_count = 0;
    percl_digits_open(&run->digits, &c->get_digits);
    turn_say(t, PERCL_DO_COLLECT, c)->on = true;
    if (!take_ahead(t)) {
        next_prompt(t);
    } else if (run->digits.state != PERCL_DIGITS_OPEN) {
        finish(t);
    }
}

void collect_key(struct turn *t, char key)
{
    struct percl_run *run = t->run;
    if (run->awaited != 0) turn_say(t, PERCL_DO_STOP_PLAY, NULL)->id = run->awaited;
    run->awaited = 0;
    run->deadline_us = UINT64_MAX;
    if (percl_digits_key(&run->digits, key, t->now_us) != PERCL_DIGITS_OPEN) finish(t);
}

void collect_played(struct turn *t)
{
    next_prompt(t);
}

void collect_expire(struct turn *t)
{
    if (t->now_us >= t->run->deadline_us) {
        next_prompt(t);
    } else if (percl_digits_expire(&t->run->digits, t->now_us) != PERCL_DIGITS_OPEN) {
        finish(t);
    }
}

void collect_over(struct turn *t)
{
    t->run->digits.state = PERCL_DIGITS_HANGUP;
    struct percl_extra extra = report(t->run);
    turn_notify(t, PERCL_HOOK_GET_DIGITS, t->run->command->get_digits.action_url, &extra);
}
