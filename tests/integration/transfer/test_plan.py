"""The plan: what it counts is what a copy then meets, and it changes nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

from forward_factor.storage.transfer.census import Census, take_census
from forward_factor.storage.transfer.report import Quiet
from tests.integration.transfer.moving import copied, query, sqlite_url
from tests.old_bot.oddities import QUARANTINED, spoil
from tests.old_bot.write import Amounts, write_old_file
from tests.servers.store import StoreServer


async def planned(source: str | Path) -> Census:
    """Take a census of a store."""
    return await take_census(sqlite_url(source) if isinstance(source, Path) else source, None, Quiet())


async def test_a_copy_meets_what_the_plan_counted(odd_file: Path, target: str) -> None:
    before = hashlib.sha256(odd_file.read_bytes()).hexdigest()
    census = await planned(odd_file)
    assert hashlib.sha256(odd_file.read_bytes()).hexdigest() == before
    report = await copied(odd_file, target)
    for name, table in census.tables.items():
        assert table.rows == report.tables[name].source
        assert sum(table.quarantine.values()) == report.tables[name].quarantined == QUARANTINED[name]
        for column, found in table.columns.items():
            assert sum(found.forms.values()) <= table.rows, column
    kept = await query(target, "SELECT table_name, count(*) FROM transfer_originals GROUP BY 1")
    planned_spellings = {name: one.kept_spellings for name, one in census.tables.items() if one.kept_spellings}
    assert planned_spellings == dict(kept)


async def test_reasons_forms_and_orphans(odd_file: Path) -> None:
    census = await planned(odd_file)
    users, decisions = census.tables["users"], census.tables["signal_user_decisions"]
    assert users.quarantine == {"not a date (created_at)": 1, "a NUL character (telegram_username)": 1}
    assert users.examples["not a date (created_at)"] == ['["no-date"]']
    assert decisions.orphans == {"user_id": 1, "signal_id": 1}
    assert decisions.quarantine["no such user (user_id)"] == 1
    assert census.tables["subscriptions"].orphans == {"user_id": 2}
    forms = users.columns["created_at"].forms
    assert forms["whole number"] == 2
    assert sum(forms.values()) == users.rows - 1


async def test_a_store_of_ours_is_planned_too(odd_file: Path, target: str) -> None:
    await copied(odd_file, target)
    census = await planned(target)
    rows = await query(target, "SELECT count(*) FROM signals")
    assert [(census.tables["signals"].rows,)] == rows
    assert not any(one.quarantine for one in census.tables.values())


async def test_chunks_are_as_planned(timescale_store: StoreServer, tmp_path: Path) -> None:
    path = tmp_path / "ffbot.db"
    write_old_file(path, Amounts(signals=3000, snapshots=400, days=400))
    spoil(path)
    census = await planned(path)
    target = timescale_store.new_url()
    await copied(path, target)
    made = await query(target, "SELECT hypertable_name, count(*) FROM timescaledb_information.chunks GROUP BY 1")
    counted = {name: chunks for name, chunks in made if name in census.tables}
    assert set(counted) == {"signals", "option_chain_snapshots"}
    for name, chunks in counted.items():
        assert abs(len(census.tables[name].rows_by_chunk) - chunks) <= 1
