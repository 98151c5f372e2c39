/* SPDX-License-Identifier: MIT */
/*
 * The grammar of weir/endpoint.h, one function for each of its kinds. Whether a kind exists here is asked first, its
 * form second, its length last, so that a hint names the reason that matters most.
 */
#include "common/address/address.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <weir/endpoint.h>

#include "common/address/host_port.h"
#include "common/address/pipe_name.h"
#include "common/encoding/utf8.h"

static const char no_pipes[] = "named pipes exist only on Windows; ipc:NAME works everywhere";
static const char no_name[] = "there is no name after the prefix";

/* What every step of the parsing needs. */
struct parser {
  const struct address_rules *rules;
  bool listening;
  struct address *address;
  struct address_failure *failure;
};

static weir_code refuse(const struct parser *parser, weir_code code, const char *hint) {
  assert(strlen(hint) < sizeof parser->failure->hint);
  parser->failure->code = code;
  strcpy(parser->failure->hint, hint);
  return code;
}

static weir_code refuse_length(const struct parser *parser, size_t length, const char *unit, size_t limit) {
  parser->failure->code = WEIR_ENAMETOOLONG;
  snprintf(parser->failure->hint, sizeof parser->failure->hint, "the name has %llu %s, the limit here is %llu",
           (unsigned long long)length, unit, (unsigned long long)limit);
  return WEIR_ENAMETOOLONG;
}

static weir_code accept_text(const struct parser *parser, enum address_kind kind, const char *text, size_t length) {
  address_set(parser->address, kind, text, length);
  return WEIR_OK;
}

static weir_code parse_abstract(const struct parser *parser, const char *name, size_t length) {
  size_t limit = parser->rules->abstract_bytes;
  if (limit == 0) {
    return refuse(parser, WEIR_ENOTSUP,
                  parser->rules->path_bytes > 0
                      ? "abstract names exist only on Linux; ipc:NAME works everywhere, and ./@NAME is a file"
                      : "abstract names exist only on Linux; ipc:NAME works everywhere");
  }
  if (length == 0) return refuse(parser, WEIR_EINVAL, "an abstract name needs at least one byte");
  if (length > limit) return refuse_length(parser, length, "bytes", limit);
  return accept_text(parser, ADDRESS_ABSTRACT, name, length);
}

static weir_code parse_path(const struct parser *parser, const char *path, size_t length) {
  size_t limit = parser->rules->path_bytes;
  if (limit == 0) {
    return refuse(parser, WEIR_ENOTSUP, "Unix domain sockets are for POSIX systems; ipc:NAME works everywhere");
  }
  if (length == 0) return refuse(parser, WEIR_EINVAL, no_name);
  if (length > limit) return refuse_length(parser, length, "bytes", limit);
  return accept_text(parser, ADDRESS_PATH, path, length);
}

static bool is_portable_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '.' ||
         byte == '_' || byte == '-';
}

static weir_code parse_portable(const struct parser *parser, const char *name, size_t length) {
  if (length == 0) return refuse(parser, WEIR_EINVAL, no_name);
  if (name[0] == '.' || name[length - 1] == '.') {
    return refuse(parser, WEIR_EINVAL, "the NAME of ipc:NAME neither begins nor ends with a dot");
  }
  for (size_t i = 0; i < length; i++) {
    if (!is_portable_byte(name[i])) {
      return refuse(parser, WEIR_EINVAL, "the NAME of ipc:NAME is made of letters, digits, '.', '_' and '-'");
    }
  }
  if (length > WEIR_IPC_NAME_MAX) return refuse_length(parser, length, "bytes", WEIR_IPC_NAME_MAX);
  return accept_text(parser, ADDRESS_PORTABLE, name, length);
}

/* Whether a text is UTF-8 throughout. */
static bool is_utf8(const char *text, size_t length) {
  for (size_t at = 0; at < length;) {
    uint32_t code_point;
    at += utf8_next(text + at, length - at, &code_point);
    if (code_point == UTF8_MALFORMED || code_point == UTF8_INCOMPLETE) return false;
  }
  return true;
}

