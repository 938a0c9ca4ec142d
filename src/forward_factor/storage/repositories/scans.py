"""What scans find, written in bulk and once only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, Integer, ScalarSelect, String, column, exists, select, values
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from forward_factor.core.chain import Chain
from forward_factor.core.scan import ScanBatch
from forward_factor.services.candidate_table import Columns
from forward_factor.services.ports import PreviousReading, Recorded
from forward_factor.storage import bulk
from forward_factor.storage.active_users import is_active_user
from forward_factor.storage.given_rows import TEXT, given_rows
from forward_factor.storage.keys import signal_id
from forward_factor.storage.quote_columns import COLUMNS, QuoteColumns, quote_columns
from forward_factor.storage.repositories.scan_columns import (
    candidate_columns,
    signal_columns,
    signal_keys,
    signals_among,
    snapshot_columns,
    take,
    term_structure_columns,
)
from forward_factor.storage.rules_json import rules_id, rules_to_json
from forward_factor.storage.tables import (
    Base,
    Candidate,
    OptionChainSnapshot,
    ScanParameters,
    Signal,
    SignalKey,
    Subscription,
    TermStructurePoint,
    UniverseMember,
    User,
    option_quotes,
    table_of,
)
from forward_factor.storage.types import UtcDateTime

SNAPSHOT_KEY = ("ticker", "as_of_ts", "provider")
CANDIDATE_KEY = (*SNAPSHOT_KEY, "pair", "vol_point")


class SqlScanRepository:
    """Scans on any of the three stores."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, batch: ScanBatch, keeps_full: Sequence[bool]) -> Recorded:
        """Store what is not there yet. The snapshot's header decides whether its quotes are new."""
        await self._insert(ScanParameters, {"id": [rules_id(batch.rules)], "rules": [rules_to_json(batch.rules)]})
        quotes = [
            quote_columns(chain, None if full else batch.rules.horizon_days)
            for chain, full in zip(batch.chains, keeps_full, strict=True)
        ]
        headers = snapshot_columns(batch, quotes, keeps_full)
        new = [quotes[place] for place in await self._insert_new(OptionChainSnapshot, headers, SNAPSHOT_KEY)]
        await self._store_quotes(new)
        await self._insert(TermStructurePoint, term_structure_columns(batch))
        candidates = candidate_columns(batch)
        found = take(candidates, await self._insert_new(Candidate, candidates, CANDIDATE_KEY))
        signals = await self._add_signals(signal_columns(batch, take(found, signals_among(found))))
        return Recorded(len(new), sum(len(one) for one in new), signals)

    async def add_signals(self, batch: ScanBatch, candidates: Sequence[int]) -> Sequence[str]:
        """Make signals of ``candidates`` that are none yet; return the id of each."""
        chosen = take(candidate_columns(batch), candidates)
        await self._add_signals(signal_columns(batch, chosen))
        return [signal_id(key) for key in signal_keys(chosen)]

    async def previous_readings(self, chains: Sequence[Chain]) -> Sequence[PreviousReading | None]:
        """Return, per chain, the stored snapshot of the same ticker and provider before it."""
        if not chains:
            return []
        wanted = _wanted(chains)
        statement = select(
            wanted.c.place,
            _latest_before(wanted, OptionChainSnapshot.as_of_ts).label("as_of"),
            _latest_before(wanted, OptionChainSnapshot.quotes_digest).label("digest"),
        )
        rows = (await self._connection.execute(statement)).all()
        found = {row.place: PreviousReading(row.as_of, row.digest or "") for row in rows if row.as_of is not None}
        return [found.get(place) for place in range(len(chains))]

    async def _store_quotes(self, quotes: Sequence[QuoteColumns]) -> None:
        if self._connection.dialect.name == "postgresql":
            rows = [one.copy_bytes() for one in quotes if len(one)]
            await bulk.copy_rows(self._connection, option_quotes, COLUMNS, rows)
            return
        for one in quotes:
            await bulk.insert_columns(self._connection, option_quotes, one.value_columns())

    async def _add_signals(self, signals: Columns) -> int:
        """Write the keys, then the signals whose key was new: however often a scan is retried, one row each."""
        keys = {
            "dedupe_key": signals["dedupe_key"],
            "signal_id": signals["id"],
            "as_of_ts": signals["as_of_ts"],
        }
        rows = await self._insert_new(SignalKey, keys, ("dedupe_key",))
        if rows:
            new = take(signals, rows)
            discovered = await self._discovered(new["ticker"])
            await self._insert(Signal, {**new, "is_discovery": [ticker in discovered for ticker in new["ticker"]]})
        return len(rows)

    async def _discovered(self, tickers: Sequence[str]) -> frozenset[str]:
        """Return those of ``tickers`` that are scanned for discovery alone: nobody active watches them."""
        universe, watched, users = table_of(UniverseMember), table_of(Subscription), table_of(User)
        asked = given_rows(self._connection.dialect, "asked", [("ticker", TEXT, sorted(set(tickers)))])
        watching = (
            exists()
            .select_from(watched.join(users, users.c.id == watched.c.user_id))
            .where(watched.c.ticker == asked.c.ticker, watched.c.active.is_(True), is_active_user())
        )
        statement = select(asked.c.ticker).join(universe, universe.c.ticker == asked.c.ticker)
        found = await self._connection.execute(statement.where(universe.c.is_member.is_(True), ~watching))
        return frozenset(found.scalars().all())

    async def _insert_new(self, model: type[Base], columns: Columns, key: Sequence[str]) -> list[int]:
        return await bulk.insert_new(self._connection, table_of(model), columns, key)

    async def _insert(self, model: type[Base], columns: Columns) -> None:
        await bulk.insert_columns(self._connection, table_of(model), columns)


def _wanted(chains: Sequence[Chain]) -> CTE:
    columns = values(
        column("place", Integer),
        column("ticker", String),
        column("provider", String),
        column("as_of", UtcDateTime),
    )
    rows = [(place, chain.ticker, chain.provider, chain.as_of) for place, chain in enumerate(chains)]
    return columns.data(rows).cte("wanted")


def _latest_before(wanted: CTE, attribute: InstrumentedAttribute[Any]) -> ScalarSelect[Any]:
    return (
        select(attribute)
        .where(
            OptionChainSnapshot.ticker == wanted.c.ticker,
            OptionChainSnapshot.provider == wanted.c.provider,
            OptionChainSnapshot.as_of_ts < wanted.c.as_of,
        )
        .order_by(OptionChainSnapshot.as_of_ts.desc())
        .limit(1)
        .scalar_subquery()
    )
