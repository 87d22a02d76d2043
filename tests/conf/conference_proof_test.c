/**
 * @file conference_proof_test.c  Every short sequence of events, against an oracle that only knows the history.
 *
 * Two walks, depth first. The thorough one applies every event everywhere, refused and useless ones included. The deep
 * one goes further by two true remarks: an event that is refused or changes nothing leaves the very same conference
 * (that is checked), so what can follow it was walked already; and callers who have not been seen yet are alike. What
 * the effects do is found out by carrying them out on a desk: a model of the engine with three legs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conf/conference.h"
#include "conference_oracle.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { THOROUGH_DEPTH = 3, DEEP_DEPTH = 5 };
#else
enum { THOROUGH_DEPTH = 4, DEEP_DEPTH = 6 };
#endif

enum { MOVES_MAX = 64, NO_CALLER = -1, MS_PER_EVENT = 1000, LOUDER_DB = 6 };

/* ---- The alphabet: what can happen, in the words of both sides ---- */

struct move {
    const char *name;
    int caller;
    struct conference_event event;
    struct oracle_event deed;
};

static const char *const calls[ORACLE_CALLERS] = {"CA0", "CA1", "CA2"};

static void add_join(struct move *m, int caller, const char *name, unsigned rights, bool moderator)
{
    *m = (struct move){
        name, caller, {.type = CONFERENCE_JOIN, .call = calls[caller]}, {.deed = DEED_JOIN, .caller = caller}};
    m->event.talk = rights & RIGHT_TALK;
    m->event.listen = rights & RIGHT_LISTEN;
    m->event.dtmf = rights & RIGHT_DIGITS;
    m->event.start = m->deed.moderator = moderator;
    m->deed.rights = rights;
}

static void add_caller_move(struct move *m, int caller, const char *name, enum conference_event_type type,
                            enum oracle_deed deed, unsigned mask)
{
    *m = (struct move){
        name, caller, {.type = type, .call = calls[caller]}, {.deed = deed, .caller = caller, .mask = mask}};
}

static int add_caller(struct move *m, int caller)
{
    struct move *first = m;
    add_join(m++, caller, "joins", RIGHT_TALK | RIGHT_LISTEN | RIGHT_DIGITS, false);
    add_join(m++, caller, "joins to talk only", RIGHT_TALK, false);
    add_join(m++, caller, "joins as moderator", RIGHT_LISTEN | RIGHT_TALK, true);
    add_caller_move(m++, caller, "hangs up", CONFERENCE_LEAVE, DEED_HANG_UP, 0);
    add_caller_move(m++, caller, "is removed", CONFERENCE_REMOVE, DEED_PUT_OUT, 0);
    add_caller_move(m++, caller, "is muted", CONFERENCE_SET_TALK, DEED_GRANT, RIGHT_TALK);
    add_caller_move(m++, caller, "is deafened", CONFERENCE_SET_LISTEN, DEED_GRANT, RIGHT_LISTEN);
    add_caller_move(m++, caller, "loses digits", CONFERENCE_SET_DTMF, DEED_GRANT, RIGHT_DIGITS);
    add_caller_move(m, caller, "gets talk and listen", CONFERENCE_UPDATE, DEED_GRANT, RIGHT_TALK | RIGHT_LISTEN);
    m->event.set_talk = m->event.set_listen = m->event.talk = m->event.listen = true;
    m->deed.rights = RIGHT_TALK | RIGHT_LISTEN;
    m++;
    add_caller_move(m, caller, "is turned up", CONFERENCE_UPDATE, DEED_GRANT, RIGHT_LOUDER);
    m->event.set_gain = true;
    m->event.voice.gain_db = LOUDER_DB;
    m->deed.rights = RIGHT_LOUDER;
    m++;
    return (int)(m - first);
}

static void add_plain(struct move *m, const char *name, enum conference_event_type type, enum oracle_deed deed)
{
    *m = (struct move){name, NO_CALLER, {.type = type}, {.deed = deed}};
}

static int alphabet(struct move *moves)
{
    struct move *m = moves;
    add_plain(m++, "open", CONFERENCE_OPEN, DEED_OPEN);
    for (int caller = 0; caller < ORACLE_CALLERS; caller++)
        m += add_caller(m, caller);
    add_plain(m, "rename", CONFERENCE_SET_ATTRIBUTES, DEED_RENAME);
    m->event.set_alias = true;
    m->event.alias = slice_of("b");
    m->deed.alias = 'b';
    m++;
    add_plain(m, "beep on entry only", CONFERENCE_SET_ATTRIBUTES, DEED_BEEPS);
    m->event.set_play_beep = true;
    m->event.play_beep = PLAY_BEEP_ENTRY_ONLY;
    m->deed.beep_in = true;
    m++;
    add_plain(m++, "make empty", CONFERENCE_MAKE_EMPTY, DEED_EMPTY);
    add_plain(m++, "terminate", CONFERENCE_TERMINATE, DEED_TERMINATE);
    add_plain(m++, "fail", CONFERENCE_FAIL, DEED_FAIL);
    add_plain(m, "recorded", CONFERENCE_RECORDED, DEED_RECORDED);
    m->event.recording = "RE1";
    m++;
    return (int)(m - moves);
}

