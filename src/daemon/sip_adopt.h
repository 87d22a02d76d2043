/**
 * @file sip_adopt.h  Whether a parley-sip that was found running is the one that we would have started.
 *
 * It may be of another version, or of settings that have changed since: then it must make room for a new one.
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_SIP_ADOPT_H
#define PARLEY_DAEMON_SIP_ADOPT_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * Compares its command line with ours. A port 0 of ours is satisfied by whatever port it was given; what cannot be
 * read is given the benefit of the doubt.
 *
 * @param arguments  ours, NULL at the end
 */
bool sip_adopt_fits(pid_t pid, char *const *arguments);

#endif
