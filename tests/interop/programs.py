# SPDX-License-Identifier: MIT
"""One running program with a time limit, its output in files.

Files, not pipes: Node for Windows cannot write to a pipe under Wine, and nothing can block on output nobody reads.
"""

import fcntl
import os
import subprocess
import termios
import time

# How often a file is looked at while a line is awaited.
GLANCE_SECONDS = 0.01


class Failure(Exception):
    """Something else happened than the case expects; the text says what."""


class Terminal:
    """A terminal for one program to run in, so that Ctrl-C can be pressed there. Wine makes its own event of it."""

    def __init__(self):
        self._outside, self.inside = os.openpty()

    def become(self):
        """Makes standard input, which is this terminal already, the one that rules the program."""
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def press_control_c(self):
        os.write(self._outside, b"\x03")

    def close(self):
        os.close(self._outside)
        os.close(self.inside)


class Program:
    """A program that was started by a case, and is ended with it."""

    def __init__(self, command, environment, directory, number, stdin=None, user=None, terminal=None):
        self.command = command
        self._out = os.path.join(directory, f"{number}.out")
        self._error = os.path.join(directory, f"{number}.err")
        with open(self._out, "wb") as out, open(self._error, "wb") as error:
            self._process = subprocess.Popen(
                command,
                env=environment,
                stdin=stdin if stdin is not None else terminal.inside if terminal else subprocess.DEVNULL,
                stdout=out,
                stderr=error,
                user=user,
                start_new_session=terminal is not None,
                preexec_fn=terminal and terminal.become,
                extra_groups=[] if user is not None else None,
            )
        self.pid = self._process.pid

    def __str__(self):
        return " ".join(self.command)

    def output(self):
        """Standard output so far, as bytes."""
        with open(self._out, "rb") as file:
            return file.read()

    def output_lines(self):
        """The whole lines of standard output so far."""
        text = self.output().decode("utf-8", "replace").replace("\r\n", "\n")
        return text.split("\n")[:-1]

    def error_text(self):
        """Standard error so far."""
        with open(self._error, "rb") as file:
            return file.read().decode("utf-8", "replace").replace("\r\n", "\n")

    def is_running(self):
        return self._process.poll() is None

    def wait_for(self, text, seconds=20, count=1):
        """Waits until so many lines that hold the text have been printed; gives the last of them."""
        return self._await_line(self.output_lines, text, seconds, count)

    def wait_for_error(self, text, seconds=20):
        """Waits for a line on standard error that holds the text, and gives it."""
        return self._await_line(lambda: self.error_text().split("\n")[:-1], text, seconds, 1)

    def _await_line(self, lines, text, seconds, count):
        deadline = time.monotonic() + seconds
        while True:
            running = self.is_running()  # Before the look, so that a last line is not missed.
            found = [line for line in lines() if text in line]
            if len(found) >= count:
                return found[count - 1]
            if not running:
                raise Failure(f"{self} ended before it printed {text!r}")
            if time.monotonic() > deadline:
                raise Failure(f"{self} did not print {text!r} within {seconds} s")
            time.sleep(GLANCE_SECONDS)

    def finish(self, seconds=60):
        """Waits for the end and gives the exit code."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self} did not end within {seconds} s") from None

    def stop(self):
        """Ends the program if it still runs."""
        if self.is_running():
            self._process.kill()
        self._process.wait()

    def story(self):
        """What the program did, for the report of a failed case."""
        state = "running" if self.is_running() else f"exit code {self._process.returncode}"
        text = (self.output()[-600:].decode("utf-8", "replace") + self.error_text()[-600:]).rstrip()
        return f"  $ {self}\n    ({state}) " + text.replace("\n", "\n    ")
