/* SPDX-License-Identifier: MIT */
/*
 * What every command-line program needs and what has nothing to teach about Weir: arguments, output, failure.
 *
 * Begin with the other files. Nothing here is part of the library.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>

/* Makes standard output byte for byte, and returns the arguments in UTF-8; they live as long as the program. */
char **program_start(int *argument_count, char **arguments);

/*
 * For a program whose only argument is an endpoint: starts it, and returns that argument, or `otherwise` when there is
 * none. Any other command line ends the program with its usage and exit code 2.
 */
const char *program_endpoint(int argument_count, char **arguments, const char *usage, const char *otherwise);

/* Reads a whole decimal number; false when the text is anything else. */
bool program_number(const char *text, uint64_t *number);

/* Prints a line, as printf does, and flushes it, so that a script can wait for it. */
void program_print(const char *format, ...);

/* Prints an error as one line on standard error. */
void program_report(const weir_error *error);

/* Ends the program with a line and exit code 1 when a call has failed; `code` is what the call returned. */
void program_require(int code, const char *operation, const char *address);

#endif
