#include "call/sip_status.h"

#include <stddef.h>

uint32_t sip_status_code(status s)
{
    switch (s) {
    case STATUS_OK: return 200;
    case STATUS_INVALID: return 400;
    case STATUS_REFUSED: return 403;
    case STATUS_NOT_FOUND: return 404;
    case STATUS_CONFLICT:
    case STATUS_EXISTS: return 480;
    case STATUS_FULL: return 486;
    case STATUS_UNSUPPORTED: return 488;
    case STATUS_AGAIN: return 503;
    case STATUS_TIMEOUT:
    case STATUS_CLOSED:
    case STATUS_NO_MEMORY:
    case STATUS_IO: return 500;
    }
    return 500;
}

const char *sip_status_phrase(uint32_t code)
{
    static const struct {
        uint32_t code;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {416, "Unsupported URI Scheme"},
        {480, "Temporarily Unavailable"},
        {486, "Busy Here"},
        {488, "Not Acceptable Here"},
        {500, "Server Internal Error"},
        {503, "Service Unavailable"},
    };
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (phrases[i].code == code) return phrases[i].phrase;
    }
    return "Error";
}
