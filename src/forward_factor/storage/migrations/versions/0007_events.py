"""Events as they became known, what was fetched of them, and what splits changed about open decisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forward_factor.storage.types import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the three tables; announcements stored before have no word in the first, and count as always known."""
    op.create_table(
        "earnings_words",
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("announced_on", sa.Date(), nullable=False),
        sa.Column("said_at", UtcDateTime(), nullable=False),
        sa.Column("timing", sa.String(), nullable=False),
        sa.Column("is_confirmed", sa.Boolean(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("ticker", "announced_on", "said_at", name=op.f("pk_earnings_words")),
    )
    op.create_table(
        "event_fetches",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("end_on", sa.Date(), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("provider", "kind", "ticker", name=op.f("pk_event_fetches")),
    )
    op.create_table(
        "decision_adjustments",
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ratio", sa.Double(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("contracts_before", sa.Integer(), nullable=True),
        sa.Column("contracts_after", sa.Integer(), nullable=True),
        sa.Column("entry_price_before", sa.Double(), nullable=True),
        sa.Column("entry_price_after", sa.Double(), nullable=True),
        sa.Column("adjusted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["signal_user_decisions.id"],
            name=op.f("fk_decision_adjustments_decision_id_signal_user_decisions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("decision_id", "effective_on", "revision", name=op.f("pk_decision_adjustments")),
    )


def downgrade() -> None:
    """Drop them; adjusted decisions stay adjusted."""
    for table in ("decision_adjustments", "event_fetches", "earnings_words"):
        op.drop_table(table)
