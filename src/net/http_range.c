#include "net/http_range.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum http_range_kind http_range_parse(const char *header, uint64_t size, uint64_t *first, uint64_t *len)
{
    struct slice rest = slice_of(header);
    struct slice unit = slice_trim(slice_cut(&rest, '='));
    struct slice end = slice_trim(rest);
    struct slice begin = slice_trim(slice_cut(&end, '-'));
    end = slice_trim(end);
    uint64_t from = 0, to = UINT64_MAX;
    bool has_dash = begin.len < slice_trim(rest).len;
    bool suffix = has_dash && begin.len == 0 && slice_to_u64(end, &to);
    bool good = suffix || (has_dash && slice_to_u64(begin, &from) && (end.len == 0 || slice_to_u64(end, &to)));
    if (!slice_is_nocase(unit, "bytes") || !good || to < from) {
        *first = 0;
        *len = size;
        return HTTP_RANGE_WHOLE;
    }
    if (suffix) {
        if (to == 0 || size == 0) return HTTP_RANGE_OUTSIDE;
        *len = to < size ? to : size;
        *first = size - *len;
        return HTTP_RANGE_PART;
    }
    if (from >= size) return HTTP_RANGE_OUTSIDE;
    *first = from;
    *len = (to < size - 1 ? to : size - 1) - from + 1;
    return HTTP_RANGE_PART;
}
