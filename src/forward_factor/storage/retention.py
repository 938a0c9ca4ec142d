"""How long time series are kept: what a retention would drop, and TimescaleDB's policy armed or not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from forward_factor.errors import InvalidInput, StorageError
from forward_factor.storage.aggregates import AGGREGATES
from forward_factor.storage.capabilities import Capabilities
from forward_factor.storage.decision_facts import fill_decision_facts
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.status import read_timescale
from forward_factor.storage.store import Store
from forward_factor.storage.tables import Base, Signal, SignalUserDecision, TransferRun, table_of
from forward_factor.storage.transfer.ledger import DONE

TIME_COLUMNS = {
    "signals": "as_of_ts",
    "option_chain_snapshots": "as_of_ts",
    "option_quotes": "as_of_ts",
    "term_structure": "as_of_ts",
    "candidates": "as_of_ts",
    "ohlcv_bars": "timestamp",
}
TOGETHER = frozenset({"option_chain_snapshots", "option_quotes"})
"""A header without its quotes, or quotes without their header, could not be replayed."""
REFRESHED = {
    source: max(one.refreshed for one in AGGREGATES if one.source == source)
    for source in (one.source for one in AGGREGATES)
}
"""By table, the span the policies of its aggregates look back on: a refresh would empty what is gone from it."""

_LAST_BOUNDARY = """
SELECT count(*) AS chunks, max(range_end) AS boundary FROM timescaledb_information.chunks
 WHERE hypertable_schema = current_schema() AND hypertable_name = :table AND range_end <= :cutoff
"""
# Time to think again: without a start of its own the policy would run at once.
_ARM = """
SELECT add_retention_policy(CAST(:name AS regclass), make_interval(days => :days),
                            initial_start => now() + INTERVAL '1 hour')
"""


@dataclass(frozen=True, slots=True)
class Expiring:
    """What of one table is older than the span to keep.

    Attributes:
        armed: the span an armed policy keeps, as the database writes it; None where none is armed.
        chunks: chunks that lie wholly before; only those are dropped. None where there are no chunks.
        decisions: users' decisions on signals among these rows.

    """

    table: str
    armed: str | None
    chunks: int | None
    rows: int
    first: datetime | None
    last: datetime | None
    decisions: int


def with_companions(tables: Sequence[str]) -> list[str]:
    """Return the tables meant, all if none is named, in one order; what belongs together comes together.

    Raises:
        InvalidInput: one is no time series.

    """
    unknown = [table for table in tables if table not in TIME_COLUMNS]
    if unknown:
        raise InvalidInput(f"{ascii(unknown[0])[:40]} is no time series: use {', '.join(TIME_COLUMNS)}")
    wanted = set(tables or TIME_COLUMNS)
    if wanted & TOGETHER:
        wanted |= TOGETHER
    return [table for table in TIME_COLUMNS if table in wanted]


async def preview_retention(store: Store, keep: timedelta, tables: Sequence[str], now: datetime) -> list[Expiring]:
    """Return what would go if everything older than ``keep`` did; changes nothing."""
    names = with_companions(tables)
    with translated_faults():
        async with store.engine.execution_options(reads_only=True).connect() as connection:
            return await connection.run_sync(_preview, store.capabilities, names, now - keep)


async def arm_retention(store: Store, keep: timedelta, tables: Sequence[str]) -> int:
    """Have TimescaleDB drop what is older than ``keep``, in an hour and then daily.

    Before rows may go, the aggregates are brought up to date over all of them; before signals may, decisions get
    their own copy of their signal's facts.

    Returns:
        The number of decisions that got one.

    Raises:
        StorageError: the store has no policies, or a move into it has not finished.
        InvalidInput: rows would go that the aggregates still refresh from.

    """
    names = with_companions(tables)
    _require_policies(store.capabilities)
    _require_refreshed_span(names, keep)
    for name in names:
        if name in REFRESHED:
            await _refresh_aggregates(store, name)
    with translated_faults():
        async with store.engine.begin() as connection:
            await _require_no_move(connection)
            filled = await fill_decision_facts(connection) if "signals" in names else 0
            for name in names:
                await _disarm(connection, name)
                await connection.execute(text(_ARM), {"name": name, "days": keep.days})
    return filled


async def disarm_retention(store: Store, tables: Sequence[str]) -> None:
    """Have nothing dropped any more; where nothing was, nothing changes.

    Raises:
        StorageError: the store has no policies.

    """
    names = with_companions(tables)
    _require_policies(store.capabilities)
    with translated_faults():
        async with store.engine.begin() as connection:
            for name in names:
                await _disarm(connection, name)


async def _disarm(connection: AsyncConnection, name: str) -> None:
    await connection.execute(
        text("SELECT remove_retention_policy(CAST(:name AS regclass), if_exists => true)"), {"name": name}
    )


def _require_policies(can: Capabilities) -> None:
    if not can.has_compression:
        raise StorageError(
            f"this store drops nothing by itself, retention needs TimescaleDB's community edition ({can.shortfall})"
        )


def _require_refreshed_span(names: Sequence[str], keep: timedelta) -> None:
    for name in names:
        if keep < REFRESHED.get(name, keep):
            raise InvalidInput(
                f"{name} must be kept {REFRESHED[name].days} days at least: the aggregates are refreshed over that "
                f"span, and a refresh would empty them where the {name} are gone"
            )


async def _require_no_move(connection: AsyncConnection) -> None:
    unfinished = select(TransferRun.id).where(TransferRun.state != DONE).limit(1)
    if (await connection.execute(unfinished)).first():
        raise StorageError("a `db copy` into this store has not finished, and needs all of it: finish that first")


async def _refresh_aggregates(store: Store, name: str) -> None:
    instant = Base.metadata.tables[name].c[TIME_COLUMNS[name]]
    async with store.engine.connect() as connection:
        first, last = (await connection.execute(select(func.min(instant), func.max(instant)))).one()
    if first is not None:
        await store.aggregates.refresh_over([name], first, last)


def _preview(connection: Connection, can: Capabilities, names: Sequence[str], cutoff: datetime) -> list[Expiring]:
    armed = {
        policy.relation: str(json.loads(policy.config).get("drop_after"))
        for policy in read_timescale(connection, can).policies
        if policy.procedure == "policy_retention"
    }
    return [_expiring(connection, can, name, cutoff, armed.get(name)) for name in names]


def _expiring(connection: Connection, can: Capabilities, name: str, cutoff: datetime, armed: str | None) -> Expiring:
    chunks: int | None = None
    boundary: datetime | None = cutoff
    if can.has_hypertables:
        parameters = {"table": name, "cutoff": cutoff}
        chunks, boundary = connection.execute(text(_LAST_BOUNDARY), parameters).one()
    if boundary is None:
        return Expiring(name, armed, chunks, 0, None, None, 0)
    table = Base.metadata.tables[name]
    instant = table.c[TIME_COLUMNS[name]]
    span = select(func.count(), func.min(instant), func.max(instant)).where(instant < boundary)
    rows, first, last = connection.execute(span).one()
    decisions = _decisions(connection, boundary) if name == "signals" and rows else 0
    return Expiring(name, armed, chunks, rows, first, last, decisions)


def _decisions(connection: Connection, boundary: datetime) -> int:
    signals, decisions = table_of(Signal), table_of(SignalUserDecision)
    refers = exists().where(signals.c.id == decisions.c.signal_id, signals.c.as_of_ts < boundary)
    return connection.scalar(select(func.count()).select_from(decisions).where(refers)) or 0
