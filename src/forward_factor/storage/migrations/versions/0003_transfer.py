"""What a move keeps in its target; and marks that the old bot left empty stay empty.

The index on ``signals.dedupe_key`` goes: ``signal_keys`` answers for it, and every scan paid for both.

Compressed chunks are no longer ordered by varchar columns: TimescaleDB 2.28.3 then fails on a query in that very order
(``SELECT … ORDER BY as_of_ts, id``: ``missing operator 1(1043,1043) in opfamily 1994``).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forward_factor.storage.capabilities import read_capabilities
from forward_factor.storage.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ORDERS = {
    "signals": ("as_of_ts, id", "as_of_ts"),
    "option_chain_snapshots": ("as_of_ts, id", "as_of_ts"),
    "candidates": ("as_of_ts, pair, vol_point", "as_of_ts"),
    "ohlcv_bars": ("timeframe, timestamp", "timestamp"),
}
"""By table, the order within a ticker before and after."""
MARKS = (("signals", "is_discovery"), ("user_settings", "discovery_mode"))


def upgrade() -> None:
    """Create the tables of a move."""
    for table, mark in MARKS:
        _set_nullable(table, mark, nullable=True)
    op.drop_index(op.f("ix_signals_dedupe_key"), table_name="signals")
    _order_chunks(1)
    create_runs()
    create_kept_rows()


def downgrade() -> None:
    """Drop them; rows in quarantine go with them."""
    for table in ("transfer_originals", "transfer_quarantine", "transfer_sources", "transfer_ranges", "transfer_runs"):
        op.drop_table(table)
    _order_chunks(0)
    op.create_index(op.f("ix_signals_dedupe_key"), "signals", ["dedupe_key"], unique=False)
    for table, mark in MARKS:
        op.execute(f"UPDATE {table} SET {mark} = {'false' if _is_server() else '0'} WHERE {mark} IS NULL")
        _set_nullable(table, mark, nullable=False)


def create_runs() -> None:
    """Create runs and their ledger."""
    op.create_table(
        "transfer_runs",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("suspended", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_runs")),
    )
    op.create_table(
        "transfer_ranges",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("refused_count", sa.BigInteger(), nullable=False),
        sa.Column("digest_sum", sa.String(), nullable=False),
        sa.Column("source_digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["transfer_runs.id"], name=op.f("fk_transfer_ranges_run_id_transfer_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "table_name", "place", name=op.f("pk_transfer_ranges")),
    )


def create_kept_rows() -> None:
    """Create the tables of what could not be held, or not as it was spelled, and of where it came from."""
    op.create_table(
        "transfer_sources",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_level", sa.String(), nullable=False),
        sa.Column("source_schema", sa.JSON(), nullable=False),
        sa.Column("spellings", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_transfer_sources")),
    )
    op.create_table(
        "transfer_quarantine",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("row_place", sa.String(), nullable=False),
        sa.Column("range_place", sa.String(), nullable=False),
        sa.Column("row_key", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("row_values", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "table_name", "row_place", name=op.f("pk_transfer_quarantine")),
    )
    op.create_table(
        "transfer_originals",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("table_name", sa.String(), nullable=False),
        sa.Column("row_key", sa.String(), nullable=False),
        sa.Column("range_place", sa.String(), nullable=False),
        sa.Column("originals", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "table_name", "row_key", name=op.f("pk_transfer_originals")),
    )


def _order_chunks(which: int) -> None:
    if read_capabilities(op.get_bind()).has_compression:
        for table, orders in ORDERS.items():
            op.execute(
                f"ALTER TABLE {table} SET (timescaledb.compress, timescaledb.compress_segmentby = 'ticker', "
                f"timescaledb.compress_orderby = '{orders[which]}')"
            )


def _set_nullable(table: str, column: str, *, nullable: bool) -> None:
    if not _is_server():
        op.execute("PRAGMA legacy_alter_table = ON")  # or SQLite would check the views while the table is away
    with op.batch_alter_table(table) as batch:
        batch.alter_column(column, existing_type=sa.Boolean(), nullable=nullable)


def _is_server() -> bool:
    return op.get_bind().dialect.name == "postgresql"
