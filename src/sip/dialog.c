#include "sip/dialog.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

enum { US_PER_S = 1000000, US_PER_MS = 1000, TRIES_MAX = 5 };

void dialog_init(struct dialog *d, const struct session_policy *policy, struct rng *rng)
{
    *d = (struct dialog){.policy = *policy, .rng = rng, .ours.retry_us = INT64_MAX, .answer_by_us = INT64_MAX};
    session_timer_init(&d->session);
}

static void forget_forks(struct dialog *d)
{
    for (int i = 0; i < DIALOG_FORKS_MAX; i++)
        free(d->forks[i].sdp);
    memset(d->forks, 0, sizeof d->forks);
}

void dialog_clear(struct dialog *d)
{
    forget_forks(d);
    free(d->ours.sdp);
    free(d->local_sdp);
    free(d->remote_sdp);
    free(d->hangup_reason);
    d->ours.sdp = d->local_sdp = d->remote_sdp = d->hangup_reason = NULL;
}

static struct dialog_effect *add(struct dialog_effects *out, enum dialog_effect_type type)
{
    assert(out->count < DIALOG_EFFECTS_MAX);
    struct dialog_effect *effect = &out->at[out->count++];
    *effect = (struct dialog_effect){.type = type, .retry_after_s = -1};
    return effect;
}

static struct dialog_effect *tell(struct dialog_effects *out, enum signal_type type)
{
    struct dialog_effect *effect = add(out, DIALOG_TELL);
    effect->tell = type;
    return effect;
}

static struct dialog_effect *respond(struct dialog_effects *out, uint32_t transaction, uint32_t code)
{
    struct dialog_effect *effect = add(out, DIALOG_RESPOND);
    effect->transaction = transaction;
    effect->code = code;
    return effect;
}

static void keep(char **kept, const char *text)
{
    char *copy = slice_dup(slice_of(text));
    free(*kept);
    *kept = copy;
}

static void tell_ended(struct dialog *d, struct dialog_effects *out, uint32_t code, const char *reason)
{
    if (d->end_told) return;
    d->end_told = true;
    struct dialog_effect *effect = tell(out, SIGNAL_ENDED);
    effect->code = code;
    effect->reason = reason;
}

static void drop_ours(struct dialog *d)
{
    free(d->ours.sdp);
    d->ours = (struct dialog_ours){.retry_us = INT64_MAX};
}

/** No request stays unanswered when the dialog goes (RFC 3261 section 15.1.2). */
static void close_changes(struct dialog *d, struct dialog_effects *out, bool after_ack)
{
    if (d->reinvite.open) respond(out, d->reinvite.transaction, 487)->after_ack = after_ack;
    if (d->update.open) respond(out, d->update.transaction, 487)->after_ack = after_ack;
    d->reinvite.open = d->update.open = false;
}

static void end(struct dialog *d, struct dialog_effects *out)
{
    close_changes(d, out, false);
    d->state = DIALOG_OVER;
    d->answer_by_us = INT64_MAX;
    drop_ours(d);
    session_timer_init(&d->session);
    add(out, DIALOG_END);
}

static void send_bye(struct dialog *d, struct dialog_effects *out, const char *reason)
{
    close_changes(d, out, false);
    drop_ours(d);
    session_timer_init(&d->session);
    d->state = DIALOG_ENDING;
    d->ours.method = DIALOG_METHOD_BYE;
    struct dialog_effect *effect = add(out, DIALOG_REQUEST);
    effect->method = DIALOG_METHOD_BYE;
    effect->reason = reason;
}

/* The peer's requests. */

