/**
 * @file own_address.h  Whether an address is this machine's own, now.
 *
 * A program that calls 127.0.0.1 may send from any of the machine's addresses; the kernel takes packets with such a
 * source from nobody else.
 * Thread: any.
 */
#ifndef PARLEY_NET_OWN_ADDRESS_H
#define PARLEY_NET_OWN_ADDRESS_H

#include <stdbool.h>

#include "base/slice.h"

/** @param source  "192.0.2.1:5060" or "[2001:db8::1]:5060"; false for anything else. Asks the kernel: a few us */
bool own_address(struct slice source);

#endif
