/**
 * @file rest_page.h  A page of a list as the API shows it (freeclimb.md, 3.1).
 *
 * Thread: control.
 */
#ifndef PARLEY_REST_REST_PAGE_H
#define PARLEY_REST_REST_PAGE_H

#include "rest/rest_call.h"
#include "store/store_read.h"

/**
 * Answers with a page. nextPageUri carries the query as it was asked, its cursor replaced and last.
 *
 * @param s           what the question came to; other than STATUS_OK it is the answer, and the rest does not count
 * @param collection  name of the array: "conferences"
 * @param items       given
 */
void rest_page_reply(struct rest_call *call, status s, const char *collection, json_t *items,
                     const struct store_page *page);

#endif
