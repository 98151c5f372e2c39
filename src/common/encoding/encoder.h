/* SPDX-License-Identifier: MIT */
/*
 * Turning a UTF-8 text into bytes, the reverse of decoder.h. A text is taken whole; nothing is kept between two. It
 * never allocates: ask for a bound first and bring the space.
 */
#ifndef WEIR_COMMON_ENCODING_ENCODER_H
#define WEIR_COMMON_ENCODING_ENCODER_H

#include <stddef.h>

#include <weir/encoding.h>

/* The most that encoding a text of `length` bytes can write. */
size_t encoder_capacity(weir_encoding encoding, size_t length);

/*
 * Encodes a UTF-8 text into `out`; returns how much was written. Nothing is an error, as in Node: malformed UTF-8
 * becomes U+FFFD (utf8 itself passes as it is), latin1 and ascii keep the low byte of each UTF-16 unit, hex ends at the
 * first pair that is none, base64 takes both alphabets, skips what belongs to neither and ends at '='.
 */
size_t encoder_encode(weir_encoding encoding, const char *text, size_t length, void *out);

#endif
