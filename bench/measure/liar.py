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


class Liar(threading.Thread):
    """A server that serves one client wrongly: it makes something else of the first bytes, and then ends."""

    def __init__(self, spoil):
        super().__init__(daemon=True)
        self.spoil = spoil
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp:127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self):
        with self.listener, self.listener.accept()[0] as client:
            client.sendall(self.spoil(client.recv(65536)))
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass
