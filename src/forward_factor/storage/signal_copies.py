"""A decision's copy of its signal, made from whatever is still kept of the signal, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.messages import MessageKind
from forward_factor.services.views import SignalView
from forward_factor.storage.decision_facts import copy_signal_facts
from forward_factor.storage.keys import parse_signal_key
from forward_factor.storage.readers.findings import VIEW_NAMES
from forward_factor.storage.tables import Notification, Signal, SignalKey, SignalUserDecision, table_of

ALERT_NAMES = {"signal_id": "id", "as_of": "as_of_ts", "ff": "ff_value"}
"""Fields of ``AlertFacts`` that the table of signals calls otherwise."""
_COLUMNS = tuple(column.name for column in table_of(Signal).columns)
_NOTHING = dict.fromkeys(field.name for field in fields(SignalView))
_FROM_ANOTHER = """
UPDATE signal_user_decisions
   SET signal_ticker = other.signal_ticker, signal_as_of_ts = other.signal_as_of_ts, signal_facts = other.signal_facts
  FROM (SELECT signal_ticker, signal_as_of_ts, signal_facts FROM signal_user_decisions
         WHERE signal_id = :signal_id AND id <> :decision_id AND signal_ticker IS NOT NULL
         ORDER BY id LIMIT 1) AS other
 WHERE id = :decision_id
"""


@dataclass(frozen=True, slots=True)
class SignalCopier:
    """Copies one signal into the decisions of one transaction."""

    connection: AsyncConnection

    async def copy(self, decision_id: str, user_id: str, signal_id: str) -> bool:
        """Copy the signal's facts into a stored decision; return whether such a signal was ever stored.

        Retention may have taken the signal. Then the copy of any other decision on it serves, else what the user's own
        alert said, else what the signal's key holds; a key of the old bot holds nothing, and the copy stays empty.
        """
        key = await self._key(signal_id)
        as_of = key[1] if key else None
        if await copy_signal_facts(self.connection, decision_id, signal_id, as_of):
            return True
        if await self._from_another(decision_id, signal_id):
            return True
        facts = await self._in_alert(user_id, signal_id) or (_in_key(signal_id, *key) if key else None)
        if facts:
            await self._put(decision_id, facts)
        return facts is not None or key is not None

    async def _key(self, signal_id: str) -> tuple[str, datetime] | None:
        table = table_of(SignalKey)
        found = select(table.c.dedupe_key, table.c.as_of_ts).where(table.c.signal_id == signal_id).limit(1)
        row = (await self.connection.execute(found)).first()
        return (row.dedupe_key, row.as_of_ts) if row else None

    async def _from_another(self, decision_id: str, signal_id: str) -> bool:
        values = {"decision_id": decision_id, "signal_id": signal_id}
        return (await self.connection.execute(text(_FROM_ANOTHER), values)).rowcount == 1

    async def _in_alert(self, user_id: str, signal_id: str) -> dict[str, Any] | None:
        table = table_of(Notification)
        of_signal = (table.c.user_id == user_id, table.c.signal_id == signal_id)
        is_alert = table.c.kind == MessageKind.ALERT.value
        facts = (await self.connection.execute(select(table.c.facts).where(*of_signal, is_alert).limit(1))).scalar()
        return {ALERT_NAMES.get(name, name): value for name, value in facts.items()} if facts else None

    async def _put(self, decision_id: str, facts: Mapping[str, Any]) -> None:
        as_of = datetime.fromisoformat(facts["as_of_ts"])
        kept = {name: facts.get(name) for name in _COLUMNS} | {"as_of_ts": f"{as_of:%Y-%m-%dT%H:%M:%S.%f}Z"}
        table = table_of(SignalUserDecision)
        copied = {"signal_ticker": facts["ticker"], "signal_as_of_ts": as_of, "signal_facts": kept}
        await self.connection.execute(update(table).where(table.c.id == decision_id).values(copied))


def signal_from_facts(facts: object) -> SignalView | None:
    """Return a decision's copy as the signal it was made from, None where there is no copy.

    A column that came after the copy was made is missing in it.
    """
    if not isinstance(facts, dict):
        return None
    stored: dict[str, Any] = facts
    named = {VIEW_NAMES.get(name, name): value for name, value in stored.items()}
    values = {**_NOTHING, **named, "is_discovery": bool(named.get("is_discovery"))}
    try:
        return msgspec.convert(values, SignalView)
    except msgspec.ValidationError:
        return None


def _in_key(signal_id: str, dedupe_key: str, as_of: datetime) -> dict[str, Any] | None:
    parts = parse_signal_key(dedupe_key)
    if parts is None:
        return None
    ticker, front, back, vol_point, provider = parts
    return {
        "id": signal_id,
        "ticker": ticker,
        "as_of_ts": as_of.isoformat(),
        "provider": provider,
        "vol_point": vol_point,
        "front_expiry": front.isoformat(),
        "back_expiry": back.isoformat(),
        "dedupe_key": dedupe_key,
    }
