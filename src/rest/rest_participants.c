#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rest/rest_match.h"
#include "rest/rest_page.h"
#include "rest/rest_query.h"
#include "rest/rest_routes.h"
#include "rest/rest_views.h"

/* The account's conference of the path, where it is not terminated. */
static const struct conference *find_conference(const struct rest_call *call)
{
    const struct rest_backend *backend = &call->rest->backend;
    const struct conference *c = backend->conference_find(backend->arg, call->parameters[0]);
    return c && strcmp(c->account, call->account) == 0 ? c : NULL;
}

static json_t *view(const struct rest_call *call, const struct conference *c, const struct participant *p)
{
    const struct rest_backend *backend = &call->rest->backend;
    return rest_view_participant(c, p, backend->participant_talks(backend->arg, p->call));
}

static void fail_missing(struct rest_call *call)
{
    rest_fail(call, 404, REST_CODE_NOT_IN_CONFERENCE, "No such call in this conference", NULL);
}

/* The participant of the path, where the client's If-Match lets it be changed. NULL where the call was answered */
static const struct participant *find_to_change(struct rest_call *call)
{
    const struct conference *c = find_conference(call);
    const struct participant *p = c ? conference_participant(c, call->parameters[1]) : NULL;
    if (!p) fail_missing(call);
    return p && rest_match(call, p->revision) ? p : NULL;
}

struct participant_filter {
    bool has_talk, talk, has_listen, listen, has_dtmf, dtmf;
};

static bool passes(const struct participant_filter *f, const struct participant *p)
{
    return (!f->has_talk || p->talk == f->talk) && (!f->has_listen || p->listen == f->listen) &&
           (!f->has_dtmf || p->dtmf_pass_through == f->dtmf);
}

/* A cursor is the time of joining (16 hex digits) and the id of the last one shown: the list goes on with older ones.
 */
static void make_cursor(char out[STORE_CURSOR_SIZE], const struct participant *p)
{
    snprintf(out, STORE_CURSOR_SIZE, "%016llx%.44s", (unsigned long long)p->created_unix_ms, p->call);
}

static bool cursor_valid(const char *cursor)
{
    return strlen(cursor) == 16 + ID_LENGTH && strspn(cursor, "0123456789abcdef") >= 16;
}

/* Where the cursor's participant has left, it goes on with those who joined before it did. */
static bool is_after(const struct participant *p, const char *cursor, bool *seen)
{
    char digits[17];
    if (strcmp(p->call, cursor + 16) == 0) {
        *seen = true;
        return false;
    }
    memcpy(digits, cursor, 16);
    digits[16] = '\0';
    return *seen || (unsigned long long)p->created_unix_ms < strtoull(digits, NULL, 16);
}

static void reply_list(struct rest_call *call, const struct conference *c, const struct participant_filter *filter,
                       const struct store_paging *paging)
{
    struct store_page page = {.limit = paging->limit};
    json_t *items = json_array();
    bool seen = false;
    const struct participant *last = NULL;
    for (const struct list *link = c->participants.prev; link != &c->participants; link = link->prev) {
        const struct participant *p = list_object(link, struct participant, link);
        if (!passes(filter, p)) continue;
        page.total++;
        if (paging->cursor[0] && !is_after(p, paging->cursor, &seen)) {
            page.start++;
        } else if (json_array_size(items) < paging->limit) {
            json_array_append_new(items, view(call, c, p));
            last = p;
        } else {
            page.has_next = true;
        }
    }
    if (page.has_next) make_cursor(page.next_cursor, last);
    rest_page_reply(call, STATUS_OK, "participants", items, &page);
}

/* A terminated conference is still there, with nobody in it. */
static void on_archived(void *arg, status s, const struct store_conference *rows, size_t count,
                        const struct store_page *none)
{
    struct rest_call *call = arg;
    struct store_page page = {.limit = 100};
    (void)rows;
    (void)none;
    if (rest_found(call, s, count)) rest_page_reply(call, STATUS_OK, "participants", json_array(), &page);
}

void rest_participants_list(struct rest_call *call)
{
    struct participant_filter filter = {0};
    struct store_paging paging;
    char cursor[STORE_CURSOR_SIZE];
    if (!rest_query_flag(call, "talk", &filter.has_talk, &filter.talk)) return;
    if (!rest_query_flag(call, "listen", &filter.has_listen, &filter.listen)) return;
    if (!rest_query_flag(call, "dtmfPassThrough", &filter.has_dtmf, &filter.dtmf)) return;
    if (!rest_query_paging(call, &paging, cursor)) return;
    if (cursor[0] && !cursor_valid(cursor)) {
        rest_fail_member(call, "cursor", "is not one of a nextPageUri");
        return;
    }
    const struct conference *c = find_conference(call);
    if (c) {
        reply_list(call, c, &filter, &paging);
        return;
    }
    status s = store_get_conference(call->rest->store, call->account, call->parameters[0], on_archived, call);
    if (s != STATUS_OK) rest_fail_status(call, s);
}

void rest_participants_get(struct rest_call *call)
{
    const struct conference *c = find_conference(call);
    const struct participant *p = c ? conference_participant(c, call->parameters[1]) : NULL;
    if (p)
        rest_reply(call, 200, view(call, c, p));
    else
        fail_missing(call);
}

void rest_participants_quality(struct rest_call *call)
{
    const struct rest_backend *backend = &call->rest->backend;
    const struct conference *c = find_conference(call);
    const struct participant *p = c ? conference_participant(c, call->parameters[1]) : NULL;
    struct rest_quality quality;
    if (p && backend->participant_quality(backend->arg, p->call, &quality))
        rest_reply(call, 200, rest_view_quality(c, p, &quality));
    else
        fail_missing(call);
}

static void on_updated(void *arg, status s, const struct conference *c)
{
    struct rest_call *call = arg;
    const struct participant *p = s == STATUS_OK ? conference_participant(c, call->parameters[1]) : NULL;
    if (p)
        rest_reply(call, 200, view(call, c, p));
    else if (s == STATUS_OK || s == STATUS_NOT_FOUND)
        fail_missing(call);
    else
        rest_fail_status(call, s);
}

void rest_participants_update(struct rest_call *call)
{
    const struct rest_backend *backend = &call->rest->backend;
    struct conference_event event = {.call = call->parameters[1]};
    struct rest_fault fault;
    if (rest_input_participant(&event, call->body, &fault) != STATUS_OK)
        rest_fail_input(call, &fault);
    else if (find_to_change(call))
        backend->conference_apply(backend->arg, call->parameters[0], &event, 1, on_updated, call);
}

static void on_removed(void *arg, status s, const struct conference *c)
{
    struct rest_call *call = arg;
    (void)c;
    if (s == STATUS_OK)
        rest_reply(call, 204, NULL);
    else if (s == STATUS_NOT_FOUND)
        fail_missing(call);
    else
        rest_fail_status(call, s);
}

void rest_participants_remove(struct rest_call *call)
{
    const struct rest_backend *backend = &call->rest->backend;
    struct conference_event event = {.type = CONFERENCE_REMOVE, .call = call->parameters[1]};
    if (find_to_change(call)) backend->conference_apply(backend->arg, call->parameters[0], &event, 1, on_removed, call);
}
