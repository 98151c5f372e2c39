/* SPDX-License-Identifier: MIT */
/*
 * What errors are called and what they mean. The table is the only place that knows; where errors come from is the
 * business of each platform's folder, and what to do about one is said by the hint that travels with it.
 */
#include <weir/error.h>

#include <stdbool.h>
#include <stdio.h>

#include "common/base/text.h"

/* One line for each code; the assertion below counts them, and a line written twice is a case written twice. */
#define CODES(LINE)                                                   \
  LINE(OK, "nothing went wrong")                                      \
  LINE(EINVAL, "an argument makes no sense")                          \
  LINE(ENOMEM, "no memory")                                           \
  LINE(ENOTSUP, "not possible here")                                  \
  LINE(ECANCELED, "given up before it was done")                      \
  LINE(EDESTROYED, "the socket has been destroyed")                   \
  LINE(EENDED, "written after the end")                               \
  LINE(EPIPE, "the peer takes nothing more")                          \
  LINE(ENOTCONN, "not connected")                                     \
  LINE(EISCONN, "connected already")                                  \
  LINE(EALREADY, "under way already")                                 \
  LINE(ENOTOPEN, "the server is not listening")                       \
  LINE(EADDRINUSE, "the name is taken")                               \
  LINE(EADDRNOTAVAIL, "the address is not one of this machine")       \
  LINE(EACCES, "no permission")                                       \
  LINE(ENOENT, "the name or its directory does not exist")            \
  LINE(ENOTDIR, "a part of the path is not a directory")              \
  LINE(ENAMETOOLONG, "the name is too long")                          \
  LINE(ENOTSOCK, "no socket and no pipe")                             \
  LINE(ECONNREFUSED, "nobody listens there")                          \
  LINE(ECONNRESET, "the peer broke the connection off")               \
  LINE(ECONNABORTED, "the connection was given up before the accept") \
  LINE(ETIMEDOUT, "the deadline has passed")                          \
  LINE(EAGAIN, "the other side is busy")                              \
  LINE(EBUSY, "in use")                                               \
  LINE(EMFILE, "this process has no descriptors or handles left")     \
  LINE(ENFILE, "the system has no descriptors or handles left")       \
  LINE(ENOBUFS, "the system has no buffer space left")                \
  LINE(EBADF, "not an open descriptor or handle")                     \
  LINE(EPERM, "the system forbids it")                                \
  LINE(EROFS, "the file system is read-only")                         \
  LINE(ELOOP, "too many symbolic links in the path")                  \
  LINE(ENOSPC, "no space left on the device")                         \
  LINE(EHOSTUNREACH, "no way to that machine")                        \
  LINE(ENETUNREACH, "no way to that network")                         \
  LINE(EPROTO, "a protocol error")                                    \
  LINE(EIO, "input or output failed in the device")                   \
  LINE(EEXIST, "a file of that name exists and is not a socket")      \
  LINE(EUNKNOWN, "something Weir has no name for")                    \
  LINE(ENOTFOUND, "nobody knows that name")                           \
  LINE(EBLOCKED, "blocked by the list that was given")                \
  LINE(E2BIG, "the arguments and the environment are too long")       \
  LINE(ENOEXEC, "no program that this system can run")                \
  LINE(ESRCH, "the process has ended")                                \
  LINE(EFORKED, "the loop is another process's")

#define COUNT_OF(name, text) +1
_Static_assert(0 CODES(COUNT_OF) == 1 - WEIR_EFORKED, "every code up to the last has its line");

/* No default: a code without a line is a warning, and so does not build. */
const char *weir_code_name(weir_code code) {
#define NAME_OF(name, text) \
  case WEIR_##name:         \
    return #name;
  switch (code) { CODES(NAME_OF) }
  return "EUNKNOWN";
}

const char *weir_code_text(weir_code code) {
#define TEXT_OF(name, text) \
  case WEIR_##name:         \
    return text;
  switch (code) { CODES(TEXT_OF) }
  return "a number that is no code of Weir";
}

static bool is_given(const char *text) { return text != NULL && text[0] != '\0'; }

/* What was tried, on which addresses, and with which code. */
static void add_head(struct text *line, const weir_error *error) {
  if (is_given(error->operation)) {
    text_add(line, error->operation);
    text_add(line, " ");
  }
  text_add(line, weir_code_name(error->code));
  if (is_given(error->address)) {
    text_add(line, " ");
    text_add(line, error->address);
  }
  if (is_given(error->local)) {
    text_add(line, " - Local (");
    text_add(line, error->local);
    text_add(line, ")");
  }
}

static void add_native_code(struct text *line, int native_code) {
  char digits[16];
  snprintf(digits, sizeof digits, "%d", native_code);
  text_add(line, " [system error ");
  text_add(line, digits);
  text_add(line, "]");
}

static void add_causes(struct text *line, const weir_error *error) {
  for (size_t i = 0; i < error->cause_count; i++) {
    text_add(line, i == 0 ? " (" : ", ");
    add_head(line, &error->causes[i]);
  }
  if (error->cause_count > 0) text_add(line, ")");
}

size_t weir_error_format(const weir_error *error, char *text, size_t size) {
  struct text line = text_in(text, size);
  add_head(&line, error);
  text_add(&line, ": ");
  text_add(&line, weir_code_text(error->code));
  if (is_given(error->hint)) {
    text_add(&line, "; ");
    text_add(&line, error->hint);
  }
  if (error->native_code != 0) add_native_code(&line, error->native_code);
  add_causes(&line, error);
  return line.length;
}
