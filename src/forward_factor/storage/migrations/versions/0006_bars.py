"""Hours and days made from minute bars: continuous aggregates, and plain views of the same shape elsewhere.

An hour begins at a whole hour (UTC) and holds all of its minutes. A day is a New York date, begins at its midnight and
holds the minutes of the regular session, 09:30 to 16:00; the columns ``early_*`` hold those before 13:00, for the
days on which the exchange closes then, which SQL cannot know: ``storage/readers/bars.py`` takes one or the other.
"""

from __future__ import annotations

from alembic import op

from forward_factor.storage.capabilities import Capabilities, read_capabilities

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

VIEWS = ("bars_hourly", "bars_daily")
REFRESHED_SPAN = "30 days"
"""How far back the policies look; a retention must keep more, or a refresh would empty the aggregate."""

NEW_YORK = "timestamp AT TIME ZONE 'America/New_York'"
SERVER_SESSION = f"({NEW_YORK})::time >= TIME '09:30' AND ({NEW_YORK})::time < TIME '16:00'"
SERVER_EARLY = f"({NEW_YORK})::time < TIME '13:00'"

CONTINUOUS_HOURLY = """
CREATE MATERIALIZED VIEW bars_hourly WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT ticker, time_bucket(INTERVAL '1 hour', timestamp) AS bucket, first(open, timestamp) AS open, max(high) AS high,
       min(low) AS low, last(close, timestamp) AS close, sum(volume)::bigint AS volume, count(*) AS minutes
  FROM ohlcv_bars WHERE timeframe = '1min' GROUP BY 1, 2 WITH NO DATA
"""
CONTINUOUS_DAILY = f"""
CREATE MATERIALIZED VIEW bars_daily WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT ticker, time_bucket(INTERVAL '1 day', timestamp, 'America/New_York') AS bucket,
       first(open, timestamp) AS open, max(high) AS high, min(low) AS low, last(close, timestamp) AS close,
       sum(volume)::bigint AS volume, count(*) AS minutes,
       max(high) FILTER (WHERE {SERVER_EARLY}) AS early_high, min(low) FILTER (WHERE {SERVER_EARLY}) AS early_low,
       last(close, timestamp) FILTER (WHERE {SERVER_EARLY}) AS early_close,
       (sum(volume) FILTER (WHERE {SERVER_EARLY}))::bigint AS early_volume,
       count(*) FILTER (WHERE {SERVER_EARLY}) AS early_minutes
  FROM ohlcv_bars WHERE timeframe = '1min' AND {SERVER_SESSION} GROUP BY 1, 2 WITH NO DATA
"""
# Without a start of its own a policy runs at once, and beside whoever takes the schema down again.
POLICY = f"""
SELECT add_continuous_aggregate_policy('{{view}}', start_offset => INTERVAL '{REFRESHED_SPAN}',
                                       end_offset => INTERVAL '1 hour', schedule_interval => INTERVAL '1 hour',
                                       initial_start => now() + INTERVAL '1 hour')
"""

PLAIN_HOURLY = """
CREATE VIEW bars_hourly AS
SELECT g.ticker, g.bucket, f.open, g.high, g.low, l.close, g.volume, g.minutes
  FROM (SELECT ticker, {bucket} AS bucket, min(timestamp) AS first_at, max(timestamp) AS last_at, max(high) AS high,
               min(low) AS low, CAST(sum(volume) AS bigint) AS volume, count(*) AS minutes
          FROM ohlcv_bars WHERE timeframe = '1min' GROUP BY 1, 2) AS g
  JOIN ohlcv_bars AS f ON f.ticker = g.ticker AND f.timeframe = '1min' AND f.timestamp = g.first_at
  JOIN ohlcv_bars AS l ON l.ticker = g.ticker AND l.timeframe = '1min' AND l.timestamp = g.last_at
"""
PLAIN_DAILY = """
CREATE VIEW bars_daily AS
SELECT g.ticker, g.bucket, f.open, g.high, g.low, l.close, g.volume, g.minutes,
       g.early_high, g.early_low, e.close AS early_close, g.early_volume, g.early_minutes
  FROM (SELECT ticker, {bucket} AS bucket, min(timestamp) AS first_at, max(timestamp) AS last_at, max(high) AS high,
               min(low) AS low, CAST(sum(volume) AS bigint) AS volume, count(*) AS minutes,
               max(CASE WHEN {early} THEN timestamp END) AS early_last_at,
               max(CASE WHEN {early} THEN high END) AS early_high,
               min(CASE WHEN {early} THEN low END) AS early_low,
               CAST(sum(CASE WHEN {early} THEN volume END) AS bigint) AS early_volume,
               count(CASE WHEN {early} THEN 1 END) AS early_minutes
          FROM {minutes} WHERE timeframe = '1min' AND {session} GROUP BY 1, 2) AS g
  JOIN ohlcv_bars AS f ON f.ticker = g.ticker AND f.timeframe = '1min' AND f.timestamp = g.first_at
  JOIN ohlcv_bars AS l ON l.ticker = g.ticker AND l.timeframe = '1min' AND l.timestamp = g.last_at
  LEFT JOIN ohlcv_bars AS e ON e.ticker = g.ticker AND e.timeframe = '1min' AND e.timestamp = g.early_last_at
"""

