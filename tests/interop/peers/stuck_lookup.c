/* SPDX-License-Identifier: MIT */
/*
 * A program whose resolver never answers, to see that nobody waits for it: it looks up a name, says "stuck" when the
 * resolver has it, and leaves in one of three ways.
 *
 * usage: stuck_lookup cancel|release|exit
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "support/native.h"
#include "support/system_faults.h"

static weir_loop *loop;
static weir_lookup *lookup;

static void say(const char *line) {
  puts(line);
  fflush(stdout);
}

/* It would only be called by a mistake. */
static void hear(weir_lookup *over, const weir_error *error, const weir_address *addresses, size_t count, void *user) {
  (void)over, (void)error, (void)addresses, (void)count, (void)user;
  say("answered");
}

static void leave_at_once(void *unused) {
  (void)unused;
  say("leaving");
  exit(0);
}

static void cancel(void *unused) {
  (void)unused;
  weir_lookup_cancel(lookup);
}

int main(int argument_count, char **arguments) {
  const char *way = argument_count == 2 ? arguments[1] : "";
  system_hold_resolver(true);
  if (weir_loop_create(NULL, &loop) != WEIR_OK) return 1;
  if (weir_lookup_start(loop, "localhost", WEIR_FAMILY_NONE, hear, NULL, &lookup) != WEIR_OK) return 1;
  while (system_resolver_calls() == 0) native_pause_ms(1);
  say("stuck");
  if (strcmp(way, "exit") == 0) weir_loop_post(loop, leave_at_once, NULL);
  if (strcmp(way, "cancel") == 0) weir_loop_post(loop, cancel, NULL);
  if (strcmp(way, "release") != 0) weir_loop_run(loop, WEIR_RUN_DEFAULT);
  weir_loop_release(loop);
  say("leaving");
  return 0;
}
