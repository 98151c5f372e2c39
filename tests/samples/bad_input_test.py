# SPDX-License-Identifier: MIT
"""Bad input: one clear line with operation, code, address and hint, and exit code 1; a wrong command line: usage and 2."""

import contextlib
import os
import shutil
import socket
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "interop"))
from harness import Skip, case, expect, expect_equal, main

PROGRAMS = {"ipc_server": "listen", "ipc_client": "connect"}
# They take an endpoint and nothing else.
ONE_ENDPOINT = {"echo_server": "listen", "echo_client": "connect", "counting_server": "listen", "chat": "listen"}


@case
def wrong_command_lines_print_the_usage(world):
    wrong = {
        "ipc_server": [
            [],
            ["--once"],
            ["--unknown", "x"],
            ["x", "y"],
            ["x", "--half-open", "--delay"],
            ["x", "--half-open", "--delay", "soon"],
            ["x", "--half-open", "--delay", "-1"],
            ["x", "--delay", "1"],
        ],
        "ipc_client": [
            [],
            ["--unknown", "x"],
            ["x", "--bytes"],
            ["x", "--bytes", ""],
            ["x", "--bytes", "1k"],
            ["x", "--bytes", "99999999999999999999"],
            ["x", "--bytes", "1", "message"],
            ["x", "--pause", "long", "message"],
        ],
        **{program: [["--help"], ["x", "y"]] for program in [*ONE_ENDPOINT, "net_server"]},
    }
    for program, command_lines in wrong.items():
        for arguments in command_lines:
            started = world.sample(program, *arguments)
            expect_equal(started.finish(10), 2, f"exit code of {started}")
            expect(started.error_text().startswith(f"usage: {program} "), f"{started} prints no usage")
            expect_equal(started.output(), b"", f"output of {started}")


@case
def name_is_too_long(world):
    name = world.endpoint("x" * 300)
    for program, operation in PROGRAMS.items():
        line = _expect_failure(world, program, name, operation, "ENAMETOOLONG")
        # The hint gives the limit and the length.
        expect(str(len(name)) in line.split(name)[-1], f"no length in {line!r}")


@case
def ipc_name_is_wrong(world):
    for name in ["ipc:", "ipc:a/b", "ipc:.hidden", "ipc:" + "x" * 65]:
        for program, operation in PROGRAMS.items():
            _expect_failure(world, program, name, operation, ["EINVAL", "ENAMETOOLONG"])


@case
def tcp_endpoint_is_wrong(world):
    for name in ["tcp:", "tcp:x:y", "tcp:99999", "tcp:localhost:", "tcp:[::1]", "tcp:::1:80"]:
        for program, operation in (PROGRAMS | ONE_ENDPOINT).items():
            _expect_failure(world, program, name, operation, "EINVAL")


@case
def address_belongs_to_another_machine(world):
    server = world.sample("echo_server", "tcp:192.0.2.1:8124")  # RFC 5737: an address for examples only.
    _expect_line(server, "listen", "EADDRNOTAVAIL", "192.0.2.1:8124")


@case
def host_is_known_to_nobody(world):
    for program in ["echo_server", "echo_client"]:
        started = world.sample(program, "tcp:nobody.invalid:8124")  # RFC 6761: a name that never exists.
        _expect_line(started, "lookup", ["ENOTFOUND", "EAGAIN"], "nobody.invalid")  # No name server can say so for sure.


@case
def name_is_empty(world):
    for program, operation in (PROGRAMS | ONE_ENDPOINT).items():
        _expect_failure(world, program, "", operation, "EINVAL")


@case
def name_belongs_to_another_system(world):
    name = r"C:\x.sock" if world.windows else "pipe:x"
    for program, operation in PROGRAMS.items():
        _expect_failure(world, program, name, operation, ["EINVAL", "ENOTSUP"])


@case
def directory_is_missing(world):
    _need_unix_sockets(world)
    name = os.path.join(world.directory, "missing", "x.sock")
    for program, operation in PROGRAMS.items():
        _expect_failure(world, program, name, operation, "ENOENT")


@case
def directory_is_a_file(world):
    _need_unix_sockets(world)
    path = world.endpoint()
    with open(path, "w", encoding="ascii"):
        pass
    for program, operation in PROGRAMS.items():
        _expect_failure(world, program, path + "/x.sock", operation, "ENOTDIR")


