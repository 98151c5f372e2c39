/* SPDX-License-Identifier: MIT */
/*
 * cluster_server ENDPOINT [--workers N] [--control ENDPOINT]: one address, served by several processes.
 *
 * Each client is greeted by the worker that has it, and gets back what it sends. A worker that dies is replaced, and
 * only its own clients notice. SIGHUP, or a connection to the control endpoint, replaces all workers one by one, and no
 * client notices at all. Ctrl-C ends it in order.
 *
 * Primary and workers are the same program: who can join a cluster is a worker.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "program.h"

static const char usage[] =
    "usage: cluster_server ENDPOINT [--workers N] [--control ENDPOINT]\n"
    "\n"
    "Greets every client with the number of its worker and sends back what it sends.\n"
    "\n"
    "  ENDPOINT            tcp:HOST:PORT, ipc:NAME or any other\n"
    "  --workers N         processes that serve it, 1 to 64; 4 when not given\n"
    "  --control ENDPOINT  whoever connects here replaces all workers, and hears of it: ok, or failed\n";

struct arguments {
  const char *endpoint;
  const char *control;
  uint64_t workers;
};

/* ---- A worker ---------------------------------------------------------------------------------------------------- */

struct work {
  weir_loop *loop;
  weir_worker *worker;
  const char *endpoint;
  int exit_code;
};

/* Clients come and go as they like. */
static void ignore_error(const weir_event *event, void *user) {
  (void)event;
  (void)user;
}

static void on_connection(const weir_event *event, void *user) {
  struct work *work = user;
  weir_socket *client = event->connection;
  char greeting[32];
  int length = snprintf(greeting, sizeof greeting, "worker %u\r\n", (unsigned)weir_worker_id(work->worker));
  program_require(weir_socket_on(client, WEIR_EVENT_ERROR, ignore_error, NULL), "accept", work->endpoint);
  weir_socket_write(client, greeting, (size_t)length);
  program_require(weir_socket_pipe(client, client, WEIR_PIPE_DEFAULT), "accept", work->endpoint);
}

static void on_server_error(const weir_event *event, void *user) {
  struct work *work = user;
  program_report(event->error);
  if (!weir_server_listening(event->server)) work->exit_code = EXIT_FAILURE;
}

/* Who was told to leave finishes what it has; whose primary is gone does not stay behind. */
static void on_primary_gone(const weir_event *event, void *user) {
  struct work *work = user;
  if (!weir_worker_exited_after_disconnect(event->worker)) weir_loop_stop(work->loop);
}

/* Ctrl-C reaches every process of a terminal; the primary says what happens then. */
static void ignore_signal(weir_signal *signal, weir_signal_number number, void *user) {
  (void)signal;
  (void)number;
  (void)user;
}

static int be_worker(struct work *work) {
  weir_server *server;
  weir_signal *interrupt;
  program_require(weir_signal_create(work->loop, ignore_signal, NULL, &interrupt), "open", "SIGINT");
  program_require(weir_signal_start(interrupt, WEIR_SIGNAL_INTERRUPT), "open", "SIGINT");
  program_require(weir_worker_on(work->worker, WEIR_EVENT_DISCONNECT, on_primary_gone, work), "open", "");
  program_require(weir_server_create(work->loop, NULL, on_connection, work, &server), "open", work->endpoint);
  program_require(weir_server_on(server, WEIR_EVENT_ERROR, on_server_error, work), "open", work->endpoint);
  program_require(weir_server_listen(server, work->endpoint, NULL), "listen", work->endpoint);
  program_require(weir_loop_run(work->loop, WEIR_RUN_DEFAULT), "run", work->endpoint);
  weir_server_release(server);
  weir_signal_release(interrupt);
  weir_worker_release(work->worker);
  return work->exit_code;
}

/* ---- The primary ------------------------------------------------------------------------------------------------- */

struct primary {
  weir_cluster *cluster;
  weir_server *control; /* NULL: there is none */
  weir_signal *signals[2];
  bool ends;
  int exit_code;
};

static unsigned number_of(const weir_event *event) { return (unsigned)weir_worker_id(event->worker); }

static void on_online(const weir_event *event, void *user) {
  (void)user;
  weir_process *process = weir_worker_process(event->worker);
  program_print("worker %u is process %u", number_of(event), (unsigned)weir_process_id(process));
}

/* A worker's user pointer says that it was of use. */
static void on_listening(const weir_event *event, void *user) {
  weir_worker_set_user(event->worker, user);
  program_print("worker %u listens at %s", number_of(event), event->listening->name);
}

static void end(struct primary *primary) {
  if (primary->ends) return;
  primary->ends = true;
  for (size_t i = 0; i < 2; i++) weir_signal_stop(primary->signals[i]);
  if (primary->control != NULL) weir_server_close(primary->control, NULL, NULL);
  program_require(weir_cluster_disconnect(primary->cluster, NULL, NULL), "close", "");
}

/* One that never listened would not do so the next time either. */
static void on_disconnect(const weir_event *event, void *user) {
  struct primary *primary = user;
  weir_worker *worker = event->worker;
  program_print("worker %u has gone", number_of(event));
  if (primary->ends || weir_worker_exited_after_disconnect(worker)) return;
  if (weir_worker_user(worker) != NULL) {
    program_require(weir_cluster_fork(primary->cluster, NULL, NULL), "fork", "");
  } else {
    primary->exit_code = EXIT_FAILURE;
    end(primary);
  }
}

static void on_exit_of_worker(const weir_event *event, void *user) {
  (void)user;
  const weir_event_exit *how = event->exit;
  if (how->native_signal != 0) {
    program_print("worker %u was ended by signal %d", number_of(event), how->native_signal);
  } else {
    program_print("worker %u has ended with %d", number_of(event), how->code);
  }
}