/* ---- The desk: effects carried out ---- */

struct desk {
    enum conference_audio audio;
    struct {
        bool in, talk, listen, digits;
        int gain_db;
    } leg[ORACLE_CALLERS];
    bool recording, closed;
    int recordings;
    unsigned callbacks;
};

/** What one list of effects did that is over at once. */
struct done {
    int rank; /**< how far in the order of effects it is */
    unsigned saves, joined, left, put_out;
    enum call_ended_reason reason;
    bool beeped, beep_recorded, recorded;
    enum conference_beep beep;
    unsigned beep_heard_by;
    enum conference_status reports[4];
    int report_count;
};

static int caller_of(const char *call)
{
    assert_true(strlen(call) == 3 && call[2] >= '0' && call[2] < '0' + ORACLE_CALLERS);
    return call[2] - '0';
}

static int rank_of(enum conference_effect_type type)
{
    switch (type) {
    case EFFECT_SAVE: return 0;
    case EFFECT_JOINED:
    case EFFECT_CALL_LEFT: return 2;
    case EFFECT_STATUS:
    case EFFECT_RECORDED: return 3;
    case EFFECT_CLOSED: return 4;
    default: return 1;
    }
}

static void carry_out_beep(struct desk *d, const struct conference_effect *e, struct done *done)
{
    assert_false(done->beeped);
    done->beeped = true;
    done->beep = e->beep;
    done->beep_recorded = d->recording;
    for (int i = 0; i < ORACLE_CALLERS; i++)
        done->beep_heard_by |= d->leg[i].in && d->leg[i].listen ? 1U << i : 0U;
}

static void carry_out_leg(struct desk *d, const struct conference_effect *e)
{
    int i = caller_of(e->call);
    bool entering = e->type == EFFECT_LEG_IN;
    assert_int_equal(d->leg[i].in, !entering);
    d->leg[i].in = e->type != EFFECT_LEG_OUT;
    if (entering || e->type == EFFECT_LEG_ROLES) {
        d->leg[i].talk = e->talk;
        d->leg[i].listen = e->listen;
    }
    if (entering || e->type == EFFECT_LEG_DTMF) d->leg[i].digits = e->on;
    if (entering || e->type == EFFECT_LEG_VOICE) d->leg[i].gain_db = e->voice.gain_db;
}

static void carry_out_record(struct desk *d, bool start)
{
    assert_int_equal(d->recording, !start);
    d->recording = start;
    d->recordings += start;
}

static void carry_out_left(const struct conference_effect *e, struct done *done)
{
    unsigned bit = 1U << caller_of(e->call);
    assert_false(done->left & bit);
    done->left |= bit;
    done->put_out |= e->put_out ? bit : 0U;
    done->reason = e->reason;
}

static void carry_out(struct desk *d, const struct conference_effect *e, struct done *done)
{
    assert_false(d->closed && e->type != EFFECT_SAVE && e->type != EFFECT_RECORDED);
    assert_true(rank_of(e->type) >= done->rank);
    done->rank = rank_of(e->type);
    switch (e->type) {
    case EFFECT_AUDIO:
        assert_int_not_equal(e->audio, d->audio);
        d->audio = e->audio;
        break;
    case EFFECT_LEG_IN:
    case EFFECT_LEG_ROLES:
    case EFFECT_LEG_DTMF:
    case EFFECT_LEG_VOICE:
    case EFFECT_LEG_OUT: carry_out_leg(d, e); break;
    case EFFECT_BEEP: carry_out_beep(d, e, done); break;
    case EFFECT_RECORD_START: carry_out_record(d, true); break;
    case EFFECT_RECORD_STOP: carry_out_record(d, false); break;
    case EFFECT_CALL_LEFT: carry_out_left(e, done); break;
    case EFFECT_JOINED: done->joined |= 1U << caller_of(e->call); break;
    case EFFECT_STATUS:
        assert_int_equal(e->event, ++d->callbacks);
        done->reports[done->report_count++] = e->status;
        break;
    case EFFECT_RECORDED:
        assert_int_equal(e->event, ++d->callbacks);
        assert_string_equal(e->recording, "RE1");
        done->recorded = true;
        break;
    case EFFECT_SAVE: done->saves++; break;
    case EFFECT_CLOSED: d->closed = true; break;
    }
}

