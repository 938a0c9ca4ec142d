"""History by New York day: what was read of each pair, of 30 days' vol, of snapshots, and why candidates were refused.

Continuous aggregates where the store keeps them, plain views of the same names, columns and rows elsewhere. Headers
of snapshots get two counts which until now nobody kept: crossed quotes and rejected rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import sqlalchemy as sa
from alembic import op

from forward_factor.storage.capabilities import Capabilities, read_capabilities

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NEW_COLUMNS = ("crossed", "rejected_rows")
ZONE = "America/New_York"
TENOR = 30
"""Days to expiry between which the constant-maturity vol is interpolated."""
MEASURES = {
    "ff": "ff_value",
    "front_iv": "front_iv",
    "back_iv": "back_iv",
    "sigma_fwd": "sigma_fwd",
    "bid_ask_pct": "bid_ask_pct",
}
REASONS = (
    "no_front_expiry", "no_back_expiry", "no_vol_point", "missing_quotes", "crossed_quotes", "wide_spread",
    "low_open_interest", "low_volume", "stale_quotes", "negative_forward_variance", "sigma_fwd_below_floor",
    "earnings_in_window", "ff_below_threshold",
)  # fmt: skip
EPOCH = "TIMESTAMPTZ '2000-01-01 00:00:00Z'"
NEAR = f"atm_iv IS NOT NULL AND dte <= {TENOR}"
FAR = f"atm_iv IS NOT NULL AND dte >= {TENOR}"

Last = Callable[[str, str, str], str]
"""Writes ``column``'s value in the last row of a group by ``order`` among those that meet a condition."""


class Daily(NamedTuple):
    """A summary of ``source`` by New York day and ``key``.

    Attributes:
        columns: the same on every store, ``name`` to SQL.
        lasts: ``name`` to (column, what rows are ordered by, condition), written as each store can.
        refreshed: how far back the policy looks; a retention must keep more, or a refresh would empty the aggregate.
        chunks: how much of time one chunk of the aggregate holds.

    """

    view: str
    source: str
    key: tuple[str, ...]
    columns: dict[str, str]
    lasts: dict[str, tuple[str, str, str]]
    indexed: str
    refreshed: str
    chunks: str


def _counted(condition: str) -> str:
    return f"COUNT(CASE WHEN {condition} THEN 1 END)"


def _candidates() -> Daily:
    columns = {"readings": "COUNT(*)", "ff_readings": "COUNT(ff_value)", "last_at": "MAX(as_of_ts)"}
    for name, column in MEASURES.items():
        columns |= {f"{name}_{kind}": f"{kind.upper()}({column})" for kind in ("min", "max", "avg")}
    lasts = {f"{name}_last": (column, "as_of_ts", f"{column} IS NOT NULL") for name, column in MEASURES.items()}
    key = ("ticker", "provider", "pair", "vol_point")
    return Daily(
        "candidates_daily", "candidates", key, columns, lasts, "ticker, pair, vol_point, day", "30 days", "70 days"
    )


def _reasons() -> Daily:
    columns = {"candidates": "COUNT(*)", "signals": _counted("is_signal")}
    columns |= {reason: _counted(f"CAST(reason_codes AS {{text}}) LIKE '%\"{reason}\"%'") for reason in REASONS}
    key = ("ticker", "provider")
    return Daily("reasons_daily", "candidates", key, columns, {}, "ticker, day", "30 days", "70 days")


TERM_STRUCTURE = Daily(
    "term_structure_daily",
    "term_structure",
    ("ticker", "provider"),
    {
        "points": "COUNT(*)",
        "atm_points": "COUNT(atm_iv)",
        "put_35d_points": "COUNT(put_35d_iv)",
        "call_35d_points": "COUNT(call_35d_iv)",
        "near_at": f"MAX(CASE WHEN {NEAR} THEN as_of_ts END)",
        "far_at": f"MAX(CASE WHEN {FAR} THEN as_of_ts END)",
    },
    {
        "near_iv": ("atm_iv", "as_of_ts, dte", NEAR),
        "near_dte": ("dte", "as_of_ts, dte", NEAR),
        "far_iv": ("atm_iv", "as_of_ts, -dte", FAR),
        "far_dte": ("dte", "as_of_ts, -dte", FAR),
    },
    "ticker, day",
    "30 days",
    "70 days",
)
SNAPSHOTS = Daily(
    "snapshots_daily",
    "option_chain_snapshots",
    ("ticker", "provider"),
    {
        "snapshots": "COUNT(*)",
        "stale": _counted("is_stale"),
        "contracts": "SUM(contracts_seen)",
        "checked": "COUNT(crossed)",
        "checked_contracts": "SUM(CASE WHEN crossed IS NOT NULL THEN contracts_seen END)",
        "crossed": "SUM(crossed)",
        "rejected_rows": "SUM(rejected_rows)",
        "first_at": "MIN(as_of_ts)",
        "last_at": "MAX(as_of_ts)",
    },
    {},
    "ticker, day",
    "7 days",
    "70 days",
)
VIEWS = (_candidates(), _reasons(), TERM_STRUCTURE, SNAPSHOTS)


def upgrade() -> None:
    """Create the columns and the summaries."""
    for name in NEW_COLUMNS:
        op.add_column("option_chain_snapshots", sa.Column(name, sa.Integer(), nullable=True))
    capabilities = read_capabilities(op.get_bind())
    for view in VIEWS:
        if capabilities.has_compression:
            create_continuous_aggregate(view)
        else:
            op.execute(plain_view(view, capabilities))


