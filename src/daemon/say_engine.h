/**
 * @file say_engine.h  Runs the speech engine: its command line, its time, how it ended.
 *
 * Inside daemon/, for say.c, which says what the words of the command mean. Thread: control.
 */
#ifndef PARLEY_DAEMON_SAY_ENGINE_H
#define PARLEY_DAEMON_SAY_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "net/loop.h"

struct say_engine;
struct say_run;

/** Room for a reason, with its NUL. */
enum { SAY_ENGINE_WHY_SIZE = 256 };

/**
 * @param[out] why  what is wrong with the command
 * @return STATUS_OK, STATUS_INVALID (the command), STATUS_NO_MEMORY, STATUS_IO
 */
MUST_CHECK status say_engine_create(struct say_engine **out, struct loop *loop, const char *command,
                                    uint32_t timeout_ms, char why[SAY_ENGINE_WHY_SIZE]);

/** Kills what runs, without a call. NULL is allowed. */
void say_engine_destroy(struct say_engine *engine);

/** Borrowed for the call. */
struct say_job {
    const char *text, *voice, *language, *engine;
    const char *file; /**< to be written; ".txt" is appended for the text's own file, which is removed at the end */
};

/** @param why  NULL: the file is written and not empty; else a phrase for logs, borrowed for the call */
typedef void say_run_fn(void *arg, const char *why);

/**
 * @param[out] why  where it cannot be started
 * @return STATUS_OK: done will be called once, later; STATUS_NOT_FOUND (no such program), STATUS_IO, STATUS_NO_MEMORY
 */
MUST_CHECK status say_engine_start(struct say_engine *engine, const struct say_job *job, say_run_fn *done, void *arg,
                                   struct say_run **out, char why[SAY_ENGINE_WHY_SIZE]);

/** Kills it; done is not called. */
void say_run_kill(struct say_run *run);

#endif
