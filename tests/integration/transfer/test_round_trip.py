"""The move and the way back: every row equal, or in quarantine with its reason; and nothing else changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.integration.transfer.moving import copied, query, sqlite_url, verified
from tests.old_bot.compare import assert_same_files
from tests.old_bot.oddities import QUARANTINED


async def test_a_plain_file_moves_and_comes_back_equal(plain_file: Path, target: str, tmp_path: Path) -> None:
    before = hashlib.sha256(plain_file.read_bytes()).hexdigest()
    report = await copied(plain_file, target)
    assert report.status == "verified"
    assert {name: one.source for name, one in report.tables.items()}["signals"] == 1200
    assert all(one.match and one.source == one.copied == one.target for one in report.tables.values())
    assert (await verified(plain_file, target)).status == "verified"
    chats = "SELECT telegram_chat_id, id FROM users WHERE telegram_chat_id IS NOT NULL ORDER BY 1"
    adopted = await query(target, "SELECT chat_id, user_id FROM telegram_chats WHERE is_active ORDER BY 1")
    assert adopted == await query(target, chats) != []
    back = tmp_path / "back.db"
    returned = await copied(target, back, to_legacy=True)
    assert returned.status == "verified"
    assert_same_files(plain_file, back)
    assert hashlib.sha256(plain_file.read_bytes()).hexdigest() == before


async def test_oddities_are_held_or_quarantined_and_come_back(odd_file: Path, target: str, tmp_path: Path) -> None:
    before = hashlib.sha256(odd_file.read_bytes()).hexdigest()
    report = await copied(odd_file, target)
    assert report.status == "quarantined"
    assert {name: one.quarantined for name, one in report.tables.items()} == QUARANTINED
    assert all(one.match and one.source == one.copied + one.quarantined for one in report.tables.values())
    assert (await verified(odd_file, target)).status == "quarantined"
    back = tmp_path / "back.db"
    returned = await copied(target, back, to_legacy=True)
    assert returned.status == "verified"
    assert {name: one.restored for name, one in returned.tables.items()} == QUARANTINED
    assert_same_files(odd_file, back)
    assert (await verified(target, back)).status == "verified"
    assert hashlib.sha256(odd_file.read_bytes()).hexdigest() == before


async def test_every_quarantined_row_says_why(odd_file: Path, target: str) -> None:
    await copied(odd_file, target)
    rows = await query(target, "SELECT table_name, row_key, reason FROM transfer_quarantine")
    reasons = {(table, key): reason for table, key, reason in rows}
    assert reasons["users", '["no-date"]'] == "not a date (created_at)"
    assert reasons["users", '["nul"]'] == "a NUL character (telegram_username)"
    assert reasons["subscriptions", '["ghost", "AAPL"]'] == "no such user (user_id)"
    assert reasons["subscriptions", '["nul", "AAPL"]'] == "no such user (user_id)"
    assert reasons["signal_user_decisions", '["text-price"]'] == "text in a number column (entry_price)"
    assert reasons["signal_user_decisions", '["broken"]'] == "invalid JSON (decision_metadata)"
    assert (
        "uq_option_chain_snapshots" in reasons["option_chain_snapshots", '["twin"]']
        or "UNIQUE" in reasons["option_chain_snapshots", '["twin"]']
    )
    assert reasons["option_chain_snapshots", '["latin"]'] == "text not in UTF-8 in a text column (provider)"
    assert reasons["master_tickers", '["BIG"]'] == "a whole number beyond 32 bits (active_subscriber_count)"


async def test_instants_mean_the_same_everywhere(odd_file: Path, target: str) -> None:
    await copied(odd_file, target)
    rows = await query(target, "SELECT id, created_at FROM users WHERE id LIKE 'z-%' OR id LIKE 'case-%'")
    found = {name: str(instant)[:23].replace("T", " ") for name, instant in rows}
    assert {name: text.removesuffix("+00:00")[:19] for name, text in found.items()} == {
        "case-1": "2025-09-02 10:00:00",
        "case-2": "2025-09-02 10:00:00",
        "z-offset": "2025-09-02 08:00:00",
        "z-utc": "2025-09-02 10:00:00",
        "z-epoch": "2025-09-02 10:00:00",
        "z-epoch-ms": "2025-09-02 10:00:00",
        "z-day": "2025-09-02 00:00:00",
    }
    assert found["z-epoch-ms"].endswith(".123")


async def test_what_arrived_meanwhile_comes_back(plain_file: Path, target: str, tmp_path: Path) -> None:
    await copied(plain_file, target)
    at = "2026-05-01 10:00:00.000000" if "sqlite" in target else "2026-05-01 10:00:00+00"
    await query(target, f"INSERT INTO users (id, email, created_at, status) VALUES ('new', 'n@x.y', '{at}', 'active')")
    await query(
        target,
        "UPDATE signal_user_decisions SET exit_price = 9.5, pnl = 1.25 "
        "WHERE id = (SELECT min(id) FROM signal_user_decisions)",
    )
    back = tmp_path / "back.db"
    report = await copied(target, back, to_legacy=True)
    assert report.status == "verified"
    assert await query(sqlite_url(back), "SELECT id, email, created_at FROM users WHERE id = 'new'") == [
        ("new", "n@x.y", "2026-05-01 10:00:00.000000")
    ]
    assert await query(sqlite_url(back), "SELECT count(*) FROM signal_user_decisions WHERE pnl = 1.25") == [(1,)]
