/* SPDX-License-Identifier: MIT */
/*
 * What a passenger knows, as bytes: all of its parcel but the native, whose ticket stands elsewhere, and the user
 * pointer, which means nothing in another process. What is read may be forged, so nothing of it is believed: a number
 * out of range, a text without an end or a rest that is missing is WEIR_EPROTO.
 */
#include <string.h>

#include "common/base/failure.h"
#include "common/base/memory.h"
#include "common/channel/passenger.h"

/* ---- values ---- */

static void put_address(struct octet_writer *writer, const weir_address *address) {
  octets_put(writer, address->family, 1);
  octets_put(writer, (uint32_t)address->port, 4);
  octets_put(writer, address->flow_label, 4);
  octets_put_bytes(writer, address->bytes, sizeof address->bytes);
  octets_put_bytes(writer, address->zone, sizeof address->zone);
}

static bool is_family(uint64_t number) {
  return number == WEIR_FAMILY_NONE || number == WEIR_FAMILY_IPV4 || number == WEIR_FAMILY_IPV6;
}

static bool get_address(struct octet_reader *reader, weir_address *address) {
  uint64_t family = octets_get(reader, 1);
  address->port = (int)(int32_t)(uint32_t)octets_get(reader, 4);
  address->flow_label = (uint32_t)octets_get(reader, 4);
  const unsigned char *bytes = octets_get_bytes(reader, sizeof address->bytes);
  const unsigned char *zone = octets_get_bytes(reader, sizeof address->zone);
  if (zone == NULL || !is_family(family) || address->port < WEIR_NO_PORT || address->port > UINT16_MAX) return false;
  if (zone[sizeof address->zone - 1] != 0) return false;
  address->family = (weir_family)family;
  memcpy(address->bytes, bytes, sizeof address->bytes);
  memcpy(address->zone, zone, sizeof address->zone);
  return true;
}

static void put_options(struct octet_writer *writer, const struct socket_options *options) {
  octets_put(writer, options->no_delay, 1);
  octets_put(writer, options->keep_alive.wanted, 1);
  octets_put(writer, (uint32_t)options->keep_alive.delay_s, 4);
  octets_put(writer, (uint32_t)options->keep_alive.interval_s, 4);
  octets_put(writer, (uint32_t)options->keep_alive.count, 4);
  octets_put(writer, (uint32_t)options->type_of_service, 4);
  octets_put(writer, (uint32_t)options->linger_s, 4);
}

static int get_int(struct octet_reader *reader) { return (int)(int32_t)(uint32_t)octets_get(reader, 4); }

static bool get_options(struct octet_reader *reader, struct socket_options *options) {
  options->no_delay = octets_get(reader, 1) != 0;
  options->keep_alive.wanted = octets_get(reader, 1) != 0;
  options->keep_alive.delay_s = get_int(reader);
  options->keep_alive.interval_s = get_int(reader);
  options->keep_alive.count = get_int(reader);
  options->type_of_service = get_int(reader);
  options->linger_s = get_int(reader);
  if (options->keep_alive.delay_s < 0 || options->keep_alive.interval_s < 0 || options->keep_alive.count < 0) {
    return false;
  }
  return options->type_of_service >= TYPE_OF_SERVICE_UNSET && options->type_of_service <= UINT8_MAX &&
         options->linger_s >= LINGER_OFF;
}

static void put_decoder(struct octet_writer *writer, const struct decoder *decoder) {
  octets_put(writer, decoder->encoding, 1);
  octets_put(writer, decoder->pending_count, 1);
  octets_put_bytes(writer, decoder->pending, decoder->pending_count);
}

/* What is pending goes through the decoder again, so that nothing is there that would not be pending. */
static bool get_decoder(struct octet_reader *reader, struct decoder *decoder) {
  char text[64];
  uint64_t encoding = octets_get(reader, 1);
  size_t count = (size_t)octets_get(reader, 1);
  if (encoding > WEIR_ENCODING_BASE64URL || count > sizeof decoder->pending) return false;
  const unsigned char *pending = octets_get_bytes(reader, count);
  decoder_init(decoder, (weir_encoding)encoding);
  if (pending == NULL) return false;
  if (count == 0) return true;
  if (encoding == WEIR_ENCODING_NONE || decoder_capacity(decoder, count) > sizeof text) return false;
  return decoder_decode(decoder, pending, count, text) == 0;
}

static void put_text(struct octet_writer *writer, const char *text) {
  size_t length = text == NULL ? 0 : strlen(text);
  if (length > UINT16_MAX) length = UINT16_MAX;
  octets_put(writer, length, 2);
  octets_put_bytes(writer, text, length);
  octets_put(writer, 0, 1);
}

/* It stays where it is; NULL: it is none. */
static const char *get_text(struct octet_reader *reader) {
  size_t length = (size_t)octets_get(reader, 2);
  const unsigned char *text = octets_get_bytes(reader, length + 1);
  return text != NULL && text[length] == 0 ? (const char *)text : NULL;
}

static void put_error(struct octet_writer *writer, const weir_error *error) {
  octets_put(writer, error == NULL ? 0 : (uint32_t)error->code, 4);
  if (error == NULL) return;
  octets_put(writer, (uint32_t)error->native_code, 4);
  put_text(writer, error->operation);
  put_text(writer, error->address);
  put_text(writer, error->hint);
}

static weir_code get_error(struct octet_reader *reader, const weir_allocator *allocator, weir_error **copied) {
  weir_error error = {.code = (weir_code)get_int(reader)};
  if (error.code == WEIR_OK) return reader->is_broken ? WEIR_EPROTO : WEIR_OK;
  error.native_code = get_int(reader);
  error.operation = get_text(reader);
  error.address = get_text(reader);
  error.hint = get_text(reader);
  if (error.code > 0 || error.code < INT8_MIN || error.operation == NULL || error.address == NULL ||
      error.hint == NULL) {
    return WEIR_EPROTO;
  }
  *copied = failure_copy(allocator, &error);
  return *copied == NULL ? WEIR_ENOMEM : WEIR_OK;
}

