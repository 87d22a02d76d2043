#include "media/playout_drift.h"

#include <math.h>

enum { WINDOW_US = 500000, LINE_POINTS = 4, CALM_POINTS = 6, MANY_POINTS = 24, MOST_PPM = 5000 };

static const double sure = 4.0;           /* a rate is told from so many standard errors on */
static const double stray_least_us = 3e3; /* points this near to the line are no strays, however straight it is */
static const double finest_us = 20.0;     /* no arrival time is truer than that */
static const double wildest_us = 3e3;     /* points that lie farther from a line show no clock */

void playout_drift_reset(struct playout_drift *d)
{
    d->window_end_us = 0;
    d->line.known = false;
    d->count = d->next = d->strays = 0;
}

static void add_point(struct playout_drift *d, struct playout_drift_point point)
{
    d->points[d->next] = point;
    d->next = (d->next + 1) % PLAYOUT_DRIFT_POINTS;
    if (d->count < PLAYOUT_DRIFT_POINTS) d->count++;
}

/* The point that came n points before the newest one. */
static struct playout_drift_point point_before(const struct playout_drift *d, uint32_t n)
{
    return d->points[(d->next + PLAYOUT_DRIFT_POINTS - 1 - n) % PLAYOUT_DRIFT_POINTS];
}

/* Least squares through the newest points. */
static struct playout_drift_line fit(const struct playout_drift *d, uint32_t count)
{
    struct playout_drift_point base = point_before(d, 0);
    double n = count, sum_x = 0.0, sum_y = 0.0, xx = 0.0, xy = 0.0, yy = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        double x = (double)(point_before(d, i).at_us - base.at_us);
        double y = (double)(point_before(d, i).transit_us - base.transit_us);
        sum_x += x;
        sum_y += y;
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    double mid_x = sum_x / n, mid_y = sum_y / n;
    xx -= sum_x * mid_x;
    xy -= sum_x * mid_y;
    yy -= sum_y * mid_y;
    struct playout_drift_line line = {.known = count >= LINE_POINTS && xx > 0.0};
    if (line.known) {
        line.middle_us = base.at_us + (int64_t)mid_x;
        line.transit_us = (double)base.transit_us + mid_y;
        line.slope = xy / xx;
        line.rms_us = fmax(sqrt(fmax(yy - line.slope * xy, 0.0) / (n - 2.0)), finest_us);
        line.error = line.rms_us / sqrt(xx);
    }
    return line;
}

/* A line through all points; through the newest alone where these are far less scattered: the network has calmed. */
static void draw_line(struct playout_drift *d)
{
    d->line = fit(d, d->count);
    if (d->count <= CALM_POINTS || d->line.rms_us < wildest_us) return;
    struct playout_drift_line calm = fit(d, CALM_POINTS);
    if (!calm.known || calm.rms_us * 4.0 > d->line.rms_us) return;
    d->line = calm;
    d->count = CALM_POINTS;
}

static bool is_stray(const struct playout_drift_line *line, struct playout_drift_point point)
{
    double expected_us = line->transit_us + line->slope * (double)(point.at_us - line->middle_us);
    return fabs((double)point.transit_us - expected_us) > stray_least_us + 4.0 * line->rms_us;
}

/* One stray is left out; several in a row show that the line is no longer true, and are the beginning of a new one. */
static void take_point(struct playout_drift *d, struct playout_drift_point point)
{
    if (d->line.known && is_stray(&d->line, point)) {
        d->stray[d->strays++] = point;
        if (d->strays < PLAYOUT_DRIFT_STRAYS) return;
        d->count = d->next = 0;
        for (uint32_t i = 0; i < PLAYOUT_DRIFT_STRAYS; i++)
            add_point(d, d->stray[i]);
    } else {
        add_point(d, point);
    }
    d->strays = 0;
    if (d->count < MANY_POINTS || d->next % 2 == 0) draw_line(d);
}

void playout_drift_put(struct playout_drift *d, int64_t arrival_us, int64_t transit_us)
{
    struct playout_drift_point point = {arrival_us, transit_us};
    if (d->window_end_us == 0 || arrival_us >= d->window_end_us) {
        if (d->window_end_us != 0) take_point(d, d->best);
        d->window_end_us = arrival_us + WINDOW_US;
        d->best = point;
    } else if (transit_us < d->best.transit_us) {
        d->best = point;
    }
}

float playout_drift_ppm(const struct playout_drift *d)
{
    const struct playout_drift_line *line = &d->line;
    if (!line->known || line->rms_us > wildest_us || fabs(line->slope) < sure * line->error) return 0.0f;
    return (float)fmin(fmax(-1e6 * line->slope, -MOST_PPM), MOST_PPM);
}
