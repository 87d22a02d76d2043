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

bool rest_query_wanted(struct rest_call *call, const char *key, enum store_wanted *out)
{
    bool given, value;
    if (!rest_query_flag(call, key, &given, &value)) return false;
    *out = !given ? STORE_ANY : value ? STORE_YES : STORE_NO;
    return true;
}

bool rest_query_second(struct rest_call *call, const char *key, bool *given, int64_t *unix_ms)
{
    struct slice value;
    *given = http_request_query(call->request, key, &value) && value.len > 0;
    if (!*given || date_parse_second(value, unix_ms)) return true;
    rest_fail_member(call, key, "must be a time like 2026-11-23 14:05:00");
    return false;
}

bool rest_query_times(struct rest_call *call, struct store_range *out)
{
    bool starts, ends;
    int64_t start, end;
    if (!rest_query_second(call, "startTime", &starts, &start)) return false;
    if (!rest_query_second(call, "endTime", &ends, &end)) return false;
    if (starts && start > out->from_unix_ms) out->from_unix_ms = start;
    if (ends && (!out->to_unix_ms || end + 1000 < out->to_unix_ms)) out->to_unix_ms = end + 1000;
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

void rest_fail_list(struct rest_call *call, status s)
{
    if (s == STATUS_INVALID)
        rest_fail_member(call, "cursor", "is not one of a nextPageUri");
    else if (s != STATUS_OK)
        rest_fail_status(call, s);
}
