/**
 * @file percl_command.h  One PerCL command with its attributes checked and copied, and the table that says what they
 * are.
 *
 * The table (percl_command_kind) is the only place that knows names, types, ranges and defaults; the parser walks it,
 * and percl_command_clear() frees by it. What a command does is percl_run.h's matter.
 *
 * Thread: any; no state. Background: the FreeClimb PerCL reference.
 */
#ifndef PARLEY_PERCL_PERCL_COMMAND_H
#define PARLEY_PERCL_PERCL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/slice.h"
#include "base/status.h"
#include "conf/conference.h"

enum percl_command_type {
    PERCL_CREATE_CONFERENCE,
    PERCL_ADD_TO_CONFERENCE,
    PERCL_REMOVE_FROM_CONFERENCE,
    PERCL_TERMINATE_CONFERENCE,
    PERCL_SET_TALK,
    PERCL_SET_LISTEN,
    PERCL_SET_DTMF_PASS_THROUGH,
    PERCL_SAY,
    PERCL_PLAY,
    PERCL_PLAY_EARLY_MEDIA,
    PERCL_PAUSE,
    PERCL_GET_DIGITS,
    PERCL_SEND_DIGITS,
    PERCL_OUT_DIAL,
    PERCL_HANGUP,
    PERCL_REJECT,
    PERCL_REDIRECT,
    PERCL_RECORD_UTTERANCE,
    PERCL_START_RECORD_CALL,
    PERCL_COMMAND_TYPES
};

enum {
    PERCL_DIGITS_MAX = 256,   /**< keys that one GetDigits can hold: what a maxDigits of 0 or above means */
    PERCL_SEQUENCE_MAX = 32,  /**< keys of a callControlSequence */
    PERCL_TEXT_BYTES = 4096,  /**< of Say */
    PERCL_URL_BYTES = 8192,   /**< of any URL */
    PERCL_SHORT_BYTES = 1024, /**< of any other text */
};

/* Strings in these are owned by the command; NULL where the attribute is absent. */

struct percl_create_conference {
    char *action_url, *alias, *wait_url, *status_callback_url;
    enum play_beep play_beep;
    bool record;
};

/** Also what a call's membership keeps while it lasts: percl_add_clear(). */
struct percl_add_to_conference {
    id_text conference;
    id_text call; /**< legacy callId; empty where absent */
    bool start_conf_on_enter, talk, listen, dtmf_pass_through, allow_call_control;
    char *call_control_sequence, *call_control_url; /**< both there where allow_call_control */
    char *leave_conference_url, *notification_url;
};

/** RemoveFromConference, TerminateConference, and Set...: whom or what, where not the call itself. */
struct percl_target {
    id_text call, conference; /**< legacy attributes; empty where absent */
    bool on;                  /**< talk, listen, dtmfPassThrough */
};

/** Say, Play and PlayEarlyMedia. */
struct percl_play {
    char *text;         /**< of Say; may be empty */
    char *file;         /**< URL of Play and PlayEarlyMedia */
    uint32_t loop;      /**< times; 0 = for ever */
    char *language;     /**< Say: BCP 47; "en-US" where absent */
    char *engine;       /**< Say: engine.name, which wins over language; NULL */
    id_text conference; /**< plays to that conference's listeners; empty: to this call */
    bool privacy;       /**< text and URL must not be logged */
};

struct percl_pause {
    uint32_t length_ms;
};

struct percl_command;

struct percl_get_digits {
    char *action_url;
    uint32_t initial_timeout_ms; /**< from the end of the prompts; default 8000 (ours: FreeClimb prints none) */
    uint32_t digit_timeout_ms;   /**< default 3000 */
    char finish_on_key;          /**< default '#'; 0 = none (an empty finishOnKey) */
    uint32_t min_digits;         /**< fewer are reported as none; default 0 */
    uint32_t max_digits;         /**< default 16; 0: as many as PERCL_DIGITS_MAX */
    bool flush_buffer;           /**< forget what was typed ahead; default false */
    bool privacy;
    struct percl_command *prompts; /**< owned: Say, Play and Pause */
    size_t prompt_count;
};

struct percl_send_digits {
    char *digits; /**< 0-9 * # and {n}: a pause of n * 500 ms in place of the one before it; see percl_keys_valid() */
    uint32_t pause_ms; /**< after each key: 100 to 1000, clamped; default 500 */
    bool privacy;
};

