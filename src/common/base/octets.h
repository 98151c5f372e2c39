/* SPDX-License-Identifier: MIT */
/*
 * Values as bytes for another process, whatever its compiler: numbers of fixed width, the lowest byte first.
 *
 * A writer counts, and writes when it has room; so one function both measures and writes. A reader never passes its
 * end: what is not there reads as zero, and `is_broken` says so. What it reads was written by somebody else and may be
 * anything.
 */
#ifndef WEIR_COMMON_BASE_OCTETS_H
#define WEIR_COMMON_BASE_OCTETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct octet_writer {
  unsigned char *bytes; /* NULL: only counts */
  size_t length;        /* written or counted so far */
};

struct octet_reader {
  const unsigned char *bytes; /* the next one */
  size_t left;
  bool is_broken; /* more was asked for than there was */
};

/* A number of so many bytes, up to 8. */
void octets_put(struct octet_writer *writer, uint64_t value, size_t width);
void octets_put_bytes(struct octet_writer *writer, const void *bytes, size_t length);

uint64_t octets_get(struct octet_reader *reader, size_t width);

/* The next bytes, which stay where they are; NULL: there are not so many. */
const unsigned char *octets_get_bytes(struct octet_reader *reader, size_t length);

#endif
