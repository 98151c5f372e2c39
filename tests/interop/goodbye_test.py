# SPDX-License-Identifier: MIT
"""A server that ends its side inside `connection`: the text and the end come at once, whoever the client is."""

import socket

from harness import EVERYWHERE, Skip, case, case_over, expect, expect_equal, expect_success, main

TIMES = 200


@case
def raw_win32_client_gets_text_and_end_of_file_at_once(world):
    if not world.windows:
        raise Skip("a client of the Windows API")
    _hear_goodbye(world, world.endpoint(), lambda name, times: world.peer("raw_pipe_client", "goodbye", name, times))


@case
def plain_unix_client_gets_text_and_end_of_file_at_once(world):
    if world.windows:
        raise Skip("a client of the POSIX API")
    name, times = world.endpoint(), world.often(TIMES)
    server = _start_server(world, name, times)
    for _ in range(times):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(name)
            text = b""
            while received := client.recv(100):
                text += received
            expect_equal(text, b"goodbye", "text")
    expect_success(server, seconds=5)


@case_over(*EVERYWHERE)
def node_client_gets_text_and_end_of_file_at_once(world, name):
    _hear_goodbye(world, name, lambda name, times: world.node("goodbye_client.js", name, times))


@case_over("local", "tcp")
def our_client_still_gets_through_what_it_sends_after_the_end(world, name):
    times = world.often(TIMES)
    server = _start_server(world, name, times)
    client = world.peer("late_client", name, times)
    expect_success(client)
    expect_equal(client.output_lines(), ["got goodbye"] * times, "lines of the client")
    expect_success(server, seconds=5)
    received = [line for line in server.output_lines() if line == "a client sent 10 bytes"]
    expect_equal(len(received), times, "clients whose late text came")


@case
def our_client_goes_on_after_the_end_message_of_a_foreign_server(world):
    if not world.windows:
        raise Skip("an end message is a matter of named pipes")
    name, times = world.endpoint(), world.often(TIMES)
    server = world.peer("raw_message_server", "goodbye", name, times)
    server.wait_for("listening")
    client = world.peer("late_client", name, times)
    expect_success(client)
    expect_equal(client.output_lines(), ["got goodbye"] * times, "lines of the client")
    expect_success(server, seconds=5)
    expect_equal(server.output_lines()[1:], ["a client sent afterwards"] * times, "lines of the server")


@case_over("local", "tcp")
def our_sample_client_prints_the_goodbye(world, name):
    server = _start_server(world, name, 1)
    client = world.sample("ipc_client", name)
    expect_success(client, seconds=10)
    expect_equal(client.output(), b"goodbye", "what the client prints")
    expect_success(server, seconds=5)


def _start_server(world, name, times):
    server = world.peer("goodbye_server", name, times)
    server.wait_for("listening on")
    return server


def _hear_goodbye(world, name, start_client):
    times = world.often(TIMES)
    server = _start_server(world, name, times)
    client = start_client(name, times)
    expect_success(client, f"{times} times")
    expect_success(server, seconds=5)
    closed = [line for line in server.output_lines() if line == "a client closed"]
    expect_equal(len(closed), times, "clients the server saw closing")
    expect_equal(server.error_text(), "", "errors of the server")


main()
