/* SPDX-License-Identifier: MIT */
/*
 * The system's resolver: GetAddrInfoW, its codes in our words, and its answers as addresses. It blocks, and is called
 * on threads alone.
 */
#include <string.h>

#include "common/system.h"
#include "win32/error.h"
#include "win32/os_socket.h"
#include "win32/socket.h"
#include "win32/socket_address.h"

/* What WEIR_HOST_BYTES_MAX bytes of UTF-8 may become, and a zero. */
enum { HOST_UNITS = 256 };

/* ---- what went wrong ---- */

static const struct {
  DWORD error;
  weir_code code;
  const char *hint;
} failures[] = {
    {WSAHOST_NOT_FOUND, WEIR_ENOTFOUND, "no name server and no hosts file knows the name"},
    {WSATRY_AGAIN, WEIR_EAGAIN, "the name servers do not answer now; is there a network?"},
    {WSANO_RECOVERY, WEIR_ENOTFOUND, "a name server refused to answer, and will not answer later"},
    {WSANO_DATA, WEIR_ENOTFOUND, "the name is known but has no address of this family"},
    {WSATYPE_NOT_FOUND, WEIR_ENOTFOUND, "the name is known but has no address of this family"},
    {WSAEAFNOSUPPORT, WEIR_ENOTSUP, "this system knows no addresses of this family"},
    {WSA_NOT_ENOUGH_MEMORY, WEIR_ENOMEM, NULL},
    {WSAEINVAL, WEIR_ENOTFOUND, "the system takes this for no name of a host"},
    {ERROR_NO_UNICODE_TRANSLATION, WEIR_EINVAL, "the name is not UTF-8"},
    {ERROR_INSUFFICIENT_BUFFER, WEIR_ENAMETOOLONG, NULL},
};

static void set_failure(struct resolved *resolved, DWORD error) {
  struct outcome outcome = error_outcome(ERROR_PLACE_OPEN, error, NULL);
  *resolved = (struct resolved){.code = outcome.code, .native_code = (int)error};
  for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++) {
    if (failures[i].error != error) continue;
    resolved->code = failures[i].code;
    resolved->hint = failures[i].hint;
  }
}

/* ---- the answers ---- */

/* False: it is of neither family. */
static bool read_answer(const ADDRINFOW *answer, weir_address *address) {
  if (answer->ai_family != AF_INET && answer->ai_family != AF_INET6) return false;
  *address = socket_address_read(answer->ai_addr);
  address->port = WEIR_NO_PORT;
  return true;
}

static size_t count_answers(const ADDRINFOW *answers) {
  size_t count = 0;
  for (; answers != NULL; answers = answers->ai_next) count++;
  return count;
}

static void take_answers(struct resolved *resolved, const ADDRINFOW *answers) {
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
  set_failure(resolved, WSANO_DATA);
}

/* ---- asking ---- */

static DWORD ask(const char *host, weir_family family, struct resolved *resolved) {
  wchar_t name[HOST_UNITS];
  DWORD error = os_text_from_utf8(host, strlen(host), name, HOST_UNITS);
  if (error != ERROR_SUCCESS) return error;
  ADDRINFOW hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  if (family == WEIR_FAMILY_IPV4) hints.ai_family = AF_INET;
  if (family == WEIR_FAMILY_IPV6) hints.ai_family = AF_INET6;
  ADDRINFOW *answers = NULL;
  error = os_getaddrinfo(name, &hints, &answers);
  if (error != ERROR_SUCCESS) return error;
  take_answers(resolved, answers);
  os_freeaddrinfo(answers);
  return ERROR_SUCCESS;
}

void system_resolve(const char *host, weir_family family, struct resolved *resolved) {
  DWORD error = socket_start();
  if (error == ERROR_SUCCESS) error = ask(host, family, resolved);
  if (error != ERROR_SUCCESS) set_failure(resolved, error);
}
