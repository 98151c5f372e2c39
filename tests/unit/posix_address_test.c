/* SPDX-License-Identifier: MIT */
/*
 * IP addresses on their way to a POSIX system and back: zones, which are interfaces there, IPv4 inside IPv6, and
 * sockets that came from elsewhere.
 */
#define _DEFAULT_SOURCE 1

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/os_faulty_posix.h"
#include "support/seam_posix.h"

/* ---- parts ---- */

static weir_address ask(struct seam *seam, struct connection *connection, enum control control) {
  weir_address address;
  assert_int_equal(seam->operations->control(seam->backend, connection, control, &address), WEIR_OK);
  return address;
}

static struct outcome try_listen_on(struct seam *seam, struct acceptor *acceptor, intptr_t native,
                                    struct address *name) {
  *name = (struct address){.kind = ADDRESS_NONE};
  struct listen_request request = {.address = name, .native = native, .backlog = 5};
  return seam->operations->listen(seam->backend, acceptor, &request);
}

static int native_tcp_socket(const struct seam *seam) {
  int descriptor = socket(seam->address.ip.family == WEIR_FAMILY_IPV6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
  assert_true(descriptor >= 0);
  return descriptor;
}

/* Bound to this machine, at any port. */
static int native_bound_socket(const struct seam *seam) {
  int descriptor = native_tcp_socket(seam);
  struct sockaddr_in ipv4 = {.sin_family = AF_INET};
  struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
  memcpy(&ipv4.sin_addr, seam->address.ip.bytes, sizeof ipv4.sin_addr);
  memcpy(&ipv6.sin6_addr, seam->address.ip.bytes, sizeof ipv6.sin6_addr);
  int result = seam->address.ip.family == WEIR_FAMILY_IPV6 ? bind(descriptor, (struct sockaddr *)&ipv6, sizeof ipv6)
                                                           : bind(descriptor, (struct sockaddr *)&ipv4, sizeof ipv4);
  assert_int_equal(result, 0);
  return descriptor;
}

/* A link-local address of this machine with the name of its interface; false: it has none. */
static bool find_link_local(weir_address *address) {
  struct ifaddrs *all;
  bool found = false;
  if (getifaddrs(&all) < 0) return false;
  for (struct ifaddrs *each = all; each != NULL && !found; each = each->ifa_next) {
    if (each->ifa_addr == NULL || each->ifa_addr->sa_family != AF_INET6) continue;
    struct sockaddr_in6 *native = (struct sockaddr_in6 *)(void *)each->ifa_addr;
    if (!IN6_IS_ADDR_LINKLOCAL(&native->sin6_addr)) continue;
    memset(address, 0, sizeof *address);
    address->family = WEIR_FAMILY_IPV6;
    memcpy(address->bytes, &native->sin6_addr, sizeof address->bytes);
    snprintf(address->zone, sizeof address->zone, "%s", each->ifa_name);
    found = true;
  }
  freeifaddrs(all);
  return found;
}

static void check_connect_fails(struct seam *seam, const char *text, weir_code code, int native_code,
                                const char *words) {
  struct connection *connection = seam_connection(seam);
  struct address address = seam_address(seam, text);
  struct completion completion;
  seam->operations->connect(seam->backend, connection, &(struct connect_request){.address = &address});
  assert_int_equal(seam_next(seam, &completion), OPERATION_CONNECT);
  assert_int_equal(completion.result, code);
  if (native_code != 0) assert_int_equal(completion.native_code, native_code);
  if (words != NULL) seam_expect_hint(completion.hint, words);
  seam_free(seam, connection);
}

/* ---- zones ---- */

/* A pair over the link-local address; the zones that both ends name. */
static void check_zone(struct seam *seam, const weir_address *link_local, const char *expected) {
  address_set_ip(&seam->address, link_local);
  struct seam_pair pair = seam_pair(seam);
  assert_string_equal(ask(seam, pair.client, CONTROL_REMOTE_ADDRESS).zone, expected);
  assert_string_equal(ask(seam, pair.server, CONTROL_REMOTE_ADDRESS).zone, expected);
  seam_end_pair(seam, pair);
}

static void a_zone_is_an_interface_by_name_or_number(void **state) {
  struct seam *seam = *state;
  weir_address link_local;
  if (seam->address.ip.family != WEIR_FAMILY_IPV6 || !find_link_local(&link_local)) {
    seam_skip("no interface here has a link-local address");
  }
  char name[WEIR_ZONE_BYTES];
  char number[WEIR_ZONE_BYTES];
  memcpy(name, link_local.zone, sizeof name);
  snprintf(number, sizeof number, "%u", if_nametoindex(name));
  check_zone(seam, &link_local, name);
  memcpy(link_local.zone, number, sizeof number);
  check_zone(seam, &link_local, name);
  faults_fail(OS_INTERFACE_NAME, 1, ENXIO, FAULTS_FOREVER);
  check_zone(seam, &link_local, number);
}

static void a_zone_that_is_no_interface_is_refused(void **state) {
  struct seam *seam = *state;
  if (seam->address.ip.family != WEIR_FAMILY_IPV6) seam_skip("only IPv6 has zones");
  check_connect_fails(seam, "tcp:[fe80::1%nowhere]:1", WEIR_EADDRNOTAVAIL, EADDRNOTAVAIL, "zone");
  check_connect_fails(seam, "tcp:[fe80::1%12x]:1", WEIR_EADDRNOTAVAIL, EADDRNOTAVAIL, "zone");
  check_connect_fails(seam, "tcp:[fe80::1%0]:1", WEIR_EADDRNOTAVAIL, EADDRNOTAVAIL, "zone");
  check_connect_fails(seam, "tcp:[fe80::1]:1", WEIR_EINVAL, EINVAL, "needs a zone");
  faults_fail(OS_INTERFACE_NUMBER, 1, EMFILE, 1);
  check_connect_fails(seam, "tcp:[fe80::1%nowhere]:1", WEIR_EMFILE, EMFILE, "descriptors");
  struct acceptor *acceptor = seam_acceptor(seam);
  assert_int_equal(seam_try_listen(seam, acceptor, "tcp:[fe80::1%nowhere]:0").code, WEIR_EADDRNOTAVAIL);
  seam_free(seam, acceptor);
}

static void the_zone_of_a_local_address_fails_at_the_bind(void **state) {
  struct seam *seam = *state;
  if (seam->address.ip.family != WEIR_FAMILY_IPV6) seam_skip("only IPv6 has zones");
  struct connection *connection = seam_connection(seam);
  struct address address = seam_address(seam, "tcp:[::1]:1");
  weir_address local;
  assert_int_equal(weir_address_make("fe80::1%nowhere", 0, &local), WEIR_OK);
  struct connect_request request = {.address = &address, .local = &local};
  struct completion completion;
  seam->operations->connect(seam->backend, connection, &request);
  assert_int_equal(seam_next(seam, &completion), OPERATION_CONNECT);
  assert_int_equal(completion.result, WEIR_EADDRNOTAVAIL);
  assert_string_equal(completion.step, "bind");
  seam_free(seam, connection);
}

/* ---- IPv4 inside IPv6 ---- */

static void an_ipv4_client_of_an_ipv6_server_is_mapped(void **state) {
  struct seam *seam = *state;
  if (seam->address.ip.family != WEIR_FAMILY_IPV6) seam_skip("this is about IPv6");
  seam->address = seam_address(seam, "tcp:[::]:0");
  struct acceptor *acceptor = seam_listen(seam);
  weir_address here;
  assert_int_equal(weir_address_make("127.0.0.1", seam->address.ip.port, &here), WEIR_OK);
  address_set_ip(&seam->address, &here);
  struct connection *client = seam_let_one_wait(seam, acceptor);
  struct completion completion;
  assert_int_equal(seam_next(seam, &completion), OPERATION_ACCEPT);
  char peer[WEIR_ADDRESS_TEXT_BYTES];
  weir_address_format_ip(completion.peer, peer, sizeof peer);
  assert_string_equal(peer, "::ffff:127.0.0.1");
  struct connection *server = seam_connection(seam);
  seam->operations->take(seam->backend, acceptor, server);
  int type = 0x10;
  assert_int_equal(seam->operations->control(seam->backend, server, CONTROL_TYPE_OF_SERVICE, &type), WEIR_OK);
  int set = 0;
  socklen_t length = sizeof set;
  assert_int_equal(getsockopt((int)seam_native(seam, server), IPPROTO_IP, IP_TOS, &set, &length), 0);
  assert_int_equal(set, type);
  seam_end_pair(seam, (struct seam_pair){client, server});
  seam_end_acceptor(seam, acceptor);
}

/* ---- sockets from elsewhere ---- */

static void a_bound_socket_can_listen_and_says_where(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_acceptor(seam);
  struct address name;
  assert_int_equal(try_listen_on(seam, acceptor, native_bound_socket(seam), &name).code, WEIR_OK);
  assert_int_equal(name.kind, ADDRESS_IP);
  assert_true(name.ip.port > 0);
  seam->address.ip.port = name.ip.port;
  assert_true(weir_address_equal(&name.ip, &seam->address.ip));
  struct connection *client = seam_let_one_wait(seam, acceptor);
  struct connection *server = seam_accept(seam, acceptor);
  seam_end_pair(seam, (struct seam_pair){client, server});
  seam_end_acceptor(seam, acceptor);
}

/* The system would find it a port that nobody knows. */
static void a_socket_without_a_port_does_not_listen(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_acceptor(seam);
  struct address name;
  int fresh = native_tcp_socket(seam);
  struct outcome outcome = try_listen_on(seam, acceptor, fresh, &name);
  assert_int_equal(outcome.code, WEIR_EINVAL);
  seam_expect_hint(outcome.hint, "bound");
  struct connection *connection = seam_connection(seam);
  assert_int_equal(seam->operations->open(seam->backend, connection, fresh).code, WEIR_ENOTCONN);
  seam_free(seam, connection);
  seam_free(seam, acceptor);
  assert_int_equal(close(fresh), 0);
}

/* Such as one whose connect a program made itself. */
static void an_open_tcp_socket_has_addresses_and_options(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  struct connection *first = seam_let_one_wait(seam, acceptor);
  struct connection *server = seam_accept(seam, acceptor);
  weir_address expected = ask(seam, first, CONTROL_LOCAL_ADDRESS);
  int descriptor = dup((int)seam_native(seam, first));
  seam_end(seam, first);
  struct connection *client = seam_connection(seam);
  assert_int_equal(seam->operations->open(seam->backend, client, descriptor).code, WEIR_OK);
  weir_address own = ask(seam, client, CONTROL_LOCAL_ADDRESS);
  assert_true(weir_address_equal(&own, &expected));
  weir_address other = ask(seam, client, CONTROL_REMOTE_ADDRESS);
  assert_true(weir_address_equal(&other, &seam->address.ip));
  bool yes = true;
  assert_int_equal(seam->operations->control(seam->backend, client, CONTROL_NO_DELAY, &yes), WEIR_OK);
  seam_end_pair(seam, (struct seam_pair){client, server});
  seam_end_acceptor(seam, acceptor);
}

static void a_socket_cannot_be_shared_without_descriptors(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  struct acceptor *other = seam_acceptor(seam);
  struct address name = {.kind = ADDRESS_NONE};
  struct listen_request request = {.address = &name, .shared = acceptor};
  faults_fail(OS_DUPLICATE, 1, EMFILE, 1);
  struct outcome outcome = seam->operations->listen(seam->backend, other, &request);
  assert_int_equal(outcome.code, WEIR_EMFILE);
  seam_expect_hint(outcome.hint, "descriptors");
  seam_free(seam, other);
  seam_end_acceptor(seam, acceptor);
}

int main(int argc, char **argv) {
  static const struct CMUnitTest cases[] = {
      SEAM_POSIX_CASE(a_zone_is_an_interface_by_name_or_number),
      SEAM_POSIX_CASE(a_zone_that_is_no_interface_is_refused),
      SEAM_POSIX_CASE(the_zone_of_a_local_address_fails_at_the_bind),
      SEAM_POSIX_CASE(an_ipv4_client_of_an_ipv6_server_is_mapped),
      SEAM_POSIX_CASE(a_bound_socket_can_listen_and_says_where),
      SEAM_POSIX_CASE(a_socket_without_a_port_does_not_listen),
      SEAM_POSIX_CASE(an_open_tcp_socket_has_addresses_and_options),
      SEAM_POSIX_CASE(a_socket_cannot_be_shared_without_descriptors),
  };
  return seam_main_tcp(argc, argv, NULL, cases, sizeof cases / sizeof cases[0]);
}
