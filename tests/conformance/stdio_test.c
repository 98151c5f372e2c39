/* SPDX-License-Identifier: MIT */
/*
 * What stands behind a child's descriptors: pipes to this process in both directions with their ends, null devices,
 * natives, further numbers; and that nothing else is there.
 */
#include "support/native.h"
#include "support/program.h"
#include "support/world.h"

enum { BULK_BYTES = 3000000 };

#define NOTHING \
  { .kind = WEIR_STDIO_NULL }
#define PIPE \
  { .kind = WEIR_STDIO_PIPE }

static struct program *start_with(struct world *world, const char *const *words, const weir_stdio *stdio,
                                  size_t count) {
  weir_process_options options = program_options(words);
  options.stdio = stdio;
  options.stdio_count = count;
  return program_start(world, "P", &options);
}

/* ---- pipes ------------------------------------------------------------------------------------------------------ */

static void what_is_written_reaches_the_child_and_its_output_comes_back(struct world *world) {
  struct program *program = program_do(world, "P", WORDS("echo", "print", "bye", "exit", "3"));
  weir_socket *input = weir_process_stdio(program->process, 0);
  world_trace_socket(world, input, "I", WORLD_TRACE_LIFE);
  assert_int_equal(weir_socket_write(input, "hello ", 6), 1);
  world_end_noted(world, input, "I", "there ");
  world_run(world);
  assert_string_equal(program->output.text, "hello there bye");
  world_expect(world, "P", "exit(3) close");
  world_expect(world, "I", "end-cb finish close(false)");
}

static void output_and_complaints_come_apart_and_end_before_the_process_closes(struct world *world) {
  struct program *program = program_do(world, "P", WORDS("print", "out", "complain", "wrong"));
  world_trace_socket(world, weir_process_stdio(program->process, 1), "O", WORLD_TRACE_LIFE);
  world_trace_socket(world, weir_process_stdio(program->process, 2), "E", WORLD_TRACE_LIFE);
  world_run(world);
  assert_string_equal(program->output.text, "out");
  assert_string_equal(program->complaints.text, "wrong");
  world_expect(world, "O", "end close(false)");
  world_expect(world, "E", "end close(false)");
  world_expect_before(world, "O close", "P close");
  world_expect_before(world, "E close", "P close");
}

/* The child reads and writes a byte at a time, so both pipes are full all the way. */
static void much_goes_through_in_both_directions(struct world *world) {
  struct world_stream stream = {.bytes = 0};
  weir_process_options options = program_options(WORDS("converse", "3"));
  options.stdio = (const weir_stdio[]){NOTHING, NOTHING, PIPE, {.kind = WEIR_STDIO_CONNECTION}};
  options.stdio_count = 4;
  struct program *program = program_start(world, "P", &options);
  weir_socket *socket = weir_process_stdio(program->process, 3);
  world_on(socket, WEIR_EVENT_DATA, world_check_on, &stream);
  world_write_pattern(world, socket, "W", "done", BULK_BYTES, 0);
  weir_socket_end(socket, NULL);
  world_run(world);
  assert_int_equal(stream.bytes, BULK_BYTES);
  assert_false(stream.broken);
  assert_string_equal(program->complaints.text, "");
  world_expect(world, "P", "exit(0) close");
}

static void a_further_pipe_is_a_socket_in_both_processes(struct world *world) {
  struct program *program =
      start_with(world, WORDS("converse", "4"),
                 (const weir_stdio[]){NOTHING, NOTHING, PIPE, NOTHING, {.kind = WEIR_STDIO_CONNECTION}}, 5);
  weir_socket *socket = weir_process_stdio(program->process, 4);
  assert_null(weir_process_stdio(program->process, 0));
  assert_null(weir_process_stdio(program->process, 3));
  assert_null(weir_process_stdio(program->process, 5));
  world_trace_socket(world, socket, "X", WORLD_TRACE_DATA);
  world_write(socket, "there and back");
  world_run_until_noted(world, "X data", 1);
  world_end_noted(world, socket, "X", NULL);
  world_run(world);
  assert_string_equal(program->complaints.text, "");
  world_expect_either(world, "X", "data(there and back) end-cb finish end close(false)",
                      "data(there and back) end end-cb finish close(false)");
  world_expect(world, "P", "exit(0) close");
}

