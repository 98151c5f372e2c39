# SPDX-License-Identifier: MIT
"""The chat room: who hears what, and that no stranger can harm it."""

import os
import random
import shutil
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))
from connection import connect, is_reachable, netcat_arguments, open_socket
from harness import Skip, case_over, expect, expect_equal, expect_success, main
from memory import peak_bytes
from programs import Failure

KINDS = ["local", "tcp"]
LINE_MAX = 1000
CROWD = 100
# What the room may need for one member that does not read (its queue is 256 KiB) and for the strangest of the others.
GROWTH_BYTES = 4 << 20


class Member:
    """Somebody in the room, who knows its name and reads whole lines."""

    def __init__(self, opened):
        self.socket = opened
        self._lines = opened.makefile("rb")
        self._last = ""
        self.name = "who has just come"
        self.name = self.hear("* welcome, ").split(" ")[2].rstrip(":")

    def say(self, line):
        self.socket.sendall(line if isinstance(line, bytes) else f"{line}\r\n".encode())

    def line(self):
        """The next line, or None when there is none any more."""
        try:
            line = self._lines.readline().decode()
        except OSError as error:
            raise Failure(f"{self.name} waits for a line in vain: {error}; the last was {self._last!r}") from None
        self._last = line
        expect(line == "" or line.endswith("\r\n"), f"the line {line!r} has no end")
        return line.removesuffix("\r\n") if line else None

    def hear(self, beginning):
        """Reads on to the line that begins so, and gives it."""
        while (line := self.line()) is not None:
            if line.startswith(beginning):
                return line
        raise Failure(f"the connection of {self.name} ended before a line with {beginning!r}")

    def close(self):
        self._lines.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _open(world, endpoint):
    if not is_reachable(world, endpoint):
        raise Skip("the members of this case speak no named pipes")
    return world.serve(endpoint, name="chat")


def _enter(endpoint):
    return Member(connect(endpoint))


def _connect_narrow(endpoint):
    """Connects so that the system keeps little for one that does not read: TCP sends it small segments.

    A small buffer to receive alone does not do: where no whole segment fits in, TCP sends what fits, 5 times a second.
    """
    opened, address = open_socket(endpoint)
    if endpoint.startswith("tcp:"):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
    opened.connect(address)
    opened.settimeout(20)
    return opened


# ---- Talking ---------------------------------------------------------------------------------------------------------


@case_over(*KINDS)
def everyone_hears_everyone_come_talk_and_leave(world, endpoint):
    _open(world, endpoint)
    with _enter(endpoint) as first:
        with _enter(endpoint) as second:
            expect_equal(first.line(), f"* {second.name} joined", "what the first hears")
            first.say("hello")
            second.say("hello yourself")
            expect_equal(second.line(), f"<{first.name}> hello", "what the second hears")
            expect_equal(first.line(), f"<{second.name}> hello yourself", "what the first hears")
        expect_equal(first.line(), f"* {second.name} left", "what the first hears")


@case_over(*KINDS)
def members_choose_names_that_nobody_has(world, endpoint):
    _open(world, endpoint)
    with _enter(endpoint) as first, _enter(endpoint) as second:
        first.line()
        first.say("/nick Ünicorn")
        expect_equal(second.line(), f"* {first.name} is now Ünicorn", "what the second hears")
        expect_equal(first.line(), f"* {first.name} is now Ünicorn", "what the first hears")
        first.say("it is me")
        expect_equal(second.line(), "<Ünicorn> it is me", "what the second hears")
        second.say("/nick Ünicorn")
        expect_equal(second.line(), "* there is a Ünicorn already", "answer")
        for wrong in ["", "two words", "x" * 21, "<x>", "*", "a:b", "/x"]:
            second.say(f"/nick {wrong}")
            expect(second.line().startswith("* a name has 1 to 20 bytes"), f"{wrong!r} is taken for a name")
        second.say("/nick guest3")
        expect(second.line().endswith(" is now guest3"), "the name is had before the third comes")
        with _enter(endpoint) as third:
            expect_equal(third.name, "guest4", "the name of one who comes after a false guest3")


