/* SPDX-License-Identifier: MIT */
/*
 * Processes from start to end: what is heard of them and in which order, what they are given besides descriptors, and
 * what keeps a loop alive. Their pipes are stdio_test's.
 */
#include "support/native.h"
#include "support/program.h"
#include "support/world.h"

static bool has_line(const char *text, const char *line) {
  size_t length = strlen(line);
  for (const char *at = text; at != NULL && *at != '\0'; at = strchr(at, '\n')) {
    if (*at == '\n') at++;
    if (strncmp(at, line, length) == 0 && (at[length] == '\n' || at[length] == '\0')) return true;
  }
  return false;
}

/* ---- ends ------------------------------------------------------------------------------------------------------- */

static void a_process_ends_with_its_code_and_then_closes(struct world *world) {
  struct program *program = program_do(world, "P", WORDS("print", "hello", "exit", "7"));
  assert_true(weir_process_running(program->process));
  assert_int_not_equal(weir_process_id(program->process), 0);
  world_expect(world, "P", "");
  world_run(world);
  world_expect(world, "P", "exit(7) close");
  assert_string_equal(program->output.text, "hello");
  assert_int_equal(program->end.native_signal, 0);
  assert_false(weir_process_running(program->process));
  assert_int_not_equal(weir_process_id(program->process), 0);
}

static void a_listener_of_the_options_hears_the_end(struct world *world) {
  weir_process_options options = program_options(WORDS("exit", "0"));
  options.exit = world_note_event;
  options.exit_user = world_mark(world, "O", "heard");
  options.user = &options;
  struct program *program = program_start(world, "P", &options);
  assert_ptr_equal(weir_process_user(program->process), &options);
  assert_ptr_equal(weir_process_loop(program->process), world->loop);
  world_run(world);
  world_expect(world, "O", "heard");
}

static void a_killed_process_names_the_signal(struct world *world) {
  struct program *program = program_do(world, "P", WORDS("await"));
  assert_int_equal(weir_process_kill(program->process, WEIR_SIGNAL_KILL), WEIR_OK);
  world_run(world);
  world_expect(world, "P", "exit(SIGKILL) close");
  assert_int_equal(program->end.signal, WEIR_SIGNAL_KILL);
  assert_int_equal(program->end.code, -1);
  assert_int_equal(weir_process_kill(program->process, WEIR_SIGNAL_KILL), WEIR_ESRCH);
}

static void a_process_is_asked_to_end(struct world *world) {
  struct program *program = program_do(world, "P", WORDS("await"));
  assert_int_equal(weir_process_kill(program->process, WEIR_SIGNAL_TERMINATE), WEIR_OK);
  world_run(world);
  world_expect(world, "P", "exit(SIGTERM) close");
}

static void what_makes_no_sense_is_no_signal_for_it(struct world *world) {
  struct program *program = program_do(world, "P", WORDS("await"));
  assert_int_equal(weir_process_kill(program->process, WEIR_SIGNAL_NONE), WEIR_EINVAL);
  assert_int_equal(weir_process_kill(program->process, WEIR_SIGNAL_OTHER), WEIR_EINVAL);
  assert_int_equal(weir_process_kill(program->process, (weir_signal_number)99), WEIR_EINVAL);
  assert_int_equal(weir_process_kill(NULL, WEIR_SIGNAL_KILL), WEIR_EINVAL);
  weir_socket_end(weir_process_stdio(program->process, 0), NULL);
  world_run(world);
  world_expect(world, "P", "exit(0) close");
}

static void a_crash_is_an_end_by_a_signal(struct world *world) {
  struct program *program = program_do(world, "P", WORDS("crash"));
  world_run(world);
  assert_int_equal(program->end.signal, WEIR_SIGNAL_OTHER);
  assert_int_equal(program->end.code, -1);
  assert_int_not_equal(program->end.native_signal, 0);
}

/* ---- what it is given ------------------------------------------------------------------------------------------- */

static void a_process_begins_where_it_is_told(struct world *world) {
  weir_process_options options = program_options(WORDS("directory"));
  options.directory = "/";
  const char *output = program_ask(world, &options);
  if (output[1] == ':') output += 2; /* the drive's */
  assert_true(strcmp(output, "/\n") == 0 || strcmp(output, "\\\n") == 0);
}

static void an_environment_takes_the_place_of_the_own_one(struct world *world) {
  weir_process_options options = program_options(WORDS("environment"));
  options.environment = (const char *const[]){"WEIR_A=one two", "WEIR_B=", "WEIR_C=\xC3\xA4=x", NULL};
  const char *output = program_ask(world, &options);
  assert_true(has_line(output, "WEIR_A=one two"));
  assert_true(has_line(output, "WEIR_B="));
  assert_true(has_line(output, "WEIR_C=\xC3\xA4=x"));
  assert_false(has_line(output, "WEIR_TEST_SET=yes"));
}

