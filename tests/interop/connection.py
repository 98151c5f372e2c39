# SPDX-License-Identifier: MIT
"""Endpoints and plain connections of this machine, for cases that talk to a program themselves.

Programs under Wine meet these over TCP, because they share the machine's network. Their named pipes are out of reach.
"""

import errno
import random
import socket

from programs import Failure

# Below the ports that Linux, Windows and BSD hand out to clients, so that no client takes one meanwhile.
PORTS = range(20000, 32000)


def free_endpoint(host):
    """A TCP endpoint of this host at which nobody listens."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in random.sample(PORTS, 100):
        with socket.socket(family) as attempt:
            try:
                attempt.bind((host, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                continue
        return f"tcp:[{host}]:{port}" if ":" in host else f"tcp:{host}:{port}"
    raise Failure("no port is free")


def host_and_port(endpoint):
    """What a tcp: endpoint names."""
    host, port = endpoint.removeprefix("tcp:").rsplit(":", 1)
    return host.strip("[]"), int(port)


def netcat_arguments(endpoint):
    """What nc is told to connect to an endpoint."""
    return [str(word) for word in host_and_port(endpoint)] if endpoint.startswith("tcp:") else ["-U", endpoint]


def is_reachable(world, endpoint):
    """Whether a case can connect to the endpoint of a program itself."""
    return endpoint.startswith("tcp:") or not world.windows


def open_socket(endpoint):
    """A socket for an endpoint, not connected, and the address to connect it to."""
    if not endpoint.startswith("tcp:"):
        return socket.socket(socket.AF_UNIX), endpoint
    host, port = host_and_port(endpoint)
    return socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET), (host, port)


def connect(endpoint, seconds=20):
    """A connected socket whose calls end after so long at the latest."""
    opened, address = open_socket(endpoint)
    opened.settimeout(seconds)
    try:
        opened.connect(address)
    except OSError as error:
        opened.close()
        raise Failure(f"connect {endpoint}: {error}") from None
    return opened


def receive(opened, count):
    """So many bytes, or fewer when the peer has ended before."""
    received = b""
    while len(received) < count and (piece := opened.recv(count - len(received))):
        received += piece
    return received


def receive_all(opened):
    """Everything up to the peer's end."""
    pieces = []
    while piece := opened.recv(1 << 16):
        pieces.append(piece)
    return b"".join(pieces)