/* ---- sockets ---- */

static void put_socket(struct octet_writer *writer, const struct socket_parcel *parcel) {
  put_options(writer, &parcel->options);
  put_address(writer, &parcel->local);
  put_address(writer, &parcel->remote);
  octets_put(writer, parcel->allow_half_open, 1);
  octets_put(writer, parcel->write_ended, 1);
  octets_put(writer, parcel->read_half, 1);
  octets_put(writer, parcel->flow == FLOW_PAUSED, 1);
  octets_put(writer, parcel->bytes_read, 8);
  octets_put(writer, parcel->bytes_written, 8);
  octets_put(writer, parcel->high_water_mark, 8);
  octets_put(writer, parcel->idle_ms, 8);
  put_decoder(writer, &parcel->decoder);
  put_error(writer, parcel->read_error);
  octets_put(writer, parcel->length, 8);
  octets_put_bytes(writer, parcel->bytes, parcel->length);
}

/* One whose both halves have ended would have been closed. */
static bool get_halves(struct octet_reader *reader, struct socket_parcel *parcel) {
  parcel->allow_half_open = octets_get(reader, 1) != 0;
  parcel->write_ended = octets_get(reader, 1) != 0;
  uint64_t read_half = octets_get(reader, 1);
  parcel->flow = octets_get(reader, 1) != 0 ? FLOW_PAUSED : FLOW_UNDECIDED;
  if (read_half < READ_HELD || read_half > READ_ENDED) return false;
  parcel->read_half = (enum read_half)read_half;
  return parcel->read_half != READ_ENDED || !parcel->write_ended;
}

static weir_code get_bytes(struct octet_reader *reader, struct socket_parcel *parcel) {
  uint64_t length = octets_get(reader, 8);
  if (length > reader->left) return WEIR_EPROTO;
  if (length == 0) return reader->is_broken ? WEIR_EPROTO : WEIR_OK;
  if (parcel->read_half == READ_ENDED) return WEIR_EPROTO;
  parcel->bytes = memory_get(parcel->allocator, (size_t)length);
  if (parcel->bytes == NULL) return WEIR_ENOMEM;
  parcel->length = (size_t)length;
  memcpy(parcel->bytes, octets_get_bytes(reader, (size_t)length), (size_t)length);
  return WEIR_OK;
}

static weir_code get_socket(struct octet_reader *reader, struct socket_parcel *parcel) {
  if (!get_options(reader, &parcel->options)) return WEIR_EPROTO;
  if (!get_address(reader, &parcel->local) || !get_address(reader, &parcel->remote)) return WEIR_EPROTO;
  if (!get_halves(reader, parcel)) return WEIR_EPROTO;
  parcel->bytes_read = octets_get(reader, 8);
  parcel->bytes_written = octets_get(reader, 8);
  parcel->high_water_mark = (size_t)octets_get(reader, 8);
  parcel->idle_ms = octets_get(reader, 8);
  if (!get_decoder(reader, &parcel->decoder)) return WEIR_EPROTO;
  weir_code code = get_error(reader, parcel->allocator, &parcel->read_error);
  return code == WEIR_OK ? get_bytes(reader, parcel) : code;
}

/* ---- servers ---- */

static void put_server(struct octet_writer *writer, const struct server_parcel *parcel) {
  octets_put(writer, parcel->owns_file, 1);
  octets_put(writer, (uint32_t)parcel->backlog, 4);
  octets_put(writer, parcel->allow_half_open, 1);
  octets_put(writer, parcel->pause_on_connect, 1);
  octets_put(writer, parcel->high_water_mark, 8);
  octets_put(writer, (uint32_t)parcel->max_connections, 4);
  put_options(writer, &parcel->socket_options);
}

static weir_code get_server(struct octet_reader *reader, struct server_parcel *parcel) {
  parcel->owns_file = octets_get(reader, 1) != 0;
  parcel->backlog = get_int(reader);
  parcel->allow_half_open = octets_get(reader, 1) != 0;
  parcel->pause_on_connect = octets_get(reader, 1) != 0;
  parcel->high_water_mark = (size_t)octets_get(reader, 8);
  parcel->max_connections = get_int(reader);
  bool sound = get_options(reader, &parcel->socket_options) && parcel->max_connections >= WEIR_UNLIMITED;
  return sound && !reader->is_broken ? WEIR_OK : WEIR_EPROTO;
}

/* ---- either ---- */

void passenger_write(const struct passenger *passenger, struct octet_writer *writer) {
  if (passenger->kind == CHANNEL_SOCKET) {
    put_socket(writer, &passenger->socket);
  } else {
    put_server(writer, &passenger->server);
  }
}

weir_code passenger_read(weir_loop *loop, enum channel_kind kind, struct octet_reader *reader,
                         struct passenger **passenger) {
  struct passenger *made = memory_get_zeroed(&loop->allocator, sizeof *made);
  if (made == NULL) return WEIR_ENOMEM;
  made->loop = loop;
  made->kind = kind;
  made->is_taken = true;
  if (kind == CHANNEL_SOCKET) made->socket.allocator = &loop->allocator;
  weir_code code = kind == CHANNEL_SOCKET ? get_socket(reader, &made->socket) : get_server(reader, &made->server);
  if (code == WEIR_OK && reader->left > 0) code = WEIR_EPROTO;
  if (code == WEIR_OK) {
    *passenger = made;
  } else {
    passenger_release(made);
  }
  return code;
}