static void peer_invite(struct dialog *d, const struct dialog_event *e, struct dialog_effects *out)
{
    struct session_offer reply;
    if (!session_timer_answer(&d->policy, &e->session, &reply)) {
        respond(out, DIALOG_FIRST_INVITE, 422)->session = reply;
        end(d, out);
        return;
    }
    d->invite_session = reply;
    d->supports_100rel = e->supports_100rel || e->requires_100rel;
    d->requires_100rel = e->requires_100rel;
    d->peer_allows_update = e->allows_update;
    d->offer_theirs = e->sdp != NULL;
    d->invite_late = !e->sdp;
    keep(&d->remote_sdp, e->sdp);
    tell(out, SIGNAL_INVITE)->sdp = e->sdp;
    add(out, DIALOG_RECORD);
}

static void peer_cancel(struct dialog *d, const struct dialog_event *e, struct dialog_effects *out)
{
    if (e->transaction == DIALOG_FIRST_INVITE && d->state == DIALOG_PROCEEDING) {
        tell(out, SIGNAL_CANCEL);
        respond(out, DIALOG_FIRST_INVITE, 487)->after_ack = true;
        end(d, out);
    } else if (d->reinvite.open && e->transaction == d->reinvite.transaction) {
        d->reinvite.open = false;
        respond(out, e->transaction, 487);
    }
}

static void peer_ack(struct dialog *d, const struct dialog_event *e, struct dialog_effects *out)
{
    bool first = e->transaction == DIALOG_FIRST_INVITE && d->state == DIALOG_ANSWERED;
    bool late = e->transaction != DIALOG_FIRST_INVITE && e->transaction == d->late_transaction;
    if (!first && !late) return;
    if (first) d->state = DIALOG_CONFIRMED;
    bool answers = d->offer_ours && e->sdp;
    d->offer_ours = false;
    d->late_transaction = 0;
    if (answers) keep(&d->remote_sdp, e->sdp);
    tell(out, SIGNAL_ACK)->sdp = answers ? e->sdp : NULL;
    add(out, DIALOG_RECORD);
    if (d->hangup_waits) send_bye(d, out, d->hangup_reason);
}

static void peer_no_ack(struct dialog *d, struct dialog_effects *out)
{
    if (d->state != DIALOG_ANSWERED && d->state != DIALOG_CONFIRMED) return;
    tell_ended(d, out, 408, "no ACK");
    send_bye(d, out, "no ACK");
}

/** Our 200 may have been said already: the transaction layer holds it back until the PRACK (RFC 3262 section 3). */
static bool awaits_prack(const struct dialog *d)
{
    return d->state == DIALOG_PROCEEDING || d->state == DIALOG_ANSWERED;
}

static void peer_prack(struct dialog *d, const struct dialog_event *e, struct dialog_effects *out)
{
    if (!awaits_prack(d)) return;
    bool answers = d->offer_ours && e->sdp;
    if (answers) {
        d->offer_ours = false;
        keep(&d->remote_sdp, e->sdp);
    }
    tell(out, SIGNAL_PRACK)->sdp = answers ? e->sdp : NULL;
    add(out, DIALOG_RECORD);
}

unsigned dialog_prack_code(const struct dialog *d, bool has_sdp)
{
    return has_sdp && !d->offer_ours ? 488 : 200;
}

static void peer_no_prack(struct dialog *d, struct dialog_effects *out)
{
    if (!awaits_prack(d)) return;
    tell_ended(d, out, 504, "no PRACK");
    respond(out, DIALOG_FIRST_INVITE, 504); /* at once: the transaction layer answers by itself where we do not */
    end(d, out);
}

static void refuse_for_now(struct dialog *d, struct dialog_effects *out, uint32_t transaction)
{
    respond(out, transaction, 500)->retry_after_s = (int)rng_below(d->rng, 11);
}

/** Is an offer of ours without its answer (glare, RFC 3261 section 14.2 and RFC 3311 section 5.2)? */
static bool we_offer(const struct dialog *d)
{
    bool on_the_wire = d->ours.retry_us == INT64_MAX && d->ours.method != DIALOG_NO_METHOD;
    return d->offer_ours || (on_the_wire && (d->ours.method == DIALOG_METHOD_INVITE || d->ours.sdp));
}

