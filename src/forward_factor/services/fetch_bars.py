"""Bars from a provider into the store: only days that are not there yet, span by span.

Every span is stored in a transaction of its own as soon as it is there, so a run that is killed goes on where it
stopped: what it had stored is no gap any more. A day is asked for when all of its trading is over, half past eight in
the evening in New York, for a day that is stored is not asked for again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np

from forward_factor.core.bars import Bars, BarTable, Timeframe, day_begins, new_york_days
from forward_factor.core.chain import NEW_YORK
from forward_factor.core.market_hours import trading_days_between
from forward_factor.errors import ForwardFactorError, InvalidInput, NotOffered, ProviderRefused, ProviderUnavailable
from forward_factor.services.ports import Clock, ScanStore, Transactions
from forward_factor.services.ports.market_data import Ability, MarketData

SETTLED_AT = time(20, 30)
"""New York; trading after hours ends at eight."""
MOST_DAYS = {Timeframe.MINUTE: 40, Timeframe.HOUR: 40, Timeframe.DAY: 500}
"""Trading days a span: a page of the vendor's holds some 50 days of minutes, which hours are made from as well."""
AT_ONCE = 4
"""Spans under way; how fast they may be asked for is the provider's own matter."""
PATIENCE = 3
"""After so many spans in a row that a provider did not or would not give, the rest is not asked for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which bars.

    Attributes:
        first, last: New York dates, both included.
        again: whether to fetch days that are stored, too, and replace what differs.

    """

    tickers: Sequence[str]
    timeframe: Timeframe
    first: date
    last: date
    again: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Trading days in a row of one ticker that are asked for together."""

    ticker: str
    days: Sequence[date]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of a span.

    Attributes:
        bars: how many the provider gave; ``changed`` of them were new, or other than those stored.
        empty_days: of how many days it gave none; they are gaps still.
        failure: why nothing of it is stored, None where all went well.

    """

    span: Span
    bars: int = 0
    changed: int = 0
    empty_days: int = 0
    failure: ForwardFactorError | None = None


def last_settled_day(now: datetime) -> date:
    """Return the last New York date whose trading is over at an aware instant."""
    local = now.astimezone(NEW_YORK)
    return local.date() if local.time() >= SETTLED_AT else local.date() - timedelta(days=1)


async def plan_spans(store: Transactions, clock: Clock, wanted: Wanted) -> list[Span]:
    """Return the gaps: trading days by the exchange's calendar that have no bars yet.

    Raises:
        InvalidInput: ``first`` is after ``last``.

    """
    if wanted.first > wanted.last:
        raise InvalidInput(f"bars from {wanted.first} to {wanted.last}: the first day is after the last")
    days = trading_days_between(wanted.first, min(wanted.last, last_settled_day(clock.now())))
    if not days:
        return []
    spans: list[Span] = []
    async with store.reading() as work:
        for ticker in dict.fromkeys(wanted.tickers):
            known: Collection[date] = ()
            if not wanted.again:
                known = await work.bars.days_stored(ticker, wanted.timeframe, days[0], days[-1])
            spans += (Span(ticker, run) for run in _runs(days, known, MOST_DAYS[wanted.timeframe]))
    return spans


async def fetch_bars(
    store: ScanStore, data: MarketData, wanted: Wanted, spans: Sequence[Span]
) -> AsyncGenerator[Fetched, None]:
    """Fetch and store ``spans``, some at once, and yield what became of each, in order.

    At the end what is made from minutes is brought up to date over all that was wanted, so that a run after a killed
    one does that for both.

    Raises:
        NotOffered: the provider has no bars.

    """
    if Ability.BARS not in data.abilities:
        raise NotOffered(f"provider {data.name} has no {Ability.BARS.value}: name another one")
    refusals = 0
    under_way: deque[tuple[Span, asyncio.Task[Bars]]] = deque()
    waiting = deque(spans)
    try:
        while waiting or under_way:
            while waiting and len(under_way) < AT_ONCE:
                span = waiting.popleft()
                under_way.append((span, asyncio.create_task(_ask(data, wanted.timeframe, span))))
            span, task = under_way.popleft()
            try:
                bars = await task
            except ForwardFactorError as failure:
                refusals = refusals + 1 if isinstance(failure, (ProviderUnavailable, ProviderRefused)) else 0
                yield Fetched(span, failure=failure)
                if refusals >= PATIENCE:
                    for one in (*(one for one, _ in under_way), *waiting):
                        yield Fetched(one, failure=failure)
                    break
                continue
            refusals = 0
            yield await _store(store, wanted.timeframe, span, bars)
    finally:
        await _cancel([task for _, task in under_way])
    if wanted.timeframe is Timeframe.MINUTE:
        end = day_begins(wanted.last + timedelta(days=1))
        await store.aggregates.refresh_bars(day_begins(wanted.first), end)


async def _ask(data: MarketData, timeframe: Timeframe, span: Span) -> Bars:
    return await data.bars_of(span.ticker, timeframe, span.days[0], span.days[-1])


async def _store(store: ScanStore, timeframe: Timeframe, span: Span, bars: Bars) -> Fetched:
    async with store.unit_of_work() as work:
        changed = await work.bars.put(timeframe, BarTable.of(span.ticker, bars))
        await work.commit()
    given = np.isin(np.array(span.days, "datetime64[D]"), new_york_days(bars.at))
    return Fetched(span, len(bars), changed, int(np.count_nonzero(~given)))


async def _cancel(tasks: Sequence[asyncio.Task[Bars]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _runs(days: Sequence[date], known: Collection[date], most: int) -> Iterator[Sequence[date]]:
    """Yield the days that are not known in runs without one between them that is, each of ``most`` days at the most."""
    run: list[date] = []
    for day in days:
        if run and (day in known or len(run) >= most):
            yield tuple(run)
            run = []
        if day not in known:
            run.append(day)
    if run:
        yield tuple(run)
