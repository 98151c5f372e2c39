/* SPDX-License-Identifier: MIT */
#include "hosts.h"

#include <stdio.h>

/* ---- answers ---- */

struct hosts hosts_of(struct world *world) {
  struct hosts hosts = {.world = world};
  assert_true(world->tcp);
  assert_int_equal(weir_address_parse(world->endpoint + strlen("tcp:"), &hosts.here), WEIR_OK);
  snprintf(hosts.endpoint, sizeof hosts.endpoint, "tcp:host.test:%d", hosts.here.port);
  return hosts;
}

void hosts_add(struct hosts *hosts, const char *ip) {
  assert_true(hosts->count < sizeof hosts->addresses / sizeof *hosts->addresses);
  assert_int_equal(weir_address_make(ip, WEIR_NO_PORT, &hosts->addresses[hosts->count++]), WEIR_OK);
}

void hosts_add_here(struct hosts *hosts) {
  char ip[WEIR_ADDRESS_TEXT_BYTES];
  weir_address_format_ip(&hosts->here, ip, sizeof ip);
  hosts_add(hosts, ip);
}

/* Worlds live below 127.192.0.0. */
void hosts_add_closed(struct hosts *hosts, unsigned index) {
  char ip[WEIR_ADDRESS_TEXT_BYTES];
  snprintf(ip, sizeof ip, "127.%u.%u.%u", 200 + index, hosts->here.bytes[2], hosts->here.bytes[3]);
  hosts_add(hosts, ip);
}

void hosts_answer(void *user) {
  struct hosts *hosts = user;
  weir_lookup_question *question = hosts->question;
  assert_non_null(question);
  hosts->question = NULL;
  weir_lookup_answer(question, hosts->code, hosts->addresses, hosts->count);
}

void hosts_resolve(weir_lookup_question *question, const char *host, weir_family family, void *user) {
  struct hosts *hosts = user;
  hosts->asked++;
  hosts->family = family;
  snprintf(hosts->host, sizeof hosts->host, "%s", host);
  assert_null(hosts->question);
  hosts->question = question;
  if (!hosts->held) hosts_answer(hosts);
}

weir_connect_options hosts_connect_options(struct hosts *hosts) {
  weir_connect_options options = weir_connect_options_default();
  options.resolver = hosts_resolve;
  options.resolver_user = hosts;
  return options;
}

weir_socket *hosts_connect(struct hosts *hosts, const weir_connect_options *options) {
  weir_connect_options defaults = hosts_connect_options(hosts);
  weir_socket *client = world_socket(hosts->world, NULL);
  hosts_trace(hosts->world, client, "C");
  world_trace_socket(hosts->world, client, "C", WORLD_TRACE_DATA);
  assert_int_equal(weir_socket_connect(client, hosts->endpoint, options ? options : &defaults), WEIR_OK);
  return client;
}

/* ---- what is told ---- */

static void note_lookup(const weir_event *event, void *user) {
  const struct world_mark *mark = user;
  char ip[WEIR_ADDRESS_TEXT_BYTES];
  if (event->lookup->error) {
    assert_null(event->lookup->address);
    assert_int_equal(event->lookup->family, WEIR_FAMILY_NONE);
    world_note(mark->world, mark->name, "lookup(%s)", weir_code_name(event->lookup->error->code));
    return;
  }
  assert_int_equal(event->lookup->family, event->lookup->address->family);
  weir_address_format(event->lookup->address, ip, sizeof ip);
  world_note(mark->world, mark->name, "lookup(%s)", ip);
}

static void note_attempt(const weir_event *event, void *user) {
  const struct world_mark *mark = user;
  char ip[WEIR_ADDRESS_TEXT_BYTES];
  weir_address_format_ip(event->attempt->address, ip, sizeof ip);
  if (event->type == WEIR_EVENT_ATTEMPT_FAILED) {
    world_note(mark->world, mark->name, "failed(%s,%s)", ip, weir_code_name(event->attempt->error->code));
    return;
  }
  assert_null(event->attempt->error);
  world_note(mark->world, mark->name, "attempt(%s)", ip);
  if (mark->world->simulated)
    world_note(mark->world, mark->name, "at(%u)", (unsigned)weir_sim_now_ms(mark->world->sim));
}

void hosts_trace(struct world *world, weir_socket *socket, const char *name) {
  struct world_mark *mark = world_mark(world, name, NULL);
  world_on(socket, WEIR_EVENT_LOOKUP, note_lookup, mark);
  world_on(socket, WEIR_EVENT_ATTEMPT, note_attempt, mark);
  world_on(socket, WEIR_EVENT_ATTEMPT_FAILED, note_attempt, mark);
}
