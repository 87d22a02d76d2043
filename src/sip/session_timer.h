/**
 * @file session_timer.h  Session timers of one dialog (RFC 4028): negotiation in both roles, and when to act.
 *
 * Pure: the time is an argument; sending refreshes and BYE is the dialog's. Roles are those of a request: "uac" is who
 * sent it, so a refresher is said anew in each request and response.
 * Thread: one at a time.
 */
#ifndef PARLEY_SIP_SESSION_TIMER_H
#define PARLEY_SIP_SESSION_TIMER_H

#include <stdbool.h>
#include <stdint.h>

enum session_refresher { SESSION_REFRESHER_NONE, SESSION_REFRESHER_UAC, SESSION_REFRESHER_UAS };

/** What a request or a response says about the session timer. */
struct session_offer {
    bool supported;     /**< Supported or Require: timer */
    uint32_t expires_s; /**< Session-Expires; 0 where there is none */
    enum session_refresher refresher;
    uint32_t min_s; /**< Min-SE; 0 where there is none */
};

/** What we want: both in the configuration. */
struct session_policy {
    uint32_t expires_s; /**< proposed, and the most that is agreed to; 0 turns timers off where the peer has none */
    uint32_t min_s;     /**< the least that is agreed to: 90 by RFC 4028 section 4 */
};

struct session_timer {
    uint32_t interval_s; /**< 0: the session does not expire */
    bool we_refresh;
    int64_t refresh_us; /**< when we refresh; INT64_MAX where we do not, or have and wait */
    int64_t expiry_us;  /**< when the session is given up; INT64_MAX where it does not expire */
};

void session_timer_init(struct session_timer *t);

/**
 * Answers a request of the peer (sections 9 and 10).
 *
 * @param[out] reply  Session-Expires and refresher for the 2xx (expires_s 0: none); on false, min_s for the 422
 * @return false where the request must be refused with 422
 */
bool session_timer_answer(const struct session_policy *policy, const struct session_offer *request,
                          struct session_offer *reply);

/** The 2xx with this reply was sent to a request of the peer: the session begins anew. */
void session_timer_answered(struct session_timer *t, const struct session_offer *reply, int64_t now_us);

/** What our own re-INVITE or UPDATE says: the interval and the refresher that stand. */
void session_timer_request(const struct session_timer *t, const struct session_policy *policy,
                           struct session_offer *request);

/** What the INVITE of a call of ours proposes (section 7.1). */
void session_timer_propose(const struct session_policy *policy, struct session_offer *request);

/** A 2xx came to our own re-INVITE or UPDATE: the session begins anew (section 7.2). */
void session_timer_confirmed(struct session_timer *t, const struct session_offer *response, int64_t now_us);

/** The refresh is on its way: only the expiry is waited for until session_timer_confirmed(). */
void session_timer_refreshing(struct session_timer *t);

/** Another try of the refresh at this time. */
void session_timer_postpone(struct session_timer *t, int64_t at_us);

#endif
