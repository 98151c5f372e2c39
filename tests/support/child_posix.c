/* SPDX-License-Identifier: MIT */
/* The test's child on POSIX. */
#define _XOPEN_SOURCE 700
#define _DARWIN_C_SOURCE

#include "support/child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

char **child_begin(int *argument_count, char **arguments) {
  (void)argument_count;
  return arguments;
}

char **child_arguments_again(int *argument_count) {
  (void)argument_count;
  return NULL;
}

char **child_environment(void) { return environ; }

const char *child_directory(void) {
  static char directory[4096];
  return getcwd(directory, sizeof directory);
}

bool child_is_open(int number) { return fcntl(number, F_GETFD) >= 0; }

intptr_t child_native(int number) { return number; }

void child_write(int number, const char *text) {
  if (write(number, text, strlen(text)) != (ssize_t)strlen(text)) exit(96);
}

size_t child_open_count(void) {
  size_t count = 0;
  for (int number = 0; number < 4096; number++) count += child_is_open(number);
  return count;
}

static bool is_ignored(int number) {
  struct sigaction action;
  return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

bool child_is_disturbed(void) {
  sigset_t blocked;
  sigprocmask(SIG_SETMASK, NULL, &blocked);
  for (int number = 1; number < 32; number++) {
    if (sigismember(&blocked, number) == 1 || is_ignored(number)) return true;
  }
  return false;
}

bool child_is_detached(void) { return getsid(0) == getpid(); }

void child_crash(void) { abort(); }

void child_tell(intptr_t native, const char *text) { child_write((int)native, text); }

void child_sleep(int milliseconds) {
  struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
  nanosleep(&time, NULL);
}
