/**
 * @file conference.h  The life of one conference as a pure state machine: an event in, a list of effects out.
 *
 *   creating -> empty <-> populated -> inProgress -> empty ... -> terminated          (internalError from any)
 *
 * Nothing is done here. conference_apply() changes the struct and says what must follow; the wiring persists the new
 * row, posts the callbacks and commands the media engine, in the order of the list. The struct holds no pointer but its
 * participants and strings, can be cloned, and an event can so be tried, stored, and only then made true.
 *
 * What is audible follows from one value, conference_audio(): a participant's talk and listen are its own, and the
 * engine multiplies them with the audio mode (silence, wait music, mix). See the state table in the README.
 *
 * Thread: control. Background: the FreeClimb conference resource.
 */
#ifndef PARLEY_CONF_CONFERENCE_H
#define PARLEY_CONF_CONFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/list.h"
#include "base/slice.h"
#include "base/status.h"

enum conference_status {
    CONFERENCE_CREATING,
    CONFERENCE_EMPTY,
    CONFERENCE_POPULATED,
    CONFERENCE_IN_PROGRESS,
    CONFERENCE_TERMINATED,
    CONFERENCE_INTERNAL_ERROR,
};

/** "creating", "empty", "populated", "inProgress", "terminated", "internalError": the API's words. */
const char *conference_status_name(enum conference_status s);
bool conference_status_parse(struct slice text, enum conference_status *out);

enum play_beep { PLAY_BEEP_ALWAYS, PLAY_BEEP_NEVER, PLAY_BEEP_ENTRY_ONLY, PLAY_BEEP_EXIT_ONLY };
const char *play_beep_name(enum play_beep b);
bool play_beep_parse(struct slice text, enum play_beep *out);

enum { CONFERENCE_ALIAS_CHARACTERS = 64, CONFERENCE_ALIAS_SIZE = CONFERENCE_ALIAS_CHARACTERS * 4 + 1 };

/** True for at most 64 characters of well-formed UTF-8 without a NUL; an empty alias is one. */
bool conference_alias_valid(struct slice text);

enum { PARTICIPANT_GAIN_MIN_DB = -60, PARTICIPANT_GAIN_MAX_DB = 20 };

/** What is done to a participant's voice before others hear it. All zero: nothing. */
struct participant_voice {
    int gain_db; /**< PARTICIPANT_GAIN_MIN_DB to PARTICIPANT_GAIN_MAX_DB */
    bool noise_suppression, automatic_gain;
};

/** A call that is in the conference. */
struct participant {
    struct list link; /**< in conference.participants, oldest first */
    id_text call;
    bool talk, listen, dtmf_pass_through, start_conf_on_enter;
    struct participant_voice voice;
    uint32_t revision; /**< 1 when it joins; one more with each event that changes it */
    int64_t created_unix_ms, updated_unix_ms;
};

struct conference {
    id_text id, account;
    char alias[CONFERENCE_ALIAS_SIZE];
    enum play_beep play_beep;
    bool record, record_tracks;                        /**< the latter: each recording with tracks of its own */
    char *wait_url, *status_callback_url, *action_url; /**< owned; NULL where unset */
    enum conference_status status;
    uint32_t revision;                        /**< one more with each transition and each change of attributes */
    int64_t created_unix_ms, updated_unix_ms; /**< updated: when revision last grew */
    uint32_t events;           /**< how many callbacks it has numbered so far, from 1 on without gaps (Parley-Event) */
    uint32_t auto_end_s;       /**< terminates itself this long after it became empty; 0: never */
    uint32_t participants_max; /**< 0: no limit */
    uint32_t talkers_max;      /**< only the loudest so many are heard at a time; 0: all */
    struct list participants;
    uint32_t participant_count;
};

enum { CONFERENCE_TALKERS_MAX = 32 };

