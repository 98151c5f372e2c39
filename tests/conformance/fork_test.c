/* SPDX-License-Identifier: MIT */
/*
 * fork() without exec: the new process has everything of the loop and may do nothing with it. It is told so, it can let
 * go, it can make a loop of its own, and the first process notices nothing of all that.
 */
#define _XOPEN_SOURCE 700

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/program.h"
#include "support/world.h"

#define FORK_CASE(function) \
  WORLD_CASE_EXCEPT("", function, WORLD_NOT_SIM, "a simulated loop has nothing of the system's")

/* In the new process an assertion is an exit code, because nobody could jump out of it. */
static void require(bool right) {
  if (!right) _exit(1);
}

/* Runs `act` in a fork, which ends well. */
static void run_in_fork(struct world *world, void (*act)(struct world *world)) {
  int status = -1;
  pid_t id = fork();
  assert_true(id >= 0);
  if (id == 0) {
    act(world);
    _exit(0);
  }
  assert_int_equal(waitpid(id, &status, 0), id);
  assert_int_equal(status, 0);
}

/* Both ends talk, and end. */
static void check_pair(struct world *world, const struct world_pair *pair) {
  world_forget(world);
  world_write(pair->client, "there");
  world_write(pair->accepted, "back");
  world_run_until_noted(world, "S data", 1);
  world_run_until_noted(world, "C data", 1);
  weir_socket_end(pair->client, NULL);
  weir_server_close(pair->server, NULL, NULL);
  world_run(world);
  world_expect(world, "S", "data(there) end finish close(false)");
  world_expect(world, "C", "data(back) finish end close(false)");
  world_expect(world, "V", "close");
}

static struct world_pair make_pair(struct world *world) {
  const struct world_pair_options options = {.server_trace = WORLD_TRACE_DATA, .client_trace = WORLD_TRACE_DATA};
  return world_pair(world, &options);
}

/* ---- refused ---------------------------------------------------------------------------------------------------- */

static struct world_pair talk;

static void try_everything(struct world *world) {
  weir_loop *loop = world->loop;
  weir_socket *socket = NULL;
  weir_server *server = NULL;
  weir_process *process = NULL;
  weir_process_options options = program_options(WORDS("exit", "0"));
  require(weir_loop_run(loop, WEIR_RUN_DEFAULT) == WEIR_EFORKED);
  require(weir_loop_run(loop, WEIR_RUN_NOWAIT) == WEIR_EFORKED);
  weir_socket_write(talk.client, "from the fork", 13);
  weir_socket_pause(talk.accepted);
  weir_socket_resume(talk.accepted);
  weir_socket_end(talk.accepted, NULL);
  weir_socket_destroy(talk.client, NULL);
  weir_server_close(talk.server, NULL, NULL);
  require(weir_socket_create(loop, NULL, &socket) < 0 || weir_socket_connect(socket, world->endpoint, NULL) < 0);
  require(weir_server_create(loop, NULL, NULL, NULL, &server) < 0 || weir_server_listen(server, "ipc:x", NULL) < 0);
  require(weir_process_spawn(loop, &options, &process) < 0);
  weir_loop_wake(loop);
  weir_loop_stop(loop);
  require(weir_loop_run(loop, WEIR_RUN_ONCE) == WEIR_EFORKED);
}

static void a_fork_is_refused_and_the_first_process_goes_on(struct world *world) {
  talk = make_pair(world);
  run_in_fork(world, try_everything);
  check_pair(world, &talk);
}

static bool was_told_too_much;

static void hear_in_one_process(weir_socket *socket, const weir_error *error, void *id) {
  (void)socket, (void)error;
  if (*(pid_t *)id == 0) was_told_too_much = true;
}

/* What is owed by now is owed to the first process. */
static void fork_here(const weir_event *event, void *id) {
  weir_write write = weir_write_default();
  write.bytes = "x";
  write.length = 1;
  write.callback = hear_in_one_process;
  write.user = id;
  assert_int_equal(weir_socket_write_with(event->socket, &write), 1);
  *(pid_t *)id = fork();
}

static void a_fork_in_a_listener_ends_the_run_of_the_new_process(struct world *world) {
  int status = -1;
  pid_t id = -1;
  struct world_pair pair = make_pair(world);
  world_on(pair.accepted, WEIR_EVENT_DATA, fork_here, &id);
  world_write(pair.client, "now");
  while (id == -1) {
    int code = weir_loop_run(world->loop, WEIR_RUN_ONCE);
    if (id == 0) _exit(code == WEIR_EFORKED && !was_told_too_much ? 0 : 1);
  }
  assert_int_equal(waitpid(id, &status, 0), id);
  assert_int_equal(status, 0);
  weir_socket_off(pair.accepted, WEIR_EVENT_DATA, fork_here, &id);
  world_run_until_noted(world, "C data", 1);
  check_pair(world, &pair);
}