/* What holds for every pipe name as it was written; `prefix_units` come before `text`. */
static weir_code check_pipe_text(const struct parser *parser, const char *text, size_t length, size_t prefix_units) {
  if (!is_utf8(text, length)) return refuse(parser, WEIR_EINVAL, "a pipe's name must be valid UTF-8");
  size_t units = prefix_units + address_utf16_units(text, length);
  size_t limit = parser->rules->pipe_units;
  return units > limit ? refuse_length(parser, units, "UTF-16 units with its prefix", limit) : WEIR_OK;
}

/* Puts prefix and name together; they fit, because what was written did. */
static weir_code accept_pipe(const struct parser *parser, enum address_kind kind, const char *prefix, const char *name,
                             size_t length) {
  char whole[ADDRESS_TEXT_BYTES];
  size_t prefix_bytes = strlen(prefix);
  assert(prefix_bytes + length < sizeof whole);
  memcpy(whole, prefix, prefix_bytes);
  memcpy(whole + prefix_bytes, name, length);
  return accept_text(parser, kind, whole, prefix_bytes + length);
}

/* The NAME of pipe:NAME: one that Windows takes as it is, so nothing is resolved. */
static weir_code parse_pipe_name(const struct parser *parser, const char *name, size_t length) {
  if (parser->rules->pipe_units == 0) return refuse(parser, WEIR_ENOTSUP, no_pipes);
  if (length == 0) return refuse(parser, WEIR_EINVAL, no_name);
  for (size_t i = 0; i < length; i++) {
    if (pipe_name_separator(name[i])) {
      return refuse(parser, WEIR_EINVAL, "the NAME of pipe:NAME has no \\ and no /; write \\\\.\\pipe\\... in full");
    }
  }
  if (name[length - 1] == '.' || name[length - 1] == ' ') {
    return refuse(parser, WEIR_EINVAL,
                  "Windows drops dots and blanks at the end of a name; \\\\?\\pipe\\NAME keeps them");
  }
  weir_code code = check_pipe_text(parser, name, length, strlen(PIPE_PREFIX_DEVICE));
  return code != WEIR_OK ? code : accept_pipe(parser, ADDRESS_PIPE, PIPE_PREFIX_DEVICE, name, length);
}

static weir_code parse_remote_pipe(const struct parser *parser, const char *text, size_t prefix_bytes, const char *name,
                                   size_t length) {
  if (parser->listening) {
    return refuse(parser, WEIR_EINVAL, "a server can listen only on its own machine: \\\\.\\pipe\\NAME");
  }
  char prefix[ADDRESS_TEXT_BYTES];
  size_t server_bytes = prefix_bytes - strlen("\\\\") - strlen("\\pipe\\");
  memcpy(prefix, "\\\\", 2);
  memcpy(prefix + 2, text + 2, server_bytes);
  strcpy(prefix + 2 + server_bytes, "\\pipe\\");
  return accept_pipe(parser, ADDRESS_REMOTE, prefix, name, length);
}

/* One of the forms of pipe_name.h; `prefix_bytes` come before its NAME. */
static weir_code parse_pipe_form(const struct parser *parser, enum pipe_form form, const char *text, size_t length,
                                 size_t prefix_bytes) {
  if (parser->rules->pipe_units == 0) return refuse(parser, WEIR_ENOTSUP, no_pipes);
  weir_code code = check_pipe_text(parser, text, length, 0);
  if (code != WEIR_OK) return code;
  const char *name = text + prefix_bytes;
  size_t name_bytes = length - prefix_bytes;
  if (name_bytes == 0) return refuse(parser, WEIR_EINVAL, no_name);
  if (form == PIPE_FORM_LITERAL) return accept_pipe(parser, ADDRESS_PIPE, PIPE_PREFIX_LITERAL, name, name_bytes);

  char resolved[ADDRESS_TEXT_BYTES];
  size_t resolved_bytes;
  if (!pipe_name_resolve(name, name_bytes, resolved, &resolved_bytes)) {
    return refuse(parser, WEIR_EINVAL, "\"..\" leads out of the pipes");
  }
  if (resolved_bytes == 0) return refuse(parser, WEIR_EINVAL, "nothing is left of the name once Windows reads it");
  if (form == PIPE_FORM_REMOTE) return parse_remote_pipe(parser, text, prefix_bytes, resolved, resolved_bytes);
  return accept_pipe(parser, ADDRESS_PIPE, PIPE_PREFIX_DEVICE, resolved, resolved_bytes);
}

