# SPDX-License-Identifier: MIT
"""What an open connection costs in memory of the server's process while nothing happens on it.

Private memory, so without shared libraries and without the kernel's buffers: what the server itself keeps.
"""
import tempfile

from . import progress
from .server import TRANSPORTS, Server, measure

KEYS = {
    "base": "private_bytes",
    "silent": "private_bytes_per_silent_connection",
    "spoken": "private_bytes_per_connection",
    "kept": "private_bytes_kept_per_connection",
}


def run(programs, contestants, connections):
    """For results.json: bytes of the process before any connection, and per connection in three states."""
    results = []
    options = ("--mode", "idle", "--connections", str(connections), "--seconds", "0.1")
    with tempfile.TemporaryDirectory(prefix="weir-bench.") as folder:
        for transport in TRANSPORTS:
            for contestant in contestants:
                progress.show(f"memory: {contestant.name}, {transport}")
                with Server(folder, contestant, transport) as server:
                    report = measure(programs, server, options)
                memory = {key: report[name] for key, name in KEYS.items()}
                results.append({"contestant": contestant.name, "transport": transport, "connections": connections,
                                **memory})
    return results
