/* SPDX-License-Identifier: MIT */
#include "common/base/octets.h"

#include <string.h>

void octets_put(struct octet_writer *writer, uint64_t value, size_t width) {
  for (size_t i = 0; writer->bytes != NULL && i < width; i++) {
    writer->bytes[writer->length + i] = (unsigned char)(value >> (8 * i));
  }
  writer->length += width;
}

void octets_put_bytes(struct octet_writer *writer, const void *bytes, size_t length) {
  if (writer->bytes != NULL && length > 0) memcpy(writer->bytes + writer->length, bytes, length);
  writer->length += length;
}

const unsigned char *octets_get_bytes(struct octet_reader *reader, size_t length) {
  if (length > reader->left) {
    reader->is_broken = true;
    reader->left = 0;
    return NULL;
  }
  const unsigned char *bytes = reader->bytes;
  reader->bytes += length;
  reader->left -= length;
  return bytes;
}

uint64_t octets_get(struct octet_reader *reader, size_t width) {
  const unsigned char *bytes = octets_get_bytes(reader, width);
  uint64_t value = 0;
  for (size_t i = 0; bytes != NULL && i < width; i++) value |= (uint64_t)bytes[i] << (8 * i);
  return value;
}