/* ---- let go ----------------------------------------------------------------------------------------------------- */

static void let_go(struct world *world) { weir_loop_release(world->loop); }

static void a_fork_lets_go_and_the_first_process_goes_on(struct world *world) {
  talk = make_pair(world);
  run_in_fork(world, let_go);
  check_pair(world, &talk);
}

/* Says that it has let go, and lives until its input ends. */
static void let_go_and_live_on(struct world *world, const int input[2], const int output[2]) {
  char byte = 'x';
  close(input[1]);
  weir_loop_release(world->loop);
  require(write(output[1], &byte, 1) == 1);
  _exit(read(input[0], &byte, 1) == 0 ? 0 : 1);
}

/* A copy that the fork still had would keep the connection and the name. */
static void what_a_fork_has_let_go_of_closes_with_the_first_process(struct world *world) {
  int input[2], output[2];
  char byte;
  struct world_pair pair = make_pair(world);
  assert_true(pipe(input) == 0 && pipe(output) == 0);
  pid_t id = fork();
  assert_true(id >= 0);
  if (id == 0) let_go_and_live_on(world, input, output);
  assert_int_equal(read(output[0], &byte, 1), 1);
  world_forget(world);
  weir_server_close(pair.server, NULL, NULL);
  weir_socket_destroy(pair.client, NULL);
  world_run(world);
  world_expect(world, "S", "end finish close(false)");
  assert_int_equal(weir_server_listen(pair.server, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  weir_server_close(pair.server, NULL, NULL);
  world_run(world);
  for (int i = 0; i < 2; i++) {
    close(input[i]);
    close(output[i]);
  }
  assert_int_equal(waitpid(id, NULL, 0), id);
}

/* ---- a loop of its own ------------------------------------------------------------------------------------------ */

static void note_exit(const weir_event *event, void *code) { *(int *)code = event->exit->code; }

static void use_a_loop_of_its_own(struct world *world) {
  int code = -1;
  weir_loop *loop = NULL;
  weir_process *process = NULL;
  weir_loop_options loop_options = weir_loop_options_default();
  weir_process_options options = program_options(WORDS("exit", "7"));
  weir_loop_release(world->loop);
  loop_options.backend = world->backend;
  options.exit = note_exit;
  options.exit_user = &code;
  require(weir_loop_create(&loop_options, &loop) == WEIR_OK);
  require(weir_process_spawn(loop, &options, &process) == WEIR_OK);
  require(weir_loop_run(loop, WEIR_RUN_DEFAULT) == 0);
  require(code == 7);
  weir_process_release(process);
  weir_loop_release(loop);
}

static void a_fork_can_have_a_loop_of_its_own(struct world *world) {
  talk = make_pair(world);
  run_in_fork(world, use_a_loop_of_its_own);
  check_pair(world, &talk);
}

/* ---- children --------------------------------------------------------------------------------------------------- */

static weir_process *child;

static void kill_child(struct world *world) {
  (void)world;
  require(weir_process_kill(child, WEIR_SIGNAL_KILL) == WEIR_EFORKED);
  weir_loop_release(world->loop);
}

static void a_child_is_that_of_the_first_process(struct world *world) {
  struct program *program = program_do(world, "P", WORDS("echo", "exit", "5"));
  child = program->process;
  run_in_fork(world, kill_child);
  weir_socket_write(weir_process_stdio(child, 0), "still", 5);
  weir_socket_end(weir_process_stdio(child, 0), NULL);
  world_run(world);
  world_expect(world, "P", "exit(5) close");
  assert_string_equal(program->output.text, "still");
}

static const struct world_case cases[] = {
    FORK_CASE(a_fork_is_refused_and_the_first_process_goes_on),
    FORK_CASE(a_fork_in_a_listener_ends_the_run_of_the_new_process),
    FORK_CASE(a_fork_lets_go_and_the_first_process_goes_on),
    FORK_CASE(what_a_fork_has_let_go_of_closes_with_the_first_process),
    FORK_CASE(a_fork_can_have_a_loop_of_its_own),
    FORK_CASE(a_child_is_that_of_the_first_process),
};

int main(int argc, char **argv) { return world_main(argc, argv, "fork", cases, sizeof cases / sizeof cases[0]); }
