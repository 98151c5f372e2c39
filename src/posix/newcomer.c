/* SPDX-License-Identifier: MIT */
/*
 * Clients that have spoken before they are accepted, as most do that come to ask something. They are served at once, as
 * though the poller had named them, which saves the wait in which it would.
 *
 * Where the server speaks first, that receive finds nothing. Each one in vain doubles the number of clients that are
 * then left to the poller, so that such a server pays for one in sixty-four.
 */
#include "posix/state.h"

enum { MOST_PASSES = 63 };

void newcomer_be_silent(struct newcomer *newcomer, const struct watch *watch) {
  if (newcomer->looked_at != watch) return;
  newcomer->looked_at = NULL;
  newcomer->last_passes = (uint8_t)(newcomer->last_passes * 2 + 1);
  if (newcomer->last_passes > MOST_PASSES) newcomer->last_passes = MOST_PASSES;
  newcomer->passes = newcomer->last_passes;
}
