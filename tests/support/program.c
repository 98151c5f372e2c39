/* SPDX-License-Identifier: MIT */
/* Children for cases. See program.h. */
#include "support/program.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/world_private.h"

const char program_file[] = PROGRAM_FILE;

static void gather(const weir_event *event, void *user) {
  struct program_output *output = user;
  assert_true(event->data.length < PROGRAM_OUTPUT_MAX - output->length);
  memcpy(output->text + output->length, event->data.bytes, event->data.length);
  output->length += event->data.length;
  output->text[output->length] = '\0';
}

static void hear_exit(const weir_event *event, void *user) {
  struct program *program = user;
  program->end = *event->exit;
  if (event->exit->signal != WEIR_SIGNAL_NONE) {
    world_note(program->world, program->name, "exit(%s)", weir_signal_name(event->exit->signal));
  } else {
    world_note(program->world, program->name, "exit(%d)", event->exit->code);
  }
}

static void hear_error(const weir_event *event, void *user) {
  struct program *program = user;
  program->error = (weir_error){.code = event->error->code, .native_code = event->error->native_code};
  snprintf(program->hint, sizeof program->hint, "%s", event->error->hint);
  world_note(program->world, program->name, "error(%s)", weir_code_name(event->error->code));
}

static void hear_close(const weir_event *event, void *user) {
  struct program *program = user;
  (void)event;
  program->closed = true;
  world_note(program->world, program->name, "close");
}

static void read_pipe(weir_socket *socket, struct program_output *output) {
  if (socket != NULL) world_on(socket, WEIR_EVENT_DATA, gather, output);
}

weir_process_options program_options(const char *const *words) {
  static const weir_stdio pipes[3] = {{.kind = WEIR_STDIO_PIPE}, {.kind = WEIR_STDIO_PIPE}, {.kind = WEIR_STDIO_PIPE}};
  weir_process_options options = weir_process_options_default();
  options.file = program_file;
  options.arguments = words;
  options.stdio = pipes;
  options.stdio_count = 3;
  return options;
}

struct program *program_start(struct world *world, const char *name, const weir_process_options *options) {
  struct world_thing *thing = world_remember(world);
  struct program *program = calloc(1, sizeof *program);
  assert_non_null(program);
  thing->text = (char *)program;
  program->world = world;
  program->name = name;
  assert_int_equal(weir_process_spawn(world->loop, options, &program->process), WEIR_OK);
  thing->process = program->process;
  assert_int_equal(weir_process_on(program->process, WEIR_EVENT_EXIT, hear_exit, program), WEIR_OK);
  assert_int_equal(weir_process_on(program->process, WEIR_EVENT_ERROR, hear_error, program), WEIR_OK);
  assert_int_equal(weir_process_on(program->process, WEIR_EVENT_CLOSE, hear_close, program), WEIR_OK);
  read_pipe(weir_process_stdio(program->process, 1), &program->output);
  read_pipe(weir_process_stdio(program->process, 2), &program->complaints);
  return program;
}

struct program *program_do(struct world *world, const char *name, const char *const *words) {
  weir_process_options options = program_options(words);
  return program_start(world, name, &options);
}

void program_skip_in_valgrind(struct world *world) {
  const char *preloaded = getenv("LD_PRELOAD");
  if (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL) world_skip(world, "not as it is in valgrind");
}

void program_await(struct program *program) { world_run_until(program->world, &program->closed); }

const char *program_ask(struct world *world, const weir_process_options *options) {
  struct program *program = program_start(world, "asked", options);
  program_await(program);
  assert_string_equal(program->complaints.text, "");
  assert_int_equal(program->end.code, 0);
  assert_int_equal(program->error.code, WEIR_OK);
  return program->output.text;
}
