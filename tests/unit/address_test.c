/* SPDX-License-Identifier: MIT */
/* Every row of the grammar in weir/endpoint.h, under the rules of three systems. */
#include "common/address/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

/* cmocka.h wants the headers above first. */
#include <cmocka.h>

#include <weir/endpoint.h>

static const struct address_rules linux_rules = {107, 107, 0};
static const struct address_rules mac_rules = {103, 0, 0};
static const struct address_rules windows_rules = {0, 0, 256};
static const struct address_rules simulator_rules = {107, 107, 256};

struct result {
  weir_code code;
  struct address address;
  struct address_failure failure;
};

static struct result parse_bytes(const struct address_rules *rules, const char *text, size_t length, bool listening) {
  struct result result;
  memset(&result, 0x55, sizeof result);
  result.code = address_parse(rules, text, length, listening, &result.address, &result.failure);
  assert_int_equal(result.failure.code, result.code);
  assert_non_null(memchr(result.failure.hint, 0, sizeof result.failure.hint));
  return result;
}

static void check(const struct address_rules *rules, const char *text, enum address_kind kind, const char *expected) {
  struct result result = parse_bytes(rules, text, strlen(text), false);
  if (result.code != WEIR_OK) fail_msg("%s: %s", text, result.failure.hint);
  assert_string_equal(result.failure.hint, "");
  assert_int_equal(result.address.kind, kind);
  assert_string_equal(result.address.text, expected);
  assert_int_equal(result.address.length, strlen(expected));
}

static void check_refused_bytes(const struct address_rules *rules, const char *text, size_t length, weir_code code,
                                const char *hint_part) {
  struct result result = parse_bytes(rules, text, length, true);
  assert_int_equal(result.code, code);
  assert_int_equal(result.address.kind, ADDRESS_NONE);
  const char *hint = result.failure.hint;
  if (strstr(hint, hint_part) == NULL) fail_msg("%s: the hint \"%s\" lacks \"%s\"", text, hint, hint_part);
}

static void check_refused(const struct address_rules *rules, const char *text, weir_code code, const char *hint_part) {
  check_refused_bytes(rules, text, strlen(text), code, hint_part);
}

static void check_format(enum address_kind kind, const char *text, const char *expected) {
  struct address address;
  char line[512];
  address_set(&address, kind, text, strlen(text));
  assert_int_equal(address_format(&address, line, sizeof line), strlen(expected));
  assert_string_equal(line, expected);
}

/* A text for one test: a prefix and so many times a letter. */
struct repeated {
  char text[4096];
};

static const char *repeat(struct repeated *repeated, const char *prefix, char letter, size_t count) {
  size_t bytes = strlen(prefix);
  memcpy(repeated->text, prefix, bytes);
  memset(repeated->text + bytes, letter, count);
  repeated->text[bytes + count] = '\0';
  return repeated->text;
}

#define REPEAT(prefix, letter, count) repeat(&(struct repeated){""}, prefix, letter, count)

static void a_bare_text_is_a_path_on_posix(void **state) {
  (void)state;
  check(&linux_rules, "/run/x.sock", ADDRESS_PATH, "/run/x.sock");
  check(&linux_rules, "x", ADDRESS_PATH, "x");
  check(&linux_rules, "C:\\x.sock", ADDRESS_PATH, "C:\\x.sock");
  check(&linux_rules, "./@x", ADDRESS_PATH, "./@x");
  check(&linux_rules, "./tcp:x", ADDRESS_PATH, "./tcp:x");
  check(&linux_rules, "//./pipe/x", ADDRESS_PATH, "//./pipe/x");
  check(&linux_rules, "//tmp/pipe/x", ADDRESS_PATH, "//tmp/pipe/x");
  check(&linux_rules, "\\\\.\\x", ADDRESS_PATH, "\\\\.\\x");
  check(&linux_rules, "\xff\xfe", ADDRESS_PATH, "\xff\xfe");
  check(&linux_rules, "IPC:x", ADDRESS_PATH, "IPC:x");
}