/* Whether a text that looks like a pipe's name is meant as one: with slashes it is also a path of a POSIX system. */
static bool means_pipe(const struct address_rules *rules, enum pipe_form form, char first) {
  if (form == PIPE_FORM_NONE) return false;
  if (first == '\\' || rules->path_bytes == 0) return true;
  return rules->pipe_units > 0 && form != PIPE_FORM_REMOTE;
}

static weir_code parse_bare(const struct parser *parser, const char *text, size_t length) {
  size_t prefix_bytes;
  enum pipe_form form = pipe_name_form(text, length, &prefix_bytes);
  if (means_pipe(parser->rules, form, text[0])) return parse_pipe_form(parser, form, text, length, prefix_bytes);
  if (parser->rules->path_bytes > 0) return parse_path(parser, text, length);
  return refuse(parser, WEIR_EINVAL, "a pipe is written \\\\.\\pipe\\NAME, pipe:NAME or ipc:NAME");
}

static weir_code parse_tcp(const struct parser *parser, const char *text, size_t length) {
  struct host_port parsed;
  const char *reason = host_port_parse(text, length, &parsed);
  if (reason != NULL) return refuse(parser, WEIR_EINVAL, reason);
  weir_address ip = {.family = parsed.ip.family, .port = parsed.port};
  if (parsed.ip.zone_length >= sizeof ip.zone) {
    return refuse_length(parser, parsed.ip.zone_length, "bytes in its zone", sizeof ip.zone - 1);
  }
  memcpy(ip.bytes, parsed.ip.bytes, sizeof ip.bytes);
  if (parsed.ip.zone_length > 0) memcpy(ip.zone, parsed.ip.zone, parsed.ip.zone_length);
  if (ip.family != WEIR_FAMILY_NONE) {
    address_set_ip(parser->address, &ip);
    return WEIR_OK;
  }
  address_set(parser->address, ADDRESS_HOST, parsed.host, parsed.host_length);
  parser->address->ip = ip;
  return WEIR_OK;
}

/* Whether the text begins with `prefix`, which is then taken off. */
static bool take_prefix(const char **text, size_t *length, const char *prefix) {
  size_t bytes = strlen(prefix);
  if (*length < bytes || memcmp(*text, prefix, bytes) != 0) return false;
  *text += bytes;
  *length -= bytes;
  return true;
}

static weir_code parse_text(const struct parser *parser, const char *text, size_t length) {
  if (length == 0) return refuse(parser, WEIR_EINVAL, "the endpoint is empty");
  if (text[0] == '\0') return parse_abstract(parser, text + 1, length - 1);
  if (memchr(text, '\0', length) != NULL) return refuse(parser, WEIR_EINVAL, "the endpoint has a NUL byte inside");
  if (take_prefix(&text, &length, "ipc:")) return parse_portable(parser, text, length);
  if (take_prefix(&text, &length, "pipe:")) return parse_pipe_name(parser, text, length);
  if (take_prefix(&text, &length, "tcp:")) return parse_tcp(parser, text, length);
  bool must_be_unix = take_prefix(&text, &length, "unix:");
  if (take_prefix(&text, &length, "@")) return parse_abstract(parser, text, length);
  return must_be_unix ? parse_path(parser, text, length) : parse_bare(parser, text, length);
}