# SQLite knows no zones: New York is four hours behind UTC from the second Sunday of March, 02:00, to the first of
# November, 02:00; until 2006 from the first Sunday of April to the last of October; five hours at other times.
_FROM = "iif(timestamp >= date(timestamp, 'start of year', {day}) || ' 07:00:00', '-4 hours', '-5 hours')"
_UNTIL = "iif(timestamp < date(timestamp, 'start of year', {day}) || ' 06:00:00', '-4 hours', '-5 hours')"
_MONTH = "substr(timestamp, 6, 2)"
SQLITE_OFFSET = f"""
CASE WHEN substr(timestamp, 1, 4) >= '2007'
     THEN CASE WHEN {_MONTH} BETWEEN '04' AND '10' THEN '-4 hours'
               WHEN {_MONTH} = '03' THEN {_FROM.format(day="'+2 months', 'weekday 0', '+7 days'")}
               WHEN {_MONTH} = '11' THEN {_UNTIL.format(day="'+10 months', 'weekday 0'")}
               ELSE '-5 hours' END
     ELSE CASE WHEN {_MONTH} BETWEEN '05' AND '09' THEN '-4 hours'
               WHEN {_MONTH} = '04' THEN {_FROM.format(day="'+3 months', 'weekday 0'")}
               WHEN {_MONTH} = '10' THEN {_UNTIL.format(day="'+9 months', '+24 days', 'weekday 0'")}
               ELSE '-5 hours' END
END"""
SQLITE_MINUTES = f"""
(SELECT ticker, timeframe, timestamp, high, low, volume, {SQLITE_OFFSET} AS behind,
        datetime(timestamp, {SQLITE_OFFSET}) AS wall
   FROM ohlcv_bars)"""


def upgrade() -> None:
    """Create both views, as good as the store can keep them."""
    capabilities = read_capabilities(op.get_bind())
    if capabilities.has_compression:
        for statement in (CONTINUOUS_HOURLY, CONTINUOUS_DAILY, *(POLICY.format(view=view) for view in VIEWS)):
            op.execute(statement)
        return
    for statement in _plain(capabilities):
        op.execute(statement)


def downgrade() -> None:
    """Drop both; the bars stay."""
    kind = "MATERIALIZED VIEW" if read_capabilities(op.get_bind()).has_compression else "VIEW"
    for view in VIEWS:
        op.execute(f"DROP {kind} {view}")


def _plain(capabilities: Capabilities) -> tuple[str, str]:
    if capabilities.engine == "sqlite":
        return (
            PLAIN_HOURLY.format(bucket="strftime('%Y-%m-%d %H:00:00.000000', timestamp)"),
            PLAIN_DAILY.format(
                bucket="substr(wall, 1, 10) || iif(behind = '-4 hours', ' 04:00:00.000000', ' 05:00:00.000000')",
                minutes=SQLITE_MINUTES,
                session="substr(wall, 12, 5) >= '09:30' AND substr(wall, 12, 5) < '16:00'",
                early="substr(wall, 12, 5) < '13:00'",
            ),
        )
    return (
        PLAIN_HOURLY.format(bucket="date_trunc('hour', timestamp, 'UTC')"),
        PLAIN_DAILY.format(
            bucket="date_trunc('day', timestamp, 'America/New_York')",
            minutes="ohlcv_bars",
            session=SERVER_SESSION,
            early=SERVER_EARLY,
        ),
    )
