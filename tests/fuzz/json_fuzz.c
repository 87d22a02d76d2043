/**
 * @file json_fuzz.c  Any bytes as the JSON body of each REST resource: taken or refused with a reason, never more.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "rest/rest_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int truth)
{
    if (!truth) abort();
}

static status check_url(void *arg, const char *url, char why[FETCH_WHY_SIZE])
{
    const struct fetch_guard guard = {0};
    (void)arg;
    return fetch_guard_url(&guard, slice_of(url), why);
}

static void demand_reason(status s, const struct rest_fault *fault)
{
    if (s == STATUS_OK) return;
    demand(fault->member != NULL && fault->why[0] != '\0' && memchr(fault->why, '\0', sizeof fault->why) != NULL);
}

static void try_calls(const json_t *body)
{
    struct rest_fault fault = {0};
    struct rest_call_options options;
    struct rest_announcement announcement;
    enum rest_call_change change;
    status s = rest_input_call(&options, body, check_url, NULL, &fault);
    demand_reason(s, &fault);
    if (s == STATUS_OK) demand(options.from && options.to && options.timeout_s > 0);
    s = rest_input_announcement(&announcement, body, check_url, NULL, &fault);
    demand_reason(s, &fault);
    if (s == STATUS_OK) demand(!announcement.text != !announcement.file);
    demand_reason(rest_input_call_update(&change, body, &fault), &fault);
}

static void try_rows(const json_t *body)
{
    struct rest_fault fault = {0};
    struct store_account account = {0};
    struct store_application application = {0};
    struct store_number number = {0};
    demand_reason(rest_input_account(&account, body, &fault), &fault);
    demand_reason(rest_input_application(&application, body, check_url, NULL, &fault), &fault);
    demand_reason(rest_input_number(&number, body, &fault), &fault);
    status s = rest_input_new_number(&number, body, &fault);
    demand_reason(s, &fault);
    if (s == STATUS_OK) demand(number.number && number.number[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rest_fault fault = {0};
    struct conference_options options;
    struct conference_event events[REST_UPDATE_EVENTS], event = {0};
    size_t count = 0;
    json_t *body;
    status s = rest_input_parse(&body, (struct slice){(const char *)data, size}, &fault);
    demand_reason(s, &fault);
    if (s != STATUS_OK) return 0;
    s = rest_input_conference(&options, body, check_url, NULL, &fault);
    demand_reason(s, &fault);
    if (s == STATUS_OK) demand(conference_alias_valid(options.alias));
    s = rest_input_conference_update(events, &count, body, &fault);
    demand_reason(s, &fault);
    demand(count <= REST_UPDATE_EVENTS);
    demand_reason(rest_input_participant(&event, body, &fault), &fault);
    try_calls(body);
    try_rows(body);
    json_decref(body);
    return 0;
}
