/* SPDX-License-Identifier: MIT */
/* The modes of the load generator; load_options.c says in words what each does. */
#include "load.h"

static bool may_begin(const struct load *load) {
  return !load->is_stopping && (load->options.count == 0 || load->begun < load->options.count);
}

static void send_message(struct load *load, struct connection *connection) {
  load->begun++;
  connection->begun_ns = load->now_ns;
  connection->target += load->options.size;
  connection_send(load, connection);
}

static bool has_come_back(const struct connection *connection) {
  return connection->state == CONNECTION_BUSY && connection->received == connection->target;
}

static void stay_closed(struct load *load, struct connection *connection) {
  (void)load;
  (void)connection;
}

/* ---- Ping-pong ---- */

static void begin_ping(struct load *load, struct connection *connection) {
  if (may_begin(load)) {
    send_message(load, connection);
  } else {
    connection_end(load, connection);
  }
}

static void advance_ping(struct load *load, struct connection *connection) {
  if (!has_come_back(connection)) return;
  load->finished++;
  load->now_ns = load_clock_ns();
  if (!load->is_stopping) histogram_add(&load->latencies, load->now_ns - connection->begun_ns);
  begin_ping(load, connection);
}

/* ---- Stream ---- */

/* A count is shared out among the connections. */
static void begin_stream(struct load *load, struct connection *connection) {
  uint64_t share = load->options.count / load->options.connections;
  uint64_t left_over = load->options.count % load->options.connections;
  if (connection->number < left_over) share++;
  connection->target = load->options.count == 0 ? UINT64_MAX : share * load->options.size;
  connection_send(load, connection);
}

static void advance_stream(struct load *load, struct connection *connection) {
  load->finished = load->bytes / load->options.size;
  if (connection->state != CONNECTION_BUSY) return;
  if (load->is_stopping) connection->target = connection->sent;
  if (connection->sent == connection->target) connection_end(load, connection);
}

/* ---- Churn ---- */

static void begin_churn(struct load *load, struct connection *connection) {
  if (!may_begin(load)) return;
  connection_open(load, connection);
  send_message(load, connection);
}

static void advance_churn(struct load *load, struct connection *connection) {
  if (has_come_back(connection)) connection_end(load, connection);
}

static void end_churn(struct load *load, struct connection *connection) {
  load->finished++;
  begin_churn(load, connection);
}

/* ---- Idle ---- */

static void advance_idle(struct load *load, struct connection *connection) {
  if (!has_come_back(connection)) return;
  if (load->is_stopping) {
    connection_end(load, connection);
  } else {
    load->finished++;
  }
}

const struct mode *load_mode_find(enum load_mode mode) {
  static const struct mode modes[] = {
      [LOAD_PING_PONG] = {begin_ping, advance_ping, stay_closed},
      [LOAD_STREAM] = {begin_stream, advance_stream, stay_closed},
      [LOAD_CHURN] = {begin_churn, advance_churn, end_churn},
      [LOAD_IDLE] = {send_message, advance_idle, stay_closed},
  };
  return &modes[mode];
}
