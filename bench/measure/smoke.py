# SPDX-License-Identifier: MIT
"""The smoke test: bytes go through everything, nothing is timed. What it prints is counted as CMocka's output is."""
import json
import os
import random
import select
import shutil
import socket
import subprocess
import tempfile
import xml.etree.ElementTree

from . import document, made_up, pictures
from .contestant import WEIR, YARDSTICK
from .failure import Failure
from .liar import liars
from .server import PATIENCE_SECONDS, TRANSPORTS, Server, load

PAGE = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "performance.md")
WRONG_BYTES = 3  # The load generator's exit status.


class Try:
    """One run of the load generator. `messages`: how many must come back, when that does not depend on time."""

    def __init__(self, name, *options, sink=False, messages=None):
        self.name = name
        self.options = options + (("--sink",) if sink else ())
        self.sink = sink
        self.messages = messages


def counted(name, messages, *options, sink=False):
    """A try that ends with so many messages."""
    return Try(name, "--count", str(messages), *options, sink=sink, messages=messages)


PLAIN_TRIES = (
    counted("ping_pong", 500, "--connections", "10"),
    counted("ping_pong_64_KiB", 50, "--connections", "4", "--size", "65536"),
    counted("stream", 200, "--mode", "stream", "--connections", "3"),
    counted("stream_sink", 200, "--mode", "stream", "--connections", "3", sink=True),
    counted("churn", 200, "--mode", "churn", "--connections", "4"),
)
# Those with a time may find that it was over before anything came back: only bytes are compared.
TRIES = (
    *PLAIN_TRIES,
    counted("ping_pong_4_MiB", 4, "--connections", "2", "--size", "4194304"),
    counted("mostly_silent", 100, "--connections", "100", "--active", "5"),
    Try("idle", "--mode", "idle", "--connections", "100", "--seconds", "0", messages=100),
    Try("timed_ping_pong", "--seconds", "0.05", "--connections", "3"),
    Try("timed_stream", "--mode", "stream", "--seconds", "0.05", "--connections", "3"),
    Try("timed_churn", "--mode", "churn", "--seconds", "0.05", "--connections", "3"),
)


def load_notices(programs, make_liar):
    liar = make_liar()
    liar.start()
    status, _, complaint = load(programs, liar.endpoint, liar.options)
    print(complaint)
    if status != WRONG_BYTES:
        raise Failure(f"the load generator ended with status {status}: {complaint}")


def loads_pass(programs, folder, contestant, transport, attempt):
    with Server(folder, contestant, transport, attempt.sink, pinned=False) as server:
        status, report, complaint = load(programs, server.endpoint, attempt.options, server.process.pid)
    if status != 0:
        raise Failure(complaint)
    print(json.dumps(report))
    if attempt.messages not in (None, report["messages"]):
        raise Failure(f"{report['messages']} messages came back, not {attempt.messages}")
    if attempt.messages and report["mode"] == "ping-pong" and not 0 < report["p50_us"] <= report["p99_us"]:
        raise Failure("the latencies are not in order")


def write_until_blocked(client, bytes_to_send):
    """Writes while the server still takes something. Returns how much that was."""
    client.setblocking(False)
    sent = 0
    while sent < len(bytes_to_send) and select.select([], [client], [], 0.3)[1]:
        sent += client.send(bytes_to_send[sent : sent + 65536])
    client.setblocking(True)
    return sent


def read_exactly(client, length):
    received = bytearray()
    while len(received) < length:
        part = client.recv(1 << 20)
        if not part:
            break
        received += part
    return bytes(received)


def slow_reader_passes(folder, contestant, transport):
    """Who does not read is not read from either, and misses nothing."""
    everything = random.randbytes(64 << 20)
    with Server(folder, contestant, transport, pinned=False) as server:
        family, address = server.address()
        with socket.socket(family) as client:
            client.settimeout(PATIENCE_SECONDS)
            client.connect(address)
            sent = write_until_blocked(client, everything)
            if sent == len(everything):
                raise Failure("the server took everything though nothing was read")
            client.settimeout(PATIENCE_SECONDS)
            if read_exactly(client, sent) != everything[:sent]:
                raise Failure("other bytes came than were sent")


