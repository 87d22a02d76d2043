#include "media/encoder_share.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { WINDOWS_A_SECOND = 200 };

void encoder_share_init(struct encoder_share *s, const struct codec *codec)
{
    assert(codec->encoder_bytes);
    *s = (struct encoder_share){.codec = codec, .bytes = codec_encoder_bytes(codec)};
    list_init(&s->followers);
}

void encoder_member_init(struct encoder_member *m, void *state)
{
    *m = (struct encoder_member){.state = state};
    list_init(&m->link);
}

void *encoder_share_state(const struct encoder_share *s)
{
    return s->home ? s->home->state : NULL;
}

static void follow(struct encoder_share *s, struct encoder_member *m)
{
    list_push_back(&s->followers, &m->link);
    m->share = s;
    m->approaching = false;
    if (!s->home) s->home = m;
}

void encoder_share_leave(struct encoder_member *m)
{
    struct encoder_share *s = m->share;
    m->equal_samples = m->quiet_samples = 0;
    m->approaching = false;
    if (!s) return;
    list_remove(&m->link);
    m->share = NULL;
    if (s->home != m) {
        memcpy(m->state, s->home->state, s->bytes);
        return;
    }
    /* It keeps the state itself; another follower's block takes the copy. */
    s->home = list_empty(&s->followers) ? NULL : list_object(s->followers.next, struct encoder_member, link);
    if (s->home) memcpy(s->home->state, m->state, s->bytes);
}

/* Mean square of a sine. */
static double power_of(double dbfs)
{
    return 32767.0 * 32767.0 / 2.0 * pow(10.0, dbfs / 10.0);
}

/* An offset counts too: encoders have to follow it. */
static bool is_quiet(const int16_t *pcm, size_t samples)
{
    int64_t sum = 0;
    for (size_t i = 0; i < samples; i++)
        sum += (int32_t)pcm[i] * pcm[i];
    return (double)sum < power_of(ENCODER_SHARE_PAUSE_DBFS) * (double)samples;
}

/* How long it has been quiet up to the packet's end, in windows of 5 ms: none of them may stand out. */
static uint32_t quiet_after(uint32_t quiet, const int16_t *pcm, size_t samples, size_t window)
{
    for (size_t i = 0; i + window <= samples; i += window)
        quiet = is_quiet(pcm + i, window) ? quiet + (uint32_t)window : 0;
    return quiet;
}

static uint32_t at_most(uint32_t value, uint32_t limit)
{
    return value < limit ? value : limit;
}

/* Keeps count of equal and quiet input. @return true where both have lasted long enough before and with this packet */
static bool may_return(const struct encoder_share *s, struct encoder_member *m, const int16_t *pcm, size_t samples)
{
    uint32_t rate = s->codec->rate_hz;
    uint32_t equal = rate / 1000 * ENCODER_SHARE_EQUAL_MS, pause = rate / 1000 * ENCODER_SHARE_PAUSE_MS;
    bool long_equal = m->equal_samples >= equal;
    m->equal_samples = at_most(m->equal_samples + (uint32_t)samples, equal);
    m->quiet_samples = at_most(quiet_after(m->quiet_samples, pcm, samples, rate / WINDOWS_A_SECOND), pause);
    return long_equal && (m->quiet_samples >= pause || m->approaching);
}

bool encoder_share_return(struct encoder_share *s, struct encoder_member *m, const int16_t *own, const int16_t *shared,
                          size_t samples)
{
    assert(!m->share);
    if (own != shared && memcmp(own, shared, samples * sizeof *own) != 0) {
        m->equal_samples = m->quiet_samples = 0;
        m->approaching = false;
        return false;
    }
    if (!s->home) {
        follow(s, m);
        return true;
    }
    if (!may_return(s, m, own, samples)) return false;
    enum codec_step step = CODEC_IN_STEP;
    if (s->codec->encoder_approach)
        step = s->codec->encoder_approach(m->state, s->home->state, own, samples);
    else
        s->codec->encoder_cut(s->home->state);
    m->approaching = step == CODEC_NEARER;
    if (step == CODEC_IN_STEP) follow(s, m);
    return step != CODEC_APART;
}
