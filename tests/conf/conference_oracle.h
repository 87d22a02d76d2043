/**
 * @file conference_oracle.h  What must be true of a conference, answered from the history of its events alone.
 *
 * There is no state in here that an event changes: every answer looks back over the list of events ("is the last thing
 * that happened to this caller a join?", "has anybody been in without a break since a moderator joined?"). Nothing is
 * shared with src/conf; even the events and statuses have names of their own.
 */
#ifndef PARLEY_TESTS_CONFERENCE_ORACLE_H
#define PARLEY_TESTS_CONFERENCE_ORACLE_H

#include <stdbool.h>

enum { ORACLE_CALLERS = 3, ORACLE_HISTORY = 16 };

enum oracle_deed {
    DEED_OPEN,
    DEED_JOIN,
    DEED_HANG_UP,
    DEED_PUT_OUT,
    DEED_GRANT, /**< some of talk, listen, digits get a new value */
    DEED_RENAME,
    DEED_BEEPS,
    DEED_EMPTY,
    DEED_TERMINATE,
    DEED_FAIL,
    DEED_RECORDED,
};

enum oracle_right { RIGHT_TALK = 1, RIGHT_LISTEN = 2, RIGHT_DIGITS = 4, RIGHT_LOUDER = 8 };

struct oracle_event {
    enum oracle_deed deed;
    int caller;
    unsigned rights;        /**< JOIN, GRANT: the values */
    unsigned mask;          /**< GRANT: which of them are given */
    bool moderator;         /**< JOIN */
    char alias;             /**< RENAME */
    bool beep_in, beep_out; /**< BEEPS */
};

enum oracle_phase { PHASE_UNBORN, PHASE_EMPTY, PHASE_WAITING, PHASE_TALKING, PHASE_ENDED, PHASE_BROKEN };
enum oracle_verdict { VERDICT_OK, VERDICT_MISSING, VERDICT_THERE_ALREADY, VERDICT_FULL, VERDICT_TOO_SOON };

struct oracle_rules {
    bool record, beep_in, beep_out;
    char alias;
    unsigned callers_max; /**< 0: any number */
};

/** The accepted events so far; at[0] is the first. */
struct oracle {
    struct oracle_rules rules;
    struct oracle_event at[ORACLE_HISTORY];
    int count;
};

/** What would be answered to this event now. An accepted event is then put at the end of the history. */
enum oracle_verdict oracle_judge(const struct oracle *o, const struct oracle_event *event);

/* Each of these is about the moment after the first n events. */
enum oracle_phase oracle_phase(const struct oracle *o, int n);
bool oracle_in(const struct oracle *o, int n, int caller);
bool oracle_has(const struct oracle *o, int n, int caller, enum oracle_right right);
bool oracle_hears(const struct oracle *o, int n, int listener, int talker);
bool oracle_hears_music(const struct oracle *o, int n, int listener);
bool oracle_recording(const struct oracle *o, int n);
char oracle_alias(const struct oracle *o, int n);

/** Recordings begun in the whole history. */
int oracle_recordings(const struct oracle *o);

/** Revision of the conference; *last is the 1-based number of the event that last raised it. */
unsigned oracle_revision(const struct oracle *o, int *last);

/** Revision of a caller who is in, since it joined; *joined and *last are 1-based numbers of events. */
unsigned oracle_caller_revision(const struct oracle *o, int caller, int *joined, int *last);

/** The phases reported by the n-th event (1-based), at most two. @return how many */
int oracle_reports(const struct oracle *o, int n, enum oracle_phase out[2]);

/** Callbacks of any kind after the first n events. */
unsigned oracle_callbacks(const struct oracle *o, int n);

/** Whether the n-th event (1-based) sounds a beep, and to whom (a bit a caller). */
bool oracle_beeps(const struct oracle *o, int n, unsigned *heard_by);

#endif