static void unix_names_a_path_or_an_abstract_name(void **state) {
  (void)state;
  check(&linux_rules, "unix:/run/x", ADDRESS_PATH, "/run/x");
  check(&linux_rules, "unix:pipe:x", ADDRESS_PATH, "pipe:x");
  check(&linux_rules, "unix:\\\\.\\pipe\\x", ADDRESS_PATH, "\\\\.\\pipe\\x");
  check(&linux_rules, "unix:@x", ADDRESS_ABSTRACT, "x");
  check(&linux_rules, "unix:./@x", ADDRESS_PATH, "./@x");
  check(&mac_rules, "unix:x", ADDRESS_PATH, "x");
  check_refused(&linux_rules, "unix:", WEIR_EINVAL, "no name");
  check_refused(&windows_rules, "unix:x", WEIR_ENOTSUP, "ipc:NAME works everywhere");
  check_refused(&windows_rules, "unix:", WEIR_ENOTSUP, "POSIX");
}

static void an_abstract_name_begins_with_an_at_or_a_nul(void **state) {
  (void)state;
  check(&linux_rules, "@x", ADDRESS_ABSTRACT, "x");
  check(&linux_rules, "@@", ADDRESS_ABSTRACT, "@");
  struct result result = parse_bytes(&linux_rules, "\0a\0b", 4, true);
  assert_int_equal(result.code, WEIR_OK);
  assert_int_equal(result.address.kind, ADDRESS_ABSTRACT);
  assert_int_equal(result.address.length, 3);
  assert_memory_equal(result.address.text, "a\0b", 4);
  check_refused(&linux_rules, "@", WEIR_EINVAL, "at least one byte");
  check_refused_bytes(&linux_rules, "\0", 1, WEIR_EINVAL, "at least one byte");
  check_refused_bytes(&linux_rules, "@a\0b", 4, WEIR_EINVAL, "NUL");
  check_refused(&mac_rules, "@x", WEIR_ENOTSUP, "./@NAME is a file");
  check_refused(&windows_rules, "@x", WEIR_ENOTSUP, "Linux");
  check_refused_bytes(&windows_rules, "\0x", 2, WEIR_ENOTSUP, "Linux");
}

static void a_portable_name_is_the_same_everywhere(void **state) {
  (void)state;
  const struct address_rules *all[] = {&linux_rules, &mac_rules, &windows_rules, &simulator_rules};
  for (size_t i = 0; i < 4; i++) {
    check(all[i], "ipc:chat", ADDRESS_PORTABLE, "chat");
    check(all[i], "ipc:Az09._-", ADDRESS_PORTABLE, "Az09._-");
    check(all[i], REPEAT("ipc:", 'n', WEIR_IPC_NAME_MAX), ADDRESS_PORTABLE, REPEAT("", 'n', WEIR_IPC_NAME_MAX));
    check_refused(all[i], REPEAT("ipc:", 'n', WEIR_IPC_NAME_MAX + 1), WEIR_ENAMETOOLONG,
                  "65 bytes, the limit here is 64");
    check_refused(all[i], "ipc:", WEIR_EINVAL, "no name");
    check_refused(all[i], "ipc:.x", WEIR_EINVAL, "dot");
    check_refused(all[i], "ipc:x.", WEIR_EINVAL, "dot");
    check_refused(all[i], "ipc:..", WEIR_EINVAL, "dot");
    check_refused(all[i], "ipc:a/b", WEIR_EINVAL, "letters");
    check_refused(all[i], "ipc:a\\b", WEIR_EINVAL, "letters");
    check_refused(all[i], "ipc:a b", WEIR_EINVAL, "letters");
    check_refused(all[i], "ipc:\xc3\xa9", WEIR_EINVAL, "letters");
  }
}

