# SPDX-License-Identifier: MIT
"""Peers that break off or fall silent: resets and time-outs, each with Node on the other side, in both roles."""

from harness import EVERYWHERE, Skip, case_over, expect, expect_equal, expect_resets, expect_success, main

TCP = ("tcp", "tcp6")
# What a timer may be late on a busy machine.
LATE_MS = 2000
RESETS = 10


@case_over(*TCP)
def a_node_client_that_breaks_off_is_an_error_and_stops_nothing(world, name):
    server = world.serve(name)
    for number in range(1, RESETS + 1):
        expect_success(world.node("rude_client.js", name, "reset"), "closed")
        server.wait_for(f"client {number} closed")
    expect_resets(world, server.error_text().splitlines(), RESETS)
    expect_success(world.sample("ipc_client", name, "hello"), "hello")


@case_over(*TCP)
def our_client_hears_that_a_node_server_breaks_off(world, name):
    world.node("rude_server.js", name, "reset").wait_for("listening")
    clients = [world.sample("ipc_client", name, "hello") for _ in range(RESETS)]
    for client in clients:
        expect_equal(client.finish(), 1 if client.error_text() else 0, "exit code")
    expect_resets(world, "".join(client.error_text() for client in clients).splitlines(), RESETS)


@case_over(*TCP)
def a_node_client_hears_that_our_server_breaks_off(world, name):
    server = world.peer("reset_peer", "server", name)
    server.wait_for("listening on")
    clients = [world.node("rude_client.js", name, "mute") for _ in range(RESETS)]
    for client in clients:
        expect_success(client, "closed")
    expect_resets(world, [client.output_lines()[0] for client in clients], RESETS)
    server.wait_for("broken off", count=RESETS)


@case_over(*TCP)
def a_node_server_hears_that_our_client_breaks_off(world, name):
    server = world.node("echo_server.js", name)
    server.wait_for("listening")
    for _ in range(RESETS):
        expect_success(world.peer("reset_peer", "client", name), "broken off")
    server.wait_for("closed after 1 bytes", count=RESETS)
    lines = server.output_lines()[1:]
    expect_resets(world, [line for line in lines if not line.startswith("closed")], RESETS)


@case_over(*EVERYWHERE)
def a_silent_node_client_is_thrown_out(world, name):
    server = world.serve(name, name="counting_server", ready="server address: ")
    client = world.node("rude_client.js", name, "mute")
    expect_success(client, "closed")
    waited_ms = int(client.output_lines()[0].removeprefix("end after ").removesuffix(" ms"))
    expect(2900 <= waited_ms <= 3000 + LATE_MS, f"it was thrown out after {waited_ms} ms")
    expect_success(server, "client closed")
    expect("client timed out" in server.output_lines(), "the server does not say that the time was over")


@case_over(*EVERYWHERE)
def our_silent_client_hears_that_a_node_server_throws_it_out(world, name):
    if name.startswith("\\\\"):
        raise Skip("Node has no half-close on named pipes, and this client says something afterwards")
    server = world.node("rude_server.js", name, "timeout")
    server.wait_for("listening")
    client = world.peer("late_client", name, 1)
    expect_success(client, "got too late")
    server.wait_for("closed")


@case_over(*EVERYWHERE)
def our_client_gives_a_mute_node_server_up(world, name):
    server = world.node("rude_server.js", name, "mute")
    server.wait_for("listening")
    client = world.peer("impatient_client", name, 300)
    expect_success(client)
    waited_ms = int(client.output_lines()[0].removeprefix("timed out after ").removesuffix(" ms"))
    expect(300 <= waited_ms <= 300 + LATE_MS, f"it gave up after {waited_ms} ms")
    server.wait_for("closed")


main()
