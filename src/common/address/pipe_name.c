/* SPDX-License-Identifier: MIT */
/*
 * The rules of path normalisation are those of "File path formats on Windows systems" (Microsoft), tried against Wine:
 *  - repeated separators are one;
 *  - "." vanishes, ".." takes the component before it away, and both take the separator before them when they are last;
 *  - a component that ends in a single dot loses it; three dots are a name;
 *  - dots and blanks at the very end vanish; a separator at the end stays.
 */
#include "common/address/pipe_name.h"

#include <string.h>

static bool has_pipe_at(const char *text, size_t length, size_t at) {
  static const char lower[] = "pipe";
  if (length < at + 5 || !pipe_name_separator(text[at + 4])) return false;
  for (size_t i = 0; i < 4; i++) {
    if (text[at + i] != lower[i] && text[at + i] != lower[i] - 'a' + 'A') return false;
  }
  return true;
}

enum pipe_form pipe_name_form(const char *text, size_t length, size_t *prefix_bytes) {
  *prefix_bytes = 0;
  if (length < 4 || !pipe_name_separator(text[0]) || !pipe_name_separator(text[1])) return PIPE_FORM_NONE;
  size_t server = 2;
  while (server < length && !pipe_name_separator(text[server])) server++;
  if (server == 2 || !has_pipe_at(text, length, server + 1)) return PIPE_FORM_NONE;
  *prefix_bytes = server + 6;
  if (server > 3 || (text[2] != '.' && text[2] != '?')) return PIPE_FORM_REMOTE;
  /* Windows looks for these four characters exactly, and leaves alone what follows them. */
  if (memcmp(text, "\\\\?\\", 4) != 0) return PIPE_FORM_DEVICE;
  return text[8] == '\\' ? PIPE_FORM_LITERAL : PIPE_FORM_NONE;
}

/* What is left of a component that is followed by a separator. */
static size_t trim_component(const char *component, size_t length) {
  bool single_dot = length > 1 && component[length - 1] == '.' && component[length - 2] != '.';
  return single_dot ? length - 1 : length;
}

/* Takes the last component, with the separator that ends it, off `out`; its new length. */
static size_t drop_component(const char *out, size_t length) {
  do {
    length--;
  } while (length > 0 && out[length - 1] != '\\');
  return length;
}

bool pipe_name_resolve(const char *name, size_t length, char *out, size_t *resolved_bytes) {
  size_t written = 0;
  for (size_t start = 0, end; start < length; start = end + 1) {
    const char *component = name + start;
    end = start;
    while (end < length && !pipe_name_separator(name[end])) end++;
    size_t bytes = end - start;
    bool is_last = end == length;
    bool is_parent = bytes == 2 && memcmp(component, "..", 2) == 0;
    if (bytes == 0) continue;
    if (is_parent && written == 0) return false;
    if (is_parent) written = drop_component(out, written);
    if (is_parent || (bytes == 1 && *component == '.')) {
      if (is_last && written > 0) written--;
      continue;
    }
    if (!is_last) bytes = trim_component(component, bytes);
    memcpy(out + written, component, bytes);
    written += bytes;
    if (!is_last) out[written++] = '\\';
  }
  while (written > 0 && (out[written - 1] == ' ' || out[written - 1] == '.')) written--;
  *resolved_bytes = written;
  return true;
}
