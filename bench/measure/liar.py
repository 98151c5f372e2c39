# SPDX-License-Identifier: MIT
"""Servers that are wrong on purpose: the load generator must notice each."""
import socket
import threading

LIES = {
    "a_wrong_bit": lambda sent: bytes([sent[0] ^ 1]) + sent[1:],
    "a_lost_byte": lambda sent: sent[1:],
    "a_doubled_byte": lambda sent: sent[:1] + sent,
    "two_bytes_swapped": lambda sent: sent[1::-1] + sent[2:],
    "one_byte_too_many": lambda sent: sent + b"x",
    "an_early_end": lambda sent: sent[:-1],
}


def read_to_end(client):
    """Returns how many bytes came."""
    count = 0
    while part := client.recv(65536):
        count += len(part)
    return count


class Liar(threading.Thread):
    """Listens, and serves its few clients in a wrong way of its own. `options`: what the load generator must do."""

    options = ("--count", "1")

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp:127.0.0.1:{self.listener.getsockname()[1]}"


class Spoiler(Liar):
    """Makes something else of the first bytes, and then ends."""

    def __init__(self, spoil):
        super().__init__()
        self.spoil = spoil

    def run(self):
        with self.listener, self.listener.accept()[0] as client:
            client.sendall(self.spoil(client.recv(65536)))
            client.shutdown(socket.SHUT_WR)
            read_to_end(client)


class Crosser(Liar):
    """Gives each of two clients what the other one has sent."""

    options = ("--count", "2", "--connections", "2")

    def run(self):
        with self.listener, self.listener.accept()[0] as first, self.listener.accept()[0] as second:
            sent = [client.recv(65536) for client in (first, second)]
            first.sendall(sent[1])
            second.sendall(sent[0])
            read_to_end(first)


class Miscounter(Liar):
    """A sink that has lost a byte."""

    options = ("--mode", "stream", "--sink", "--count", "1")

    def run(self):
        with self.listener, self.listener.accept()[0] as client:
            client.sendall((read_to_end(client) - 1).to_bytes(8, "little"))


def liars():
    """Names, and makers."""
    for name, spoil in LIES.items():
        yield name, lambda spoil=spoil: Spoiler(spoil)
    yield "bytes_of_another_connection", Crosser
    yield "a_wrong_count", Miscounter
