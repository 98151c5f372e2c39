# SPDX-License-Identifier: MIT
"""Kinds of load: what a race runs every server through."""
import resource

# Server and generator need some descriptors for themselves.
DESCRIPTORS_LEFT_OVER = 1000
MOST_CONNECTIONS = 19000
ACTIVE = 190
MANY = 10000


class Cell:
    """One kind of load on one transport. `options` are the load generator's; a `lengthy` one wants more time."""

    def __init__(self, transport, name, *options, sink=False, lengthy=False):
        self.transport = transport
        self.name = name
        self.options = options + (("--sink",) if sink else ())
        self.sink = sink
        self.lengthy = lengthy


def in_words(size):
    """64 B, 4 KiB."""
    return f"{size} B" if size < 1024 else f"{size // 1024} KiB"


def ping_pong(transport, size, connections):
    """So many connections send messages to and fro. With very many of them each sends a few, however long it takes."""
    length = ("--count", str(4 * connections)) if connections >= MANY else ()
    name = f"{in_words(size)} x {connections:,}"
    return Cell(transport, name, "--size", str(size), "--connections", str(connections), *length)


def stream(transport):
    """How much a server takes at a time is chance, which needs time to even out."""
    return Cell(transport, "stream", "--mode", "stream", "--connections", "2", lengthy=True)


def sink(transport):
    """The same without an echo."""
    return Cell(transport, "sink", "--mode", "stream", "--connections", "2", sink=True, lengthy=True)


def churn(transport):
    """A message is a whole life of a connection."""
    return Cell(transport, "churn", "--mode", "churn", "--connections", "10")


def full():
    """What the full run races."""
    for transport in ("unix", "tcp"):
        for connections in (1, 10, 100, 1000, 10000):
            yield ping_pong(transport, 64, connections)
        yield ping_pong(transport, 4096, 100)
        yield ping_pong(transport, 65536, 10)
        yield stream(transport)
        yield sink(transport)
        yield churn(transport)


def quick():
    """What fits into a minute."""
    yield ping_pong("unix", 64, 1)
    yield ping_pong("unix", 64, 100)
    yield ping_pong("unix", 65536, 10)
    yield churn("unix")
    yield ping_pong("tcp", 64, 100)


def crowd(transport, connections):
    """Many connections are open, and always as many of them are active."""
    return Cell(transport, f"{ACTIVE} of {connections:,}", "--connections", str(connections), "--active", str(ACTIVE),
                lengthy=True)


def most_connections():
    """As many as the system lets a process have, and not more than anybody needs to see the growth."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(ACTIVE, min(MOST_CONNECTIONS, hard - DESCRIPTORS_LEFT_OVER))


def crowds():
    """From all active to one in a hundred."""
    most = most_connections()
    for connections in sorted({ACTIVE, *(ACTIVE * factor for factor in (5, 25) if ACTIVE * factor < most), most}):
        yield crowd("unix", connections)
    yield crowd("tcp", most)
