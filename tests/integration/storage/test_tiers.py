"""Tiers on every store: after each change of who watches what, and for everybody at once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select

from forward_factor.clock import FixedClock
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.change_settings import change_settings
from forward_factor.services.disable_user import disable_user
from forward_factor.services.recompute_tiers import recompute_tiers
from forward_factor.services.remove_from_watchlist import remove_from_watchlist
from forward_factor.storage.store import Store
from forward_factor.storage.tables import MasterTicker, Subscription, User, UserSettings, table_of
from tests.integration.storage.accounts import NOW, register

CLOCK = FixedClock(NOW)
ASLEEP = {"enabled": True, "start": "09:00", "end": "17:00"}


async def tiers(store: Store) -> Mapping[str, tuple[int | None, str | None]]:
    table = table_of(MasterTicker)
    async with store.engine.connect() as connection:
        rows = (await connection.execute(select(table))).all()
    return {row.ticker: (row.active_subscriber_count, row.scan_tier) for row in rows}


async def test_tiers_follow_every_change(store: Store) -> None:
    ann, bob = [(await register(store, email)).id for email in ("ann@x.de", "bob@x.de")]
    await add_to_watchlist(store, CLOCK, ann, ["AAPL", "SPY"])
    await add_to_watchlist(store, CLOCK, bob, ["SPY"])
    assert await tiers(store) == {"AAPL": (1, "medium"), "SPY": (2, "medium")}
    await change_settings(store, bob, {"scan_priority": "high"})
    assert await tiers(store) == {"AAPL": (1, "medium"), "SPY": (2, "high")}
    await change_settings(store, ann, {"alerts_paused": True})
    assert await tiers(store) == {"AAPL": (1, "low"), "SPY": (2, "high")}
    await change_settings(store, bob, {"quiet_hours": ASLEEP})
    assert await tiers(store) == {"AAPL": (1, "low"), "SPY": (2, "low")}
    await change_settings(store, ann, {"alerts_paused": False})
    assert await tiers(store) == {"AAPL": (1, "medium"), "SPY": (2, "high")}
    await disable_user(store, CLOCK, bob)
    assert await tiers(store) == {"AAPL": (1, "medium"), "SPY": (1, "medium")}
    await remove_from_watchlist(store, ann, ["AAPL"])
    assert await tiers(store) == {"AAPL": (0, "low"), "SPY": (1, "medium")}
    assert await recompute_tiers(store, CLOCK) == 0


async def test_ten_watchers_make_a_ticker_high(store: Store) -> None:
    for number in range(10):
        user = await register(store, f"user{number}@x.de")
        await add_to_watchlist(store, CLOCK, user.id, ["SPY"])
        assert (await tiers(store))["SPY"] == (number + 1, "high" if number == 9 else "medium")


async def test_what_the_old_bot_left_is_put_right(store: Store) -> None:
    odd: list[object] = [None, {}, [], "22:00-08:00", {"enabled": 1, "start": 22, "end": 8}, ASLEEP | {"more": 1}]
    async with store.engine.begin() as connection:
        ids = [f"old{number}" for number in range(len(odd) + 1)]
        await connection.execute(insert(table_of(User)), [{"id": one, "telegram_chat_id": one} for one in ids])
        settings: list[dict[str, object]] = [
            {"user_id": one, "quiet_hours": quiet} for one, quiet in zip(ids[1:], odd, strict=True)
        ]
        await connection.execute(insert(table_of(UserSettings)), settings)
        watched: list[dict[str, object]] = [
            {"user_id": one, "ticker": f"T{place}", "active": True} for place, one in enumerate(ids)
        ]
        watched += [{"user_id": "old0", "ticker": "GONE", "active": False}]
        await connection.execute(insert(table_of(Subscription)), watched)
        wrong: list[dict[str, object]] = [
            {"ticker": "T0", "active_subscriber_count": 99, "scan_tier": "HIGH"},
            {"ticker": "GONE", "active_subscriber_count": None, "scan_tier": "high"},
        ]
        await connection.execute(insert(table_of(MasterTicker)), wrong)
    assert await recompute_tiers(store, CLOCK) == 8
    right = {f"T{place}": (1, "medium") for place in range(6)}
    assert await tiers(store) == {**right, "T6": (1, "low"), "GONE": (0, "low")}


@pytest.mark.drill
async def test_all_tickers_at_once_take_moments(store: Store) -> None:
    seconds, users, tickers, each = 3.0, 10_000, 5_000, 10
    zones = ("America/New_York", "Asia/Tokyo", "Europe/Berlin", "Australia/Sydney")
    people = [{"id": f"u{number:05}"} for number in range(users)]
    habits = [
        {
            "user_id": f"u{number:05}",
            "timezone": zones[number % 4],
            "quiet_hours": {"enabled": number % 3 == 0, "start": f"{number % 24:02}:00", "end": "08:00"},
            "scan_priority": ("standard", "standard", "low", "high")[number % 4] if number % 100 == 0 else "standard",
        }
        for number in range(users)
    ]
    watched = [
        {"user_id": f"u{number:05}", "ticker": f"T{(number * 7 + place * 491) % tickers}", "active": True}
        for number in range(users)
        for place in range(each)
    ]
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(User)), people)
        await connection.execute(insert(table_of(UserSettings)), habits)
        await connection.execute(insert(table_of(Subscription)), watched)
    began = time.perf_counter()
    assert await recompute_tiers(store, CLOCK) == tickers
    assert time.perf_counter() - began < seconds
    began = time.perf_counter()
    assert await recompute_tiers(store, FixedClock(datetime(2026, 6, 2, 18, 0, tzinfo=UTC))) == 0
    assert time.perf_counter() - began < seconds
