/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE 1

#include "posix/signal_number.h"

#include <signal.h>
#include <stddef.h>

/* Ctrl-Break is no signal here. */
static const int natives[] = {
    [WEIR_SIGNAL_HANGUP] = SIGHUP,     [WEIR_SIGNAL_INTERRUPT] = SIGINT, [WEIR_SIGNAL_QUIT] = SIGQUIT,
    [WEIR_SIGNAL_TERMINATE] = SIGTERM, [WEIR_SIGNAL_BREAK] = 0,          [WEIR_SIGNAL_USER_1] = SIGUSR1,
    [WEIR_SIGNAL_USER_2] = SIGUSR2,    [WEIR_SIGNAL_WINDOW] = SIGWINCH,  [WEIR_SIGNAL_KILL] = SIGKILL};

enum { COUNT = sizeof natives / sizeof natives[0] };

int signal_native(weir_signal_number number) { return (unsigned)number < COUNT ? natives[number] : 0; }

weir_signal_number signal_number(int native) {
  for (unsigned i = WEIR_SIGNAL_HANGUP; i < COUNT; i++) {
    if (natives[i] == native) return (weir_signal_number)i;
  }
  return WEIR_SIGNAL_OTHER;
}