/* ---- The comparison ---- */

static const enum conference_status status_of[] = {
    [PHASE_UNBORN] = CONFERENCE_CREATING,   [PHASE_EMPTY] = CONFERENCE_EMPTY,
    [PHASE_WAITING] = CONFERENCE_POPULATED, [PHASE_TALKING] = CONFERENCE_IN_PROGRESS,
    [PHASE_ENDED] = CONFERENCE_TERMINATED,  [PHASE_BROKEN] = CONFERENCE_INTERNAL_ERROR,
};

static const status status_of_verdict[] = {
    [VERDICT_OK] = STATUS_OK,     [VERDICT_MISSING] = STATUS_NOT_FOUND, [VERDICT_THERE_ALREADY] = STATUS_EXISTS,
    [VERDICT_FULL] = STATUS_FULL, [VERDICT_TOO_SOON] = STATUS_CONFLICT,
};

/** Who hears whom, who hears music, what is recorded: by the desk and by the history. */
static void compare_sound(const struct desk *d, const struct oracle *o)
{
    int n = o->count;
    for (int i = 0; i < ORACLE_CALLERS; i++) {
        bool listens = d->leg[i].in && d->leg[i].listen;
        assert_int_equal(d->leg[i].in, oracle_in(o, n, i));
        assert_int_equal(listens && d->audio == CONFERENCE_AUDIO_WAIT, oracle_hears_music(o, n, i));
        if (d->leg[i].in) {
            assert_int_equal(d->leg[i].digits, oracle_has(o, n, i, RIGHT_DIGITS));
            assert_int_equal(d->leg[i].gain_db, oracle_has(o, n, i, RIGHT_LOUDER) ? LOUDER_DB : 0);
        }
        for (int j = 0; j < ORACLE_CALLERS; j++) {
            bool hears = i != j && listens && d->leg[j].in && d->leg[j].talk && d->audio == CONFERENCE_AUDIO_MIX;
            assert_int_equal(hears, oracle_hears(o, n, i, j));
        }
    }
    assert_int_equal(d->recording, oracle_recording(o, n));
    assert_int_equal(d->recordings, oracle_recordings(o));
}

/** The row and its participants, as a client would read them. */
static void compare_rows(const struct conference *c, const struct oracle *o)
{
    int n = o->count, joined, last;
    char alias[2] = {oracle_alias(o, n), '\0'};
    assert_int_equal(c->status, status_of[oracle_phase(o, n)]);
    assert_string_equal(c->alias, alias);
    assert_int_equal(c->revision, oracle_revision(o, &last));
    assert_int_equal(c->updated_unix_ms, last * MS_PER_EVENT);
    assert_int_equal(c->events, oracle_callbacks(o, n));
    unsigned in = 0;
    for (int i = 0; i < ORACLE_CALLERS; i++) {
        const struct participant *p = conference_participant(c, calls[i]);
        assert_int_equal(p != NULL, oracle_in(o, n, i));
        if (!p) continue;
        in++;
        assert_int_equal(p->talk, oracle_has(o, n, i, RIGHT_TALK));
        assert_int_equal(p->listen, oracle_has(o, n, i, RIGHT_LISTEN));
        assert_int_equal(p->dtmf_pass_through, oracle_has(o, n, i, RIGHT_DIGITS));
        assert_int_equal(p->voice.gain_db, oracle_has(o, n, i, RIGHT_LOUDER) ? LOUDER_DB : 0);
        assert_int_equal(p->revision, oracle_caller_revision(o, i, &joined, &last));
        assert_int_equal(p->created_unix_ms, joined * MS_PER_EVENT);
        assert_int_equal(p->updated_unix_ms, last * MS_PER_EVENT);
    }
    assert_int_equal(c->participant_count, in);
}

static enum call_ended_reason reason_of(enum oracle_deed deed)
{
    switch (deed) {
    case DEED_TERMINATE: return CALL_ENDED_CONFERENCE_TERMINATED;
    case DEED_EMPTY: return CALL_ENDED_CONFERENCE_EMPTIED;
    case DEED_FAIL: return CALL_ENDED_INTERNAL_ERROR;
    default: return CALL_ENDED_REMOVED_FROM_CONFERENCE;
    }
}

