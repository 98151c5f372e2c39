# SPDX-License-Identifier: MIT
"""counting_server: it counts, echoes, throws out who is silent, and ends with its last client."""

import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))
from connection import connect, is_reachable, receive, receive_all
from harness import Skip, case_over, expect, expect_equal, expect_success, main, shows

KINDS = ["local", "tcp"]
SILENCE_SECONDS = 3


@case_over(*KINDS)
def each_client_gets_its_number_and_its_echo(world, endpoint):
    server = _serve(world, endpoint)
    clients = [connect(endpoint) for _ in range(3)]
    for number, client in enumerate(clients, 1):
        client.sendall(b"I am number %d" % number)
        expected = b"%d\r\nI am number %d" % (number, number)
        expect_equal(receive(client, len(expected)), expected, f"what client {number} gets")
    for client in clients:
        client.close()
    expect_success(server)
    expect_equal(server.output_lines()[1:4], ["1", "2", "3"], "its counting")
    expect_equal(server.output_lines().count("client closed"), 3, "clients that it saw closing")


@case_over(*KINDS)
def it_ends_with_the_last_client_and_not_before(world, endpoint):
    server = _serve(world, endpoint)
    with connect(endpoint) as second:
        with connect(endpoint) as first:
            first.recv(1)
            second.recv(1)
        server.wait_for("client closed")
        second.sendall(b"still there?")
        expect_equal(receive(second, 14), b"\r\nstill there?", "the echo")
        with connect(endpoint) as third:
            expect_equal(receive(third, 3), b"3\r\n", "the number of one who comes late")
        expect(server.is_running(), "it has ended before its last client")
    expect_success(server, "client closed")


@case_over(*KINDS)
def a_silent_client_is_thrown_out_after_three_seconds(world, endpoint):
    server = _serve(world, endpoint)
    with connect(endpoint) as client:
        client.sendall(b"x")
        expect_equal(receive(client, 4), b"1\r\nx", "what comes")
        start = time.monotonic()
        expect_equal(receive_all(client), b"", "what comes then")
        silent = time.monotonic() - start
        expect_success(server)  # before this client ends, which the server could hear of first
    expect(silent > SILENCE_SECONDS - 0.5, f"it has waited {silent:.1f} s only")
    expect_equal(server.output_lines()[1:], ["1", "client timed out", "client closed"], "its lines")


@case_over(*KINDS)
@shows("S183")
def curl_gets_its_echo(world, endpoint):
    if shutil.which("curl") is None:
        raise Skip("there is no curl")
    server = _serve(world, endpoint)
    path = os.path.join(world.directory, "sent")
    with open(path, "wb") as file:
        file.write(b"hello\n")
    with open(path, "rb") as file:
        if endpoint.startswith("tcp:"):
            where = ["telnet" + endpoint.removeprefix("tcp").replace(":", "://", 1)]
        else:
            where = ["--unix-socket", endpoint, "telnet://localhost"]
        client = world.command("curl", "--silent", "--no-buffer", *where, stdin=file)
        expect_equal(client.finish(), 0, "exit code of curl")
    expect_equal(client.output(), b"1\r\nhello\n", "what curl prints")
    expect_success(server, "client closed")


def _serve(world, endpoint):
    if not is_reachable(world, endpoint):
        raise Skip("the clients of this case speak no named pipes")
    return world.serve(endpoint, name="counting_server", ready="server address: ")


main()