def ends_with_a_client(folder, contestant, transport):
    """SIGTERM does not wait for clients."""
    with Server(folder, contestant, transport, pinned=False) as server:
        family, address = server.address()
        client = socket.socket(family)
        client.settimeout(PATIENCE_SECONDS)
        client.connect(address)
        client.sendall(b"x")
        client.recv(1)
    with client:
        if client.recv(1) != b"":
            raise Failure("something came after the end")


def refuses_a_pipe(contestant):
    """Named pipes are Windows': to listen at one must fail, not make a file of that name."""
    words = [*contestant.words, "--listen", "pipe:weir-bench"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    print(done.stderr.strip())
    if done.returncode not in (1, 2) or done.stdout != "":
        raise Failure(f"status {done.returncode}: {done.stdout}")


def is_drawn(folder):
    """Every picture is there, and is XML."""
    written = pictures.write(made_up.results(), folder)
    if set(written) != set(pictures.PICTURES):
        raise Failure(f"only these were drawn: {written}")
    for name in written:
        xml.etree.ElementTree.parse(os.path.join(folder, f"{name}.svg"))


def is_told(folder):
    """The page gets the numbers, in each of its places, and nothing stays of those before."""
    page = os.path.join(folder, "page.md")
    shutil.copy(PAGE, page)
    document.write(made_up.results(), page)
    with open(page, encoding="utf-8") as file:
        text = file.read()
    for wanted in ("| unix 64 B x 10 to 1,000 | 0.50 ±.00 | 1.00 ±.00 |", "| unix 64 B x 10 | 2.00 | 4.00 |",
                   "| churn | 3.00 | 6.00 |", "| half | 1.50 | 3.00 |", "| unix, open | 40 | 80 |",
                   "| nanoseconds, timer_start | 5.0 | libev 4.0 |"):
        if wanted not in text:
            raise Failure(f"the page does not say {wanted}")
    if "libuv-tuned |" in text:
        raise Failure("the page still tells of another run")


def cases_of(programs, folder, contestant):
    """Names, and what to call. The peers are only shown to be honest: what they do is not ours to test."""
    is_ours = contestant.name.startswith(WEIR) or contestant.name == YARDSTICK
    name = contestant.name.replace("-", "_")
    for transport in TRANSPORTS if is_ours else TRANSPORTS[:1]:
        for attempt in TRIES if is_ours else PLAIN_TRIES:
            yield f"{name}_{transport}_{attempt.name}", (loads_pass, programs, folder, contestant, transport, attempt)
        yield f"{name}_{transport}_slow_reader", (slow_reader_passes, folder, contestant, transport)
        yield f"{name}_{transport}_ends_with_a_client", (ends_with_a_client, folder, contestant, transport)
    yield f"{name}_refuses_a_pipe", (refuses_a_pipe, contestant)


def run_case(name, function, *arguments):
    print(f"[ RUN      ] {name}", flush=True)
    try:
        function(*arguments)
    except (Failure, OSError, subprocess.TimeoutExpired, xml.etree.ElementTree.ParseError) as error:
        print(f"{error}\n[  FAILED  ] {name}", flush=True)
        return False
    print(f"[       OK ] {name}", flush=True)
    return True


def run(programs, contestants):
    """Returns the exit status."""
    passed = [run_case(f"load_notices_{name}", load_notices, programs, make) for name, make in liars()]
    with tempfile.TemporaryDirectory(prefix="weir-bench.") as folder:
        passed.append(run_case("pictures_are_drawn", is_drawn, folder))
        passed.append(run_case("the_page_is_written", is_told, folder))
        for contestant in contestants:
            passed += [run_case(name, *call) for name, call in cases_of(programs, folder, contestant)]
    print(f"[==========] {len(passed)} test(s) run.")
    return 0 if all(passed) else 1