/** What the last event did: callbacks, who came and went and why, beeps. */
static void compare_done(const struct done *done, const struct desk *d, const struct oracle *o)
{
    int n = o->count;
    enum oracle_deed deed = o->at[n - 1].deed;
    unsigned came = 0, went = 0, beep_heard_by;
    for (int i = 0; i < ORACLE_CALLERS; i++) {
        bool was = oracle_in(o, n - 1, i), is = oracle_in(o, n, i);
        came |= !was && is ? 1U << i : 0U;
        went |= was && !is ? 1U << i : 0U;
    }
    assert_int_equal(done->joined, came);
    assert_int_equal(done->left, went);
    assert_int_equal(done->put_out, deed == DEED_HANG_UP ? 0 : went);
    if (done->put_out) assert_int_equal(done->reason, reason_of(deed));

    enum oracle_phase reports[2];
    int count = oracle_reports(o, n, reports);
    assert_int_equal(done->report_count, count);
    for (int i = 0; i < count; i++)
        assert_int_equal(done->reports[i], status_of[reports[i]]);
    assert_int_equal(done->recorded, deed == DEED_RECORDED);

    bool beeps = oracle_beeps(o, n, &beep_heard_by);
    assert_int_equal(done->beeped, beeps);
    assert_int_equal(done->beep_heard_by, beep_heard_by);
    if (beeps) {
        assert_int_equal(done->beep, deed == DEED_JOIN ? CONFERENCE_BEEP_ENTER : CONFERENCE_BEEP_EXIT);
        assert_int_equal(done->beep_recorded, oracle_recording(o, n));
    }
    enum oracle_phase phase = oracle_phase(o, n);
    assert_int_equal(d->closed, phase == PHASE_ENDED || phase == PHASE_BROKEN);
}

static bool same_participants(const struct conference *a, const struct conference *b)
{
    const struct list *p = a->participants.next, *q = b->participants.next;
    for (; p != &a->participants && q != &b->participants; p = p->next, q = q->next) {
        const struct participant *x = list_object(p, struct participant, link);
        const struct participant *y = list_object(q, struct participant, link);
        if (strcmp(x->call, y->call) != 0 || x->talk != y->talk || x->listen != y->listen ||
            x->dtmf_pass_through != y->dtmf_pass_through || x->start_conf_on_enter != y->start_conf_on_enter ||
            x->voice.gain_db != y->voice.gain_db || x->revision != y->revision ||
            x->created_unix_ms != y->created_unix_ms || x->updated_unix_ms != y->updated_unix_ms)
            return false;
    }
    return p == &a->participants && q == &b->participants;
}

static bool same_row(const struct conference *a, const struct conference *b)
{
    return a->status == b->status && a->revision == b->revision && a->events == b->events &&
           a->created_unix_ms == b->created_unix_ms && a->updated_unix_ms == b->updated_unix_ms &&
           a->play_beep == b->play_beep && a->record == b->record && strcmp(a->alias, b->alias) == 0;
}

static bool same(const struct conference *a, const struct conference *b)
{
    return same_row(a, b) && same_participants(a, b) && a->participant_count == b->participant_count;
}

/* ---- The walk ---- */

struct walk {
    const struct move *moves;
    int move_count, depth;
    bool deep; /**< leave out what was walked already */
    struct conference_effects effects;
    struct oracle oracle;
    const struct move *path[ORACLE_HISTORY]; /**< the moves to where it is now */
    int level;
    uint64_t steps;
};

/** The walk under way; stays set where an assertion has left it, so that the path there can be told. */
static const struct walk *walking;

static int tell_where_it_broke(void **state)
{
    (void)state;
    if (!walking) return 0;
    printf("after opening or creation:\n");
    for (int i = 0; i <= walking->level; i++)
        printf("  %s%c %s\n", walking->path[i]->caller < 0 ? "" : "caller ",
               walking->path[i]->caller < 0 ? ' ' : '0' + walking->path[i]->caller, walking->path[i]->name);
    walking = NULL;
    return 0;
}

static void walk_on(struct walk *w, const struct conference *c, const struct desk *desk, int level, int seen);

static void accepted(struct walk *w, const struct conference *before, const struct conference *after, struct desk *desk)
{
    struct done done = {0};
    for (size_t i = 0; i < w->effects.count; i++)
        carry_out(desk, &w->effects.items[i], &done);
    compare_sound(desk, &w->oracle);
    compare_rows(after, &w->oracle);
    compare_done(&done, desk, &w->oracle);
    assert_int_equal(done.saves, !same_row(before, after));
}

