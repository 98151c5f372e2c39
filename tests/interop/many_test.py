# SPDX-License-Identifier: MIT
"""As many connections as the descriptor limit allows: opened, used, closed, and nothing is left behind."""

import contextlib
import os
import resource
import socket

from connection import host_and_port
from harness import Skip, case, case_over, expect, expect_equal, expect_success, main
from memory import descriptor_count, peak_bytes

LIMIT = 20000
CONNECTIONS = 19900
FEW = 1000
CLIENT_PROGRAMS = 4
SECONDS = 200
# The first round leaves the allocator's memory in pieces, so that the second needs a little more. From then on nothing
# may grow: not by 26 bytes for each connection.
TURNS = 3
GROWTH_BYTES = 512 << 10


@case
def as_many_as_the_limit_allows(world):
    _set_limit()
    # One address has some 28,000 ports for clients; with several there are enough, whatever else happens here.
    name = world.endpoint_over("tcp")
    port = host_and_port(name)[1]
    places = [f"tcp:127.0.0.{1 + number}:{port}" for number in range(CLIENT_PROGRAMS)]
    _open_use_and_close_again_and_again(world, f"tcp:0.0.0.0:{port}", places)


@case_over("local")
def as_many_as_the_limit_allows_at_one_name(world, name):
    _set_limit()
    _open_use_and_close_again_and_again(world, name, [name] * CLIENT_PROGRAMS)


def _open_use_and_close_again_and_again(world, name, places):
    count = (FEW if world.quick else CONNECTIONS) // len(places)
    server = world.serve(name)
    before = descriptor_count(server.pid)
    peaks = []
    for turn in range(1, TURNS + 1):
        with _gate(world) as (gate, open_gate):
            clients = [world.peer("many_client", place, count, gate) for place in places]
            for client in clients:
                client.wait_for(f"{count} open", SECONDS)
            expect_equal(descriptor_count(server.pid), before + count * len(places), "descriptors of the server")
            open_gate(len(clients))
            for client in clients:
                expect_success(client, f"{count} served", SECONDS)
        server.wait_for(" closed", SECONDS, turn * count * len(places))
        expect_equal(descriptor_count(server.pid), before, "descriptors of the server afterwards")
        peaks.append(peak_bytes(server.pid))
    print(f"{count * len(places)} connections, {TURNS} times; the server's peaks: {[peak >> 10 for peak in peaks]} KiB")
    expect_equal(server.error_text(), "", "errors of the server")
    growth = peaks[-1] - peaks[-2]
    expect(world.quick or growth <= GROWTH_BYTES, f"the last time needed {growth} bytes more than the one before")


def _set_limit():
    if not os.path.exists("/proc/self/fd"):
        raise Skip("this system does not tell the descriptors of another program")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < LIMIT:
        raise Skip(f"no program may have more than {hard} descriptors here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, hard))


@contextlib.contextmanager
def _gate(world):
    """A name where clients wait, and a function that accepts so many of them and lets them go."""
    name = world.endpoint("gate")
    with socket.socket(socket.AF_UNIX) as gate:
        gate.bind(name)
        gate.listen(CLIENT_PROGRAMS)
        gate.settimeout(20)

        def open_gate(count):
            for waiting in [gate.accept()[0] for _ in range(count)]:
                waiting.close()

        yield name, open_gate
    os.unlink(name)


main()
