/* SPDX-License-Identifier: MIT */
/* What the test's child does differently on each system; see child.c. */
#ifndef WEIR_TESTS_CHILD_H
#define WEIR_TESTS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes input and output byte for byte, and returns the arguments in UTF-8, as this system's programs get them. */
char **child_begin(int *argument_count, char **arguments);

/* The arguments as another part of the system reads them; NULL: there is no other. */
char **child_arguments_again(int *argument_count);

/* The whole environment, "NAME=value" in UTF-8, and the directory; they live for ever. */
char **child_environment(void);
const char *child_directory(void);

/* How many descriptors or handles this process has that a test of leaks should count. */
size_t child_open_count(void);

/* Whether descriptor `number` is open, what the system knows it by, and writing to it. */
bool child_is_open(int number);
intptr_t child_native(int number);
void child_write(int number, const char *text);

/* Writes to what the system knows by this number, and does not wait by itself. */
void child_tell(intptr_t native, const char *text);

/* Does nothing for so long. */
void child_sleep(int milliseconds);

/* Whether any signal is blocked or ignored. */
bool child_is_disturbed(void);

/* Whether it leads a session of its own, or has a console. */
bool child_is_detached(void);

/* Ends this process as a crash does. */
void child_crash(void);

#endif
