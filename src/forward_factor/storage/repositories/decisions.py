"""Decisions of users: ours, and those of the old bot beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.decisions import Decision, is_open_position, parse_decision
from forward_factor.core.split_adjustments import Adjustment
from forward_factor.core.structure import Structure, parse_structure, structure_at
from forward_factor.errors import NotFound
from forward_factor.services.decision_views import DecisionView, PagePlace
from forward_factor.services.ports.decisions import NewDecision
from forward_factor.services.views import SignalView
from forward_factor.storage import bulk
from forward_factor.storage.active_users import hold_users
from forward_factor.storage.adjustment_rows import adjustments_of, is_open_decision
from forward_factor.storage.signal_copies import SignalCopier, signal_from_facts
from forward_factor.storage.tables import SignalUserDecision, User, UserSettings, table_of

_IDS_A_STATEMENT = 1_000


class SqlDecisionRepository:
    """Decisions on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._table = table_of(SignalUserDecision)
        self._settings = table_of(UserSettings)

    async def lock_user(self, user_id: str) -> None:
        """Hold the account until the end of the transaction."""
        users = table_of(User)
        statement = select(users.c.id).where(users.c.id == user_id).with_for_update(key_share=True)
        if (await self._connection.execute(statement)).first() is None:
            raise NotFound("there is no such account any more")

    async def add(self, new: NewDecision) -> DecisionView:
        """Store a decision with a copy of its signal's facts, from wherever they are still kept."""
        row = {
            "id": new.id,
            "user_id": new.user_id,
            "signal_id": new.signal_id,
            "decision": new.decision.value,
            "decision_ts": new.decided_at,
            "entry_price": new.entry.price,
            "contracts": new.entry.contracts,
            "structure": new.entry.structure.value if new.entry.structure else None,
            "notes": new.entry.notes,
        }
        await self._connection.execute(insert(self._table).values(row))
        if not await SignalCopier(self._connection).copy(new.id, new.user_id, new.signal_id):
            raise NotFound(f"there is no signal {ascii(new.signal_id)[:60]}")
        (stored,) = await self._all(self._decisions().where(self._table.c.id == new.id))
        return stored

    async def save(self, decision: DecisionView) -> None:
        """Store what may change of a decision."""
        table = self._table
        changed = {
            "decision": decision.word,
            "decision_ts": decision.decided_at,
            "structure": decision.structure.value if decision.structure else None,
            "contracts": decision.contracts,
            "entry_price": decision.entry_price,
            "exit_price": decision.exit_price,
            "pnl": decision.pnl,
            "notes": decision.notes,
            "closed_at": decision.closed_at,
        }
        of_user = (table.c.id == decision.id, table.c.user_id == decision.user_id)
        await self._connection.execute(update(table).where(*of_user).values(changed))

    async def on_signal(self, user_id: str, signal_id: str) -> DecisionView | None:
        """Return a user's last decision on a signal."""
        found = await self._all(self._newest_first(user_id).where(self._table.c.signal_id == signal_id).limit(1))
        return found[0] if found else None

    async def called(self, user_id: str, beginning: str) -> Sequence[DecisionView]:
        """Return the user's decisions whose id begins so, two at the most; one of exactly that id alone."""
        of_user = self._decisions().where(self._table.c.user_id == user_id)
        begins_so = self._table.c.id.startswith(beginning, autoescape=True)
        exact = await self._all(of_user.where(self._table.c.id == beginning))
        return exact or await self._all(of_user.where(begins_so).limit(2))

    async def page(
        self, user_id: str, after: PagePlace | None, limit: int, *, only_open: bool
    ) -> Sequence[DecisionView]:
        """Return a user's decisions after a place, the newest first, those without an instant last."""
        statement = self._newest_first(user_id).limit(limit)
        if after is not None:
            statement = statement.where(self._is_after(after))
        return await self._all(statement.where(is_open_decision()) if only_open else statement)

    async def open_of_tickers(self, tickers: Sequence[str]) -> Sequence[DecisionView]:
        """Return all users' open positions in ``tickers``, held until the end of the transaction."""
        return await self._held(func.upper(self._table.c.signal_ticker), sorted(set(tickers)))

    async def open_among(self, decision_ids: Sequence[str]) -> Sequence[DecisionView]:
        """Return those of ``decision_ids`` that are open positions, held until the end of the transaction."""
        return await self._held(self._table.c.id, sorted(set(decision_ids)))

    async def open_now(self, decision_ids: Sequence[str]) -> Sequence[DecisionView]:
        """Return those of ``decision_ids`` that are open positions at the moment; nobody is held."""
        of_these = bulk.among(self._table.c.id, decision_ids, self._connection.dialect)
        return await self._all(self._decisions().where(of_these, is_open_decision()))

    async def open_after(self, decision_id: str, limit: int) -> Sequence[DecisionView]:
        """Return all users' open positions with greater ids, by id."""
        later = self._decisions().where(self._table.c.id > decision_id, is_open_decision())
        return await self._all(later.order_by(self._table.c.id).limit(limit))

    def _decisions(self) -> Select[Any]:
        """Select decisions of users with what each user prefers."""
        table, settings = self._table, self._settings
        joined = table.outerjoin(settings, settings.c.user_id == table.c.user_id)
        return select(table, settings.c.preferred_structure).select_from(joined).where(table.c.user_id.is_not(None))

    def _newest_first(self, user_id: str) -> Select[Any]:
        table = self._table
        of_user = self._decisions().where(table.c.user_id == user_id)
        return of_user.order_by(table.c.decision_ts.desc().nulls_last(), table.c.id.desc())

    def _is_after(self, place: PagePlace) -> ColumnElement[bool]:
        at, key = self._table.c.decision_ts, self._table.c.id
        if place.at is None:
            return and_(at.is_(None), key < place.id)
        return or_(at < place.at, and_(at == place.at, key < place.id), at.is_(None))

    async def _held(self, column: ColumnElement[Any], values: Sequence[str]) -> Sequence[DecisionView]:
        found: list[DecisionView] = []
        for start in range(0, len(values), _IDS_A_STATEMENT):
            some = self._decisions().where(column.in_(values[start : start + _IDS_A_STATEMENT]), is_open_decision())
            users = await self._connection.execute(some.with_only_columns(self._table.c.user_id))
            await hold_users(self._connection, users.scalars().all())
            held = some.order_by(self._table.c.id).with_for_update(key_share=True, of=self._table)
            found += await self._all(held)
        return found

    async def _all(self, statement: Select[Any]) -> Sequence[DecisionView]:
        rows = (await self._connection.execute(statement)).all()
        steps = await adjustments_of(self._connection, [row.id for row in rows])
        return [_view(row, steps.get(row.id, ())) for row in rows]


def _view(row: Row[Any], steps: Sequence[Adjustment]) -> DecisionView:
    signal, decision = signal_from_facts(row.signal_facts), parse_decision(row.decision)
    return DecisionView(
        id=row.id,
        user_id=row.user_id,
        signal_id=row.signal_id,
        decision=decision,
        word=row.decision,
        decided_at=row.decision_ts,
        ticker=row.signal_ticker,
        signal=signal,
        structure=_structure(row, decision, signal),
        contracts=row.contracts,
        entry_price=row.entry_price,
        exit_price=row.exit_price,
        pnl=row.pnl,
        notes=row.notes,
        closed_at=row.closed_at,
        is_open=is_open_position(row.decision, row.exit_price, row.pnl, row.closed_at),
        adjustments=steps,
    )


def _structure(row: Row[Any], decision: Decision | None, signal: SignalView | None) -> Structure | None:
    if row.structure is not None:
        return parse_structure(row.structure)
    if decision is not Decision.PLACED:
        return None
    return structure_at(parse_structure(row.preferred_structure), signal.vol_point if signal else None)
