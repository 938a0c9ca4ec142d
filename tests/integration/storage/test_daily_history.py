"""Summaries by New York day equal a plain recomputation from the raw rows: after backfill, compression, retention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, select

from forward_factor.core.chain import Rejection
from forward_factor.core.reasons import Reason
from forward_factor.core.rules import VolPoint
from forward_factor.errors import StorageError
from forward_factor.services.daily_views import PairKey
from forward_factor.services.read_quality import read_quality
from forward_factor.services.read_ranks import read_ranks
from forward_factor.storage.retention import arm_retention
from forward_factor.storage.schema import downgrade_schema
from forward_factor.storage.store import Store, open_store, upgrade_store
from forward_factor.storage.tables import daily
from tests.chains import AS_OF, priced_chain
from tests.integration.storage.conftest import POOL, build
from tests.integration.storage.daily_rows import (
    NOW,
    RANKED,
    Raw,
    Row,
    begin_of,
    day_of,
    make_rows,
    merged,
    plain_candidates,
    plain_ranks,
    plain_reasons,
    plain_snapshots,
    plain_term_structure,
    rows_at,
    write_rows,
)
from tests.integration.storage.scanning import execute, scan
from tests.integration.storage.test_retention import run_jobs
from tests.servers.store import StoreServer

Plain = Callable[[Raw], dict[tuple[Any, ...], Row]]
VIEWS: dict[str, tuple[Table, int, Plain]] = {
    "candidates_daily": (daily.candidates_daily, 5, plain_candidates),
    "reasons_daily": (daily.reasons_daily, 3, plain_reasons),
    "term_structure_daily": (daily.term_structure_daily, 3, plain_term_structure),
    "snapshots_daily": (daily.snapshots_daily, 3, plain_snapshots),
}
SOURCES = ("candidates", "term_structure", "option_chain_snapshots")
KEEP = timedelta(days=60)
AGES = (400, 399, 266, 265, 130, 64, 63, 62, 61, 60, 59, 58, 30, 29, 16, 8, 7, 6, 2, 1, 0)
"""Days ago: old ones, some around the span that a retention keeps, and the last days up to now."""


async def require_equal(store: Store, raw: Raw) -> None:
    """Compare every view with loops over the raw rows, to the last bit but for sums of floats."""
    async with store.engine.connect() as connection:
        for name, (view, keys, plain) in VIEWS.items():
            found = {tuple(row[:keys]): row._asdict() for row in (await connection.execute(select(view))).all()}
            expected = plain(raw)
            assert found.keys() == expected.keys(), name
            for key, row in expected.items():
                shown = {column: found[key][column] for column in row}
                assert shown == {
                    column: pytest.approx(value, rel=1e-12) if column.endswith("_avg") and value is not None else value
                    for column, value in row.items()
                }, (name, key)
    await require_equal_ranks(store, raw)


async def require_equal_ranks(store: Store, raw: Raw) -> None:
    """Compare ranks, percentiles and coverage of every pair with loops over the raw rows."""
    expected = plain_ranks(raw, NOW)
    found = await read_ranks(store.daily, [PairKey(*key) for key in expected], NOW, with_curve=True)
    assert found.keys() == expected.keys()
    for key, plain in expected.items():
        ranks = found[PairKey(*key)]
        coverage = ranks.coverage
        recorded = plain["recorded"]
        assert (ranks.as_of, coverage.trading_days) == (plain["as_of"], plain["trading_days"])
        assert coverage.recorded_days + coverage.other_days == len(recorded)
        assert (coverage.first_on, coverage.last_on) == ((recorded[0], recorded[-1]) if recorded else (None, None))
        for name in (*RANKED, "iv_30d"):
            shown = {one: getattr(getattr(ranks, name), one) for one in plain[name]}
            assert shown == {
                one: pytest.approx(value, rel=1e-9) if name == "iv_30d" and value is not None else value
                for one, value in plain[name].items()
            }, (key, name)


async def refresh(store: Store, raw: Raw) -> None:
    instants = [row["as_of_ts"] for row in raw["candidates"]]
    await store.aggregates.refresh(min(instants), max(instants))


async def test_rows_as_they_come_and_after_backfills(store: Store) -> None:
    live = make_rows((2, 1, 0))
    await write_rows(store, live)
    await require_equal(store, live)
    old = make_rows([age for age in AGES if 58 <= age <= 64], seed=1)
    await write_rows(store, old)
    await refresh(store, old)
    await require_equal(store, merged(live, old))
    older, between = make_rows((400, 399, 265), seed=2), make_rows((61, 60, 30, 8), ("CCC",), seed=3)
    await write_rows(store, merged(older, between))
    await refresh(store, merged(older, between))
    raw = merged(live, old, older, between)
    await require_equal(store, raw)
    now = rows_at([NOW], ("DDD",))
    await write_rows(store, now)
    await require_equal(store, merged(raw, now))


async def test_compression_changes_nothing(timescale: Store) -> None:
    raw = make_rows(AGES)
    await write_rows(timescale, raw)
    await refresh(timescale, raw)
    for table in SOURCES:
        await execute(timescale, f"SELECT compress_chunk(c, if_not_compressed => true) FROM show_chunks('{table}') c")
    await require_equal(timescale, raw)
    late = make_rows((265, 61, 8), ("CCC",), seed=5)
    await write_rows(timescale, late)
    await refresh(timescale, late)
    await require_equal(timescale, merged(raw, late))


async def test_what_retention_takes_stays_in_the_summaries(store: Store) -> None:
    raw = make_rows(AGES)
    await write_rows(store, raw)
    if not store.capabilities.has_compression:
        with pytest.raises(StorageError, match="drops nothing by itself"):
            await arm_retention(store, KEEP, SOURCES)
        await require_equal(store, raw)
        return
    await arm_retention(store, KEEP, SOURCES)
    await run_jobs(store, "policy_retention")
    async with store.engine.connect() as connection:
        left = (await connection.exec_driver_sql("SELECT count(*) FROM candidates")).scalar_one()
    assert 0 < left < len(raw["candidates"])
    await require_equal(store, raw)
    await run_jobs(store, "policy_refresh_continuous_aggregate")
    await require_equal(store, raw)
    await store.aggregates.refresh(NOW - timedelta(days=400), NOW)
    await require_equal(store, raw)
    late = make_rows((20,), ("CCC",), seed=6)
    await write_rows(store, late)
    await refresh(store, late)
    await require_equal(store, merged(raw, late))


async def test_an_upgrade_sums_up_what_is_there(timescale_store: StoreServer) -> None:
    """Policies look back a month: what is older would show no more after their first run."""
    url = timescale_store.cloned_url("newest", build)
    raw = make_rows(AGES)
    async with open_store(url, POOL) as store:
        await write_rows(store, raw)
        for table in SOURCES:
            await execute(store, f"SELECT compress_chunk(c, if_not_compressed => true) FROM show_chunks('{table}') c")
        await downgrade_schema(store.engine, "0005")
    await upgrade_store(url, POOL)
    for row in raw["option_chain_snapshots"]:
        row |= {"crossed": None, "rejected_rows": None}
    async with open_store(url, POOL) as store:
        await run_jobs(store, "policy_refresh_continuous_aggregate")
        await require_equal(store, raw)


async def test_a_refresh_leaves_no_hole_and_hides_no_day_that_goes_on(timescale: Store) -> None:
    """Rows below the watermark show only when materialised: those of days no job has seen yet, too."""
    unseen = make_rows((9, 5, 4))
    await write_rows(timescale, unseen)
    late = make_rows((3,), seed=1)
    await write_rows(timescale, late)
    await refresh(timescale, late)
    today = rows_at([max(NOW - timedelta(minutes=5), begin_of(day_of(NOW)))])
    await write_rows(timescale, today)
    await refresh(timescale, today)
    more = rows_at([NOW], ("CCC",))
    await write_rows(timescale, more)
    await require_equal(timescale, merged(unseen, late, today, more))


async def test_days_are_new_yorks_when_clocks_change(store: Store) -> None:
    changes = [datetime(*day, tzinfo=UTC) for day in ((1999, 4, 4), (2006, 10, 29), (2007, 3, 11), (2025, 11, 2))]
    at = [change + timedelta(hours=hours) for change in changes for hours in range(-23, 34)]
    raw = rows_at(at, ("AAA",))
    await write_rows(store, raw)
    await refresh(store, raw)
    await require_equal(store, raw)


async def test_quality_equals_a_plain_count(store: Store) -> None:
    raw = make_rows(range(25, -1, -1), seed=3)
    await write_rows(store, raw)
    since = NOW - timedelta(days=20)
    inside = {table: [row for row in rows if day_of(row["as_of_ts"]) >= day_of(since)] for table, rows in raw.items()}
    found = await read_quality(store.daily, [], since, NOW)
    assert [(one.ticker, one.provider) for one in found] == sorted(
        {(row["ticker"], row["provider"]) for row in inside["option_chain_snapshots"]}
    )
    for one in found:
        mine = {
            table: [row for row in rows if (row["ticker"], row["provider"]) == (one.ticker, one.provider)]
            for table, rows in inside.items()
        }
        headers, candidates, points = mine["option_chain_snapshots"], mine["candidates"], mine["term_structure"]
        checked = [row for row in headers if row["crossed"] is not None]
        days = Counter(day_of(row["as_of_ts"]) for row in headers)
        contracts = sum(row["contracts_seen"] for row in checked)
        rejected = sum(row["rejected_rows"] for row in checked)
        assert (one.snapshots, one.fewest_a_day, one.most_a_day) == (
            len(headers), min(days.values()), max(days.values()),
        )  # fmt: skip
        assert one.coverage.recorded_days + one.coverage.other_days == len(days)
        assert one.snapshots_a_day == len(headers) / len(days)
        assert (one.stale, one.checked, one.contracts) == (
            sum(row["is_stale"] for row in headers), len(checked), contracts,
        )  # fmt: skip
        assert one.crossed_share == sum(row["crossed"] for row in checked) / contracts
        assert one.rejected_share == rejected / (contracts + rejected)
        assert (one.candidates, one.signals) == (len(candidates), sum(row["is_signal"] for row in candidates))
        assert one.reasons == {
            reason: count / len(candidates)
            for reason in Reason
            if (count := sum(reason.value in row["reason_codes"] for row in candidates))
        }
        assert one.missing_points[VolPoint.ATM] == pytest.approx(
            sum(row["atm_iv"] is None for row in points) / len(points)
        )
        assert (one.first_at, one.last_at) == (headers[0]["as_of_ts"], headers[-1]["as_of_ts"])
    assert [one.ticker for one in await read_quality(store.daily, ["BBB", "NONE"], since, NOW)] == ["BBB", "BBB"]


async def test_scans_count_what_is_crossed_and_rejected(store: Store) -> None:
    chain = priced_chain({30: 0.45, 60: 0.35}, "DEAR")
    chain.contracts.bid[:3] = chain.contracts.ask[:3] + 1.0
    await scan(store, [replace(chain, rejected=(Rejection("no strike", 4), Rejection("no date", 1)))])
    (found,) = await read_quality(store.daily, ["DEAR"], AS_OF - timedelta(days=2), AS_OF)
    assert (found.crossed, found.rejected_rows, found.contracts) == (3, 5, len(chain.contracts))
    assert (found.checked, found.snapshots, found.candidates) == (1, 1, 9)


async def test_a_scan_of_old_chains_shows_whoever_scanned_before(store: Store) -> None:
    """Candidates that are no signals, added to days that were summed up already, by scans alone."""
    days = [AS_OF - timedelta(days=number) for number in (30, 29, 3)]
    for number, at in enumerate((*days, *days)):
        await scan(store, [priced_chain({30: 0.30, 60: 0.35}, f"T{number}", at)])
    async with store.engine.connect() as connection:
        view = daily.candidates_daily
        rows = (await connection.execute(select(view.c.ticker, view.c.readings).distinct())).all()
    assert {tuple(row) for row in rows} == {(f"T{number}", 1) for number in range(6)}


async def test_nothing_recorded_is_no_rank(store: Store) -> None:
    key = PairKey("NONE", "30/60", "ATM")
    assert await read_ranks(store.daily, [], NOW) == {}
    ranks = (await read_ranks(store.daily, [key], NOW, with_curve=True))[key]
    assert (ranks.as_of, ranks.ff.days, ranks.ff.is_thin, ranks.coverage.share) == (None, 0, True, 0.0)
    assert await read_quality(store.daily, [], NOW - timedelta(days=9), NOW) == []
