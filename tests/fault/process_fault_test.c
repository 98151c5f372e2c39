/* SPDX-License-Identifier: MIT */
/*
 * Children when the system or the allocator refuses something, each thing in turn: the spawn fails at once, or there is
 * an error and a close, or the child runs and its end is heard; nothing is left over, and the next one works.
 */
#include "support/further_loop.h"
#include "support/program.h"
#include "support/supply.h"
#include "support/system_faults.h"
#include "support/world.h"

/* What one child came to. */
struct fate {
  weir_code code; /* of the call */
  weir_code error;
  unsigned errors;
  unsigned exits;
  unsigned closes;
  int exit_code;
  char output[16];
  size_t output_length;
};

static void hear(const weir_event *event, void *user) {
  struct fate *fate = user;
  assert_int_equal(fate->closes, 0);
  if (event->type == WEIR_EVENT_ERROR) {
    fate->errors++;
    fate->error = event->error->code;
    assert_string_equal(event->error->operation, "spawn");
    assert_string_equal(event->error->address, program_file);
  } else if (event->type == WEIR_EVENT_EXIT) {
    fate->exits++;
    fate->exit_code = event->exit->code;
  } else {
    fate->closes++;
  }
}

static void gather(const weir_event *event, void *user) {
  struct fate *fate = user;
  for (size_t i = 0; i < event->data.length && fate->output_length + 1 < sizeof fate->output; i++) {
    fate->output[fate->output_length++] = ((const char *)event->data.bytes)[i];
  }
}

static void ignore(const weir_event *event, void *user) { (void)event, (void)user; }

/* Without memory for a listener nobody is told; the call said so. */
static void listen_to(weir_process *process, struct fate *fate) {
  static const weir_event_type types[] = {WEIR_EVENT_ERROR, WEIR_EVENT_EXIT, WEIR_EVENT_CLOSE};
  for (size_t i = 0; i < 3 && fate->code == WEIR_OK; i++) fate->code = weir_process_on(process, types[i], hear, fate);
}

static void use_pipes(weir_process *process, struct fate *fate) {
  weir_socket *input = weir_process_stdio(process, 0);
  weir_socket *output = weir_process_stdio(process, 1);
  if (input == NULL) return;
  weir_socket_on(input, WEIR_EVENT_ERROR, ignore, NULL);
  weir_socket_on(output, WEIR_EVENT_ERROR, ignore, NULL);
  weir_socket_on(output, WEIR_EVENT_DATA, gather, fate);
  weir_socket_write(input, "to and fro", 10);
  if (weir_socket_end(input, NULL) < 0) weir_socket_destroy(input, NULL);
}

/* One with everything that a child can have, in a directory of its own, and waits until it is over. */
static void raise_child(weir_loop *loop, struct fate *fate) {
  static const weir_stdio stdio[] = {{.kind = WEIR_STDIO_PIPE},
                                     {.kind = WEIR_STDIO_PIPE},
                                     {.kind = WEIR_STDIO_INHERIT},
                                     {.kind = WEIR_STDIO_NULL},
                                     {.kind = WEIR_STDIO_CONNECTION}};
  weir_process *process = NULL;
  weir_process_options options = program_options(WORDS("echo", "exit", "4"));
  *fate = (struct fate){.code = WEIR_OK};
  options.stdio = stdio;
  options.stdio_count = 5;
  options.directory = "/";
  fate->code = weir_process_spawn(loop, &options, &process);
  if (fate->code == WEIR_OK) {
    listen_to(process, fate);
    use_pipes(process, fate);
  }
  while (weir_loop_alive(loop)) weir_loop_run(loop, WEIR_RUN_DEFAULT);
  weir_process_release(process);
}

