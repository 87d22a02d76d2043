/**
 * @file config_check.h  The forms that a text in the configuration can have, each with the words that say what is
 * allowed.
 *
 * Thread: any; pure.
 */
#ifndef PARLEY_DAEMON_CONFIG_CHECK_H
#define PARLEY_DAEMON_CONFIG_CHECK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "record/recorder.h"

/** @return NULL where the text is fine, else what is allowed: "an IP address and a port like 127.0.0.1:8080 ..." */
typedef const char *config_check_fn(const char *text);

config_check_fn config_check_listener; /**< "ADDR:PORT" or "off" */
config_check_fn config_check_ports;    /**< "LOW-HIGH" or "0" */
config_check_fn config_check_address;  /**< an IP literal, or empty */
config_check_fn config_check_cidr;
config_check_fn config_check_level;
config_check_fn config_check_account; /**< an account id, or empty */
config_check_fn config_check_action;
config_check_fn config_check_url;       /**< absolute http or https URL, or empty */
config_check_fn config_check_filled;    /**< anything but nothing */
config_check_fn config_check_host;      /**< "HOST" or "HOST:PORT" of a name or literal, or empty */
config_check_fn config_check_transport; /**< udp or tcp */
config_check_fn config_check_caller;    /**< a number or a sip: URI, or empty */
config_check_fn config_check_codec;     /**< a codec that calls can have */
config_check_fn config_check_order;     /**< whose order of codecs counts */
config_check_fn config_check_srtp;      /**< whether calls are encrypted */
config_check_fn config_check_digits;    /**< what can stand before a number, or nothing */
config_check_fn config_check_rate;      /**< a sampling rate of recordings */
config_check_fn config_check_format;    /**< what recordings are kept as */

/** What recordings are kept as. @return false where the word is none of wav, flac, opus */
bool config_format(const char *text, enum recording_format *out);

/** Splits "192.0.2.1:5060" or "[::1]:5060" into a literal without brackets and a port. @return false where it is
 * neither */
bool config_split_listener(const char *text, char address[INET6_ADDRSTRLEN], uint16_t *port);

/** Splits "20000-39999" (even low from 1024 on, low < high) or "0" (both 0). @return false where it is neither */
bool config_split_ports(const char *text, uint16_t *low, uint16_t *high);

#endif
