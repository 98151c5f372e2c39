# SPDX-License-Identifier: MIT
"""Big echoes: every byte comes back, between our programs and with Node in both roles, and memory stays flat."""

import hashlib
import os
import shutil
import subprocess
import time

from connection import host_and_port, is_reachable, netcat_arguments
from harness import EVERYWHERE, Skip, case_over, expect, expect_equal, expect_success, main
from memory import peak_bytes

SECONDS = 120
# What a server may grow by while its client reads nothing, beyond what it needed for a lively client.
GROWTH_BYTES = 2 << 20


@case_over(*EVERYWHERE)
def our_client_gets_every_byte_back_from_our_server(world, name):
    server = world.serve(name, "--once")
    client = world.sample("ipc_client", name, "--bytes", world.bytes())
    expect_success(client, f"echoed {world.bytes()} bytes, all equal", SECONDS)
    expect_success(server)
    expected = ["client 1 connected", f"client 1 ended after {world.bytes()} bytes", "client 1 closed"]
    expect_equal(server.output_lines()[1:], expected, "the server's lines")


@case_over("local", "tcp")
def memory_of_our_server_stays_flat_while_its_client_reads_nothing(world, name):
    server = world.serve(name)
    expect_success(world.sample("ipc_client", name, "--bytes", 8 << 20), f"echoed {8 << 20} bytes, all equal")
    before = peak_bytes(server.pid)

    start = time.monotonic()
    pause_ms = 500 if world.quick else 3000
    client = world.sample("ipc_client", name, "--bytes", world.bytes(), "--pause", pause_ms)
    expect_success(client, f"echoed {world.bytes()} bytes, all equal", SECONDS)
    expect(time.monotonic() - start >= pause_ms / 1000, "the client did not pause")

    if world.quick:
        return  # Sanitizers keep what was freed: their memory says nothing.
    after = peak_bytes(server.pid)
    if before is None or after is None:
        raise Skip("this system does not tell the memory of another program")
    print(f"the server's peak grew by {(after - before) >> 10} KiB, from {before >> 10} KiB")
    expect(after - before <= GROWTH_BYTES, f"the server's memory grew by {after - before} bytes")


@case_over(*EVERYWHERE)
def node_client_gets_every_byte_back_from_our_server(world, name):
    server = world.serve(name, "--once")
    client = world.node("echo_client.js", name, world.bytes())
    expect_success(client, f"echoed {world.bytes()} bytes, all equal", SECONDS)
    expect_success(server)


@case_over(*EVERYWHERE)
def our_client_gets_every_byte_back_from_a_node_server(world, name):
    server = world.node("echo_server.js", name)
    server.wait_for("listening")
    client = world.sample("ipc_client", name, "--bytes", world.bytes())
    expect_success(client, f"echoed {world.bytes()} bytes, all equal", SECONDS)
    expect_equal(server.wait_for("closed"), f"closed after {world.bytes()} bytes", "the server's line")


@case_over(*EVERYWHERE)
def our_client_ends_with_messages_to_a_node_server(world, name):
    server = world.node("echo_server.js", name)
    server.wait_for("listening")
    client = world.sample("ipc_client", name, "one", "two")
    expect_success(client, "two", 10)
    expect_equal(client.output(), b"one\ntwo\n", "what came back")
    server.wait_for("closed after 8 bytes")


@case_over(*EVERYWHERE)
def socat_gets_its_file_back_from_our_server(world, name):
    _need_tool(world, "socat", name)
    server = world.serve(name, "--once")
    path, digest = _make_file(world)
    with open(path, "rb") as file:
        client = world.command("socat", "-t60", "-", _socat_address("CONNECT", name), stdin=file)
        expect_success(client, seconds=SECONDS)
    expect_equal(hashlib.sha256(client.output()).hexdigest(), digest, "the echo's hash")
    expect_success(server)


@case_over(*EVERYWHERE)
def netcat_gets_its_lines_back_from_our_server(world, name):
    _need_tool(world, "nc", name)
    server = world.serve(name, "--once")
    lines = b"".join(b"line %d\n" % number for number in range(10000))
    path = os.path.join(world.directory, "lines")
    with open(path, "wb") as file:
        file.write(lines)
    with open(path, "rb") as file:
        client = world.command("nc", "-N", *netcat_arguments(name), stdin=file)
        expect_success(client)
    expect_equal(client.output(), lines, "the echo")
    expect_success(server)


@case_over("local", "tcp")
def our_client_gets_every_byte_back_from_socat(world, name):
    _need_tool(world, "socat", name)
    server = world.command("socat", "-d", "-d", _socat_address("LISTEN", name), "EXEC:cat")
    server.wait_for_error("listening on")
    client = world.sample("ipc_client", name, "--bytes", 16 << 20)
    expect_success(client, f"echoed {16 << 20} bytes, all equal", SECONDS)


def _need_tool(world, tool, name):
    if not is_reachable(world, name):
        raise Skip(f"{tool} speaks Unix sockets, not named pipes")
    if shutil.which(tool) is None:
        raise Skip(f"there is no {tool}")
    if tool == "nc" and "-N" not in subprocess.run(["nc", "-h"], capture_output=True, text=True).stderr:
        raise Skip("this nc has no -N, with which it would end its side")


def _make_file(world):
    path = os.path.join(world.directory, "sent")
    content = os.urandom(1 << 20) * (4 if world.quick else 32)
    with open(path, "wb") as file:
        file.write(content)
    return path, hashlib.sha256(content).hexdigest()


def _socat_address(verb, name):
    if not name.startswith("tcp:"):
        return f"UNIX-{verb}:{name}"
    host, port = host_and_port(name)
    if verb == "LISTEN":
        return f"TCP-LISTEN:{port},bind={host}"
    return f"TCP6:[{host}]:{port}" if ":" in host else f"TCP4:{host}:{port}"


main()
