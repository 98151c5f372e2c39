# SPDX-License-Identifier: MIT
"""What bench/run is made of: servers and the load that races them, counts, memory, and what is told of it all.

Nothing here is a yardstick by itself. Absolute times say more of the machine than of the servers, so every number is
told beside the same number of the others, taken in the same run.
"""