def downgrade() -> None:
    """Drop them; of rows that retention took, nothing is left then."""
    kind = "MATERIALIZED VIEW" if read_capabilities(op.get_bind()).has_compression else "VIEW"
    for view in reversed(VIEWS):
        op.execute(f"DROP {kind} {view.view}")
    for name in reversed(NEW_COLUMNS):
        op.drop_column("option_chain_snapshots", name)


def create_continuous_aggregate(view: Daily) -> None:
    """Create the aggregate, its index and its policy; nothing is materialised yet, so all of it shows.

    The policy waits: after its first run nothing shows that is older than what it looks back on, unless
    ``SqlAggregates.catch_up``, which cannot run in this transaction, was there first.
    """
    options = (
        "timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = false, "
        f"timescaledb.chunk_interval = '{view.chunks}'"
    )
    day = f"time_bucket(INTERVAL '1 day', as_of_ts, '{ZONE}')"
    op.execute(f"CREATE MATERIALIZED VIEW {view.view} WITH ({options}) AS {_grouped(view, day, _last)} WITH NO DATA")
    op.execute(f"CREATE INDEX ON {view.view} ({view.indexed})")
    op.execute(
        f"SELECT add_continuous_aggregate_policy('{view.view}', start_offset => INTERVAL '{view.refreshed}', "
        "end_offset => INTERVAL '1 hour', schedule_interval => INTERVAL '1 hour', "
        "initial_start => now() + INTERVAL '1 hour')"
    )


def plain_view(view: Daily, capabilities: Capabilities) -> str:
    """Return the statement that makes the same as a plain view."""
    if capabilities.engine == "sqlite":
        return f"CREATE VIEW {view.view} AS {_grouped_on_sqlite(view)}"
    day = f"date_trunc('day', as_of_ts, '{ZONE}')"
    return f"CREATE VIEW {view.view} AS {_grouped(view, day, _last_of_array)}"


def _grouped(view: Daily, day: str, last: Last) -> str:
    columns = view.columns | {name: last(*given) for name, given in view.lasts.items()}
    shown = ", ".join(f"{sql.format(text='text')} AS {name}" for name, sql in columns.items())
    group = ", ".join(str(place) for place in range(1, len(view.key) + 2))
    return f"SELECT {day} AS day, {', '.join(view.key)}, {shown} FROM {view.source} GROUP BY {group}"


def _last(column: str, order: str, condition: str) -> str:
    """Order by an instant and then days as one interval: ``last`` refuses rows and arrays.

    Microseconds times 10,000, exact in 64 bits, leave room for fewer than 10,000 days.
    """
    instant, *days = order.split(", ")
    by = f"({instant} - {EPOCH}) * 10000 + {days[0]} * INTERVAL '1 microsecond'" if days else instant
    return f"last({column}, {by}) FILTER (WHERE {condition})"


def _last_of_array(column: str, order: str, condition: str) -> str:
    by = ", ".join(f"{one} DESC" for one in order.split(", "))
    return f"(array_agg({column} ORDER BY {by}) FILTER (WHERE {condition}))[1]"


def _grouped_on_sqlite(view: Daily) -> str:
    """Group first, then look every last value up by the instant it is of: SQLite has no aggregate for it."""
    keys = ", ".join(view.key)
    conditions = sorted({condition for _, _, condition in view.lasts.values()})
    instants = {condition: f"at_{number}" for number, condition in enumerate(conditions)}
    columns = view.columns | {
        name: f"MAX(CASE WHEN {condition} THEN as_of_ts END)" for condition, name in instants.items()
    }
    inner = ", ".join(f"{sql.format(text='TEXT')} AS {name}" for name, sql in columns.items())
    same = " AND ".join(f"s.{name} = g.{name}" for name in view.key)
    shown = [f"g.{name}" for name in view.columns]
    for name, (column, order, condition) in view.lasts.items():
        by = ", ".join(f"{one} DESC" for one in order.split(", "))
        shown.append(
            f"(SELECT {column} FROM {view.source} s WHERE {same} AND s.as_of_ts = g.{instants[condition]} "
            f"AND {condition} ORDER BY {by} LIMIT 1) AS {name}"
        )
    group = ", ".join(str(place) for place in range(1, len(view.key) + 2))
    return (
        f"SELECT g.day, {', '.join(f'g.{name}' for name in view.key)}, {', '.join(shown)} FROM "
        f"(SELECT {sqlite_day('as_of_ts')} AS day, {keys}, {inner} FROM {view.source} GROUP BY {group}) g"
    )


def sqlite_day(instant: str) -> str:
    """Return SQL for the instant at which the New York day of a UTC text begins, by the rules in force since 1987.

    Clocks go forward at 07:00 UTC on the second Sunday in March (until 2006: the first in April), back at 06:00 UTC on
    the first in November (the last in October).
    """
    year = f"substr({instant}, 1, 4)"
    spring = f"CASE WHEN {year} >= '2007' THEN date({year} || '-03-08', 'weekday 0') ELSE "
    spring += f"date({year} || '-04-01', 'weekday 0') END"
    autumn = f"CASE WHEN {year} >= '2007' THEN date({year} || '-11-01', 'weekday 0') ELSE "
    autumn += f"date({year} || '-10-25', 'weekday 0') END"
    is_summer = f"{instant} >= ({spring}) || ' 07' AND {instant} < ({autumn}) || ' 06'"
    day = f"date({instant}, CASE WHEN {is_summer} THEN '-4 hours' ELSE '-5 hours' END)"
    began_in_summer = f"{day} > ({spring}) AND {day} <= ({autumn})"
    return f"{day} || CASE WHEN {began_in_summer} THEN ' 04:00:00.000000' ELSE ' 05:00:00.000000' END"
