#include "engine/source_lock.h"

#include <string.h>

static uint16_t port_of(const struct sockaddr_storage *a)
{
    return a->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)(const void *)a)->sin6_port
                                    : ((const struct sockaddr_in *)(const void *)a)->sin_port;
}

bool source_lock_same_host(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family) return false;
    if (a->ss_family == AF_INET || a->ss_family == AF_UNSPEC) {
        return ((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr ==
               ((const struct sockaddr_in *)(const void *)b)->sin_addr.s_addr;
    }
    if (a->ss_family == AF_INET6) {
        return memcmp(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr,
                      &((const struct sockaddr_in6 *)(const void *)b)->sin6_addr, sizeof(struct in6_addr)) == 0;
    }
    return false;
}

bool source_lock_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    return source_lock_same_host(a, b) && port_of(a) == port_of(b);
}

/* 0.0.0.0 and :: in an SDP are nobody's address: the hold of RFC 2543. */
static bool is_wildcard(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET) return ((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr == INADDR_ANY;
    return a->ss_family == AF_INET6 &&
           IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr);
}

void source_lock_open(struct source_lock *s, const struct sockaddr_storage *expected)
{
    memset(s, 0, sizeof *s);
    if (!is_wildcard(expected)) s->expected = *expected;
}

static bool passes_probation(struct source_lock *s, const struct sockaddr_storage *from, uint32_t ssrc, uint16_t seq)
{
    if (s->candidate_count > 0 && s->candidate_ssrc == ssrc && s->candidate_seq == seq &&
        source_lock_same(&s->candidate, from)) {
        s->candidate_count++;
    } else {
        s->candidate = *from;
        s->candidate_ssrc = ssrc;
        s->candidate_count = 1;
    }
    s->candidate_seq = (uint16_t)(seq + 1);
    return s->candidate_count >= SOURCE_LOCK_PROBATION;
}

enum source_verdict source_lock_judge(struct source_lock *s, const struct sockaddr_storage *from, uint32_t ssrc,
                                      uint16_t seq)
{
    if (s->locked) return source_lock_same(from, &s->source) ? SOURCE_TAKEN : SOURCE_FOREIGN;
    if (!source_lock_same(from, &s->expected) && !passes_probation(s, from, ssrc, seq)) return SOURCE_FOREIGN;
    s->locked = true;
    s->source = *from;
    return SOURCE_LOCKED;
}

const struct sockaddr_storage *source_lock_destination(const struct source_lock *s)
{
    return s->locked ? &s->source : &s->expected;
}
