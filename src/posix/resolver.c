/* SPDX-License-Identifier: MIT */
/*
 * The system's resolver: getaddrinfo, its codes in our words, and its answers as addresses. It blocks, and is called on
 * threads alone.
 */
#define _GNU_SOURCE 1 /* for EAI_NODATA and EAI_ADDRFAMILY */

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "common/system.h"
#include "posix/error.h"
#include "posix/os.h"
#include "posix/socket_address.h"

/* ---- what went wrong ---- */

static const struct {
  int native_code;
  weir_code code;
  const char *hint;
} failures[] = {
    {EAI_ADDRFAMILY, WEIR_ENOTFOUND, "the host has no address of this family"},
    {EAI_AGAIN, WEIR_EAGAIN, "the name servers do not answer now; is there a network?"},
    {EAI_FAIL, WEIR_ENOTFOUND, "a name server refused to answer, and will not answer later"},
    {EAI_FAMILY, WEIR_ENOTSUP, "this system knows no addresses of this family"},
    {EAI_MEMORY, WEIR_ENOMEM, NULL},
    {EAI_NODATA, WEIR_ENOTFOUND, "the name is known but has no address of this family"},
    {EAI_NONAME, WEIR_ENOTFOUND, "no name server and no hosts file knows the name"},
};

static void set_failure(struct resolved *resolved, int native_code, int error_number) {
  *resolved = (struct resolved){.code = WEIR_EUNKNOWN, .native_code = native_code};
  if (native_code == EAI_SYSTEM) {
    struct outcome outcome = error_outcome(failure_of(error_number, HINT_NONE));
    *resolved = (struct resolved){.code = outcome.code, .native_code = outcome.native_code, .hint = outcome.hint};
    return;
  }
  for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
    if (failures[i].native_code != native_code) continue;
    resolved->code = failures[i].code;
    resolved->hint = failures[i].hint;
  }
}

/* ---- the answers ---- */

/* False: it is of neither family. */
static bool read_answer(const struct addrinfo *answer, weir_address *address) {
  if (answer->ai_family != AF_INET && answer->ai_family != AF_INET6) return false;
  struct socket_address native = socket_address_room();
  if (answer->ai_addrlen > native.length) return false;
  native.length = answer->ai_addrlen;
  memcpy(&native.any, answer->ai_addr, answer->ai_addrlen);
  socket_address_read_ip(&native, address);
  address->port = WEIR_NO_PORT;
  return true;
}

static size_t count_answers(const struct addrinfo *answers) {
  size_t count = 0;
  for (; answers != NULL; answers = answers->ai_next) count++;
  return count;
}

static void take_answers(struct resolved *resolved, const struct addrinfo *answers) {
  *resolved = (struct resolved){.code = WEIR_OK};
  resolved->addresses = os_heap_get((count_answers(answers) + 1) * sizeof *resolved->addresses);
  if (resolved->addresses == NULL) {
    resolved->code = WEIR_ENOMEM;
    return;
  }
  for (; answers != NULL; answers = answers->ai_next) {
    if (read_answer(answers, &resolved->addresses[resolved->count])) resolved->count++;
  }
  if (resolved->count > 0) return;
  os_heap_put(resolved->addresses);
  set_failure(resolved, EAI_NODATA, 0);
}

/* ---- asking ---- */

static int ask(const char *host, weir_family family, int flags, struct resolved *resolved) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags};
  if (family == WEIR_FAMILY_IPV4) hints.ai_family = AF_INET;
  if (family == WEIR_FAMILY_IPV6) hints.ai_family = AF_INET6;
  struct addrinfo *answers = NULL;
  int native_code = os_getaddrinfo(host, &hints, &answers);
  if (native_code != 0) {
    set_failure(resolved, native_code, errno);
  } else {
    take_answers(resolved, answers);
    os_freeaddrinfo(answers);
  }
  return native_code;
}

static bool ends_with(const char *host, const char *end) {
  size_t length = strlen(host), end_length = strlen(end);
  return length >= end_length && strcasecmp(host + length - end_length, end) == 0;
}

/*
 * AI_ADDRCONFIG spares a machine without IPv6 the addresses that it cannot reach, as in Node. But it does not count the
 * loopback interface (RFC 3493, 6.1), and so hides ::1 from a machine whose network is IPv4 alone: names of this
 * machine do without it, and so does a second question for a name that has no other address.
 */
void system_resolve(const char *host, weir_family family, struct resolved *resolved) {
  bool local = strcasecmp(host, "localhost") == 0 || ends_with(host, ".localhost");
  bool both = family == WEIR_FAMILY_NONE;
  int native_code = ask(host, family, both && !local ? AI_ADDRCONFIG : 0, resolved);
  bool hidden = native_code == EAI_NONAME || native_code == EAI_NODATA || native_code == EAI_ADDRFAMILY;
  if (both && !local && hidden) ask(host, family, 0, resolved);
}
