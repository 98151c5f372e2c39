/* SPDX-License-Identifier: MIT */
/*
 * Lines of harmless text out of whatever a stranger sends: what chat knows of telnet, control characters and UTF-8.
 *
 * A stream has no lines; one read may bring half a line or ten. The reader holds the unfinished one, and never more
 * than LINE_MAX_BYTES of it. What the text may still say is not its business. Nothing here knows Weir.
 */
#ifndef LINE_READER_H
#define LINE_READER_H

#include <stdbool.h>
#include <stddef.h>

/* The rest of a longer line is dropped. */
#define LINE_MAX_BYTES 1000

/* Where the reader stands in telnet's negotiation, whose bytes are no text (RFC 854). */
enum telnet_state {
  TELNET_TEXT = 0,
  TELNET_COMMAND,            /* Behind the byte that announces one. */
  TELNET_OPTION,             /* Behind WILL, WONT, DO or DONT: one more byte. */
  TELNET_SUBNEGOTIATION,     /* Up to the command that ends it. */
  TELNET_SUBNEGOTIATION_END, /* Behind an announcing byte in there. */
};

/* All zero at the beginning. */
struct line_reader {
  enum telnet_state telnet;
  bool line_is_over; /* The line below has been given out. */
  bool cut;          /* It was longer than what is here. */
  size_t length;
  char text[LINE_MAX_BYTES + 1]; /* Terminated when a line is given out. */
};

/*
 * Takes bytes up to the end of a line, and moves `bytes` and `length` behind them; true when there is a line in `text`
 * now. Call it until it is false. Line feed and carriage return both end a line, so a pair gives an empty one as well.
 */
bool line_reader_take(struct line_reader *reader, const unsigned char **bytes, size_t *length);

/* The line that was left without an end, once nothing more will come; false when there is none. */
bool line_reader_finish(struct line_reader *reader);

#endif
