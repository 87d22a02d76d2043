/**
 * @file engine.h  The media engine as the control thread sees it: legs, conferences, commands down, reports up.
 *
 * A leg is one party's RTP stream in both directions; a conference mixes legs and sounds. Each lives on one media
 * thread. A call here only queues a command: it takes effect at a tick boundary of that thread, and a batch of
 * commands takes effect in one and the same tick. What the threads have to say comes back as reports, through
 * engine_report_fd() and engine_poll().
 *
 * It is not signalling (src/call) and holds no rule of who may be heard (src/conf): it does what it is told.
 *
 * A leg sends a packet every ptime from its opening on, silence too, unless it is told not to send (hold). A leg that
 * is in no conference hears silence. Conferences with nobody in them, and the engine without legs, use no CPU at all.
 *
 * Source lock (symmetric RTP): what comes from the address in the SDP is taken at once; where packets come from
 * elsewhere and none from there, the first valid RTP source is latched onto. From then on only this source is heard and
 * answered, until engine_leg_change() gives another remote address.
 *
 * Thread: control, all of it. Background: RFC 3550, 3551, 4733, 5761, 4961.
 */
#ifndef PARLEY_ENGINE_ENGINE_H
#define PARLEY_ENGINE_ENGINE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/ring.h"
#include "base/status.h"
#include "media/codec.h"
#include "rtp/srtp_key.h"

struct sound;

struct engine;
struct engine_leg;
struct engine_conference;

enum { ENGINE_THREADS_MAX = 64, ENGINE_CNAME_SIZE = 64, ENGINE_NO_PAYLOAD_TYPE = 255 };

/** Fixed for the life of an engine. Zero in a field means the default that stands with it. */
struct engine_config {
    uint16_t threads;                     /**< media threads; 0: one a core that this process may use */
    uint16_t rtp_port_low, rtp_port_high; /**< even/odd pairs from here, both ends included; 0: the kernel chooses */
    uint32_t guard_us;                    /**< a packet is played at the first tick this long after it came; 0: 4000 */
    uint32_t rtp_timeout_s;               /**< ENGINE_LEG_TIMEOUT after this; 0: 60 */
    uint32_t legs_max, conferences_max;   /**< 0: 100000 each */
    uint16_t busy_max_percent;            /**< engine_overloaded() above this; 0: 75 */
};

enum engine_report_type {
    ENGINE_DONE,        /**< a batch has taken effect: token, tick_us */
    ENGINE_LEG_ALIVE,   /**< the first valid RTP packet of a leg: tick_us is its arrival */
    ENGINE_LEG_DIGIT,   /**< a key was pressed: digit; once, whatever was repeated or lost, and came several ways */
    ENGINE_LEG_TIMEOUT, /**< no RTP and no RTCP for rtp_timeout_s, not on hold; once, until packets come again */
    ENGINE_LEG_CLOSED,  /**< stats are final, the leg and its handle are gone after the callback, fds are closed */
    ENGINE_RECORD_LOST, /**< the ring of a conference's recording was full: frames, within the last second */
    ENGINE_PLAYED,      /**< a sound of engine_conference_play() has ended or was cut: token, completed */
    ENGINE_CONFERENCE_CLOSED, /**< the handle is gone after the callback */
    ENGINE_LEG_PLAYED,        /**< a sound of engine_leg_play() has ended or was cut: token, completed */
    ENGINE_LEG_DIGITS_SENT,   /**< engine_leg_send_digits() is through or was cut: token, completed */
    ENGINE_LEG_SILENT,        /**< as engine_leg_watch_silence() asked: token; once */
    ENGINE_LEG_TALKING,       /**< somebody began or ended to speak: talking, tick_us; see below */
    ENGINE_REPORT_TYPES,
};

/*
 * ENGINE_LEG_TALKING is about what the conference hears of a leg: it begins with speech that stands out of the leg's
 * noise and ends half a second after it, or at once where the leg loses its voice (talk taken away, on hold, out of the
 * conference). tick_us is the tick with which the speech began, or the end of it, a while before the report. At most
 * four reports a second and leg. A leg that is closed has ended without a word.
 */

