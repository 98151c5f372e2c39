# SPDX-License-Identifier: MIT
"""Memory and descriptors of a running program, as Linux tells them; a Windows program under Wine is such a program too."""

import os


def peak_bytes(pid):
    """The largest resident set so far, or None where the system has no /proc."""
    path = f"/proc/{pid}/status"
    if not os.path.exists(path):
        return None
    with open(path, encoding="ascii") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return None


def descriptor_count(pid):
    """How many descriptors a program has open now."""
    return len(os.listdir(f"/proc/{pid}/fd"))
