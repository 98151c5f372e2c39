# SPDX-License-Identifier: MIT
"""A host with a dead IPv6 and a live IPv4 address: the second is tried a quarter of a second after the first."""

import os
import shutil
import sys

from harness import Skip, case, expect, expect_equal, main

PORT = 8124
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dead_ipv6.sh")
# Listens while it runs a program; the system accepts, and a client needs nothing more.
SERVER = f"""
import socket, subprocess, sys
with socket.create_server(("10.9.9.1", {PORT})):
    sys.exit(subprocess.run(sys.argv[1:]).returncode)
"""


def _connect_in_network(world, endpoint):
    """What name_client says where half.test is; skips where no such network can be made."""
    if sys.platform != "linux" or world.windows:
        raise Skip("network name spaces are Linux's")
    if not shutil.which("unshare") or not shutil.which("ip"):
        raise Skip("it needs the programs unshare and ip")
    network = ["unshare", "--net", "--mount", SCRIPT, world.directory]
    client = world.peer("name_client", endpoint, before=[*network, sys.executable, "-c", SERVER])
    code = client.finish(60)
    if "the network is there" not in client.output_lines():
        raise Skip(f"no network of one's own can be made here: {client.story()}")
    expect_equal(code, 0, "exit code")
    return client.output_lines()[1:]


@case
def connects_at_the_second_attempt_250_ms_after_the_first(world):
    lines = _connect_in_network(world, f"tcp:half.test:{PORT}")
    times, events = zip(*(line.split(" ", 1) for line in lines))
    expected = (
        "lookup 2001:db8::2",
        "lookup 10.9.9.1",
        f"attempt [2001:db8::2]:{PORT}",
        f"attempt 10.9.9.1:{PORT}",
        "connect",
    )
    expect_equal(events, expected, "events")
    between = int(times[3]) - int(times[2])
    expect(250 <= between < 1000, f"{between} ms between the attempts")


main()