static void the_short_form_of_a_pipe_is_taken_as_it_is(void **state) {
  (void)state;
  check(&windows_rules, "pipe:x", ADDRESS_PIPE, "\\\\.\\pipe\\x");
  check(&windows_rules, "pipe:a:b", ADDRESS_PIPE, "\\\\.\\pipe\\a:b");
  check(&windows_rules, "pipe:..x", ADDRESS_PIPE, "\\\\.\\pipe\\..x");
  check(&windows_rules, "pipe:\xc3\xa9", ADDRESS_PIPE, "\\\\.\\pipe\\\xc3\xa9");
  check_refused(&windows_rules, "pipe:", WEIR_EINVAL, "no name");
  check_refused(&windows_rules, "pipe:a\\b", WEIR_EINVAL, "in full");
  check_refused(&windows_rules, "pipe:a/b", WEIR_EINVAL, "in full");
  check_refused(&windows_rules, "pipe:..", WEIR_EINVAL, "dots and blanks");
  check_refused(&windows_rules, "pipe:x ", WEIR_EINVAL, "dots and blanks");
  check_refused(&windows_rules, "pipe:\xff", WEIR_EINVAL, "UTF-8");
  check_refused(&linux_rules, "pipe:x", WEIR_ENOTSUP, "ipc:NAME works everywhere");
  check_refused(&mac_rules, "pipe:", WEIR_ENOTSUP, "only on Windows");
}

static void a_device_name_is_read_as_windows_reads_it(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"\\\\.\\pipe\\a", "a"},
      {"//./pipe/a", "a"},
      {"//?/pipe/a", "a"},
      {"\\/.\\pipe/a", "a"},
      {"\\\\.\\PiPe\\A", "A"},
      {"\\\\.\\pipe\\\\a", "a"},
      {"\\\\.\\pipe\\a\\b\\c", "a\\b\\c"},
      {"\\\\.\\pipe\\a/b//c", "a\\b\\c"},
      {"\\\\.\\pipe\\x\\..\\a", "a"},
      {"\\\\.\\pipe\\.\\a", "a"},
      {"\\\\.\\pipe\\x\\y\\..\\..\\a", "a"},
      {"\\\\.\\pipe\\a\\x\\..", "a"},
      {"\\\\.\\pipe\\a\\.", "a"},
      {"\\\\.\\pipe\\a\\", "a\\"},
      {"\\\\.\\pipe\\a\\x\\..\\", "a\\"},
      {"\\\\.\\pipe\\a.", "a"},
      {"\\\\.\\pipe\\a . .", "a"},
      {"\\\\.\\pipe\\ a", " a"},
      {"\\\\.\\pipe\\a.\\b", "a\\b"},
      {"\\\\.\\pipe\\a..\\b", "a..\\b"},
      {"\\\\.\\pipe\\...\\b", "...\\b"},
      {"\\\\.\\pipe\\a \\b", "a \\b"},
      {"\\\\.\\pipe\\..a", "..a"},
      {"\\\\.\\pipe\\.a", ".a"},
      {"\\\\.\\pipe\\a:b", "a:b"},
      {"\\\\.\\pipe\\a \\.", "a"},
      {"\\\\.\\pipe\\CON", "CON"},
      {"\\\\.\\pipe\\a\\...", "a\\"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char expected[64] = "\\\\.\\pipe\\";
    strcat(expected, rows[i][1]);
    check(&windows_rules, rows[i][0], ADDRESS_PIPE, expected);
    check(&simulator_rules, rows[i][0], ADDRESS_PIPE, expected);
    /* What was resolved once is not changed by doing it again. */
    check(&windows_rules, expected, ADDRESS_PIPE, expected);
  }
}

