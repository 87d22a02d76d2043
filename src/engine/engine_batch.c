#include <assert.h>
#include <stdlib.h>

#include "engine/engine_parts.h"
#include "engine/leg_encoder.h"
#include "os/log.h"
#include "os/thread.h"

enum { COMMANDS_FIRST = 4 };

/* A command that gets lost half-way would let out what must not be heard: no memory is the end. */
void *engine_must_have(void *memory)
{
    if (!memory) {
        log_event(LOG_ERROR, "out_of_memory", "module=engine");
        abort();
    }
    return memory;
}

static struct core_batch *batch_create(void)
{
    struct core_batch *batch = engine_must_have(calloc(1, sizeof *batch));
    list_init(&batch->link);
    return batch;
}

void engine_change_clear(struct core_change *change)
{
    playout_destroy(change->playout);
    leg_encoder_destroy(change->encoder);
    leg_srtp_clear(&change->srtp);
}

void engine_batch_destroy(struct core_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        struct core_command *command = &batch->commands[i];
        if (command->change) engine_change_clear(command->change);
        free(command->change);
        mixer_destroy(command->mixer);
        preprocess_destroy(command->preprocess);
        conference_graph_destroy(command->graph);
    }
    free(batch->commands);
    free(batch);
}

void engine_flush(struct engine_worker *w)
{
    for (struct list *link; (link = list_pop_front(&w->outbox));) {
        struct core_batch *batch = list_object(link, struct core_batch, link);
        if (batch->awaits > 0 || !worker_push(w->worker, batch)) {
            list_push_front(&w->outbox, link);
            return;
        }
    }
}

static void post(struct engine *e, unsigned worker, struct core_batch *batch)
{
    list_push_back(&e->workers[worker].outbox, &batch->link);
    engine_flush(&e->workers[worker]);
}

struct core_batch *engine_filling(struct engine *e, unsigned worker)
{
    struct engine_worker *w = &e->workers[worker];
    if (!w->filling) w->filling = batch_create();
    return w->filling;
}

void engine_command(struct engine *e, unsigned worker, struct core_command c)
{
    struct core_batch *batch = engine_filling(e, worker);
    if (batch->count == batch->size) {
        batch->size = batch->size ? batch->size * 2 : COMMANDS_FIRST;
        batch->commands = engine_must_have(realloc(batch->commands, batch->size * sizeof c));
    }
    batch->commands[batch->count++] = c;
    e->last_worker = worker;
}

static void post_filled(struct engine *e, unsigned worker)
{
    struct core_batch *batch = e->workers[worker].filling;
    e->workers[worker].filling = NULL;
    if (batch) post(e, worker, batch);
}

void engine_post_all(struct engine *e)
{
    for (unsigned i = 0; i < e->worker_count; i++)
        post_filled(e, i);
}

void engine_commit(struct engine *e)
{
    if (!e->batching) engine_post_all(e);
}

void engine_batch_begin(struct engine *e)
{
    thread_assert(THREAD_CONTROL);
    assert(!e->batching);
    e->batching = true;
    e->last_worker = 0;
}

void engine_batch_end(struct engine *e, uint64_t token)
{
    thread_assert(THREAD_CONTROL);
    assert(e->batching);
    e->batching = false;
    if (token != 0)
        engine_filling(e, e->last_worker)->token = token; /* without a command too: the report comes at once */
    engine_commit(e);
}

/* A batch that was never carried out still holds references to its sounds, and a recording that wants its END. */
void engine_batch_drop(struct core_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        struct core_command *c = &batch->commands[i];
        sound_unref(c->sound);
        free(c->digits);
        if (c->frames) pcm_frame_push_end(c->frames, 0);
    }
    engine_batch_destroy(batch);
}
