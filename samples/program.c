/* SPDX-License-Identifier: MIT */
/* The part of program.h that is the same on every system. */
#include "program.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool program_number(const char *text, uint64_t *number) {
  size_t length = strlen(text);
  if (length == 0 || length > 19 || strspn(text, "0123456789") != length) return false; /* 19 digits always fit. */
  *number = strtoull(text, NULL, 10);
  return true;
}

const char *program_endpoint(int argument_count, char **arguments, const char *usage, const char *otherwise) {
  arguments = program_start(&argument_count, arguments);
  if (argument_count == 1) return otherwise;
  if (argument_count == 2 && strncmp(arguments[1], "--", 2) != 0) return arguments[1];
  fputs(usage, stderr);
  exit(2);
}

void program_print(const char *format, ...) {
  va_list values;
  va_start(values, format);
  vprintf(format, values);
  va_end(values);
  putchar('\n');
  fflush(stdout);
}

void program_report(const weir_error *error) {
  char line[4096];
  weir_error_format(error, line, sizeof line);
  fprintf(stderr, "%s\n", line);
}

void program_require(int code, const char *operation, const char *address) {
  if (code >= 0) return;
  weir_error error = {.code = (weir_code)code, .operation = operation, .address = address, .hint = ""};
  program_report(&error);
  exit(EXIT_FAILURE);
}
