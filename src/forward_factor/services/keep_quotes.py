"""Which snapshots keep their whole chain, and which only what the pair rules can use."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from forward_factor.core.market_hours import is_open, latest_close


class KeepQuotes(StrEnum):
    """What is stored of a chain: the window of the pairs, the whole chain once after each close too, or all."""

    WINDOW = "window"
    DAILY = "daily"
    FULL = "full"


def keeps_full_chain(keep: KeepQuotes, as_of: datetime, previous: datetime | None) -> bool:
    """Return whether the snapshot at ``as_of`` keeps its whole chain; ``previous`` is the one before it.

    Daily means: the first snapshot after a session's close and before the next one opens.
    """
    if keep is not KeepQuotes.DAILY:
        return keep is KeepQuotes.FULL
    return not is_open(as_of) and (previous is None or previous < latest_close(as_of))
