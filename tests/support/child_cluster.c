/* SPDX-License-Identifier: MIT */
/*
 * A worker of a cluster. Its server greets each client with one byte, its number as a letter from "a" on, and is an
 * echo. Messages of the primary:
 *
 *   exit      ends the process with 42, without a word
 *   busy      does nothing more, and hears nothing
 *   leave     leaves the cluster in order
 *   break     ends the channel without leaving
 *
 * A worker that lost its primary ends with 7.
 */
#include "support/child_cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "support/child.h"

static weir_loop *loop;
static weir_worker *worker;

static void require(int code) {
  if (code >= 0) return;
  fprintf(stderr, "%s", weir_code_name((weir_code)code));
  exit(97);
}

static void ignore_error(const weir_event *event, void *unused) {
  (void)event;
  (void)unused;
}

static void echo(const weir_event *event, void *unused) {
  char letter = (char)('a' + weir_worker_id(worker) - 1);
  (void)unused;
  require(weir_socket_on(event->connection, WEIR_EVENT_ERROR, ignore_error, NULL));
  weir_socket_write(event->connection, &letter, 1);
  require(weir_socket_pipe(event->connection, event->connection, WEIR_PIPE_DEFAULT));
}

static bool is_text(const weir_event_message *message, const char *text) {
  return message->length == strlen(text) && memcmp(message->bytes, text, message->length) == 0;
}

static void obey(const weir_event *event, void *unused) {
  const weir_event_message *message = event->message;
  (void)unused;
  if (is_text(message, "exit")) exit(42);
  while (is_text(message, "busy")) child_sleep(1000);
  if (is_text(message, "leave")) require(weir_worker_disconnect(worker));
  if (is_text(message, "break")) require(weir_channel_disconnect(weir_worker_channel(worker)));
}

static void end_without_primary(const weir_event *event, void *unused) {
  (void)unused;
  if (!weir_worker_exited_after_disconnect(event->worker)) exit(7);
}

bool child_cluster(const char *backend, const char *endpoint) {
  weir_loop_options options = weir_loop_options_default();
  weir_server *server = NULL;
  options.backend = backend;
  require(weir_loop_create(&options, &loop));
  require(weir_cluster_join(loop, &worker));
  require(weir_worker_on(worker, WEIR_EVENT_MESSAGE, obey, NULL));
  require(weir_worker_on(worker, WEIR_EVENT_DISCONNECT, end_without_primary, NULL));
  require(weir_server_create(loop, NULL, echo, NULL, &server));
  if (strcmp(endpoint, "-") != 0) require(weir_server_listen(server, endpoint, NULL));
  require(weir_loop_run(loop, WEIR_RUN_DEFAULT));
  weir_server_release(server);
  weir_worker_release(worker);
  weir_loop_release(loop);
  return true;
}
