# SPDX-License-Identifier: MIT
"""net_server: what it says, and that it ends by itself after Ctrl-C, its sockets before itself."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))
from connection import connect, host_and_port, is_reachable, receive_all
from harness import Skip, case, case_over, expect_equal, expect_success, main, shows
from programs import Failure

KINDS = ["local", "tcp", "tcp6"]
DEFAULT = "tcp:127.0.0.1:8050"


@case_over(*KINDS)
@shows("S021 S023 S026 S028 S030 S032 S034")
def it_says_what_happens_to_two_clients_and_ends_after_control_c(world, endpoint):
    server, terminal = _start(world, endpoint)
    clients, names = _connect_two(server, endpoint)
    terminal.press_control_c()
    for number, client in enumerate(clients, 1):
        expect_equal(receive_all(client), b"", "what a client gets before the end")
        client.close()
        server.wait_for("fully close", count=number)
    expect_success(server)
    expected = [
        "server.listening: false",
        "server.listening: true",
        f"listening on  {_written(endpoint)}",
        "im test",
        "connection count: 0",
        f"incommint connection: {names[0]}",
        "connection count: 1",
        f"incommint connection: {names[1]}",
        "connection count: 2",
        "server.close() called.",
        f"connection end,  {names[0]}",
        f"connection end,  {names[1]}",
        "connection count: 2",
        f"rec FIN, half close({names[0]})",
        f"fully close({names[0]})",
        f"rec FIN, half close({names[1]})",
        f"fully close({names[1]})",
        "server shutdown",
        "server.close callback",
    ]
    expect_equal(server.output_lines(), expected, "its lines")
    expect_equal(server.error_text(), "", "its errors")


@case_over(*KINDS)
def it_forgets_who_has_left_and_still_waits_for_the_other(world, endpoint):
    server, terminal = _start(world, endpoint)
    clients, names = _connect_two(server, endpoint)
    clients[0].sendall(b"nobody listens")
    clients[0].close()
    server.wait_for(f"fully close({names[0]})")
    terminal.press_control_c()
    server.wait_for("connection count: 1", count=2)
    clients[1].close()
    expect_success(server, "server.close callback")
    expected = [
        f"rec FIN, half close({names[0]})",
        f"fully close({names[0]})",
        "server.close() called.",
        f"connection end,  {names[1]}",
        "connection count: 1",
        f"rec FIN, half close({names[1]})",
        f"fully close({names[1]})",
        "server shutdown",
        "server.close callback",
    ]
    expect_equal(server.output_lines()[9:], expected, "its lines from the first end on")


@case
def it_ends_at_once_when_nobody_is_there(world):
    try:
        connect(DEFAULT).close()
        raise Skip(f"somebody listens at {DEFAULT}")
    except Failure:
        pass  # The port is free.
    server, terminal = world.sample_in_terminal("net_server")
    server.wait_for("connection count: 0")
    terminal.press_control_c()
    expect_success(server)
    expected = [
        "server.listening: false",
        "server.listening: true",
        "listening on  { address: '127.0.0.1', family: 'IPv4', port: 8050 }",
        "im test",
        "connection count: 0",
        "server.close() called.",
        "connection count: 0",
        "server shutdown",
        "server.close callback",
    ]
    expect_equal(server.output_lines(), expected, "its lines")


@case
def it_names_the_port_that_it_got(world):
    server = world.sample("net_server", "tcp:127.0.0.1:0")
    line = server.wait_for("listening on")
    found = re.fullmatch(r"listening on  \{ address: '127.0.0.1', family: 'IPv4', port: ([1-9]\d*) \}", line)
    expect_equal(found is not None, True, f"whether {line!r} has a port")
    connect(f"tcp:127.0.0.1:{found[1]}").close()
    server.wait_for("fully close")


@case_over(*KINDS)
def a_second_one_says_that_the_endpoint_is_taken(world, endpoint):
    _start(world, endpoint)
    second = world.sample("net_server", endpoint)
    expect_equal(second.finish(10), 1, "exit code")
    expect_equal(second.output_lines(), ["server.listening: false"], "its lines")
    expect_equal(second.error_text().split(" ")[:2], ["listen", "EADDRINUSE"], "its error")
    expect_equal(len(second.error_text().splitlines()), 1, "lines of error")


def _start(world, endpoint):
    if not is_reachable(world, endpoint):
        raise Skip("the clients of this case speak no named pipes")
    server, terminal = world.sample_in_terminal("net_server", endpoint)
    server.wait_for("connection count: 0")
    return server, terminal


def _connect_two(server, endpoint):
    """Two clients, one after the other, and what the server calls them."""
    clients = []
    for number in range(1, 3):
        clients.append(connect(endpoint))
        server.wait_for(f"connection count: {number}")
    if not endpoint.startswith("tcp:"):
        return clients, ["undefined:undefined"] * 2
    return clients, [f"{client.getsockname()[0]}:{client.getsockname()[1]}" for client in clients]


def _written(endpoint):
    """What Node prints of such an address."""
    if not endpoint.startswith("tcp:"):
        return endpoint
    host, port = host_and_port(endpoint)
    return f"{{ address: '{host}', family: 'IPv{6 if ':' in host else 4}', port: {port} }}"


main()
