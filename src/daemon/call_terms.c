#include "daemon/call_terms.h"

#include <assert.h>

void call_terms_make(struct terms *out, const struct config_terms *from, const char *order)
{
    *out = (struct terms){
        .dtmf_inband = from->dtmf_inband,
        .noise_suppression = from->noise_suppression,
        .automatic_gain = from->automatic_gain,
    };
    terms_set_codecs(out, (const char *const *)from->codecs.items, from->codecs.count);
    bool known = terms_parse_order(order, &out->own_order) && terms_parse_srtp(from->srtp, &out->srtp);
    assert(known && "what the configuration's checks let through");
    (void)known;
}

void call_terms_without_trunk(struct terms *out)
{
    static const char *const codecs[] = {"opus", "G722", "PCMU", "PCMA"};
    *out = (struct terms){.own_order = true, .srtp = SDP_SRTP_NEVER};
    terms_set_codecs(out, codecs, sizeof codecs / sizeof codecs[0]);
}
