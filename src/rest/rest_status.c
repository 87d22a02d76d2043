#include <stddef.h>

#include "rest/rest_error.h"

static const struct {
    status status;
    int http, code;
    const char *message;
} table[] = {
    {STATUS_INVALID, 400, REST_CODE_ARGUMENTS, "A parameter is invalid"},
    {STATUS_REFUSED, 400, REST_CODE_ARGUMENTS, "A parameter is not allowed here"},
    {STATUS_NOT_FOUND, 404, REST_CODE_NOT_FOUND, "Not Found"},
    {STATUS_CONFLICT, 409, REST_CODE_CONFLICT, "Not possible in the resource's present state"},
    {STATUS_EXISTS, 409, REST_CODE_CONFLICT, "There is one already"},
    {STATUS_FULL, 503, REST_CODE_INTERNAL, "A configured limit is reached"},
    {STATUS_AGAIN, 503, REST_CODE_INTERNAL, "Busy, try again"},
    {STATUS_UNSUPPORTED, 400, REST_CODE_ARGUMENTS, "Not supported"},
    {STATUS_TIMEOUT, 503, REST_CODE_INTERNAL, "The time for it is over"},
    {STATUS_NO_MEMORY, 500, REST_CODE_INTERNAL, "Out of memory; nothing has changed"},
    {STATUS_IO, 500, REST_CODE_INTERNAL, "It could not be stored; nothing has changed"},
    {STATUS_CLOSED, 503, REST_CODE_INTERNAL, "Shutting down"},
};

void rest_status(status s, int *http, int *code, const char **message)
{
    *http = 500;
    *code = REST_CODE_INTERNAL;
    *message = "Internal error";
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].status != s) continue;
        *http = table[i].http;
        *code = table[i].code;
        *message = table[i].message;
    }
}

int rest_code_of_http(int http)
{
    switch (http) {
    case 401: return REST_CODE_CREDENTIALS;
    case 404: return REST_CODE_NOT_FOUND;
    case 405: return REST_CODE_METHOD;
    case 429: return REST_CODE_RATE;
    default: return http >= 500 ? REST_CODE_INTERNAL : REST_CODE_ARGUMENTS;
    }
}