static void a_device_name_never_leaves_the_pipes(void **state) {
  (void)state;
  check_refused(&windows_rules, "\\\\.\\pipe\\..\\y", WEIR_EINVAL, "leads out");
  check_refused(&windows_rules, "\\\\.\\pipe\\..", WEIR_EINVAL, "leads out");
  check_refused(&windows_rules, "//./pipe/../pipe/y", WEIR_EINVAL, "leads out");
  check_refused(&windows_rules, "\\\\.\\pipe\\x\\..\\..\\y", WEIR_EINVAL, "leads out");
  check_refused(&windows_rules, "\\\\.\\pipe\\.\\..\\y", WEIR_EINVAL, "leads out");
  check_refused(&windows_rules, "\\\\.\\pipe\\\\..\\y", WEIR_EINVAL, "leads out");
  check_refused(&windows_rules, "\\\\.\\pipe\\x\\..", WEIR_EINVAL, "nothing is left");
  check_refused(&windows_rules, "\\\\.\\pipe\\.", WEIR_EINVAL, "nothing is left");
  check_refused(&windows_rules, "\\\\.\\pipe\\ ..", WEIR_EINVAL, "nothing is left");
  check_refused(&windows_rules, "\\\\.\\pipe\\\\", WEIR_EINVAL, "nothing is left");
  check_refused(&windows_rules, "\\\\.\\pipe\\", WEIR_EINVAL, "no name");
}

static void a_literal_name_stays_as_it_was_written(void **state) {
  (void)state;
  check(&windows_rules, "\\\\?\\pipe\\a", ADDRESS_PIPE, "\\\\?\\pipe\\a");
  check(&windows_rules, "\\\\?\\PIPE\\A", ADDRESS_PIPE, "\\\\?\\pipe\\A");
  check(&windows_rules, "\\\\?\\pipe\\x\\..\\a", ADDRESS_PIPE, "\\\\?\\pipe\\x\\..\\a");
  check(&windows_rules, "\\\\?\\pipe\\..\\a/b", ADDRESS_PIPE, "\\\\?\\pipe\\..\\a/b");
  check(&windows_rules, "\\\\?\\pipe\\a. ", ADDRESS_PIPE, "\\\\?\\pipe\\a. ");
  check_refused(&windows_rules, "\\\\?\\pipe\\", WEIR_EINVAL, "no name");
  check_refused(&windows_rules, "\\\\?\\pipe/a", WEIR_EINVAL, "a pipe is written");
  check_refused(&windows_rules, "\\\\?\\UNC\\host\\pipe\\a", WEIR_EINVAL, "a pipe is written");
}

static void a_remote_name_is_for_clients_only(void **state) {
  (void)state;
  check(&windows_rules, "\\\\host\\pipe\\x", ADDRESS_REMOTE, "\\\\host\\pipe\\x");
  check(&windows_rules, "\\\\host\\PIPE\\a/../x.", ADDRESS_REMOTE, "\\\\host\\pipe\\x");
  check(&windows_rules, "//h/pipe/x", ADDRESS_REMOTE, "\\\\h\\pipe\\x");
  check(&simulator_rules, "\\\\h\\pipe\\x", ADDRESS_REMOTE, "\\\\h\\pipe\\x");
  check(&simulator_rules, "//h/pipe/x", ADDRESS_PATH, "//h/pipe/x");
  check_refused(&windows_rules, "\\\\host\\pipe\\x", WEIR_EINVAL, "own machine");
  check_refused(&windows_rules, "\\\\host\\pipe\\..\\x", WEIR_EINVAL, "leads out");
  check_refused(&windows_rules, "\\\\host\\pipe\\", WEIR_EINVAL, "no name");
}

static void the_long_forms_of_pipes_are_refused_on_posix(void **state) {
  (void)state;
  check_refused(&linux_rules, "\\\\.\\pipe\\x", WEIR_ENOTSUP, "ipc:NAME works everywhere");
  check_refused(&linux_rules, "\\\\?\\pipe\\x", WEIR_ENOTSUP, "only on Windows");
  check_refused(&mac_rules, "\\\\host\\pipe\\x", WEIR_ENOTSUP, "only on Windows");
  check_refused(&mac_rules, "\\\\.\\pipe\\", WEIR_ENOTSUP, "only on Windows");
}

