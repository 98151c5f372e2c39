/* SPDX-License-Identifier: MIT */
#include "win32/command_line.h"

#include <string.h>
#include <wchar.h>

/* A line that is being written; one unit is kept for its zero. */
struct line {
  wchar_t *text;
  size_t length;
  bool is_full;
};

static void add(struct line *line, wchar_t unit, size_t times) {
  if (COMMAND_LINE_UNITS - 1 - line->length < times) {
    line->is_full = true;
    return;
  }
  while (times-- > 0) line->text[line->length++] = unit;
}

/* Whether an argument needs quotes: what separates, what is a quote itself, and what some programs expand to names. */
static bool needs_quotes(const wchar_t *argument) {
  if (*argument == 0) return true;
  for (; *argument != 0; argument++) {
    if (*argument <= L' ' || wcschr(L"\"*?\x7F", *argument) != NULL) return true;
  }
  return false;
}

/*
 * Backslashes mean themselves, but in front of a quote: there each is written twice, and one more makes the quote a
 * part of the argument.
 */
static void add_quoted(struct line *line, const wchar_t *argument) {
  add(line, L'"', 1);
  while (*argument != 0) {
    size_t backslashes = wcsspn(argument, L"\\");
    argument += backslashes;
    bool doubled = *argument == L'"' || *argument == 0;
    add(line, L'\\', doubled ? 2 * backslashes : backslashes);
    if (*argument == 0) break;
    if (*argument == L'"') add(line, L'\\', 1);
    add(line, *argument++, 1);
  }
  add(line, L'"', 1);
}

static void add_plain(struct line *line, const wchar_t *argument) {
  while (*argument != 0) add(line, *argument++, 1);
}

/* The program's name ends at the first quote behind that with which it begins, whatever stands before it. */
static DWORD add_name(struct line *line, const wchar_t *name) {
  if (wcschr(name, L'"') != NULL) return ERROR_BAD_ARGUMENTS;
  add(line, L'"', 1);
  add_plain(line, name);
  add(line, L'"', 1);
  return ERROR_SUCCESS;
}

static DWORD add_argument(struct line *line, const wchar_t *argument) {
  add(line, L' ', 1);
  if (needs_quotes(argument)) {
    add_quoted(line, argument);
  } else {
    add_plain(line, argument);
  }
  return ERROR_SUCCESS;
}

/* `wide` is room for an argument as long as the whole line. */
static DWORD write_all(struct line *line, const char *const *arguments, wchar_t *wide) {
  for (size_t i = 0; arguments[i] != NULL; i++) {
    size_t length = strlen(arguments[i]);
    if (length >= 3 * (size_t)COMMAND_LINE_UNITS) return ERROR_FILENAME_EXCED_RANGE;
    DWORD error = os_text_from_utf8(arguments[i], length, wide, COMMAND_LINE_UNITS);
    if (error == ERROR_INSUFFICIENT_BUFFER) return ERROR_FILENAME_EXCED_RANGE;
    if (error == ERROR_SUCCESS) error = i == 0 ? add_name(line, wide) : add_argument(line, wide);
    if (error != ERROR_SUCCESS) return error;
  }
  line->text[line->length] = 0;
  return line->is_full ? ERROR_FILENAME_EXCED_RANGE : ERROR_SUCCESS;
}

DWORD command_line_write(const char *const *arguments, wchar_t text[COMMAND_LINE_UNITS]) {
  struct line line = {.text = text};
  wchar_t *wide = os_heap_get(COMMAND_LINE_UNITS * sizeof *wide);
  if (wide == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  DWORD error = write_all(&line, arguments, wide);
  os_heap_put(wide);
  return error;
}