/** What one leg has counted since it was opened. All 0 for the first second. */
struct engine_leg_stats {
    const struct codec *codec;       /**< at last */
    uint64_t packets_in, bytes_in;   /**< valid RTP from the locked source; bytes of payload */
    uint64_t packets_out, bytes_out; /**< sent RTP; bytes of payload */
    uint64_t packets_lost;           /**< by sequence numbers, RFC 3550 A.3; not below 0 */
    uint64_t packets_late;           /**< came after their time and were not played */
    uint64_t packets_foreign;        /**< from another source than the locked one (those that the kernel let through) */
    uint64_t packets_bad;            /**< not RTP, or a payload type that was not agreed */
    uint64_t packets_unauthentic;    /**< SRTP: plain, with another key, or changed on the way */
    uint64_t packets_replayed;       /**< SRTP: taken before, or too old to tell */
    uint64_t ticks_concealed;        /**< 20 ms ticks filled in for lost packets */
    uint64_t ticks_played;           /**< 20 ms ticks of received audio that ran, heard or not */
    uint64_t digits;
    uint64_t loss_runs;          /**< gaps in the sequence numbers, each of one or more packets */
    uint64_t peer_packets_lost;  /**< of ours, from the peer's last report; not below 0 */
    uint64_t samples_clipped;    /**< as they were received, at full scale (media/level.h); of a leg that was heard */
    uint32_t jitter_us;          /**< interarrival jitter, RFC 3550 A.8 */
    uint32_t playout_delay_us;   /**< arrival to tick, latest */
    uint32_t round_trip_us;      /**< from the peer's RTCP; 0: unknown */
    uint32_t peer_lost_fraction; /**< of 256, from the peer's last report */
    uint32_t peer_jitter_us;
    bool peer_reports;           /**< there was one: what is said of the peer above is known */
    float level_dbfs, peak_dbfs; /**< over the last second, as received; -127: silence, or not heard */
    float speech_dbfs;           /**< over the last three seconds of speech; -127: none yet */
};

struct engine_report {
    enum engine_report_type type;
    void *user; /**< of the leg or conference; NULL for ENGINE_DONE */
    struct engine_leg *leg;
    struct engine_conference *conference;
    uint64_t token;  /**< as given to engine_batch_end() or to the command that it answers */
    int64_t tick_us; /**< monotonic: the tick in which it happened */
    char digit;      /**< 0-9 * # A-D */
    bool completed;  /**< played or sent to its end */
    bool talking;
    uint32_t frames;
    const struct engine_leg_stats *stats; /**< borrowed for the callback; NULL but for ENGINE_LEG_CLOSED */
};

/** Called from engine_poll(). May call anything here but engine_destroy() and engine_poll(). */
typedef void engine_report_fn(void *arg, const struct engine_report *report);

/**
 * Starts the media threads.
 *
 * @return STATUS_OK; STATUS_INVALID (a field out of its range); STATUS_NO_MEMORY; STATUS_IO
 */
MUST_CHECK status engine_create(struct engine **out, const struct engine_config *config, engine_report_fn *report,
                                void *arg);

/** Stops the threads and frees what is still open, legs and conferences, without reports. NULL is allowed. */
void engine_destroy(struct engine *engine);

/** Readable when engine_poll() has something to do. Borrowed. */
int engine_report_fd(const struct engine *engine);

/** Calls the report function for everything that waits, and carries on what waited for it. Never blocks. */
void engine_poll(struct engine *engine);

/* ---- sockets ---- */

/** A bound pair, RTP on an even port and RTCP on the next. */
struct engine_sockets {
    int rtp_fd, rtcp_fd; /**< owned until given to a leg or to engine_socket_close() */
    uint16_t port;       /**< of RTP */
};

/**
 * Binds a pair on this local address (its port is ignored; a wildcard is allowed, IPv6 is V6ONLY), DSCP EF.
 * @return STATUS_OK; STATUS_FULL (no pair is free in the range); STATUS_IO (address not ours, no descriptors)
 */
MUST_CHECK status engine_socket_open(struct engine *engine, const struct sockaddr *local, struct engine_sockets *out);

/** Closes a pair that no leg was given. */
void engine_socket_close(struct engine_sockets *sockets);

/* ---- legs ---- */

/** The keys of a leg: with what we encrypt, and with what the peer does. */
struct engine_leg_srtp {
    struct srtp_key send, receive;
};

