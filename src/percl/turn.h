/**
 * @file turn.h  The inside of a runner, and one event being applied to it. Not for other folders.
 *
 * Room for the effects of the turn, and copies it needs, are taken before it begins; nothing in it can fail.
 * Thread: control.
 */
#ifndef PARLEY_PERCL_TURN_H
#define PARLEY_PERCL_TURN_H

#include "percl/percl_control.h"
#include "percl/percl_digits.h"
#include "percl/percl_run.h"

/** The one thing a runner waits for. */
enum percl_phase {
    PHASE_FRESH,      /**< STARTED */
    PHASE_RUNNING,    /**< nothing: only inside a turn */
    PHASE_ANSWERING,  /**< ANSWERED; the next command is the one that needs it */
    PHASE_REQUESTING, /**< the script of request .awaited */
    PHASE_PLAYING,    /**< the end of item .awaited */
    PHASE_PAUSING,    /**< the deadline */
    PHASE_COLLECTING, /**< keys, the deadline, or the end of the prompt .awaited */
    PHASE_RECORDING,  /**< a reason to stop item .awaited, then its end */
    PHASE_CREATING,   /**< CREATED */
    PHASE_DIALING,    /**< DIALED */
    PHASE_JOINING,    /**< JOINED */
    PHASE_IDLE,       /**< in a conference: call control, or being put out */
    PHASE_ENDED,      /**< with .awaited: still for the recording of that item */
};

struct percl_run {
    id_text call;
    char *fallback_url; /**< owned; NULL for none */
    bool fallback_used;
    enum percl_phase phase;
    bool answered;
    /* the script */
    struct percl_script *script;         /**< owned; NULL */
    size_t next;                         /**< the command that comes next */
    const struct percl_command *command; /**< of the script: the one under way in COLLECTING to DIALING */
    enum percl_webhook origin;           /**< whose answer it is */
    uint32_t redirects;
    bool call_recorded; /**< by StartRecordCall */
    /* what is waited for */
    uint32_t numbers; /**< requests and items so far */
    uint32_t awaited; /**< 0: none */
    enum percl_webhook awaited_hook;
    uint64_t deadline_us; /**< UINT64_MAX: none */
    /* the conference */
    struct percl_add_to_conference add; /**< owned strings; no conference: in none and on no way into one */
    bool joined;
    struct percl_control control;
    /* keys */
    char ahead[PERCL_AHEAD_MAX];
    size_t ahead_count;
    struct percl_digits digits;
    size_t prompt; /**< of GetDigits: the one that comes next */
    /* recording of an utterance */
    const char *term_reason; /**< static; NULL until it is stopped */
    /* what the effects of the last turn point at */
    struct percl_script *retired;
    struct percl_add_to_conference left;
};

struct turn {
    struct percl_run *run;
    uint64_t now_us;
    struct percl_effects *effects;
};

/* ---- turn.c: what is said ---- */

struct percl_effect *turn_say(struct turn *t, enum percl_effect_type type, const struct percl_command *command);
void turn_log(struct turn *t, enum percl_level level, const struct percl_command *command, const char *message,
              const char *detail);

/** Asks for a script, and waits for it. */
void turn_request(struct turn *t, enum percl_webhook hook, const char *url, const struct percl_extra *extra);

/** Posts a webhook whose answer does not matter; nothing where url is NULL. */
void turn_notify(struct turn *t, enum percl_webhook hook, const char *url, const struct percl_extra *extra);

/** Says an item of the call's own (SAY, PLAY, SEND_DIGITS, RECORD_START), which is awaited. */
struct percl_effect *turn_item(struct turn *t, enum percl_effect_type type, const struct percl_command *command);

/** Hangs up; in a conference it says so to leaveConferenceUrl first. */
void turn_end(struct turn *t, enum percl_end end, const struct percl_command *command);

/** Stops what is under way, and drops the script. */
void turn_abandon(struct turn *t);

/** Sets the script aside until the next turn. */
void turn_drop_script(struct turn *t);

/** now and so many milliseconds. */
uint64_t turn_after_ms(const struct turn *t, uint32_t ms);

/* ---- steps.c ---- */

/** Runs commands until one of them waits, or the script is used up. */
void steps_go_on(struct turn *t);

/* ---- collect.c: GetDigits ---- */
void collect_start(struct turn *t, const struct percl_command *c);
void collect_key(struct turn *t, char key);
void collect_played(struct turn *t);
void collect_expire(struct turn *t);
void collect_over(struct turn *t);

/* ---- utterance.c: RecordUtterance ---- */
void utterance_start(struct turn *t, const struct percl_command *c);
void utterance_begun(struct turn *t);
void utterance_stop(struct turn *t, const char *term_reason);
void utterance_key(struct turn *t, char key);
void utterance_recorded(struct turn *t, const struct percl_recording *recording);

/* ---- membership.c: the conference ---- */

/** Enters the conference of *add, whose strings it takes. */
void membership_enter(struct turn *t, struct percl_add_to_conference *add, const struct percl_command *c);
void membership_joined(struct turn *t, const struct percl_event *e);
void membership_left(struct turn *t, const struct percl_event *e);
void membership_key(struct turn *t, char key);

/** The call leaves by itself: posts leaveConference as a notification, and forgets the conference. */
void membership_leave(struct turn *t);

#endif
