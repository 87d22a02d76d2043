/**
 * @file say.h  Turns text into a sound, by a speech engine in a process of its own.
 *
 * The engine is a command of the config, say_command. It is cut into words at blanks (a word in double quotes may hold
 * some); no shell sees it. In each word these are replaced:
 *   {voice}     the default engine's voice for the language ("en-us"; language.h)
 *   {language}  the API's tag ("en-US")
 *   {engine}    the API's engine name ("freeclimb.standard")
 *   {file}      the audio file to write; where no word has it, the audio is taken from standard output
 *   {text_file} a UTF-8 file with the text; where no word has it, the text comes on standard input
 * It has timeout_ms, and then is killed with its children. Whatever libsndfile reads may be written.
 *
 * What was spoken is kept under DATA/say, named by a hash of command, engine, voice and text, and used again; the least
 * recently used files go when they are more than cache_bytes_max. Requests for the same text share one process.
 *
 * Thread: control; the engine runs beside it, decoding is the loader's.
 */
#ifndef PARLEY_DAEMON_SAY_H
#define PARLEY_DAEMON_SAY_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "net/loop.h"

struct loader;
struct say;
struct say_request;
struct sound;

/** The API's limit, in bytes of UTF-8; and what speaks where the config says nothing. */
enum { SAY_TEXT_MAX = 4096 };
#define SAY_COMMAND_DEFAULT "espeak-ng -v {voice} -w {file} -b 1 --stdin"

/** Zero or NULL gives the default that is named. */
struct say_config {
    const char *data;         /**< data directory; required */
    const char *command;      /**< SAY_COMMAND_DEFAULT */
    uint32_t timeout_ms;      /**< for one run of the engine; 10,000 */
    uint32_t at_once;         /**< engines at the same time; 4. Further texts wait, up to waiting_max */
    uint32_t waiting_max;     /**< 64; more are refused at once */
    uint64_t cache_bytes_max; /**< 100,000,000 */
};

/** For /metrics. */
struct say_stats {
    uint64_t asked, failed;
    uint64_t cached;  /**< answered from DATA/say */
    uint64_t spoken;  /**< runs of the engine that ended well */
    uint32_t running; /**< engines now */
    uint32_t waiting;
    uint64_t cache_bytes;
};

/**
 * @param loop, loader  borrowed until say_destroy()
 * @param[out] why      on error a sentence without a full stop; size bytes; NULL is allowed
 * @return STATUS_OK, STATUS_INVALID (the command), STATUS_IO (DATA/say), STATUS_NO_MEMORY
 */
MUST_CHECK status say_create(struct say **out, struct loop *loop, struct loader *loader,
                             const struct say_config *config, char *why, size_t why_size);

/** Kills the engines that run; nothing is reported any more. After loader_destroy(). NULL is allowed. */
void say_destroy(struct say *say);

/**
 * @param sound  one reference, given; NULL where it failed
 * @param why    why it failed, for the call's log: a phrase without a full stop; borrowed for the call
 */
typedef void say_done_fn(void *arg, struct sound *sound, const char *why);

/** Borrowed for the call. */
struct say_text {
    const char *text;     /**< UTF-8 */
    const char *language; /**< tag; NULL: LANGUAGE_DEFAULT */
    const char *engine;   /**< name; NULL: "freeclimb.standard" */
    uint32_t rate_hz;     /**< of the sound, 8000 to 48000 */
};

/**
 * Speaks. What is wrong with the text, language or engine is told to done as well.
 *
 * @param done      called once, never inside this call, unless say_cancel() comes first
 * @param[out] out  for say_cancel(), valid until done is called; NULL is allowed
 * @return STATUS_OK, STATUS_NO_MEMORY
 */
MUST_CHECK status say_speak(struct say *say, const struct say_text *text, say_done_fn *done, void *arg,
                            struct say_request **out);

/** done is not called. The engine goes on where others wait for the same text, else it is killed. */
void say_cancel(struct say_request *request);

struct say_stats say_stats(const struct say *say);

#endif
