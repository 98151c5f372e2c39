# SPDX-License-Identifier: MIT
"""Many clients in one burst: every one is served, none meets a closed door."""

import socket

from harness import EVERYWHERE, Skip, case, case_over, expect, expect_equal, expect_success, main

CLIENTS = 1000
# Blocking clients meet a full backlog (511) as an error, or wait at it.
BLOCKING_CLIENTS = 200


@case_over("local", "tcp")
def our_clients_are_all_served(world, name):
    server = world.serve(name)
    expect_success(world.peer("burst_client", name, CLIENTS), f"{CLIENTS} clients served")
    server.wait_for("closed", count=CLIENTS)
    expect_equal(server.error_text(), "", "errors of the server")


@case_over(*EVERYWHERE)
def our_clients_are_all_served_by_node(world, name):
    if name.startswith("\\\\"):
        raise Skip("Node's pipes cannot be told of an end, for which its server would wait")
    server = world.node("echo_server.js", name)
    server.wait_for("listening")
    expect_success(world.peer("burst_client", name, CLIENTS), f"{CLIENTS} clients served")
    server.wait_for("closed", count=CLIENTS)


@case_over(*EVERYWHERE)
def node_clients_are_all_served(world, name):
    server = world.serve(name)
    expect_success(world.node("burst_client.js", name, CLIENTS), f"{CLIENTS} clients served")
    server.wait_for("closed", count=CLIENTS)
    expect_equal(server.error_text(), "", "errors of the server")


@case
def raw_win32_clients_are_all_served(world):
    if not world.windows:
        raise Skip("a client of the Windows API")
    name = world.endpoint()
    server = world.serve(name)
    expect_success(world.peer("raw_pipe_client", "burst", name, BLOCKING_CLIENTS), f"{BLOCKING_CLIENTS} times")
    server.wait_for("closed", count=BLOCKING_CLIENTS)
    expect_success(world.peer("raw_pipe_client", "echo", name, BLOCKING_CLIENTS), f"{BLOCKING_CLIENTS} times")
    server.wait_for("closed", count=2 * BLOCKING_CLIENTS)
    expect_equal(server.error_text(), "", "errors of the server")


@case
def plain_unix_clients_are_all_served(world):
    if world.windows:
        raise Skip("a client of the POSIX API")
    name = world.endpoint()
    server = world.serve(name)
    clients = [socket.socket(socket.AF_UNIX) for _ in range(BLOCKING_CLIENTS)]
    for client in clients:
        client.settimeout(10)
        client.connect(name)
    for number, client in enumerate(clients):
        client.sendall(b"client %d" % number)
        client.shutdown(socket.SHUT_WR)
    for number, client in enumerate(clients):
        text = b""
        while received := client.recv(100):
            text += received
        expect_equal(text, b"client %d" % number, "echo")
        client.close()
    server.wait_for("closed", count=BLOCKING_CLIENTS)
    expect(server.is_running(), "the server has ended")


main()
