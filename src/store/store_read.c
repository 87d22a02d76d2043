#include "store/store_read.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "os/thread.h"
#include "store/job.h"

/* Gets and loads have no page to show. */
static const struct store_page *page_of(const struct store_question *q)
{
    return q->query.limit ? &q->answer.page : NULL;
}

#define DELIVER_PAGE(name, fn_type)                                                                                    \
    static void deliver_##name(struct store_question *q)                                                               \
    {                                                                                                                  \
        ((fn_type *)q->fn)(q->arg, q->answer.status, q->answer.rows, q->answer.count, page_of(q));                     \
    }
#define DELIVER_ROWS(name, fn_type)                                                                                    \
    static void deliver_##name(struct store_question *q)                                                               \
    {                                                                                                                  \
        ((fn_type *)q->fn)(q->arg, q->answer.status, q->answer.rows, q->answer.count);                                 \
    }

DELIVER_ROWS(accounts, store_accounts_fn)
DELIVER_PAGE(conferences, store_conferences_fn)
DELIVER_PAGE(calls, store_calls_fn)
DELIVER_PAGE(recordings, store_recordings_fn)
DELIVER_ROWS(dialogs, store_dialogs_fn)
DELIVER_ROWS(outbox, store_outbox_fn)
DELIVER_PAGE(outbox_page, store_outbox_page_fn)
DELIVER_PAGE(applications, store_applications_fn)
DELIVER_PAGE(numbers, store_numbers_fn)
DELIVER_PAGE(logs, store_logs_fn)
DELIVER_ROWS(secrets, store_secrets_fn)
DELIVER_ROWS(replies, store_replies_fn)

typedef void deliver_fn(struct store_question *q);
typedef void any_fn(void);

static void free_question(struct store_question *q)
{
    query_clear(&q->query);
    answer_clear(&q->answer, q->query.kind);
    free(q);
}

void store_question_close(struct store_question *q)
{
    answer_clear(&q->answer, q->query.kind);
    q->answer.status = STATUS_CLOSED;
}

void store_question_finish(struct store_question *q)
{
    bool one = q->query.limit == 0 && q->query.order == QUERY_NEWEST;
    if (one && q->answer.status == STATUS_OK && q->answer.count == 0) q->answer.status = STATUS_NOT_FOUND;
    q->deliver(q);
    free_question(q);
}

static struct store_question *question(deliver_fn *deliver, any_fn *fn, void *arg, const struct row_kind *kind,
                                       enum query_order order)
{
    struct store_question *q = calloc(1, sizeof *q);
    if (!q) return NULL;
    q->job.type = JOB_READ;
    list_init(&q->job.link);
    list_init(&q->job.unsaved_link);
    q->answer.status = STATUS_CLOSED;
    q->deliver = deliver;
    q->fn = fn;
    q->arg = arg;
    query_init(&q->query, kind, order);
    return q;
}

static status ask(struct store *s, struct store_question *q)
{
    thread_assert(THREAD_CONTROL);
    status refusal = q->query.failed ? STATUS_NO_MEMORY : store_is_full(s) ? STATUS_FULL : STATUS_OK;
    if (refusal != STATUS_OK) {
        free_question(q);
        return refusal;
    }
    q->job.store = s;
    store_submit(s, &q->job);
    return STATUS_OK;
}

static status ask_page(struct store *s, struct store_question *q, const struct store_paging *paging)
{
    status r = query_page(&q->query, paging);
    if (r == STATUS_OK) return ask(s, q);
    free_question(q);
    return r;
}

/* One row: by one of its unique columns, within an account where one is given. */
static status get(struct store *s, deliver_fn *deliver, any_fn *fn, void *arg, const struct row_kind *kind,
                  const char *account, const char *column, const char *value)
{
    struct store_question *q = question(deliver, fn, arg, kind, QUERY_NEWEST);
    if (!q) return STATUS_NO_MEMORY;
    query_in(&q->query, column, &value, 1);
    query_is(&q->query, "account", account);
    return ask(s, q);
}

status store_get_account(struct store *s, const char *id, store_accounts_fn *fn, void *arg)
{
    return get(s, deliver_accounts, (any_fn *)fn, arg, &row_account, NULL, "id", id);
}

status store_get_conference(struct store *s, const char *account, const char *id, store_conferences_fn *fn, void *arg)
{
    assert(account && account[0]);
    return get(s, deliver_conferences, (any_fn *)fn, arg, &row_conference, account, "id", id);
}

