#include "percl/percl_end.h"

#include <assert.h>

static const char *const names[PERCL_ENDS] = {
    [PERCL_END_BUSY] = "busy",
    [PERCL_END_FAILED] = "failed",
    [PERCL_END_NO_ANSWER] = "noAnswer",
    [PERCL_END_CALL_CANCELED] = "callCanceled",
    [PERCL_END_FAR_END_HANGUP] = "farEndHangup",
    [PERCL_END_APP_HANGUP] = "appHangup",
    [PERCL_END_APP_REJECT] = "appReject",
    [PERCL_END_APP_NO_PERCL] = "appNoPercl",
    [PERCL_END_APP_INVALID_PERCL] = "appInvalidPercl",
    [PERCL_END_CONFERENCE_TERMINATED] = "conferenceTerminated",
    [PERCL_END_CONFERENCE_EMPTIED] = "conferenceEmptied",
    [PERCL_END_REMOVED_FROM_CONFERENCE] = "removedFromConference",
    [PERCL_END_MACHINE_DETECTED] = "machineDetected",
    [PERCL_END_WEBHOOK_FAILED] = "webhookFailed",
    [PERCL_END_WEBHOOK_INVALID_RESPONSE] = "webhookInvalidResponse",
    [PERCL_END_VOICE_DISABLED] = "voiceDisabled",
    [PERCL_END_CONFIG_ERROR_NO_APPLICATION] = "configErrorNoApplication",
    [PERCL_END_CONFIG_ERROR_NO_VOICE_URL] = "configErrorNoVoiceUrl",
    [PERCL_END_MAX_REDIRECTS_ERROR] = "maxRedirectsError",
    [PERCL_END_PERCL_PROCESSING_ERROR] = "perclProcessingError",
    [PERCL_END_INTERNAL_ERROR] = "internalError",
    [PERCL_END_GRPC_HANGUP] = "grpcHangup",
    [PERCL_END_MAX_DURATION] = "maxDuration",
};

const char *percl_end_name(enum percl_end end)
{
    assert((unsigned)end < PERCL_ENDS);
    return names[end];
}
