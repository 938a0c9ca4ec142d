"""Leases on each store: one holder at a time, and the next one when it has gone silent."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from forward_factor.clock import FixedClock
from forward_factor.services.hold_lease import LASTS, HoldLease
from forward_factor.storage.store import Store

NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


def _is_held(lease: HoldLease) -> bool:
    return lease.is_held


async def test_one_holds_it_until_it_falls_silent_or_gives_it_back(store: Store, clock: FixedClock) -> None:
    first, second = (HoldLease(store, clock, "watch") for _ in range(2))
    assert not _is_held(first)
    assert await first.renew()
    assert await HoldLease(store, clock, "universe").renew()
    clock.instant += LASTS - SECOND
    assert await first.renew()
    clock.instant += LASTS - SECOND
    assert not await second.renew()
    assert (_is_held(first), _is_held(second)) == (True, False)
    clock.instant += SECOND
    assert not _is_held(first)
    assert await second.renew()
    assert not await first.renew()
    await first.give_back()
    assert not await first.renew()
    await second.give_back()
    assert not _is_held(second)
    assert await first.renew()
    clock.instant -= timedelta(days=7)
    assert await second.renew()


async def test_of_many_that_come_at_once_one_has_it(store: Store, clock: FixedClock) -> None:
    for _ in range(3):
        many = [HoldLease(store, clock, "watch") for _ in range(4)]
        assert sorted(await asyncio.gather(*(one.renew() for one in many))) == [False, False, False, True]
        clock.instant += LASTS
