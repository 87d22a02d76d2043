#include "rest/rest_query.h"

#include "base/dates.h"

bool rest_query_flag(struct rest_call *call, const char *key, bool *given, bool *out)
{
    struct slice value;
    *given = http_request_query(call->request, key, &value) && value.len > 0;
    if (!*given) return true;
    *out = slice_is(value, "true");
    if (*out || slice_is(value, "false")) return true;
    rest_fail_member(call, key, "must be true or false");
    return false;
}

bool rest_query_day(struct rest_call *call, const char *key, struct store_range *out)
{
    struct slice value;
    int64_t day;
    if (!http_request_query(call->request, key, &value) || value.len == 0) return true;
    if (!date_parse_day(value, &day)) {
        rest_fail_member(call, key, "must be a day like 2026-11-23");
        return false;
    }
    *out = (struct store_range){day, day + 86400000};
    return true;
}

bool rest_query_text(struct rest_call *call, const char *key, char *out, size_t size)
{
    struct slice value;
    out[0] = '\0';
    if (!http_request_query(call->request, key, &value) || slice_copy(value, out, size)) return true;
    rest_fail_member(call, key, "is too long");
    return false;
}

bool rest_query_paging(struct rest_call *call, struct store_paging *paging, char cursor[STORE_CURSOR_SIZE])
{
    struct slice value;
    uint32_t limit = 100;
    if (http_request_query(call->request, "pageSize", &value) && value.len > 0 &&
        (!slice_to_u32(value, STORE_PAGE_MAX, &limit) || limit == 0)) {
        rest_fail_member(call, "pageSize", "must be a whole number from 1 to 1000");
        return false;
    }
    if (!rest_query_text(call, "cursor", cursor, STORE_CURSOR_SIZE)) return false;
    *paging = (struct store_paging){cursor, limit};
    return true;
}
