/* SPDX-License-Identifier: MIT */
/*
 * One step through UTF-8 text, for whoever checks, counts or converts it. Malformed bytes are taken in the portions
 * that Unicode calls maximal subparts (Unicode 15, section 3.9), so that everybody replaces the same bytes by one
 * U+FFFD.
 */
#ifndef WEIR_COMMON_ENCODING_UTF8_H
#define WEIR_COMMON_ENCODING_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* In place of a code point: these bytes are malformed. */
#define UTF8_MALFORMED UINT32_MAX

/* In place of a code point: the text ends within a character that more bytes could complete. */
#define UTF8_INCOMPLETE (UINT32_MAX - 1)

/* What malformed text is replaced by. */
#define UTF8_REPLACEMENT 0xFFFDU

/* The most bytes of a character. */
#define UTF8_BYTES_MAX 4

/* How many bytes make the next character, malformed portion or incomplete rest; `length` is not 0. */
size_t utf8_next(const void *text, size_t length, uint32_t *code_point);

/* Writes a code point's 1 to 4 bytes and returns how many. */
size_t utf8_put(uint32_t code_point, char *out);

#endif
