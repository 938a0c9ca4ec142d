"""What a store holds, as counted from the store itself: the same question before a backup and after a restore."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, func, inspect, select, table

from forward_factor.errors import SchemaMismatch
from forward_factor.storage.capabilities import read_capabilities
from forward_factor.storage.schema import SchemaLevel, read_level
from forward_factor.storage.status import read_timescale

RETENTION = "policy_retention"


class Contents(msgspec.Struct, frozen=True):
    """Kind, schema level and every table's rows; on TimescaleDB also what is kept beside the tables.

    Attributes:
        kind: ``sqlite``, ``postgresql`` or ``timescaledb``.
        policies: procedure, relation and settings of each job.

    """

    kind: str
    version: str
    schema: str
    rows: dict[str, int]
    timescale: str | None = None
    edition: str | None = None
    hypertables: tuple[str, ...] = ()
    aggregates: tuple[str, ...] = ()
    policies: tuple[tuple[str, str, str], ...] = ()

    @property
    def major(self) -> int:
        """Return the engine's major version."""
        return major_of(self.version)

    @property
    def retention(self) -> tuple[str, ...]:
        """Return the tables with an armed retention."""
        return tuple(relation for procedure, relation, _ in self.policies if procedure == RETENTION)


def major_of(version: str) -> int:
    """Return the major version: 18 of ``18.6`` and of ``18beta1``."""
    digits = re.match(r"\d+", version)
    return int(digits[0]) if digits else 0


def read_contents(connection: Connection) -> Contents:
    """Return what the connected store holds, every row counted.

    Raises:
        SchemaMismatch: it has no schema, or none of this version's.

    """
    level, can = read_level(connection), read_capabilities(connection)
    _require_known(level)
    timescale = read_timescale(connection, can)
    return Contents(
        kind=can.name,
        version=can.version,
        schema=level.current or "",
        rows=_count_rows(connection),
        timescale=can.timescale,
        edition=can.edition,
        hypertables=tuple(one.name for one in timescale.hypertables),
        aggregates=timescale.aggregates,
        policies=tuple((one.procedure, one.relation, one.config) for one in timescale.policies),
    )


def differences(expected: Contents, found: Contents) -> Iterator[str]:
    """Yield what of ``expected`` is not as it was; retention is left out, for a restore leaves it off."""
    if found.schema != expected.schema:
        yield f"schema {found.schema} instead of {expected.schema}"
    for name in sorted(expected.rows.keys() | found.rows.keys()):
        if found.rows.get(name) != expected.rows.get(name):
            yield f"{name} {found.rows.get(name, 'no')} rows instead of {expected.rows.get(name, 'no table')}"
    kept = {
        "hypertables": (expected.hypertables, found.hypertables),
        "aggregates": (expected.aggregates, found.aggregates),
        "policies": (_without_retention(expected), _without_retention(found)),
    }
    for what, (before, after) in kept.items():
        if before != after:
            yield f"{what} differ"


def _require_known(level: SchemaLevel) -> None:
    if level.current is None:
        raise SchemaMismatch("the store has no schema, so there is nothing to back up")
    if not level.is_known:
        raise SchemaMismatch(
            f"the store's schema {ascii(level.current)[:40]} is of a newer Forward Factor: use that one"
        )


def _without_retention(contents: Contents) -> list[tuple[str, str, str]]:
    return [policy for policy in contents.policies if policy[0] != RETENTION]


def _count_rows(connection: Connection) -> dict[str, int]:
    names = sorted(inspect(connection).get_table_names())
    return {name: connection.scalar(select(func.count()).select_from(table(name))) or 0 for name in names}
