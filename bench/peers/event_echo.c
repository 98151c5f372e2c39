/* SPDX-License-Identifier: MIT */
/*
 * event_echo --listen ENDPOINT [--sink]: libevent, with its bufferevents as its book and its samples use them.
 *
 * What has come moves from the input to the output without a copy. While a client does not take it, its reading is off.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>

#include "../arguments.h"
#include "../endpoint.h"
#include "../process.h"
#include "../sink.h"

/* More than this waits for the client: nothing more is read. As much as Weir lets wait. */
#define MOST_WAITING 65536

static struct arguments arguments;
static struct endpoint endpoint;

/* ---- Echo ---- */

static void echo_bytes(struct bufferevent *client, void *user) {
  struct evbuffer *output = bufferevent_get_output(client);
  (void)user;
  bufferevent_write_buffer(client, bufferevent_get_input(client));
  if (evbuffer_get_length(output) > MOST_WAITING) bufferevent_disable(client, EV_READ);
}

static void read_on(struct bufferevent *client, void *user) {
  (void)user;
  bufferevent_enable(client, EV_READ);
}

static void free_drained(struct bufferevent *client, void *user) {
  (void)user;
  bufferevent_free(client);
}

static void free_failed(struct bufferevent *client, short what, void *user) {
  (void)what;
  (void)user;
  bufferevent_free(client);
}

/* What is still to be sent goes first. */
static void finish(struct bufferevent *client) {
  if (evbuffer_get_length(bufferevent_get_output(client)) == 0) {
    bufferevent_free(client);
  } else {
    bufferevent_setcb(client, NULL, free_drained, free_failed, NULL);
  }
}

static void end_echo(struct bufferevent *client, short what, void *user) {
  (void)user;
  if (what & BEV_EVENT_ERROR) {
    bufferevent_free(client);
  } else if (what & BEV_EVENT_EOF) {
    finish(client);
  }
}

/* ---- Sink ---- */

static void sink_bytes(struct bufferevent *client, void *user) {
  struct evbuffer *input = bufferevent_get_input(client);
  uint64_t *count = user;
  *count += evbuffer_get_length(input);
  evbuffer_drain(input, evbuffer_get_length(input));
}

static void end_sink(struct bufferevent *client, short what, void *user) {
  uint64_t *count = user;
  unsigned char answer[SINK_ANSWER_BYTES];
  sink_write_answer(answer, *count);
  free(count);
  if (what & BEV_EVENT_ERROR) {
    bufferevent_free(client);
    return;
  }
  bufferevent_write(client, answer, sizeof answer);
  finish(client);
}

/* ---- The server ---- */

static void serve_echo(struct bufferevent *client) {
  bufferevent_setcb(client, echo_bytes, read_on, end_echo, NULL);
  bufferevent_enable(client, EV_READ | EV_WRITE);
}

static void serve_sink(struct bufferevent *client) {
  uint64_t *count = calloc(1, sizeof *count);
  if (count == NULL) {
    bufferevent_free(client);
    return;
  }
  bufferevent_setcb(client, sink_bytes, NULL, end_sink, count);
  bufferevent_enable(client, EV_READ | EV_WRITE);
}

static void accept_client(struct evconnlistener *listener, evutil_socket_t descriptor, struct sockaddr *address,
                          int length, void *user) {
  (void)address;
  (void)length;
  (void)user;
  int on = 1;
  if (endpoint.is_tcp) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct bufferevent *client =
      bufferevent_socket_new(evconnlistener_get_base(listener), descriptor, BEV_OPT_CLOSE_ON_FREE);
  if (client == NULL) {
    evutil_closesocket(descriptor);
  } else if (arguments.is_sink) {
    serve_sink(client);
  } else {
    serve_echo(client);
  }
}

static void terminate(evutil_socket_t number, short what, void *base) {
  (void)number;
  (void)what;
  event_base_loopbreak(base);
}

int main(int argument_count, char **texts) {
  arguments = arguments_read(argument_count, texts);
  endpoint = endpoint_read(arguments.endpoint);
  process_raise_descriptor_limit();
  signal(SIGPIPE, SIG_IGN);

  struct event_base *base = event_base_new();
  if (base == NULL) process_fail(PROCESS_FAILED, 0, "event_base_new");
  struct evconnlistener *listener = evconnlistener_new_bind(
      base, accept_client, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, ARGUMENTS_BACKLOG,
      (const struct sockaddr *)&endpoint.address, (int)endpoint.length);
  if (listener == NULL) process_fail(PROCESS_FAILED, errno, "listen");
  struct event *terminating = evsignal_new(base, SIGTERM, terminate, base);
  if (terminating == NULL || event_add(terminating, NULL) != 0) process_fail(PROCESS_FAILED, 0, "signal");

  arguments_say_ready();
  event_base_dispatch(base);

  evconnlistener_free(listener);
  endpoint_remove(&endpoint);
  event_free(terminating);
  event_base_free(base);
  return EXIT_SUCCESS;
}
