"""The rollback drill: move the old bot's file to a server, live there, and go back, with all that arrived meanwhile.

The steps are those of docs/moving-to-timescaledb.md, each a command of its own.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from forward_factor.providers.files.write import write_chains
from tests.chains import priced_chain
from tests.e2e.command import Outcome, Terminal
from tests.integration.transfer.moving import query
from tests.old_bot.compare import rows_of, schema_of
from tests.old_bot.oddities import QUARANTINED, spoil
from tests.old_bot.schema import TABLES
from tests.old_bot.write import Amounts, write_old_file
from tests.servers.store import StoreServer

OLD = "sqlite:///ffbot.db"


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    write_old_file(tmp_path / "ffbot.db", Amounts(users=20, signals=600, snapshots=60, decisions=80))
    spoil(tmp_path / "ffbot.db")
    write_chains([priced_chain({30: 0.45, 60: 0.35, 90: 0.33}, "DEAR")], tmp_path / "chains.parquet")
    return Terminal(tmp_path)


async def test_move_live_and_go_back(terminal: Terminal, postgres_store: StoreServer) -> None:
    server = postgres_store.new_url()
    assert report(terminal.run("db", "plan", OLD, "--json"))["level"] == "a1b2c3d4e5f6"
    moved = report(terminal.run("db", "copy", OLD, server, "--json"), code=3)
    assert {name: one["quarantined"] for name, one in moved["tables"].items()} == QUARANTINED
    report(terminal.run("db", "verify", OLD, server, "--json"), code=3)

    await live(terminal, server)

    back_to_the_old_bot(terminal, server)
    await back_to_our_own_sqlite(terminal, server)


async def live(terminal: Terminal, server: str) -> None:
    """New signals, a new user and a decision arrive on the server."""
    scanned = terminal.run("scan", "--chains", "chains.parquet", DATABASE_URL=server)
    assert scanned.code == 0, scanned.stderr
    await query(server, "INSERT INTO users (id, email) VALUES ('late', 'late@example.com')")
    await query(
        server,
        "INSERT INTO signal_user_decisions (id, signal_id, user_id, decision, entry_price) "
        "SELECT 'decided', id, 'late', 'place', 1.25 FROM signals WHERE ticker = 'DEAR' LIMIT 1",
    )


def back_to_the_old_bot(terminal: Terminal, server: str) -> None:
    """The old bot's file holds all it held, and what arrived meanwhile; what has no place in it is listed."""
    back = report(terminal.run("db", "copy", server, "sqlite:///back.db", "--target-schema", "legacy", "--json"))
    assert {"candidates", "option_quotes", "term_structure", "signals.pair"} <= set(back["left_behind"])
    old, new = terminal.directory / "ffbot.db", terminal.directory / "back.db"
    assert schema_of(old) == schema_of(new)
    for table in TABLES:
        before, after = rows_of(old, table), rows_of(new, table)
        assert not before - after, table
    with closing(sqlite3.connect(new)) as file:
        arrived = file.execute(
            "SELECT d.decision, u.email, s.ticker FROM signal_user_decisions d JOIN users u ON u.id = d.user_id "
            "JOIN signals s ON s.id = d.signal_id WHERE d.id = 'decided'"
        ).fetchall()
    assert arrived == [("place", "late@example.com", "DEAR")]
    report(terminal.run("db", "verify", server, "sqlite:///back.db", "--json"))


async def back_to_our_own_sqlite(terminal: Terminal, server: str) -> None:
    """By DATABASE_URL alone the same commands go on with a file, and find everything."""
    report(terminal.run("db", "copy", server, "sqlite:///own.db", "--json"))
    own = "sqlite:///own.db"
    before = terminal.run("signals", "--ticker", "DEAR", "--json", DATABASE_URL=server)
    after = terminal.run("signals", "--ticker", "DEAR", "--json", DATABASE_URL=own)
    assert before.objects == after.objects != []
    for signal in after.objects:
        assert terminal.run("replay", signal["id"], DATABASE_URL=own).code == 0
    tables = ("users", "signals", "option_quotes")
    counted = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
    assert await query(terminal.directory / "own.db", counted) == await query(server, counted)


def report(outcome: Outcome, code: int = 0) -> dict[str, Any]:
    assert outcome.code == code, outcome.stdout + outcome.stderr
    (found,) = outcome.objects
    return found
