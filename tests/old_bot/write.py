"""Writes a file as the old bot left it, of any size, the same for the same seed."""

from __future__ import annotations

import json
import random
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.old_bot.schema import STATEMENTS

FIRST = datetime(2025, 9, 2, 13, 30, tzinfo=UTC)
TICKERS = ("AAPL", "AMD", "AMZN", "BRK.B", "GOOG", "META", "MSFT", "NFLX", "NVDA", "QQQ", "SPY", "TSLA")
BCRYPT = "$2b$12$abcdefghijklmnopqrstuuO6nUMVgSZtZ4nyqCEX9cVwLm9WOB8W2"
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Amounts:
    """How many rows of each kind; a user has settings, and some a watchlist and decisions."""

    users: int = 20
    signals: int = 1000
    snapshots: int = 200
    decisions: int = 100
    contracts: int = 2
    days: int = 90


def write_old_file(path: Path, amounts: Amounts, seed: int = 7) -> None:
    """Write a new file with ``amounts`` of plain rows."""
    chance = random.Random(seed)
    with closing(sqlite3.connect(path)) as connection:
        for statement in STATEMENTS:
            connection.execute(statement)
        users = list(_users(chance, amounts))
        signals = list(_signals(chance, amounts))
        _insert(connection, "users", iter(users))
        _insert(connection, "user_settings", (_settings(chance, user[0]) for user in users))
        _insert(connection, "subscriptions", _subscriptions(chance, users))
        _insert(connection, "master_tickers", _tickers(chance))
        _insert(connection, "option_chain_snapshots", _snapshots(chance, amounts))
        _insert(connection, "signals", iter(signals))
        _insert(connection, "signal_user_decisions", _decisions(chance, amounts, users, signals))
        connection.commit()


def instant_text(instant: datetime) -> str:
    """Return an instant as SQLAlchemy writes a DateTime into SQLite."""
    return instant.strftime("%Y-%m-%d %H:%M:%S.%f")


def signal_row(chance: random.Random, as_of: datetime) -> Row:
    """Return one signal, columns in the table's order."""
    ticker, front = chance.choice(TICKERS), chance.randrange(25, 36)
    back = front + 30
    name = str(uuid.UUID(int=chance.getrandbits(128)))
    day = as_of.date()
    return (
        name,
        ticker,
        instant_text(as_of),
        str(day + timedelta(days=front)),
        str(day + timedelta(days=back)),
        front,
        back,
        chance.uniform(0.2, 0.9),
        chance.uniform(0.2, 0.9),
        chance.uniform(0.1, 0.6),
        chance.uniform(0.2, 1.2),
        chance.choice(("ATM", "35d_put", "35d_call")),
        float(chance.randrange(100)),
        json.dumps(["ff_above_threshold", "liquid"]),
        f"{ticker}:{day}:{front}/{back}:{name[:12]}",
        round(chance.uniform(50, 900), 2),
        "polygon",
        chance.random() < 0.1,
    )


def _insert(connection: sqlite3.Connection, table: str, rows: Iterator[Row]) -> None:
    first = next(rows, None)
    if first is not None:
        statement = f"INSERT INTO {table} VALUES ({', '.join('?' for _ in first)})"
        connection.execute(statement, first)
        connection.executemany(statement, rows)


def _users(chance: random.Random, amounts: Amounts) -> Iterator[Row]:
    for number in range(amounts.users):
        name = str(uuid.UUID(int=chance.getrandbits(128)))
        since = FIRST + timedelta(minutes=number, microseconds=chance.randrange(10**6))
        yield (
            name,
            str(10**8 + number),
            f"user{number}@example.com",
            BCRYPT,
            f"user{number}",
            instant_text(since),
            "active",
        )


def _settings(chance: random.Random, user: str) -> Row:
    pairs = json.dumps([[30, 60], [30, 90], [60, 90]])
    quiet = json.dumps({"enabled": True, "start": "22:00", "end": "08:00"})
    limits = (chance.choice((0.2, 0.25)), pairs, "ATM", 100, 10, 0.08, 0.05, 2, 120)
    return (user, *limits, quiet, "ATM_calendar_call", "America/New_York", "standard", chance.random() < 0.3)


def _subscriptions(chance: random.Random, users: list[Row]) -> Iterator[Row]:
    for user in users:
        for ticker in chance.sample(TICKERS, 5):
            yield (
                user[0],
                ticker,
                chance.random() < 0.9,
                instant_text(FIRST + timedelta(seconds=chance.randrange(10**6))),
            )


def _tickers(chance: random.Random) -> Iterator[Row]:
    for ticker in TICKERS:
        yield (ticker, chance.randrange(50), instant_text(FIRST), chance.choice(("high", "medium", "low")))


def _instants(chance: random.Random, count: int, days: int) -> Iterator[datetime]:
    step = timedelta(days=days) / max(count, 1)
    for number in range(count):
        yield FIRST + number * step + timedelta(microseconds=chance.randrange(1, 999))


def _signals(chance: random.Random, amounts: Amounts) -> Iterator[Row]:
    for as_of in _instants(chance, amounts.signals, amounts.days):
        yield signal_row(chance, as_of)


def _snapshots(chance: random.Random, amounts: Amounts) -> Iterator[Row]:
    for as_of in _instants(chance, amounts.snapshots, amounts.days):
        payload = json.dumps([_contract(chance, as_of) for _ in range(amounts.contracts)])
        name = str(uuid.UUID(int=chance.getrandbits(128)))
        price, score = round(chance.uniform(50, 900), 2), float(chance.randrange(100))
        yield (name, chance.choice(TICKERS), instant_text(as_of), "polygon", price, payload, score)


def _contract(chance: random.Random, as_of: datetime) -> dict[str, Any]:
    bid = round(chance.uniform(0.5, 40), 2)
    return {
        "strike_price": float(chance.randrange(50, 900)),
        "expiration_date": str(as_of.date() + timedelta(days=30)),
        "contract_type": "call",
        "bid": bid,
        "ask": bid + 0.05,
        "implied_volatility": chance.uniform(0.2, 0.9),
        "delta": chance.random(),
    }


def _decisions(chance: random.Random, amounts: Amounts, users: list[Row], signals: list[Row]) -> Iterator[Row]:
    for number in range(amounts.decisions if users and signals else 0):
        signal, name = chance.choice(signals), str(uuid.UUID(int=chance.getrandbits(128)))
        entry = round(chance.uniform(0.5, 9), 2)
        yield (
            name,
            signal[0],
            chance.choice(users)[0],
            chance.choice(("place", "ignore")),
            instant_text(FIRST + timedelta(minutes=number, microseconds=1)),
            json.dumps({"source": "telegram"}),
            entry,
            entry + 0.5 if number % 2 else None,
            50.0 if number % 2 else None,
            "größer als gedacht" if number % 3 == 0 else None,
        )
