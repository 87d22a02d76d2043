#include "percl/turn.h"

void utterance_start(struct turn *t, const struct percl_command *c)
{
    turn_item(t, PERCL_DO_RECORD_START, c);
    t->run->phase = PHASE_RECORDING;
    t->run->term_reason = NULL;
}

void utterance_begun(struct turn *t)
{
    if (!t->run->term_reason)
        t->run->deadline_us = t->now_us + (uint64_t)t->run->command->record.max_length_s * 1000000;
}

void utterance_stop(struct turn *t, const char *term_reason)
{
    if (t->run->term_reason) return;
    t->run->term_reason = term_reason;
    t->run->deadline_us = UINT64_MAX;
    turn_say(t, PERCL_DO_RECORD_STOP, NULL)->id = t->run->awaited;
}

void utterance_key(struct turn *t, char key)
{
    if (key == t->run->command->record.finish_on_key) utterance_stop(t, "finishKey");
}

void utterance_recorded(struct turn *t, const struct percl_recording *recording)
{
    struct percl_run *run = t->run;
    const struct percl_record_utterance *r = &run->command->record;
    struct percl_extra extra = {
        .recording = recording,
        /* A recorder that stops by itself has come to a limit of its own. */
        .term_reason = run->term_reason ? run->term_reason : "maxLength",
        .privacy = r->privacy,
    };
    if (run->phase == PHASE_ENDED) {
        run->awaited = 0;
        turn_notify(t, PERCL_HOOK_RECORD, r->action_url, &extra);
    } else {
        turn_request(t, PERCL_HOOK_RECORD, r->action_url, &extra);
    }
}
