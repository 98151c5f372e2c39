/* SPDX-License-Identifier: MIT */
/*
 * Any text as an endpoint: it is understood or refused with a reason, never cut, never beyond its limit, and a pipe's
 * name that was resolved stays as it is. The first byte chooses the rules and the side, the second a prefix.
 */
#include <stdbool.h>
#include <string.h>

#include "common/address/address.h"
#include "fuzz.h"

static const struct address_rules all_rules[] = {{107, 107, 0},   {103, 0, 0}, {0, 0, 256},
                                                 {107, 107, 256}, {0, 0, 20},  {5, 3, 0}};

static const char *const prefixes[] = {"",          "ipc:", "unix:", "pipe:",        "\\\\.\\pipe\\", "\\\\?\\pipe\\",
                                       "//./pipe/", "@",    "tcp:",  "\\\\h\\pipe\\"};

static void check_kind(const struct address_rules *rules, bool listening, const struct address *address) {
  size_t units = address_utf16_units(address->text, address->length);
  switch (address->kind) {
    case ADDRESS_NONE:
      REQUIRE(address->kind != ADDRESS_NONE);
      break;
    case ADDRESS_PATH:
      REQUIRE(address->length <= rules->path_bytes);
      break;
    case ADDRESS_ABSTRACT:
      REQUIRE(address->length <= rules->abstract_bytes);
      break;
    case ADDRESS_REMOTE:
      REQUIRE(!listening && units <= rules->pipe_units);
      break;
    case ADDRESS_PIPE:
      REQUIRE(units <= rules->pipe_units);
      break;
    case ADDRESS_PORTABLE:
      REQUIRE(address->length <= 64);
      break;
    case ADDRESS_HOST:
    case ADDRESS_IP:
      return;
  }
  REQUIRE(address->length > 0 && address->text[address->length] == '\0');
  REQUIRE(address->kind == ADDRESS_ABSTRACT || strlen(address->text) == address->length);
}

/* What was understood is understood alike when it is written in full. */
static void check_again(const struct address_rules *rules, const struct address *address) {
  if (address->kind != ADDRESS_PIPE && address->kind != ADDRESS_REMOTE) return;
  struct address again;
  struct address_failure failure;
  REQUIRE(address_parse(rules, address->text, address->length, false, &again, &failure) == WEIR_OK);
  REQUIRE(again.kind == address->kind && again.length == address->length);
  REQUIRE(memcmp(again.text, address->text, again.length) == 0);
  REQUIRE(strncmp(address->text, "\\\\.\\pipe\\..\\", 12) != 0);
}

/* The line is printable, and what fits of it into a smaller space is its beginning. */
static void check_format(const struct address *address, size_t size) {
  char whole[4 * ADDRESS_TEXT_BYTES + 8];
  size_t length = address_format(address, whole, sizeof whole);
  REQUIRE(length < sizeof whole && strlen(whole) == length);
  for (size_t i = 0; i < length; i++) REQUIRE((unsigned char)whole[i] >= 0x20 && whole[i] != 0x7F);
  char *cut = malloc(size + 1);
  REQUIRE(cut != NULL);
  REQUIRE(address_format(address, cut, size) == length);
  if (size > 0) {
    REQUIRE(strlen(cut) <= size - 1 && memcmp(cut, whole, strlen(cut)) == 0);
    REQUIRE(length < size ? strlen(cut) == length : size < 5 || strlen(cut) >= size - 4);
  }
  free(cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  if (length < 2) return 0;
  const struct address_rules *rules = &all_rules[bytes[0] / 2 % (sizeof all_rules / sizeof all_rules[0])];
  bool listening = bytes[0] % 2 == 0;
  const char *prefix = prefixes[bytes[1] % (sizeof prefixes / sizeof prefixes[0])];
  size_t prefix_bytes = strlen(prefix);
  size_t text_bytes = prefix_bytes + length - 2;
  char *text = malloc(text_bytes + 1);
  REQUIRE(text != NULL);
  memcpy(text, prefix, prefix_bytes);
  memcpy(text + prefix_bytes, bytes + 2, length - 2);

  struct address address;
  struct address_failure failure;
  weir_code code = address_parse(rules, text, text_bytes, listening, &address, &failure);
  REQUIRE(failure.code == code && memchr(failure.hint, '\0', sizeof failure.hint) != NULL);
  REQUIRE((code == WEIR_OK) == (failure.hint[0] == '\0'));
  if (code == WEIR_OK) {
    check_kind(rules, listening, &address);
    check_again(rules, &address);
    check_format(&address, bytes[0]);
  } else {
    REQUIRE(code == WEIR_EINVAL || code == WEIR_ENOTSUP || code == WEIR_ENAMETOOLONG);
    REQUIRE(address.kind == ADDRESS_NONE);
  }
  free(text);
  return 0;
}
