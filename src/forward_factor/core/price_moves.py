"""Which tickers have moved so far since their last scan that they are worth another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

_ROUNDING = 1e-9
"""A move of exactly the share counts, though 100.5 / 100 - 1 is a little less than 0.005 in floating point."""


@dataclass(frozen=True, slots=True)
class Price:
    """A price in dollars, and the instant it was made at (aware, UTC)."""

    dollars: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Rescan:
    """When a rescan was asked for, and the price that was the reason."""

    asked_at: datetime
    price: Price


@dataclass(frozen=True, slots=True)
class MoveRule:
    """What counts as a move.

    Attributes:
        share: least distance from the price of the last scan, decimal (0.005 is half a percent).
        rest: after a rescan was asked for, the ticker is left alone for so long.

    """

    share: float
    rest: timedelta = timedelta(seconds=60)


def moved_tickers(
    prices: Mapping[str, Price],
    scanned: Mapping[str, float],
    asked: Mapping[str, Rescan],
    now: datetime,
    rule: MoveRule,
) -> list[str]:
    """Return the tickers to scan again: |price / price at the last scan - 1| >= ``rule.share``.

    A ticker that was never scanned has not moved. One price is a reason for one rescan only, however long no other
    comes: the last trade of a ticker that hardly trades may be far from the price its chain was scanned at.

    Args:
        prices: the latest ones.
        scanned: dollars at the last scan.
        asked: the last rescan asked for, by ticker.
        now: aware instant.
        rule: what counts as a move.

    """
    return [
        ticker
        for ticker, price in prices.items()
        if _is_far(price.dollars, scanned.get(ticker), rule.share) and _is_news(price, asked.get(ticker), now, rule)
    ]


def _is_far(dollars: float, scanned: float | None, share: float) -> bool:
    return scanned is not None and scanned > 0 and dollars > 0 and abs(dollars / scanned - 1) >= share - _ROUNDING


def _is_news(price: Price, before: Rescan | None, now: datetime, rule: MoveRule) -> bool:
    return before is None or (price != before.price and now - before.asked_at >= rule.rest)
