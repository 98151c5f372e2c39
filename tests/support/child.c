/* SPDX-License-Identifier: MIT */
/*
 * The child of the tests about processes: it says what it was given, or behaves as it is told. The first argument is
 * what to do; several things may be asked for, one after the other, until one takes all arguments behind it.
 *
 *   arguments TEXT...   prints each as "LENGTH:TEXT", as both ways of reading a command line give them
 *   environment         prints it, an entry a line, and ends with an empty line
 *   directory           prints where it is
 *   descriptors         prints how many it has open
 *   open NUMBER         prints "yes" when that descriptor is open, else "no"
 *   signals             prints "calm", or "disturbed" when one is blocked or ignored
 *   session             prints "detached", or "attached"
 *   print TEXT          prints it;  complain TEXT: on standard error
 *   echo                copies its input to its output until that ends
 *   await               reads its input until that ends
 *   write NUMBER TEXT   writes it to that descriptor
 *   exit NUMBER         ends with this code;  crash: ends by a signal or an exception
 *
 *   channel PART BACKEND TEXT   plays a part at the other end of a channel, see child_channel.c
 *   cluster BACKEND ENDPOINT    is a worker of a cluster, see child_cluster.c
 *
 * and with Weir, see child_peer.h: converse NUMBER, serve ENDPOINT, answer ENDPOINT, share ENDPOINT,
 * listen NUMBER, leave NUMBER
 */
#include "support/child.h"
#include "support/child_channel.h"
#include "support/child_cluster.h"
#include "support/child_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_arguments(char **arguments) {
  for (; *arguments != NULL; arguments++) printf("%zu:%s\n", strlen(*arguments), *arguments);
}

/* Ends with a code of its own when the two ways differ. */
static void print_all_arguments(char **arguments, int skipped) {
  int count = 0;
  char **again = child_arguments_again(&count);
  print_arguments(arguments);
  for (int i = 0; again != NULL && (arguments[i] != NULL || skipped + i < count); i++) {
    if (skipped + i >= count || arguments[i] == NULL || strcmp(arguments[i], again[skipped + i]) != 0) exit(99);
  }
}

static void print_environment(void) {
  for (char **entry = child_environment(); *entry != NULL; entry++) printf("%s\n", *entry);
  printf("\n");
}

/* Byte by byte: whoever reads the other end waits for nothing. */
static void copy_input(FILE *to) {
  for (int byte = getchar(); byte != EOF; byte = getchar()) {
    if (to == NULL) continue;
    fputc(byte, to);
    fflush(to);
  }
}

/* What needs no argument. False: there is no such thing. */
static bool obey(const char *word) {
  if (strcmp(word, "environment") == 0) {
    print_environment();
  } else if (strcmp(word, "directory") == 0) {
    printf("%s\n", child_directory());
  } else if (strcmp(word, "descriptors") == 0) {
    printf("%zu\n", child_open_count());
  } else if (strcmp(word, "signals") == 0) {
    printf("%s\n", child_is_disturbed() ? "disturbed" : "calm");
  } else if (strcmp(word, "session") == 0) {
    printf("%s\n", child_is_detached() ? "detached" : "attached");
  } else if (strcmp(word, "echo") == 0) {
    copy_input(stdout);
  } else if (strcmp(word, "await") == 0) {
    copy_input(NULL);
  } else if (strcmp(word, "crash") == 0) {
    child_crash();
  } else {
    return false;
  }
  return true;
}

/* What needs one. */
static bool obey_with(const char *word, const char *argument) {
  if (strcmp(word, "open") == 0) {
    printf("%s\n", child_is_open(atoi(argument)) ? "yes" : "no");
  } else if (strcmp(word, "print") == 0) {
    printf("%s", argument);
  } else if (strcmp(word, "complain") == 0) {
    fprintf(stderr, "%s", argument);
  } else if (strcmp(word, "exit") == 0) {
    exit(atoi(argument));
  } else {
    return false;
  }
  return true;
}

/* What is done with Weir. */
static bool obey_as_peer(const char *word, const char *argument, const char *file) {
  if (strcmp(word, "converse") == 0) {
    peer_converse(child_native(atoi(argument)));
  } else if (strcmp(word, "serve") == 0) {
    peer_serve(argument);
  } else if (strcmp(word, "answer") == 0) {
    peer_answer(argument);
  } else if (strcmp(word, "share") == 0) {
    peer_share(argument);
  } else if (strcmp(word, "listen") == 0) {
    peer_listen(child_native(atoi(argument)));
  } else if (strcmp(word, "leave") == 0) {
    peer_leave(file, child_native(atoi(argument)), argument);
  } else {
    return false;
  }
  return true;
}

/* How many arguments were used up; 0: there is no such thing. */
static int obey_next(char **arguments, const char *file) {
  if (obey(arguments[0])) return 1;
  if (arguments[1] == NULL) return 0;
  if (obey_with(arguments[0], arguments[1]) || obey_as_peer(arguments[0], arguments[1], file)) return 2;
  if (arguments[2] == NULL) return 0;
  if (strcmp(arguments[0], "cluster") == 0) return child_cluster(arguments[1], arguments[2]) ? 3 : 0;
  if (strcmp(arguments[0], "channel") == 0 && arguments[3] != NULL) {
    return child_channel(arguments[1], arguments[2], arguments[3]) ? 4 : 0;
  }
  if (strcmp(arguments[0], "write") != 0) return 0;
  child_write(atoi(arguments[1]), arguments[2]);
  return 3;
}

int main(int argument_count, char **arguments) {
  arguments = child_begin(&argument_count, arguments);
  int used = 1;
  for (int i = 1; i < argument_count; i += used) {
    if (strcmp(arguments[i], "arguments") == 0) {
      print_all_arguments(arguments + i + 1, i + 1);
      return 0;
    }
    used = obey_next(arguments + i, arguments[0]);
    fflush(stdout);
    if (used == 0) return 98;
  }
  return 0;
}
