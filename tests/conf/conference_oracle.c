#include "conference_oracle.h"

/** The 1-based number of the first event of this kind among the first n; 0 where there is none. */
static int first_of(const struct oracle *o, int n, enum oracle_deed deed)
{
    for (int i = 1; i <= n; i++) {
        if (o->at[i - 1].deed == deed) return i;
    }
    return 0;
}

static bool takes_out(const struct oracle_event *e, int caller)
{
    switch (e->deed) {
    case DEED_HANG_UP:
    case DEED_PUT_OUT: return e->caller == caller;
    case DEED_EMPTY:
    case DEED_TERMINATE:
    case DEED_FAIL: return true;
    default: return false;
    }
}

/** The number of the join by which the caller is in after n events; 0 where it is not in. */
static int join_of(const struct oracle *o, int n, int caller)
{
    for (int i = n; i >= 1; i--) {
        if (takes_out(&o->at[i - 1], caller)) return 0;
        if (o->at[i - 1].deed == DEED_JOIN && o->at[i - 1].caller == caller) return i;
    }
    return 0;
}

bool oracle_in(const struct oracle *o, int n, int caller)
{
    return join_of(o, n, caller) != 0;
}

static int crowd(const struct oracle *o, int n)
{
    int in = 0;
    for (int caller = 0; caller < ORACLE_CALLERS; caller++)
        in += oracle_in(o, n, caller);
    return in;
}

/** Looks back from now to the last time nobody was in: did a moderator join since? */
static bool moderated(const struct oracle *o, int n)
{
    for (int i = n; i >= 1 && crowd(o, i) > 0; i--) {
        if (o->at[i - 1].deed == DEED_JOIN && o->at[i - 1].moderator) return true;
    }
    return false;
}

enum oracle_phase oracle_phase(const struct oracle *o, int n)
{
    if (first_of(o, n, DEED_FAIL)) return PHASE_BROKEN;
    if (first_of(o, n, DEED_TERMINATE)) return PHASE_ENDED;
    if (!first_of(o, n, DEED_OPEN)) return PHASE_UNBORN;
    if (crowd(o, n) == 0) return PHASE_EMPTY;
    return moderated(o, n) ? PHASE_TALKING : PHASE_WAITING;
}

bool oracle_has(const struct oracle *o, int n, int caller, enum oracle_right right)
{
    int joined = join_of(o, n, caller);
    if (!joined) return false;
    for (int i = n; i > joined; i--) {
        const struct oracle_event *e = &o->at[i - 1];
        if (e->deed == DEED_GRANT && e->caller == caller && (e->mask & right)) return (e->rights & right) != 0;
    }
    return (o->at[joined - 1].rights & right) != 0;
}

bool oracle_hears(const struct oracle *o, int n, int listener, int talker)
{
    return listener != talker && oracle_phase(o, n) == PHASE_TALKING && oracle_has(o, n, listener, RIGHT_LISTEN) &&
           oracle_has(o, n, talker, RIGHT_TALK);
}

bool oracle_hears_music(const struct oracle *o, int n, int listener)
{
    return oracle_phase(o, n) == PHASE_WAITING && oracle_has(o, n, listener, RIGHT_LISTEN);
}

bool oracle_recording(const struct oracle *o, int n)
{
    return o->rules.record && oracle_phase(o, n) == PHASE_TALKING;
}

int oracle_recordings(const struct oracle *o)
{
    int begun = 0;
    for (int i = 1; i <= o->count; i++)
        begun += oracle_recording(o, i) && !oracle_recording(o, i - 1);
    return begun;
}

char oracle_alias(const struct oracle *o, int n)
{
    for (int i = n; i >= 1; i--) {
        if (o->at[i - 1].deed == DEED_RENAME) return o->at[i - 1].alias;
    }
    return o->rules.alias;
}

