/* SPDX-License-Identifier: MIT */
/*
 * Writing at random, and the ledger of callbacks: each comes exactly once, those of writes that were taken in order,
 * and all before the `close` of their life but for those asked for after the destroy.
 */
#include <stdlib.h>
#include <string.h>

#include "stream/chaos.h"

/* ---- promises ---- */

struct promise *promise_callback(struct chaos *chaos) {
  if (chaos->promise_count == ACTIONS_MAX) return NULL;
  struct promise *promise = &chaos->promises[chaos->promise_count++];
  promise->chaos = chaos;
  promise->order = ++chaos->order;
  return promise;
}

void keep_promise(struct promise *promise) {
  hear(promise->chaos);
  if (!promise->is_due) blame(promise->chaos, "a callback that was refused has come");
  if (promise->is_kept) blame(promise->chaos, "a callback has come twice");
  promise->is_kept = true;
}

void check_promises(struct chaos *chaos, const struct party *party) {
  for (size_t i = 0; i < chaos->promise_count; i++) {
    const struct promise *promise = &chaos->promises[i];
    bool is_asked = party == NULL || (promise->party == party && !promise->is_late);
    if (!is_asked || !promise->is_due || promise->is_kept) continue;
    blame(chaos, "callback %llu has not come", (unsigned long long)promise->order);
  }
}

static void hear_written(weir_socket *socket, const weir_error *error, void *user) {
  struct promise *promise = user;
  struct party *party = promise->party;
  const char *result = error == NULL ? "OK" : weir_code_name(error->code);
  (void)socket;
  note(promise->chaos, "  party %zu: callback %llu, %s", index_of_party(party), (unsigned long long)promise->order,
       result);
  keep_promise(promise);
  if (!promise->is_refused && promise->order < party->last_order) {
    blame(promise->chaos, "callback %llu comes too late", (unsigned long long)promise->order);
  }
  if (!promise->is_refused) party->last_order = promise->order;
  if (promise->is_refused && error == NULL) blame(promise->chaos, "a refused write has succeeded");
  if (promise->borrowed != NULL) promise->borrowed[0] ^= 0xFF;
  free(promise->borrowed);
  promise->borrowed = NULL;
  act(promise->chaos, 2);
}

/* ---- what is written ---- */

static size_t draw_length(struct chaos *chaos) {
  static const size_t limits[] = {1, 12, 12, 300, 2000, 2000, 20000, 70000, 200 * 1024};
  size_t length = draw(chaos, limits[draw(chaos, sizeof limits / sizeof limits[0])]);
  if (length > chaos->bytes_left) length = chaos->bytes_left;
  chaos->bytes_left -= length;
  return length;
}

/* Memory of exactly this length, so that a sanitizer sees who reads beyond it or too late. */
static unsigned char *take_bytes(const struct party *party, size_t length) {
  unsigned char *bytes = malloc(length == 0 ? 1 : length);
  assert_non_null(bytes);
  fill_from(party->chaos, party->sending, bytes, length);
  return bytes;
}

static void count_taken(struct party *party, int result, size_t length) {
  struct stream *stream = party->sending;
  if (result == WEIR_ENOTCONN && party->life == PARTY_IDLE) party->life = PARTY_FAILING;
  if (stream == NULL || result < 0) return;
  stream->written += length;
  if (stream->attempted < stream->written) stream->attempted = stream->written;
}

void write_plainly(struct party *party) {
  size_t length = draw_length(party->chaos);
  unsigned char *bytes = take_bytes(party, length);
  int result = weir_socket_write(party->socket, bytes, length);
  note(party->chaos, "party %zu: write %zu bytes, %d", index_of_party(party), length, result);
  free(bytes);
  if (result == WEIR_ENOMEM && party->sending != NULL) party->sending->attempted = party->sending->written + length;
  count_taken(party, result, length);
  if (result == 0 && !weir_socket_needs_drain(party->socket)) blame(party->chaos, "told to wait for no drain");
}

/* ---- with options ---- */

static void encode_as_hex(weir_write *write, unsigned char **bytes) {
  static const char digits[] = "0123456789abcdef";
  unsigned char *text = malloc(2 * write->length + 1);
  assert_non_null(text);
  for (size_t i = 0; i < write->length; i++) {
    text[2 * i] = (unsigned char)digits[(*bytes)[i] >> 4];
    text[2 * i + 1] = (unsigned char)digits[(*bytes)[i] & 15];
  }
  free(*bytes);
  *bytes = text;
  write->bytes = text;
  write->length *= 2;
  write->encoding = WEIR_ENCODING_HEX;
}

static void add_callback(struct party *party, weir_write *write, struct promise **promise) {
  *promise = promise_callback(party->chaos);
  if (*promise == NULL) return;
  (*promise)->party = party;
  write->callback = hear_written;
  write->user = *promise;
}

/* What was promised depends on what the call returned. */
static void settle(struct promise *promise, int result, unsigned char *bytes, bool is_borrowed) {
  bool is_due = promise != NULL && result != WEIR_EINVAL && result != WEIR_ENOMEM;
  if (promise != NULL) promise->is_due = is_due;
  if (promise != NULL) promise->is_refused = result < 0;
  if (promise != NULL) promise->is_late = result == WEIR_EDESTROYED;
  if (is_due && is_borrowed) {
    promise->borrowed = bytes;
  } else {
    free(bytes);
  }
}

void write_with_options(struct party *party) {
  struct chaos *chaos = party->chaos;
  size_t length = draw_length(chaos);
  unsigned char *bytes = take_bytes(party, length);
  struct promise *promise = NULL;
  weir_write write = weir_write_default();
  write.bytes = bytes;
  write.length = length;
  if (!one_in(chaos, 4)) add_callback(party, &write, &promise);
  write.borrow = one_in(chaos, 3);
  if (one_in(chaos, 4)) encode_as_hex(&write, &bytes);
  int result = weir_socket_write_with(party->socket, &write);
  note(chaos, "party %zu: write_with %zu bytes%s%s, callback %llu, %d", index_of_party(party), length,
       write.borrow ? ", borrowed" : "", write.encoding == WEIR_ENCODING_NONE ? "" : ", encoded",
       promise == NULL ? 0ULL : (unsigned long long)promise->order, result);
  settle(promise, result, bytes, write.borrow);
  count_taken(party, result, length);
}

void end_party(struct party *party) {
  struct chaos *chaos = party->chaos;
  size_t length = one_in(chaos, 2) ? 0 : draw_length(chaos);
  unsigned char *bytes = take_bytes(party, length);
  struct promise *promise = NULL;
  weir_write write = weir_write_default();
  write.bytes = bytes;
  write.length = length;
  bool is_plain = length == 0 && one_in(chaos, 2);
  if (!is_plain && one_in(chaos, 2)) add_callback(party, &write, &promise);
  int result = weir_socket_end(party->socket, is_plain ? NULL : &write);
  note(chaos, "party %zu: end with %zu bytes, callback %llu, %d", index_of_party(party), length,
       promise == NULL ? 0ULL : (unsigned long long)promise->order, result);
  settle(promise, result, bytes, false);
  count_taken(party, result, length);
  if (result >= 0 && party->life == PARTY_BEGUN) party->has_ended = true;
}
