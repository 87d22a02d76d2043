#include "rest/rest_error.h"

json_t *rest_error(int http, int code, const char *message, json_t *details)
{
    json_t *url = json_sprintf("https://docs.freeclimb.com/reference/error-and-warning-dictionary#%d", code);
    return json_pack("{s:i, s:s, s:i, s:o, s:o}", "status", http, "message", message, "code", code, "url", url,
                     "details", details ? details : json_object());
}