static bool they_offer(const struct dialog *d)
{
    return d->offer_theirs || d->reinvite.open || (d->update.open && d->update.offers);
}

/** Whether an UPDATE has changed this early session, or is about to: it is newer than any answer to our INVITE. */
static bool is_updated(const struct dialog *d, uint32_t fork)
{
    bool pending = d->update.open && d->update.offers && d->update.fork == fork;
    return pending || d->forks[fork].updated;
}

/** parleyd has one session: that of the early dialog which was updated, until another one answers for good. */
static bool another_is_updated(const struct dialog *d, uint32_t fork)
{
    for (uint32_t i = 0; i < DIALOG_FORKS_MAX; i++) {
        if (i != fork && is_updated(d, i)) return true;
    }
    return false;
}

/** RFC 3311 section 5.1: an early dialog offers only once its own answer to our INVITE stands. */
static bool lacks_answer(const struct dialog *d, uint32_t fork)
{
    bool answered = fork < DIALOG_FORKS_MAX && d->forks[fork].answered;
    return d->state == DIALOG_CALLING && !answered;
}

static bool is_going(const struct dialog *d)
{
    return d->state == DIALOG_CANCELLING || d->state == DIALOG_ENDING || d->state == DIALOG_OVER;
}

static void peer_modifies(struct dialog *d, const struct dialog_event *e, struct dialog_effects *out)
{
    bool invite = e->type == DIALOG_PEER_REINVITE;
    struct dialog_open *open = invite ? &d->reinvite : &d->update;
    bool offers = invite || e->sdp;
    bool before_answer = d->state == DIALOG_PROCEEDING || d->state == DIALOG_CALLING;
    bool taken = they_offer(d) || (d->state == DIALOG_CALLING && another_is_updated(d, e->fork));
    struct session_offer reply;
    if (is_going(d)) {
        respond(out, e->transaction, 481);
    } else if (offers && (we_offer(d) || lacks_answer(d, e->fork))) {
        respond(out, e->transaction, 491);
    } else if (open->open || (offers && taken) || (invite && before_answer)) {
        refuse_for_now(d, out, e->transaction);
    } else if (!session_timer_answer(&d->policy, &e->session, &reply)) {
        respond(out, e->transaction, 422)->session = reply;
    } else {
        *open = (struct dialog_open){true, e->transaction, e->fork, e->sdp != NULL, reply};
        if (e->allows_update) d->peer_allows_update = true;
        if (e->sdp) keep(&d->remote_sdp, e->sdp);
        struct dialog_effect *effect = tell(out, invite ? SIGNAL_REINVITE : SIGNAL_UPDATE);
        effect->transaction = e->transaction;
        effect->sdp = e->sdp;
        add(out, DIALOG_RECORD);
    }
}

static void peer_info(struct dialog *d, const struct dialog_event *e, struct dialog_effects *out)
{
    if (is_going(d)) {
        respond(out, e->transaction, 481);
        return;
    }
    struct dialog_effect *effect = tell(out, SIGNAL_INFO);
    effect->content_type = e->content_type;
    effect->body = e->body;
    respond(out, e->transaction, 200)->after_ack = true;
}

static void give_up_dial(struct dialog *d, struct dialog_effects *out)
{
    close_changes(d, out, false);
    d->state = DIALOG_CANCELLING;
    d->answer_by_us = INT64_MAX;
    session_timer_init(&d->session); /* an early UPDATE may have started it */
    add(out, DIALOG_SEND_CANCEL);
}

