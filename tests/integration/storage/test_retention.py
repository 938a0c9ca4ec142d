"""Retention: off until armed, shown before, and what is made from signals outlasts them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from forward_factor.errors import InvalidInput, StorageError
from forward_factor.storage.aggregates import AGGREGATES
from forward_factor.storage.capabilities import Capabilities
from forward_factor.storage.retention import arm_retention, disarm_retention, preview_retention, with_companions
from forward_factor.storage.status import read_status
from forward_factor.storage.store import Store
from forward_factor.storage.tables import Signal, SignalUserDecision, TransferRun, table_of
from forward_factor.storage.transfer.ledger import LOADING
from tests.integration.storage.barring import random_minutes, store_minutes
from tests.integration.storage.scanning import execute, fetch, rows_by_table

NOW = datetime.now(UTC)
KEEP = timedelta(days=60)
AGES = (400, 100, 70, 20, 0)
ON_BARS = ("bars_hourly", "bars_daily")
ON_SIGNALS = ("signals_hourly", "signals_daily_summary")


async def write_signals(store: Store, ages: tuple[float, ...] = AGES, ticker: str = "CRM") -> None:
    """Write one signal a day of the given ages, each with a decision."""
    rows = [
        {"id": f"{ticker}-{age}", "as_of_ts": NOW - timedelta(days=age), "ticker": ticker, "ff_value": age / 7}
        for age in ages
    ]
    decisions = [{"id": f"d-{row['id']}", "signal_id": row["id"]} for row in rows]
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(Signal)), rows)
        await connection.execute(insert(table_of(SignalUserDecision)), decisions)


async def armed_on(store: Store) -> dict[str, str]:
    """Return the span that each armed policy keeps."""
    async with store.engine.connect() as connection:
        status = await connection.run_sync(read_status)
    return {policy.relation: json.loads(policy.config)["drop_after"] for policy in status.retention}


async def run_jobs(store: Store, procedure: str) -> None:
    for (job,) in await fetch(
        store, f"SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = '{procedure}' AND job_id >= 1000"
    ):
        await execute(store, f"CALL run_job({job})")


async def aggregates(store: Store) -> list[list[tuple[object, ...]]]:
    return [await fetch(store, f"SELECT * FROM {name} ORDER BY 1, 2") for name in ON_SIGNALS]


async def test_preview_says_what_would_go_and_changes_nothing(store: Store) -> None:
    await write_signals(store)
    before = await rows_by_table(store)
    (signals,) = await preview_retention(store, KEEP, ["signals"], NOW)
    _, quotes = await preview_retention(store, KEEP, ["option_quotes"], NOW)
    assert (signals.rows, signals.decisions, signals.armed) == (3, 3, None)
    assert (signals.first, signals.last) == (NOW - timedelta(days=400), NOW - timedelta(days=70))
    assert signals.chunks == (3 if store.capabilities.has_hypertables else None)
    assert (quotes.table, quotes.rows, quotes.first, quotes.decisions) == ("option_quotes", 0, None, 0)
    assert await rows_by_table(store) == before
    assert len(await preview_retention(store, KEEP, [], NOW)) == 6


async def test_signals_go_and_what_is_made_from_them_stays(timescale: Store) -> None:
    await write_signals(timescale)
    assert await arm_retention(timescale, KEEP, ["signals"]) == len(AGES)
    assert await armed_on(timescale) == {"signals": "60 days"}
    made = await aggregates(timescale)
    assert [len(rows) for rows in made] == [len(AGES), len(AGES)]
    (promised,) = await preview_retention(timescale, KEEP, ["signals"], NOW)
    await run_jobs(timescale, "policy_retention")
    left = await rows_by_table(timescale)
    assert left["signals"] == len(AGES) - promised.rows == 2
    assert left["signal_user_decisions"] == len(AGES)
    assert await aggregates(timescale) == made
    await run_jobs(timescale, "policy_refresh_continuous_aggregate")
    assert await aggregates(timescale) == made
    facts = await fetch(timescale, "SELECT signal_facts ->> 'ff_value' FROM signal_user_decisions ORDER BY id")
    assert sorted(float(str(one)) for (one,) in facts) == sorted(age / 7 for age in AGES)


@pytest.mark.parametrize("age", [100.0, 69.0, 60.0])
async def test_late_signals_do_not_empty_the_aggregates_of_those_gone(timescale: Store, age: float) -> None:
    await write_signals(timescale)
    await arm_retention(timescale, KEEP, ["signals"])
    made = await aggregates(timescale)
    await run_jobs(timescale, "policy_retention")
    await write_signals(timescale, (age,), "LATE")
    await timescale.aggregates.refresh(NOW - timedelta(days=age), NOW - timedelta(days=age))
    kept = [[row for row in rows if row[1] == "CRM"] for rows in await aggregates(timescale)]
    assert kept == made


async def test_arming_again_changes_the_span_and_disarming_ends_it(timescale: Store) -> None:
    await arm_retention(timescale, timedelta(days=90), ["candidates", "option_quotes"])
    await arm_retention(timescale, timedelta(days=45), ["option_chain_snapshots"])
    armed = await armed_on(timescale)
    assert armed == {"candidates": "90 days", "option_chain_snapshots": "45 days", "option_quotes": "45 days"}
    (found,) = await preview_retention(timescale, KEEP, ["candidates"], NOW)
    assert found.armed == "90 days"
    await disarm_retention(timescale, ["option_quotes"])
    assert set(await armed_on(timescale)) == {"candidates"}
    await disarm_retention(timescale, [])
    await disarm_retention(timescale, [])
    assert await armed_on(timescale) == {}


async def test_nothing_runs_at_once(timescale: Store) -> None:
    await arm_retention(timescale, KEEP, ["signals"])
    (row,) = await fetch(
        timescale,
        "SELECT initial_start > now() + INTERVAL '50 minutes' FROM timescaledb_information.jobs "
        "WHERE proc_name = 'policy_retention'",
    )
    assert row == (True,)


async def test_nothing_is_armed_during_a_move(timescale: Store) -> None:
    run = {"id": "r1", "suspended": {}, "state": LOADING, "started_at": NOW}
    async with timescale.engine.begin() as connection:
        await connection.execute(insert(table_of(TransferRun)), [run])
    with pytest.raises(StorageError, match="has not finished"):
        await arm_retention(timescale, KEEP, ["candidates"])
    assert await armed_on(timescale) == {}


@pytest.mark.parametrize(
    ("table", "days"), [("signals", 30), ("candidates", 30), ("term_structure", 30), ("option_quotes", 7)]
)
async def test_rows_are_kept_as_long_as_aggregates_are_refreshed(timescale: Store, table: str, days: int) -> None:
    with pytest.raises(InvalidInput, match=f"{days} days at least"):
        await arm_retention(timescale, timedelta(days=days - 1), [table])
    assert await armed_on(timescale) == {}
    await arm_retention(timescale, timedelta(days=days), [table])


async def test_the_refreshed_spans_are_the_policies_own(timescale: Store) -> None:
    async with timescale.engine.connect() as connection:
        policies = (await connection.run_sync(read_status)).policies
    spans = {one.relation: json.loads(one.config)["start_offset"] for one in policies if "refresh" in one.procedure}
    assert spans == {one.view: f"{one.refreshed.days} days" for one in AGGREGATES}


async def test_other_stores_drop_nothing(store: Store) -> None:
    can = store.capabilities
    if can.has_compression:
        store = Store(store.engine, Capabilities(can.engine, can.version, can.timescale, can.timescale, "apache"))
    for change in (arm_retention(store, KEEP, ["signals"]), disarm_retention(store, ["signals"])):
        with pytest.raises(StorageError, match="TimescaleDB's community edition"):
            await change


def test_a_header_and_its_quotes_are_one() -> None:
    assert with_companions(["option_quotes", "signals"]) == ["signals", "option_chain_snapshots", "option_quotes"]
    with pytest.raises(InvalidInput, match="'users' is no time series"):
        with_companions(["users"])


async def test_bars_go_and_what_is_made_from_their_minutes_stays(timescale: Store) -> None:
    today = NOW.date()
    days = [today - timedelta(days=age) for age in (400, 100, 70, 20, 8)]
    await store_minutes(timescale, random_minutes(days))
    await store_minutes(timescale, random_minutes([today - timedelta(days=300)]))
    with pytest.raises(InvalidInput, match="ohlcv_bars must be kept 30 days"):
        await arm_retention(timescale, timedelta(days=29), ["ohlcv_bars"])
    await arm_retention(timescale, KEEP, ["ohlcv_bars"])
    made = [await fetch(timescale, f"SELECT * FROM {name} ORDER BY 1, 2") for name in ON_BARS]
    await run_jobs(timescale, "policy_retention")
    assert await fetch(timescale, f"SELECT count(*) FROM ohlcv_bars WHERE timestamp < '{days[2]}'") == [(0,)]
    await run_jobs(timescale, "policy_refresh_continuous_aggregate")
    await store_minutes(timescale, random_minutes([days[1]], "LATE"))
    kept = [await fetch(timescale, f"SELECT * FROM {name} WHERE ticker = 'AAA' ORDER BY 1, 2") for name in ON_BARS]
    assert [len(rows) for rows in made] == [6 * 10, 6]
    assert kept == made
