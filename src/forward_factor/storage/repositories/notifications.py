"""What users are to be told: each thing once, with a delivery to every active chat, or waiting for a digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Row, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.messages import AlertFacts, DigestFacts, MessageKind
from forward_factor.core.quiet_hours import quiet_until
from forward_factor.services.ports.notifications import NewNotification
from forward_factor.storage import bulk
from forward_factor.storage.active_users import hold_users, is_active_user
from forward_factor.storage.facts_json import facts_from_json, facts_to_json
from forward_factor.storage.given_rows import BIG_WHOLE, INSTANT, TEXT, given_rows
from forward_factor.storage.keys import notification_id
from forward_factor.storage.settings_columns import selected, settings_of
from forward_factor.storage.tables import Delivery, Notification, TelegramChat, User, UserSettings, table_of

WAITING, OPEN, DIGESTED = "waiting", "open", "digested"
USERS_A_GATHERING = 500
PLACES_A_MICROSECOND = 4096
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_QUIET_NAMES = ("quiet_hours", "timezone")
_NOTHING_SAID = AccountSettings()
_TOLD, _CHATS, _DELIVERIES = table_of(Notification), table_of(TelegramChat), table_of(Delivery)
_USERS, _SETTINGS = table_of(User), table_of(UserSettings)


@dataclass(frozen=True, slots=True)
class _Digest:
    """Alerts of one user that have waited, by id, and what tells of them."""

    waited: Sequence[str]
    told: NewNotification


class SqlNotificationRepository:
    """Notifications on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, new: Sequence[NewNotification]) -> int:
        """Store those not stored yet, those that do not wait with a delivery to every active chat; return how many.

        Nothing is stored for a user who is gone.
        """
        if not new:
            return 0
        there = await hold_users(self._connection, (one.user_id for one in new))
        kept = list({one.dedupe_key: one for one in new if one.user_id in there}.values())
        columns = _columns(kept)
        stored = await bulk.insert_new(self._connection, _TOLD, columns, ["id"])
        await self._deliver([(place, kept[place]) for place in stored if not kept[place].waits])
        return len(stored)

    async def gather_digests(self, now: datetime) -> int:
        """Turn what waited until ``now`` or before into one digest a user, with its deliveries; return how many users.

        Some hundred users at a time: call it until it returns 0. Users who have paused, or are not active, wait on; for
        those in whose quiet hours it is by now, the wait is made longer. Alerts that cannot be read wait for a version
        that can.
        """
        due = await self._users_due(now)
        later = {row.id: until for row in due if (until := _quiet_until(row, now)) is not None}
        await self._postpone(later, now)
        digests = await self._digests([row.id for row in due if row.id not in later], now)
        await self.add([one.told for one in digests])
        await self._settle(digests)
        return len(later) + len(digests)

    async def _deliver(self, told: Sequence[tuple[int, NewNotification]]) -> None:
        """Open a delivery to each active chat; a chat's come in order of creation, and of place within a batch."""
        if not told:
            return
        given = given_rows(
            self._connection.dialect,
            "told",
            [
                ("id", TEXT, [notification_id(one.dedupe_key) for _, one in told]),
                ("user_id", TEXT, [one.user_id for _, one in told]),
                ("position", BIG_WHOLE, [_position(one.created_at, place) for place, one in told]),
                ("due_at", INSTANT, [one.due_at for _, one in told]),
            ],
        )
        rows = select(
            given.c.id, _CHATS.c.chat_id, given.c.position, literal(OPEN), literal(0), given.c.due_at
        ).select_from(given.join(_CHATS, _CHATS.c.user_id == given.c.user_id))
        names = ["notification_id", "chat_id", "position", "state", "attempts", "next_try_at"]
        active = rows.where(_CHATS.c.is_active.is_(True))
        await self._connection.execute(insert(_DELIVERIES).from_select(names, active))

    async def _users_due(self, now: datetime) -> Sequence[Row[Any]]:
        waiting = select(_TOLD.c.user_id).where(_TOLD.c.state == WAITING, _TOLD.c.due_at <= now)
        statement = (
            select(_USERS.c.id, *selected(_QUIET_NAMES))
            .select_from(_USERS.outerjoin(_SETTINGS, _SETTINGS.c.user_id == _USERS.c.id))
            .where(
                _USERS.c.id.in_(waiting),
                is_active_user(),
                func.coalesce(_SETTINGS.c.alerts_paused, False).is_(False),
            )
            .order_by(_USERS.c.id)
            .limit(USERS_A_GATHERING)
        )
        rows: Sequence[Row[Any]] = (await self._connection.execute(statement)).all()
        return rows

    async def _postpone(self, later: Mapping[str, datetime], now: datetime) -> None:
        if not later:
            return
        given = given_rows(
            self._connection.dialect,
            "later",
            [("user_id", TEXT, list(later)), ("due_at", INSTANT, list(later.values()))],
        )
        waiting = update(_TOLD).where(
            _TOLD.c.user_id == given.c.user_id, _TOLD.c.state == WAITING, _TOLD.c.due_at <= now
        )
        await self._connection.execute(waiting.values(due_at=given.c.due_at))

    async def _digests(self, user_ids: Sequence[str], now: datetime) -> Sequence[_Digest]:
        """Read what waited and lock it: another process that gathers at the same time finds nothing left."""
        if not user_ids:
            return []
        given = given_rows(self._connection.dialect, "due", [("user_id", TEXT, user_ids)])
        statement = (
            select(_TOLD.c.id, _TOLD.c.user_id, _TOLD.c.facts)
            .join(given, given.c.user_id == _TOLD.c.user_id)
            .where(_TOLD.c.state == WAITING, _TOLD.c.due_at <= now)
            .order_by(_TOLD.c.user_id, _TOLD.c.created_at, _TOLD.c.ticker, _TOLD.c.id)
            .with_for_update(of=_TOLD)
        )
        rows: Sequence[Row[*tuple[Any, ...]]] = (await self._connection.execute(statement)).all()
        by_user = groupby(rows, key=lambda row: row.user_id)
        digests = (_digest(user_id, list(waited), now) for user_id, waited in by_user)
        return [one for one in digests if one is not None]

    async def _settle(self, digests: Sequence[_Digest]) -> None:
        if not digests:
            return
        pairs = [(one, notification_id(digest.told.dedupe_key)) for digest in digests for one in digest.waited]
        columns = [("id", TEXT, [one for one, _ in pairs]), ("digest_id", TEXT, [digest for _, digest in pairs])]
        given = given_rows(self._connection.dialect, "gathered", columns)
        gathered = update(_TOLD).where(_TOLD.c.id == given.c.id)
        await self._connection.execute(gathered.values(state=DIGESTED, digest_id=given.c.digest_id))


