"""Signals to decide on, and what was decided, for the storage tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import insert, text

from forward_factor.clock import FixedClock
from forward_factor.core.decisions import Decision, Entry
from forward_factor.services.decision_views import ReminderView
from forward_factor.services.list_reminders import list_reminders
from forward_factor.services.record_decision import RecordedDecision, record_decision
from forward_factor.services.views import SignalView
from forward_factor.storage.store import Store
from forward_factor.storage.tables import SignalUserDecision, table_of
from tests.chains import AS_OF
from tests.integration.storage.accounts import register
from tests.integration.storage.scanning import dear_chain, scan

NOW = datetime(2026, 6, 1, 18, 5, tzinfo=UTC)
FRONT, BACK = date(2026, 7, 1), date(2026, 7, 31)
"""Of the pair 30/60 of a dear chain: a Wednesday and a Friday."""


async def sign_up(store: Store, name: str = "ann") -> str:
    """Register somebody and return their id."""
    return (await register(store, f"{name}@x.de")).id


async def find_signal(store: Store, ticker: str = "DEAR", vol_point: str = "ATM", pair: str = "30/60") -> SignalView:
    """Scan a dear chain, and return one of its signals."""
    await scan(store, [dear_chain(ticker, AS_OF)])
    return next(one for one in await store.findings.signals(ticker) if (one.vol_point, one.pair) == (vol_point, pair))


async def place(
    store: Store, user_id: str, signal_id: str, entry: Entry | None = None, at: datetime = NOW
) -> RecordedDecision:
    """Place the trade of a signal."""
    return await record_decision(store, FixedClock(at), user_id, signal_id, Decision.PLACED, entry or Entry())


async def reminders_of(store: Store, user_id: str) -> Sequence[ReminderView]:
    """Return a user's reminders, those due first coming first."""
    return (await list_reminders(store, user_id, limit=500)).reminders[::-1]


async def insert_decisions(store: Store, *rows: dict[str, Any]) -> None:
    """Insert decisions as a move from the old bot leaves them."""
    async with store.engine.begin() as connection:
        for row in rows:
            await connection.execute(insert(table_of(SignalUserDecision)).values(row))


async def change(store: Store, *statements: str) -> None:
    """Run statements in one transaction."""
    async with store.engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