static void a_further_pipe_can_be_used_like_a_file(struct world *world) {
  struct program *program = start_with(world, WORDS("write", "4", "in the fifth"),
                                       (const weir_stdio[]){NOTHING, NOTHING, PIPE, NOTHING, PIPE}, 5);
  world_trace_socket(world, weir_process_stdio(program->process, 4), "X", WORLD_TRACE_DATA);
  world_run(world);
  world_expect(world, "X", "data(in the fifth) end finish close(false)");
  world_expect(world, "P", "exit(0) close");
}

/* ---- nobody listens --------------------------------------------------------------------------------------------- */

static void output_that_nobody_asks_for_flows_away_at_the_end(struct world *world) {
  weir_process *process = NULL;
  weir_process_options options = program_options(WORDS("print", "unheard", "complain", "unheard", "exit", "0"));
  options.exit = world_note_event;
  options.exit_user = world_mark(world, "P", "exit");
  assert_int_equal(weir_process_spawn(world->loop, &options, &process), WEIR_OK);
  assert_int_equal(weir_process_on(process, WEIR_EVENT_CLOSE, world_note_event, world_mark(world, "P", "close")),
                   WEIR_OK);
  world_run(world);
  world_expect(world, "P", "exit close");
  weir_process_release(process);
}

static void output_that_is_paused_waits_and_so_does_the_close(struct world *world) {
  struct program *program = program_do(world, "P", WORDS("print", "kept", "exit", "0"));
  weir_socket *output = weir_process_stdio(program->process, 1);
  weir_socket_pause(output);
  world_run_until_noted(world, "P exit", 1);
  world_run_for(world, 50);
  world_expect(world, "P", "exit(0)");
  assert_string_equal(program->output.text, "");
  weir_socket_resume(output);
  world_run(world);
  world_expect(world, "P", "exit(0) close");
  assert_string_equal(program->output.text, "kept");
}

static void writing_to_a_child_that_has_gone_is_an_error_of_the_socket_alone(struct world *world) {
  struct program *program = program_do(world, "P", WORDS("await"));
  weir_socket *input = weir_process_stdio(program->process, 0);
  static char block[1 << 20];
  world_trace_socket(world, input, "I", WORLD_TRACE_LIFE);
  assert_int_equal(weir_process_kill(program->process, WEIR_SIGNAL_KILL), WEIR_OK);
  weir_socket_write(input, block, sizeof block);
  world_run(world);
  world_expect(world, "P", "exit(SIGKILL) close");
  assert_int_equal(world_count(world, "I close"), 1);
}

static void a_socket_that_is_kept_lives_longer_than_its_process(struct world *world) {
  weir_process *process = NULL;
  weir_process_options options = program_options(WORDS("print", "text"));
  assert_int_equal(weir_process_spawn(world->loop, &options, &process), WEIR_OK);
  weir_socket *output = weir_socket_retain(weir_process_stdio(process, 1));
  weir_process_release(process);
  world_trace_socket(world, output, "O", WORLD_TRACE_DATA);
  world_run(world);
  world_expect(world, "O", "data(text) end close(false)");
  weir_socket_release(output);
}

/* ---- other things ----------------------------------------------------------------------------------------------- */

static void the_null_device_is_empty_and_takes_everything(struct world *world) {
  start_with(world, WORDS("await", "print", "nowhere", "complain", "nowhere", "exit", "4"),
             (const weir_stdio[]){NOTHING, NOTHING, NOTHING}, 3);
  world_run(world);
  world_expect(world, "P", "exit(4) close");
}

