"""What is in a store: level, tables, hypertables, aggregates, policies, connections."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from sqlalchemy import Connection, func, inspect, literal, select, text

from forward_factor.storage.capabilities import Capabilities, read_capabilities
from forward_factor.storage.schema import SchemaLevel, read_level
from forward_factor.storage.tables import Base

_HYPERTABLES = """
SELECT h.hypertable_name AS name, d.time_interval AS interval, h.compression_enabled AS compressed,
       (SELECT count(*) FROM timescaledb_information.chunks c
         WHERE c.hypertable_name = h.hypertable_name AND c.hypertable_schema = h.hypertable_schema) AS chunks,
       (SELECT count(*) FROM timescaledb_information.chunks c
         WHERE c.hypertable_name = h.hypertable_name AND c.hypertable_schema = h.hypertable_schema
           AND c.is_compressed) AS compressed_chunks
  FROM timescaledb_information.hypertables h
  JOIN timescaledb_information.dimensions d USING (hypertable_schema, hypertable_name)
 WHERE h.hypertable_schema = current_schema()
 ORDER BY 1
"""
_AGGREGATES = """
SELECT view_name AS name FROM timescaledb_information.continuous_aggregates
 WHERE view_schema = current_schema() ORDER BY 1
"""
_POLICIES = """
SELECT j.proc_name AS procedure, coalesce(a.view_name, j.hypertable_name) AS relation, j.config::text AS config
  FROM timescaledb_information.jobs j
  LEFT JOIN timescaledb_information.continuous_aggregates a
    ON a.materialization_hypertable_name = j.hypertable_name
 WHERE j.hypertable_name IS NOT NULL
 ORDER BY 1, 2
"""

_SIZE = "SELECT hypertable_size(CAST(:name AS regclass))"
_COMPRESSED = """
SELECT sum(before_compression_total_bytes) AS before, sum(after_compression_total_bytes) AS after
  FROM hypertable_compression_stats(CAST(:name AS regclass))
"""

COUNTED_EXACTLY = 100_000


@dataclass(frozen=True, slots=True)
class Hypertable:
    """A table cut into chunks of ``chunk_interval``.

    Attributes:
        size_bytes: on disk, indexes and all.
        bytes_before, bytes_after: of its compressed chunks, before and after; None where there are none.

    """

    name: str
    chunk_interval: str
    chunks: int
    compressed_chunks: int
    has_compression: bool
    size_bytes: int = 0
    bytes_before: int | None = None
    bytes_after: int | None = None

    @property
    def compression_ratio(self) -> float | None:
        """Return how many times smaller compression made its chunks; None where nothing is compressed."""
        return self.bytes_before / self.bytes_after if self.bytes_before and self.bytes_after else None


@dataclass(frozen=True, slots=True)
class Policy:
    """A job of the database's own, e.g. ``policy_compression`` on ``signals``."""

    procedure: str
    relation: str
    config: str


