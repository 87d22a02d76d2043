/**
 * @file conference_effects.h  How conference.c writes its list of effects. Not for other folders.
 *
 * Room is taken before anything is changed, so that an event can fail for want of memory only while it is still
 * untrue; the appends that follow cannot fail.
 * Thread: the list's owner.
 */
#ifndef PARLEY_CONF_CONFERENCE_EFFECTS_H
#define PARLEY_CONF_CONFERENCE_EFFECTS_H

#include <stddef.h>

#include "base/status.h"
#include "conf/conference.h"

/** Makes room for so many more. @return STATUS_OK, STATUS_NO_MEMORY (the list is as it was) */
MUST_CHECK status conference_effects_reserve(struct conference_effects *effects, size_t more);

/** Appends an effect with everything but its type zero; room was reserved. Borrowed until the next reserve. */
struct conference_effect *conference_effects_add(struct conference_effects *effects, enum conference_effect_type type);

#endif