static void a_native_is_given_as_it_is(struct world *world) {
  intptr_t file = native_file();
  const weir_stdio stdio[] = {NOTHING, PIPE, PIPE, {.kind = WEIR_STDIO_NATIVE, .native = file}, NOTHING};
  struct program *program =
      start_with(world, WORDS("open", "3", "open", "4", "open", "5", "write", "3", "x"), stdio, 5);
  world_run(world);
  assert_string_equal(program->complaints.text, "");
  assert_string_equal(program->output.text, "yes\nyes\nno\n");
  assert_true(native_is_open(file));
  native_close(file);
}

static void what_is_not_named_is_inherited_when_it_is_one_of_the_first_three(struct world *world) {
  struct program *program = start_with(world, WORDS("await", "exit", "6"), (const weir_stdio[]){NOTHING}, 1);
  assert_null(weir_process_stdio(program->process, 1));
  world_run(world);
  world_expect(world, "P", "exit(6) close");
}

static void nothing_reaches_the_child_that_was_not_named(struct world *world) {
  enum { COUNT = 40 };
  intptr_t natives[COUNT];
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  for (int i = 0; i < COUNT; i++) natives[i] = native_inheritable();
  struct program *program = program_do(world, "P", WORDS("descriptors"));
  struct program *other =
      start_with(world, WORDS("descriptors"), (const weir_stdio[]){NOTHING, PIPE, PIPE, NOTHING, NOTHING}, 5);
  program_await(program);
  program_await(other);
  assert_string_equal(program->output.text, "3\n");
  assert_string_equal(other->output.text, "5\n");
  for (int i = 0; i < COUNT; i++) native_close(natives[i]);
  weir_server_close(server, NULL, NULL);
  world_run(world);
}

static void a_native_that_is_not_open_is_an_error_event(struct world *world) {
  program_skip_in_valgrind(world);
  const weir_stdio stdio[] = {NOTHING, {.kind = WEIR_STDIO_NATIVE, .native = 40000}, NOTHING};
  start_with(world, WORDS("exit", "0"), stdio, 3);
  world_run(world);
  world_expect(world, "P", "error(EBADF) close");
}

static weir_socket *open_traced(struct world *world, intptr_t native, const char *name) {
  weir_socket *socket = world_socket(world, NULL);
  assert_int_equal(weir_socket_open(socket, native, true, true), WEIR_OK);
  world_trace_socket(world, socket, name, WORLD_TRACE_DATA);
  return socket;
}

/* Two descriptors become each other's number, and neither overwrites the other on the way. */
static void numbers_may_change_places(struct world *world) {
  enum { COUNT = 100 };
  weir_stdio stdio[COUNT];
  intptr_t one[2], two[2];
  for (int i = 0; i < COUNT; i++) stdio[i] = (weir_stdio)NOTHING;
  assert_true(native_pair(false, one) && native_pair(false, two));
  assert_in_range(one[1], 3, COUNT - 1);
  assert_in_range(two[1], 3, COUNT - 1);
  stdio[one[1]] = (weir_stdio){.kind = WEIR_STDIO_NATIVE, .native = two[1]};
  stdio[two[1]] = (weir_stdio){.kind = WEIR_STDIO_NATIVE, .native = one[1]};
  start_with(world,
             WORDS("write", world_format(world, "%d", (int)one[1]), "for two", "write",
                   world_format(world, "%d", (int)two[1]), "for one"),
             stdio, COUNT);
  native_close(one[1]);
  native_close(two[1]);
  open_traced(world, one[0], "1");
  open_traced(world, two[0], "2");
  world_run(world);
  world_expect(world, "P", "exit(0) close");
  world_expect(world, "1", "data(for one) end finish close(false)");
  world_expect(world, "2", "data(for two) end finish close(false)");
}

