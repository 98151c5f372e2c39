# SPDX-License-Identifier: MIT
"""Who takes part: the servers of the bench, and which of them this machine can run.

A contestant is a command line. All of them understand the same one, see arguments.h.
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile

PEERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "peers")
WEIR = "weir"
YARDSTICK = "epoll"


class Contestant:
    """`name` in tables, `words` without the endpoint, `text` for who has never heard of it."""

    def __init__(self, name, words, text, version=(), counts_instructions=True, warm_up_seconds=0.05):
        self.name = name
        self.words = words
        self.text = text
        self.version = version
        # Callgrind knows neither compiled JavaScript nor io_uring.
        self.counts_instructions = counts_instructions
        self.warm_up_seconds = warm_up_seconds

    def describe(self):
        """The text, with the version of what is not ours."""
        if not self.version or shutil.which(self.version[0]) is None:
            return self.text
        done = subprocess.run(self.version, capture_output=True, text=True, check=False)
        number = re.search(r"\d+\.\d[\d.]*", done.stdout)
        return self.text if number is None else f"{self.text}; version {number.group()}"


def packaged(name):
    """What asks Debian for the version of a package."""
    return ["dpkg-query", "--show", "--showformat=${Version}", name]


def of_programs(programs):
    """All there could be, with the yardstick behind Weir."""

    def program(name):
        return os.path.join(programs, name)

    def peer(name):
        return os.path.join(programs, "peers", name)

    weir = program("weir_echo")
    return (
        Contestant(WEIR, [weir, "--backend", "epoll"], "Weir on its epoll backend"),
        Contestant("weir-uring", [weir, "--backend", "io_uring"], "Weir on its io_uring backend",
                   counts_instructions=False),
        Contestant("weir-poll", [weir, "--backend", "poll"], "Weir on its poll backend"),
        Contestant(YARDSTICK, [program("epoll_echo")], "written by hand on epoll: the limit of readiness"),
        Contestant("uring", [program("io_uring_echo")], "written by hand on io_uring: the limit of completion",
                   counts_instructions=False),
        Contestant("libuv", [peer("uv_echo")], "libuv as its guide writes it", packaged("libuv1-dev")),
        Contestant("libuv-tuned", [peer("uv_tuned_echo")], "libuv with one buffer for all and uv_try_write",
                   packaged("libuv1-dev")),
        Contestant("libevent", [peer("event_echo")], "libevent with bufferevents", packaged("libevent-dev")),
        Contestant("libev", [peer("ev_echo")], "libev, reading and writing by hand", packaged("libev-dev")),
        Contestant("asio", [peer("asio_echo")], "Asio without Boost, asynchronous", packaged("libasio-dev")),
        # Node compiles what is called often, which takes its time.
        Contestant("node", ["node", os.path.join(PEERS, "node_echo.js")], "Node's net module", ["node", "--version"],
                   counts_instructions=False, warm_up_seconds=0.5),
    )


def is_there(contestant):
    """Whether its program exists; Weir's backends are asked, because a kernel or a build may lack one."""
    if shutil.which(contestant.words[0]) is None:
        return False
    return contestant.name in (WEIR, YARDSTICK) or starts(contestant)


def starts(contestant):
    """Whether it becomes ready at all."""
    with tempfile.TemporaryDirectory(prefix="weir-bench.") as folder:
        words = [*contestant.words, "--listen", f"unix:{folder}/probe"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            ready = process.stdout.readline() == "ready\n"
            process.send_signal(signal.SIGTERM)
        return ready


def those_there(programs):
    """The contestants that this machine can run. Weir and the yardstick must be among them."""
    return [contestant for contestant in of_programs(programs) if is_there(contestant)]


def free_port():
    """A TCP port that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
