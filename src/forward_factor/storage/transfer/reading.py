"""The rows of a source as its target should hold them."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from forward_factor.storage.transfer.catalogue import TableSpec
from forward_factor.storage.transfer.ledger import row_key
from forward_factor.storage.transfer.legacy import LEGACY_REVISION, legacy_schema
from forward_factor.storage.transfer.render import from_verbatim
from forward_factor.storage.transfer.sources import Source
from forward_factor.storage.transfer.sqlite_source import SqliteSource, refuse
from forward_factor.storage.transfer.targets import Target
from forward_factor.storage.transfer.values import Batch, EncodedRows, Raw

OF_USERS = {"user_settings": "user_id", "subscriptions": "user_id", "signal_user_decisions": "user_id"}
"""Tables whose rows our stores hold only for users they hold, and the column that says whose they are."""
_MOST_KEYS = 400
_RARELY = 1_000_000


@dataclass(frozen=True, slots=True)
class Ancestor:
    """The old bot's file that a store once came from, as far as a file of the old bot's is made from it again."""

    schema: list[str]
    spellings: Mapping[str, frozenset[str]]


@dataclass(slots=True)
class Reading:
    """Reads one table of a source for a target.

    Attributes:
        checks_users: whether rows of users the target lacks are refused; what is in quarantine says so otherwise.

    """

    source: Source
    target: Target
    table: TableSpec
    checks_users: bool = True

    async def batches(self) -> AsyncIterator[tuple[Batch, EncodedRows]]:
        """Yield every range with its rows as the target takes them."""
        is_plain = isinstance(self.source, SqliteSource) and not self._takes_spellings
        async for batch, encoded in self._ahead() if is_plain else self._in_turn():
            yield await self._of_known_users(batch, encoded)

    @property
    def _takes_spellings(self) -> bool:
        """Return whether the old spellings that a store of ours keeps are to come back."""
        return self.target.is_legacy and not self.source.is_legacy

    async def _in_turn(self) -> AsyncIterator[tuple[Batch, EncodedRows]]:
        async for whole in ranges_of(self.source, self.table):
            batch = self._fitting(await self._spelled(whole) if self._takes_spellings else whole)
            yield batch, self.target.encode(batch)

    async def _ahead(self) -> AsyncIterator[tuple[Batch, EncodedRows]]:
        """Read and encode one range ahead, in a thread, while the target takes the one before."""
        assert isinstance(self.source, SqliteSource)
        batches = self.source.batches(self.table)

        def produce() -> tuple[Batch, EncodedRows] | None:
            whole = next(batches, None)
            if whole is None:
                return None
            batch = self._fitting(whole)
            return batch, self.target.encode(batch)

        ahead = asyncio.create_task(asyncio.to_thread(produce))
        try:
            while (pair := await ahead) is not None:
                ahead = asyncio.create_task(asyncio.to_thread(produce))
                yield pair
        finally:
            await asyncio.wait([ahead])  # the thread must be done with the file before that is closed

    def _fitting(self, batch: Batch) -> Batch:
        return _refuse(batch, self.target.unfit(batch))

    async def _of_known_users(self, batch: Batch, encoded: EncodedRows) -> tuple[Batch, EncodedRows]:
        """Return a range without the rows of users that are not there."""
        column = OF_USERS.get(self.table.name)
        if column is None or not self.checks_users or self.target.is_legacy:
            return batch, encoded
        users = batch.values(column).listed()
        missing = await self.target.missing_users(sorted({str(user) for user in users if user is not None}))
        if not missing:
            return batch, encoded
        reasons = {row: f"no such user ({column})" for row, user in enumerate(users) if user in missing}
        batch = _refuse(batch, reasons)
        return batch, self.target.encode(batch)

    async def _spelled(self, batch: Batch) -> Batch:
        """Return a range with the spellings its rows once had."""
        keys = [row_key(key) for key in batch.row_keys()]
        found = await kept_originals(self.source, self.table, keys)
        return replace(batch, originals={row: found[key] for row, key in enumerate(keys) if key in found})


async def ranges_of(source: Source, table: TableSpec) -> AsyncIterator[Batch]:
    """Yield the ranges of a table, whatever its source is."""
    if isinstance(source, SqliteSource):
        for batch in source.batches(table):
            yield batch
    else:
        async for batch in source.batches(table):
            yield batch


async def kept_originals(source: Source, table: TableSpec, keys: Sequence[str]) -> dict[str, dict[str, Raw]]:
    """Return the spellings that a store keeps for some of its rows."""
    found: dict[str, dict[str, Raw]] = {}
    for first in range(0, len(keys), _MOST_KEYS):
        some = keys[first : first + _MOST_KEYS]
        marks = ", ".join(f"${number}" for number in range(2, len(some) + 2))
        rows = await source.fetch(
            f"SELECT row_key, originals FROM transfer_originals WHERE table_name = $1 AND row_key IN ({marks})",
            table.name,
            *some,
        )
        found |= {key: from_verbatim(spelled) for key, spelled in rows}
    return found


async def quarantined_rows(source: Source, table: TableSpec) -> list[dict[str, Raw]]:
    """Return the rows of a table that a store keeps in quarantine."""
    rows = await source.fetch(
        "SELECT row_values FROM transfer_quarantine WHERE table_name = $1 ORDER BY row_place", table.name
    )
    return [from_verbatim(text) for (text,) in rows]


async def read_ancestor(source: Source) -> Ancestor:
    """Return what is known of the old bot's file behind a source; its schema as we know it where there was none."""
    if source.is_legacy and isinstance(source, SqliteSource):
        return Ancestor(source.schema, source.sparse_instants)
    rows = await source.fetch(
        "SELECT source_schema, spellings FROM transfer_sources WHERE source_level = $1", LEGACY_REVISION
    )
    if not rows:
        return Ancestor(legacy_schema(), {})
    schema, spellings = (json.loads(one) if isinstance(one, str) else one for one in rows[0])
    return Ancestor(schema, {name: frozenset(columns) for name, columns in spellings.items()})


@contextmanager
def rare_collection(source: Source) -> Iterator[None]:
    """Have Python look for cycles seldom while a file is read: its millions of short-lived tuples hold none.

    A server's driver leaves cycles that hold rows, so there nothing changes.
    """
    usual = gc.get_threshold()
    if isinstance(source, SqliteSource):
        gc.set_threshold(_RARELY, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _refuse(batch: Batch, reasons: Mapping[int, str]) -> Batch:
    return batch.without(
        {row: refuse(batch.table, str(batch.places[row]), batch.row(row), reason) for row, reason in reasons.items()}
    )
