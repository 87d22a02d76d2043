/**
 * @file sip_message.h  Just enough of SIP's grammar to place and to take calls on a quiet network: the bridge's peer.
 *
 * Not a SIP parser for the open network: headers are not unfolded, quoting is not honoured.
 * Thread: any. RFC 3261 section 7.
 */
#ifndef PARLEY_LOAD_SIP_MESSAGE_H
#define PARLEY_LOAD_SIP_MESSAGE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

/** A parsed message; every slice is borrowed from the datagram. */
struct sip_message {
    bool is_request;
    uint32_t status;     /**< of a response */
    struct slice reason; /**< of a response */
    struct slice method; /**< of a request; of a response the CSeq's */
    struct slice uri;    /**< of a request */
    struct slice headers, body;
    uint32_t cseq;
    struct slice call_id;
};

/** @return false for what is not a SIP message with Call-ID and CSeq */
bool sip_message_parse(struct slice datagram, struct sip_message *out);

/** The n-th header line of that name (compact: one letter, or NULL); empty where there is none. */
struct slice sip_header(const struct sip_message *message, const char *name, const char *compact, unsigned n);

/** A parameter of a header ("tag"), searched behind the '>' where there is one; empty where there is none. */
struct slice sip_param(struct slice header, const char *name);

/** The URI of a header like Contact, From or Record-Route, without angle brackets and header parameters. */
struct slice sip_uri_of(struct slice header);

/** An address as sockets want it. */
struct address {
    struct sockaddr_storage sa;
    socklen_t len;
};

/** Host (IPv4, [IPv6], localhost) and port of a sip: URI. @return false where the host is a name to be resolved */
bool sip_uri_address(struct slice uri, struct address *out);

/** From a literal like "127.0.0.1" or "::1". */
bool address_of(struct slice host, uint16_t port, struct address *out);
uint16_t address_port(const struct address *a);
bool address_is_v6(const struct address *a);

/** "127.0.0.1" or "::1" (with brackets where they are asked for) in a static buffer, overwritten by the next call. */
const char *address_host(const struct address *a, bool brackets);

/** Appends status line and the headers that a response copies from its request; tag is added to To where it has none.
 */
void sip_response_begin(struct buffer *out, const struct sip_message *request, unsigned code, const char *reason,
                        const char *tag);

/** Ends the headers with Content-Length (and Content-Type for a body that is not empty), then the body. */
void sip_body_end(struct buffer *out, const char *body);

#endif
