# SPDX-License-Identifier: MIT
"""The documentation's pair: what echo_server and echo_client print and say."""

import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))
from connection import connect, is_reachable, receive, receive_all
from harness import Skip, case, case_over, expect, expect_equal, expect_success, main
from programs import Failure

DEFAULT = "tcp:127.0.0.1:8124"
KINDS = ["local", "ipc", "tcp", "tcp6"]


@case_over(*KINDS)
def client_hears_hello_and_its_own_world(world, endpoint):
    server = world.serve(endpoint, name="echo_server", ready="server bound")
    for number in range(1, 4):
        client = world.sample("echo_client", endpoint)
        expect_success(client)
        expected = b"connected to server!\nhello\r\nworld!\r\ndisconnected from server\n"
        expect_equal(client.output(), expected, "what the client prints")
        server.wait_for("client disconnected", count=number)
    expect_equal(server.output_lines(), ["server bound", *["client connected", "client disconnected"] * 3], "its lines")
    expect_equal(server.error_text(), "", "errors of the server")


@case
def both_know_where_without_being_told(world):
    try:
        connect(DEFAULT).close()
        raise Skip(f"somebody listens at {DEFAULT}")
    except Failure:
        pass  # The port is free.
    world.serve(name="echo_server", ready="server bound")
    expect_success(world.sample("echo_client"), "disconnected from server")
    with connect(DEFAULT) as client:
        expect_equal(receive(client, 7), b"hello\r\n", "what an IPv4 client gets")


@case_over(*KINDS)
def client_says_that_nobody_listens(world, endpoint):
    client = world.sample("echo_client", endpoint)
    expect_equal(client.finish(10), 1, "exit code")
    lines = client.error_text().splitlines()
    expect(len(lines) == 1 and lines[0].startswith("connect E"), f"it prints {lines}")


@case_over(*KINDS)
def a_second_server_says_that_the_endpoint_is_taken(world, endpoint):
    world.serve(endpoint, name="echo_server", ready="server bound")
    second = world.sample("echo_server", endpoint)
    expect_equal(second.finish(10), 1, "exit code")
    expect(second.error_text().startswith("listen EADDRINUSE"), f"it prints {second.error_text()!r}")


@case_over("local", "tcp")
def anything_is_echoed_behind_hello(world, endpoint):
    _need_plain_client(world, endpoint)
    world.serve(endpoint, name="echo_server", ready="server bound")
    sent = os.urandom(100000)
    with connect(endpoint) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        expect(receive_all(client) == b"hello\r\n" + sent, "the echo differs")


@case_over("local", "tcp")
def a_client_that_breaks_off_stops_nothing(world, endpoint):
    _need_plain_client(world, endpoint)
    server = world.serve(endpoint, name="echo_server", ready="server bound")
    with connect(endpoint) as client:
        client.sendall(b"x" * 100000)
        client.recv(1)
        # Closing with unread input resets the connection.
    expect_success(world.sample("echo_client", endpoint), "disconnected from server")
    expect(server.is_running(), "the server has ended")


def _need_plain_client(world, endpoint):
    if not is_reachable(world, endpoint):
        raise Skip("the client of this case speaks no named pipes")


main()
