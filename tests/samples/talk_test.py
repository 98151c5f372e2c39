# SPDX-License-Identifier: MIT
"""What ipc_server and ipc_client say to each other, and to servers that do not do as they should."""

import contextlib
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))
from harness import Skip, case, expect, expect_equal, expect_success, main


@case
def each_message_comes_back_as_a_line(world):
    name = world.endpoint()
    server = world.serve(name, "--once")
    client = world.sample("ipc_client", name, "hello", "", "two words", "--", "--once")
    expect_success(client)
    expect_equal(client.output(), b"hello\n\ntwo words\n--once\n", "what comes back")
    expect_success(server)
    expected = [f"listening on {name}", "client 1 connected", "client 1 ended after 24 bytes", "client 1 closed"]
    expect_equal(server.output_lines(), expected, "the server's lines")
    if not world.windows:
        expect(not os.path.exists(name), "the socket's file is left over")


@case
def text_and_names_are_unicode(world):
    name = world.endpoint("grüße-漢字")
    world.serve(name, "--once")
    client = world.sample("ipc_client", name, "grüße 漢字 😀")
    expect_success(client, "grüße 漢字 😀")


@case
def every_form_of_a_name_is_taken(world):
    label = f"weir-test-{os.getpid()}"
    native = world.endpoint()
    forms = [native, f"ipc:{label}"]
    forms.append(f"pipe:{label}" if world.windows else f"unix:{world.endpoint()}")
    for form in forms:
        server = world.serve(form, "--once")
        expect_success(world.sample("ipc_client", form, "hello"), "hello")
        expect_success(server)
        expect_equal(server.output_lines()[0], f"listening on {form}", "first line")


@case
def clients_are_numbered_and_a_server_goes_on_without_once(world):
    name = world.endpoint()
    server = world.serve(name)
    for number in range(1, 4):
        expect_success(world.sample("ipc_client", name, "hello"), "hello")
        server.wait_for(f"client {number} closed")
    expect(server.is_running(), "the server has ended")


@case
def any_number_of_bytes_is_echoed(world):
    name = world.endpoint()
    world.serve(name)
    for count in [0, 1, 65536, 65537, 1000003]:
        expect_success(world.sample("ipc_client", name, "--bytes", count), f"echoed {count} bytes, all equal")
        client = world.sample("ipc_client", "--half-open", "--bytes", count, name)
        expect_success(client, f"echoed {count} bytes, all equal")


@case
def half_open_server_answers_after_the_end(world):
    name = world.endpoint()
    server = world.serve("--half-open", "--delay", 100, "--once", name)
    client = world.sample("ipc_client", name, "--half-open", "question")
    expect_success(client, "question")
    expect_success(server)
    expected = ["client 1 connected", "client 1 ended after 9 bytes", "client 1 closed"]
    expect_equal(server.output_lines()[1:], expected, "the server's lines")


@case
def server_goes_on_after_a_client_was_killed(world):
    name = world.endpoint()
    server = world.serve(name)
    client = world.sample("ipc_client", name, "--bytes", 1 << 40)
    server.wait_for("client 1 connected")
    client.stop()
    server.wait_for("client 1 closed")
    expect_success(world.sample("ipc_client", name, "hello"), "hello")


@case
def client_fails_when_the_server_was_killed(world):
    name = world.endpoint()
    server = world.serve(name)
    client = world.sample("ipc_client", name, "--bytes", 1 << 40)
    server.wait_for("client 1 connected")
    server.stop()
    expect_equal(client.finish(), 1, "exit code")
    _expect_one_error(client, name)


@case
def once_fails_when_the_client_broke_off(world):
    if world.windows:
        raise Skip("the client that breaks off speaks Unix sockets")
    name = world.endpoint()
    server = world.serve(name, "--once")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(name)
        client.sendall(b"x" * 100000)
        server.wait_for("connected")
        client.recv(1)
        # Closing with unread input resets the connection.
    expect_equal(server.finish(), 1, "exit code")
    expect_equal(len(server.error_text().splitlines()), 1, "lines of error")
    expect_equal(server.output_lines()[-1], "client 1 closed", "last line")


@case
def client_prints_zero_bytes_and_lines_without_end(world):
    with _unix_server(world, lambda peer: peer.sendall(b"a\0b\nend")) as name:
        client = world.sample("ipc_client", name)
        expect_success(client)
    expect_equal(client.output(), b"a\0b\nend", "output")


@case
def client_says_where_the_echo_differs(world):
    def flip_one(peer):
        seen = 0
        while received := bytearray(peer.recv(65536)):
            if seen <= 70000 < seen + len(received):
                received[70000 - seen] ^= 1
            seen += len(received)
            peer.sendall(received)

    with _unix_server(world, flip_one) as name:
        client = world.sample("ipc_client", name, "--bytes", 100000)
        expect_equal(client.finish(), 1, "exit code")
    _expect_one_error(client, "byte 70000 of the echo")


@case
def client_says_how_much_came_back_when_the_server_ends_early(world):
    def take_some(peer):
        peer.sendall(peer.recv(10, socket.MSG_WAITALL))
        peer.shutdown(socket.SHUT_WR)
        while peer.recv(65536):
            pass

    with _unix_server(world, take_some) as name:
        client = world.sample("ipc_client", name, "--bytes", 1000)
        expect_equal(client.finish(), 1, "exit code")
    _expect_one_error(client, "10 of 1000 bytes")


@case
def client_refuses_more_bytes_than_it_sent(world):
    with _unix_server(world, lambda peer: peer.sendall(peer.recv(10, socket.MSG_WAITALL) + b"!")) as name:
        client = world.sample("ipc_client", name, "--half-open", "--bytes", 10)
        expect_equal(client.finish(), 1, "exit code")
    _expect_one_error(client, "more than the 10 bytes")


@contextlib.contextmanager
def _unix_server(world, serve):
    """A server for one client; gives its name, and then waits until it has done its work."""
    if world.windows:
        raise Skip("the server of this case speaks Unix sockets")
    name = world.endpoint()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen(1)
        server.settimeout(10)

        def accept():
            peer, _ = server.accept()
            peer.settimeout(10)
            with peer, contextlib.suppress(OSError):
                serve(peer)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield name
        finally:
            thread.join()


def _expect_one_error(program, text):
    lines = program.error_text().splitlines()
    expect(len(lines) == 1 and text in lines[0], f"expected one line with {text!r}, saw {lines}")


main()