@case
def name_is_a_plain_file(world):
    _need_unix_sockets(world)
    path = world.endpoint()
    with open(path, "w", encoding="ascii") as file:
        file.write("precious")
    _expect_failure(world, "ipc_server", path, "listen", ["EEXIST", "EADDRINUSE"])
    _expect_failure(world, "ipc_client", path, "connect", ["ENOTSOCK", "ECONNREFUSED"])
    with open(path, encoding="ascii") as file:
        expect_equal(file.read(), "precious", "the file")


@case
def socket_file_is_stale(world):
    _need_unix_sockets(world)
    name = world.endpoint()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen(1)
    line = _expect_failure(world, "ipc_server", name, "listen", "EADDRINUSE")
    expect("stale" in line, f"not called stale: {line!r}")
    _expect_failure(world, "ipc_client", name, "connect", "ECONNREFUSED")
    expect(os.path.exists(name), "the stale file has been removed")


@case
def name_belongs_to_a_live_server(world):
    name = world.endpoint()
    first = world.serve(name)
    line = _expect_failure(world, "ipc_server", name, "listen", "EADDRINUSE")
    expect("stale" not in line, f"called stale: {line!r}")
    client = world.sample("ipc_client", name, "hello")
    expect_equal(client.finish(10), 0, "exit code of a client of the first server")
    first.wait_for("client")


@case
def nobody_listens(world):
    _expect_failure(world, "ipc_client", world.endpoint(), "connect", "ENOENT")
    _expect_failure(world, "ipc_client", f"ipc:weir-nobody-{os.getpid()}", "connect", "ENOENT")


@case
def there_is_no_permission(world):
    with _guarded_directory(world) as (directory, user, program_path):
        closed = os.path.join(directory, "closed")
        os.mkdir(closed, 0o755 if user else 0o555)
        server = world.serve(os.path.join(directory, "x.sock")) if user else None

        def start(program, name):
            return world.sample(program, name, user=user, program=program_path(program))

        _expect_line(start("ipc_server", os.path.join(closed, "y.sock")), "listen", "EACCES", closed)
        if server:
            _expect_line(start("ipc_client", os.path.join(directory, "x.sock")), "connect", "EACCES", directory)


@case
def backend_is_unknown(world):
    world.backend = "abacus"
    for program in PROGRAMS:
        started = world.sample(program, world.endpoint())
        expect_equal(started.finish(10), 1, f"exit code of {started}")
        lines = started.error_text().splitlines()
        expect(len(lines) == 1 and "ENOTSUP" in lines[0], f"{started} printed {lines}")


def _need_unix_sockets(world):
    if world.windows:
        raise Skip("a matter of Unix sockets' files")


@contextlib.contextmanager
def _guarded_directory(world):
    """A directory, a user who may not write there (None: this one, who is not root), and where that user finds programs.

    Root passes every check, so root starts the programs as somebody else, from copies that everybody can read.
    """
    if world.windows:
        raise Skip("Wine lets everybody pass")
    import pwd  # Not on Windows.

    if os.geteuid() != 0:
        yield world.directory, None, world.sample_path
        return
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="weir-guarded-") as directory:
        os.chmod(directory, 0o755)
        for program in PROGRAMS:
            shutil.copy(world.sample_path(program), directory)
            os.chmod(os.path.join(directory, program), 0o755)
        yield directory, pwd.getpwnam("nobody").pw_uid, lambda program: os.path.join(directory, program)


def _expect_failure(world, program, name, operation, codes):
    return _expect_line(world.sample(program, name), operation, codes, name)


def _expect_line(started, operation, codes, address):
    """One line on standard error, nothing on standard output, exit code 1; gives the line."""
    expect_equal(started.finish(20), 1, f"exit code of {started}")
    lines = started.error_text().splitlines()
    expect_equal(len(lines), 1, f"lines of error of {started} ({lines})")
    line = lines[0]
    print(line)
    words = line.split(" ")
    codes = [codes] if isinstance(codes, str) else codes
    expect_equal(words[0], operation, f"operation in {line!r}")
    expect(words[1].rstrip(":") in codes, f"none of {codes} in {line!r}")
    expect(address in line, f"{address!r} is not in {line!r}")
    expect_equal(started.output(), b"", f"output of {started}")
    return line


main()
