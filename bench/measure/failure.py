# SPDX-License-Identifier: MIT
"""What goes wrong, in words for the user of the bench."""


class Failure(Exception):
    """Something that a user of the bench should read without a trace."""