@case_over(*KINDS)
def members_see_who_is_here_and_quit(world, endpoint):
    _open(world, endpoint)
    with _enter(endpoint) as first, _enter(endpoint) as second:
        second.say("/nick Zoe")
        second.hear("* guest2 is now")
        second.say("/who")
        expect_equal(second.line(), "* 2 here: Zoe guest1", "answer")
        second.say("/help")
        expect(second.line().startswith("* /nick NAME"), "no help")
        second.say(b"/quit\r\nignored\r\n")
        expect_equal(second.line(), "* goodbye", "last line")
        expect_equal(second.line(), None, "what comes then")
        expect_equal(first.hear("* Zoe"), "* Zoe left", "what the first hears")
        first.say("/who")
        expect_equal(first.line(), "* 1 here: guest1", "answer")


@case_over(*KINDS)
def everyone_is_told_when_the_room_closes(world, endpoint):
    if not is_reachable(world, endpoint):
        raise Skip("the members of this case speak no named pipes")
    server, terminal = world.sample_in_terminal("chat", endpoint)
    server.wait_for("listening on")
    first, second = _enter(endpoint), _enter(endpoint)
    first.line()
    terminal.press_control_c()
    for member in [first, second]:
        expect_equal(member.line(), "* the room closes; goodbye", "last line")
        expect_equal(member.line(), None, "what comes then")
    first.close()
    expect(server.is_running(), "the room has not waited for the second")
    # The second does not close its side: the room does not wait for it for ever.
    expect_success(server)
    second.close()
    expect(endpoint.startswith("tcp:") or not os.path.exists(endpoint), "the socket's file is left over")


# ---- What strangers send ---------------------------------------------------------------------------------------------


@case_over(*KINDS)
def lines_end_in_any_way_and_come_in_any_pieces(world, endpoint):
    _open(world, endpoint)
    with _enter(endpoint) as speaker, _enter(endpoint) as listener:
        text = b"unix\nwindows\r\ntelnet\r\0mac\r\n\n\r\nlast"
        for piece in (text[i : i + 1] for i in range(len(text))):
            speaker.say(piece)
            time.sleep(0.002)  # So that most pieces are a read of their own; whether they are does not matter.
        speaker.socket.shutdown(1)
        heard = [listener.line() for _ in range(6)]
        said = [f"<guest1> {word}" for word in ["unix", "windows", "telnet", "mac", "last"]]
        expect_equal(heard, [*said, "* guest1 left"], "what is heard")


@case_over(*KINDS)
def nothing_that_a_terminal_would_obey_gets_through(world, endpoint):
    _open(world, endpoint)
    table = [
        (b"\x1b[2Jred \x1b[31mtext\x07\x08\x7f", "[2Jred [31mtext"),
        (b"a\tb\0c", "a bc"),
        (b"\xff\xfb\x01\xff\xfd\x03negotiated", "negotiated"),  # WILL ECHO, DO SUPPRESS-GO-AHEAD
        (b"win\xff\xfa\x1f\0\x50\r\n\xff\xf0dow", "window"),  # SB NAWS ... SE
        (b"\xff\xf4\xff\xffinterrupted", "interrupted"),  # IP, and an escaped 255
        ("Grüße 漢字 😀".encode(), "Grüße 漢字 😀"),
        (b"\xc3(\xe4\xbd \xf0\x9f\x98 \xed\xa0\x80 \xc0\xaf \xf5\xbf\x80", "?(?? ??? ??? ?? ???"),
        ("\x9b2J\u202egnp.exe\u2028".encode(), "??2J???gnp.exe???"),
    ]
    with _enter(endpoint) as speaker, _enter(endpoint) as listener:
        for said, heard in table:
            speaker.say(said + b"\n")
            expect_equal(listener.line(), f"<guest1> {heard}", f"what is heard of {said!r}")


@case_over(*KINDS)
def long_lines_are_cut_and_whoever_sends_them_is_told(world, endpoint):
    _open(world, endpoint)
    with _enter(endpoint) as speaker, _enter(endpoint) as listener:
        speaker.line()
        for length in [LINE_MAX, LINE_MAX + 1, 1 << 20]:
            speaker.say("x" * length)
            expect_equal(listener.line(), "<guest1> " + "x" * LINE_MAX, f"what is heard of {length} bytes")
            if length > LINE_MAX:
                expect_equal(speaker.line(), f"* your line was cut: {LINE_MAX} bytes are the most", "answer")
        speaker.say("short")
        expect_equal(listener.line(), "<guest1> short", "what is heard")


