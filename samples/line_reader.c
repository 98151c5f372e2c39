/* SPDX-License-Identifier: MIT */
/* Bytes, to telnet's text, to a line, to valid UTF-8 without anything that a terminal would obey. */
#include "line_reader.h"

#include <stdint.h>

/* Telnet's commands, as RFC 854 numbers them. */
enum { TELNET_SE = 240, TELNET_SB = 250, TELNET_WILL = 251, TELNET_DONT = 254, TELNET_IAC = 255 };

/* ---- Telnet ------------------------------------------------------------------------------------------------------ */

static enum telnet_state begin_command(unsigned char command) {
  if (command == TELNET_SB) return TELNET_SUBNEGOTIATION;
  if (command >= TELNET_WILL && command <= TELNET_DONT) return TELNET_OPTION;
  return TELNET_TEXT;
}

/* Whether the byte is text. The byte 255 is not, not even doubled: there is none in UTF-8. */
static bool is_text(struct line_reader *reader, unsigned char byte) {
  switch (reader->telnet) {
    case TELNET_TEXT:
      if (byte == TELNET_IAC) reader->telnet = TELNET_COMMAND;
      return byte != TELNET_IAC;
    case TELNET_COMMAND:
      reader->telnet = begin_command(byte);
      return false;
    case TELNET_OPTION:
      reader->telnet = TELNET_TEXT;
      return false;
    case TELNET_SUBNEGOTIATION:
      if (byte == TELNET_IAC) reader->telnet = TELNET_SUBNEGOTIATION_END;
      return false;
    case TELNET_SUBNEGOTIATION_END:
      reader->telnet = byte == TELNET_SE ? TELNET_TEXT : TELNET_SUBNEGOTIATION;
      return false;
  }
  return false;
}

/* ---- UTF-8 ------------------------------------------------------------------------------------------------------- */

/* Control characters, line separators, and marks that turn the direction of the text around them. */
static bool is_harmful(uint32_t character) {
  return (character >= 0x80 && character <= 0x9F) || (character >= 0x2028 && character <= 0x202E) ||
         (character >= 0x2066 && character <= 0x2069);
}

/* How many bytes the harmless character at the beginning has; 0: there is none. */
static size_t measure_character(const unsigned char *text, size_t left) {
  static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000}; /* A longer form than needed is none. */
  unsigned char lead = text[0];
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length > left) return 0;
  uint32_t character = lead & (0x7Fu >> length);
  for (size_t i = 1; i < length; i++) {
    if ((text[i] & 0xC0) != 0x80) return 0;
    character = character << 6 | (text[i] & 0x3Fu);
  }
  bool is_surrogate = character >= 0xD800 && character <= 0xDFFF;
  if (character < smallest[length] || character > 0x10FFFF || is_surrogate || is_harmful(character)) return 0;
  return length;
}

/* ---- Lines ------------------------------------------------------------------------------------------------------- */

static void append(struct line_reader *reader, unsigned char byte) {
  if (byte == '\t') byte = ' ';
  if (byte < ' ' || byte == 0x7F) return;
  if (reader->length == LINE_MAX_BYTES) {
    reader->cut = true;
    return;
  }
  reader->text[reader->length++] = (char)byte;
}

static void finish_line(struct line_reader *reader) {
  for (size_t i = 0; i < reader->length;) {
    size_t length = measure_character((const unsigned char *)reader->text + i, reader->length - i);
    if (length == 0) reader->text[i] = '?';
    i += length > 0 ? length : 1;
  }
  reader->text[reader->length] = '\0';
  reader->line_is_over = true;
}

static void begin_line(struct line_reader *reader) {
  reader->line_is_over = false;
  reader->cut = false;
  reader->length = 0;
}

bool line_reader_take(struct line_reader *reader, const unsigned char **bytes, size_t *length) {
  if (reader->line_is_over) begin_line(reader);
  while (*length > 0) {
    unsigned char byte = **bytes;
    ++*bytes;
    --*length;
    if (!is_text(reader, byte)) continue;
    if (byte == '\n' || byte == '\r') {
      finish_line(reader);
      return true;
    }
    append(reader, byte);
  }
  return false;
}

bool line_reader_finish(struct line_reader *reader) {
  if (reader->line_is_over) begin_line(reader);
  if (reader->length == 0) return false;
  finish_line(reader);
  return true;
}
