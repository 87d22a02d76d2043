#include "rest/rest_page.h"

#include <string.h>

enum { API_PREFIX = sizeof "/apiserver" - 1 };

/* A query is sent as it came, but it need not be text: JSON is. */
static void append_as_text(struct buffer *uri, struct slice part)
{
    for (size_t i = 0; i < part.len; i++) {
        unsigned char c = (unsigned char)part.at[i];
        if (c > ' ' && c < 0x7f)
            buffer_append(uri, &part.at[i], 1);
        else
            buffer_printf(uri, "%%%02X", c);
    }
}

/* What was asked, without an earlier cursor. */
static void append_filters(struct buffer *uri, struct slice query)
{
    while (query.len > 0) {
        struct slice part = slice_cut(&query, '&');
        if (part.len == 0 || (part.len >= 7 && memcmp(part.at, "cursor=", 7) == 0)) continue;
        append_as_text(uri, part);
        buffer_append_text(uri, "&");
    }
}

static json_t *next_page_uri(const struct rest_call *call, const struct store_page *page)
{
    if (!page->has_next) return json_null();
    struct buffer uri;
    buffer_init(&uri);
    append_as_text(&uri, slice_of(http_request_raw_path(call->request) + API_PREFIX));
    buffer_append_text(&uri, "?");
    append_filters(&uri, call->page_query ? slice_of(call->page_query) : http_request_raw_query(call->request));
    buffer_printf(&uri, "cursor=%s", page->next_cursor);
    json_t *text = buffer_ok(&uri) ? json_string(buffer_text(&uri)) : NULL;
    buffer_clear(&uri);
    return text;
}

void rest_page_reply(struct rest_call *call, status s, const char *collection, json_t *items,
                     const struct store_page *page)
{
    if (s != STATUS_OK) {
        json_decref(items);
        rest_fail_status(call, s);
        return;
    }
    json_int_t count = (json_int_t)json_array_size(items), start = (json_int_t)page->start;
    json_int_t limit = page->limit, total = (json_int_t)page->total;
    json_t *body =
        json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "total", total, "start", start, "end",
                  count > 0 ? start + count - 1 : start, "page", start / limit, "numPages", (total + limit - 1) / limit,
                  "pageSize", limit, "nextPageUri", next_page_uri(call, page), collection, items);
    if (body)
        rest_reply(call, 200, body);
    else
        rest_fail_status(call, STATUS_NO_MEMORY);
}
