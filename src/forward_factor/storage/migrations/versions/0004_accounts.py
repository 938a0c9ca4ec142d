"""Roles, and what makes the addresses of new accounts unique whatever their case.

Both stay empty in rows of the old bot, before and after a move: its addresses may differ in case alone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns."""
    op.add_column("users", sa.Column("role", sa.String(), nullable=True))
    op.add_column("users", sa.Column("email_key", sa.String(), nullable=True))
    op.create_index(op.f("ix_users_email_key"), "users", ["email_key"], unique=True)


def downgrade() -> None:
    """Drop them; administrators become ordinary users."""
    op.drop_index(op.f("ix_users_email_key"), table_name="users")
    op.drop_column("users", "email_key")
    op.drop_column("users", "role")
