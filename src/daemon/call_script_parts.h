/**
 * @file call_script_parts.h  The things a script has under way (requests, sounds, recordings, kept events), as the
 * files of call_script.h share them. Thread: control.
 */
#ifndef PARLEY_DAEMON_CALL_SCRIPT_PARTS_H
#define PARLEY_DAEMON_CALL_SCRIPT_PARTS_H

#include "base/list.h"
#include "daemon/call_script.h"
#include "percl/percl_effects.h"
#include "store/store_rows.h"

struct call_scripts {
    struct bridge *bridge;
    struct list scripts;
};

struct call_script {
    struct list link;
    struct call_scripts *all;
    id_text call, account, parent;
    char *from, *to;
    const char *direction;   /**< static */
    const char *last_status; /**< static; NULL while the call lasts */
    struct percl_run *run;
    struct percl_effects effects;
    struct loop_timer *timer;
    struct list kept; /**< struct kept_event */
    bool carrying, over;
    struct list asks;          /**< requests under way */
    struct list sounds;        /**< playbacks under way */
    struct list pendings;      /**< what cannot be called off: conferences being made or joined */
    char *status_callback_url; /**< of callStatus; NULL for none */
    const char *ended_reason;  /**< static; once over */
    int64_t connected_unix_ms, ended_unix_ms;
    struct store_call ended; /**< its last row, where callStatus waits for the recording; id "": none */
    struct store_tx *ending; /**< call_script_ending() to call_script_over() */
    uint32_t events;         /**< notifications numbered so far, in the call's lane */
    uint32_t digits_item;    /**< SendDigits under way; 0: none */
    /* one utterance at a time, and the whole call once */
    uint32_t utterance_item;           /**< 0: none */
    id_text utterance, call_recording; /**< under way; "" for none */
    struct {
        id_text id; /**< "": none is there */
        char *url;
        uint64_t bytes;
        uint32_t duration_s;
    } recorded; /**< the whole call, once it is complete */
};

/** An event with what it points to. */
struct kept_event {
    struct list link;
    struct percl_event event;
    id_text conference, call;
    char *why, *url;
};

/* call_script.c */
void script_event(struct call_script *s, const struct percl_event *event);
void script_carry_on(void *script);
/** A warning for the call's log: the command of an effect named what is not there, or not the account's. */
void script_warn(struct call_script *s, const struct percl_effect *e, const char *message);

/* call_script_parts.c */
void script_parts_init(struct call_script *s);
/** Lets go of everything under way, without a word. */
void script_parts_drop(struct call_script *s);
/** The call is over: requests that only it could use, sounds and digits go. */
void script_parts_call_over(struct call_script *s);
void script_parts_keep_event(struct call_script *s, const struct percl_event *event);
/** NULL where none is kept; given. */
struct kept_event *script_parts_next_event(struct call_script *s);
void script_parts_free_event(struct kept_event *kept);

/* call_script_hooks.c */
void script_request(struct call_script *s, const struct percl_effect *e);
/** Lets go of the requests whose answers could only be run by a call that lasts. */
void script_requests_drop(struct call_script *s);

/* call_script_audio.c */
void script_play(struct call_script *s, const struct percl_effect *e);
void script_stop_play(struct call_script *s, uint32_t id);
void script_sounds_drop(struct call_script *s);
void script_send_digits(struct call_script *s, const struct percl_effect *e);
void script_record_start(struct call_script *s, const struct percl_effect *e);
void script_record_stop(struct call_script *s, uint32_t id);
void script_record_call(struct call_script *s);

/** Posts a notification in the call's lane; body is JSON. */
void script_notify(struct call_script *s, const char *url, const char *body);
/** Stores the call's end with what was posted since call_script_ending(). */
void script_store_end(struct call_script *s);
/** callStatus, once the call is over and its recording complete. */
void script_post_status(struct call_script *s);

/* call_script_conference.c */
void script_pendings_drop(struct call_script *s);
void script_create_conference(struct call_script *s, const struct percl_effect *e);
void script_add_to_conference(struct call_script *s, const struct percl_effect *e);
void script_out_dial(struct call_script *s, const struct percl_effect *e);

#endif
