/**
 * @file main.c  parley-load: callers against a running bridge. See --help.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "load/options.h"

static const char help[] =
    "parley-load - phones that call a running bridge, talk, and measure what they hear\n"
    "\n"
    "It speaks SIP over UDP and sends real RTP (G.711) from one process. Two ways to use it:\n"
    "\n"
    "1. Many calls at once, figures at the end\n"
    "   parley-load --target sip:room@127.0.0.1:5060 --calls 200 --talkers 3 --seconds 30\n"
    "\n"
    "   --target URI       whom every caller calls (host: an IP address)\n"
    "   --calls N          how many callers (10)\n"
    "   --talkers N        the first N talk: each a steady low tone of its own, the first also a marker burst a\n"
    "                      second, by which the delay is measured; the others send coded silence (3)\n"
    "   --seconds N        length of the measured window, which begins when all calls are up and settled (10)\n"
    "   --settle-ms N      pause between the last answer and the window (1000)\n"
    "   --ramp-per-s N     new calls a second (50)\n"
    "   --phase-ms N       all callers' packets leave so much later within their ptime (0)\n"
    "   --codec PCMU|PCMA  (PCMU)     --ptime MS   10, 20, 30, 40, 50 or 60 (20)\n"
    "   --srtp SUITE       encrypted: AES_CM_128_HMAC_SHA1_80, AEAD_AES_128_GCM ... (plain RTP)\n"
    "   --local IP         address to call from (loopback)\n"
    "   --pid PID          also report the CPU of that process over the window; may be given several times\n"
    "   --json             one JSON object instead of lines\n"
    "\n"
    "   An overloaded bridge shows no gap in sequence numbers, it just sends fewer packets: so 'received' is held\n"
    "   against 'due' (window / ptime for every call). 'delay' is bridge only: from the moment the packet with the\n"
    "   burst's first sample was sent to the arrival of that sample at a listener, in JSON also\n"
    "   packet_delay: of the packet that holds it. 'late sends' are our own (over 2 ms): many of them mean that this\n"
    "   machine is too busy for the figures to be about the bridge.\n"
    "   Exit status: 0 all calls up and no packet missing beyond 1 %; 1 otherwise; 2 could not run.\n"
    "\n"
    "2. Line by line, for tests and demonstrations\n"
    "   parley-load --control\n"
    "\n"
    "   Commands are lines on stdin, events are JSON lines on stdout. Every event has mono_us and real_us "
    "(microseconds\n"
    "   of CLOCK_MONOTONIC and CLOCK_REALTIME); for what arrived from the network it is the kernel's arrival time.\n"
    "   call NAME URI [tone=HZ[@DBFS],...] [wav=FILE] [codec=PCMU|PCMA] [ptime=20] [local=IP] [hold]\n"
    "                [srtp=SUITE,... [avp]]\n"
    "                             srtp: offers keys (AES_CM_128_HMAC_SHA1_80 or _32, AEAD_AES_128_GCM or _256_GCM) on\n"
    "                             RTP/SAVP, or on RTP/AVP for who may ignore them\n"
    "   hangup NAME               BYE, or CANCEL while it rings\n"
    "   tone NAME HZ[@DBFS],...   say these tones from the next packet on; 'off' for coded silence\n"
    "   wav NAME FILE|off         say this file (8000 Hz, 16-bit, mono), over and over\n"
    "   hold NAME / resume NAME   re-INVITE with sendonly (the phone's own audio goes on) / sendrecv\n"
    "   rekey NAME                re-INVITE with new keys\n"
    "   key NAME wrong|right      encrypt with a key that the bridge does not know / with the agreed one again\n"
    "   dtmf NAME DIGIT           as telephone-event\n"
    "   drop NAME P               lose that share (0 to 1) of the packets sent\n"
    "   watch NAME HZ,HZ,...|off  a 'level' event for every 10 ms received: each tone, and everything ('rms')\n"
    "   levels NAME [MS]          one 'levels' event over the last MS (1000): the watched tones, rms, all but\n"
    "                             those tones ('rest'), and counts\n"
    "   levels NAME MS HZ,HZ,...  the same for other tones\n"
    "   tap NAME FILE|off         write what is received to a WAV file; lost packets are zeros in it\n"
    "   stats NAME [reset]        packet counts, jitter, longest time without a packet, worst lateness\n"
    "                             of our own sending (reset starts those two anew)\n"
    "   quit                      hang up everything and leave\n"
    "   Events: ok, error, progress, answered, reinvited, first_rtp, dtmf, level, levels, stats, ended {code, by, "
    "reason}.\n"
    "\n"
    "Levels: 0 dBFS is a sine whose peak is full scale; -120 is nothing at all.\n";

static bool number_set(const char *text, uint32_t low, uint32_t high, uint32_t *out)
{
    uint32_t value;
    if (!text || !slice_to_u32(slice_of(text), high, &value) || value < low) return false;
    *out = value;
    return true;
}

static bool codec_set(const char *text, enum g711_law *law)
{
    if (!text || (strcmp(text, "PCMU") != 0 && strcmp(text, "PCMA") != 0)) return false;
    *law = strcmp(text, "PCMU") == 0 ? G711_MU : G711_A;
    return true;
}

/** @return whether it is an option with a fitting value; *used_value where the value belonged to it */
static bool option_set(struct load_options *o, const char *name, const char *value, bool *used_value)
{
    uint32_t number;
    *used_value = true;
    if (strcmp(name, "--target") == 0) return (o->target = value) != NULL;
    if (strcmp(name, "--local") == 0) return (o->local = value) != NULL;
    if (strcmp(name, "--calls") == 0) return number_set(value, 1, 20000, &o->calls);
    if (strcmp(name, "--talkers") == 0) return number_set(value, 0, 20000, &o->talkers);
    if (strcmp(name, "--seconds") == 0) return number_set(value, 1, 86400, &o->seconds);
    if (strcmp(name, "--settle-ms") == 0) return number_set(value, 0, 600000, &o->settle_ms);
    if (strcmp(name, "--ramp-per-s") == 0) return number_set(value, 1, 10000, &o->ramp_per_s);
    if (strcmp(name, "--phase-ms") == 0) return number_set(value, 0, 59, &o->phase_ms);
    if (strcmp(name, "--ptime") == 0) return number_set(value, 10, 60, &o->ptime_ms) && o->ptime_ms % 10 == 0;
    if (strcmp(name, "--codec") == 0) return codec_set(value, &o->law);
    if (strcmp(name, "--srtp") == 0) return o->encrypted = value && sdes_suite_named(slice_of(value), &o->suite);
    if (strcmp(name, "--pid") == 0) {
        if (o->pid_count == OPTIONS_PIDS_MAX || !number_set(value, 1, INT32_MAX, &number)) return false;
        o->pids[o->pid_count++] = (pid_t)number;
        return true;
    }
    *used_value = false;
    if (strcmp(name, "--control") == 0) return o->control = true;
    if (strcmp(name, "--json") == 0) return o->json = true;
    return false;
}

int main(int argc, char **argv)
{
    struct load_options options = {
        .calls = 10, .talkers = 3, .seconds = 10, .ramp_per_s = 50, .ptime_ms = 20, .settle_ms = 1000};
    for (int i = 1; i < argc; i++) {
        bool used_value;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return 0;
        }
        if (!option_set(&options, argv[i], argv[i + 1], &used_value)) {
            fprintf(stderr, "parley-load: %s is unknown, or its value does not fit; see --help\n", argv[i]);
            return 2;
        }
        if (used_value) i++;
    }
    if (options.control) return control_run(&options);
    if (!options.target) {
        fprintf(stderr, "parley-load: needs --target sip:NAME@ADDRESS:PORT, or --control; see --help\n");
        return 2;
    }
    return batch_run(&options);
}