@dataclass(frozen=True, slots=True)
class Timescale:
    """What TimescaleDB keeps beside the tables; nothing of it on other stores."""

    hypertables: tuple[Hypertable, ...] = ()
    aggregates: tuple[str, ...] = ()
    policies: tuple[Policy, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """A store as ``db status`` shows it.

    The location is its URL without the password; the rows of tables in ``estimated`` are at least so many; the size is
    that of the whole database or file.
    """

    location: str
    capabilities: Capabilities
    level: SchemaLevel
    rows: dict[str, int] = field(default_factory=dict)
    estimated: frozenset[str] = frozenset()
    hypertables: tuple[Hypertable, ...] = ()
    aggregates: tuple[str, ...] = ()
    policies: tuple[Policy, ...] = ()
    connections: int | None = None
    size_bytes: int = 0

    @property
    def retention(self) -> tuple[Policy, ...]:
        """Return the armed retention policies; a new store has none."""
        return tuple(policy for policy in self.policies if policy.procedure == "policy_retention")


def read_status(connection: Connection) -> StoreStatus:
    """Return the state of the connected store; reads only."""
    location = connection.engine.url.render_as_string(hide_password=True)
    capabilities, level = read_capabilities(connection), read_level(connection)
    if level.current is None or not level.is_known:
        return StoreStatus(location, capabilities, level)
    rows, estimated = _rows(connection, capabilities)
    if capabilities.engine == "sqlite":
        return StoreStatus(location, capabilities, level, rows, estimated, size_bytes=_file_size(connection))
    connections = connection.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"))
    kept = read_timescale(connection, capabilities)
    return StoreStatus(
        location,
        capabilities,
        level,
        rows,
        estimated,
        tuple(_measured(connection, capabilities, one) for one in kept.hypertables),
        kept.aggregates,
        kept.policies,
        connections,
        connection.scalar(text("SELECT pg_database_size(current_database())")) or 0,
    )


def _file_size(connection: Connection) -> int:
    pages, size = connection.scalar(text("PRAGMA page_count")), connection.scalar(text("PRAGMA page_size"))
    return int(pages or 0) * int(size or 0)


def read_timescale(connection: Connection, capabilities: Capabilities) -> Timescale:
    """Return hypertables, aggregates and policies of the connected store."""
    if not capabilities.has_hypertables:
        return Timescale()
    return Timescale(
        _hypertables(connection),
        tuple(row.name for row in connection.execute(text(_AGGREGATES))) if capabilities.has_compression else (),
        tuple(Policy(row.procedure, row.relation, row.config) for row in connection.execute(text(_POLICIES))),
    )


def _hypertables(connection: Connection) -> tuple[Hypertable, ...]:
    return tuple(
        Hypertable(
            row.name,
            _in_days(row.interval.total_seconds()),
            row.chunks,
            row.compressed_chunks,
            row.compressed,
        )
        for row in connection.execute(text(_HYPERTABLES))
    )


def _measured(connection: Connection, capabilities: Capabilities, one: Hypertable) -> Hypertable:
    name = {"name": one.name}
    size_bytes = connection.scalar(text(_SIZE), name) or 0
    if not capabilities.has_compression or not one.compressed_chunks:
        return replace(one, size_bytes=size_bytes)
    packed = connection.execute(text(_COMPRESSED), name).one()
    return replace(one, size_bytes=size_bytes, bytes_before=_whole(packed.before), bytes_after=_whole(packed.after))


def _whole(value: Decimal | None) -> int | None:
    return None if value is None else int(value)


def _in_days(seconds: float) -> str:
    days = seconds / 86_400
    return f"{days:g} day" if days == 1 else f"{days:g} days"


def _rows(connection: Connection, capabilities: Capabilities) -> tuple[dict[str, int], frozenset[str]]:
    """Count every table this level has, exactly up to a limit; beyond it take the planner's word."""
    there = set(inspect(connection).get_table_names())
    rows: dict[str, int] = {}
    estimated = set()
    for table in Base.metadata.sorted_tables:
        if table.name not in there:
            continue
        some = select(literal(1)).select_from(table).limit(COUNTED_EXACTLY + 1).subquery()
        rows[table.name] = connection.scalar(select(func.count()).select_from(some)) or 0
        if rows[table.name] > COUNTED_EXACTLY:
            estimated.add(table.name)
            rows[table.name] = max(_estimate(connection, capabilities, table.name), rows[table.name])
    return rows, frozenset(estimated)


def _estimate(connection: Connection, capabilities: Capabilities, table: str) -> int:
    if capabilities.engine == "sqlite":
        return connection.scalar(text(f"SELECT max(rowid) FROM {table}")) or 0
    if capabilities.has_hypertables:
        return connection.scalar(text("SELECT approximate_row_count(CAST(:name AS regclass))"), {"name": table}) or 0
    planner = "SELECT reltuples::bigint FROM pg_class WHERE oid = CAST(:name AS regclass)"
    return connection.scalar(text(planner), {"name": table}) or 0