status store_get_call(struct store *s, const char *account, const char *id, store_calls_fn *fn, void *arg)
{
    assert(account && account[0]);
    return get(s, deliver_calls, (any_fn *)fn, arg, &row_call, account, "id", id);
}

status store_get_recording(struct store *s, const char *account, const char *id, store_recordings_fn *fn, void *arg)
{
    assert(account && account[0]);
    return get(s, deliver_recordings, (any_fn *)fn, arg, &row_recording, account, "id", id);
}

status store_get_recording_by_token(struct store *s, const char *token, store_recordings_fn *fn, void *arg)
{
    return get(s, deliver_recordings, (any_fn *)fn, arg, &row_recording, NULL, "token", token);
}

status store_get_application(struct store *s, const char *account, const char *id, store_applications_fn *fn, void *arg)
{
    assert(account && account[0]);
    return get(s, deliver_applications, (any_fn *)fn, arg, &row_application, account, "id", id);
}

status store_get_number(struct store *s, const char *account, const char *id, store_numbers_fn *fn, void *arg)
{
    assert(account && account[0]);
    return get(s, deliver_numbers, (any_fn *)fn, arg, &row_number, account, "id", id);
}

status store_get_number_dialled(struct store *s, const char *account, const char *number, store_numbers_fn *fn,
                                void *arg)
{
    assert(account && account[0]);
    return get(s, deliver_numbers, (any_fn *)fn, arg, &row_number, account, "number", number);
}

status store_get_reply(struct store *s, const char *account, const char *key, store_replies_fn *fn, void *arg)
{
    assert(account && account[0]);
    return get(s, deliver_replies, (any_fn *)fn, arg, &row_reply, account, "key", key);
}

status store_list_conferences(struct store *s, const struct store_conference_filter *filter, store_conferences_fn *fn,
                              void *arg)
{
    assert(filter->account && filter->account[0]);
    struct store_question *q = question(deliver_conferences, (any_fn *)fn, arg, &row_conference, QUERY_NEWEST);
    if (!q) return STATUS_NO_MEMORY;
    query_is(&q->query, "account", filter->account);
    query_is(&q->query, "shown", filter->status);
    query_is(&q->query, "alias", filter->alias);
    query_range(&q->query, "created", &filter->created);
    query_range(&q->query, "updated", &filter->updated);
    return ask_page(s, q, &filter->paging);
}

/* A call that lasts has ended at 0. None ends before it starts, which lets the index by start find the rows. */
static void query_ended(struct query *q, const struct store_range *end)
{
    struct store_range ended = *end, started = {.to_unix_ms = end->to_unix_ms};
    if (!ended.from_unix_ms && ended.to_unix_ms) ended.from_unix_ms = 1;
    query_range(q, "ended", &ended);
    query_range(q, "started", &started);
}

status store_list_calls(struct store *s, const struct store_call_filter *filter, store_calls_fn *fn, void *arg)
{
    static const char *const active[] = {"queued", "ringing", "inProgress"};
    assert(filter->account && filter->account[0]);
    struct store_question *q = question(deliver_calls, (any_fn *)fn, arg, &row_call, QUERY_NEWEST);
    if (!q) return STATUS_NO_MEMORY;
    query_is(&q->query, "account", filter->account);
    query_is(&q->query, "status", filter->status);
    query_is(&q->query, "caller", filter->from);
    query_is(&q->query, "callee", filter->to);
    query_is(&q->query, "parent_call", filter->parent_call);
    query_in(&q->query, "application", filter->applications, filter->application_count);
    query_range(&q->query, "created", &filter->created);
    query_range(&q->query, "started", &filter->start);
    query_ended(&q->query, &filter->end);
    if (filter->active) query_in(&q->query, "status", active, sizeof active / sizeof active[0]);
    return ask_page(s, q, &filter->paging);
}

status store_list_recordings(struct store *s, const struct store_recording_filter *filter, store_recordings_fn *fn,
                             void *arg)
{
    assert(filter->account && filter->account[0]);
    struct store_question *q = question(deliver_recordings, (any_fn *)fn, arg, &row_recording, QUERY_NEWEST);
    if (!q) return STATUS_NO_MEMORY;
    query_is(&q->query, "account", filter->account);
    query_is(&q->query, "conference", filter->conference);
    query_is(&q->query, "call", filter->call);
    query_range(&q->query, "created", &filter->created);
    return ask_page(s, q, &filter->paging);
}