static void peer_bye(struct dialog *d, const struct dialog_event *e, struct dialog_effects *out)
{
    if (d->state == DIALOG_OVER) {
        respond(out, e->transaction, 481);
    } else if (d->state == DIALOG_CALLING) {
        /* It overtook the 200, or it is a callee that refuses by BYE: the INVITE gets its final response either way. */
        d->end_told = true;
        tell(out, SIGNAL_BYE);
        respond(out, e->transaction, 200)->after_ack = true;
        give_up_dial(d, out);
    } else if (d->state == DIALOG_ENDING || d->state == DIALOG_CANCELLING) {
        respond(out, e->transaction, 200); /* BYEs crossed: parleyd hears of the end from our own */
    } else {
        d->end_told = true;
        tell(out, SIGNAL_BYE);
        respond(out, e->transaction, 200)->after_ack = true;
        if (d->state == DIALOG_PROCEEDING) respond(out, DIALOG_FIRST_INVITE, 487)->after_ack = true;
        close_changes(d, out, true);
        end(d, out);
    }
}

/* Our requests. */

static void send_ours(struct dialog *d, struct dialog_effects *out)
{
    d->ours.retry_us = INT64_MAX;
    d->ours.tries++;
    struct dialog_effect *effect = add(out, DIALOG_REQUEST);
    effect->method = d->ours.method;
    effect->sdp = d->ours.sdp;
    session_timer_request(&d->session, &d->policy, &effect->session);
    session_timer_refreshing(&d->session);
}

static void tell_response(struct dialog_effects *out, uint32_t transaction, uint32_t code, const char *reason,
                          const char *sdp)
{
    struct dialog_effect *effect = tell(out, SIGNAL_RESPONSE);
    effect->transaction = transaction;
    effect->code = code;
    effect->reason = reason;
    effect->sdp = sdp;
}

static void send_modify(struct dialog *d, const struct dialog_event *e, struct dialog_effects *out)
{
    if (is_going(d)) {
        tell_response(out, e->transaction, 481, "the call is over", NULL);
    } else if (d->state != DIALOG_CONFIRMED || d->ours.method != DIALOG_NO_METHOD || they_offer(d) || d->offer_ours) {
        tell_response(out, e->transaction, 491, "another exchange is going on", NULL);
    } else {
        d->ours = (struct dialog_ours){DIALOG_METHOD_INVITE, e->transaction, NULL, INT64_MAX, 0};
        keep(&d->ours.sdp, e->sdp ? e->sdp : d->local_sdp);
        send_ours(d, out);
    }
}

static void refresh(struct dialog *d, int64_t now_us, struct dialog_effects *out)
{
    if (d->ours.method != DIALOG_NO_METHOD || they_offer(d) || d->offer_ours || d->state != DIALOG_CONFIRMED) {
        session_timer_postpone(&d->session, now_us + US_PER_S / 2);
        return;
    }
    bool update = d->peer_allows_update;
    d->ours = (struct dialog_ours){update ? DIALOG_METHOD_UPDATE : DIALOG_METHOD_INVITE, 0, NULL, INT64_MAX, 0};
    if (!update) keep(&d->ours.sdp, d->local_sdp);
    send_ours(d, out);
}

static void ours_done(struct dialog *d, const struct dialog_event *e, int64_t now_us, struct dialog_effects *out)
{
    bool changed = e->sdp && (!d->remote_sdp || strcmp(e->sdp, d->remote_sdp) != 0);
    uint32_t transaction = d->ours.transaction;
    if (e->method == DIALOG_METHOD_INVITE) add(out, DIALOG_SEND_ACK);
    session_timer_confirmed(&d->session, &e->session, now_us);
    if (e->sdp) keep(&d->remote_sdp, e->sdp);
    if (d->ours.sdp) keep(&d->local_sdp, d->ours.sdp);
    drop_ours(d);
    if (transaction != 0 || changed) tell_response(out, transaction, e->code, e->reason, e->sdp);
    add(out, DIALOG_RECORD);
    if (d->hangup_waits) send_bye(d, out, d->hangup_reason);
}

/** RFC 3261 section 14.1: who owns the Call-ID waits 2.1 to 4 s, the other 0 to 2 s, in steps of 10 ms. */
static int64_t glare_wait_us(struct dialog *d)
{
    uint32_t steps = d->we_called ? 210 + rng_below(d->rng, 191) : rng_below(d->rng, 201);
    return (int64_t)steps * 10 * US_PER_MS;
}

