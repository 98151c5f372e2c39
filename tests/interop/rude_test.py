# SPDX-License-Identifier: MIT
"""Peers that break off or fall silent: resets and time-outs, each with Node on the other side, in both roles."""

from harness import EVERYWHERE, Skip, case_over, expect, expect_equal, expect_success, main

TCP = ("tcp", "tcp6")
# What a timer may be late on a busy machine.
LATE_MS = 2000


@case_over(*TCP)
def a_node_client_that_breaks_off_is_an_error_and_stops_nothing(world, name):
    server = world.serve(name)
    for number in range(1, 4):
        expect_success(world.node("rude_client.js", name, "reset"), "closed")
        server.wait_for(f"client {number} closed")
    lines = server.error_text().splitlines()
    expect_equal([line.split(":")[0].split(" ")[:2] for line in lines], [["read", "ECONNRESET"]] * 3, "its errors")
    expect_success(world.sample("ipc_client", name, "hello"), "hello")


@case_over(*TCP)
def our_client_hears_that_a_node_server_breaks_off(world, name):
    world.node("rude_server.js", name, "reset").wait_for("listening")
    client = world.sample("ipc_client", name, "hello")
    expect_equal(client.finish(), 1, "exit code")
    expect(client.error_text().startswith("read ECONNRESET"), f"it prints {client.error_text()!r}")
    expect_equal(len(client.error_text().splitlines()), 1, "lines of error")


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
