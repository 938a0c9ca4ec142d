"""Users and scans for the tests of alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from forward_factor.clock import FixedClock
from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.chain import Chain
from forward_factor.core.messages import AlertFacts, MessageFacts
from forward_factor.core.rules import DEFAULT_PAIRS, VOL_POINTS, ScanRules
from forward_factor.services.evaluate_alerts import EvaluateAlerts
from forward_factor.services.keep_quotes import KeepQuotes
from forward_factor.services.scan_tickers import ScanTickers
from forward_factor.storage.facts_json import facts_from_json
from forward_factor.storage.settings_columns import columns_of
from forward_factor.storage.store import Store
from forward_factor.storage.tables import (
    Base,
    Delivery,
    Notification,
    Subscription,
    TelegramChat,
    UniverseMember,
    User,
    UserSettings,
    table_of,
)
from tests.chains import AS_OF
from tests.integration.storage.scanning import GivenChains

AT_ONCE = AccountSettings(stability_scans=1, pairs=DEFAULT_PAIRS[:1])
RULES = ScanRules(vol_points=VOL_POINTS)


@dataclass(frozen=True, slots=True)
class Person:
    """A user with all that decides on alerts."""

    name: str
    settings: AccountSettings = AT_ONCE
    watches: Sequence[str] = ("DEAR",)
    chats: Sequence[str] = field(default=())
    status: str = "active"


async def let_in(store: Store, *people: Person) -> None:
    """Insert users with settings, watchlist and chats."""
    since = AS_OF
    rows: dict[type[Base], list[dict[str, Any]]] = {
        User: [{"id": one.name, "status": one.status} for one in people],
        UserSettings: [{"user_id": one.name, **columns_of(one.settings)} for one in people],
        Subscription: [
            {"user_id": one.name, "ticker": ticker, "active": True} for one in people for ticker in one.watches
        ],
        TelegramChat: [
            {"chat_id": chat, "user_id": one.name, "is_active": not chat.startswith("dead"), "linked_at": since}
            for one in people
            for chat in one.chats
        ],
    }
    async with store.engine.begin() as connection:
        for model, some in rows.items():
            if some:
                await connection.execute(insert(table_of(model)), some)


async def discover(store: Store, *tickers: str) -> None:
    """Make these the tickers that discovery scans."""
    table = table_of(UniverseMember)
    async with store.engine.begin() as connection:
        await connection.execute(delete(table))
        rows = [
            {"ticker": one, "dollar_volume": 1.0, "rank": place, "is_member": True, "refreshed_on": AS_OF.date()}
            for place, one in enumerate(tickers)
        ]
        if rows:
            await connection.execute(insert(table), rows)


async def scan_live(
    store: Store,
    *chains: Chain,
    now: datetime | None = None,
    rules: ScanRules = RULES,
    defaults: AccountSettings | None = None,
) -> None:
    """Scan as the worker does, at the instant of the last chain."""
    clock = FixedClock(now or max(chain.as_of for chain in chains))
    follower = EvaluateAlerts(clock, defaults or AccountSettings())
    scanner = ScanTickers(GivenChains(chains), rules, clock, store, KeepQuotes.WINDOW, [follower])
    async for _ in scanner.run(()):
        pass


@dataclass(frozen=True, slots=True)
class Told:
    """A stored notification."""

    id: str
    user: str
    kind: str
    state: str
    due_at: datetime
    signal_id: str | None
    digest_id: str | None
    facts: MessageFacts

    @property
    def alert(self) -> AlertFacts:
        assert isinstance(self.facts, AlertFacts)
        return self.facts


async def told(store: Store) -> list[Told]:
    """Return all notifications, in order of creation and user."""
    table = table_of(Notification)
    order = (table.c.created_at, table.c.user_id, table.c.ticker, table.c.id)
    async with store.engine.connect() as connection:
        rows = (await connection.execute(select(table).order_by(*order))).all()
    found = []
    for row in rows:
        facts = facts_from_json(row.kind, row.facts)
        assert facts is not None
        found.append(Told(row.id, row.user_id, row.kind, row.state, row.due_at, row.signal_id, row.digest_id, facts))
    return found


async def deliveries(store: Store) -> list[tuple[str, str, str]]:
    """Return notification, chat and state of all deliveries, in the order they go out."""
    table = table_of(Delivery)
    async with store.engine.connect() as connection:
        statement = select(table).order_by(table.c.chat_id, table.c.position)
        return [(row.notification_id, row.chat_id, row.state) for row in (await connection.execute(statement)).all()]


def described(facts: AlertFacts) -> dict[str, object]:
    """Return facts as a dictionary."""
    return asdict(facts)
