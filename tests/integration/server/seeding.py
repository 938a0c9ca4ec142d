"""A user with something of everything, for tests of who sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import insert

from forward_factor.core.decisions import Decision, Entry
from forward_factor.core.messages import MessageKind
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.ports.records import SignalFilter
from forward_factor.services.record_decision import record_decision
from forward_factor.services.views import SignalView
from forward_factor.storage.store import Store
from forward_factor.storage.tables import Delivery, Notification, OHLCVBar, TelegramChat, table_of
from tests.chains import AS_OF
from tests.integration.server.conftest import Api
from tests.integration.storage.scanning import dear_chain, scan

ANNS_NOTES = "bought before the news"
ANNS_THRESHOLD = 0.31415926
ANNS_CHAT = "-100471100815"


@dataclass(frozen=True)
class Seeded:
    """What is Ann's."""

    user_id: str
    signals: Sequence[SignalView]
    decision: DecisionView
    run_id: str


async def seed_ann(api: Api) -> Seeded:
    """Scan a dear ticker, and let Ann watch it, be told of it, place it, and be reminded."""
    user_id = await api.join("ann")
    await scan(api.store, [dear_chain("DEAR", AS_OF), dear_chain("DEAR", AS_OF + timedelta(minutes=3))])
    signals = await api.store.records.signals(SignalFilter(), None, 100)
    await api.ask("POST", "/watchlist", "ann", json={"tickers": ["DEAR", "MSFT"]})
    await api.ask("PATCH", "/settings", "ann", json={"ff_threshold": ANNS_THRESHOLD})
    entry = Entry(price=2.5, contracts=3, notes=ANNS_NOTES)
    done = await record_decision(api.store, api.clock, user_id, signals[0].id, Decision.PLACED, entry)
    await add_chat(api.store, user_id, ANNS_CHAT)
    await tell(api.store, user_id, signals[:2], api.clock.now())
    return Seeded(user_id, signals, done.decision, await backtest(api, "ann"))


async def backtest(api: Api, who: str, **said: Any) -> str:
    """Have a backtest of the dear ticker run to its end, and return its id."""
    begun = await api.ask("POST", "/backtests", who, json={"tickers": ["DEAR"], **said})
    assert begun.status_code == 202, begun.text
    await api.app.state.backend.backtests.finished()
    run_id: str = begun.json()["id"]
    return run_id


async def add_chat(store: Store, user_id: str, chat_id: str) -> None:
    async with store.engine.begin() as connection:
        row = {"chat_id": chat_id, "user_id": user_id, "title": "Ann's phone", "is_active": True}
        await connection.execute(insert(table_of(TelegramChat)).values(row))


async def tell(store: Store, user_id: str, signals: Sequence[SignalView], at: datetime, state: str = "sent") -> None:
    """Store that a user was told about signals."""
    told, sent = table_of(Notification), table_of(Delivery)
    async with store.engine.begin() as connection:
        for number, signal in enumerate(signals):
            notification = {
                "id": str(uuid4()),
                "user_id": user_id,
                "kind": MessageKind.ALERT.value,
                "dedupe_key": f"{user_id}|{signal.id}",
                "created_at": at,
                "due_at": at,
                "state": "open",
                "ticker": signal.ticker,
                "signal_id": signal.id,
                "facts": {},
            }
            await connection.execute(insert(told).values(notification))
            delivery = {
                "notification_id": notification["id"],
                "chat_id": f"chat of {user_id}",
                "position": number,
                "state": state,
                "attempts": 1,
                "next_try_at": at,
                "error": "chat not found" if state == "failed" else None,
            }
            await connection.execute(insert(sent).values(delivery))


async def add_bars(store: Store, ticker: str, first: datetime, count: int, timeframe: str = "1day") -> None:
    rows = [
        {
            "ticker": ticker,
            "timeframe": timeframe,
            "timestamp": first + timedelta(days=number),
            "open": 1.0 + number,
            "high": 2.0 + number,
            "low": 0.5 + number,
            "close": 1.5 + number,
            "volume": 100 + number,
        }
        for number in range(count)
    ]
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(OHLCVBar)), rows)
