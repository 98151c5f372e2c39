/* SPDX-License-Identifier: MIT */
/*
 * The main function of a suite: which cases run on which backends, over which transports. CMocka counts and prints; the
 * names that it prints, "ROWS | case | backend" and "ROWS | case | backend tcp", are all that the table of covered rows
 * is made from.
 */
#include "world_private.h"

#include <stdio.h>
#include <stdlib.h>

/* On the simulator a case runs once with each of these; chance that no seed here shows is for the long runs in CI. */
static const uint64_t fixed_seeds[] = {1, 2, 3, 5, 8, 13};

enum { BACKENDS_MAX = 8 };

struct choice {
  const char *backends[BACKENDS_MAX];
  size_t backend_count;
  bool without_tcp;
  bool without_local;
  bool without_io_uring;
  const char *part; /* of the names of the cases wanted; NULL: all */
  bool one_seed;
  uint64_t seed;
};

/* One case on one backend over one transport. */
struct trial {
  const struct world_case *item;
  const struct choice *choice;
  const char *backend;
  bool tcp;
  struct world *world; /* while the case runs; what is left of it when it failed */
  uint64_t seed;
  const char *skip_reason;
  bool passed;
};

/* ---- running one ------------------------------------------------------------------------------------------------ */

static bool is_out_of_scope(const struct trial *trial) {
  unsigned scope = trial->item->scope;
  if ((scope & (trial->tcp ? WORLD_NOT_TCP : WORLD_NOT_LOCAL)) != 0) return true;
  if (strcmp(trial->backend, "sim") == 0) return (scope & WORLD_NOT_SIM) != 0;
  if (strcmp(trial->backend, "iocp") == 0) {
    return (scope & (trial->tcp ? WORLD_NOT_WINDOWS : WORLD_NOT_WINDOWS | WORLD_NOT_PIPES)) != 0;
  }
  return (scope & WORLD_NOT_POSIX) != 0;
}

static void run_once(struct trial *trial, uint64_t seed) {
  trial->seed = seed;
  trial->world = world_create(trial->backend, trial->tcp, seed, &trial->skip_reason);
  trial->item->run(trial->world);
  struct world *world = trial->world;
  trial->world = NULL;
  world_destroy(world);
}

static void run_trial(void **state) {
  struct trial *trial = *state;
  bool is_refused = trial->choice->without_io_uring && strcmp(trial->backend, "io_uring") == 0;
  if (is_refused || is_out_of_scope(trial)) {
    trial->skip_reason = is_refused ? "this kernel refuses io_uring" : trial->item->reason;
    print_skip(trial->skip_reason);
    skip();
  }
  if (strcmp(trial->backend, "sim") != 0) {
    run_once(trial, 0);
  } else if (trial->choice->one_seed) {
    run_once(trial, trial->choice->seed);
  } else {
    for (size_t i = 0; i < sizeof fixed_seeds / sizeof *fixed_seeds; i++) run_once(trial, fixed_seeds[i]);
  }
  trial->passed = true;
}

/* Shows what is left of a case that failed. */
static int end_trial(void **state) {
  struct trial *trial = *state;
  if (trial->passed || trial->skip_reason) return 0;
  if (strcmp(trial->backend, "sim") == 0) print_message("seed %u\n", (unsigned)trial->seed);
  if (trial->world) world_abandon(trial->world);
  return 0;
}

/* ---- choosing --------------------------------------------------------------------------------------------------- */

/* A server over TCP, for a moment. */
static void listen_once(weir_loop *loop) {
  weir_server *server = NULL;
  if (weir_server_create(loop, NULL, NULL, NULL, &server) != WEIR_OK) return;
  weir_server_once(server, WEIR_EVENT_LISTENING, world_close_server_on, server);
  weir_server_listen(server, "tcp:127.0.0.1:0", NULL);
  weir_loop_run(loop, WEIR_RUN_DEFAULT);
  weir_server_release(server);
}

/*
 * NULL: the system's best. Besides, the process has now whatever its first loop and its first use of TCP make it keep
 * for ever, so that no case is blamed for that.
 */
static bool is_available(const char *backend) {
  weir_loop_options options = weir_loop_options_default();
  options.backend = backend;
  weir_loop *loop = NULL;
  if (weir_loop_create(&options, &loop) != WEIR_OK) return false;
  listen_once(loop);
  weir_loop_release(loop);
  return true;
}

