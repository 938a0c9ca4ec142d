"""How much is read at once: rows are of any width, memory is not."""

from __future__ import annotations

MOST_ROWS, MOST_BYTES = 8192, 4_000_000
"""In one range; whichever comes first closes it."""
FIRST_FETCH = 4
_GROWTH = 4


def next_fetch(fetched: int, size: int, room: int) -> int:
    """Return how many rows to fetch after ``fetched`` rows of ``size`` bytes, where ``room`` more are wanted."""
    fitting = MOST_BYTES * fetched // (_GROWTH * size + 1)
    return max(1, min(fitting, room, _GROWTH * fetched))
