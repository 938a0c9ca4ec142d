"""What only TimescaleDB does: chunks, compression, aggregates, and no retention by itself."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from forward_factor.storage.aggregates import AGGREGATES
from forward_factor.storage.status import read_status
from forward_factor.storage.store import Store
from tests.chains import AS_OF
from tests.integration.storage.scanning import RULES, dear_chain, execute, fetch, rows_by_table, scan

INTERVALS = {
    "signals": "1 day",
    "option_chain_snapshots": "1 day",
    "option_quotes": "7 days",
    "term_structure": "7 days",
    "candidates": "7 days",
    "ohlcv_bars": "7 days",
}


async def test_hypertables_policies_and_aggregates(timescale: Store) -> None:
    async with timescale.engine.connect() as connection:
        status = await connection.run_sync(read_status)
    assert {one.name: one.chunk_interval for one in status.hypertables} == INTERVALS
    assert set(status.aggregates) == {one.view for one in AGGREGATES}
    compression = {
        one.relation: json.loads(one.config)["compress_after"]
        for one in status.policies
        if one.procedure == "policy_compression"
    }
    assert compression["signals"] == "7 days"
    assert compression["option_chain_snapshots"] == "14 days"
    assert status.retention == ()
    assert status.capabilities.shortfall is None


async def test_what_compression_saves_is_told(timescale: Store) -> None:
    await scan(timescale, [dear_chain(as_of=AS_OF - timedelta(minutes=3 * number)) for number in range(40)])
    await execute(timescale, "SELECT compress_chunk(c, true) FROM show_chunks('option_quotes') c")
    async with timescale.engine.connect() as connection:
        found = {one.name: one for one in (await connection.run_sync(read_status)).hypertables}
    assert (found["option_quotes"].compression_ratio or 0) > 2
    assert found["option_quotes"].size_bytes > 0
    for one in found.values():  # a policy of the server's may be at work meanwhile
        assert (one.compression_ratio is None) == (one.compressed_chunks == 0), one.name


async def test_no_foreign_key_leads_into_a_hypertable(timescale: Store) -> None:
    found = await fetch(
        timescale,
        "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint "
        "WHERE contype = 'f' AND connamespace = 'public'::regnamespace",
    )
    assert found
    assert {referred for _, referred in found}.isdisjoint(INTERVALS)


async def test_compression_and_dropping_with_decisions_present(timescale: Store) -> None:
    await scan(timescale, [dear_chain(as_of=AS_OF - timedelta(days=days)) for days in range(40, 0, -10)])
    await execute(
        timescale,
        "INSERT INTO users (id) VALUES ('u1')",
        "INSERT INTO signal_user_decisions (id, signal_id, user_id, decision, signal_ticker, signal_as_of_ts) "
        "SELECT 'd-' || id, id, 'u1', 'placed', ticker, as_of_ts FROM signals",
    )
    before = await rows_by_table(timescale)
    for table in INTERVALS:
        await execute(timescale, f"SELECT compress_chunk(c) FROM show_chunks('{table}') c")
    assert await rows_by_table(timescale) == before
    dropped = await fetch(timescale, f"SELECT drop_chunks('signals', TIMESTAMPTZ '{AS_OF - timedelta(days=15)}')")
    await execute(timescale, f"SELECT drop_chunks('signals', TIMESTAMPTZ '{AS_OF - timedelta(days=15)}')")
    after = await rows_by_table(timescale)
    assert dropped
    assert after["signals"] < before["signals"]
    assert after["signal_user_decisions"] == before["signal_user_decisions"] > 0


async def test_scanning_again_into_compressed_chunks_changes_nothing(timescale: Store) -> None:
    chains = [dear_chain(), dear_chain("OTHER")]
    await scan(timescale, chains)
    for table in INTERVALS:
        await execute(timescale, f"SELECT compress_chunk(c) FROM show_chunks('{table}') c")
    before = await rows_by_table(timescale)
    assert (await scan(timescale, chains)).snapshots == 0
    assert (await scan(timescale, [dear_chain("LATE")])).snapshots == 1
    after = await rows_by_table(timescale)
    assert after["signals"] == before["signals"] + before["signals"] // 2
    assert after["option_quotes"] == before["option_quotes"] + before["option_quotes"] // 2


async def test_jobs_run(timescale: Store) -> None:
    await scan(timescale, [dear_chain(as_of=AS_OF - timedelta(days=60))])
    jobs = await fetch(
        timescale, "SELECT job_id FROM timescaledb_information.jobs WHERE hypertable_name IS NOT NULL ORDER BY 1"
    )
    for (job,) in jobs:
        await execute(timescale, f"CALL run_job({job})")
    compressed = await fetch(
        timescale,
        "SELECT DISTINCT hypertable_name::text FROM timescaledb_information.chunks WHERE is_compressed ORDER BY 1",
    )
    assert {name for (name,) in compressed} >= set(INTERVALS) - {"ohlcv_bars"}


@pytest.mark.parametrize("days_back", [0, 1, 400])
async def test_aggregates_show_signals_of_any_age_after_a_scan(timescale: Store, days_back: int) -> None:
    as_of = AS_OF - timedelta(days=days_back)
    await scan(timescale, [dear_chain(as_of=AS_OF)])
    await scan(timescale, [dear_chain(as_of=as_of), dear_chain("OTHER", as_of=as_of)], RULES)
    daily = await fetch(
        timescale,
        "SELECT day, ticker, signal_count, avg_ff, max_ff FROM signals_daily_summary ORDER BY day, ticker",
    )
    raw = await fetch(
        timescale,
        "SELECT date_trunc('day', as_of_ts, 'UTC'), ticker, count(*), avg(ff_value), max(ff_value) "
        "FROM signals GROUP BY 1, 2 ORDER BY 1, 2",
    )
    assert daily == raw
    assert len(raw) >= 2


async def test_compressed_signals_come_in_any_order(timescale: Store) -> None:
    await scan(timescale, [dear_chain("AAA"), dear_chain("BBB")])
    await execute(timescale, "SELECT compress_chunk(c) FROM show_chunks('signals') c", "ANALYZE signals")
    for order in ("as_of_ts, id", "as_of_ts DESC, id DESC", "as_of_ts, ticker, id"):
        rows = await fetch(timescale, f"SELECT id FROM signals ORDER BY {order}")
        assert len(set(rows)) == len(rows) > 0