static void ours_lost(struct dialog *d, const struct dialog_event *e, struct dialog_effects *out)
{
    uint32_t transaction = d->ours.transaction;
    if (transaction != 0) tell_response(out, transaction, e->code, e->reason, NULL);
    tell_ended(d, out, e->code, e->code == 408 ? "no response" : "the peer knows the call no more");
    send_bye(d, out, NULL);
}

static void ours_refused(struct dialog *d, const struct dialog_event *e, int64_t now_us, struct dialog_effects *out)
{
    bool again = d->ours.tries < TRIES_MAX;
    if (e->code == 491 && again) {
        d->ours.retry_us = now_us + glare_wait_us(d);
    } else if (e->code == 422 && again && e->session.min_s > d->policy.min_s) {
        d->policy.min_s = e->session.min_s;
        send_ours(d, out);
    } else if (d->ours.method == DIALOG_METHOD_UPDATE && (e->code == 405 || e->code == 501)) {
        d->peer_allows_update = false;
        drop_ours(d);
        refresh(d, now_us, out);
    } else {
        uint32_t transaction = d->ours.transaction;
        bool was_refresh = transaction == 0;
        drop_ours(d);
        if (was_refresh)
            session_timer_postpone(&d->session, now_us + 5 * US_PER_S);
        else
            tell_response(out, transaction, e->code, e->reason, NULL);
    }
}

/* A call of ours, until its final response. */

enum { DIAL_TIMEOUT_S = 30 };

static void send_invite(struct dialog *d, struct dialog_effects *out)
{
    d->dial_tries++;
    struct dialog_effect *effect = add(out, DIALOG_REQUEST);
    effect->method = DIALOG_METHOD_INVITE;
    effect->sdp = d->local_sdp;
    session_timer_propose(&d->policy, &effect->session);
}

static void send_dial(struct dialog *d, const struct dialog_event *e, int64_t now_us, struct dialog_effects *out)
{
    if (d->state != DIALOG_PROCEEDING) return;
    d->state = DIALOG_CALLING;
    d->we_called = d->offer_ours = true;
    d->answer_by_us = now_us + (int64_t)(e->timeout_s > 0 ? e->timeout_s : DIAL_TIMEOUT_S) * US_PER_S;
    if (e->sdp) {
        keep(&d->local_sdp, e->sdp);
        send_invite(d, out);
    } else {
        add(out, DIALOG_LOCATE);
    }
    add(out, DIALOG_RECORD);
}

static void send_offer(struct dialog *d, const struct dialog_event *e, struct dialog_effects *out)
{
    if (d->state != DIALOG_CALLING || d->dial_tries > 0) return;
    keep(&d->local_sdp, e->sdp);
    send_invite(d, out);
}

static void cancel_dial(struct dialog *d, struct dialog_effects *out, uint32_t code, const char *reason)
{
    tell_ended(d, out, code, reason);
    give_up_dial(d, out);
}

/** RFC 3261 section 13.2.1: an unreliable answer is a preview of the one in the 200; a reliable one stands. */
static void peer_progress(struct dialog *d, const struct dialog_event *e, struct dialog_effects *out)
{
    if (d->state != DIALOG_CALLING && d->state != DIALOG_CANCELLING) return;
    if (e->reliable) add(out, DIALOG_SEND_PRACK);
    if (d->state == DIALOG_CANCELLING) return;
    struct dialog_fork *fork = &d->forks[e->fork % DIALOG_FORKS_MAX];
    bool news = e->sdp && !fork->answered && (!fork->sdp || strcmp(fork->sdp, e->sdp) != 0);
    bool told = news && !another_is_updated(d, (uint32_t)(fork - d->forks));
    if (e->allows_update) fork->update = true;
    if (news) keep(&fork->sdp, e->sdp);
    if (e->sdp && e->reliable) {
        fork->answered = true;
        d->offer_ours = false;
    }
    struct dialog_effect *effect = tell(out, SIGNAL_PROGRESS);
    effect->code = e->code;
    effect->reason = e->reason;
    effect->sdp = told ? e->sdp : NULL;
    effect->reliable = e->reliable;
}