/* Everything that was promised is kept. */
static bool went_well(const struct fate *fate) {
  if (fate->code != WEIR_OK) return false;
  assert_int_equal(fate->closes, 1);
  assert_int_equal(fate->errors + fate->exits, 1);
  if (fate->errors > 0) assert_int_not_equal(fate->error, WEIR_OK);
  return fate->exits == 1 && fate->exit_code == 4 && strcmp(fate->output, "to and fro") == 0;
}

/* ---- the system ------------------------------------------------------------------------------------------------- */

static void look_around(weir_timer *timer, void *user) { (void)timer, (void)user; }

/* A loop that looks around now and then, because nobody else brings back a wake that the system has refused. */
static weir_loop *make_watchful_loop(struct world *world, weir_timer **timer) {
  weir_loop *loop = further_loop(world);
  assert_int_equal(weir_timer_create(loop, look_around, NULL, timer), WEIR_OK);
  assert_int_equal(weir_timer_start(weir_timer_unref(*timer), 10, 10), WEIR_OK);
  return loop;
}

static void check_sweep(struct world *world, enum fault_place place, enum fault_cause cause, size_t at_least) {
  struct fate fate;
  size_t nth = 1, failures = 0;
  long open = system_open_count();
  for (bool struck = true; struck; nth++) {
    weir_timer *timer;
    weir_loop *loop = make_watchful_loop(world, &timer);
    system_fault_begin(world, place, nth, cause, 1);
    raise_child(loop, &fate);
    struck = system_fault_count() > 0;
    system_fault_end();
    if (!went_well(&fate)) failures++;
    weir_timer_release(timer);
    weir_loop_release(loop);
    assert_int_equal(system_open_count(), open);
    assert_in_range(nth, 1, 500);
  }
  assert_true(went_well(&fate));
  assert_in_range(failures, at_least, nth);
}

static void every_refusal_of_the_system_is_told_or_without_effect(struct world *world) {
  check_sweep(world, FAULT_ANYWHERE, FAULT_OF_PROCESS, 6);
}

static void no_memory_that_outlives_the_loop_is_always_told(struct world *world) {
  check_sweep(world, FAULT_HEAP, FAULT_OF_MEMORY, 2);
}

static void a_child_that_nobody_could_wait_for_is_not_started(struct world *world) {
  if (strcmp(world->backend, "iocp") == 0) world_skip(world, "the system waits there");
  struct fate fate;
  system_fault_begin(world, FAULT_THREAD, 1, FAULT_OF_MEMORY, 1);
  raise_child(world->loop, &fate);
  system_fault_end();
  assert_int_equal(fate.error, WEIR_ENOMEM);
  assert_int_equal(fate.exits, 0);
  raise_child(world->loop, &fate);
  assert_true(went_well(&fate));
}

/* ---- the loop's allocator --------------------------------------------------------------------------------------- */

static void each_allocation_that_fails_is_told(struct world *world) {
  struct fate fate = {.code = WEIR_ENOMEM};
  size_t failures = 0;
  for (size_t n = 1; !went_well(&fate); n++) {
    struct supply supply = {.asked = 0};
    weir_loop_options options = further_loop_options(world);
    options.allocator = supply_allocator(&supply);
    weir_loop *loop;
    assert_int_equal(weir_loop_create(&options, &loop), WEIR_OK);
    supply.fail_at = supply.asked + n;
    raise_child(loop, &fate);
    weir_loop_release(loop);
    assert_int_equal(supply.blocks, 0);
    failures++;
    assert_in_range(n, 1, 100);
  }
  assert_in_range(failures, 5, 100);
}

static const struct world_case cases[] = {
    WORLD_CASE("", every_refusal_of_the_system_is_told_or_without_effect),
    WORLD_CASE("", no_memory_that_outlives_the_loop_is_always_told),
    WORLD_CASE("", a_child_that_nobody_could_wait_for_is_not_started),
    WORLD_CASE("", each_allocation_that_fails_is_told),
};

int main(int argc, char **argv) { return world_main(argc, argv, "process_fault", cases, sizeof cases / sizeof *cases); }
