#include "sip/session_timer.h"

enum { US_PER_S = 1000000 };

void session_timer_init(struct session_timer *t)
{
    *t = (struct session_timer){.refresh_us = INT64_MAX, .expiry_us = INT64_MAX};
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

bool session_timer_answer(const struct session_policy *policy, const struct session_offer *request,
                          struct session_offer *reply)
{
    uint32_t least_s = larger(policy->min_s, request->min_s);
    *reply = (struct session_offer){.supported = true};
    if (request->expires_s > 0 && request->expires_s < policy->min_s && request->supported) {
        reply->min_s = least_s;
        return false;
    }
    /* One who knows no session timer cannot refuse ours either; it is asked nothing, and left without (section 9). */
    if (!request->supported && request->expires_s == 0) return true;
    if (request->expires_s == 0 && policy->expires_s == 0) return true;
    uint32_t want_s = request->expires_s > 0 ? request->expires_s : policy->expires_s;
    if (policy->expires_s > 0 && want_s > policy->expires_s) want_s = policy->expires_s;
    reply->expires_s = larger(want_s, least_s);
    bool by_uac = request->supported && request->expires_s > 0 && request->refresher == SESSION_REFRESHER_UAC;
    reply->refresher = by_uac ? SESSION_REFRESHER_UAC : SESSION_REFRESHER_UAS;
    return true;
}

static void begin(struct session_timer *t, uint32_t interval_s, bool we_refresh, int64_t now_us)
{
    session_timer_init(t);
    t->interval_s = interval_s;
    t->we_refresh = we_refresh;
    if (interval_s == 0) return;
    /* Section 10: BYE before the expiry by the smaller of 32 s and a third of the interval. */
    uint32_t margin_s = interval_s / 3 < 32 ? interval_s / 3 : 32;
    t->expiry_us = now_us + (int64_t)(interval_s - margin_s) * US_PER_S;
    if (we_refresh) t->refresh_us = now_us + (int64_t)interval_s * US_PER_S / 2;
}

void session_timer_answered(struct session_timer *t, const struct session_offer *reply, int64_t now_us)
{
    begin(t, reply->expires_s, reply->refresher == SESSION_REFRESHER_UAS, now_us);
}

void session_timer_request(const struct session_timer *t, const struct session_policy *policy,
                           struct session_offer *request)
{
    *request = (struct session_offer){.supported = true, .min_s = policy->min_s};
    if (t->interval_s == 0) return;
    request->expires_s = larger(t->interval_s, policy->min_s);
    request->refresher = t->we_refresh ? SESSION_REFRESHER_UAC : SESSION_REFRESHER_UAS;
}

void session_timer_propose(const struct session_policy *policy, struct session_offer *request)
{
    *request = (struct session_offer){.supported = true, .min_s = policy->min_s};
    if (policy->expires_s > 0) request->expires_s = larger(policy->expires_s, policy->min_s);
}

void session_timer_confirmed(struct session_timer *t, const struct session_offer *response, int64_t now_us)
{
    if (response->expires_s > 0) {
        begin(t, response->expires_s, response->refresher != SESSION_REFRESHER_UAS, now_us);
    } else {
        /* The peer keeps no timer; ours goes on, and then refreshing is on us. */
        begin(t, t->interval_s, true, now_us);
    }
}

void session_timer_refreshing(struct session_timer *t)
{
    t->refresh_us = INT64_MAX;
}

void session_timer_postpone(struct session_timer *t, int64_t at_us)
{
    if (t->interval_s > 0) t->refresh_us = at_us;
}
