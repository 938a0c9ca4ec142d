"""The universe on each store."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from forward_factor.clock import FixedClock
from forward_factor.errors import ProviderUnavailable
from forward_factor.services.dismiss_universe import dismiss_universe
from forward_factor.services.list_universe import list_universe
from forward_factor.services.refresh_universe import TICKERS_A_CHECK, is_refresh_due, refresh_universe
from forward_factor.storage.store import Store
from tests.integration.storage.trading import DAY, NOW, TICKERS, last_sessions, members, traded


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


async def test_a_universe_is_chosen_and_stored(store: Store, clock: FixedClock) -> None:
    data = traded(last_sessions(5))
    data.without_options, data.silent_about = {"T002"}, {"T004"}
    assert await is_refresh_due(store, clock)
    done = await refresh_universe(store, clock, data, 10)
    stored = await list_universe(store)
    assert (done.session, done.days, done.members, len(done.joined), done.left) == (DAY, 5, 10, 10, ())
    assert done.unknown == ("T004",)
    assert await members(store) == ["T001", "T003", *TICKERS[4:12]]
    assert stored.refreshed_on == DAY
    assert [entry.rank for entry in stored.entries] == list(range(1, 15))
    assert [entry.is_optionable for entry in stored.entries[:4]] == [True, False, True, None]
    assert stored.entries[0].checked_on == DAY
    assert stored.entries[3].checked_on is None
    assert not await is_refresh_due(store, clock)


async def test_a_refresh_that_stops_goes_on_where_it_was(store: Store, clock: FixedClock) -> None:
    await refresh_universe(store, clock, traded(last_sessions(5), TICKERS[:3]), 3)
    clock.instant += timedelta(days=1)
    data = traded(last_sessions(5, date(2026, 11, 25)))
    data.checks_until_failure, data.failure = 1, ProviderUnavailable("down")
    with pytest.raises(ProviderUnavailable):
        await refresh_universe(store, clock, data, 40)
    assert data.asked_about_options == TICKERS[3:TICKERS_A_CHECK]
    assert await members(store) == TICKERS[:3]
    assert (await list_universe(store)).refreshed_on == DAY
    assert await is_refresh_due(store, clock)
    data.checks_until_failure = None
    await refresh_universe(store, clock, data, 40)
    assert data.asked_about_options == TICKERS[3 : 2 * TICKERS_A_CHECK]
    assert await members(store) == TICKERS[:40]


async def test_a_universe_can_be_done_without(store: Store, clock: FixedClock) -> None:
    assert await dismiss_universe(store) == 0
    await refresh_universe(store, clock, traded(last_sessions(5)), 5)
    assert await dismiss_universe(store) == 5
    assert (await list_universe(store)).entries == []
