#include "sip/reply.h"

#include <sofia-sip/sip_status.h>
#include <stdlib.h>

int reply_refuse(nta_incoming_t *irq, struct refusal r)
{
    nta_incoming_treply(irq, r.code, r.phrase, TAG_IF(r.header, SIPTAG_HEADER_STR(r.header)), TAG_END());
    nta_incoming_destroy(irq);
    return 0;
}

bool reply_unsupported(nta_incoming_t *irq, const sip_t *sip)
{
    char *header = request_unsupported(sip);
    if (!header) return false;
    reply_refuse(irq, (struct refusal){420, "Bad Extension", header});
    free(header);
    return true;
}

int reply_options(nta_incoming_t *irq)
{
    nta_incoming_treply(irq, SIP_200_OK, SIPTAG_ALLOW_STR(REQUEST_ALLOW), SIPTAG_ACCEPT_STR("application/sdp"),
                        SIPTAG_SUPPORTED_STR(REQUEST_SUPPORTED), TAG_END());
    nta_incoming_destroy(irq);
    return 0;
}
