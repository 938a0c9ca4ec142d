"""Markets with given trades, for tests of the universe."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

import numpy as np

from forward_factor.core import market_hours
from forward_factor.core.universe import DailyBars
from forward_factor.services.list_universe import list_universe
from forward_factor.services.refresh_universe import SETTLES_WITHIN
from forward_factor.storage.store import Store
from tests.fakes.market_data import GivenMarketData

DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC) + SETTLES_WITHIN
TICKERS = [f"T{number:03d}" for number in range(1, 61)]


def bars_of(day: date, tickers: Collection[str]) -> DailyBars:
    """Return bars of which the first ticker's is the most traded."""
    return DailyBars(day, list(tickers), np.full(len(tickers), 10.0), np.arange(len(tickers), 0.0, -1.0))


def traded(days: Collection[date], tickers: Collection[str] = TICKERS) -> GivenMarketData:
    """Return a market with the same bars on all ``days``."""
    return GivenMarketData(bars={day: bars_of(day, tickers) for day in days})


def last_sessions(count: int, until: date = DAY) -> tuple[date, ...]:
    """Return the last trading days up to ``until``."""
    return market_hours.trading_days_between(until - timedelta(days=40), until)[-count:]


async def members(store: Store) -> list[str]:
    """Return who is a member, by rank."""
    return [entry.ticker for entry in (await list_universe(store)).entries if entry.is_member]
