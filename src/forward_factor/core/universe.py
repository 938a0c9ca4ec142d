"""The liquid universe: the most traded shares and funds with options, chosen so that members do not flap."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil

import numpy as np

from forward_factor.core.arrays import FloatArray

DAYS = 5
"""Trading days over which dollar volume is averaged."""

STAYS_WITHIN = 1.2
"""A member stays until its place is beyond so many times the size of the universe."""

# Shares, share classes (BRK.B) and funds. Digits are on no US share; the simulated market's tickers have them.
# Vendors write preferred shares with a lower-case p, and units, rights and warrants as .U, .R and .WS.
_SHARE = re.compile(r"[A-Z]{1,5}[0-9]{0,4}(\.[A-K])?")
# Nasdaq's fifth letter says what is no share: rights, units, warrants.
_NO_SHARE = re.compile(r"[A-Z]{4}[RUW]")
_TEST = re.compile(r"Z[A-Z]ZZT|[ACMNPZ]TEST[A-Z]?|ZTST|ZBZX|ZEXIT|ZIEXT|ZXIET|CB[OX]|IGZ")


@dataclass(frozen=True, slots=True, eq=False)
class DailyBars:
    """One trading day of the whole market; columns with one entry a ticker.

    Attributes:
        price: dollars, the day's vwap, else its close; NaN where there is neither.
        volume: shares, NaN where missing.

    """

    day: date
    tickers: Sequence[str]
    price: FloatArray
    volume: FloatArray


@dataclass(frozen=True, slots=True)
class Traded:
    """A share and what was traded in it.

    Attributes:
        rank: place by dollar volume among all shares of the market, from 1.
        dollar_volume: dollars a day.

    """

    ticker: str
    rank: int
    dollar_volume: float


@dataclass(frozen=True, slots=True)
class UniverseEntry:
    """A share that was considered for the universe.

    Attributes:
        is_optionable: None where it could not be found out.
        checked_on: New York date on which it was.

    """

    ticker: str
    rank: int
    dollar_volume: float
    is_optionable: bool | None
    checked_on: date | None
    is_member: bool


@dataclass(frozen=True, slots=True)
class OptionsCheck:
    """Whether a ticker has options, and the New York date on which that was found out."""

    is_optionable: bool
    checked_on: date


def is_share(ticker: str) -> bool:
    """Return whether a vendor's ticker looks like a share or a fund: no warrant, unit, right or test symbol."""
    return bool(_SHARE.fullmatch(ticker)) and not _NO_SHARE.fullmatch(ticker) and not _TEST.fullmatch(ticker)


def rank_by_dollar_volume(days: Sequence[DailyBars]) -> list[Traded]:
    """Return all shares traded on ``days``, the most traded first, of equals the first in the alphabet.

    Dollar volume is the mean of price x volume over all of the days; a day without a bar is a day without trades.
    """
    names, sums = _totals(days)
    traded = [(-total, name) for name, total in zip(names, sums.tolist(), strict=True) if total > 0 and is_share(name)]
    return [Traded(name, rank, -minus / len(days)) for rank, (minus, name) in enumerate(sorted(traded), start=1)]


def _totals(days: Sequence[DailyBars]) -> tuple[list[str], FloatArray]:
    place: dict[str, int] = {}
    for bars in days:
        for ticker in bars.tickers:
            place.setdefault(ticker, len(place))
    sums = np.zeros(len(place))
    for bars in days:
        dollars = bars.price * bars.volume
        usable = np.isfinite(dollars) & (bars.price > 0) & (bars.volume > 0)
        places = np.fromiter((place[ticker] for ticker in bars.tickers), np.int64, len(bars.tickers))
        np.add.at(sums, places[usable], dollars[usable])
    return list(place), sums


def places_wanted(size: int) -> int:
    """Return how many optionable shares must be known to choose a universe of ``size``: as far down as members stay."""
    return ceil(size * STAYS_WITHIN)


def choose_members(
    traded: Iterable[Traded], checks: Mapping[str, OptionsCheck], members: Collection[str], size: int
) -> list[UniverseEntry]:
    """Return the universe and what was left out of it, down to the last place a member may have.

    Of the shares with options, those with a place up to ``size`` are members, and those up to ``STAYS_WITHIN`` times
    it that were members before. So there are at least ``size`` of them, where there are so many, and few more.
    """
    entries: list[UniverseEntry] = []
    place = 0
    for one in traded:
        if place >= places_wanted(size):
            break
        check = checks.get(one.ticker)
        is_optionable = check is not None and check.is_optionable
        place += is_optionable
        is_member = is_optionable and (place <= size or one.ticker in members)
        entries.append(
            UniverseEntry(
                ticker=one.ticker,
                rank=one.rank,
                dollar_volume=one.dollar_volume,
                is_optionable=check.is_optionable if check else None,
                checked_on=check.checked_on if check else None,
                is_member=is_member,
            )
        )
    return entries