def _columns(new: Sequence[NewNotification]) -> dict[str, list[Any]]:
    stored = {id(one.facts): one.facts for one in new}
    as_json = {key: facts_to_json(facts) for key, facts in stored.items()}
    return {
        "id": [notification_id(one.dedupe_key) for one in new],
        "user_id": [one.user_id for one in new],
        "kind": [one.kind.value for one in new],
        "dedupe_key": [one.dedupe_key for one in new],
        "created_at": [one.created_at for one in new],
        "due_at": [one.due_at for one in new],
        "state": [WAITING if one.waits else OPEN for one in new],
        "ticker": [one.ticker for one in new],
        "signal_id": [one.signal_id for one in new],
        "facts": [as_json[id(one.facts)] for one in new],
    }


def _position(created_at: datetime, place: int) -> int:
    return (created_at - _EPOCH) // _MICROSECOND * PLACES_A_MICROSECOND + place


def _quiet_until(row: Row[Any], now: datetime) -> datetime | None:
    settings = settings_of(row[1:], _NOTHING_SAID, _QUIET_NAMES).settings
    return quiet_until(now, settings.quiet_hours, settings.timezone)


def _digest(user_id: str, rows: Sequence[Row[*tuple[Any, ...]]], now: datetime) -> _Digest | None:
    read = [(row.id, facts_from_json(MessageKind.ALERT, row.facts)) for row in rows]
    alerts = [(waited, facts) for waited, facts in read if isinstance(facts, AlertFacts)]
    if not alerts:
        return None
    facts = DigestFacts(alerts=tuple(one for _, one in alerts))
    waited = [one for one, _ in alerts]
    told = NewNotification(user_id, MessageKind.DIGEST, f"digest|{waited[0]}", now, now, facts)
    return _Digest(waited, told)