static void what_is_no_pipe_is_refused_on_windows_with_the_right_forms(void **state) {
  (void)state;
  static const char *const texts[] = {"C:\\x.sock",   "/run/x",      "x",  "pipe\\x",       "\\pipe\\x",
                                      "\\\\.\\x",     "\\\\.\\pipe", "\\", "\\\\\\pipe\\x", "\\\\.\\pipes\\x",
                                      "\\??\\pipe\\x"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    check_refused(&windows_rules, texts[i], WEIR_EINVAL, "a pipe is written \\\\.\\pipe\\NAME, pipe:NAME or ipc:NAME");
  }
}

static void what_is_empty_or_has_a_nul_inside_is_refused(void **state) {
  (void)state;
  check_refused_bytes(&linux_rules, "", 0, WEIR_EINVAL, "empty");
  check_refused_bytes(&linux_rules, NULL, 0, WEIR_EINVAL, "empty");
  check_refused_bytes(&linux_rules, "/a\0b", 4, WEIR_EINVAL, "NUL");
  check_refused_bytes(&linux_rules, "/a\0", 3, WEIR_EINVAL, "NUL");
  check_refused_bytes(&linux_rules, "unix:\0a", 7, WEIR_EINVAL, "NUL");
  check_refused_bytes(&windows_rules, "pipe:a\0b", 8, WEIR_EINVAL, "NUL");
}

/* A tcp: endpoint that is understood, printed again. */
static void check_tcp(const char *text, enum address_kind kind, weir_family family, int port, const char *printed) {
  struct result result = parse_bytes(&windows_rules, text, strlen(text), false);
  char line[WEIR_HOST_MAX + 16];
  assert_int_equal(result.code, WEIR_OK);
  assert_int_equal(result.address.kind, kind);
  assert_int_equal(result.address.ip.family, family);
  assert_int_equal(result.address.ip.port, port);
  address_format(&result.address, line, sizeof line);
  assert_string_equal(line, printed);
}

static void a_tcp_endpoint_is_an_address_or_a_host_and_a_port(void **state) {
  (void)state;
  check_tcp("tcp:127.0.0.1:80", ADDRESS_IP, WEIR_FAMILY_IPV4, 80, "127.0.0.1:80");
  check_tcp("tcp:[::1]:0", ADDRESS_IP, WEIR_FAMILY_IPV6, 0, "[::1]:0");
  check_tcp("tcp:[FE80::1%eth0]:65535", ADDRESS_IP, WEIR_FAMILY_IPV6, 65535, "[fe80::1%eth0]:65535");
  check_tcp("tcp:localhost:8124", ADDRESS_HOST, WEIR_FAMILY_NONE, 8124, "localhost:8124");
  check_tcp("tcp:8124", ADDRESS_HOST, WEIR_FAMILY_NONE, 8124, ":8124");
  check_tcp("tcp::8124", ADDRESS_HOST, WEIR_FAMILY_NONE, 8124, ":8124");
  check_tcp("tcp:*:8124", ADDRESS_HOST, WEIR_FAMILY_NONE, 8124, ":8124");
}

static void a_tcp_endpoint_that_makes_no_sense_says_why(void **state) {
  (void)state;
  static const char *const bad_ports[] = {"tcp:a:",    "tcp:a:x", "tcp:a:65536", "tcp:a:-1", "tcp:a:080",
                                          "tcp:a: 80", "tcp:a",   "tcp:65536",   "tcp:a:+1", "tcp:a:8 "};
  for (size_t i = 0; i < sizeof bad_ports / sizeof bad_ports[0]; i++) {
    check_refused(&linux_rules, bad_ports[i], WEIR_EINVAL, "PORT is a number");
  }
  check_refused(&linux_rules, "tcp:", WEIR_EINVAL, "there is no port");
  check_refused(&linux_rules, "tcp:::1:80", WEIR_EINVAL, "brackets");
  check_refused(&linux_rules, "tcp:[::1]", WEIR_EINVAL, "brackets");
  check_refused(&linux_rules, "tcp:[::1:80", WEIR_EINVAL, "brackets");
  check_refused(&linux_rules, "tcp:[::1]80", WEIR_EINVAL, "brackets");
  check_refused(&linux_rules, "tcp:[1.2.3.4]:80", WEIR_EINVAL, "brackets");
  check_refused(&linux_rules, "tcp:256.0.0.1:80", WEIR_EINVAL, "four numbers");
  check_refused(&linux_rules, "tcp:1.2.3:80", WEIR_EINVAL, "four numbers");
  check_refused(&linux_rules, "tcp:a b:80", WEIR_EINVAL, "no host");
  check_refused(&linux_rules, "tcp:a/b:80", WEIR_EINVAL, "no host");
  check_refused(&linux_rules, REPEAT("tcp:", 'h', 254), WEIR_EINVAL, "PORT is a number");
  check_refused(&linux_rules, "tcp:[fe80::1%a-zone-of-16-byt]:1", WEIR_ENAMETOOLONG, "16 bytes in its zone");
}