static void arguments_default_to_the_file(struct world *world) {
  weir_process_options options = program_options(NULL);
  struct program *program = program_start(world, "P", &options);
  world_run(world);
  world_expect(world, "P", "exit(0) close");
  assert_string_equal(program->output.text, "");
}

static void signals_of_the_parent_are_not_the_childs(struct world *world) {
  weir_process_options options = program_options(WORDS("signals"));
  assert_string_equal(program_ask(world, &options), "calm\n");
}

static void a_detached_process_has_a_session_of_its_own(struct world *world) {
  weir_process_options options = program_options(WORDS("session"));
  assert_string_equal(program_ask(world, &options), "attached\n");
  options.detached = true;
  assert_string_equal(program_ask(world, &options), "detached\n");
}

/* ---- refusals --------------------------------------------------------------------------------------------------- */

static void a_program_that_is_not_there_is_an_error_event(struct world *world) {
  program_skip_in_valgrind(world);
  weir_process_options options = program_options(NULL);
  options.file = "/nonexistent/weir";
  struct program *program = program_start(world, "P", &options);
  assert_false(weir_process_running(program->process));
  assert_int_equal(weir_process_id(program->process), 0);
  assert_null(weir_process_stdio(program->process, 0));
  assert_null(weir_process_stdio(program->process, 1));
  world_expect(world, "P", "");
  world_run(world);
  world_expect(world, "P", "error(ENOENT) close");
  assert_string_not_equal(program->hint, "");
  assert_int_equal(weir_process_kill(program->process, WEIR_SIGNAL_KILL), WEIR_ESRCH);
}

static void a_name_that_no_directory_of_the_path_has_is_an_error_event(struct world *world) {
  program_skip_in_valgrind(world);
  weir_process_options options = program_options(NULL);
  options.file = "weir-nonexistent";
  struct program *program = program_start(world, "P", &options);
  world_run(world);
  world_expect(world, "P", "error(ENOENT) close");
  assert_non_null(strstr(program->hint, "PATH"));
}

static void a_directory_that_is_not_there_is_an_error_event(struct world *world) {
  program_skip_in_valgrind(world);
  weir_process_options options = program_options(WORDS("directory"));
  options.directory = "/nonexistent/weir";
  struct program *program = program_start(world, "P", &options);
  world_run(world);
  world_expect(world, "P", "error(ENOENT) close");
  assert_non_null(strstr(program->hint, "directory"));
}

static void options_that_make_no_sense_are_refused_at_once(struct world *world) {
  weir_process *process = NULL;
  weir_process_options options = weir_process_options_default();
  assert_int_equal(weir_process_spawn(world->loop, &options, &process), WEIR_EINVAL);
  options.file = "";
  assert_int_equal(weir_process_spawn(world->loop, &options, &process), WEIR_EINVAL);
  options.file = program_file;
  options.arguments = (const char *const[]){NULL};
  assert_int_equal(weir_process_spawn(world->loop, &options, &process), WEIR_EINVAL);
  options.arguments = NULL;
  options.stdio_count = 1;
  assert_int_equal(weir_process_spawn(world->loop, &options, &process), WEIR_EINVAL);
  options.stdio = (const weir_stdio[]){{.kind = (weir_stdio_kind)77}};
  assert_int_equal(weir_process_spawn(world->loop, &options, &process), WEIR_EINVAL);
  options.stdio = (const weir_stdio[]){{.kind = WEIR_STDIO_SOCKET}};
  assert_int_equal(weir_process_spawn(world->loop, &options, &process), WEIR_EINVAL);
  options.stdio = (const weir_stdio[]){{.kind = WEIR_STDIO_SOCKET, .socket = world_socket(world, NULL)}};
  assert_int_equal(weir_process_spawn(world->loop, &options, &process), WEIR_ENOTCONN);
  options = weir_process_options_default();
  options.file = program_file;
  options.size = 0;
  assert_int_equal(weir_process_spawn(world->loop, &options, &process), WEIR_EINVAL);
  assert_int_equal(weir_process_spawn(world->loop, NULL, &process), WEIR_EINVAL);
  assert_int_equal(weir_process_spawn(NULL, &options, &process), WEIR_EINVAL);
  assert_null(process);
}

static void a_simulation_starts_no_process(struct world *world) {
  weir_process *process = NULL;
  weir_process_options options = program_options(NULL);
  assert_int_equal(weir_process_spawn(world->loop, &options, &process), WEIR_ENOTSUP);
  assert_null(process);
}

/* ---- the loop --------------------------------------------------------------------------------------------------- */

static const weir_stdio nothing[3] = {{.kind = WEIR_STDIO_NULL}, {.kind = WEIR_STDIO_NULL}, {.kind = WEIR_STDIO_NULL}};