/** What an API client may give at creation. Strings are borrowed; NULL for absent. */
struct conference_options {
    struct slice alias;
    enum play_beep play_beep;
    bool record;
    bool record_tracks;
    const char *wait_url, *status_callback_url, *action_url;
    uint32_t auto_end_s, participants_max;
    uint32_t talkers_max;                    /**< up to CONFERENCE_TALKERS_MAX */
    bool has_talkers_max, has_record_tracks; /**< else it is the maker's to choose */
};

enum conference_event_type {
    CONFERENCE_OPEN,           /**< creation is being stored: creating -> empty */
    CONFERENCE_JOIN,           /**< call enters: call, talk, listen, dtmf, start, voice */
    CONFERENCE_LEAVE,          /**< call has gone by itself (hung up, moved away) */
    CONFERENCE_REMOVE,         /**< call is put out (REST DELETE, RemoveFromConference): reason removedFromConference */
    CONFERENCE_SET_TALK,       /**< call, on */
    CONFERENCE_SET_LISTEN,     /**< call, on */
    CONFERENCE_SET_DTMF,       /**< call, on */
    CONFERENCE_UPDATE,         /**< a participant by several privileges at once, or its voice: call, set_* flags */
    CONFERENCE_SET_ATTRIBUTES, /**< alias, play_beep: those whose set_* flag is true; one revision */
    CONFERENCE_MAKE_EMPTY,     /**< status=empty: everybody is put out; changes nothing where nobody is in */
    CONFERENCE_TERMINATE,      /**< everybody is put out and hung up; for ever */
    CONFERENCE_FAIL,           /**< media could not be set up or taken up: -> internalError in one step, for ever */
    CONFERENCE_RECORDED,       /**< a recording is complete and stored: numbers and reports it, in whatever state after
                                    OPEN (terminated too); no new revision, for no client sees the difference */
    CONFERENCE_EVENTS
};

struct conference_event {
    enum conference_event_type type;
    const char *call;                    /**< participant events; a JOIN's is an id (at most ID_LENGTH long) */
    bool talk, listen, dtmf, start;      /**< JOIN: as they are; UPDATE: new values of those with set_* true */
    bool set_talk, set_listen, set_dtmf; /**< UPDATE */
    bool set_gain, set_noise_suppression, set_automatic_gain; /**< UPDATE */
    struct participant_voice voice; /**< JOIN: as it is; UPDATE: new values of those with set_* true */
    bool set_alias, set_play_beep;  /**< SET_ATTRIBUTES */
    bool on;                        /**< SET_TALK, SET_LISTEN, SET_DTMF */
    struct slice alias;             /**< SET_ATTRIBUTES; at most 64 characters */
    enum play_beep play_beep;       /**< SET_ATTRIBUTES */
    const char *recording;          /**< RECORDED: recording id */
};

/** What the engine lets through. Mirrors the state table: only MIX carries voices, only WAIT carries music. */
enum conference_audio { CONFERENCE_AUDIO_NONE, CONFERENCE_AUDIO_WAIT, CONFERENCE_AUDIO_MIX };
enum conference_audio conference_audio(const struct conference *c);

enum conference_beep { CONFERENCE_BEEP_ENTER, CONFERENCE_BEEP_EXIT };

enum call_ended_reason {
    CALL_ENDED_CONFERENCE_TERMINATED,
    CALL_ENDED_CONFERENCE_EMPTIED,
    CALL_ENDED_REMOVED_FROM_CONFERENCE,
    CALL_ENDED_INTERNAL_ERROR,
};