static void dial_answered(struct dialog *d, const struct dialog_event *e, int64_t now_us, struct dialog_effects *out)
{
    struct dialog_fork *fork = &d->forks[e->fork % DIALOG_FORKS_MAX];
    const char *sdp = e->sdp && !fork->answered ? e->sdp : fork->sdp;
    bool updated = is_updated(d, (uint32_t)(fork - d->forks));
    bool agreed = sdp != NULL;
    add(out, DIALOG_SEND_ACK);
    d->answer_by_us = INT64_MAX;
    d->offer_ours = false;
    d->state = DIALOG_CONFIRMED;
    d->peer_allows_update = d->peer_allows_update || e->allows_update || fork->update;
    if (sdp && !updated) keep(&d->remote_sdp, sdp);
    forget_forks(d);
    if (!agreed) {
        tell_ended(d, out, 488, "no answer to our offer");
        send_bye(d, out, "no answer to our offer");
        return;
    }
    session_timer_confirmed(&d->session, &e->session, now_us);
    struct dialog_effect *effect = tell(out, SIGNAL_ANSWER);
    effect->code = e->code;
    effect->sdp = updated ? NULL : d->remote_sdp; /* what is agreed since is no answer to our offer */
    add(out, DIALOG_RECORD);
}

static void dial_response(struct dialog *d, const struct dialog_event *e, int64_t now_us, struct dialog_effects *out)
{
    if (e->code < 300 && d->state == DIALOG_CALLING) {
        dial_answered(d, e, now_us, out);
    } else if (e->code < 300) { /* it crossed our CANCEL */
        add(out, DIALOG_SEND_ACK);
        send_bye(d, out, d->hangup_reason);
    } else if (e->code == 422 && d->state == DIALOG_CALLING && d->dial_tries < TRIES_MAX &&
               e->session.min_s > d->policy.min_s) {
        d->policy.min_s = e->session.min_s;
        send_invite(d, out);
    } else {
        tell_ended(d, out, e->code, e->reason ? e->reason : "failed");
        end(d, out);
    }
}

static void peer_response(struct dialog *d, const struct dialog_event *e, int64_t now_us, struct dialog_effects *out)
{
    if (e->method == DIALOG_METHOD_INVITE && (d->state == DIALOG_CALLING || d->state == DIALOG_CANCELLING)) {
        dial_response(d, e, now_us, out);
    } else if (e->method != d->ours.method) {
        if (e->method == DIALOG_METHOD_INVITE && e->code < 300) add(out, DIALOG_SEND_ACK); /* given up meanwhile */
    } else if (e->method == DIALOG_METHOD_BYE) {
        tell_ended(d, out, e->code, "hung up");
        end(d, out);
    } else if (e->code < 300) {
        ours_done(d, e, now_us, out);
    } else if (e->code == 481 || e->code == 408) {
        ours_lost(d, e, out);
    } else {
        ours_refused(d, e, now_us, out);
    }
}

/* What parleyd says. */

static void send_progress(struct dialog *d, const struct dialog_event *e, struct dialog_effects *out)
{
    if (d->state != DIALOG_PROCEEDING || e->code <= 100 || e->code >= 200) return;
    struct dialog_effect *effect = respond(out, DIALOG_FIRST_INVITE, e->code);
    effect->reason = e->reason;
    effect->reliable = d->requires_100rel || (e->reliable && d->supports_100rel);
    bool may_carry = e->sdp && !d->answered_early && (d->offer_theirs || effect->reliable);
    if (!may_carry) return; /* an offer travels reliably, and an exchange that is complete is not repeated */
    effect->sdp = e->sdp;
    if (!effect->reliable) return;
    keep(&d->local_sdp, e->sdp);
    d->answered_early = true;
    d->offer_ours = !d->offer_theirs;
    d->offer_theirs = false;
    add(out, DIALOG_RECORD);
}