/** What offer and answer have settled, and may settle anew by engine_leg_change(). */
struct engine_leg_media {
    const struct codec *codec;
    struct codec_params encode; /**< what the peer asks of what it is sent */
    uint32_t speaks_hz;         /**< the peer sends no more than this (sprop-maxcapturerate); 0: the codec's rate_hz */
    uint8_t send_payload_type, receive_payload_type;
    uint8_t send_event_type, receive_event_type; /**< telephone-event; ENGINE_NO_PAYLOAD_TYPE for none */
    uint32_t event_clock_hz;                     /**< in which the length of our events counts; 0: the codec's clock */
    uint8_t receive_cn_type;                     /**< comfort noise (RFC 3389); likewise. We send none */
    uint16_t send_ptime_ms;                      /**< 10 to 60, a multiple of 10 */
    bool detect_dtmf; /**< keys are looked for in what it says, which comes 20 ms later for that */
    bool rtcp_mux;
    bool send, receive; /**< hold: a leg that does not receive neither talks nor times out */
    /**
     * Family AF_UNSPEC: not known, nothing is sent before a source is latched. That it is another than before is told
     * by the port then, and any mark in the place of the address, of a struct sockaddr_in.
     */
    struct sockaddr_storage remote_rtp;
    struct sockaddr_storage remote_rtcp; /**< ignored with rtcp_mux; AF_UNSPEC: RTP's port plus one */
    /**
     * NULL: plain RTP; else nothing plain is sent or taken. Borrowed for the call. A key that is the same as before
     * goes on where it was; a key that we sent with before must not come back after another.
     */
    const struct engine_leg_srtp *srtp;
};

struct engine_leg_config {
    struct engine_sockets sockets; /**< given: the engine closes them, also where engine_leg_open() fails */
    struct engine_leg_media media;
    uint32_t ssrc, first_timestamp; /**< random */
    uint16_t first_sequence;        /**< random */
    char cname[ENGINE_CNAME_SIZE];  /**< random too (RFC 7022), at least one character */
    struct engine_conference *near; /**< borrowed for the call: the conference it will join, for its thread; or NULL */
    void *user;                     /**< for reports */
};

/**
 * Opens a leg: it sends and receives from its thread's next tick on, outside of any conference.
 * @return STATUS_OK; STATUS_INVALID (ptime, payload type); STATUS_FULL (legs_max); STATUS_NO_MEMORY
 */
MUST_CHECK status engine_leg_open(struct engine *engine, const struct engine_leg_config *config,
                                  struct engine_leg **out);

/**
 * Takes over a new outcome of offer and answer. A changed remote address unlocks the source; the same one leaves it.
 * @return STATUS_OK; STATUS_INVALID; STATUS_NO_MEMORY
 */
MUST_CHECK status engine_leg_change(struct engine_leg *leg, const struct engine_leg_media *media);

/** Sends RTCP BYE, leaves any conference; ENGINE_LEG_CLOSED follows. The handle may not be used from here on. */
void engine_leg_close(struct engine_leg *leg);

/** Moves the leg into a conference (out of another, if need be), with these roles. */
void engine_leg_join(struct engine_leg *leg, struct engine_conference *conference, bool talk, bool listen);

/** Other roles in the conference that it is in; without one nothing happens. */
void engine_leg_roles(struct engine_leg *leg, bool talk, bool listen);

/** Out of its conference: from then on it hears silence. Without one nothing happens. */
void engine_leg_leave(struct engine_leg *leg);

/** True from engine_leg_join() into this conference until it leaves, or is moved into another. */
bool engine_leg_is_in(const struct engine_leg *leg, const struct engine_conference *conference);

/**
 * Whether digits that come from this leg are passed on in the conference (in ENGINE_AUDIO_MIX): as events to the
 * others who listen and have agreed to events, as a tone to those who have not and into the recording.
 * Digits are passed on one at a time, in order, as long as the key was held (80 ms to 2 s). Off from the opening on.
 * Passed on or not, the tone of a digit that comes as RFC 4733 event too, or that is looked for, is taken out of what
 * the leg says.
 */
void engine_leg_dtmf(struct engine_leg *leg, bool pass);

/**
 * A key of this leg that was signalled (SIP INFO): ENGINE_LEG_DIGIT follows, and it is passed on, as if it had come as
 * an event; where it does that too, it is one digit.
 * @param digit  0-9 * # A-D; @param held_ms  how long
 */