enum conference_effect_type {
    EFFECT_AUDIO,     /**< the audio mode is now .audio (silence, wait music from its start, mix); only on a change */
    EFFECT_LEG_IN,    /**< connect the leg of .call with .talk, .listen, .on (digits pass) and .voice */
    EFFECT_LEG_ROLES, /**< the leg of .call now has .talk, .listen */
    EFFECT_LEG_DTMF,  /**< the leg of .call passes digits (.on) */
    EFFECT_LEG_VOICE, /**< the leg of .call has its voice treated as .voice says */
    EFFECT_LEG_OUT,   /**< disconnect the leg of .call, which may have gone already */
    EFFECT_BEEP,      /**< sound .beep to everybody who listens, and into the recording where one runs */
    EFFECT_RECORD_START, /**< a new recording begins with this very tick */
    EFFECT_RECORD_STOP,  /**< the recording ends with this very tick */
    EFFECT_CALL_LEFT,    /**< .call is out; where .put_out, its script goes on or it is hung up with .reason
                              (conferenceTerminated and internalError: it is hung up whatever its script says) */
    EFFECT_JOINED,       /**< .call is in (addToConferenceNotification) */
    EFFECT_STATUS,       /**< statusCallbackUrl gets conferenceStatus .status as event number .event */
    EFFECT_RECORDED,     /**< statusCallbackUrl gets conferenceRecordingStatus for .recording as event number .event */
    EFFECT_SAVE,         /**< the conference row changed (its event count included); first, at most once an event */
    EFFECT_CLOSED,       /**< terminated or internalError: media can go once the rest is done; always the last */
};

struct conference_effect {
    enum conference_effect_type type;
    id_text call;
    bool talk, listen, on, put_out;
    struct participant_voice voice;
    enum conference_audio audio;
    enum conference_beep beep;
    enum call_ended_reason reason;
    enum conference_status status;
    uint32_t event;
    id_text recording;
};

/** A growing list of effects; reused from event to event. */
struct conference_effects {
    struct conference_effect *items; /**< owned */
    size_t count, size;
};

/** Frees the items and leaves an empty list. To reuse the memory for the next event, set count to 0 instead. */
void conference_effects_clear(struct conference_effects *effects);

/**
 * Makes a conference in state creating, revision 0: CONFERENCE_OPEN is its first event, and makes it revision 1.
 *
 * @param id, account  copied
 * @return STATUS_OK; STATUS_INVALID (alias too long); STATUS_NO_MEMORY
 */
MUST_CHECK status conference_create(struct conference **out, const char *id, const char *account,
                                    const struct conference_options *options, int64_t now_unix_ms);

/** Also its participants. NULL is allowed. */
void conference_destroy(struct conference *c);

/** An independent copy, owned by the caller. @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status conference_clone(struct conference **out, const struct conference *c);

/**
 * Applies one event. On an error the conference and the list are as they were.
 *
 * Order of effects: SAVE; then what the leg and the others hear; then JOINED or CALL_LEFT; then STATUS in the order of
 * the transitions (a moderator who joins an empty conference: populated, inProgress; terminate with callers: empty,
 * terminated); then CLOSED. What is heard, on the way in: AUDIO, RECORD_START, LEG_IN, BEEP (so that the one who enters
 * hears the beep and the recording has it); on the way out: LEG_OUT, RECORD_STOP, AUDIO where that was the last one,
 * else BEEP for those who remain. All of one list belongs to one tick: the recording starts and stops with the mix.
 * A moderator who joins an empty conference makes the audio MIX at once, with no WAIT before it. STATUS and RECORDED
 * are said, and numbered, whether or not there is a statusCallbackUrl.
 *
 * @param effects  appended to
 * @return STATUS_OK (also for a change that changes nothing: then no effects and no new revision);
 *         STATUS_NOT_FOUND (no such participant; or the conference is terminated or in internalError and the event
 *         is not RECORDED); STATUS_EXISTS (JOIN of a call that is in); STATUS_FULL (JOIN over participants_max);
 *         STATUS_CONFLICT (an event other than FAIL before OPEN, or OPEN twice); STATUS_INVALID (alias, gain);
 *         STATUS_NO_MEMORY
 */
MUST_CHECK status conference_apply(struct conference *c, const struct conference_event *event, int64_t now_unix_ms,
                                   struct conference_effects *effects);

/** The participant of this call; NULL where it is not in. Borrowed until the next event. */
struct participant *conference_participant(const struct conference *c, const char *call);

#endif