static void send_reject(struct dialog *d, const struct dialog_event *e, struct dialog_effects *out)
{
    if (d->state != DIALOG_PROCEEDING) return;
    struct dialog_effect *effect = respond(out, DIALOG_FIRST_INVITE, e->code < 300 ? 500 : e->code);
    effect->reason = e->reason;
    effect->headers = e->headers;
    end(d, out);
}

static void send_answer(struct dialog *d, const struct dialog_event *e, int64_t now_us, struct dialog_effects *out)
{
    if (d->state != DIALOG_PROCEEDING) return;
    if (!e->sdp && !d->answered_early) {
        tell_ended(d, out, 500, "an answer without SDP");
        send_reject(d, e, out);
        return;
    }
    struct dialog_effect *effect = respond(out, DIALOG_FIRST_INVITE, 200);
    effect->session = d->invite_session;
    if (!d->answered_early) {
        effect->sdp = e->sdp;
        keep(&d->local_sdp, e->sdp);
        d->offer_ours = d->invite_late;
    }
    d->offer_theirs = false;
    d->state = DIALOG_ANSWERED;
    session_timer_answered(&d->session, &d->invite_session, now_us);
    add(out, DIALOG_RECORD);
}

/** What the peer has just changed makes our own waiting offer stale: parleyd may make a new one. */
static void give_up_retry(struct dialog *d, struct dialog_effects *out)
{
    if (d->ours.retry_us == INT64_MAX) return;
    uint32_t transaction = d->ours.transaction;
    drop_ours(d);
    if (transaction != 0) tell_response(out, transaction, 491, "the peer changed the session first", NULL);
}

static void send_accept(struct dialog *d, const struct dialog_event *e, int64_t now_us, struct dialog_effects *out)
{
    bool invite = d->reinvite.open && d->reinvite.transaction == e->transaction;
    struct dialog_open *open = invite ? &d->reinvite : &d->update;
    if (!open->open || open->transaction != e->transaction) return;
    struct dialog_effect *effect = respond(out, e->transaction, 200);
    bool carries = invite || open->offers; /* an UPDATE without an offer gets no answer */
    effect->sdp = carries ? e->sdp : NULL;
    effect->session = open->session;
    if (carries && e->sdp) keep(&d->local_sdp, e->sdp);
    if (d->state == DIALOG_CALLING && open->offers) d->forks[open->fork].updated = true;
    if (invite && !open->offers) {
        d->offer_ours = true;
        d->late_transaction = e->transaction;
    }
    open->open = false;
    if (carries) give_up_retry(d, out);
    session_timer_answered(&d->session, &open->session, now_us);
    add(out, DIALOG_RECORD);
}

static void send_refuse(struct dialog *d, const struct dialog_event *e, struct dialog_effects *out)
{
    struct dialog_open *open =
        d->reinvite.open && d->reinvite.transaction == e->transaction ? &d->reinvite : &d->update;
    if (!open->open || open->transaction != e->transaction) return;
    open->open = false;
    struct dialog_effect *effect = respond(out, e->transaction, e->code < 300 ? 488 : e->code);
    effect->reason = e->reason;
    effect->headers = e->headers;
}

static void send_hangup(struct dialog *d, const struct dialog_event *e, struct dialog_effects *out)
{
    keep(&d->hangup_reason, e->reason);
    if (d->state == DIALOG_CALLING) {
        cancel_dial(d, out, 487, "hung up");
    } else if (d->state == DIALOG_PROCEEDING) {
        uint32_t code = e->code >= 300 ? e->code : 480;
        respond(out, DIALOG_FIRST_INVITE, code)->headers = e->headers;
        tell_ended(d, out, code, "hung up");
        end(d, out);
    } else if (d->state == DIALOG_ANSWERED) {
        d->hangup_waits = true;
    } else if (d->state == DIALOG_CONFIRMED) {
        send_bye(d, out, d->hangup_reason);
    }
}

