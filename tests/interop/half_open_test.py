# SPDX-License-Identifier: MIT
"""Half-open exchanges: one side ends, and still gets everything that the other one sends, however late."""

from concurrent.futures import ThreadPoolExecutor

from harness import EVERYWHERE, Skip, case, case_over, expect, expect_equal, expect_success, main

# Local sockets are where half-open connections are hard: pipes have none of their own.
TIMES = {"local": 200, "tcp": 40}
# Most of an exchange is the server's delay, so several of them wait at the same time.
LANES = 16
DELAY_MS = 500


@case_over("local", "tcp")
def late_answers_reach_a_client_that_has_ended(world, name):
    times = world.often(TIMES["tcp" if name.startswith("tcp:") else "local"])
    server = world.serve(name, "--half-open", "--delay", DELAY_MS)

    def exchange(number):
        client = world.sample("ipc_client", name, "--half-open", f"question {number}")
        expect_success(client, seconds=30)
        expect_equal(client.output(), b"question %d\n" % number, f"answer {number}")

    with ThreadPoolExecutor(LANES) as lanes:
        list(lanes.map(exchange, range(times)))
    server.wait_for("closed", count=times)
    ended = [line for line in server.output_lines() if " ended after " in line]
    expect_equal(len(ended), times, "clients that ended")
    print(f"{times} times")


@case_over("local", "tcp")
def a_big_late_answer_comes_whole(world, name):
    size = 16 << 20
    server = world.serve(name, "--half-open", "--delay", DELAY_MS, "--once")
    client = world.sample("ipc_client", name, "--half-open", "--bytes", size)
    expect_success(client, f"echoed {size} bytes, all equal")
    expect_success(server)
    expect(f"client 1 ended after {size} bytes" in server.output_lines(), "the server missed the end")


@case
def what_is_too_much_to_keep_is_an_error_on_both_sides(world):
    name = world.endpoint()
    server = world.serve(name, "--half-open", "--once")
    client = world.sample("ipc_client", name, "--half-open", "--bytes", (16 << 20) + 1)
    expect_equal(server.finish(), 1, "exit code of the server")
    expect_equal(client.finish(), 1, "exit code of the client")
    expect("16 MiB" in server.error_text(), "the server does not say why")


@case_over(*EVERYWHERE)
def node_client_that_has_ended_gets_the_late_answer(world, name):
    _need_half_close_of_node(name)
    world.serve(name, "--half-open", "--delay", DELAY_MS, "--once")
    client = world.node("echo_client.js", name, 1 << 20, "half-open")
    expect_success(client, f"echoed {1 << 20} bytes, all equal")


@case_over(*EVERYWHERE)
def our_client_that_has_ended_gets_the_late_answer_of_node(world, name):
    _need_half_close_of_node(name)
    world.node("echo_server.js", name, "half-open").wait_for("listening")
    client = world.sample("ipc_client", name, "--half-open", "--bytes", 1 << 20)
    expect_success(client, f"echoed {1 << 20} bytes, all equal")


@case
def our_client_that_has_ended_gets_the_answer_of_a_foreign_message_server(world):
    if not world.windows:
        raise Skip("an end message is a matter of named pipes")
    name, times = world.endpoint(), 20
    server = world.peer("raw_message_server", "answer", name, times)
    server.wait_for("listening")
    for number in range(times):
        client = world.sample("ipc_client", name, "--half-open", f"question {number}")
        expect_success(client, f"question {number}", 10)
    expect_success(server)


def _need_half_close_of_node(name):
    if name.startswith("\\\\"):
        raise Skip("Node has no half-close on named pipes")


main()