static bool beeps_way(const struct oracle *o, int n, bool in)
{
    for (int i = n; i >= 1; i--) {
        if (o->at[i - 1].deed == DEED_BEEPS) return in ? o->at[i - 1].beep_in : o->at[i - 1].beep_out;
    }
    return in ? o->rules.beep_in : o->rules.beep_out;
}

int oracle_reports(const struct oracle *o, int n, enum oracle_phase out[2])
{
    enum oracle_phase before = oracle_phase(o, n - 1), after = oracle_phase(o, n);
    int count = 0;
    if (before == after) return 0;
    if (before == PHASE_EMPTY && after == PHASE_TALKING) out[count++] = PHASE_WAITING;
    if (after == PHASE_ENDED && before != PHASE_EMPTY) out[count++] = PHASE_EMPTY;
    out[count++] = after;
    return count;
}

unsigned oracle_callbacks(const struct oracle *o, int n)
{
    unsigned sum = 0;
    for (int i = 1; i <= n; i++) {
        enum oracle_phase reported[2];
        sum += (unsigned)oracle_reports(o, i, reported) + (o->at[i - 1].deed == DEED_RECORDED);
    }
    return sum;
}

unsigned oracle_revision(const struct oracle *o, int *last)
{
    unsigned revision = 0;
    *last = 0;
    for (int i = 1; i <= o->count; i++) {
        enum oracle_phase reported[2];
        unsigned more = (unsigned)oracle_reports(o, i, reported);
        more += oracle_alias(o, i) != oracle_alias(o, i - 1);
        more +=
            beeps_way(o, i, true) != beeps_way(o, i - 1, true) || beeps_way(o, i, false) != beeps_way(o, i - 1, false);
        if (more) *last = i;
        revision += more;
    }
    return revision;
}

unsigned oracle_caller_revision(const struct oracle *o, int caller, int *joined, int *last)
{
    unsigned revision = 1;
    *joined = *last = join_of(o, o->count, caller);
    for (int i = *joined + 1; i <= o->count; i++) {
        bool same = true;
        for (unsigned right = RIGHT_TALK; right <= RIGHT_LOUDER; right *= 2)
            same = same && oracle_has(o, i, caller, right) == oracle_has(o, i - 1, caller, right);
        if (same) continue;
        revision++;
        *last = i;
    }
    return revision;
}

bool oracle_beeps(const struct oracle *o, int n, unsigned *heard_by)
{
    const struct oracle_event *e = &o->at[n - 1];
    bool way_in = e->deed == DEED_JOIN, way_out = e->deed == DEED_HANG_UP || e->deed == DEED_PUT_OUT;
    *heard_by = 0;
    if ((!way_in && !way_out) || !beeps_way(o, n, way_in) || crowd(o, n) == 0) return false;
    for (int caller = 0; caller < ORACLE_CALLERS; caller++)
        *heard_by |= oracle_has(o, n, caller, RIGHT_LISTEN) ? 1U << caller : 0U;
    return true;
}

enum oracle_verdict oracle_judge(const struct oracle *o, const struct oracle_event *e)
{
    int n = o->count;
    bool over = first_of(o, n, DEED_TERMINATE) || first_of(o, n, DEED_FAIL);
    bool open = first_of(o, n, DEED_OPEN) != 0;
    bool about_caller = e->deed == DEED_HANG_UP || e->deed == DEED_PUT_OUT || e->deed == DEED_GRANT;
    if (over) return e->deed == DEED_RECORDED ? VERDICT_OK : VERDICT_MISSING;
    if (open == (e->deed == DEED_OPEN) && e->deed != DEED_FAIL) return VERDICT_TOO_SOON;
    if (about_caller && !oracle_in(o, n, e->caller)) return VERDICT_MISSING;
    if (e->deed != DEED_JOIN) return VERDICT_OK;
    if (oracle_in(o, n, e->caller)) return VERDICT_THERE_ALREADY;
    if (o->rules.callers_max && (unsigned)crowd(o, n) >= o->rules.callers_max) return VERDICT_FULL;
    return VERDICT_OK;
}
