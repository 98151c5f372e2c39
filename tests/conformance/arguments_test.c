/* SPDX-License-Identifier: MIT */
/*
 * Arguments arrive as they were given, whatever is in them: 10,000 of them, made of what shells, command lines and
 * programs treat in ways of their own. The child reads them as this system's programs do, on Windows in both ways.
 */
#include <stdio.h>

#include "support/program.h"
#include "support/world.h"

enum { LINES = 200, ARGUMENTS = 50, PIECES_MAX = 12, ARGUMENT_BYTES = 256, EXPECTED_BYTES = 1 << 17 };

/* What goes wrong as a rule. */
static const char *const pieces[] = {"",
                                     " ",
                                     "  ",
                                     "\t",
                                     "\n",
                                     "\r",
                                     "\v",
                                     "\"",
                                     "\"\"",
                                     "\\",
                                     "\\\\",
                                     "\\\"",
                                     "\\\\\\\"",
                                     "'",
                                     "`",
                                     "*",
                                     "?",
                                     "%PATH%",
                                     "$HOME",
                                     "^",
                                     "&",
                                     "|",
                                     "<",
                                     ">",
                                     "(",
                                     ")",
                                     "!",
                                     "~",
                                     ";",
                                     "=",
                                     "-",
                                     "/",
                                     "@",
                                     "#",
                                     "a",
                                     "Z",
                                     "0",
                                     "word",
                                     "\x01",
                                     "\x1B",
                                     "\x1F",
                                     "\x7F",
                                     "\xC3\xA4",
                                     "\xE2\x82\xAC",
                                     "\xF0\x9D\x84\x9E",
                                     "\xEF\xBF\xBD",
                                     "\xC2\xA0",
                                     "\xE3\x80\x80",
                                     "/?",
                                     "--",
                                     "C:\\x y\\",
                                     "\\\\?\\"};

/* xorshift: the same everywhere. */
static uint32_t draw(uint32_t *state, uint32_t limit) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state % limit;
}

struct command {
  char texts[ARGUMENTS][ARGUMENT_BYTES];
  const char *words[ARGUMENTS + 3];
  char expected[EXPECTED_BYTES];
};

static void make_argument(uint32_t *state, char text[ARGUMENT_BYTES]) {
  uint32_t count = draw(state, PIECES_MAX);
  text[0] = '\0';
  for (uint32_t i = 0; i < count; i++) strcat(text, pieces[draw(state, sizeof pieces / sizeof pieces[0])]);
}

static void make_command(uint32_t *state, struct command *command) {
  size_t length = 0;
  command->words[0] = program_file;
  command->words[1] = "arguments";
  for (size_t i = 0; i < ARGUMENTS; i++) {
    char *text = command->texts[i];
    make_argument(state, text);
    command->words[2 + i] = text;
    length += (size_t)snprintf(command->expected + length, EXPECTED_BYTES - length, "%zu:%s\n", strlen(text), text);
  }
  command->words[2 + ARGUMENTS] = NULL;
}

static void ten_thousand_arguments_arrive_unchanged(struct world *world) {
  static struct command command;
  uint32_t state = 20261120;
  for (int line = 0; line < LINES; line++) {
    make_command(&state, &command);
    weir_process_options options = program_options(command.words);
    assert_string_equal(program_ask(world, &options), command.expected);
  }
}

static void the_name_of_the_program_may_be_anything_but_a_quote(struct world *world) {
  weir_process_options options = program_options((const char *const[]){"a b\\ c", "arguments", "x", NULL});
  assert_string_equal(program_ask(world, &options), "1:x\n");
  options = program_options((const char *const[]){"", "arguments", "x", NULL});
  assert_string_equal(program_ask(world, &options), "1:x\n");
}

static void arguments_that_are_too_long_together_are_an_error_event(struct world *world) {
  program_skip_in_valgrind(world);
  enum { COUNT = 2000, BYTES = 4000 };
  static char text[BYTES + 1];
  static const char *words[COUNT + 2];
  memset(text, 'x', BYTES);
  words[0] = program_file;
  for (size_t i = 1; i <= COUNT; i++) words[i] = text;
  struct program *program = program_do(world, "P", words);
  world_run(world);
  world_expect(world, "P", "error(E2BIG) close");
  assert_string_not_equal(program->hint, "");
}

static void a_text_that_windows_could_not_write_is_an_error_event(struct world *world) {
  struct program *program = program_do(world, "Q", (const char *const[]){"a \"quote\"", NULL});
  program_await(program);
  world_expect(world, "Q", "error(EINVAL) close");
  program = program_do(world, "U", WORDS("\xFF is no UTF-8"));
  program_await(program);
  world_expect(world, "U", "error(EINVAL) close");
}

static void a_batch_file_is_refused(struct world *world) {
  static const char *const files[] = {"C:\\x.bat", "x.BAT", "x.cmd", "x.bat. .", "C:/a/x.Cmd "};
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    weir_process_options options = program_options(NULL);
    options.file = files[i];
    struct program *program = program_start(world, files[i], &options);
    program_await(program);
    world_expect(world, files[i], "error(ENOEXEC) close");
    assert_non_null(strstr(program->hint, "batch"));
  }
}

static const struct world_case cases[] = {
    PROGRAM_CASE("", ten_thousand_arguments_arrive_unchanged),
    PROGRAM_CASE("", the_name_of_the_program_may_be_anything_but_a_quote),
    PROGRAM_CASE("", arguments_that_are_too_long_together_are_an_error_event),
    WORLD_CASE_EXCEPT("", a_text_that_windows_could_not_write_is_an_error_event, WORLD_NOT_SIM | WORLD_NOT_POSIX,
                      "arguments are bytes there"),
    WORLD_CASE_EXCEPT("", a_batch_file_is_refused, WORLD_NOT_SIM | WORLD_NOT_POSIX, "there are none"),
};

int main(int argc, char **argv) { return world_main(argc, argv, "arguments", cases, sizeof cases / sizeof cases[0]); }
