"""What a user did and was told, in numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UserStats:
    """Counts of one user.

    Attributes:
        placed, ignored: decisions; words of the old bot that mean neither are in ``decisions`` alone.
        pnl: dollars, of closed positions whose profit is known (``with_pnl`` of them); None where there is none.
        hit_rate: share of those that made a profit, 0 to 1.

    """

    watched: int
    alerts: int
    alerts_last_7_days: int
    decisions: int
    placed: int
    ignored: int
    open_positions: int
    with_pnl: int
    pnl: float | None
    hit_rate: float | None
