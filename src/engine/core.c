#include "engine/core.h"

#include <stdlib.h>

#include "engine/conference_hearing.h"
#include "engine/conference_talkers.h"
#include "os/thread.h"

/* Conferences that tick in the same millisecond of the 20. */
struct slot {
    struct list conferences; /* those with legs only */
    struct conference_media lobby;
};

struct core {
    struct leg_context context;
    struct conference_scratch scratch;
    struct slot slots[CORE_SLOTS];
    int64_t next_ms; /* the first millisecond that has not been run */
};

status core_create(struct core **out, const struct media_io *io, struct media_counters *counters,
                   int64_t rtp_timeout_us)
{
    struct core *core = calloc(1, sizeof *core);
    if (!core) return STATUS_NO_MEMORY;
    core->context = (struct leg_context){.io = io, .counters = counters, .rtp_timeout_us = rtp_timeout_us};
    if (resample_bank_create(&core->context.bank) != STATUS_OK) {
        free(core);
        return STATUS_NO_MEMORY;
    }
    conference_scratch_init(&core->scratch);
    for (uint8_t i = 0; i < CORE_SLOTS; i++) {
        list_init(&core->slots[i].conferences);
        conference_media_init(&core->slots[i].lobby, NULL, i, NULL);
    }
    *out = core;
    return STATUS_OK;
}

void core_destroy(struct core *core)
{
    if (!core) return;
    resample_bank_destroy(core->context.bank);
    free(core);
}

static void count32(atomic_uint_least32_t *counter, int change)
{
    uint32_t now = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, now + (uint32_t)change, memory_order_relaxed);
}

/* ---- time ---- */

static bool slot_has_legs(const struct slot *slot)
{
    return !list_empty(&slot->conferences);
}

static bool slot_has_half_ticks(const struct slot *slot)
{
    list_each (link, &slot->conferences) {
        if (list_object(link, struct conference_media, link)->half_tick_legs > 0) return true;
    }
    return false;
}

static bool has_work(const struct core *core, int64_t ms)
{
    return slot_has_legs(&core->slots[ms % CORE_SLOTS]) ||
           slot_has_half_ticks(&core->slots[(ms + CORE_SLOTS / 2) % CORE_SLOTS]);
}

int64_t core_deadline(const struct core *core)
{
    for (int64_t ms = core->next_ms; ms < core->next_ms + CORE_SLOTS; ms++) {
        if (has_work(core, ms)) return ms * CORE_SLOT_US;
    }
    return INT64_MAX;
}

/* Milliseconds without work have been run as soon as they are over. */
static void catch_up(struct core *core, int64_t now_us)
{
    int64_t now_ms = now_us / CORE_SLOT_US;
    int64_t due_ms = core_deadline(core) / CORE_SLOT_US;
    int64_t next_ms = due_ms <= now_ms ? due_ms : now_ms + 1;
    if (next_ms > core->next_ms) core->next_ms = next_ms;
}

/* ---- commands ---- */

/* Conferences stand in their slot while they have legs, and only then. */
static void settle(struct core *core, struct conference_media *c)
{
    list_remove(&c->link);
    if (c->leg_count > 0) list_push_back(&core->slots[c->slot].conferences, &c->link);
}

static void tell_done(struct core *core, struct core_batch *batch, int64_t tick_us)
{
    struct media_event event = {.type = MEDIA_BATCH_DONE, .object = batch, .token = batch->token, .tick_us = tick_us};
    leg_context_tell(&core->context, &event);
}

static void tell_all_done(struct core *core, struct conference_media *c, int64_t tick_us)
{
    for (struct list *link; (link = list_pop_front(&c->done));)
        tell_done(core, list_object(link, struct core_batch, link), tick_us);
}

static void take_out(struct core *core, struct leg_media *leg, int64_t now_us)
{
    struct conference_media *c = leg->conference;
    if (!c) return;
    conference_media_remove(c, &core->context, leg);
    if (c->leg_count > 0) return;
    settle(core, c);
    tell_all_done(core, c, now_us); /* there is no next tick to wait for */
}

static void put_in(struct core *core, struct conference_media *c, struct leg_media *leg, bool talk, bool listen)
{
    conference_media_add(c, leg, talk, listen);
    if (c->leg_count == 1) settle(core, c);
}

