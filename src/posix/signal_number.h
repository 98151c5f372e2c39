/* SPDX-License-Identifier: MIT */
/* Weir's numbers of signals and the system's. The only table of its kind in this folder. */
#ifndef WEIR_POSIX_SIGNAL_NUMBER_H
#define WEIR_POSIX_SIGNAL_NUMBER_H

#include <weir/signal.h>

/* The system's; 0: it has none. */
int signal_native(weir_signal_number number);

/* Weir's; WEIR_SIGNAL_OTHER for one that has none. May be called in a handler. */
weir_signal_number signal_number(int native);

#endif
