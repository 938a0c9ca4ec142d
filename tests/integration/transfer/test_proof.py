"""The proof finds every single difference, by its key; counts alone never suffice."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest

from forward_factor.storage.engine import PoolSettings
from forward_factor.storage.store import open_store, upgrade_store
from tests.integration.storage.scanning import dear_chain, scan
from tests.integration.transfer.moving import copied, query, sqlite_url, verified
from tests.old_bot.oddities import spoil
from tests.old_bot.write import Amounts, write_old_file

ONE = "id = (SELECT min(id) FROM signals)"
DAMAGE = {
    "a float's last bit": f"UPDATE signals SET front_iv = front_iv * 1.0000000000000002 WHERE {ONE}",
    "a missing row": f"DELETE FROM signals WHERE {ONE}",
    "a space in JSON": f"""UPDATE signals SET reason_codes = '["ff_above_threshold",  "liquid"]' WHERE {ONE}""",
    "a microsecond": "UPDATE signal_user_decisions SET decision_ts = NULL WHERE id = "
    "(SELECT min(id) FROM signal_user_decisions)",
    "an empty text for none": "UPDATE signal_user_decisions SET notes = '' WHERE id = "
    "(SELECT min(id) FROM signal_user_decisions WHERE notes IS NULL)",
    "an extra row": "INSERT INTO master_tickers (ticker) VALUES ('EXTRA')",
    "letters of another case": "UPDATE master_tickers SET ticker = 'aapl' WHERE ticker = 'AAPL'",
}


@pytest.fixture
def spoilt_file(tmp_path: Path) -> Path:
    path = tmp_path / "ffbot.db"
    write_old_file(path, Amounts(users=8, signals=60, snapshots=10, decisions=12))
    spoil(path)
    return path


async def found(source: str | Path, target: str | Path) -> list[tuple[str, str, str]]:
    """Verify, and return every difference: table, kind, key."""
    report = await verified(source, target)
    assert (report.status == "differs") is any(not one.match for one in report.tables.values())
    return [(name, one.kind, one.key) for name, table in report.tables.items() for one in table.differences]


async def test_every_damage_is_found(spoilt_file: Path, target: str) -> None:
    await copied(spoilt_file, target)
    ((first,),) = await query(target, "SELECT min(id) FROM signals")
    ((decision,),) = await query(target, "SELECT min(id) FROM signal_user_decisions")
    ((unnoted,),) = await query(target, "SELECT min(id) FROM signal_user_decisions WHERE notes IS NULL")
    assert await found(spoilt_file, target) == []
    for name in ("a float's last bit", "a microsecond", "a space in JSON", "an empty text for none", "an extra row"):
        await query(target, DAMAGE[name])
    differences = await found(spoilt_file, target)
    assert ("signals", "changed", f'["{first}"]') in differences
    assert ("signal_user_decisions", "changed", f'["{decision}"]') in differences
    assert ("signal_user_decisions", "changed", f'["{unnoted}"]') in differences
    assert ("master_tickers", "extra", '["EXTRA"]') in differences
    await query(target, DAMAGE["a missing row"])
    await query(target, DAMAGE["letters of another case"])
    differences = await found(spoilt_file, target)
    assert ("signals", "missing", f'["{first}"]') in differences
    assert ("master_tickers", "extra", '["aapl"]') in differences
    assert ("master_tickers", "missing", '["AAPL"]') in differences


async def test_counts_alone_never_suffice(spoilt_file: Path, target: str) -> None:
    await copied(spoilt_file, target)
    await query(target, DAMAGE["a missing row"])
    await query(
        target,
        "INSERT INTO signals (id, ticker, as_of_ts) SELECT 'forged', ticker, as_of_ts FROM signals "
        "WHERE id = (SELECT max(id) FROM signals)",
    )
    report = await verified(spoilt_file, target)
    assert report.tables["signals"].target == report.tables["signals"].copied
    assert (report.status, len(report.tables["signals"].differences)) == ("differs", 2)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM transfer_quarantine WHERE row_key LIKE '%text-price%'",
        "UPDATE transfer_quarantine SET row_values = replace(row_values, '1,50', '') WHERE row_key LIKE '%text-price%'",
        "UPDATE transfer_quarantine SET row_key = '[\"other\"]' WHERE row_key LIKE '%text-price%'",
    ],
)
async def test_quarantine_is_proved_too(spoilt_file: Path, target: str, statement: str) -> None:
    await copied(spoilt_file, target)
    assert (await verified(spoilt_file, target)).status == "quarantined"
    await query(target, statement)
    differences = await found(spoilt_file, target)
    assert ("signal_user_decisions", "missing", '["text-price"]') in differences


async def test_a_row_that_only_the_target_refused_is_proved(spoilt_file: Path, target: str) -> None:
    await copied(spoilt_file, target)
    await query(target, "DELETE FROM transfer_quarantine WHERE row_key LIKE '%twin%'")
    assert ("option_chain_snapshots", "missing", '["twin"]') in await found(spoilt_file, target)


async def test_a_repeated_quote_is_found(target: str, tmp_path: Path) -> None:
    source = sqlite_url(tmp_path / "ours.db")
    await upgrade_store(source, PoolSettings())
    async with open_store(source, PoolSettings()) as store:
        await scan(store, [dear_chain()])
    assert (await copied(source, target)).status == "verified"
    columns = [row[0] for row in await query(source, "SELECT name FROM pragma_table_info('option_quotes')")]
    listed = ", ".join(f'"{name}"' for name in columns)
    await query(
        target,
        f"INSERT INTO option_quotes ({listed}) SELECT {listed} FROM option_quotes "
        "ORDER BY expiry, option_right, strike LIMIT 1",
    )
    ((table, kind, key),) = await found(source, target)
    assert (table, kind, "DEAR" in key) == ("option_quotes", "repeated", True)


@pytest.mark.parametrize("number", [math.nan, -0.0, math.inf, -math.inf])
async def test_numbers_that_sqlite_has_no_room_for(postgres_target: str, tmp_path: Path, number: float) -> None:
    """A server may hold what SQLite cannot: such a row goes to quarantine, verbatim, or keeps its meaning."""
    await upgrade_store(postgres_target, PoolSettings())
    await query(
        postgres_target,
        "INSERT INTO signals (id, ticker, as_of_ts, front_iv) VALUES ('odd', 'T', '2025-01-01+00', :number)",
        number=number,
    )
    for name in ("infinity", "-infinity"):
        await query(
            postgres_target, f"INSERT INTO users (id, created_at) VALUES ('{name}', CAST('{name}' AS timestamptz))"
        )
    back = tmp_path / "back.db"
    report = await copied(postgres_target, back)
    assert report.status == "quarantined"
    assert report.tables["users"].quarantined == 2
    assert report.tables["signals"].quarantined == int(math.isnan(number))
    assert (await verified(postgres_target, back)).status == "quarantined"
    if not math.isnan(number):
        ((held,),) = await query(back, "SELECT front_iv FROM signals WHERE id = 'odd'")
        assert held == number
        assert struct.pack(">d", abs(held)) == struct.pack(">d", abs(number))


@pytest.fixture
def postgres_target(request: pytest.FixtureRequest) -> str:
    """An empty database on the embedded PostgreSQL."""
    url: str = request.getfixturevalue("postgres_server").new_url()
    return url
