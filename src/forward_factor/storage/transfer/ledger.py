"""The ledger of a move, kept in its target: what is done, what was refused, how things were spelled.

Its statements are the same on every store; whoever runs them turns ``$1`` into what its driver takes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

from forward_factor.storage.transfer.catalogue import TableSpec
from forward_factor.storage.transfer.render import verbatim
from forward_factor.storage.transfer.values import Batch, Raw, Refused
from forward_factor.storage.transfer.wire import sum_of

LOADING, CHANGING, DONE = "loading", "changing", "done"
"""A first pass, a later one, and neither; while a later one lasts, the ledger says less than the target holds."""


class Executes(Protocol):
    """Runs statements inside the transaction of the moment."""

    async def fetch(self, statement: str, *values: Any) -> Sequence[Sequence[Any]]:
        """Run a statement and return its rows."""

    async def run_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each of ``rows``."""


@dataclass(slots=True)
class Run:
    """One copy of one source into one target."""

    id: str
    source: str
    source_level: str
    source_schema: list[str]
    spellings: dict[str, list[str]] = field(default_factory=dict)
    suspended: dict[str, Any] = field(default_factory=dict)
    state: str = LOADING

    @classmethod
    def of(cls, source: str, level: str, schema: list[str]) -> Run:
        """Return a new run."""
        return cls(id=str(uuid4()), source=source, source_level=level, source_schema=schema)


@dataclass(frozen=True, slots=True)
class Done:
    """A range that is in the target: rows and the sum of their digests there, and the digest of the range as read."""

    row_count: int
    refused_count: int
    digest_sum: int
    source_digest: str


async def read_run(store: Executes) -> Run | None:
    """Return the run of the ledger, None where there was none."""
    rows = await store.fetch(
        "SELECT r.id, s.source, s.source_level, s.source_schema, s.spellings, r.suspended, r.state "
        "FROM transfer_runs r JOIN transfer_sources s ON s.run_id = r.id ORDER BY r.started_at DESC LIMIT 1"
    )
    if not rows:
        return None
    name, source, level, schema, spellings, suspended, state = rows[0]
    return Run(name, source, level, _loaded(schema), _loaded(spellings), _loaded(suspended), state)


async def begin_run(store: Executes, run: Run) -> None:
    """Write a new run."""
    await store.fetch(
        "INSERT INTO transfer_runs (id, suspended, state, started_at) VALUES ($1, $2, $3, $4)",
        run.id,
        json.dumps(run.suspended),
        run.state,
        datetime.now(UTC),
    )
    await store.fetch(
        "INSERT INTO transfer_sources (run_id, source, source_level, source_schema, spellings) "
        "VALUES ($1, $2, $3, $4, $5)",
        run.id,
        run.source,
        run.source_level,
        json.dumps(run.source_schema),
        json.dumps(run.spellings),
    )


async def update_run(store: Executes, run: Run) -> None:
    """Write the state of a run."""
    await store.fetch(
        "UPDATE transfer_runs SET suspended = $2, state = $3, finished_at = $4 WHERE id = $1",
        run.id,
        json.dumps(run.suspended),
        run.state,
        datetime.now(UTC) if run.state == DONE else None,
    )
    await store.fetch("UPDATE transfer_sources SET spellings = $2 WHERE run_id = $1", run.id, json.dumps(run.spellings))


async def read_ranges(store: Executes, run: Run, table: TableSpec) -> dict[str, Done]:
    """Return the ranges of a table that are done, by place."""
    rows = await store.fetch(
        "SELECT place, row_count, refused_count, digest_sum, source_digest FROM transfer_ranges "
        "WHERE run_id = $1 AND table_name = $2",
        run.id,
        table.name,
    )
    return {place: Done(count, refused, int(total), digest) for place, count, refused, total, digest in rows}


async def write_range(store: Executes, run: Run, batch: Batch, done: Done, originals: bool) -> None:
    """Write what is known of a range: its entry, the rows refused in it, and the spellings to be kept.

    A row that has wandered here from another range takes what is known of it along.
    """
    await store.fetch(
        "INSERT INTO transfer_ranges (run_id, table_name, place, row_count, refused_count, digest_sum, source_digest) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        run.id,
        batch.table.name,
        batch.place,
        done.row_count,
        done.refused_count,
        str(done.digest_sum),
        done.source_digest,
    )
    if batch.refused:
        await store.run_many(
            "INSERT INTO transfer_quarantine (run_id, table_name, row_place, range_place, row_key, reason, row_values) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (run_id, table_name, row_place) DO UPDATE SET "
            "range_place = excluded.range_place, row_key = excluded.row_key, reason = excluded.reason, "
            "row_values = excluded.row_values",
            [_quarantined(run, batch, one) for one in batch.refused],
        )
    if originals and batch.originals:
        await store.run_many(
            "INSERT INTO transfer_originals (run_id, table_name, row_key, range_place, originals) "
            "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (run_id, table_name, row_key) DO UPDATE SET "
            "range_place = excluded.range_place, originals = excluded.originals",
            list(_spelled(run, batch)),
        )


async def forget_range(store: Executes, run: Run, table: TableSpec, place: str) -> None:
    """Remove all that is known of a range."""
    for ledger, column in (
        ("transfer_ranges", "place"),
        ("transfer_quarantine", "range_place"),
        ("transfer_originals", "range_place"),
    ):
        await store.fetch(
            f"DELETE FROM {ledger} WHERE run_id = $1 AND table_name = $2 AND {column} = $3", run.id, table.name, place
        )


def row_key(values: Sequence[Raw]) -> str:
    """Return a key as the ledger writes it."""
    return json.dumps(list(values), ensure_ascii=False, default=str)


def digest_of(batch: Batch, digests: Iterable[bytes]) -> str:
    """Return the digest of a range as it was read: rows, refused rows and spellings."""
    whole = hashlib.sha256(str(sum_of(digests)).encode())
    for refused in batch.refused:
        whole.update(f"{refused.place} {verbatim(batch.table.names, refused.row)}".encode())
    for row in sorted(batch.originals):
        whole.update(repr((batch.places[row], sorted(batch.originals[row].items()))).encode())
    return whole.hexdigest()


def _quarantined(run: Run, batch: Batch, one: Refused) -> tuple[str, ...]:
    row = verbatim(batch.table.names, one.row)
    return (run.id, batch.table.name, one.place, str(batch.place), _held(one.key), _held(one.reason), row)


def _spelled(run: Run, batch: Batch) -> Iterable[tuple[str, ...]]:
    keys = batch.row_keys()
    for row, originals in batch.originals.items():
        spelled = verbatim(tuple(originals), tuple(originals.values()))
        yield (run.id, batch.table.name, row_key(keys[row]), str(batch.place), spelled)


def _held(text: str) -> str:
    """Return a text for people to read, as every store can hold it."""
    return text.replace("\0", "\\0").encode(errors="backslashreplace").decode()


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
