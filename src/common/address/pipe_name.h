/* SPDX-License-Identifier: MIT */
/*
 * How Windows reads the written forms of a pipe's name. Only text: no pipe is opened, and lengths are the caller's
 * business. Windows gives every name but a literal one the treatment of a path: slashes turn, "." and ".." resolve,
 * dots and blanks at the end vanish. Weir does it first, so that one pipe has one name, and none leads out of the
 * pipes.
 */
#ifndef WEIR_COMMON_ADDRESS_PIPE_NAME_H
#define WEIR_COMMON_ADDRESS_PIPE_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum pipe_form {
  PIPE_FORM_NONE = 0, /* not the name of a pipe */
  PIPE_FORM_DEVICE,   /* \\.\pipe\NAME, with separators of both kinds; //?/pipe/NAME is read alike */
  PIPE_FORM_LITERAL,  /* \\?\pipe\NAME, with backslashes only: taken as it is */
  PIPE_FORM_REMOTE    /* \\SERVER\pipe\NAME */
};

#define PIPE_PREFIX_DEVICE "\\\\.\\pipe\\"
#define PIPE_PREFIX_LITERAL "\\\\?\\pipe\\"

/* Which form a text has, and the bytes before its NAME; the NAME may be empty. */
enum pipe_form pipe_name_form(const char *text, size_t length, size_t *prefix_bytes);

/*
 * Resolves a NAME as Windows does into `out`, which has room for `length` bytes; gives the new length, 0 when nothing
 * is left. False: ".." led out of the name space.
 */
bool pipe_name_resolve(const char *name, size_t length, char *out, size_t *resolved_bytes);

static inline bool pipe_name_separator(char byte) { return byte == '\\' || byte == '/'; }

#endif
