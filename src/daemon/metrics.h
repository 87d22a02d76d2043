/**
 * @file metrics.h  The bridge's figures in Prometheus' text format (version 0.0.4): every name begins with parley_.
 *
 * Thread: control.
 */
#ifndef PARLEY_DAEMON_METRICS_H
#define PARLEY_DAEMON_METRICS_H

#include "base/buffer.h"
#include "daemon/bridge.h"

void metrics_write(const struct bridge *bridge, struct buffer *out);

#endif