static void give_back_leg(struct core *core, struct leg_media *leg, enum media_event_type type, int64_t now_us)
{
    struct media_event event = {.type = type, .leg = leg, .tick_us = now_us};
    count32(&core->context.counters->legs, -1);
    leg_context_tell(&core->context, &event);
}

static void leg_close(struct core *core, struct leg_media *leg, int64_t now_us)
{
    leg_media_close(leg, &core->context, now_us);
    take_out(core, leg, now_us);
    give_back_leg(core, leg, MEDIA_LEG_CLOSED, now_us);
}

static void leg_join(struct core *core, const struct core_command *command, int64_t now_us)
{
    struct leg_media *leg = command->leg;
    if (leg->conference == command->conference) {
        conference_media_roles(leg->conference, leg, command->talk, command->listen);
        return;
    }
    if (!leg->conference) count32(&core->context.counters->legs, 1); /* from another thread */
    uint8_t before = leg->conference ? leg->conference->slot : CORE_SLOTS;
    take_out(core, leg, now_us);
    if (before == command->conference->slot)
        leg->not_before_us = INT64_MIN; /* the tick times are the same: nothing is too near, nothing to forget */
    else
        playout_reset(leg->playout);
    put_in(core, command->conference, leg, command->talk, command->listen);
}

static void leg_leave(struct core *core, struct leg_media *leg, int64_t now_us)
{
    uint8_t slot = leg->conference->slot;
    take_out(core, leg, now_us);
    leg->not_before_us = INT64_MIN;
    put_in(core, &core->slots[slot].lobby, leg, false, false);
}

static void leg_change(struct core *core, struct leg_media *leg, struct core_change *change, int64_t now_us)
{
    if (leg->conference && leg->media.codec != change->media.codec)
        conference_media_end_voice(leg->conference, &core->context, leg);
    leg_media_change(leg, &core->context, &change->media, &change->playout, &change->encoder, now_us);
    leg_srtp_change(leg, &change->srtp, now_us);
    if (leg->conference) conference_media_count_half_ticks(leg->conference);
}

static void conference_close(struct core *core, struct conference_media *c, int64_t now_us)
{
    list_each_safe (link, &c->legs) {
        leg_leave(core, list_object(link, struct leg_media, link), now_us);
    }
    conference_media_close(c, &core->context);
    struct media_event event = {.type = MEDIA_CONFERENCE_CLOSED, .conference = c, .tick_us = now_us};
    count32(&core->context.counters->conferences, -1);
    leg_context_tell(&core->context, &event);
}

static void execute(struct core *core, struct core_command *command, int64_t now_us)
{
    const struct leg_context *context = &core->context;
    struct leg_media *leg = command->leg;
    struct conference_media *c = command->conference;
    switch (command->type) {
    case CORE_LEG_OPEN:
        count32(&context->counters->legs, 1);
        put_in(core, &core->slots[command->slot].lobby, leg, false, false);
        break;
    case CORE_LEG_CHANGE: leg_change(core, leg, command->change, now_us); break;
    case CORE_LEG_CLOSE: leg_close(core, leg, now_us); break;
    case CORE_LEG_DETACH:
        take_out(core, leg, now_us);
        give_back_leg(core, leg, MEDIA_LEG_DETACHED, now_us);
        break;
    case CORE_LEG_JOIN: leg_join(core, command, now_us); break;
    case CORE_LEG_ROLES: conference_media_roles(leg->conference, leg, command->talk, command->listen); break;
    case CORE_LEG_LEAVE: leg_leave(core, leg, now_us); break;
    case CORE_CONFERENCE_OPEN: count32(&context->counters->conferences, 1); break;
    case CORE_CONFERENCE_AUDIO: conference_media_audio(c, command->audio); break;
    case CORE_CONFERENCE_MUSIC: conference_media_music(c, context, command->sound); break;
    case CORE_CONFERENCE_PLAY: conference_media_play(c, context, command->sound, command->token); break;
    case CORE_LEG_DTMF: conference_media_pass_digits(leg, command->on); break;
    case CORE_LEG_VOICE:
        leg_voice_set(&leg->voice, command->gain, command->noise_suppression, command->automatic_gain,
                      &command->preprocess);
        break;
    case CORE_LEG_PRESS: leg_keys_signal(leg, context, command->key, command->number, now_us); break;
    case CORE_LEG_TRACK: conference_media_track(leg, (uint16_t)command->number); break;
    case CORE_LEG_PLAY: leg_own_play(&leg->own, context, leg, command->sound, command->number, command->token); break;
    case CORE_LEG_STOP: leg_own_stop(&leg->own); break;
    case CORE_LEG_DIGITS: leg_own_send_digits(&leg->own, context, leg, command->digits); break;
    case CORE_LEG_RECORD: leg_own_record(&leg->own, command->frames, command->sides); break;
    case CORE_LEG_WATCH: leg_own_watch_silence(&leg->own, command->number, command->token); break;
    case CORE_CONFERENCE_STOP: conference_media_stop(c, command->token); break;
    case CORE_CONFERENCE_TALKERS: conference_talkers_limit(c, command->number); break;
    case CORE_CONFERENCE_RECORD: conference_media_record(c, command->frames, command->on); break;
    case CORE_CONFERENCE_RATE:
        conference_media_change_rate(c, context, command->graph);
        command->graph = NULL;
        break;
    case CORE_CONFERENCE_MIXER: command->mixer = conference_media_exchange_mixer(c, command->mixer); break;
    case CORE_CONFERENCE_CLOSE: conference_close(core, c, now_us); break;
    }
}

