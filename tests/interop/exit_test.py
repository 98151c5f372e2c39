# SPDX-License-Identifier: MIT
"""A program ends at once although the resolver holds one of its look-ups for ever."""

import time

from harness import case, expect, expect_success, main, shows

PATIENCE_SECONDS = 3

def _leave(world, way):
    program = world.peer("stuck_lookup", way)
    program.wait_for("stuck")
    program.wait_for("leaving")
    begin = time.monotonic()
    expect_success(program, last_line="leaving", seconds=20)
    expect(time.monotonic() - begin < PATIENCE_SECONDS, "the end of the process waited for the resolver")

@case
@shows("S189")
def a_program_that_cancels_a_stuck_lookup_ends(world):
    _leave(world, "cancel")

@case
@shows("S189")
def a_loop_is_released_and_the_program_ends_while_a_lookup_is_stuck(world):
    _leave(world, "release")

@case
@shows("S189")
def a_program_exits_in_a_listener_while_a_lookup_is_stuck(world):
    _leave(world, "exit")


main()
