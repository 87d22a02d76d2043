#include "base/status.h"

const char *status_name(status s)
{
    switch (s) {
    case STATUS_OK: return "ok";
    case STATUS_INVALID: return "invalid";
    case STATUS_NO_MEMORY: return "no_memory";
    case STATUS_FULL: return "full";
    case STATUS_AGAIN: return "again";
    case STATUS_NOT_FOUND: return "not_found";
    case STATUS_EXISTS: return "exists";
    case STATUS_CONFLICT: return "conflict";
    case STATUS_REFUSED: return "refused";
    case STATUS_UNSUPPORTED: return "unsupported";
    case STATUS_TIMEOUT: return "timeout";
    case STATUS_CLOSED: return "closed";
    case STATUS_IO: return "io";
    }
    return "unknown";
}