static void step(struct walk *w, const struct conference *c, const struct desk *desk, const struct move *m, int level,
                 int seen)
{
    struct conference *after;
    struct desk desk_after = *desk;
    w->path[level] = m;
    w->level = level;
    w->steps++;
    w->effects.count = 0;
    assert_int_equal(conference_clone(&after, c), STATUS_OK);
    enum oracle_verdict verdict = oracle_judge(&w->oracle, &m->deed);
    status s = conference_apply(after, &m->event, (w->oracle.count + 1) * MS_PER_EVENT, &w->effects);
    assert_int_equal(s, status_of_verdict[verdict]);
    if (s == STATUS_OK) {
        w->oracle.at[w->oracle.count++] = m->deed;
        accepted(w, c, after, &desk_after);
    } else {
        assert_int_equal(w->effects.count, 0);
        assert_true(same(c, after));
    }
    bool changed = w->effects.count > 0;
    assert_int_equal(changed, !same(c, after));
    if (changed || !w->deep) walk_on(w, after, &desk_after, level + 1, m->caller >= seen ? m->caller + 1 : seen);
    if (s == STATUS_OK) w->oracle.count--;
    conference_destroy(after);
}

static void walk_on(struct walk *w, const struct conference *c, const struct desk *desk, int level, int seen)
{
    if (level == w->depth) return;
    for (int i = 0; i < w->move_count; i++) {
        if (w->deep && w->moves[i].caller > seen) continue;
        step(w, c, desk, &w->moves[i], level, seen);
    }
}

/** @param after_open  the first event is OPEN, and the depth is counted from there */
static void walk(const struct oracle_rules *rules, enum play_beep beep, int depth, bool deep, bool after_open)
{
    static struct move moves[MOVES_MAX];
    static struct walk w;
    w = (struct walk){.moves = moves, .move_count = alphabet(moves), .depth = depth, .deep = deep};
    struct conference_options options = {.alias = {&rules->alias, 1},
                                         .play_beep = beep,
                                         .record = rules->record,
                                         .participants_max = rules->callers_max};
    struct conference *c;
    struct desk desk = {0};
    w.oracle.rules = *rules;
    assert_int_equal(conference_create(&c, "CF0", "AC0", &options, 0), STATUS_OK);
    if (after_open) {
        struct conference_event open = {.type = CONFERENCE_OPEN};
        struct done done = {0};
        assert_int_equal(conference_apply(c, &open, MS_PER_EVENT, &w.effects), STATUS_OK);
        for (size_t i = 0; i < w.effects.count; i++)
            carry_out(&desk, &w.effects.items[i], &done);
        w.oracle.at[w.oracle.count++] = (struct oracle_event){.deed = DEED_OPEN};
    }
    walking = &w;
    walk_on(&w, c, &desk, 0, 0);
    walking = NULL;
    conference_destroy(c);
    conference_effects_clear(&w.effects);

    double sequences = 0, power = 1;
    for (int i = 1; i <= depth; i++)
        sequences += power *= w.move_count;
    printf("%s walk: %d kinds of move, up to %d events%s: %llu steps stand for %.0f sequences\n",
           deep ? "deep" : "thorough", w.move_count, depth, after_open ? " after opening" : "",
           (unsigned long long)w.steps, sequences);
    assert_true(w.steps > 1000);
}

static const struct oracle_rules recorded = {.record = true, .beep_in = true, .beep_out = true, .alias = 'a'};
static const struct oracle_rules unrecorded = {.alias = 'a', .beep_out = true, .callers_max = 2};

static void every_event_anywhere_does_what_the_history_says(void **state)
{
    (void)state;
    walk(&recorded, PLAY_BEEP_ALWAYS, THOROUGH_DEPTH, false, true);
}

static void every_event_before_opening_does_what_the_history_says(void **state)
{
    (void)state;
    walk(&unrecorded, PLAY_BEEP_EXIT_ONLY, 3, false, false);
}

static void a_full_conference_that_is_not_recorded_does_what_the_history_says(void **state)
{
    (void)state;
    walk(&unrecorded, PLAY_BEEP_EXIT_ONLY, DEEP_DEPTH - 1, true, true);
}

static void every_sequence_of_events_does_what_the_history_says(void **state)
{
    (void)state;
    walk(&recorded, PLAY_BEEP_ALWAYS, DEEP_DEPTH, true, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_event_anywhere_does_what_the_history_says, tell_where_it_broke),
        cmocka_unit_test_teardown(every_event_before_opening_does_what_the_history_says, tell_where_it_broke),
        cmocka_unit_test_teardown(a_full_conference_that_is_not_recorded_does_what_the_history_says,
                                  tell_where_it_broke),
        cmocka_unit_test_teardown(every_sequence_of_events_does_what_the_history_says, tell_where_it_broke),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
