#include "rest/rest_match.h"

/* A strong tag (3 in quotes); digits without them are taken too. */
static bool tag_is(struct slice tag, uint32_t revision)
{
    uint32_t given;
    if (tag.len >= 2 && tag.at[0] == '"' && tag.at[tag.len - 1] == '"') tag = (struct slice){tag.at + 1, tag.len - 2};
    return slice_to_u32(tag, UINT32_MAX, &given) && given == revision;
}

bool rest_match_passes(const char *header, uint32_t revision)
{
    struct slice rest = slice_of(header);
    if (!header) return true;
    while (rest.len > 0) {
        struct slice tag = slice_trim(slice_cut(&rest, ','));
        if (slice_is(tag, "*") || tag_is(tag, revision)) return true;
    }
    return false;
}

void rest_fail_match(struct rest_call *call)
{
    rest_fail(call, 412, REST_CODE_CONFLICT, "The resource has another revision than If-Match says", NULL);
}

bool rest_match(struct rest_call *call, uint32_t revision)
{
    if (rest_match_passes(http_request_header(call->request, "If-Match"), revision)) return true;
    rest_fail_match(call);
    return false;
}
