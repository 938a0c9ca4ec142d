"""What years of an old bot's life leave in its file: rows that a move must hold, and rows that it cannot."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

QUARANTINED = {
    "users": 2,
    "user_settings": 3,
    "subscriptions": 3,
    "master_tickers": 1,
    "option_chain_snapshots": 3,
    "signals": 7,
    "signal_user_decisions": 4,
}
"""Rows of each table that no store of ours can hold, after ``spoil``."""


def spoil(path: Path) -> None:
    """Put every oddity into a file that ``write_old_file`` wrote."""
    with _opened(path) as file:
        users = [row[0] for row in file.execute("SELECT id FROM users ORDER BY rowid LIMIT 6")]
        signals = [row[0] for row in file.execute("SELECT id FROM signals ORDER BY rowid LIMIT 40")]
        _spoil_users(file, users)
        _spoil_watchlists(file, users)
        _spoil_signals(file, signals)
        _spoil_snapshots(file)
        _spoil_decisions(file, users, signals)


def _spoil_users(file: sqlite3.Connection, users: list[str]) -> None:
    rows: list[tuple[Any, ...]] = [
        ("case-1", None, "Ann@Example.com", "$2b$12$x", "ann", "2025-09-02 10:00:00", "active"),
        ("case-2", None, "ann@example.com", "$2b$12$x", "ann2", "2025-09-02T10:00:00", "active"),
        ("zürich-😀", "77", "ü@пример.example", None, "日本語", "2025-09-02 10:00:00.5", None),
        ("z-offset", None, None, None, None, "2025-09-02T10:00:00+02:00", "active"),
        ("z-utc", None, None, None, None, "2025-09-02T10:00:00.123Z", "active"),
        ("z-epoch", None, None, None, None, 1756807200, "active"),
        ("z-epoch-ms", None, None, None, None, 1756807200123, "active"),
        ("z-day", None, None, None, None, "2025-09-02", "active"),
        ("", None, "", "", "", None, ""),
        ("nul", None, None, None, "a\0b", "2025-09-02 10:00:00.000000", "active"),
        ("no-date", None, None, None, None, "not a date", "active"),
    ]
    file.executemany("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    file.execute("UPDATE user_settings SET dte_pairs = '{broken' WHERE user_id = ?", (users[0],))
    file.execute("UPDATE user_settings SET min_open_interest = 'many' WHERE user_id = ?", (users[1],))
    file.execute(
        "UPDATE user_settings SET discovery_mode = 'true', ff_threshold = ? WHERE user_id = ?", (math.inf, users[2])
    )
    file.execute("UPDATE user_settings SET discovery_mode = NULL, quiet_hours = '5' WHERE user_id = ?", (users[3],))
    file.execute("INSERT INTO user_settings (user_id, ff_threshold) VALUES ('ghost', 0.2)")


def _spoil_watchlists(file: sqlite3.Connection, users: list[str]) -> None:
    rows: list[tuple[Any, ...]] = [
        ("ghost", "AAPL", 1, "2025-09-02 10:00:00.000000"),
        ("nul", "AAPL", 1, "2025-09-02 10:00:00.000000"),
        (users[0], "aapl", 1, "2025-09-02 10:00:00.000000"),
        (users[0], "ODD", 2, "2025-09-02 10:00:00.000000"),
        (users[0], "YES", "yes", "2025-09-02 10:00"),
    ]
    file.executemany("INSERT INTO subscriptions VALUES (?, ?, ?, ?)", rows)
    tickers: list[tuple[Any, ...]] = [
        ("BIG", 2**40, None, None),
        ("<script>alert('1')</script>", 1, None, "'; DROP TABLE users; --"),
    ]
    file.executemany("INSERT INTO master_tickers VALUES (?, ?, ?, ?)", tickers)


def _spoil_signals(file: sqlite3.Connection, signals: list[str]) -> None:
    def change(number: int, column: str, value: Any) -> None:
        file.execute(f"UPDATE signals SET {column} = ? WHERE id = ?", (value, signals[number]))

    change(0, "as_of_ts", "not a date")
    change(1, "front_iv", "n/a")
    change(2, "reason_codes", '["ok"')
    change(3, "reason_codes", '{"iv": NaN}')
    change(4, "ticker", "A\0")
    change(5, "front_expiry", "2025-02-30")
    change(6, "as_of_ts", "2025-09-02 10:00:00.1234567")
    change(10, "ff_value", math.inf)
    change(11, "ff_value", -math.inf)
    change(12, "sigma_fwd", None)
    change(13, "front_iv", 5e-324)
    change(14, "front_iv", 0.1 + 0.2)
    change(
        15, "reason_codes", '{"a": 1, "a": 2, "big": 123456789012345678901234567890, "nul": "\\u0000", "x": "\\ud800"}'
    )
    change(16, "reason_codes", "null")
    change(17, "dedupe_key", None)
    change(18, "is_discovery", None)
    change(19, "as_of_ts", "2025-09-03T11:22:33.000001Z")
    change(20, "as_of_ts", "1971-01-01 00:00:00.000000")
    change(21, "as_of_ts", "2999-12-31 23:59:59.999999")
    change(22, "front_expiry", "2025-10-03 00:00:00")
    change(23, "ticker", "ÄÖ é")
    change(24, "provider", "x" * 5000)


def _spoil_snapshots(file: sqlite3.Connection) -> None:
    first = file.execute("SELECT * FROM option_chain_snapshots ORDER BY rowid LIMIT 1").fetchone()
    rows: list[tuple[Any, ...]] = [
        ("twin", *first[1:]),
        ("null-provider", *first[1:3], None, *first[4:]),
        ("null-provider-2", *first[1:3], None, *first[4:]),
        ("blob", "AAPL", "2025-09-02 10:00:00.000000", b"\xff\xfe", 1.0, None, None),
        ("huge", "AAPL", "2025-09-02 10:00:01.000000", "polygon", 1e308, "[" + "1," * 200_000 + "1]", 0.0),
        ("latin", "AAPL", "2025-09-02 10:00:02.000000", "polygon", 1.0, None, None),
    ]
    file.executemany("INSERT INTO option_chain_snapshots VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    file.execute("UPDATE option_chain_snapshots SET provider = CAST(x'6e6fe9' AS TEXT) WHERE id = 'latin'")


def _spoil_decisions(file: sqlite3.Connection, users: list[str], signals: list[str]) -> None:
    at = "2025-09-02 10:00:00.000000"
    rows: list[tuple[Any, ...]] = [
        ("no-signal", "gone", users[0], "place", at, None, 1.0, None, None, None),
        ("no-user", signals[30], "ghost", "place", at, None, 1.0, None, None, None),
        ("nobody", signals[30], None, "ignore", at, None, None, None, None, "Robert'); DROP TABLE users;--"),
        ("text-price", signals[30], users[0], "place", at, None, "1,50", None, None, None),
        ("broken", signals[30], users[0], "place", at, "{'single': 1}", None, None, None, None),
        ("day-first", signals[30], users[0], "place", "02.09.2025 10:00", None, None, None, None, None),
        ("lines", signals[30], users[0], "place", at, None, 0.0, -0.0, -1e-9, "two\r\nlines\tand \\N \\. a tab"),
    ]
    file.executemany("INSERT INTO signal_user_decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection:
        yield connection
        connection.commit()
