/**
 * @file conference_row.h  Between the state machine's struct conference and its row, and its webhooks' bodies.
 *
 * Thread: any; pure.
 */
#ifndef PARLEY_DAEMON_CONFERENCE_ROW_H
#define PARLEY_DAEMON_CONFERENCE_ROW_H

#include "base/status.h"
#include "conf/conference.h"
#include "store/store_rows.h"

/** The row; its texts are borrowed from the conference. */
struct store_conference conference_row(const struct conference *c);

/** A conference without participants from its row. @return STATUS_OK; STATUS_INVALID (a word of it); STATUS_NO_MEMORY
 */
MUST_CHECK status conference_from_row(struct conference **out, const struct store_conference *row);

/** What a webhook says of a recording; an empty id: nothing, its members are null. */
struct recording_facts {
    id_text id;
    const char *url; /**< capability URL; NULL while there is nothing to fetch */
    uint64_t duration_ms;
};

/**
 * The body of conferenceStatus or conferenceRecordingStatus (freeclimb.md, section 6), owned by the caller.
 * @return NULL where memory is short
 */
char *conference_status_body(const char *request_type, const struct conference *c, enum conference_status state,
                             const struct recording_facts *recording);

#endif