void engine_leg_press(struct engine_leg *leg, char digit, uint32_t held_ms);

/* ---- what concerns one leg alone, in a conference or not, answered or not ---- */

/**
 * Plays a sound to this leg alone: in place of silence, or over what it hears, which goes down by 12 dB meanwhile (and
 * the sound by 2.5 dB, so that the sum always fits). It replaces one that is being played, which fades out in 10 ms.
 * ENGINE_LEG_PLAYED follows. Time passes on hold too.
 *
 * @param sound  shared: a reference is held until the report
 * @param loops  how often; 0: until it is stopped
 */
void engine_leg_play(struct engine_leg *leg, struct sound *sound, uint32_t loops, uint64_t token);

/** Stops what engine_leg_play() plays, within 10 ms, and what engine_leg_send_digits() sends, after the present digit.
 */
void engine_leg_stop(struct engine_leg *leg);

struct engine_digit {
    char digit;        /**< 0-9 * # A-D */
    uint16_t pause_ms; /**< before it, in steps of 20; between two digits there are at least 100 ms */
};

/**
 * Sends digits of 100 ms each: as RFC 4733 events in place of audio where they were agreed, else as tones (-8 dBm0
 * each) with nothing but silence between them. One list at a time: a new one cuts the one before.
 * ENGINE_LEG_DIGITS_SENT follows 100 ms after the last digit.
 *
 * @return STATUS_OK; STATUS_INVALID (no digits, or none such); STATUS_NO_MEMORY
 */
MUST_CHECK status engine_leg_send_digits(struct engine_leg *leg, const struct engine_digit *digits, size_t count,
                                         uint64_t token);

/**
 * The number of a leg's track in the recording of the conference that it is in: from PCM_TRACK_FIRST on, anew for each
 * recording and each time it joins.
 */
void engine_leg_track(struct engine_leg *leg, uint16_t track);

enum engine_leg_sides {
    ENGINE_LEG_SAYS, /**< what the leg says, whether anybody hears it or not */
    ENGINE_LEG_BOTH, /**< that and what it is sent, mixed */
    ENGINE_LEG_SIDES /* how many there are */
};

/**
 * Records a leg from its next tick on: struct pcm_frame items (media/pcm_frame.h) at the rate of its codec. A leg on
 * hold is silent. One of each kind may be under way at a time. Closing the leg ends them.
 * @param frames  borrowed until a frame of kind PCM_FRAME_END has been popped; NULL ends the recording of that kind
 */
void engine_leg_record(struct engine_leg *leg, struct ring *frames, enum engine_leg_sides sides);

/**
 * ENGINE_LEG_SILENT once when the leg has said nothing for so long, counted from now or from what it said last. What
 * stays below -45 dBFS, or lasts no longer than 20 ms, is nothing. 0 ends the watch.
 */
void engine_leg_watch_silence(struct engine_leg *leg, uint32_t silence_ms, uint64_t token);

/** What is done to what a leg says, before others hear it. All zero: nothing, bit for bit. */
struct engine_leg_voice {
    int gain_db;                            /**< -60 to 20; over 20 ms (media/gain.h) */
    bool noise_suppression, automatic_gain; /**< media/preprocess.h; 10 ms more delay */
};

/** Stays with the leg until it is set anew; all zero from the opening on. */
void engine_leg_voice(struct engine_leg *leg, const struct engine_leg_voice *voice);

/** Whether its last ENGINE_LEG_TALKING said so. */
bool engine_leg_talks(const struct engine_leg *leg);

/** The leg's counters as of at most a second ago. */
void engine_leg_stats(const struct engine_leg *leg, struct engine_leg_stats *out);

/* ---- conferences ---- */

/** What those who listen hear; the conference's sounds of engine_conference_play() are laid over WAIT and MIX. */
enum engine_audio {
    ENGINE_AUDIO_NONE, /**< silence */
    ENGINE_AUDIO_WAIT, /**< the music from its beginning; nobody is heard */
    ENGINE_AUDIO_MIX,  /**< all others that talk; the music fades within 10 ms */
};

/**
 * Opens a conference with nobody in it, of ENGINE_AUDIO_NONE.
 *
 * @param user      for reports
 * @param[out] out  valid until engine_conference_close(); unchanged on error
 * @return STATUS_OK, STATUS_FULL (conferences_max), STATUS_NO_MEMORY
 */
