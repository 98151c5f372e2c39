# SPDX-License-Identifier: MIT
"""cluster_server: who answers, and that a worker killed or replaced under load harms nobody else."""

import contextlib
import os
import re
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))
from connection import connect, is_reachable, open_socket, receive, receive_all
from harness import Skip, case, case_over, expect, expect_equal, expect_success, main

KINDS = ["local", "tcp"]
WORKERS = 3
SENT = bytes(range(256)) * 40


@case_over(*KINDS)
def each_answer_names_its_worker_and_workers_take_turns(world, endpoint):
    server = _serve(world, endpoint)
    answers = [_talk(endpoint) for _ in range(2 * WORKERS)]
    expect_equal(answers[:WORKERS], answers[WORKERS:], "the second round")
    expect_equal(sorted(answers[:WORKERS]), list(range(1, WORKERS + 1)), "who answers in a round")
    expect(server.is_running(), "it has ended")


@case_over(*KINDS)
def it_ends_in_order_after_control_c(world, endpoint):
    server, terminal = _serve_in_terminal(world, endpoint)
    with connect(endpoint) as client:
        receive(client, len(b"worker 1\r\n"))
        terminal.press_control_c()
        client.sendall(b"still")
        expect_equal(receive(client, 5), b"still", "the echo")
    expect_success(server)
    ends = [line for line in server.output_lines() if "has ended with" in line]
    expect_equal(sorted(ends), [f"worker {number} has ended with 0" for number in (1, 2, 3)], "how the workers end")
    expect_equal(server.error_text(), "", "its errors")


@case_over(*KINDS)
def a_killed_worker_is_replaced_and_only_its_own_clients_notice(world, endpoint):
    if world.windows:
        raise Skip("a process of Wine is not killed by its number here; conformance.cluster_process kills workers")
    server = _serve(world, endpoint)
    open_clients = [connect(endpoint) for _ in range(2 * WORKERS)]
    owners = [_read_worker(client) for client in open_clients]
    load = _Load(endpoint)
    victim = owners[0]
    os.kill(_process_of(server, victim), signal.SIGKILL)
    server.wait_for(f"worker {victim} was ended by signal 9")
    server.wait_for(f"worker {WORKERS + 1} listens at")
    time.sleep(0.3)
    failures = load.stop()
    for client, owner in zip(open_clients, owners):
        with client:
            if owner == victim:
                with contextlib.suppress(ConnectionResetError):
                    expect_equal(receive_all(client), b"", "what a client of the dead gets")
            else:
                client.sendall(SENT)
                expect_equal(receive(client, len(SENT)), SENT, "the echo of one who lives")
    expect(load.rounds > 0, "there was no load")
    expect(all(failure.worker in (victim, None) for failure in failures), f"others lost connections: {failures}")
    expect(WORKERS + 1 in {_talk(endpoint) for _ in range(WORKERS)}, "the new worker does not answer")


@case_over(*KINDS)
def workers_end_when_the_primary_is_killed(world, endpoint):
    if world.windows:
        raise Skip("a process of Wine is not killed by its number here; conformance.cluster_process shows it")
    server = _serve(world, endpoint)
    workers = [_process_of(server, number) for number in range(1, WORKERS + 1)]
    os.kill(server.pid, signal.SIGKILL)
    expect_equal(server.finish(), -signal.SIGKILL, "how the primary ends")
    deadline = time.monotonic() + 20
    while any(_runs(worker) for worker in workers):
        expect(time.monotonic() < deadline, "a worker has outlived its primary")
        time.sleep(0.01)


@case_over(*KINDS)
def a_hangup_replaces_all_workers_and_no_client_notices(world, endpoint):
    if world.windows:
        raise Skip("there is no SIGHUP on Windows")
    server = _serve(world, endpoint)
    load = _Load(endpoint)
    for roll in range(1, world.often(10) + 1):
        os.kill(server.pid, signal.SIGHUP)
        server.wait_for("rolled", count=roll, seconds=60)
    failures = load.stop()
    expect_equal(failures, [], "failed clients")
    expect(load.rounds > 0, "there was no load")
    expect(all(_talk(endpoint) > WORKERS for _ in range(WORKERS)), "an old worker answers")