/* The conference whose next tick makes the command heard; before: that of the commands before it. */
static struct conference_media *concerned(const struct core_command *command, struct conference_media *before)
{
    switch (command->type) {
    case CORE_CONFERENCE_CLOSE: return NULL;
    case CORE_LEG_CLOSE:
    case CORE_LEG_DETACH: return before; /* the leg is not ours any more */
    default: return command->conference ? command->conference : command->leg->conference;
    }
}

void core_execute(struct core *core, struct core_batch *batch, int64_t now_us)
{
    struct conference_media *c = NULL;
    thread_assert(THREAD_MEDIA);
    catch_up(core, now_us);
    core->context.tick_us = now_us;
    for (uint32_t i = 0; i < batch->count; i++) {
        execute(core, &batch->commands[i], now_us);
        c = concerned(&batch->commands[i], c);
    }
    if (batch->token != 0 && c && c->leg_count > 0)
        list_push_back(&c->done, &batch->link);
    else
        tell_done(core, batch, now_us);
}

/* ---- ticks ---- */

static void run_tick(struct core *core, struct conference_media *c, int64_t tick_us, int64_t now_us)
{
    struct media_counters *counters = core->context.counters;
    uint64_t late_us = (uint64_t)(now_us - tick_us);
    core->context.tick_us = tick_us;
    media_count(&counters->ticks, 1);
    if (late_us > CORE_LATE_US) media_count(&counters->ticks_late, 1);
    if (late_us > media_counted(&counters->late_max_us))
        atomic_store_explicit(&counters->late_max_us, late_us, memory_order_relaxed);
    if (late_us > CORE_LATE_MAX_US)
        conference_media_skip_tick(c);
    else
        conference_media_tick(c, &core->context, &core->scratch, tick_us, now_us);
    tell_all_done(core, c, tick_us);
}

static void run_ms(struct core *core, int64_t ms, int64_t now_us)
{
    int64_t tick_us = ms * CORE_SLOT_US;
    list_each (link, &core->slots[ms % CORE_SLOTS].conferences) {
        run_tick(core, list_object(link, struct conference_media, link), tick_us, now_us);
    }
    list_each (link, &core->slots[(ms + CORE_SLOTS / 2) % CORE_SLOTS].conferences) {
        struct conference_media *c = list_object(link, struct conference_media, link);
        if (c->half_tick_legs > 0) conference_media_half_tick(c, &core->context);
    }
}

void core_run(struct core *core, int64_t now_us)
{
    thread_assert(THREAD_MEDIA);
    for (;;) {
        catch_up(core, now_us);
        if (core->next_ms * CORE_SLOT_US > now_us) return;
        run_ms(core, core->next_ms++, now_us);
    }
}

void core_take_done(struct core *core, struct list *out)
{
    for (size_t i = 0; i < CORE_SLOTS; i++) {
        for (struct list *link; (link = list_pop_front(&core->slots[i].lobby.done));)
            list_push_back(out, link);
    }
}
