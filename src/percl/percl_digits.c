#include "percl/percl_digits.h"

#include <string.h>

void percl_digits_open(struct percl_digits *d, const struct percl_get_digits *options)
{
    bool open_ended = options->max_digits == 0 || options->max_digits > PERCL_DIGITS_MAX;
    *d = (struct percl_digits){
        .min = options->min_digits,
        .max = open_ended ? PERCL_DIGITS_MAX : options->max_digits,
        .finish_on_key = options->finish_on_key,
        .initial_timeout_ms = options->initial_timeout_ms,
        .digit_timeout_ms = options->digit_timeout_ms,
        .deadline_us = UINT64_MAX,
        .state = PERCL_DIGITS_OPEN,
    };
}

static uint64_t after_ms(uint64_t now_us, uint32_t ms)
{
    return now_us + (uint64_t)ms * 1000;
}

static enum percl_digits_state finish(struct percl_digits *d, enum percl_digits_state state)
{
    d->state = state;
    d->deadline_us = UINT64_MAX;
    return state;
}

void percl_digits_listen(struct percl_digits *d, uint64_t now_us)
{
    if (d->state == PERCL_DIGITS_OPEN && d->count == 0) d->deadline_us = after_ms(now_us, d->initial_timeout_ms);
}

enum percl_digits_state percl_digits_key(struct percl_digits *d, char key, uint64_t now_us)
{
    if (d->state != PERCL_DIGITS_OPEN || !percl_is_key(key)) return d->state;
    if (key == d->finish_on_key) return finish(d, PERCL_DIGITS_FINISH_KEY);
    d->typed[d->count++] = key;
    d->typed[d->count] = '\0';
    if (d->count == d->max) return finish(d, PERCL_DIGITS_MAX_REACHED);
    d->deadline_us = after_ms(now_us, d->digit_timeout_ms);
    return d->state;
}

enum percl_digits_state percl_digits_expire(struct percl_digits *d, uint64_t now_us)
{
    if (d->state == PERCL_DIGITS_OPEN && now_us >= d->deadline_us) return finish(d, PERCL_DIGITS_TIMEOUT);
    return d->state;
}

const char *percl_digits_text(const struct percl_digits *d, bool privacy)
{
    if (d->count < d->min || d->count == 0) return "";
    return privacy ? "xxxxx" : d->typed;
}

const char *percl_digits_reason(const struct percl_digits *d)
{
    switch (d->state) {
    case PERCL_DIGITS_FINISH_KEY: return "finishKey";
    case PERCL_DIGITS_MAX_REACHED: return "maxDigits";
    case PERCL_DIGITS_HANGUP: return "hangup";
    case PERCL_DIGITS_OPEN:
    case PERCL_DIGITS_TIMEOUT: break;
    }
    return "timeout";
}
