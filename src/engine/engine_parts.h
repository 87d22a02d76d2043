/**
 * @file engine_parts.h  What the files of the engine's control side share: its objects, its batches, where things are
 * placed. For engine*.c alone.
 *
 * Thread: control.
 */
#ifndef PARLEY_ENGINE_ENGINE_PARTS_H
#define PARLEY_ENGINE_ENGINE_PARTS_H

#include "base/list.h"
#include "engine/conference_media.h"
#include "engine/core.h"
#include "engine/engine.h"
#include "engine/leg_media.h"
#include "engine/worker.h"

enum { RECENT_US = 1000000 };

/* Legs of a conference that can do at least this rate. */
struct engine_rate_counts {
    uint32_t speak, hear, both;
};

struct engine_leg {
    struct list link; /* engine->legs */
    struct list in_conference;
    struct engine *engine;
    struct engine_conference *conference;
    struct engine_sockets sockets;
    void *user;
    char cname[ENGINE_CNAME_SIZE];
    unsigned worker;
    struct engine_leg_media settled; /* once all commands so far have been carried out */
    uint8_t speaks, hears;           /* as its conference counts it: engine_rate.c */
    bool talk, listen;
    bool has_place;     /* counted among its conference's talkers */
    bool passes_digits; /* needs a place too: its digits are its voice */
    struct engine_leg_voice voice;
    uint32_t preprocess_hz; /* of the preprocessor that it has been sent; 0: none yet */
    bool talking;           /* as the media thread last told */
    bool closing;
    struct list waits; /* struct detach_wait: batches on other threads that want it */
    struct leg_media media;
    bool has_keys; /* of contexts that the leg has once all commands so far have been carried out */
    struct engine_leg_srtp keys;
};

struct engine_conference {
    struct list link; /* engine->conferences */
    struct list legs;
    struct engine *engine;
    void *user;
    unsigned worker;
    uint8_t slot;
    uint16_t places; /* of its mixer */
    uint32_t talkers;
    uint32_t rate_hz; /* once all commands so far have been carried out */
    struct engine_rate_counts counts[RESAMPLE_RATES];
    bool closing;
    struct conference_media media;
};

/* A batch must not run before the leg has been let go of by its former thread. */
struct detach_wait {
    struct list link;
    struct core_batch *batch;
    unsigned worker; /* that the batch is for */
};

struct engine_worker {
    struct worker *worker;
    struct list outbox;         /* batches in order; the first may have to wait */
    struct core_batch *filling; /* between engine_batch_begin() and end */
    uint32_t legs, conferences; /* as control has placed them */
};

struct engine {
    struct engine_config config;
    engine_report_fn *report;
    void *arg;
    int report_fd;
    unsigned worker_count;
    struct engine_worker workers[ENGINE_THREADS_MAX];
    bool batching;
    unsigned last_worker; /* that got a command in this batch */
    struct list legs, conferences;
    uint32_t leg_count, conference_count, talking_count;
    uint32_t port_pairs, next_pair;
    uint8_t next_slot;
    bool overloaded;
    int64_t recent_since_us;
    uint32_t recent_legs, recent_legs_before; /* let in during this second and the one before */
};

/* ---- engine_batch.c ---- */

/** Memory running out half-way is the end. @return memory */
void *engine_must_have(void *memory);

/** Appends a command to the thread's batch; engine_commit() follows. */
void engine_command(struct engine *e, unsigned worker, struct core_command command);

/** Sends what was appended, unless a batch of the caller's is open. */
void engine_commit(struct engine *e);

/** The batch that commands for this thread go to. */
struct core_batch *engine_filling(struct engine *e, unsigned worker);

/** Sends what was appended, in any case. */
void engine_post_all(struct engine *e);

/** Sends on what may go now. */
void engine_flush(struct engine_worker *w);

/** Frees what a change brought, or took in exchange. */
void engine_change_clear(struct core_change *change);

/** Frees a batch that was carried out, with what it brought or took in exchange. */
void engine_batch_destroy(struct core_batch *batch);

/** Frees a batch that never was: its sounds are let go of, its recordings get their END. */
void engine_batch_drop(struct core_batch *batch);

/* ---- engine_place.c ---- */

/** The thread with the fewest legs; of those, with the fewest conferences. */
unsigned engine_least_loaded(const struct engine *e);

/** The millisecond of the 20 in which the next one ticks. */
uint8_t engine_take_slot(struct engine *e);

/** Counted, as its thread's load does not show it yet. */
void engine_note_new_leg(struct engine *e, int64_t now_us);

/* ---- engine_rate.c ---- */

/** Counts the leg anew in its conference, as it can speak and hear now. */
void engine_rate_count(struct engine_leg *leg);

/** The leg leaves its conference: it is counted there no more. */
void engine_rate_uncount(struct engine_leg *leg);

/**
 * Takes the conference to the highest rate at which one leg can speak and another hear.
 * @param lower  false: to a higher rate only, so that mutes that come and go do not change it
 */
void engine_rate_tune(struct engine_conference *c, bool lower);

/* ---- engine_leg.c ---- */

/** The leg's former thread has let go of it: who waited for that goes on. */
void engine_leg_let_go(struct engine_leg *leg);

/** Takes it out of its conference, as control sees it. */
void engine_leg_out(struct engine_leg *leg);

/** Frees it; no thread has it. */
void engine_leg_destroy(struct engine_leg *leg);

/* ---- engine_voice.c ---- */

/** Its media thread has told. */
void engine_leg_note_talking(struct engine_leg *leg, bool talking);

/** What is to be done to the leg's voice, with a preprocessor where it needs a new one; engine_commit() follows. */
void engine_voice_send(struct engine_leg *leg);

/* ---- engine_conference.c ---- */

/** Frees it; no thread has it, and it holds nothing. */
void engine_conference_destroy(struct engine_conference *c);

/** Frees it with what it holds. */
void engine_conference_drop(struct engine_conference *c);

#endif
