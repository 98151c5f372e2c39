/* SPDX-License-Identifier: MIT */
/*
 * Handing sockets and servers to other loops. The place of the new one in the ledger is taken when it is asked for, and
 * takes over what the old one has received and sent when that has let go: nothing may be lost or come twice.
 */
#include "stream/chaos.h"

/* ---- sockets ---- */

/* The old one has let go, or the new one is there: what came there goes on here. */
void leave_to_heir(struct party *party) {
  struct party *heir = party->heir;
  party->heir = NULL;
  if (heir == NULL) return;
  heir->had_connect = true;
  heir->had_end = party->had_end;
  heir->had_finish = party->had_finish;
  heir->has_ended = party->has_ended;
  heir->sending = party->sending;
  heir->watches_data = party->watches_data;
  heir->is_verified = party->is_verified;
  heir->receiving = party->receiving;
  heir->received = party->received;
  memcpy(heir->header, party->header, sizeof heir->header);
}

static void find_testator(struct party *heir) {
  for (size_t i = 0; i < heir->chaos->party_count; i++) {
    if (heir->chaos->parties[i].heir == heir) leave_to_heir(&heir->chaos->parties[i]);
  }
}

static void hear_arrival(weir_loop *loop, weir_socket *socket, weir_code code, void *user) {
  struct promise *promise = user;
  struct party *heir = promise->heir;
  struct chaos *chaos = promise->chaos;
  note(chaos, "  party %zu: arrives, %s", index_of_party(heir), weir_code_name(code));
  keep_promise(promise);
  find_testator(heir);
  if ((socket == NULL) != (code != WEIR_OK)) blame(chaos, "a socket or a code");
  if (socket == NULL) {
    heir->life = PARTY_CLOSED;
    return;
  }
  if (weir_socket_loop(socket) != loop) blame(chaos, "it arrived in another loop");
  heir->life = PARTY_BEGUN;
  heir->lives = 1;
  heir->owners = 1;
  watch_party(heir, socket);
  note_addresses(heir);
  if (chaos->is_ending) destroy_party(heir, NULL);
  act(chaos, 2);
}

void hand_over_party(struct party *party) {
  struct chaos *chaos = party->chaos;
  struct promise *promise = party->heir == NULL ? promise_callback(chaos) : NULL;
  struct party *heir = promise == NULL ? NULL : take_party(chaos);
  if (heir == NULL) return;
  weir_loop *to = chaos->loops[draw(chaos, chaos->loop_count)];
  heir->life = PARTY_CLOSED;
  promise->heir = heir;
  weir_code code = weir_socket_hand_over(party->socket, to, hear_arrival, promise);
  promise->is_due = code == WEIR_OK;
  note(chaos, "party %zu: hand over as party %zu, %s", index_of_party(party), index_of_party(heir),
       weir_code_name(code));
  if (code == WEIR_OK) party->heir = heir;
}

/* ---- servers ---- */

static void hear_server(weir_loop *loop, weir_server *server, weir_code code, void *user) {
  struct promise *promise = user;
  struct chaos *chaos = promise->chaos;
  note(chaos, "  a server arrives, %s", weir_code_name(code));
  keep_promise(promise);
  if ((server == NULL) != (code != WEIR_OK)) blame(chaos, "a server or a code");
  if (server == NULL) return;
  if (weir_server_loop(server) != loop) blame(chaos, "it arrived in another loop");
  struct host *host = add_host(chaos, server);
  if (host == NULL) {
    weir_server_close(server, NULL, NULL);
    weir_server_release(server);
    return;
  }
  host->is_open = true;
  if (chaos->is_ending) close_host(host);
  act(chaos, 2);
}

void hand_over_host(struct host *host) {
  struct chaos *chaos = host->chaos;
  struct promise *promise = promise_callback(chaos);
  if (promise == NULL) return;
  weir_loop *to = chaos->loops[draw(chaos, chaos->loop_count)];
  weir_code code = weir_server_hand_over(host->server, to, hear_server, promise);
  promise->is_due = code == WEIR_OK;
  note(chaos, "host %zu: hand over, %s", index_of_host(host), weir_code_name(code));
  if (code != WEIR_OK) return;
  host->closes_owed++;
  if (weir_server_listening(host->server)) blame(chaos, "host %zu listens although it has left", index_of_host(host));
}