static void a_process_keeps_the_loop_alive_unless_it_is_unreferenced(struct world *world) {
  weir_process_options options = program_options(WORDS("await"));
  options.stdio = (const weir_stdio[]){{.kind = WEIR_STDIO_PIPE}, nothing[1], nothing[2]};
  struct program *program = program_start(world, "P", &options);
  weir_socket *input = weir_socket_unref(weir_process_stdio(program->process, 0));
  assert_true(weir_process_has_ref(program->process));
  assert_true(weir_loop_alive(world->loop));
  assert_ptr_equal(weir_process_unref(program->process), program->process);
  assert_false(weir_process_has_ref(program->process));
  assert_false(weir_loop_alive(world->loop));
  assert_ptr_equal(weir_process_ref(program->process), program->process);
  assert_true(weir_loop_alive(world->loop));
  weir_socket_end(input, NULL);
  world_run(world);
  world_expect(world, "P", "exit(0) close");
  assert_false(weir_loop_alive(world->loop));
}

static void a_process_lives_on_in_the_loop_without_an_owner(struct world *world) {
  weir_process *process = NULL;
  weir_process_options options = program_options(WORDS("exit", "0"));
  options.exit = world_note_event;
  options.exit_user = world_mark(world, "O", "heard");
  assert_int_equal(weir_process_spawn(world->loop, &options, &process), WEIR_OK);
  weir_process_release(process);
  weir_process_release(NULL);
  world_run(world);
  world_expect(world, "O", "heard");
}

static void listeners_come_and_go(struct world *world) {
  struct world_mark *mark = world_mark(world, "L", "heard");
  struct program *program = program_do(world, "P", WORDS("exit", "0"));
  weir_process *process = program->process;
  assert_int_equal(weir_process_on(process, WEIR_EVENT_DATA, world_note_event, mark), WEIR_EINVAL);
  assert_int_equal(weir_process_once(process, WEIR_EVENT_EXIT, world_note_event, mark), WEIR_OK);
  assert_int_equal(weir_process_prepend(process, WEIR_EVENT_EXIT, world_note_event, mark), WEIR_OK);
  assert_int_equal(weir_process_listener_count(process, WEIR_EVENT_EXIT), 3);
  assert_int_equal(weir_process_off(process, WEIR_EVENT_EXIT, world_note_event, mark), WEIR_OK);
  assert_int_equal(weir_process_listener_count(process, WEIR_EVENT_EXIT), 2);
  assert_ptr_equal(weir_process_retain(process), process);
  weir_process_release(process);
  world_run(world);
  world_expect(world, "L", "heard");
}

static void a_running_process_is_seen(struct world *world) {
  char text[1000];
  struct program *program = program_do(world, "P", WORDS("await"));
  weir_loop_dump(world->loop, text, sizeof text);
  assert_non_null(strstr(text, world_format(world, "process %u: running\n", weir_process_id(program->process))));
  weir_socket_end(weir_process_stdio(program->process, 0), NULL);
  world_run(world);
  weir_loop_dump(world->loop, text, sizeof text);
  assert_non_null(strstr(text, world_format(world, "process %u: ended\n", weir_process_id(program->process))));
}

static const struct world_case cases[] = {
    PROGRAM_CASE("A267", a_process_ends_with_its_code_and_then_closes),
    PROGRAM_CASE("", a_listener_of_the_options_hears_the_end),
    PROGRAM_CASE("", a_killed_process_names_the_signal),
    PROGRAM_CASE("", a_process_is_asked_to_end),
    PROGRAM_CASE("", what_makes_no_sense_is_no_signal_for_it),
    PROGRAM_CASE("", a_crash_is_an_end_by_a_signal),
    PROGRAM_CASE("A194", a_process_begins_where_it_is_told),
    PROGRAM_CASE("A205", an_environment_takes_the_place_of_the_own_one),
    PROGRAM_CASE("", arguments_default_to_the_file),
    WORLD_CASE_EXCEPT("", signals_of_the_parent_are_not_the_childs, WORLD_NOT_SIM | WORLD_NOT_WINDOWS,
                      "needs real signals"),
    PROGRAM_CASE("", a_detached_process_has_a_session_of_its_own),
    PROGRAM_CASE("", a_program_that_is_not_there_is_an_error_event),
    PROGRAM_CASE("", a_name_that_no_directory_of_the_path_has_is_an_error_event),
    PROGRAM_CASE("", a_directory_that_is_not_there_is_an_error_event),
    PROGRAM_CASE("", options_that_make_no_sense_are_refused_at_once),
    WORLD_CASE_EXCEPT("", a_simulation_starts_no_process, WORLD_NOT_WINDOWS | WORLD_NOT_POSIX, "needs a simulation"),
    PROGRAM_CASE("", a_process_keeps_the_loop_alive_unless_it_is_unreferenced),
    PROGRAM_CASE("", a_process_lives_on_in_the_loop_without_an_owner),
    PROGRAM_CASE("", listeners_come_and_go),
    PROGRAM_CASE("", a_running_process_is_seen),
};

int main(int argc, char **argv) { return world_main(argc, argv, "process", cases, sizeof cases / sizeof cases[0]); }
