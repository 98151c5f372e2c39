/* SPDX-License-Identifier: MIT */
/*
 * Windows: main() gets its arguments in the ANSI code page, which loses what that page lacks; the wide command line
 * has everything. And standard output would turn every line feed into two bytes.
 */
#include "program.h"

#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>

static char *make_utf8(const wchar_t *wide) {
  int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
  char *text = malloc((size_t)size);
  if (text != NULL) WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
  return text;
}

char **program_start(int *argument_count, char **arguments) {
  _setmode(_fileno(stdout), _O_BINARY);
  wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), argument_count);
  char **texts = calloc((size_t)*argument_count + 1, sizeof *texts);
  if (wide == NULL || texts == NULL) program_require(WEIR_ENOMEM, "start", arguments[0]);
  for (int i = 0; i < *argument_count; i++) {
    texts[i] = make_utf8(wide[i]);
    if (texts[i] == NULL) program_require(WEIR_ENOMEM, "start", arguments[0]);
  }
  LocalFree(wide);
  return texts;
}
