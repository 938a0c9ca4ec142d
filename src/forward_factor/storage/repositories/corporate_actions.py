"""Dividends and splits: one row a ticker, kind and ex-date, the latest word on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.storage import bulk
from forward_factor.storage.tables import CorporateAction as CorporateActionRow
from forward_factor.storage.tables import table_of

_ROWS_A_STATEMENT = 1_000


class SqlCorporateActionRepository:
    """Dividends and splits on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._table = table_of(CorporateActionRow)

    async def of_tickers(self, tickers: Sequence[str]) -> Mapping[str, tuple[CorporateAction, ...]]:
        """Return all known dividends and splits of ``tickers``, by date."""
        table, wanted = self._table, sorted(set(tickers))
        found: dict[str, list[CorporateAction]] = defaultdict(list)
        for start in range(0, len(wanted), _ROWS_A_STATEMENT):
            some = select(table).where(table.c.ticker.in_(wanted[start : start + _ROWS_A_STATEMENT]))
            in_order = some.order_by(table.c.ticker, table.c.effective_on, table.c.kind)
            for row in (await self._connection.execute(in_order)).all():
                kind = ActionKind(row.kind)
                found[row.ticker].append(
                    CorporateAction(row.ticker, kind, row.effective_on, row.amount, row.ratio, row.source)
                )
        return {ticker: tuple(actions) for ticker, actions in found.items()}

    async def add(self, actions: Sequence[CorporateAction]) -> int:
        """Store them, a newer word on the same ticker, kind and date in place of the older; return how many."""
        latest = list({(one.ticker, one.kind, one.effective_on): one for one in actions}.values())
        for start in range(0, len(latest), _ROWS_A_STATEMENT):
            await self._replace(latest[start : start + _ROWS_A_STATEMENT])
        return len(latest)

    async def remove(self, ticker: str, kind: ActionKind, effective_on: date) -> bool:
        """Forget one; return whether it was there."""
        table = self._table
        one = (table.c.ticker == ticker, table.c.kind == kind.value, table.c.effective_on == effective_on)
        return bool((await self._connection.execute(delete(table).where(*one))).rowcount)

    async def _replace(self, actions: Sequence[CorporateAction]) -> None:
        table = self._table
        columns: dict[str, Sequence[Any]] = {
            "ticker": [one.ticker for one in actions],
            "kind": [one.kind.value for one in actions],
            "effective_on": [one.effective_on for one in actions],
            "amount": [one.amount for one in actions],
            "ratio": [one.ratio for one in actions],
            "source": [one.source for one in actions],
        }
        keys = list(zip(columns["ticker"], columns["kind"], columns["effective_on"], strict=True))
        key = tuple_(table.c.ticker, table.c.kind, table.c.effective_on)
        await self._connection.execute(delete(table).where(key.in_(keys)))
        await bulk.insert_columns(self._connection, table, columns)
