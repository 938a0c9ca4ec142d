"""What splits changed about decisions, as rows; and which decisions are open, in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.core.decisions import PLACED_WORDS
from forward_factor.core.split_adjustments import Adjustment, AdjustmentState, Terms
from forward_factor.storage import bulk
from forward_factor.storage.tables import DecisionAdjustment, SignalUserDecision, table_of

STEPS = table_of(DecisionAdjustment)
DECISIONS = table_of(SignalUserDecision)


def is_open_decision() -> ColumnElement[bool]:
    """Return what ``core.decisions.is_open_position`` says, in SQL."""
    table = DECISIONS
    taken = func.lower(func.trim(table.c.decision)).in_(PLACED_WORDS)
    return and_(taken, table.c.exit_price.is_(None), table.c.pnl.is_(None), table.c.closed_at.is_(None))


async def adjustments_of(
    connection: AsyncConnection, decision_ids: Sequence[str]
) -> Mapping[str, tuple[Adjustment, ...]]:
    """Return the steps of decisions by id, the latest last."""
    if not decision_ids:
        return {}
    of_these = bulk.among(STEPS.c.decision_id, decision_ids, connection.dialect)
    in_order = (STEPS.c.adjusted_at, STEPS.c.effective_on, STEPS.c.revision)
    found: dict[str, list[Adjustment]] = defaultdict(list)
    for row in (await connection.execute(select(STEPS).where(of_these).order_by(*in_order))).all():
        found[row.decision_id].append(_step(row))
    return {decision_id: tuple(steps) for decision_id, steps in found.items()}


def adjustment_row(decision_id: str, ticker: str, kind: str, step: Adjustment) -> dict[str, object]:
    """Return a step as it is stored."""
    return {
        "decision_id": decision_id,
        "effective_on": step.effective_on,
        "revision": step.revision,
        "ticker": ticker,
        "kind": kind,
        "ratio": step.ratio,
        "state": step.state.value,
        "reason": step.reason,
        "contracts_before": step.before.contracts,
        "contracts_after": step.after.contracts,
        "entry_price_before": step.before.entry_price,
        "entry_price_after": step.after.entry_price,
        "adjusted_at": step.adjusted_at,
    }


def _step(row: Row[Any]) -> Adjustment:
    return Adjustment(
        effective_on=row.effective_on,
        revision=row.revision,
        ratio=row.ratio,
        state=AdjustmentState(row.state),
        reason=row.reason,
        before=Terms(row.contracts_before, row.entry_price_before),
        after=Terms(row.contracts_after, row.entry_price_after),
        adjusted_at=row.adjusted_at,
    )