static void on_error(const weir_event *event, void *user) {
  (void)user;
  program_report(event->error);
}

/* ---- Rolling ----------------------------------------------------------------------------------------------------- */

/* `client` is whoever asked for it, or NULL. */
static void on_rolled(weir_cluster *cluster, const weir_error *error, void *client) {
  (void)cluster;
  program_print(error == NULL ? "rolled" : "not rolled");
  if (client == NULL) return;
  const char *answer = error == NULL ? "ok\r\n" : "failed\r\n";
  weir_socket_write(client, answer, strlen(answer));
  weir_socket_end(client, NULL);
  weir_socket_release(client);
}

static void on_control(const weir_event *event, void *user) {
  struct primary *primary = user;
  weir_socket *client = event->connection;
  program_require(weir_socket_on(client, WEIR_EVENT_ERROR, ignore_error, NULL), "accept", "");
  weir_socket_resume(client);
  if (weir_cluster_roll(primary->cluster, on_rolled, client) == WEIR_OK) {
    weir_socket_retain(client);
  } else {
    weir_socket_write(client, "failed\r\n", 8);
    weir_socket_end(client, NULL);
  }
}

static void on_signal(weir_signal *signal, weir_signal_number number, void *user) {
  (void)signal;
  struct primary *primary = user;
  if (number == WEIR_SIGNAL_INTERRUPT) {
    end(primary);
  } else if (weir_cluster_roll(primary->cluster, on_rolled, NULL) != WEIR_OK) {
    program_print("a roll goes on already");
  }
}

/* ---- The program ------------------------------------------------------------------------------------------------- */

static void listen_to_signals(struct primary *primary, weir_loop *loop) {
  static const weir_signal_number numbers[] = {WEIR_SIGNAL_INTERRUPT, WEIR_SIGNAL_HANGUP};
  for (size_t i = 0; i < 2; i++) {
    program_require(weir_signal_create(loop, on_signal, primary, &primary->signals[i]), "open", "signals");
    program_require(weir_signal_start(primary->signals[i], numbers[i]), "open", "signals");
  }
}

static void listen_to_workers(struct primary *primary) {
  static const struct {
    weir_event_type type;
    weir_listener listener;
  } rows[] = {{WEIR_EVENT_ONLINE, on_online},
              {WEIR_EVENT_LISTENING, on_listening},
              {WEIR_EVENT_DISCONNECT, on_disconnect},
              {WEIR_EVENT_EXIT, on_exit_of_worker},
              {WEIR_EVENT_ERROR, on_error}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    program_require(weir_cluster_on(primary->cluster, rows[i].type, rows[i].listener, primary), "open", "");
  }
}

static int be_primary(weir_loop *loop, const struct arguments *chosen, char **arguments) {
  struct primary primary = {.control = NULL};
  weir_process_options process = weir_process_options_default();
  process.file = arguments[0];
  process.arguments = (const char *const *)arguments;
  weir_cluster_options options = weir_cluster_options_default();
  options.process = &process;
  program_require(weir_cluster_create(loop, &options, &primary.cluster), "open", chosen->endpoint);
  listen_to_workers(&primary);
  listen_to_signals(&primary, loop);
  if (chosen->control != NULL) {
    program_require(weir_server_create(loop, NULL, on_control, &primary, &primary.control), "open", chosen->control);
    program_require(weir_server_on(primary.control, WEIR_EVENT_ERROR, on_error, NULL), "open", chosen->control);
    program_require(weir_server_listen(primary.control, chosen->control, NULL), "listen", chosen->control);
  }
  for (uint64_t i = 0; i < chosen->workers; i++) {
    program_require(weir_cluster_fork(primary.cluster, NULL, NULL), "fork", chosen->endpoint);
  }
  program_require(weir_loop_run(loop, WEIR_RUN_DEFAULT), "run", chosen->endpoint);
  for (size_t i = 0; i < 2; i++) weir_signal_release(primary.signals[i]);
  weir_server_release(primary.control);
  weir_cluster_release(primary.cluster);
  return primary.exit_code;
}

static bool read_arguments(int count, char **arguments, struct arguments *read) {
  *read = (struct arguments){.workers = 4};
  for (int i = 1; i < count; i++) {
    bool has_value = i + 1 < count;
    if (strcmp(arguments[i], "--workers") == 0 && has_value) {
      if (!program_number(arguments[++i], &read->workers)) return false;
    } else if (strcmp(arguments[i], "--control") == 0 && has_value) {
      read->control = arguments[++i];
    } else if (strncmp(arguments[i], "--", 2) == 0 || read->endpoint != NULL) {
      return false;
    } else {
      read->endpoint = arguments[i];
    }
  }
  return read->endpoint != NULL && read->workers >= 1 && read->workers <= 64;
}

int main(int argument_count, char **arguments) {
  struct arguments chosen;
  struct work work = {.exit_code = EXIT_SUCCESS};
  arguments = program_start(&argument_count, arguments);
  if (!read_arguments(argument_count, arguments, &chosen)) {
    fputs(usage, stderr);
    return 2;
  }
  work.endpoint = chosen.endpoint;
  program_require(weir_loop_create(NULL, &work.loop), "open", "");
  weir_code code = weir_cluster_join(work.loop, &work.worker);
  if (code != WEIR_ENOTCONN) program_require(code, "join", chosen.endpoint);
  int exit_code = code == WEIR_OK ? be_worker(&work) : be_primary(work.loop, &chosen, arguments);
  weir_loop_release(work.loop);
  return exit_code;
}
