/* SPDX-License-Identifier: MIT */
/*
 * A command line that is read back as the arguments it was made of. Windows hands a program one text, and the program
 * takes it apart: nearly all do it as the C library of Microsoft and CommandLineToArgvW do, and for these it is
 * written. A program that reads it in a way of its own, cmd.exe above all, gets what it gets.
 */
#ifndef WEIR_WIN32_COMMAND_LINE_H
#define WEIR_WIN32_COMMAND_LINE_H

#include "win32/os.h"

/* How many units a command line may have, its zero included. */
#define COMMAND_LINE_UNITS 32767

/*
 * Writes the command line of these arguments, of which there is one at least. ERROR_NO_UNICODE_TRANSLATION: not UTF-8.
 * ERROR_BAD_ARGUMENTS: a quote in the first one, which cannot be written. ERROR_FILENAME_EXCED_RANGE: too long.
 */
DWORD command_line_write(const char *const *arguments, wchar_t line[COMMAND_LINE_UNITS]);

#endif
