# SPDX-License-Identifier: MIT
"""A program of nothing but blocking Winsock calls, as client and as server, over IPv4 and IPv6."""

from harness import Skip, case_over, expect_equal, expect_resets, expect_success, main

TCP = ("tcp", "tcp6")
TIMES = 100
CONNECTIONS = 1000
RESETS = 10


@case_over(*TCP)
def raw_clients_get_their_echoes(world, name):
    _need_winsock(world)
    times = world.often(TIMES)
    server = world.serve(name)
    expect_success(world.peer("raw_tcp_peer", "echo", name, times), f"{times} times")
    expect_success(world.peer("raw_tcp_peer", "half", name, times), f"{times} times")
    server.wait_for("closed", count=2 * times)
    expect_equal(server.error_text(), "", "errors of the server")


@case_over(*TCP)
def a_thousand_raw_clients_are_served(world, name):
    _need_winsock(world)
    server = world.serve(name)
    expect_success(world.peer("raw_tcp_peer", "burst", name, CONNECTIONS), f"{CONNECTIONS} times")
    server.wait_for("closed", count=CONNECTIONS)
    expect_equal(server.error_text(), "", "errors of the server")


@case_over(*TCP)
def raw_clients_get_text_and_end(world, name):
    _need_winsock(world)
    times = world.often(TIMES)
    server = world.peer("goodbye_server", name, times)
    server.wait_for("listening on")
    expect_success(world.peer("raw_tcp_peer", "goodbye", name, times), f"{times} times")
    expect_success(server)


@case_over(*TCP)
def raw_clients_that_break_off_are_errors_and_stop_nothing(world, name):
    _need_winsock(world)
    server = world.serve(name)
    expect_success(world.peer("raw_tcp_peer", "reset", name, RESETS), f"{RESETS} times")
    server.wait_for("closed", count=RESETS)
    expect_resets(world, server.error_text().splitlines(), RESETS)
    expect_success(world.peer("raw_tcp_peer", "echo", name, 1), "1 times")


@case_over(*TCP)
def our_client_gets_every_byte_back_from_a_raw_server(world, name):
    _need_winsock(world)
    server = world.peer("raw_tcp_peer", "serve", name, 2)
    server.wait_for("listening on")
    expect_success(world.sample("ipc_client", name, "--bytes", world.bytes()), f"echoed {world.bytes()} bytes, all equal")
    client = world.sample("ipc_client", name, "--half-open", "--bytes", 1 << 20)
    expect_success(client, f"echoed {1 << 20} bytes, all equal")
    expect_success(server, "2 times")


@case_over(*TCP)
def our_client_hears_that_a_raw_server_breaks_off(world, name):
    _need_winsock(world)
    server = world.peer("raw_tcp_peer", "refuse", name, RESETS)
    server.wait_for("listening on")
    clients = [world.sample("ipc_client", name, "hello") for _ in range(RESETS)]
    for client in clients:
        expect_equal(client.finish(), 1 if client.error_text() else 0, "exit code")
    expect_resets(world, "".join(client.error_text() for client in clients).splitlines(), RESETS)
    expect_success(server, f"{RESETS} times")


def _need_winsock(world):
    if not world.windows:
        raise Skip("a program of the Windows API")


main()
