"""The running system: sessions and chats, what is due, what is owed to whom, and the job queue of PostgreSQL.

The queue is pgqueuer's, made by its own statements; SQLite has none, for its one process keeps jobs in memory and
makes them anew from ``scan_slots``.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from pgqueuer.adapters.persistence import schema_ddl
from pgqueuer.domain.schema.declaration import target
from pgqueuer.domain.settings import DBSettings
from sqlalchemy.types import TypeEngine

from forward_factor.storage.types import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NEW_COLUMNS: dict[str, tuple[tuple[str, TypeEngine[Any]], ...]] = {
    "users": (("tokens_valid_after", UtcDateTime()),),
    "user_settings": (
        ("ex_earnings", sa.Boolean()),
        ("alerts_paused", sa.Boolean()),
        ("discovery_ff_threshold", sa.Double()),
        ("bankroll", sa.Double()),
        ("win_rate", sa.Double()),
        ("win_loss_ratio", sa.Double()),
    ),
    "master_tickers": (("last_scan_price", sa.Double()),),
    "signal_user_decisions": (
        ("structure", sa.String()),
        ("contracts", sa.Integer()),
        ("closed_at", UtcDateTime()),
    ),
}
NEW_TABLES = (
    "deliveries", "reminders", "alert_marks", "notifications", "service_heartbeats", "provider_budgets",
    "corporate_actions", "universe", "scan_slots", "link_codes", "telegram_chats", "server_secrets", "refresh_tokens",
)  # fmt: skip
ADOPT_CHATS = """
INSERT INTO telegram_chats (chat_id, user_id, title, is_active, linked_at)
SELECT telegram_chat_id, id, telegram_username, {true}, created_at FROM users WHERE telegram_chat_id IS NOT NULL
"""


def upgrade() -> None:
    """Create all of it; the chats of present users are theirs."""
    for table, columns in NEW_COLUMNS.items():
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind, nullable=True))
    create_account_tables()
    create_scan_tables()
    create_message_tables()
    op.execute(ADOPT_CHATS.format(true="true" if _is_server() else "1"))
    if _is_server():
        create_queue()


def downgrade() -> None:
    """Drop all of it; what is owed and not yet delivered is lost."""
    if _is_server():
        for statement in schema_ddl.render_uninstall(DBSettings()).splitlines():
            op.execute(statement)
    for table in NEW_TABLES:
        op.drop_table(table)
    for table, columns in NEW_COLUMNS.items():
        for name, _ in reversed(columns):
            op.drop_column(table, name)


def create_queue() -> None:
    """Create the tables of the job queue, statement by statement: the driver takes one at a time."""
    settings = DBSettings()
    schema = target(settings)
    statements = [
        *(schema_ddl.render_enum(one, settings) for one in schema.enums),
        *(schema_ddl.render_table(one, settings) for one in schema.tables),
        *(schema_ddl.render_index(one, settings) for one in schema.indexes),
        *(schema_ddl.render_function(one, settings) for one in schema.functions),
        *(schema_ddl.render_trigger(one, settings) for one in schema.triggers),
    ]
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)


def create_account_tables() -> None:
    """Create sessions, chats and secrets."""
    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("token_digest", sa.String(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("replaced_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_refresh_tokens_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_tokens")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_refresh_tokens_token_digest")),
    )
    op.create_index(op.f("ix_refresh_tokens_family"), "refresh_tokens", ["family"], unique=False)
    op.create_index(op.f("ix_refresh_tokens_user_id"), "refresh_tokens", ["user_id"], unique=False)
    op.create_table(
        "server_secrets",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_server_secrets")),
    )
    op.create_table(
        "telegram_chats",
        sa.Column("chat_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("linked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_telegram_chats_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("chat_id", name=op.f("pk_telegram_chats")),
    )
    op.create_index(op.f("ix_telegram_chats_user_id"), "telegram_chats", ["user_id"], unique=False)
    op.create_table(
        "link_codes",
        sa.Column("code_digest", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_link_codes_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("code_digest", name=op.f("pk_link_codes")),
    )
    op.create_index(op.f("ix_link_codes_user_id"), "link_codes", ["user_id"], unique=False)


def create_scan_tables() -> None:
    """Create what is due, what discovery scans, and who is at work."""
    op.create_table(
        "scan_slots",
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("ticker", "due_at", name=op.f("pk_scan_slots")),
    )
    op.create_index(op.f("ix_scan_slots_due_at"), "scan_slots", ["due_at"], unique=False)
    op.create_index(op.f("ix_scan_slots_state_due_at"), "scan_slots", ["state", "due_at"], unique=False)
    op.create_table(
        "universe",
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("dollar_volume", sa.Double(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("is_optionable", sa.Boolean(), nullable=True),
        sa.Column("optionable_checked_on", sa.Date(), nullable=True),
        sa.Column("is_member", sa.Boolean(), nullable=False),
        sa.Column("refreshed_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("ticker", name=op.f("pk_universe")),
    )
    op.create_table(
        "corporate_actions",
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Double(), nullable=True),
        sa.Column("ratio", sa.Double(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("ticker", "kind", "effective_on", name=op.f("pk_corporate_actions")),
    )
    op.create_table(
        "provider_budgets",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("next_free_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_provider_budgets")),
    )
    op.create_table(
        "service_heartbeats",
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("service", "instance", name=op.f("pk_service_heartbeats")),
    )


def create_message_tables() -> None:
    """Create what is owed to whom."""
    op.create_table(
        "notifications",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ticker", sa.String(), nullable=True),
        sa.Column("signal_id", sa.String(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("digest_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notifications_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_notifications_dedupe_key")),
    )
    op.create_index(op.f("ix_notifications_state_due_at"), "notifications", ["state", "due_at"], unique=False)
    op.create_index(
        op.f("ix_notifications_user_id_created_at"), "notifications", ["user_id", "created_at"], unique=False
    )
    op.create_table(
        "deliveries",
        sa.Column("notification_id", sa.String(), nullable=False),
        sa.Column("chat_id", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=False),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notifications.id"],
            name=op.f("fk_deliveries_notification_id_notifications"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("notification_id", "chat_id", name=op.f("pk_deliveries")),
    )
    op.create_index(
        op.f("ix_deliveries_chat_id_state_position"), "deliveries", ["chat_id", "state", "position"], unique=False
    )
    op.create_index(op.f("ix_deliveries_state_next_try_at"), "deliveries", ["state", "next_try_at"], unique=False)
    op.create_table(
        "alert_marks",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("front_expiry", sa.Date(), nullable=False),
        sa.Column("back_expiry", sa.Date(), nullable=False),
        sa.Column("alerted_at", UtcDateTime(), nullable=False),
        sa.Column("ff_value", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_alert_marks_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "ticker", "front_expiry", "back_expiry", name=op.f("pk_alert_marks")),
    )
    op.create_index(op.f("ix_alert_marks_ticker"), "alert_marks", ["ticker"], unique=False)
    op.create_table(
        "reminders",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("decision_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("useful_until", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["signal_user_decisions.id"],
            name=op.f("fk_reminders_decision_id_signal_user_decisions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_reminders_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_reminders_dedupe_key")),
    )
    op.create_index(op.f("ix_reminders_decision_id"), "reminders", ["decision_id"], unique=False)
    op.create_index(op.f("ix_reminders_state_due_at"), "reminders", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_reminders_user_id"), "reminders", ["user_id"], unique=False)


def _is_server() -> bool:
    return op.get_bind().dialect.name == "postgresql"