struct percl_out_dial {
    char *destination, *calling_number, *action_url, *call_connect_url;
    char *send_digits, *status_callback_url;
    char *if_machine, *if_machine_url; /**< accepted, and nothing is detected */
    uint32_t timeout_s;                /**< ringing; default 30 */
    bool privacy;
};

struct percl_hangup {
    char *reason; /**< of Hangup and Reject, for people; NULL */
    id_text call; /**< legacy callId of Hangup; empty */
};

struct percl_redirect {
    char *action_url;
};

struct percl_record_utterance {
    char *action_url;
    uint32_t silence_timeout_ms; /**< default 3000 (ours) */
    uint32_t max_length_s;       /**< 2 or more; default 60 (ours) */
    char finish_on_key;          /**< default '#' (ours); 0 = none */
    bool play_beep;              /**< default false (ours) */
    bool auto_start;             /**< recording begins when the caller begins to speak; default false: at once */
    bool privacy;
};

struct percl_command {
    enum percl_command_type type;
    uint32_t index; /**< its place in the script, from 0 */
    union {
        struct percl_create_conference create;
        struct percl_add_to_conference add;
        struct percl_target target;
        struct percl_play play;
        struct percl_pause pause;
        struct percl_get_digits get_digits;
        struct percl_send_digits send_digits;
        struct percl_out_dial out_dial;
        struct percl_hangup hangup;
        struct percl_redirect redirect;
        struct percl_record_utterance record;
    };
};

enum percl_attribute_type {
    PERCL_VALUE_URL,      /**< char *: absolute http or https */
    PERCL_VALUE_TEXT,     /**< char *: at most max bytes; with min 1 not empty */
    PERCL_VALUE_FLAG,     /**< bool */
    PERCL_VALUE_NUMBER,   /**< uint32_t: min to max */
    PERCL_VALUE_CLAMPED,  /**< uint32_t: an integer, brought into min to max */
    PERCL_VALUE_KEY,      /**< char: 0-9 * #, or an empty string for none */
    PERCL_VALUE_KEYS,     /**< char *: as SendDigits takes */
    PERCL_VALUE_SEQUENCE, /**< char *: 1 to PERCL_SEQUENCE_MAX of 0-9 * # */
    PERCL_VALUE_CALL_ID,
    PERCL_VALUE_CONFERENCE_ID,
    PERCL_VALUE_ALIAS,   /**< char *: as conference_alias_valid() */
    PERCL_VALUE_BEEP,    /**< enum play_beep */
    PERCL_VALUE_MACHINE, /**< char *: redirect or hangup */
    PERCL_VALUE_ENGINE,  /**< char *: the name in an object with name and parameters */
    PERCL_VALUE_PROMPTS, /**< an array of Say, Play and Pause */
    PERCL_VALUE_IGNORED, /**< known, and without meaning here: no warning */
};

struct percl_attribute {
    const char *name;
    enum percl_attribute_type type;
    size_t offset; /**< in struct percl_command */
    bool required;
    uint32_t min, max;
    uint32_t fallback;         /**< the default of numbers, flags, keys and beeps */
    const char *fallback_text; /**< the default of texts; NULL: absent */
};

enum { PERCL_ATTRIBUTES_MAX = 14 };

struct percl_command_kind {
    const char *name;
    struct percl_attribute attributes[PERCL_ATTRIBUTES_MAX]; /**< ends with a NULL name where shorter */
};

/** The row of a command; static. */
const struct percl_command_kind *percl_command_kind(enum percl_command_type type);

/** By its name in scripts. @return false (and *out untouched) where we run no such command */
bool percl_command_find(const char *name, enum percl_command_type *out);

/** True for the commands of PerCL that are known and not run here (queues, speech, SMS, AudioStream). */
bool percl_command_refused(const char *name);

/** Frees the strings and prompts, and leaves zeroes. */
void percl_command_clear(struct percl_command *command);

/** A copy with strings of its own. @return STATUS_OK, STATUS_NO_MEMORY */
MUST_CHECK status percl_add_copy(struct percl_add_to_conference *out, const struct percl_add_to_conference *add);

/** Frees the strings of a membership, and leaves zeroes. */
void percl_add_clear(struct percl_add_to_conference *add);

/** 0-9, * and #. */
bool percl_is_key(char c);

/** True for keys and {n} pauses (n: 0 to 1000, decimal), with at least one key or pause. */
bool percl_keys_valid(const char *keys);

/** True for http://HOST or https://HOST and on, without spaces and control characters, at most PERCL_URL_BYTES. */
bool percl_url_valid(const char *url);

#endif
