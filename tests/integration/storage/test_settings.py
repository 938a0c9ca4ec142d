"""Settings on every store: read whatever is there, changed by name, and otherwise left to the letter."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import insert

from forward_factor.core.account_settings import AccountSettings, QuietHours
from forward_factor.core.rules import DEFAULT_PAIRS, PairRule, VolPoint
from forward_factor.errors import InvalidInput, NotFound
from forward_factor.services.change_settings import change_settings
from forward_factor.services.read_settings import read_settings, read_stored_settings
from forward_factor.storage.store import Store
from forward_factor.storage.tables import User, table_of
from tests.integration.storage.accounts import register
from tests.integration.storage.scanning import fetch

DEFAULTS = AccountSettings()
EVERYTHING = AccountSettings(
    ff_threshold=0.123456789012345,
    pairs=(PairRule(30, 60, 7, 12), PairRule(45, 90, 10, 10)),
    vol_point=VolPoint.PUT_35D,
    min_open_interest=1,
    min_volume=0,
    max_bid_ask_pct=0.1,
    sigma_fwd_floor=0.02,
    stability_scans=3,
    cooldown_minutes=0,
    quiet_hours=QuietHours(True, "21:30", "07:15"),
    preferred_structure="double_calendar",
    timezone="Europe/Berlin",
    scan_priority="high",
    discovery_mode=True,
    ex_earnings=True,
    alerts_paused=True,
    discovery_ff_threshold=0.4,
    bankroll=12345.67,
    win_rate=0.55,
    win_loss_ratio=1.25,
)


async def _moved_user(store: Store, name: str = "moved") -> str:
    """Insert a user as a move does: without settings."""
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(User)).values(id=name))
    return name


async def _insert(store: Store, **columns: str) -> None:
    """Insert the settings of the moved user, as SQL."""
    names, values = ", ".join(columns), ", ".join(columns.values())
    async with store.engine.begin() as connection:
        statement = f"INSERT INTO user_settings (user_id, {names}) VALUES ('moved', {values})"
        await connection.exec_driver_sql(statement)


async def test_a_new_account_has_the_defaults_and_a_user_without_a_row_those_of_the_application(store: Store) -> None:
    assert await read_settings(store, (await register(store, "ann@x.de")).id) == DEFAULTS
    theirs = replace(DEFAULTS, ff_threshold=0.3, cooldown_minutes=60)
    assert await read_settings(store, await _moved_user(store), theirs) == theirs
    assert await read_settings(store, "nobody") == DEFAULTS


async def test_every_setting_comes_back_as_it_was_changed(store: Store) -> None:
    for user in ((await register(store, "ann@x.de")).id, await _moved_user(store)):
        changes = {name: getattr(EVERYTHING, name) for name in EVERYTHING.__slots__}
        assert await change_settings(store, user, changes) == EVERYTHING
        found = await read_stored_settings(store, user)
        assert (found.settings, found.unread) == (EVERYTHING, ())


async def test_a_faulty_change_changes_nothing(store: Store) -> None:
    user = (await register(store, "ann@x.de")).id
    with pytest.raises(InvalidInput, match="min_volume"):
        await change_settings(store, user, {"ff_threshold": "30%", "min_volume": "many"})
    assert await read_settings(store, user) == DEFAULTS
    with pytest.raises(NotFound):
        await change_settings(store, "nobody", {"ff_threshold": "30%"})
    assert await fetch(store, "SELECT user_id FROM user_settings") == [(user,)]


async def test_a_setting_that_was_reset_follows_the_default(store: Store) -> None:
    user = (await register(store, "ann@x.de")).id
    assert (await change_settings(store, user, {"ff_threshold": None, "pairs": "default"})).ff_threshold == 0.2
    later = replace(DEFAULTS, ff_threshold=0.3, pairs=DEFAULT_PAIRS[:1])
    assert await read_settings(store, user, later) == later


async def test_old_rows_are_read_and_only_what_is_changed_is_rewritten(store: Store) -> None:
    user = await _moved_user(store)
    await _insert(
        store,
        ff_threshold="0.25",
        dte_pairs="'[[30, 60], [60,90]]'",
        vol_point="'ATM'",
        quiet_hours="'5'",
        preferred_structure="'ATM_calendar_call'",
        timezone="'Old/Zone'",
        scan_priority="'turbo'",
    )
    found = await read_stored_settings(store, user)
    assert found.settings == replace(
        DEFAULTS, ff_threshold=0.25, pairs=(DEFAULT_PAIRS[0], DEFAULT_PAIRS[2]), scan_priority="high"
    )
    assert [one.name for one in found.unread] == ["quiet_hours", "timezone"]
    await change_settings(store, user, {"min_volume": 3})
    stored = "SELECT CAST(dte_pairs AS varchar), CAST(quiet_hours AS varchar), timezone, min_volume FROM user_settings"
    assert await fetch(store, stored) == [("[[30, 60], [60,90]]", "5", "Old/Zone", 3)]
    await change_settings(store, user, {"timezone": "UTC"})
    assert [one.name for one in (await read_stored_settings(store, user)).unread] == ["quiet_hours"]


@pytest.mark.sqlite
async def test_what_only_sqlite_can_hold_is_reported(store: Store) -> None:
    if store.capabilities.engine != "sqlite":
        pytest.skip("a server's columns hold what they are declared to")
    user = await _moved_user(store)
    await _insert(
        store,
        ff_threshold="'a lot'",
        dte_pairs="'{broken'",
        min_volume="2.5",
        quiet_hours=f"'{'[' * 100_000}'",
        sigma_fwd_floor="9e999",
    )
    found = await read_stored_settings(store, user)
    assert found.settings == DEFAULTS
    assert {one.name for one in found.unread} == {
        "ff_threshold", "pairs", "min_volume", "quiet_hours", "sigma_fwd_floor",
    }  # fmt: skip


async def test_changes_at_once_lose_nothing(store: Store) -> None:
    user = (await register(store, "ann@x.de")).id
    changes: list[dict[str, object]] = [
        {"min_volume": 7},
        {"timezone": "UTC"},
        {"win_rate": "60%"},
        {"quiet_hours": {"start": "20:00"}},
    ]
    await asyncio.gather(*(change_settings(store, user, one) for one in changes))
    found = await read_settings(store, user)
    assert (found.min_volume, found.timezone, found.win_rate, found.quiet_hours.start) == (7, "UTC", 0.6, "20:00")
