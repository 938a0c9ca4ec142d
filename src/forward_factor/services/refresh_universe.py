"""Choose the liquid universe anew, once for each session, from what was traded and who has options."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from forward_factor.core import market_hours
from forward_factor.core.chain import new_york_date
from forward_factor.core.universe import (
    DAYS,
    DailyBars,
    OptionsCheck,
    Traded,
    UniverseEntry,
    choose_members,
    places_wanted,
    rank_by_dollar_volume,
)
from forward_factor.errors import ProviderRefused, ProviderUnavailable
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.market_data import MarketData

SETTLES_WITHIN = timedelta(hours=1)
"""After the close, until vendors have the day's bars."""

CHECK_LASTS = timedelta(days=30)
"""Who has options seldom changes."""

TICKERS_A_CHECK = 25
"""Checks are stored in such groups, so that a refresh that is killed, or has to stop, goes on where it was."""

LOOKS_BACK = 10
"""Sessions among which the days with bars are looked for."""


@dataclass(frozen=True, slots=True)
class RefreshedUniverse:
    """What a refresh came to.

    Attributes:
        session: New York date of the session after which it was due.
        days: how many days of bars it rests on.
        joined, left: tickers that became members, and that are none any more.
        unknown: shares among the most traded of which nobody could say whether they have options.

    """

    session: date
    days: int
    members: int
    joined: tuple[str, ...]
    left: tuple[str, ...]
    unknown: tuple[str, ...]


async def is_refresh_due(store: Transactions, clock: Clock) -> bool:
    """Return whether a session has ended, and its bars have settled, since the universe was refreshed."""
    async with store.reading() as work:
        refreshed_on = (await work.universe.read()).refreshed_on
    return refreshed_on is None or refreshed_on < due_session(clock.now())


def due_session(now: datetime) -> date:
    """Return the New York date of the last session whose bars have settled."""
    return market_hours.previous_session(now - SETTLES_WITHIN).day


async def refresh_universe(store: Transactions, clock: Clock, data: MarketData, size: int) -> RefreshedUniverse:
    """Store the ``size`` most traded shares with options, and members that are still near.

    Whatever fails, the universe before stays as it was.

    Raises:
        NotOffered: the provider has no daily bars, or cannot say who has options.
        ProviderUnavailable, ProviderRefused, UnreadableChain: the bars could not be had.

    """
    session = due_session(clock.now())
    bars = await _last_bars(data, session)
    traded = rank_by_dollar_volume(bars)
    async with store.reading() as work:
        before = (await work.universe.read()).entries
    checks = await _checked(store, data, traded, before, new_york_date(clock.now()), places_wanted(size))
    members = {entry.ticker for entry in before if entry.is_member}
    entries = choose_members(traded, checks, members, size)
    async with store.unit_of_work() as work:
        await work.universe.replace(entries, session)
        await work.commit()
    return _summary(session, len(bars), members, entries)


async def _last_bars(data: MarketData, session: date) -> list[DailyBars]:
    """Return the bars of the last days up to ``session`` that have any; those the provider refuses are skipped."""
    found: list[DailyBars] = []
    refused: ProviderRefused | None = None
    days = market_hours.trading_days_between(session - timedelta(days=3 * LOOKS_BACK), session)
    for day in reversed(days[-LOOKS_BACK:]):
        try:
            bars = await data.daily_bars(day)
        except ProviderRefused as error:  # lower plans have no bars of the day itself
            refused = error
            continue
        found += [bars] if len(bars.tickers) else []
        if len(found) == DAYS:
            break
    if not found:
        raise refused or ProviderUnavailable(f"{data.name} has no daily bars of {session} or the days before it")
    return found


async def _checked(
    store: Transactions,
    data: MarketData,
    traded: Sequence[Traded],
    before: Sequence[UniverseEntry],
    today: date,
    wanted: int,
) -> Mapping[str, OptionsCheck]:
    """Return who has options, down from the most traded until ``wanted`` of them are known to have."""
    checks = {
        entry.ticker: OptionsCheck(entry.is_optionable, entry.checked_on)
        for entry in before
        if entry.is_optionable is not None and entry.checked_on is not None
    }
    found = 0
    for start in range(0, len(traded), TICKERS_A_CHECK):
        group = traded[start : start + TICKERS_A_CHECK]
        due = [one for one in group if not _is_fresh(checks.get(one.ticker), today)]
        checks |= await _check(store, data, due, today)
        found += sum(checks[one.ticker].is_optionable for one in group if one.ticker in checks)
        if found >= wanted:
            break
    return checks


def _is_fresh(check: OptionsCheck | None, today: date) -> bool:
    return check is not None and today - check.checked_on < CHECK_LASTS


async def _check(
    store: Transactions, data: MarketData, traded: Sequence[Traded], today: date
) -> dict[str, OptionsCheck]:
    if not traded:
        return {}
    optionable = await data.is_optionable([one.ticker for one in traded])
    async with store.unit_of_work() as work:
        await work.universe.remember(traded, optionable, today)
        await work.commit()
    return {ticker: OptionsCheck(is_optionable, today) for ticker, is_optionable in optionable.items()}


def _summary(session: date, days: int, before: Collection[str], entries: Sequence[UniverseEntry]) -> RefreshedUniverse:
    members = [entry.ticker for entry in entries if entry.is_member]
    return RefreshedUniverse(
        session=session,
        days=days,
        members=len(members),
        joined=tuple(ticker for ticker in members if ticker not in before),
        left=tuple(sorted(set(before) - set(members))),
        unknown=tuple(entry.ticker for entry in entries if entry.is_optionable is None),
    )
