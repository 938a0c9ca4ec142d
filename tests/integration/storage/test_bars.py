"""Bars on every store: in once however often they come, hours and days made from minutes as a plain loop makes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection

from forward_factor.core.bars import Bars, BarTable, Timeframe, as_instant, begin_days, day_begins
from forward_factor.services.import_bars import import_bars
from forward_factor.storage import capabilities
from forward_factor.storage import store as store_module
from forward_factor.storage.capabilities import Capabilities, read_capabilities
from forward_factor.storage.store import Store, open_store, upgrade_store
from tests.integration.storage.barring import (
    NEW_YORK,
    minutes_of,
    plain_days,
    plain_hours,
    random_minutes,
    raw_minutes,
    session_days,
    store_minutes,
)
from tests.integration.storage.conftest import POOL
from tests.integration.storage.scanning import execute, fetch
from tests.servers.store import StoreServer

SQLITE_OFFSET: str = import_module("forward_factor.storage.migrations.versions.0006_bars").SQLITE_OFFSET

FULL, EARLY = time(16), time(13)
# around the end of summer time, Thanksgiving with its short Friday, and the beginning of summer time
AUTUMN, THANKS, SPRING = date(2024, 10, 31), date(2024, 11, 27), date(2025, 3, 7)
CLOSES = {
    **dict.fromkeys((date(2024, 10, 31), date(2024, 11, 1), date(2024, 11, 4)), FULL),
    date(2024, 11, 27): FULL,
    date(2024, 11, 29): EARLY,
    **dict.fromkeys((date(2025, 3, 7), date(2025, 3, 10)), FULL),
}
DAYS = [*session_days(AUTUMN, 5), *session_days(THANKS, 3), *session_days(SPRING, 4)]


def daily(ticker: str, *closes: float, first: date = date(2024, 11, 1)) -> BarTable:
    """Return days from ``first`` on that open, trade and close at one price."""
    prices = np.array(closes)
    at = begin_days(np.array(session_days(first, len(closes)), "datetime64[D]"))
    return BarTable.of(ticker, Bars(at, prices, prices, prices, prices, prices * 10))


async def bars_of(store: Store, timeframe: Timeframe, ticker: str = "AAA") -> list[object]:
    return list(await store.records.bars(ticker, timeframe, None, None, 10_000))


async def assert_made_plainly(store: Store, ticker: str = "AAA") -> None:
    """Hours and days must equal what a plain loop makes of the raw rows."""
    rows = await raw_minutes(store, ticker)
    assert await bars_of(store, Timeframe.HOUR, ticker) == plain_hours(rows)
    assert await bars_of(store, Timeframe.DAY, ticker) == plain_days(rows, CLOSES)


async def test_hours_and_days_equal_a_plain_loop_over_minutes(store: Store) -> None:
    await store_minutes(store, random_minutes(DAYS), random_minutes(DAYS[:3], "BBB", seed=2))
    await assert_made_plainly(store)
    await assert_made_plainly(store, "BBB")
    days = await store.records.bars("AAA", Timeframe.DAY, None, None, 100)
    assert [one.at for one in days] == [day_begins(day) for day in sorted(CLOSES)]


async def test_they_do_so_after_older_minutes_come_and_others_change(store: Store) -> None:
    await store_minutes(store, random_minutes(DAYS[5:]))
    await store_minutes(store, random_minutes(DAYS[:5]))
    await assert_made_plainly(store)
    await store_minutes(store, random_minutes(DAYS[2:7], seed=5))
    await assert_made_plainly(store)


async def test_stored_hours_and_days_come_before_made_ones(store: Store) -> None:
    await store_minutes(store, random_minutes(DAYS[:5]))
    made = await store.records.bars("AAA", Timeframe.DAY, None, None, 100)
    await import_bars(store, Timeframe.DAY, daily("AAA", 7.0))
    days = await store.records.bars("AAA", Timeframe.DAY, None, None, 100)
    assert [one.at for one in days] == [one.at for one in made]
    assert [one.close for one in days if one.minutes is None] == [7.0]
    assert [one for one in days if one.minutes is not None] == [made[0], made[2]]
    newest = await store.records.bars("AAA", Timeframe.DAY, None, None, 2)
    assert list(newest) == list(days[-2:])
    span = await store.records.bars("AAA", Timeframe.DAY, days[0].at, days[1].at, 100)
    assert list(span) == [days[0]]


async def test_importing_again_changes_nothing_and_another_word_replaces(store: Store) -> None:
    table = daily("AAA", 1.0, 2.0, 3.0)
    assert await import_bars(store, Timeframe.DAY, table) == 3
    assert await import_bars(store, Timeframe.DAY, table) == 0
    assert await import_bars(store, Timeframe.DAY, daily("AAA", 1.0, 2.5)) == 1
    assert [one.close for one in await store.records.bars("AAA", Timeframe.DAY, None, None, 9)] == [1.0, 2.5, 3.0]
    assert await fetch(store, "SELECT count(*) FROM ohlcv_bars") == [(3,)]


async def test_many_batches_of_many_tickers(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forward_factor.services.import_bars.ROWS_A_BATCH", 700)
    told: list[int] = []
    minutes = minutes_of(date(2024, 11, 1), share=1.0)
    places = np.arange(len(minutes)) % 7
    table = BarTable([f"T{'X' * place}" for place in range(7)], places, minutes)
    assert await import_bars(store, Timeframe.MINUTE, BarTable(table.tickers, places, minutes), told.append) == 600
    assert told == [600]
    monkeypatch.setattr("forward_factor.services.import_bars.ROWS_A_BATCH", 70)
    assert await import_bars(store, Timeframe.MINUTE, table, told.append) == 0
    stored = await fetch(store, "SELECT ticker, count(*) FROM ohlcv_bars GROUP BY 1 ORDER BY 1")
    assert stored == [(ticker, int((places == place).sum())) for place, ticker in enumerate(table.tickers)]


async def test_which_days_are_stored(store: Store) -> None:
    first, last = date(2024, 11, 26), date(2024, 12, 2)
    await store_minutes(store, BarTable.of("AAA", minutes_of(date(2024, 11, 27), share=1.0)))
    around = BarTable.of("AAA", minutes_of(date(2024, 11, 29), time(14), time(19), share=1.0))  # it closed at 13:00
    await store_minutes(store, around)
    await import_bars(store, Timeframe.DAY, daily("AAA", 1.0, 1.0, first=date(2024, 11, 25)))
    async with store.reading() as work:
        assert set(await work.bars.days_stored("AAA", Timeframe.MINUTE, first, last)) == {date(2024, 11, 27)}
        assert set(await work.bars.days_stored("AAA", Timeframe.DAY, first, last)) == {date(2024, 11, 26)}
        assert set(await work.bars.days_stored("AAA", Timeframe.HOUR, first, last)) == set()
        assert set(await work.bars.days_stored("BBB", Timeframe.DAY, first, last)) == set()


async def test_made_bars_outlast_dropped_minutes_and_later_imports(timescale: Store) -> None:
    await store_minutes(timescale, random_minutes(DAYS))
    before = [await bars_of(timescale, one) for one in (Timeframe.HOUR, Timeframe.DAY)]
    await execute(timescale, "SELECT drop_chunks('ohlcv_bars', TIMESTAMPTZ '2024-11-28')")
    assert await fetch(timescale, "SELECT count(*) FROM ohlcv_bars WHERE timestamp < '2024-11-20'") == [(0,)]
    assert [await bars_of(timescale, one) for one in (Timeframe.HOUR, Timeframe.DAY)] == before
    await timescale.aggregates.refresh_bars(datetime(2024, 10, 1, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC))
    assert [await bars_of(timescale, one) for one in (Timeframe.HOUR, Timeframe.DAY)] == before


async def test_compressed_bars_are_replaced_too(timescale: Store) -> None:
    await store_minutes(timescale, random_minutes(DAYS))
    await execute(timescale, "SELECT compress_chunk(c, if_not_compressed => true) FROM show_chunks('ohlcv_bars') c")
    await assert_made_plainly(timescale)
    await store_minutes(timescale, random_minutes(DAYS[3:8], seed=9), random_minutes(DAYS[:2], "BBB"))
    await assert_made_plainly(timescale)
    await assert_made_plainly(timescale, "BBB")


@pytest.mark.sqlite
async def test_sqlite_knows_when_new_york_changes_its_clocks(tmp_path: Path) -> None:
    """Every hour around each change of 1990 to 2040, and one of every other week."""
    async with open_store(f"sqlite:///{tmp_path / 'zones.db'}", POOL) as store:
        first, last = np.datetime64("1990-01-01T17", "h"), np.datetime64("2040-12-31T17", "h")
        weekly = np.arange(first, last, np.timedelta64(7 * 24, "h"))
        changes = [hour for hour in weekly[:-1] if _offset(hour) != _offset(hour + np.timedelta64(7 * 24, "h"))]
        around = [np.arange(hour, hour + np.timedelta64(7 * 24, "h")) for hour in changes]
        at = np.unique(np.concatenate([weekly, *around])).astype("datetime64[us]")
        ones = np.ones(len(at))
        await store_minutes(store, BarTable.of("AAA", Bars(at, ones, ones, ones, ones, ones)))
        offset = SQLITE_OFFSET.replace("timestamp", "ohlcv_bars.timestamp")
        rows = await fetch(store, f"SELECT timestamp, {offset} FROM ohlcv_bars ORDER BY timestamp")
    assert len(changes) == 2 * 51
    for text, behind in rows:
        assert f"{_offset(np.datetime64(str(text).replace(' ', 'T')))} hours" == behind, text


def _offset(hour: np.datetime64) -> int:
    zone = as_instant(hour).astimezone(NEW_YORK).utcoffset()
    assert zone is not None
    return int(zone.total_seconds() // 3600)


async def test_the_apache_edition_has_plain_views(
    timescale_store: StoreServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The license is the whole server's and cannot be set for a test, so the answer to the question is."""

    def as_apache(connection: Connection) -> Capabilities:
        return replace(read_capabilities(connection), edition="apache")

    monkeypatch.setattr(capabilities, "read_capabilities", as_apache)
    monkeypatch.setattr(store_module, "read_capabilities", as_apache)
    url = timescale_store.new_url()
    await upgrade_store(url, POOL)
    async with open_store(url, POOL) as store:
        assert not store.capabilities.has_compression
        await store_minutes(store, random_minutes(DAYS[5:]), random_minutes(DAYS[:5]))
        await assert_made_plainly(store)
        kinds = await fetch(store, "SELECT table_name FROM information_schema.views WHERE table_name = 'bars_daily'")
        assert kinds == [("bars_daily",)]
        assert await fetch(store, "SELECT count(*) FROM timescaledb_information.continuous_aggregates") == [(0,)]