MUST_CHECK status engine_conference_open(struct engine *engine, void *user, struct engine_conference **out);

/** Samples a second at which it mixes, once all commands so far have been carried out. */
uint32_t engine_conference_rate_hz(const struct engine_conference *conference);

void engine_conference_audio(struct engine_conference *conference, enum engine_audio audio);

/**
 * The wait music, looped; NULL for silence. Where it replaces music that plays, they cross-fade in 200 ms.
 * @param sound  shared: a reference is held until it is replaced, or the conference closes
 */
void engine_conference_music(struct engine_conference *conference, struct sound *sound);

/**
 * Plays a sound once, to everybody who listens (nothing in ENGINE_AUDIO_NONE; in the recording in ENGINE_AUDIO_MIX).
 * Up to 8 overlap; a ninth cuts the oldest.
 * @param sound  shared: a reference is held until ENGINE_PLAYED
 */
void engine_conference_play(struct engine_conference *conference, struct sound *sound, uint64_t token);

enum { ENGINE_TALKERS_MAX = 32 };

/**
 * How many talkers are mixed at a time: the loudest (media/loudest.h). Set before anybody is in it.
 * @param max  up to ENGINE_TALKERS_MAX; 0: all, as from the opening on
 */
void engine_conference_talkers(struct engine_conference *conference, uint32_t max);

/** Stops the sound with this token, within 10 ms; harmless where it has ended. ENGINE_PLAYED follows. */
void engine_conference_stop(struct engine_conference *conference, uint64_t token);

/**
 * Records from the next tick on: struct pcm_frame items (media/pcm_frame.h) at the conference's rate, while there
 * are legs.
 * @param frames  borrowed until a frame of kind PCM_FRAME_END has been popped; NULL ends the recording
 */
void engine_conference_record(struct engine_conference *conference, struct ring *frames);

/**
 * The same with a track beside the mix for each leg that has one (engine_leg_track()), one of what the bridge adds, and
 * marks of what happens: media/pcm_frame.h. It ends as the other does. A beep has token 0.
 */
void engine_conference_record_tracks(struct engine_conference *conference, struct ring *frames);

/** Legs that are in it leave it. ENGINE_CONFERENCE_CLOSED follows. The handle may not be used from here on. */
void engine_conference_close(struct engine_conference *conference);

/* ---- batches ---- */

/**
 * Between begin and end, commands are kept back and then take effect in one tick. A batch concerns one conference and
 * its legs. Commands outside of a batch are batches of one without a report. Memory running out ends the process: a
 * half-done command would let out what must not be heard.
 */
void engine_batch_begin(struct engine *engine);

/** @param token  comes back in ENGINE_DONE, with the time of the tick; 0 asks for no report */
void engine_batch_end(struct engine *engine, uint64_t token);

/* ---- figures ---- */

struct engine_thread_metrics {
    uint32_t busy_permille; /**< work time over the tick, smoothed over about a second */
    uint32_t legs, conferences;
    uint64_t ticks, ticks_late; /**< late: begun more than 5 ms after their time */
    uint64_t late_max_us;       /**< since the start */
    uint64_t wakeups;
};

struct engine_metrics {
    uint32_t threads, legs, conferences;
    uint32_t talking; /**< legs whose last ENGINE_LEG_TALKING said so */
    struct engine_thread_metrics thread[ENGINE_THREADS_MAX];
    uint64_t packets_in, packets_out, bytes_in, bytes_out;
    uint64_t packets_foreign, packets_bad, packets_late, packets_lost;
    uint64_t packets_unauthentic, packets_replayed;
    uint64_t socket_drops; /**< the kernel's receive buffer was full */
    uint64_t send_errors;
    uint64_t encodes_shared, encodes_own; /**< 20 ms frames encoded for all who hear the same, and for one */
    uint64_t decodes;
    uint64_t record_frames_lost;
};

void engine_metrics(const struct engine *engine, struct engine_metrics *out);

/**
 * Whether new calls should be refused: the busiest thread, with what was let in but does not show yet, is above
 * busy_max_percent. Stays true until it is a tenth below that.
 */
bool engine_overloaded(struct engine *engine);

#endif
