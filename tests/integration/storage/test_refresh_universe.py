"""Refreshes of the universe: when they are due, what they rest on, and how they fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from forward_factor.clock import FixedClock
from forward_factor.errors import NotOffered, ProviderRefused, ProviderUnavailable
from forward_factor.services.list_universe import list_universe
from forward_factor.services.refresh_universe import CHECK_LASTS, TICKERS_A_CHECK, is_refresh_due, refresh_universe
from forward_factor.storage.store import Store, open_store
from tests.fakes.market_data import GivenMarketData
from tests.integration.storage.conftest import POOL
from tests.integration.storage.trading import DAY, NOW, TICKERS, bars_of, last_sessions, members, traded


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """One store is enough: what is stored is the same on all."""
    async with open_store(f"sqlite:///{tmp_path / 'store.db'}", POOL) as opened:
        yield opened


async def test_it_is_due_once_after_each_session(store: Store, clock: FixedClock) -> None:
    await refresh_universe(store, clock, traded(last_sessions(5)), 5)
    clock.instant = NOW + timedelta(hours=20)
    assert not await is_refresh_due(store, clock)
    clock.instant = NOW + timedelta(days=1) - timedelta(seconds=1)
    assert not await is_refresh_due(store, clock)
    clock.instant = NOW + timedelta(days=1)
    assert await is_refresh_due(store, clock)
    await refresh_universe(store, clock, traded(last_sessions(5, date(2026, 11, 25))), 5)
    clock.instant = NOW + timedelta(days=2)  # Thanksgiving: no session has ended since
    assert not await is_refresh_due(store, clock)


async def test_members_do_not_flap(store: Store, clock: FixedClock) -> None:
    await refresh_universe(store, clock, traded(last_sessions(5)), 10)
    falls_little = [*TICKERS[:9], "NEWA", "NEWB", TICKERS[9], *TICKERS[10:]]
    await refresh_universe(store, clock, traded(last_sessions(5), falls_little), 10)
    assert set(await members(store)) == {*TICKERS[:10], "NEWA"}
    falls_far = [*TICKERS[:9], "NEWA", "NEWB", "NEWC", TICKERS[9]]
    done = await refresh_universe(store, clock, traded(last_sessions(5), falls_far), 10)
    assert (done.joined, done.left) == ((), (TICKERS[9],))


async def test_who_has_options_is_asked_once_a_month(store: Store, clock: FixedClock) -> None:
    data = traded(last_sessions(5))
    await refresh_universe(store, clock, data, 10)
    asked = len(data.asked_about_options)
    assert asked == TICKERS_A_CHECK
    clock.instant += CHECK_LASTS - timedelta(days=1)
    days = last_sessions(5, clock.instant.date())
    data.bars = {day: bars_of(day, TICKERS[:20]) for day in days}
    await refresh_universe(store, clock, data, 10)
    # only what the first refresh had not kept: its last places were beyond any member's
    assert data.asked_about_options[asked:] == TICKERS[12:20]
    clock.instant += timedelta(days=1)
    asked = len(data.asked_about_options)
    await refresh_universe(store, clock, data, 10)
    assert data.asked_about_options[asked:] == TICKERS[:12] + TICKERS[12:20]


async def test_a_first_refresh_that_stops_is_still_due(store: Store, clock: FixedClock) -> None:
    data = traded(last_sessions(5))
    data.checks_until_failure, data.failure = 1, ProviderUnavailable("down")
    with pytest.raises(ProviderUnavailable):
        await refresh_universe(store, clock, data, 40)
    assert (await list_universe(store)).refreshed_on is None
    assert await is_refresh_due(store, clock)


@pytest.mark.parametrize("error", [ProviderUnavailable("down"), NotOffered("none")])
async def test_without_bars_the_universe_stays(
    store: Store, clock: FixedClock, error: ProviderUnavailable | NotOffered
) -> None:
    await refresh_universe(store, clock, traded(last_sessions(5)), 5)
    clock.instant += timedelta(days=1)
    failing = GivenMarketData(bars={date(2026, 11, 25): error})
    with pytest.raises(type(error)):
        await refresh_universe(store, clock, failing, 5)
    with pytest.raises(ProviderUnavailable, match="no daily bars of 2026-11-25"):
        await refresh_universe(store, clock, GivenMarketData(), 5)
    assert await members(store) == TICKERS[:5]


async def test_the_last_days_that_there_are_count(store: Store, clock: FixedClock) -> None:
    data = traded(last_sessions(8)[:7])
    data.bars[DAY] = ProviderRefused("not on your plan")
    del data.bars[last_sessions(3)[0]]
    done = await refresh_universe(store, clock, data, 5)
    assert (done.session, done.days) == (DAY, 5)
    refused = GivenMarketData(bars=dict.fromkeys(last_sessions(10), ProviderRefused("no")))
    with pytest.raises(ProviderRefused):
        await refresh_universe(store, clock, refused, 5)
