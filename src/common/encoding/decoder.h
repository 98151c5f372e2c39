/* SPDX-License-Identifier: MIT */
/*
 * Turning a stream of bytes into UTF-8 text. A decoder takes the stream in any portions, keeps what is not yet whole,
 * and gives the same text however the stream was cut. It never allocates: ask for a bound first and bring the space.
 */
#ifndef WEIR_COMMON_ENCODING_DECODER_H
#define WEIR_COMMON_ENCODING_DECODER_H

#include <stddef.h>

#include <weir/encoding.h>

/* The most that decoder_end writes. */
#define DECODER_END_BYTES 4

struct decoder {
  weir_encoding encoding;
  unsigned char pending_count;
  unsigned char pending[4]; /* the beginning of something that is not yet whole */
};

void decoder_init(struct decoder *decoder, weir_encoding encoding);

/* The most that decoding `length` more bytes can write. */
size_t decoder_capacity(const struct decoder *decoder, size_t length);

/* Decodes the next bytes of the stream into `out`; returns how much was written, perhaps 0. */
size_t decoder_decode(struct decoder *decoder, const void *bytes, size_t length, char *out);

/* The stream is over: writes what stands for an unfinished rest. The decoder is as new afterwards. */
size_t decoder_end(struct decoder *decoder, char *out);

#endif
