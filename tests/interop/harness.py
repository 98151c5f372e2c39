# SPDX-License-Identifier: MIT
"""Cases that run whole programs against each other, reported as CMocka reports its own, so that they are counted alike.

A test file decorates functions with `case` and ends with `main()`. Each case gets a World, which knows where the
programs are, how to start them on this system, and which names are free; whatever a case has started is ended with it.
"""

import argparse
import contextlib
import itertools
import os
import sys
import tempfile
import time
import traceback

import connection
from programs import Failure, Program, Terminal

cases = []
# The kinds of endpoint that interoperability is about; see World.endpoint_over.
EVERYWHERE = ("local", "tcp", "tcp6")


# What stands before the name of a case that shows no row of conformance.md.
NO_ROWS = "-"


class Skip(Exception):
    """This case cannot show anything here; the text says why."""


def case(function):
    """Adds a function to the cases of this file; its name is a sentence."""
    cases.append(function)
    return function


def case_over(*kinds):
    """Adds a case for each kind of endpoint; the function gets one of it behind the world. See World.endpoint_over."""

    def add(function):
        for kind in kinds:

            def over(world, kind=kind):
                function(world, world.endpoint_over(kind))

            over.__name__ = f"{function.__name__}_over_{kind}"
            over.rows = getattr(function, "rows", NO_ROWS)
            cases.append(over)
        return function

    return add


def shows(rows):
    """Names the rows of conformance.md that a case shows."""

    def name(function):
        function.rows = rows
        return function

    return name