@case_over(*KINDS)
def one_that_only_asks_and_never_reads_is_dropped(world, endpoint):
    server = _open(world, endpoint)
    with _enter(endpoint) as witness, _connect_narrow(endpoint) as asking:
        question = b"/help\n" * 10000
        asking.settimeout(0.2)
        dropped = []
        thread = threading.Thread(target=lambda: dropped.append(witness.hear("* guest2 was")))
        thread.start()
        while thread.is_alive():
            try:
                asking.send(question)
            except OSError:
                thread.join(0.01)
        expect_equal(dropped, ["* guest2 was dropped for not reading"], "what the other hears")
    expect(server.is_running(), "the room has ended")


@case_over(*KINDS)
def one_that_breaks_off_has_left(world, endpoint):
    server = _open(world, endpoint)
    with _enter(endpoint) as witness:
        other = connect(endpoint)
        witness.hear("* guest2 joined")
        other.close()  # What it has not read resets the connection.
        expect_equal(witness.line(), "* guest2 left", "what the other hears")
    expect(server.is_running(), "the room has ended")


@case_over(*KINDS)
def netcat_can_enter(world, endpoint):
    if shutil.which("nc") is None:
        raise Skip("there is no nc")
    _open(world, endpoint)
    with _enter(endpoint) as witness:
        path = os.path.join(world.directory, "typed")
        with open(path, "wb") as file:
            file.write(b"/nick cat\nmeow\n/quit\n")
        with open(path, "rb") as file:
            client = world.command("nc", "-N", *netcat_arguments(endpoint), stdin=file)
        expect_equal(witness.hear("<"), "<cat> meow", "what is heard")
        expect_equal(witness.line(), "* cat left", "what is heard")
        expect_equal(client.finish(), 0, "exit code of nc")
        expect("* goodbye" in client.output_lines(), "nc prints no goodbye")


# ---- A crowd ---------------------------------------------------------------------------------------------------------


class Crowd:
    """Many members; one never reads, one sends random bytes, the others talk in turn and hear every line in order."""

    def __init__(self, endpoint, count):
        self.mute = Member(_connect_narrow(endpoint))
        self.wild = _enter(endpoint)
        self.others = [_enter(endpoint) for _ in range(count - 2)]
        self.number = 0
        self.dropped = False

    def rave(self, size):
        self.wild.say(random.Random(size).randbytes(size))

    def talk(self, lines):
        """One of the others says so many lines; all but that one must hear them, in order, without one missing."""
        speaker = self.others[self.number % len(self.others)]
        said = [f"<{speaker.name}> line {self.number + i} ".ljust(LINE_MAX, "x") for i in range(lines)]
        self.number += lines
        speaker.say("\n".join(line.split(" ", 1)[1] for line in said) + "\n")
        for member in self.others:
            if member is not speaker:
                expect_equal([self._next_line(member) for _ in said], said, f"what {member.name} hears")

    def _next_line(self, member):
        """The next line that is of one of the others."""
        while True:
            line = member.line()
            self.dropped = self.dropped or line == f"* {self.mute.name} was dropped for not reading"
            if not line.startswith(("* ", f"<{self.wild.name}> ")):
                return line

    def close(self):
        for member in [self.mute, self.wild, *self.others]:
            member.close()


@case_over(*KINDS)
def a_hundred_hear_every_line_while_one_is_mute_and_one_is_wild(world, endpoint):
    server = _open(world, endpoint)
    crowd = Crowd(endpoint, CROWD)
    before = peak_bytes(server.pid)
    reading = threading.Thread(target=lambda: _last_line(crowd.wild))
    reading.start()
    rounds = 0
    while rounds < 3 or not crowd.dropped:
        expect(rounds < 400, "the one that does not read is not dropped")
        if rounds < 3:
            crowd.rave(20000)
        crowd.talk(25)
        rounds += 1
    after = peak_bytes(server.pid)
    print(f"{crowd.number} lines; the room's peak grew by {((after or 0) - (before or 0)) >> 10} KiB")
    expect_equal(_last_line(crowd.mute), "* you do not read what is said here; goodbye", "the last line of the mute")
    crowd.wild.socket.shutdown(2)
    reading.join()
    crowd.close()
    if after is not None and not world.quick:  # Sanitizers keep what was freed: their memory says nothing.
        expect(after - before <= GROWTH_BYTES, f"the room's memory grew by {after - before} bytes")


def _last_line(member):
    last = None
    while (line := member.line()) is not None:
        last = line
    return last


main()
