"""What splits changed about decisions: a row a step, added in the transaction of the change and never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

from sqlalchemy import exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.chain import NEW_YORK
from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.split_adjustments import Adjustment, distinct_splits
from forward_factor.storage import bulk
from forward_factor.storage.adjustment_rows import DECISIONS, STEPS, adjustment_row, is_open_decision
from forward_factor.storage.given_rows import DAY, INSTANT, TEXT, WHOLE, Columns, given_rows
from forward_factor.storage.repositories.corporate_actions import SqlCorporateActionRepository
from forward_factor.storage.tables import CorporateAction as CorporateActionRow
from forward_factor.storage.tables import User, table_of

_ACTIONS, _USERS = table_of(CorporateActionRow), table_of(User)
_TICKER = func.upper(DECISIONS.c.signal_ticker)


class SqlAdjustmentRepository:
    """Steps of decisions on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock_holders(self, tickers: Sequence[str]) -> frozenset[str]:
        """Hold the accounts with open positions in ``tickers`` as ``lock_user`` does, and return them."""
        of_these = bulk.among(_TICKER, sorted(set(tickers)), self._connection.dialect)
        holders = select(DECISIONS.c.user_id).where(of_these, is_open_decision())
        in_order = select(_USERS.c.id).where(_USERS.c.id.in_(holders)).order_by(_USERS.c.id)
        held = await self._connection.execute(in_order.with_for_update(key_share=True))
        return frozenset(held.scalars().all())

    async def pending(self, today: date) -> Sequence[str]:
        """Return the ids of open positions placed before a split of ``today`` or earlier that have no step of it."""
        due = await self._due_splits(today)
        if not due:
            return ()
        begins = [datetime.combine(one.effective_on, time(0), NEW_YORK) for one in due]
        days = [one.effective_on for one in due]
        columns: Columns = [
            ("ticker", TEXT, [one.ticker for one in due]),
            ("day", DAY, days),
            ("begins_at", INSTANT, begins),
        ]
        given = given_rows(self._connection.dialect, "due", columns)
        has_step = exists().where(STEPS.c.decision_id == DECISIONS.c.id, STEPS.c.effective_on == given.c.day)
        entered_at = func.coalesce(DECISIONS.c.decision_ts, DECISIONS.c.signal_as_of_ts)
        pending = (
            select(DECISIONS.c.id)
            .distinct()
            .join(given, given.c.ticker == _TICKER)
            .where(is_open_decision(), entered_at < given.c.begins_at, ~has_step)
            .order_by(DECISIONS.c.id)
        )
        return (await self._connection.execute(pending)).scalars().all()

    async def _due_splits(self, today: date) -> Sequence[CorporateAction]:
        """Return the effective splits of tickers with open positions."""
        held = select(_TICKER).where(is_open_decision())
        is_due = (_ACTIONS.c.kind == ActionKind.SPLIT.value, _ACTIONS.c.effective_on <= today)
        split = select(_ACTIONS.c.ticker).distinct().where(*is_due, _ACTIONS.c.ticker.in_(held))
        tickers = (await self._connection.execute(split)).scalars().all()
        actions = await SqlCorporateActionRepository(self._connection).of_tickers(tickers)
        return [one for found in actions.values() for one in distinct_splits(found) if one.effective_on <= today]

    async def take(self, steps: Mapping[str, Sequence[Adjustment]], ticker: str) -> None:
        """Store the steps of decisions, by id, and give each decision the terms after its last one."""
        kind = ActionKind.SPLIT.value
        rows = [adjustment_row(key, ticker, kind, step) for key, of_one in steps.items() for step in of_one]
        if not rows:
            return
        await self._connection.execute(insert(STEPS), rows)
        last = {key: of_one[-1] for key, of_one in steps.items() if of_one}
        columns: Columns = [
            ("id", TEXT, list(last)),
            ("day", DAY, [step.effective_on for step in last.values()]),
            ("revision", WHOLE, [step.revision for step in last.values()]),
        ]
        given = given_rows(self._connection.dialect, "taken", columns)
        is_last = (STEPS.c.decision_id == given.c.id, STEPS.c.effective_on == given.c.day)
        changed = update(DECISIONS).where(DECISIONS.c.id == given.c.id, *is_last, STEPS.c.revision == given.c.revision)
        terms = {"contracts": STEPS.c.contracts_after, "entry_price": STEPS.c.entry_price_after}
        await self._connection.execute(changed.values(terms))
