# SPDX-License-Identifier: MIT
"""Programs that count what a server does while it runs: strace its system calls, callgrind its instructions.

Both write a file when the server ends. A counter makes of it how often what was counted: names and numbers.
"""
import re
from collections import Counter


class Strace:
    """Counts system calls, of all threads."""

    key = "system_calls"
    program = "strace"
    row = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", re.MULTILINE)

    @staticmethod
    def words(output):
        return ["strace", "-f", "-c", "-o", output]

    @staticmethod
    def server_of(pid):
        """strace would keep a SIGTERM for itself: the server is its child."""
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return int(file.read().split()[0])

    @classmethod
    def parts(cls, text):
        """By name of the system call. The last row is the total."""
        rows = cls.row.findall(text)
        return Counter({name: int(calls) for calls, name in rows if name != "total"})

    @staticmethod
    def can_count(contestant):
        del contestant
        return True


class Callgrind:
    """Counts instructions in user space, the C library's too."""

    key = "instructions"
    program = "valgrind"
    name = re.compile(r"\((\d+)\)(?: (.*))?")
    # What compilers append to a function that they have cut or copied, and callgrind to one that calls itself.
    suffix = re.compile(r"(\.(part|cold|constprop|isra)(\.\d+)?|'\d+)+$")

    @staticmethod
    def words(output):
        return ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={output}"]

    @staticmethod
    def server_of(pid):
        return pid

    @classmethod
    def parts(cls, text):
        """By name of the function, each without what it calls. A name is written once, then only its number."""
        names = {}
        counted = Counter()
        function = None
        is_call = False
        for line in text.splitlines():
            kind, _, rest = line.partition("=")
            if kind in ("fn", "cfn"):
                number, name = cls.name.match(rest).groups()
                names.setdefault(number, name and cls.suffix.sub("", name))
                function = names[number] if kind == "fn" else function
            elif kind == "calls":
                is_call = True
            elif line[:1] in "0123456789+-*" and line:
                # The line behind a call says what it cost, and that is counted where it was spent.
                if not is_call:
                    counted["(stubs)" if function.startswith("0x") else function] += int(line.split()[-1])
                is_call = False
        return counted

    @staticmethod
    def can_count(contestant):
        return contestant.counts_instructions
