#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "os/random.h"
#include "rest/rest_commit.h"
#include "rest/rest_match.h"
#include "rest/rest_page.h"
#include "rest/rest_query.h"
#include "rest/rest_routes.h"
#include "rest/rest_views.h"

enum { NUMBER_TEXT_SIZE = CONFERENCE_ALIAS_SIZE };

/*
 * A new number and a changed one go the same way: the row as it was is read (or begun), the body laid over it, its
 * application looked up, and the row stored.
 */
static void put(struct rest_call *call, const struct store_number *row, int http)
{
    struct store_tx *tx = rest_begin(call);
    if (!tx) return;
    if (row->revision > 1) store_expect_number(tx, row->id, row->revision - 1);
    store_put_number(tx, row);
    rest_commit(call, tx, http, rest_view_number(row));
}

struct change {
    struct rest_call *call;
    struct store_number row; /* owned */
    int http;
};

static void on_application(void *arg, status s, const struct store_application *rows, size_t count,
                           const struct store_page *page)
{
    struct change *change = arg;
    (void)rows;
    (void)page;
    if (s == STATUS_OK && count == 1)
        put(change->call, &change->row, change->http);
    else if (s == STATUS_OK || s == STATUS_NOT_FOUND)
        rest_fail_member(change->call, "applicationId", "There is no such application");
    else
        rest_fail_status(change->call, s);
    store_number_clear(&change->row);
    free(change);
}

static void check_application(struct rest_call *call, const struct store_number *row, int http)
{
    struct change *change = calloc(1, sizeof *change);
    if (!change || store_number_copy(&change->row, row) != STATUS_OK) {
        free(change);
        rest_fail_status(call, STATUS_NO_MEMORY);
        return;
    }
    change->call = call;
    change->http = http;
    status s = store_get_application(call->rest->store, call->account, row->application, on_application, change);
    if (s == STATUS_OK) return;
    store_number_clear(&change->row);
    free(change);
    rest_fail_status(call, s);
}

static void check(struct rest_call *call, const struct store_number *row, int http)
{
    if (row->application[0] && json_object_get(call->body, "applicationId"))
        check_application(call, row, http);
    else
        put(call, row, http);
}

void rest_numbers_create(struct rest_call *call)
{
    struct rest_fault fault;
    struct store_number row = {.revision = 1, .voice_enabled = true, .created_unix_ms = clock_unix_ms()};
    row.updated_unix_ms = row.created_unix_ms;
    random_id(row.id, "PN");
    strcpy(row.account, call->account);
    if (rest_input_new_number(&row, call->body, &fault) == STATUS_OK)
        check(call, &row, 201);
    else
        rest_fail_input(call, &fault);
}

static void on_list(void *arg, status s, const struct store_number *rows, size_t count, const struct store_page *page)
{
    struct rest_call *call = arg;
    json_t *items = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(items, rest_view_number(&rows[i]));
    rest_page_reply(call, s, "incomingPhoneNumbers", items, page);
}

struct texts {
    char number[NUMBER_TEXT_SIZE], alias[NUMBER_TEXT_SIZE], region[NUMBER_TEXT_SIZE], country[NUMBER_TEXT_SIZE];
    char application[ID_SIZE];
};

static bool read_texts(struct rest_call *call, struct store_number_filter *filter, struct texts *texts)
{
    if (!rest_query_text(call, "phoneNumber", texts->number, sizeof texts->number)) return false;
    if (!rest_query_text(call, "alias", texts->alias, sizeof texts->alias)) return false;
    if (!rest_query_text(call, "region", texts->region, sizeof texts->region)) return false;
    if (!rest_query_text(call, "country", texts->country, sizeof texts->country)) return false;
    if (!rest_query_text(call, "applicationId", texts->application, sizeof texts->application)) return false;
    filter->number = texts->number;
    filter->alias = texts->alias;
    filter->region = texts->region;
    filter->country = texts->country;
    filter->application = texts->application;
    return true;
}

void rest_numbers_list(struct rest_call *call)
{
    struct store_number_filter filter = {.account = call->account};
    struct texts texts;
    char cursor[STORE_CURSOR_SIZE];
    if (!read_texts(call, &filter, &texts)) return;
    if (!rest_query_wanted(call, "hasApplication", &filter.has_application)) return;
    if (!rest_query_wanted(call, "voiceEnabled", &filter.voice_enabled)) return;
    if (!rest_query_wanted(call, "smsEnabled", &filter.sms_enabled)) return;
    if (!rest_query_paging(call, &filter.paging, cursor)) return;
    rest_fail_list(call, store_list_numbers(call->rest->store, &filter, on_list, call));
}

static void get_row(struct rest_call *call, store_numbers_fn *fn)
{
    status s = store_get_number(call->rest->store, call->account, call->parameters[0], fn, call);
    if (s != STATUS_OK) rest_fail_status(call, s);
}

static void on_get(void *arg, status s, const struct store_number *rows, size_t count, const struct store_page *page)
{
    struct rest_call *call = arg;
    (void)page;
    if (rest_found(call, s, count)) rest_reply(call, 200, rest_view_number(rows));
}

void rest_numbers_get(struct rest_call *call)
{
    get_row(call, on_get);
}

static void on_update(void *arg, status s, const struct store_number *rows, size_t count, const struct store_page *page)
{
    struct rest_call *call = arg;
    struct rest_fault fault;
    (void)page;
    if (!rest_found(call, s, count) || !rest_match(call, rows->revision)) return;
    struct store_number row = *rows;
    row.revision++;
    row.updated_unix_ms = clock_unix_ms();
    if (rest_input_number(&row, call->body, &fault) == STATUS_OK)
        check(call, &row, 200);
    else
        rest_fail_input(call, &fault);
}

void rest_numbers_update(struct rest_call *call)
{
    get_row(call, on_update);
}

static void on_delete(void *arg, status s, const struct store_number *rows, size_t count, const struct store_page *page)
{
    struct rest_call *call = arg;
    (void)page;
    if (!rest_found(call, s, count) || !rest_match(call, rows->revision)) return;
    struct store_tx *tx = rest_begin(call);
    if (!tx) return;
    store_expect_number(tx, rows->id, rows->revision);
    store_delete_number(tx, rows->id);
    rest_commit(call, tx, 204, NULL);
}

void rest_numbers_delete(struct rest_call *call)
{
    get_row(call, on_delete);
}