static void apply_peer(struct dialog *d, const struct dialog_event *e, int64_t now_us, struct dialog_effects *out)
{
    switch (e->type) {
    case DIALOG_PEER_INVITE: peer_invite(d, e, out); break;
    case DIALOG_PEER_CANCEL: peer_cancel(d, e, out); break;
    case DIALOG_PEER_ACK: peer_ack(d, e, out); break;
    case DIALOG_PEER_NO_ACK: peer_no_ack(d, out); break;
    case DIALOG_PEER_PRACK: peer_prack(d, e, out); break;
    case DIALOG_PEER_NO_PRACK: peer_no_prack(d, out); break;
    case DIALOG_PEER_REINVITE:
    case DIALOG_PEER_UPDATE: peer_modifies(d, e, out); break;
    case DIALOG_PEER_INFO: peer_info(d, e, out); break;
    case DIALOG_PEER_BYE: peer_bye(d, e, out); break;
    case DIALOG_PEER_PROGRESS: peer_progress(d, e, out); break;
    case DIALOG_PEER_RESPONSE: peer_response(d, e, now_us, out); break;
    default: break;
    }
}

void dialog_apply(struct dialog *d, const struct dialog_event *e, int64_t now_us, struct dialog_effects *out)
{
    out->count = 0;
    switch (e->type) {
    case DIALOG_SEND_DIAL: send_dial(d, e, now_us, out); break;
    case DIALOG_SEND_OFFER: send_offer(d, e, out); break;
    case DIALOG_SEND_PROGRESS: send_progress(d, e, out); break;
    case DIALOG_SEND_ANSWER: send_answer(d, e, now_us, out); break;
    case DIALOG_SEND_REJECT: send_reject(d, e, out); break;
    case DIALOG_SEND_ACCEPT: send_accept(d, e, now_us, out); break;
    case DIALOG_SEND_REFUSE: send_refuse(d, e, out); break;
    case DIALOG_SEND_MODIFY: send_modify(d, e, out); break;
    case DIALOG_SEND_HANGUP: send_hangup(d, e, out); break;
    default: apply_peer(d, e, now_us, out); break;
    }
}

int64_t dialog_deadline(const struct dialog *d)
{
    int64_t at = d->ours.retry_us;
    if (d->session.refresh_us < at) at = d->session.refresh_us;
    if (d->session.expiry_us < at) at = d->session.expiry_us;
    if (d->answer_by_us < at) at = d->answer_by_us;
    return at;
}

/** The wait after a 491 is over. */
static void retry(struct dialog *d, int64_t now_us, struct dialog_effects *out)
{
    if (they_offer(d) || d->offer_ours)
        d->ours.retry_us = now_us + glare_wait_us(d);
    else
        send_ours(d, out);
}

void dialog_expire(struct dialog *d, int64_t now_us, struct dialog_effects *out)
{
    out->count = 0;
    if (now_us >= d->answer_by_us) {
        cancel_dial(d, out, 408, "no answer");
        return;
    }
    if (now_us >= d->session.expiry_us && d->state == DIALOG_CALLING) {
        cancel_dial(d, out, 408, "session expired");
        return;
    }
    if (now_us >= d->session.expiry_us) {
        tell_ended(d, out, 408, "session expired");
        if (d->state == DIALOG_ANSWERED)
            d->hangup_waits = true;
        else
            send_bye(d, out, "session expired");
        session_timer_init(&d->session);
        return;
    }
    if (now_us >= d->ours.retry_us) retry(d, now_us, out);
    if (now_us >= d->session.refresh_us) refresh(d, now_us, out);
}