static void a_name_is_never_shortened(void **state) {
  (void)state;
  check(&linux_rules, REPEAT("", 'p', 107), ADDRESS_PATH, REPEAT("", 'p', 107));
  check_refused(&linux_rules, REPEAT("", 'p', 108), WEIR_ENAMETOOLONG, "the name has 108 bytes, the limit here is 107");
  check_refused(&linux_rules, REPEAT("unix:", 'p', 108), WEIR_ENAMETOOLONG, "108 bytes, the limit here is 107");
  check_refused(&mac_rules, REPEAT("", 'p', 4000), WEIR_ENAMETOOLONG, "4000 bytes, the limit here is 103");
  check(&linux_rules, REPEAT("@", 'a', 107), ADDRESS_ABSTRACT, REPEAT("", 'a', 107));
  check_refused(&linux_rules, REPEAT("@", 'a', 108), WEIR_ENAMETOOLONG, "108 bytes, the limit here is 107");
  check(&windows_rules, REPEAT("\\\\.\\pipe\\", 'w', 247), ADDRESS_PIPE, REPEAT("\\\\.\\pipe\\", 'w', 247));
  check_refused(&windows_rules, REPEAT("\\\\.\\pipe\\", 'w', 248), WEIR_ENAMETOOLONG, "257 UTF-16 units");
  check(&windows_rules, REPEAT("pipe:", 'w', 247), ADDRESS_PIPE, REPEAT("\\\\.\\pipe\\", 'w', 247));
  check_refused(&windows_rules, REPEAT("pipe:", 'w', 248), WEIR_ENAMETOOLONG, "257 UTF-16 units");
  check_refused(&windows_rules, REPEAT("\\\\?\\pipe\\", 'w', 3000), WEIR_ENAMETOOLONG, "the limit here is 256");
  check_refused(&windows_rules, REPEAT("\\\\.\\pipe\\x\\..", '\\', 250), WEIR_ENAMETOOLONG, "263 UTF-16 units");
}

static void the_length_of_a_pipe_name_is_counted_in_utf16(void **state) {
  (void)state;
  char name[9 + 3 * 247 + 5] = "\\\\.\\pipe\\";
  for (size_t i = 0; i < 247; i++) strcat(name, "\xe6\xbc\xa2");
  check(&windows_rules, name, ADDRESS_PIPE, name);
  strcat(name, "x");
  check_refused(&windows_rules, name, WEIR_ENAMETOOLONG, "257 UTF-16 units");
  assert_int_equal(address_utf16_units("a\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80", 10), 5);
  assert_int_equal(address_utf16_units("\xff\xf0\x9f\x98", 4), 4);
  assert_int_equal(address_utf16_units("", 0), 0);
}

static void an_address_is_written_as_a_user_reads_it(void **state) {
  (void)state;
  check_format(ADDRESS_NONE, "", "");
  check_format(ADDRESS_PATH, "/run/x y.sock", "/run/x y.sock");
  check_format(ADDRESS_ABSTRACT, "x", "@x");
  check_format(ADDRESS_PORTABLE, "chat", "ipc:chat");
  check_format(ADDRESS_PIPE, "\\\\.\\pipe\\x", "\\\\.\\pipe\\x");
  check_format(ADDRESS_REMOTE, "\\\\h\\pipe\\x", "\\\\h\\pipe\\x");
}

