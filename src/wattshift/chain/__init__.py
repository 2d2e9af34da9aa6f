"""The Bitcoin protocol's own arithmetic: exact integers, proven against real blocks.

`params` names the networks, `target` turns bits into targets, difficulty and work, `header` reads
80 bytes, `rules` says what the next block must look like, `faults` says why a header was refused.
"""

from __future__ import annotations

__all__: list[str] = []
