"""Hypertables, compression and the two aggregates; plain views of the same shape where those are not to be had.

Retention is never armed here: on freshly moved history it would delete that history the same night.
"""

from __future__ import annotations

from typing import NamedTuple

from alembic import op
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from forward_factor.errors import StorageError
from forward_factor.storage.capabilities import Capabilities, read_capabilities

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


class Hypertable(NamedTuple):
    """How one table is cut into chunks and compressed; intervals as PostgreSQL writes them."""

    table: str
    time_column: str
    chunk_interval: str
    compress_after: str
    order_by: str


HYPERTABLES = (
    Hypertable("signals", "as_of_ts", "1 day", "7 days", "as_of_ts, id"),
    Hypertable("option_chain_snapshots", "as_of_ts", "1 day", "14 days", "as_of_ts, id"),
    Hypertable("option_quotes", "as_of_ts", "7 days", "14 days", "as_of_ts, expiry, option_right, strike"),
    Hypertable("term_structure", "as_of_ts", "7 days", "14 days", "as_of_ts, expiry"),
    Hypertable("candidates", "as_of_ts", "7 days", "14 days", "as_of_ts, pair, vol_point"),
    Hypertable("ohlcv_bars", "timestamp", "7 days", "30 days", "timeframe, timestamp"),
)


class Aggregate(NamedTuple):
    """A summary of ``signals`` by ticker and bucket."""

    view: str
    bucket: str
    width: str
    columns: str
    refresh_every: str


AGGREGATES = (
    Aggregate("signals_hourly", "bucket", "hour", "COUNT(*) AS signal_count, AVG(ff_value) AS avg_ff", "1 hour"),
    Aggregate(
        "signals_daily_summary",
        "day",
        "day",
        "COUNT(*) AS signal_count, AVG(ff_value) AS avg_ff, MAX(ff_value) AS max_ff",
        "1 hour",
    ),
)
REFRESHED_SPAN = "30 days"
"""How far back the policies look; a retention must keep more, or a refresh would empty the aggregate."""

SQLITE_BUCKETS = {
    "hour": "strftime('%Y-%m-%d %H:00:00.000000', as_of_ts)",
    "day": "strftime('%Y-%m-%d 00:00:00.000000', as_of_ts)",
}


def upgrade() -> None:
    """Make the most of the store."""
    capabilities = _install_extension(read_capabilities(op.get_bind()))
    if capabilities.has_hypertables:
        for hypertable in HYPERTABLES:
            _create_hypertable(hypertable)
    if capabilities.has_compression:
        for hypertable in HYPERTABLES:
            _compress(hypertable)
        for aggregate in AGGREGATES:
            _create_continuous_aggregate(aggregate)
    else:
        for aggregate in AGGREGATES:
            _create_view(aggregate, capabilities)


def downgrade() -> None:
    """Drop the aggregates and make the tables plain again; the extension stays."""
    capabilities = read_capabilities(op.get_bind())
    kind = "MATERIALIZED VIEW" if capabilities.has_compression else "VIEW"
    for aggregate in AGGREGATES:
        op.execute(f"DROP {kind} {aggregate.view}")
    if capabilities.has_hypertables:
        for hypertable in HYPERTABLES:
            _make_plain(hypertable.table)


def _install_extension(capabilities: Capabilities) -> Capabilities:
    if capabilities.timescale or not capabilities.timescale_available:
        return capabilities
    try:
        op.execute("CREATE EXTENSION timescaledb")
    except DBAPIError as refused:
        raise StorageError(
            "the server has TimescaleDB, but this user may not create the extension: "
            "have an administrator run CREATE EXTENSION timescaledb in this database, then try again"
        ) from refused
    return read_capabilities(op.get_bind())


def _create_hypertable(hypertable: Hypertable) -> None:
    op.execute(
        f"SELECT create_hypertable('{hypertable.table}', '{hypertable.time_column}', "
        f"chunk_time_interval => INTERVAL '{hypertable.chunk_interval}', create_default_indexes => false, "
        "migrate_data => true)"
    )


def _compress(hypertable: Hypertable) -> None:
    op.execute(
        f"ALTER TABLE {hypertable.table} SET (timescaledb.compress, timescaledb.compress_segmentby = 'ticker', "
        f"timescaledb.compress_orderby = '{hypertable.order_by}')"
    )
    op.execute(f"SELECT add_compression_policy('{hypertable.table}', INTERVAL '{hypertable.compress_after}')")


def _create_continuous_aggregate(aggregate: Aggregate) -> None:
    op.execute(
        f"CREATE MATERIALIZED VIEW {aggregate.view} "
        "WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS "
        f"SELECT time_bucket(INTERVAL '1 {aggregate.width}', as_of_ts) AS {aggregate.bucket}, ticker, "
        f"{aggregate.columns} FROM signals GROUP BY 1, 2 WITH NO DATA"
    )
    op.execute(
        f"SELECT add_continuous_aggregate_policy('{aggregate.view}', start_offset => INTERVAL '{REFRESHED_SPAN}', "
        f"end_offset => INTERVAL '1 hour', schedule_interval => INTERVAL '{aggregate.refresh_every}')"
    )


def _create_view(aggregate: Aggregate, capabilities: Capabilities) -> None:
    bucket = (
        SQLITE_BUCKETS[aggregate.width]
        if capabilities.engine == "sqlite"
        else f"date_trunc('{aggregate.width}', as_of_ts, 'UTC')"
    )
    op.execute(
        f"CREATE VIEW {aggregate.view} AS SELECT {bucket} AS {aggregate.bucket}, ticker, {aggregate.columns} "
        "FROM signals GROUP BY 1, 2"
    )


def _make_plain(table: str) -> None:
    """Copy a hypertable into a plain table of the same name, constraints and indexes included."""
    bind = op.get_bind()
    op.execute(f"CREATE TABLE {table}_plain (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    op.execute(f"INSERT INTO {table}_plain SELECT * FROM {table}")
    constraints = bind.execute(
        text(
            "SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint "
            "WHERE conrelid = CAST(:name AS regclass) AND contype IN ('p', 'u', 'f')"
        ),
        {"name": table},
    ).all()
    owned = {constraint.conname for constraint in constraints}
    indexes = bind.execute(
        text("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = :name"),
        {"name": table},
    ).all()
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE {table}_plain RENAME TO {table}")
    for constraint in constraints:
        op.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{constraint.conname}" {constraint.definition}')
    for index in indexes:
        if index.indexname not in owned:
            op.execute(index.indexdef)