static void choose_all_backends(struct choice *choice) {
  static const char *const known[] = {"epoll", "io_uring", "kqueue", "poll", "iocp"};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (is_available(known[i])) choice->backends[choice->backend_count++] = known[i];
  choice->backends[choice->backend_count++] = "sim";
}

/* A kernel may have no io_uring, and a sandbox may forbid it; whatever else is not there is a mistake. */
static bool choose_backend(struct choice *choice, const char *backend) {
  bool simulated = strcmp(backend, "sim") == 0;
  if (choice->backend_count == BACKENDS_MAX) return false;
  choice->backends[choice->backend_count++] = backend;
  bool available = is_available(simulated ? NULL : backend);
  choice->without_io_uring = !available && strcmp(backend, "io_uring") == 0;
  return available || choice->without_io_uring;
}

static bool choose_transport(struct choice *choice, const char *transport) {
  choice->without_tcp = strcmp(transport, WORLD_TRANSPORT_LOCAL) == 0;
  choice->without_local = strcmp(transport, WORLD_TRANSPORT_TCP) == 0;
  return choice->without_tcp || choice->without_local;
}

static bool parse_arguments(int argc, char **argv, struct choice *choice) {
  for (int i = 1; i < argc; i++) {
    bool has_value = i + 1 < argc;
    if (strcmp(argv[i], "--backend") == 0 && has_value) {
      if (!choose_backend(choice, argv[++i])) return false;
    } else if (strcmp(argv[i], "--transport") == 0 && has_value) {
      if (!choose_transport(choice, argv[++i])) return false;
    } else if (strcmp(argv[i], "--seed") == 0 && has_value) {
      choice->one_seed = true;
      choice->seed = strtoull(argv[++i], NULL, 0);
    } else if (argv[i][0] != '-') {
      choice->part = argv[i];
    } else {
      return false;
    }
  }
  if (choice->backend_count == 0) choose_all_backends(choice);
  return true;
}

static char *format_name(const struct trial *trial) {
  const char *rows = trial->item->rows[0] ? trial->item->rows : "-";
  const char *transport = trial->tcp ? " " WORLD_TRANSPORT_TCP : "";
  size_t size = strlen(rows) + strlen(trial->item->name) + strlen(trial->backend) + strlen(transport) + 7;
  char *name = malloc(size);
  if (name) snprintf(name, size, "%s | %s | %s%s", rows, trial->item->name, trial->backend, transport);
  return name;
}

static size_t make_trials(const struct choice *choice, const struct world_case *cases, size_t count,
                          struct trial *trials, struct CMUnitTest *tests) {
  size_t made = 0;
  for (size_t i = 0; i < 2 * count * choice->backend_count; i++) {
    const struct world_case *item = &cases[i % count];
    const char *backend = choice->backends[i / count / 2];
    bool tcp = i / count % 2 == 1;
    if (tcp ? choice->without_tcp : choice->without_local) continue;
    if (choice->part && !strstr(item->name, choice->part)) continue;
    struct trial *trial = &trials[made];
    *trial = (struct trial){.item = item, .choice = choice, .backend = backend, .tcp = tcp};
    tests[made] = (struct CMUnitTest){format_name(trial), run_trial, NULL, end_trial, trial};
    made++;
  }
  return made;
}

int world_main(int argc, char **argv, const char *suite, const struct world_case *cases, size_t count) {
  struct choice choice = {.part = NULL};
  if (!parse_arguments(argc, argv, &choice)) {
    fprintf(stderr, "usage: %s [--backend NAME]... [--transport local|tcp] [--seed N] [PART-OF-A-CASE'S-NAME]\n",
            argv[0]);
    return 2;
  }
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  size_t room = 2 * count * choice.backend_count;
  struct trial *trials = calloc(room, sizeof *trials);
  struct CMUnitTest *tests = calloc(room, sizeof *tests);
  if (!trials || !tests) return 2;
  size_t made = make_trials(&choice, cases, count, trials, tests);
  int failed = _cmocka_run_group_tests(suite, tests, made, NULL, NULL);
  for (size_t i = 0; i < made; i++) free((char *)(uintptr_t)tests[i].name);
  free(tests);
  free(trials);
  return failed == 0 ? 0 : 1;
}