@case_over("tcp", "tcp6")
def a_control_connection_replaces_all_workers_and_no_client_notices(world, endpoint):
    control = world.endpoint_over("tcp")
    server = _serve(world, endpoint, "--control", control)
    load = _Load(endpoint)
    for _ in range(world.often(10)):
        with connect(control, seconds=60) as client:
            expect_equal(receive_all(client), b"ok\r\n", "the answer")
    expect_equal(load.stop(), [], "failed clients")
    expect(load.rounds > 0, "there was no load")
    expect(server.is_running(), "it has ended")
    expect(all(_talk(endpoint) > WORKERS for _ in range(WORKERS)), "an old worker answers")


@case
def a_name_that_cannot_be_had_ends_it(world):
    endpoint = world.endpoint_over("tcp")
    _serve(world, endpoint)
    second = world.sample("cluster_server", endpoint, "--workers", "2")
    expect_equal(second.finish(), 1, "exit code of the second")
    expect("EADDRINUSE" in second.error_text(), "it does not say why")


@case
def bad_arguments_end_it_with_its_usage(world):
    for arguments in ([], ["x", "--workers"], ["x", "--workers", "0"], ["x", "--workers", "65"], ["x", "y"], ["--z"]):
        program = world.sample("cluster_server", *arguments)
        expect_equal(program.finish(), 2, f"exit code with {arguments}")
        expect(program.error_text().startswith("usage: cluster_server ENDPOINT"), "there is no usage")


class _Failure:
    def __init__(self, worker, error):
        self.worker = worker
        self.error = error

    def __repr__(self):
        return f"worker {self.worker}: {self.error}"


class _Load:
    """Clients that come, send, compare what they get back, and go, one after the other in several threads."""

    def __init__(self, endpoint, threads=3):
        self.rounds = 0
        self._endpoint = endpoint
        self._failures = []
        self._over = False
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]
        for thread in self._threads:
            thread.start()
        while self.rounds < threads and not self._failures:
            time.sleep(0.01)

    def _run(self):
        while not self._over:
            worker = None
            try:
                with _open(self._endpoint) as client:
                    client.sendall(SENT)
                    worker = _read_worker(client)
                    expect_equal(receive(client, len(SENT)) == SENT, True, "what comes back")
            except Exception as error:
                self._failures.append(_Failure(worker, repr(error)))
            self.rounds += 1

    def stop(self):
        self._over = True
        for thread in self._threads:
            thread.join()
        return self._failures


def _open(endpoint):
    opened, address = open_socket(endpoint)
    opened.settimeout(30)
    try:
        opened.connect(address)
    except OSError:
        opened.close()
        raise
    return opened


def _read_worker(client):
    """The number in the greeting."""
    line = b""
    while not line.endswith(b"\n"):
        byte = client.recv(1)
        if not byte:
            raise ConnectionError(f"the greeting ends as {line!r}")
        line += byte
    return int(re.fullmatch(rb"worker (\d+)\r\n", line)[1])


def _talk(endpoint):
    """One conversation; gives the worker's number."""
    with connect(endpoint) as client:
        worker = _read_worker(client)
        client.sendall(SENT)
        expect_equal(receive(client, len(SENT)), SENT, "the echo")
    return worker


def _runs(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    with contextlib.suppress(OSError), open(f"/proc/{process}/stat", encoding="ascii") as status:
        return status.read().rsplit(")", 1)[1].split()[0] != "Z"  # Whoever adopted it may not have collected it.
    return True


def _process_of(server, worker):
    return int(server.wait_for(f"worker {worker} is process ").rsplit(" ", 1)[1])


def _await_workers(world, server, endpoint):
    if not is_reachable(world, endpoint):
        raise Skip("the clients of this case speak no named pipes")
    server.wait_for("listens at", count=WORKERS, seconds=60)


def _serve(world, endpoint, *arguments):
    server = world.sample("cluster_server", endpoint, "--workers", WORKERS, *arguments)
    _await_workers(world, server, endpoint)
    return server


def _serve_in_terminal(world, endpoint):
    server, terminal = world.sample_in_terminal("cluster_server", endpoint, "--workers", str(WORKERS))
    _await_workers(world, server, endpoint)
    return server, terminal


main()