class World:
    """The programs, the system they run on, and the endpoints of one case."""

    def __init__(self, options, directory):
        self.windows = options.windows
        self.wine = options.windows and bool(options.runner)
        self.backend = options.backend
        self.directory = directory
        self.quick = bool(os.environ.get("WEIR_QUICK"))
        self.started = []
        self._terminals = []
        self._options = options
        self._numbers = itertools.count(1)  # Safe for cases with threads.

    def endpoint(self, label="x"):
        """A native name that nobody uses."""
        number = next(self._numbers)
        if self.windows:
            return rf"\\.\pipe\weir-{os.getpid()}-{os.path.basename(self.directory)}-{number}-{label}"
        return os.path.join(self.directory, f"{number}-{label}.sock")

    def endpoint_over(self, kind):
        """A name that nobody uses: "local", "ipc", "tcp" or "tcp6"."""
        if kind == "local":
            return self.endpoint()
        if kind == "ipc":
            return f"ipc:weir-test-{os.path.basename(self.directory)}"
        return connection.free_endpoint("::1" if kind == "tcp6" else "127.0.0.1")

    def often(self, times):
        """How often to repeat: so often, or a tenth of it when it has to be quick."""
        return max(1, times // 10) if self.quick else times

    def bytes(self):
        """How much a bulk transfer carries."""
        if self.quick:
            return 8 << 20
        return 256 << 20

    def sample(self, name, *arguments, user=None, program=None):
        """Starts a program of samples/."""
        return self._start_ours(program or self.sample_path(name), arguments, user)

    def sample_in_terminal(self, name, *arguments):
        """Starts a program of samples/ in a terminal; gives both."""
        try:
            terminal = Terminal()
        except OSError as error:
            raise Skip(f"this system gives no terminal: {error}") from error
        self._terminals.append(terminal)
        runner = self._options.runner
        if self.windows and runner[-1:] == ["run"]:
            runner = [*runner[:-1], "console"]
        return self._start([*runner, self.sample_path(name), *arguments], terminal=terminal), terminal

    def sample_path(self, name):
        return os.path.join(self._options.samples, name + (".exe" if self.windows else ""))

    def peer(self, name, *arguments, before=(), environment=None):
        """Starts a compiled program of peers/, with a command `before` it that runs it."""
        path = os.path.join(self._options.peers, name + (".exe" if self.windows else ""))
        return self._start([*before, *self._options.runner, path, *arguments], environment=environment)

    def node(self, script, *arguments):
        """Starts a script of peers/ with Node, on Windows with Node for Windows."""
        node = self._options.node
        if not node or not os.path.exists(node):
            raise Skip("there is no Node for this system" + (f" at {node}" if node else ""))
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers", script)
        wine = self._options.runner if self.windows else []
        if wine:
            path = "Z:" + path.replace("/", "\\")
        return self._start([*wine, node, path, *arguments])

    def command(self, *command, stdin=None):
        """Starts a program of the system."""
        return self._start(list(command), stdin=stdin)

    def serve(self, *arguments, name="ipc_server", ready="listening on"):
        """Starts a sample server and waits until it says that it listens."""
        server = self.sample(name, *arguments)
        server.wait_for(ready)
        return server

    def _start_ours(self, path, arguments, user=None):
        return self._start([*self._options.runner, path, *arguments], user=user)

    def _start(self, command, environment=None, **more):
        environment = dict(os.environ, NODE_SKIP_PLATFORM_CHECK="1", **(environment or {}))
        if self.backend != "default":
            environment["WEIR_BACKEND"] = self.backend
        if more.get("user") is not None:
            environment["TMPDIR"] = "/tmp"  # Ours is closed to other users, and valgrind wants to write there.
        program = Program([str(word) for word in command], environment, self.directory, next(self._numbers), **more)
        self.started.append(program)
        return program

    def stories(self):
        """What the first program, mostly the server, and the last ones did."""
        return [program.story() for program in self.started[:1] + self.started[1:][-4:]]

    def end(self):
        """Ends what still runs, and takes away what an ended server leaves behind."""
        for program in self.started:
            program.stop()
        for terminal in self._terminals:
            terminal.close()
        if not self.windows:
            with contextlib.suppress(OSError):
                os.unlink(f"/tmp/weir-{os.getuid()}/weir-test-{os.path.basename(self.directory)}.sock")


def expect(condition, text):
    if not condition:
        raise Failure(text)


def expect_equal(seen, expected, what):
    expect(seen == expected, f"{what}: expected {expected!r}, saw {seen!r}")


def expect_resets(world, lines, count):
    """Each of so many resets was told: lines beginning with "read ECONNRESET", or Node's code alone.

    Wine looks at a socket's error when it polls, and Linux tells an error once: the read behind it gets an end instead.
    """
    resets = [line for line in lines if line.startswith(("read ECONNRESET", "ECONNRESET"))]
    expect(len(resets) == count or (world.wine and resets), f"expected {count} resets, saw {lines}")


def expect_success(program, last_line=None, seconds=60):
    """Waits for the end of a program, which must be a good one."""
    code = program.finish(seconds)
    expect(code == 0, f"exit code {code} of {program}")
    if last_line is not None:
        lines = program.output_lines()
        expect_equal(lines[-1] if lines else "", last_line, f"last line of {program}")


def _run(options, function):
    """Runs one case; gives "OK", "FAILED" or "SKIPPED", and why: ci/results.awk reads the first line of that."""
    with tempfile.TemporaryDirectory(prefix="case-") as directory:
        os.chmod(directory, 0o755)
        world = World(options, directory)
        try:
            function(world)
            return "OK", ""
        except Skip as reason:
            return "SKIPPED", str(reason)
        except Failure as failure:
            return "FAILED", "\n".join([str(failure), *world.stories()])
        except Exception as error:
            first_line = f"{type(error).__name__}: {error}"
            return "FAILED", "\n".join([first_line, traceback.format_exc(), *world.stories()])
        finally:
            world.end()


def _read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", required=True, help="folder of the sample programs")
    parser.add_argument("--peers", default="", help="folder of the compiled peers")
    parser.add_argument("--node", default="", help="Node for the system under test")
    parser.add_argument("--windows", action="store_true", help="the programs are Windows programs")
    parser.add_argument("--backend", default="default", help="WEIR_BACKEND of every program")
    parser.add_argument("--only", default="", help="run the cases only whose name holds this text")
    parser.add_argument("runner", nargs="*", help="after --: a command that runs our programs, e.g. Wine or valgrind")
    return parser.parse_args()


def main():
    """Runs the cases of this file and ends the process: 0 when none has failed."""
    options = _read_options()
    chosen = [function for function in cases if options.only in function.__name__]
    counts = {"OK": 0, "FAILED": 0, "SKIPPED": 0}
    print(f"[==========] Running {len(chosen)} test(s).", flush=True)
    for function in chosen:
        title = f"{getattr(function, 'rows', NO_ROWS)} | {function.__name__} | {options.backend}"
        print(f"[ RUN      ] {title}", flush=True)
        start = time.monotonic()
        result, reason = _run(options, function)
        counts[result] += 1
        print(f"took {time.monotonic() - start:.1f} s")
        if reason:
            print(f"{result.lower()}: {reason}")
        mark = {"OK": "[       OK ]", "FAILED": "[  FAILED  ]", "SKIPPED": "[  SKIPPED ]"}[result]
        print(f"{mark} {title}", flush=True)
    print(f"[==========] {len(chosen)} test(s) run.")
    print(f"[  PASSED  ] {counts['OK']} test(s).", flush=True)
    sys.exit(1 if counts["FAILED"] or not chosen else 0)
