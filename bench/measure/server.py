# SPDX-License-Identifier: MIT
"""One running server, and the load generator that talks to it."""
import json
import os
import random
import select
import signal
import socket
import subprocess

from .contestant import free_port
from .failure import Failure

TRANSPORTS = ("unix", "tcp")
PATIENCE_SECONDS = 60


def on_cpu(number):
    """For preexec_fn: server and load each on a processor of its own, when there are two."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        return None
    return lambda: os.sched_setaffinity(0, {allowed[number]})


class Server:
    """A running server, as a context; leaving it with SIGTERM must end it in order.

    `wrapper` is a command that runs the server under its eyes, such as strace.
    """

    def __init__(self, folder, contestant, transport, sink=False, pinned=True, wrapper=()):
        self.path = os.path.join(folder, f"{contestant.name}.{random.getrandbits(32):08x}")
        self.is_tcp = transport == "tcp"
        self.words = [*wrapper, *contestant.words, *(["--sink"] if sink else []), "--listen"]
        self.prepare = on_cpu(0) if pinned else None
        self.name = contestant.name
        self.endpoint = None
        self.process = None

    def __enter__(self):
        # A free port can be taken before the server has it.
        for _ in range(5 if self.is_tcp else 1):
            self.endpoint = f"tcp:127.0.0.1:{free_port()}" if self.is_tcp else f"unix:{self.path}"
            if self.start():
                return self
        raise Failure(f"{self.words} did not become ready")

    def start(self):
        """Returns whether it became ready."""
        words = [*self.words, self.endpoint]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, preexec_fn=self.prepare)
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE_SECONDS)
        if ready and self.process.stdout.readline() == "ready\n":
            return True
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        return False

    def terminate(self):
        """Tells the server to end."""
        self.process.send_signal(signal.SIGTERM)

    def __exit__(self, kind, error, trace):
        self.terminate()
        try:
            status = self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.process.stdout.close()
        if kind is None and (status != 0 or os.path.exists(self.path)):
            raise Failure(f"{self.words} did not end in order: status {status}")

    def address(self):
        """For Python's own sockets."""
        if self.is_tcp:
            return socket.AF_INET, ("127.0.0.1", int(self.endpoint.rpartition(":")[2]))
        return socket.AF_UNIX, self.path


def load(programs, endpoint, options, server_pid=None, pinned=False):
    """Runs the load generator. Gives its exit status, its report, and what it complained of."""
    words = [os.path.join(programs, "load"), "--connect", endpoint, *options]
    if server_pid is not None:
        words += ["--server-pid", str(server_pid)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=10 * PATIENCE_SECONDS,
                          preexec_fn=on_cpu(1) if pinned else None, check=False)
    report = json.loads(done.stdout) if done.returncode == 0 else None
    return done.returncode, report, done.stderr.strip()


def measure(programs, server, options):
    """A report of the load generator, on processors of their own; a wrong byte is a failure."""
    status, report, complaint = load(programs, server.endpoint, options, server.process.pid, pinned=True)
    if status != 0:
        raise Failure(f"{server.name}: {' '.join(options)}: {complaint}")
    return report