status store_list_applications(struct store *s, const struct store_application_filter *filter,
                               store_applications_fn *fn, void *arg)
{
    assert(filter->account && filter->account[0]);
    struct store_question *q = question(deliver_applications, (any_fn *)fn, arg, &row_application, QUERY_NEWEST);
    if (!q) return STATUS_NO_MEMORY;
    query_is(&q->query, "account", filter->account);
    query_is(&q->query, "alias", filter->alias);
    return ask_page(s, q, &filter->paging);
}

status store_list_numbers(struct store *s, const struct store_number_filter *filter, store_numbers_fn *fn, void *arg)
{
    assert(filter->account && filter->account[0]);
    struct store_question *q = question(deliver_numbers, (any_fn *)fn, arg, &row_number, QUERY_NEWEST);
    if (!q) return STATUS_NO_MEMORY;
    query_is(&q->query, "account", filter->account);
    query_is(&q->query, "number", filter->number);
    query_is(&q->query, "alias", filter->alias);
    query_is(&q->query, "region", filter->region);
    query_is(&q->query, "country", filter->country);
    query_is(&q->query, "application", filter->application);
    query_wanted(&q->query, "application", filter->has_application, true);
    query_wanted(&q->query, "voice_enabled", filter->voice_enabled, false);
    query_wanted(&q->query, "sms_enabled", filter->sms_enabled, false);
    return ask_page(s, q, &filter->paging);
}

status store_list_logs(struct store *s, const struct store_log_filter *filter, store_logs_fn *fn, void *arg)
{
    assert(filter->account && filter->account[0]);
    struct store_question *q = question(deliver_logs, (any_fn *)fn, arg, &row_log, QUERY_NEWEST);
    if (!q) return STATUS_NO_MEMORY;
    query_is(&q->query, "account", filter->account);
    query_is(&q->query, "call", filter->call);
    query_condition(&q->query, filter->condition, filter->condition_count);
    return ask_page(s, q, &filter->paging);
}

status store_list_outbox(struct store *s, const struct store_outbox_filter *filter, store_outbox_page_fn *fn, void *arg)
{
    assert(filter->account && filter->account[0]);
    struct store_question *q = question(deliver_outbox_page, (any_fn *)fn, arg, &row_outbox, QUERY_NEWEST);
    if (!q) return STATUS_NO_MEMORY;
    query_is(&q->query, "account", filter->account);
    query_is(&q->query, "state", filter->state);
    query_is(&q->query, "lane", filter->lane);
    if (filter->n) query_equals(&q->query, "n", filter->n);
    return ask_page(s, q, &filter->paging);
}

status store_list_secrets(struct store *s, const char *account, store_secrets_fn *fn, void *arg)
{
    assert(account && account[0]);
    struct store_question *q = question(deliver_secrets, (any_fn *)fn, arg, &row_secret, QUERY_OLDEST);
    if (!q) return STATUS_NO_MEMORY;
    query_is(&q->query, "account", account);
    return ask(s, q);
}

static status load(struct store *s, deliver_fn *deliver, any_fn *fn, void *arg, const struct row_kind *kind,
                   enum query_order order)
{
    struct store_question *q = question(deliver, fn, arg, kind, order);
    if (!q) return STATUS_NO_MEMORY;
    q->query.live = kind->live != NULL;
    return ask(s, q);
}

status store_load_accounts(struct store *s, store_accounts_fn *fn, void *arg)
{
    return load(s, deliver_accounts, (any_fn *)fn, arg, &row_account, QUERY_OLDEST);
}

status store_load_conferences(struct store *s, store_conferences_fn *fn, void *arg)
{
    return load(s, deliver_conferences, (any_fn *)fn, arg, &row_conference, QUERY_OLDEST);
}

status store_load_calls(struct store *s, store_calls_fn *fn, void *arg)
{
    return load(s, deliver_calls, (any_fn *)fn, arg, &row_call, QUERY_OLDEST);
}

status store_load_recordings(struct store *s, store_recordings_fn *fn, void *arg)
{
    return load(s, deliver_recordings, (any_fn *)fn, arg, &row_recording, QUERY_OLDEST);
}

status store_load_secrets(struct store *s, store_secrets_fn *fn, void *arg)
{
    return load(s, deliver_secrets, (any_fn *)fn, arg, &row_secret, QUERY_OLDEST);
}

status store_load_dialogs(struct store *s, store_dialogs_fn *fn, void *arg)
{
    return load(s, deliver_dialogs, (any_fn *)fn, arg, &row_dialog, QUERY_OLDEST);
}

status store_load_outbox(struct store *s, store_outbox_fn *fn, void *arg)
{
    return load(s, deliver_outbox, (any_fn *)fn, arg, &row_outbox, QUERY_LANES);
}
