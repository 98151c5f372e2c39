/* SPDX-License-Identifier: MIT */
/*
 * The bytes under way. Each life of a socket sends a pattern that depends on the place and on the stream, with the
 * stream's number in front, so that a receiver finds out whose bytes it gets and that none is lost, doubled or moved.
 */
#include <string.h>

#include "stream/chaos.h"

/* A prime, so that the pattern repeats at no power of two. */
enum { PERIOD = 65521, SHIFT = 4099, STREAM_BYTE = 2 };

static unsigned char pattern[2 * PERIOD];

void make_pattern(void) {
  uint32_t state = 1;
  for (size_t i = 0; i < PERIOD; i++) {
    state = state * 1664525 + 1013904223;
    pattern[i] = pattern[i + PERIOD] = (unsigned char)(state >> 24);
  }
}

static size_t index_of_stream(const struct chaos *chaos, const struct stream *stream) {
  return (size_t)(stream - chaos->streams);
}

static void make_header(size_t number, unsigned char header[HEADER_BYTES]) {
  memcpy(header, "W\0\0RSTRM", HEADER_BYTES);
  header[1] = (unsigned char)(number & 0xFF);
  header[STREAM_BYTE] = (unsigned char)(number >> 8);
}

struct stream *open_stream(struct chaos *chaos) {
  return chaos->stream_count == STREAMS_MAX ? NULL : &chaos->streams[chaos->stream_count++];
}

/* Where the pattern of a place begins; `room` is how far it goes on. */
static const unsigned char *pattern_at(size_t number, uint64_t place, size_t *room) {
  size_t start = (size_t)((place + number * SHIFT) % PERIOD);
  *room = PERIOD;
  return pattern + start;
}

void fill_from(const struct chaos *chaos, const struct stream *stream, unsigned char *bytes, size_t length) {
  unsigned char header[HEADER_BYTES];
  memset(bytes, 0, length);
  if (stream == NULL) return;
  size_t number = index_of_stream(chaos, stream);
  make_header(number, header);
  for (size_t done = 0; done < length;) {
    uint64_t place = stream->written + done;
    size_t room = HEADER_BYTES - (size_t)place;
    const unsigned char *from = header + place;
    if (place >= HEADER_BYTES) from = pattern_at(number, place, &room);
    size_t part = length - done < room ? length - done : room;
    memcpy(bytes + done, from, part);
    done += part;
  }
}

/* Something does not fit; where sockets are piped into each other that is no wonder. */
static void doubt(struct party *party, const char *what) {
  party->is_verified = false;
  if (!party->chaos->uses_pipes) blame(party->chaos, "party %zu received %s", index_of_party(party), what);
}

static void find_stream(struct party *party) {
  unsigned char header[HEADER_BYTES];
  size_t number = (size_t)party->header[1] | (size_t)party->header[STREAM_BYTE] << 8;
  make_header(number, header);
  if (number >= party->chaos->stream_count || memcmp(header, party->header, HEADER_BYTES) != 0) {
    doubt(party, "bytes that nobody sent");
  } else {
    party->receiving = &party->chaos->streams[number];
  }
}

static size_t receive_header(struct party *party, const unsigned char *bytes, size_t length) {
  size_t taken = 0;
  while (taken < length && party->received < HEADER_BYTES) party->header[party->received++] = bytes[taken++];
  if (taken > 0 && party->received == HEADER_BYTES) find_stream(party);
  return taken;
}

static void compare(struct party *party, const unsigned char *bytes, size_t length) {
  size_t number = index_of_stream(party->chaos, party->receiving);
  while (length > 0) {
    size_t room = 0;
    const unsigned char *expected = pattern_at(number, party->received, &room);
    size_t part = length < room ? length : room;
    if (memcmp(expected, bytes, part) != 0) {
      doubt(party, "other bytes than were sent");
      return;
    }
    party->received += part;
    bytes += part;
    length -= part;
  }
  if (party->received > party->receiving->attempted) doubt(party, "more than was sent");
}

void receive(struct party *party, const unsigned char *bytes, size_t length) {
  if (party->had_end) blame(party->chaos, "party %zu received after its end", index_of_party(party));
  if (!party->is_verified) return;
  size_t taken = receive_header(party, bytes, length);
  if (party->is_verified && taken < length) compare(party, bytes + taken, length - taken);
}

void receive_end(struct party *party) {
  if (!party->is_verified) return;
  if (party->received != weir_socket_bytes_read(party->socket)) {
    blame(party->chaos, "party %zu read %llu bytes and heard of %llu", index_of_party(party),
          (unsigned long long)weir_socket_bytes_read(party->socket), (unsigned long long)party->received);
  }
  if (party->receiving == NULL) return;
  party->receiving->end_is_seen = true;
  party->receiving->received = party->received;
}

void check_streams(struct chaos *chaos) {
  for (size_t i = 0; i < chaos->stream_count && !chaos->uses_pipes; i++) {
    const struct stream *stream = &chaos->streams[i];
    if (stream->is_finished && stream->end_is_seen && stream->received != stream->written) {
      blame(chaos, "stream %zu finished after %llu bytes and ended after %llu", i, (unsigned long long)stream->written,
            (unsigned long long)stream->received);
    }
  }
}