weir_code address_parse(const struct address_rules *rules, const char *text, size_t length, bool listening,
                        struct address *address, struct address_failure *failure) {
  /* A UTF-16 unit is at most three bytes of UTF-8. */
  assert(rules->path_bytes < ADDRESS_TEXT_BYTES && rules->abstract_bytes < ADDRESS_TEXT_BYTES);
  assert(3 * rules->pipe_units < ADDRESS_TEXT_BYTES);
  *failure = (struct address_failure){WEIR_OK, ""};
  address_set(address, ADDRESS_NONE, "", 0);
  return parse_text(&(struct parser){rules, listening, address, failure}, text, length);
}

void address_set(struct address *address, enum address_kind kind, const char *text, size_t length) {
  assert(length < sizeof address->text);
  address->kind = kind;
  address->length = length;
  memset(&address->ip, 0, sizeof address->ip);
  memmove(address->text, text, length);
  address->text[length] = '\0';
}

void address_set_ip(struct address *address, const weir_address *ip) {
  address_set(address, ADDRESS_IP, "", 0);
  address->ip = *ip;
}

/* A text being written into a space that may be too small; `length` counts on. */
struct writer {
  char *text;
  size_t size;
  size_t length;
};

/* Adds a portion whole or, from the first that does not fit, not at all. */
static void add(struct writer *writer, const char *portion, size_t length) {
  if (writer->length < writer->size && length < writer->size - writer->length) {
    memcpy(writer->text + writer->length, portion, length);
    writer->text[writer->length + length] = '\0';
  } else if (writer->length < writer->size) {
    writer->size = writer->length + 1;
  }
  writer->length += length;
}

/* Adds what fits. */
static void add_text(struct writer *writer, const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) add(writer, text + i, 1);
}

/* Whether a terminal shows a character and does nothing else: no control, no line end, no turn of direction. */
static bool is_printable(uint32_t code_point) {
  if (code_point == UTF8_MALFORMED || code_point == UTF8_INCOMPLETE) return false;
  if (code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0)) return false;
  if (code_point >= 0x2028 && code_point <= 0x202E) return false;
  return code_point != 0x061C && code_point != 0x200E && code_point != 0x200F &&
         !(code_point >= 0x2066 && code_point <= 0x2069);
}

static void add_escaped(struct writer *writer, const char *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < length; i++) {
    unsigned char byte = (unsigned char)bytes[i];
    add(writer, (char[]){'\\', 'x', digits[byte >> 4], digits[byte & 15]}, 4);
  }
}

static void add_port(struct writer *writer, int port) {
  char text[8];
  int length = snprintf(text, sizeof text, ":%d", port);
  add_text(writer, text, (size_t)length);
}

size_t address_format(const struct address *address, char *text, size_t size) {
  struct writer writer = {text, size, 0};
  add(&writer, "", 0);
  if (address->kind == ADDRESS_IP) {
    char ip[WEIR_ADDRESS_TEXT_BYTES];
    add_text(&writer, ip, weir_address_format(&address->ip, ip, sizeof ip));
    return writer.length;
  }
  if (address->kind == ADDRESS_ABSTRACT) add(&writer, "@", 1);
  if (address->kind == ADDRESS_PORTABLE) add(&writer, "ipc:", 4);
  for (size_t at = 0, bytes; at < address->length; at += bytes) {
    uint32_t code_point;
    bytes = utf8_next(address->text + at, address->length - at, &code_point);
    if (is_printable(code_point)) {
      add(&writer, address->text + at, bytes);
    } else {
      add_escaped(&writer, address->text + at, bytes);
    }
  }
  if (address->kind == ADDRESS_HOST) add_port(&writer, address->ip.port);
  return writer.length;
}

size_t address_utf16_units(const char *text, size_t length) {
  size_t units = 0;
  for (size_t at = 0, bytes; at < length; at += bytes) {
    uint32_t code_point;
    bytes = utf8_next(text + at, length - at, &code_point);
    if (code_point == UTF8_MALFORMED || code_point == UTF8_INCOMPLETE) {
      units += bytes;
    } else {
      units += code_point > 0xFFFF ? 2 : 1;
    }
  }
  return units;
}
