/**
 * @file srtp_policy.h  A key in libsrtp's terms. For srtp_*.c alone.
 *
 * Thread: any.
 */
#ifndef PARLEY_RTP_SRTP_POLICY_H
#define PARLEY_RTP_SRTP_POLICY_H

#include <srtp2/srtp.h>

#include "base/status.h"
#include "rtp/srtp_key.h"

/**
 * Makes a context for every SSRC of one direction. It knows nothing of the key's MKI.
 * @param direction  ssrc_any_outbound or ssrc_any_inbound
 * @return STATUS_OK; STATUS_INVALID (suite); STATUS_NO_MEMORY
 */
MUST_CHECK status srtp_policy_context(srtp_t *out, const struct srtp_key *key, srtp_ssrc_type_t direction);

/**
 * Adds a stream of its own for one SSRC that comes in.
 * @return STATUS_OK; STATUS_NO_MEMORY
 */
MUST_CHECK status srtp_policy_add_stream(srtp_t context, const struct srtp_key *key, uint32_t ssrc);

/** Bytes of the tag of a packet. */
size_t srtp_policy_tag(enum srtp_suite suite, bool rtcp);

#endif