static void a_descriptor_of_ours_is_nothing_to_inherit(struct world *world) {
  intptr_t ends[2];
  assert_true(native_pair(false, ends));
  weir_socket *socket = world_socket(world, NULL);
  int saved = native_zero_begin(ends[0]); /* its number is 0 now */
  assert_int_equal(weir_socket_open(socket, 0, true, true), WEIR_OK);
  struct program *program =
      start_with(world, WORDS("open", "0"), (const weir_stdio[]){{.kind = WEIR_STDIO_INHERIT}, PIPE, PIPE}, 3);
  program_await(program);
  assert_string_equal(program->output.text, "no\n");
  weir_socket_destroy(socket, NULL);
  world_run(world);
  native_zero_end(saved);
  native_close(ends[1]);
}

static void a_pipe_at_number_zero_works_in_a_program_without_input(struct world *world) {
  int saved = native_zero_begin(native_file());
  native_close(0);
  struct program *program = program_do(world, "P", WORDS("echo", "descriptors"));
  weir_socket_end(weir_process_stdio(program->process, 0),
                  &(weir_write){.size = sizeof(weir_write), .bytes = "in ", .length = 3});
  world_run(world);
  assert_string_equal(program->output.text, "in 3\n");
  world_expect(world, "P", "exit(0) close");
  native_zero_end(saved);
}

/* ---- shortage --------------------------------------------------------------------------------------------------- */

static void without_descriptors_there_is_an_error_and_nothing_half_made(struct world *world) {
  program_skip_in_valgrind(world);
  native_shortage_begin();
  struct program *program = program_do(world, "P", WORDS("exit", "0"));
  native_shortage_end();
  for (size_t i = 0; i < 3; i++) assert_null(weir_process_stdio(program->process, i));
  world_run(world);
  world_expect(world, "P", "error(EMFILE) close");
  assert_string_not_equal(program->hint, "");
}

static const struct world_case cases[] = {
    PROGRAM_CASE("", what_is_written_reaches_the_child_and_its_output_comes_back),
    PROGRAM_CASE("", output_and_complaints_come_apart_and_end_before_the_process_closes),
    PROGRAM_CASE("", much_goes_through_in_both_directions),
    PROGRAM_CASE("A206", a_further_pipe_is_a_socket_in_both_processes),
    PROGRAM_CASE("A206", a_further_pipe_can_be_used_like_a_file),
    PROGRAM_CASE("", output_that_nobody_asks_for_flows_away_at_the_end),
    PROGRAM_CASE("", output_that_is_paused_waits_and_so_does_the_close),
    PROGRAM_CASE("", writing_to_a_child_that_has_gone_is_an_error_of_the_socket_alone),
    PROGRAM_CASE("", a_socket_that_is_kept_lives_longer_than_its_process),
    PROGRAM_CASE("", the_null_device_is_empty_and_takes_everything),
    PROGRAM_CASE("", a_native_is_given_as_it_is),
    PROGRAM_CASE("", what_is_not_named_is_inherited_when_it_is_one_of_the_first_three),
    PROGRAM_CASE("", nothing_reaches_the_child_that_was_not_named),
    PROGRAM_CASE("", a_native_that_is_not_open_is_an_error_event),
    WORLD_CASE_EXCEPT("", numbers_may_change_places, WORLD_NOT_SIM | WORLD_NOT_WINDOWS, "needs descriptors"),
    WORLD_CASE_EXCEPT("", a_descriptor_of_ours_is_nothing_to_inherit, WORLD_NOT_SIM | WORLD_NOT_WINDOWS,
                      "needs descriptors"),
    WORLD_CASE_EXCEPT("A284", a_pipe_at_number_zero_works_in_a_program_without_input, WORLD_NOT_SIM | WORLD_NOT_WINDOWS,
                      "needs descriptors"),
    WORLD_CASE_EXCEPT("A180", without_descriptors_there_is_an_error_and_nothing_half_made,
                      WORLD_NOT_SIM | WORLD_NOT_WINDOWS, "only POSIX has a limit of descriptors that can be used up"),
};

int main(int argc, char **argv) { return world_main(argc, argv, "stdio", cases, sizeof cases / sizeof cases[0]); }
