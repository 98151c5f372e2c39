/* SPDX-License-Identifier: MIT */
/* Sockets, servers and processes in plain words, for people who ask what a loop waits for. Each becomes a part of a
 * line. */
#include "common/base/text.h"
#include "common/process/process.h"
#include "common/server/server.h"
#include "common/socket/connecting.h"
#include "common/socket/socket.h"

/* ---- sockets ---- */

static void add_address(struct text *text, const char *before, const weir_address *address) {
  char printed[WEIR_ADDRESS_TEXT_BYTES];
  weir_address_format(address, printed, sizeof printed);
  text_add(text, before);
  text_add(text, printed);
}

static void add_name(struct text *text, const char *before, const char *name) {
  if (name == NULL || name[0] == '\0') return;
  text_add(text, before);
  text_add(text, name);
}

static void add_ends(const struct weir_socket *socket, struct text *text) {
  weir_address address;
  bool was_accepted = socket->server != NULL;
  if (weir_socket_local_address(socket, &address)) add_address(text, was_accepted ? " at " : " from ", &address);
  if (weir_socket_remote_address(socket, &address)) {
    add_address(text, was_accepted ? " from " : " to ", &address);
  } else if (was_accepted) {
    add_name(text, " accepted at ", socket->server->address);
  } else if (socket->extra != NULL) {
    add_name(text, " to ", socket->extra->name);
  }
}

static const char *describe_open(const struct weir_socket *socket) {
  switch (weir_socket_get_state(socket)) {
    case WEIR_SOCKET_READ_ONLY:
      return "open, its own side has ended";
    case WEIR_SOCKET_WRITE_ONLY:
      return "open, the peer's side has ended";
    default:
      return "open";
  }
}

static const char *describe_life(const struct weir_socket *socket) {
  switch ((enum socket_life)socket->life) {
    case LIFE_NEW:
      return "never connected";
    case LIFE_CONNECTING:
      return "connecting";
    case LIFE_OPEN:
      return describe_open(socket);
    case LIFE_CLOSING:
      return "closing";
    case LIFE_CLOSED:
      break;
  }
  return "closed";
}

static const char *describe_flow(const struct weir_socket *socket) {
  if (socket->life != LIFE_OPEN || socket->read_half == READ_ENDED || socket->flow == FLOW_ON) return "";
  return socket->flow == FLOW_PAUSED ? ", paused" : ", nobody has begun to read";
}

static void add_bytes(struct text *text, size_t count, const char *what) {
  if (count == 0) return;
  text_add(text, ", ");
  text_add_count(text, count, "byte");
  text_add(text, what);
}

/* An attempt of another socket's connect. */
static bool is_scout(const struct weir_socket *socket) {
  const struct attempt *attempt = socket->extra == NULL ? NULL : socket->extra->attempt;
  return attempt != NULL && attempt->connecting->socket != socket;
}

void socket_describe(const struct handle *handle, struct text *text) {
  const struct weir_socket *socket = CONTAINER_OF(handle, struct weir_socket, handle);
  if (is_scout(socket)) {
    add_address(text, "attempt of a connect at ", &socket->extra->attempt->address);
    return;
  }
  text_add(text, "socket");
  add_ends(socket, text);
  text_add(text, ": ");
  text_add(text, describe_life(socket));
  text_add(text, describe_flow(socket));
  add_bytes(text, weir_socket_buffered(socket), " queued");
  add_bytes(text, weir_socket_kept(socket), " kept");
}

/* ---- servers ---- */

static const char *describe_state(const weir_server *server) {
  switch (server->state) {
    case SERVER_LOOKING_UP:
      return "looking its host's name up, ";
    case SERVER_ASKING:
      return "asking the primary for its name, ";
    case SERVER_STARTING:
    case SERVER_LISTENING:
      return "listening, ";
    case SERVER_CLOSING:
      return "closing, ";
    case SERVER_BOUND:
      return "bound and not listening, ";
    case SERVER_IDLE:
    case SERVER_FAILING:
      break;
  }
  return "not listening, ";
}

void server_describe(const struct handle *handle, struct text *text) {
  const weir_server *server = CONTAINER_OF(handle, weir_server, handle);
  text_add(text, "server");
  add_name(text, " at ", weir_server_address(server));
  text_add(text, ": ");
  text_add(text, describe_state(server));
  text_add_count(text, server->connections, "connection");
}

/* ---- processes ---- */

void process_describe(const struct handle *handle, struct text *text) {
  const weir_process *process = CONTAINER_OF(handle, weir_process, handle);
  text_add(text, "process ");
  text_add_number(text, process->id);
  text_add(text, weir_process_running(process) ? ": running" : ": ended");
}