static void what_could_drive_a_terminal_is_escaped(void **state) {
  (void)state;
  check_format(ADDRESS_PATH, "a\nb\x1b[2J\x7f", "a\\x0ab\\x1b[2J\\x7f");
  check_format(ADDRESS_PATH, "\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80", "\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80");
  check_format(ADDRESS_PATH, "\xff\xc2", "\\xff\\xc2");
  check_format(ADDRESS_PATH, "\xc2\x9b", "\\xc2\\x9b");
  check_format(ADDRESS_PATH, "a\xe2\x80\xae.b\xe2\x81\xa6", "a\\xe2\\x80\\xae.b\\xe2\\x81\\xa6");
  struct address address;
  char line[32];
  address_set(&address, ADDRESS_ABSTRACT, "a\0b", 3);
  assert_int_equal(address_format(&address, line, sizeof line), 7);
  assert_string_equal(line, "@a\\x00b");
}

static void a_longer_address_is_cut_between_characters(void **state) {
  (void)state;
  struct address address;
  address_set(&address, ADDRESS_PATH, "a\n\xc3\xa9z", 5);
  static const char *const cut[] = {
      NULL, "", "a", "a", "a", "a", "a\\x0a", "a\\x0a", "a\\x0a\xc3\xa9", "a\\x0a\xc3\xa9z"};
  for (size_t size = 0; size < sizeof cut / sizeof cut[0]; size++) {
    char line[16];
    memset(line, '#', sizeof line);
    assert_int_equal(address_format(&address, line, size), 8);
    assert_int_equal(line[size], '#');
    if (size > 0) assert_string_equal(line, cut[size]);
  }
  assert_int_equal(address_format(&address, NULL, 0), 8);
}

/* Found by address_fuzz. */
static void of_an_ip_address_what_fits_is_there(void **state) {
  (void)state;
  const char whole[] = "[ce::2:c:e:c]:9";
  struct address address;
  weir_address ip;
  assert_int_equal(weir_address_parse(whole, &ip), WEIR_OK);
  address_set_ip(&address, &ip);
  for (size_t size = 1; size <= sizeof whole; size++) {
    char line[sizeof whole];
    assert_int_equal(address_format(&address, line, size), sizeof whole - 1);
    assert_int_equal(strlen(line), size - 1);
    assert_memory_equal(line, whole, size - 1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_bare_text_is_a_path_on_posix),
      cmocka_unit_test(unix_names_a_path_or_an_abstract_name),
      cmocka_unit_test(an_abstract_name_begins_with_an_at_or_a_nul),
      cmocka_unit_test(a_portable_name_is_the_same_everywhere),
      cmocka_unit_test(the_short_form_of_a_pipe_is_taken_as_it_is),
      cmocka_unit_test(a_device_name_is_read_as_windows_reads_it),
      cmocka_unit_test(a_device_name_never_leaves_the_pipes),
      cmocka_unit_test(a_literal_name_stays_as_it_was_written),
      cmocka_unit_test(a_remote_name_is_for_clients_only),
      cmocka_unit_test(the_long_forms_of_pipes_are_refused_on_posix),
      cmocka_unit_test(what_is_no_pipe_is_refused_on_windows_with_the_right_forms),
      cmocka_unit_test(what_is_empty_or_has_a_nul_inside_is_refused),
      cmocka_unit_test(a_tcp_endpoint_is_an_address_or_a_host_and_a_port),
      cmocka_unit_test(a_tcp_endpoint_that_makes_no_sense_says_why),
      cmocka_unit_test(a_name_is_never_shortened),
      cmocka_unit_test(the_length_of_a_pipe_name_is_counted_in_utf16),
      cmocka_unit_test(an_address_is_written_as_a_user_reads_it),
      cmocka_unit_test(what_could_drive_a_terminal_is_escaped),
      cmocka_unit_test(a_longer_address_is_cut_between_characters),
      cmocka_unit_test(of_an_ip_address_what_fits_is_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
