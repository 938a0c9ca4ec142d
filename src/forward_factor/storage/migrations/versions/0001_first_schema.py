"""The first schema: the old bot's tables with ours beside them, on every store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from forward_factor.storage.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES_BY_DEPENDENCE = (
    "user_settings",
    "subscriptions",
    "signal_user_decisions",
    "users",
    "term_structure",
    "signals",
    "signal_keys",
    "scan_parameters",
    "option_quotes",
    "option_chain_snapshots",
    "ohlcv_bars",
    "master_tickers",
    "earnings_events",
    "candidates",
)


def upgrade() -> None:
    """Create all tables."""
    create_relational_tables()
    create_time_series_tables()


def downgrade() -> None:
    """Drop all tables."""
    for table in TABLES_BY_DEPENDENCE:
        op.drop_table(table)


def create_relational_tables() -> None:
    """Create people, what they watch and decided, and the plain tables beside the time series."""
    op.create_table(
        "earnings_events",
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("announced_on", sa.Date(), nullable=False),
        sa.Column("timing", sa.String(), nullable=False),
        sa.Column("is_confirmed", sa.Boolean(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("ticker", "announced_on", name=op.f("pk_earnings_events")),
    )
    op.create_table(
        "master_tickers",
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("active_subscriber_count", sa.Integer(), nullable=True),
        sa.Column("last_scan_at", UtcDateTime(), nullable=True),
        sa.Column("scan_tier", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("ticker", name=op.f("pk_master_tickers")),
    )
    op.create_table(
        "scan_parameters",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_parameters")),
    )
    op.create_table(
        "signal_keys",
        sa.Column("dedupe_key", sa.String(), nullable=False),
        sa.Column("signal_id", sa.String(), nullable=False),
        sa.Column("as_of_ts", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("dedupe_key", name=op.f("pk_signal_keys")),
    )
    op.create_index(op.f("ix_signal_keys_signal_id"), "signal_keys", ["signal_id"], unique=False)
    op.create_table(
        "users",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("telegram_chat_id", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("telegram_username", sa.String(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=True),
        sa.Column("status", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("telegram_chat_id", name=op.f("uq_users_telegram_chat_id")),
    )
    op.create_table(
        "signal_user_decisions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("signal_id", sa.String(), nullable=True),
        sa.Column("user_id", sa.String(), nullable=True),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("decision_ts", UtcDateTime(), nullable=True),
        sa.Column("decision_metadata", sa.JSON(), nullable=True),
        sa.Column("entry_price", sa.Double(), nullable=True),
        sa.Column("exit_price", sa.Double(), nullable=True),
        sa.Column("pnl", sa.Double(), nullable=True),
        sa.Column("notes", sa.String(), nullable=True),
        sa.Column("signal_ticker", sa.String(), nullable=True),
        sa.Column("signal_as_of_ts", UtcDateTime(), nullable=True),
        sa.Column("signal_facts", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_signal_user_decisions_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_user_decisions")),
    )
    op.create_index(op.f("ix_signal_user_decisions_signal_id"), "signal_user_decisions", ["signal_id"], unique=False)
    op.create_index(
        op.f("ix_signal_user_decisions_user_id_decision_ts"),
        "signal_user_decisions",
        ["user_id", "decision_ts"],
        unique=False,
    )
    op.create_table(
        "subscriptions",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=True),
        sa.Column("added_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_subscriptions_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "ticker", name=op.f("pk_subscriptions")),
    )
    op.create_index(op.f("ix_subscriptions_ticker"), "subscriptions", ["ticker"], unique=False)
    op.create_table(
        "user_settings",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("ff_threshold", sa.Double(), nullable=True),
        sa.Column("dte_pairs", sa.JSON(), nullable=True),
        sa.Column("vol_point", sa.String(), nullable=True),
        sa.Column("min_open_interest", sa.Integer(), nullable=True),
        sa.Column("min_volume", sa.Integer(), nullable=True),
        sa.Column("max_bid_ask_pct", sa.Double(), nullable=True),
        sa.Column("sigma_fwd_floor", sa.Double(), nullable=True),
        sa.Column("stability_scans", sa.Integer(), nullable=True),
        sa.Column("cooldown_minutes", sa.Integer(), nullable=True),
        sa.Column("quiet_hours", sa.JSON(), nullable=True),
        sa.Column("preferred_structure", sa.String(), nullable=True),
        sa.Column("timezone", sa.String(), nullable=True),
        sa.Column("scan_priority", sa.String(), nullable=True),
        sa.Column("discovery_mode", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_settings_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_user_settings")),
    )


def create_time_series_tables() -> None:
    """Create the tables that become hypertables where the store has them."""
    op.create_table(
        "candidates",
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("as_of_ts", UtcDateTime(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("pair", sa.String(), nullable=False),
        sa.Column("vol_point", sa.String(), nullable=False),
        sa.Column("front_expiry", sa.Date(), nullable=True),
        sa.Column("back_expiry", sa.Date(), nullable=True),
        sa.Column("front_dte", sa.Integer(), nullable=True),
        sa.Column("back_dte", sa.Integer(), nullable=True),
        sa.Column("front_iv", sa.Double(), nullable=True),
        sa.Column("back_iv", sa.Double(), nullable=True),
        sa.Column("sigma_fwd", sa.Double(), nullable=True),
        sa.Column("ff_value", sa.Double(), nullable=True),
        sa.Column("ff_low", sa.Double(), nullable=True),
        sa.Column("ff_high", sa.Double(), nullable=True),
        sa.Column("front_iv_ex_earnings", sa.Double(), nullable=True),
        sa.Column("back_iv_ex_earnings", sa.Double(), nullable=True),
        sa.Column("ff_ex_earnings", sa.Double(), nullable=True),
        sa.Column("earnings_on", sa.Date(), nullable=True),
        sa.Column("bid_ask_pct", sa.Double(), nullable=True),
        sa.Column("open_interest", sa.Double(), nullable=True),
        sa.Column("volume", sa.Double(), nullable=True),
        sa.Column("quality_score", sa.Double(), nullable=True),
        sa.Column("reason_codes", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("is_signal", sa.Boolean(), nullable=False),
        sa.Column("known_earnings", sa.JSON(), nullable=True),
        sa.Column("parameters_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("ticker", "as_of_ts", "provider", "pair", "vol_point", name=op.f("pk_candidates")),
    )
    op.create_table(
        "ohlcv_bars",
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("timeframe", sa.String(), nullable=False),
        sa.Column("timestamp", UtcDateTime(), nullable=False),
        sa.Column("open", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("close", sa.Double(), nullable=False),
        sa.Column("volume", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ticker", "timeframe", "timestamp", name=op.f("pk_ohlcv_bars")),
    )
    op.create_table(
        "option_chain_snapshots",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("as_of_ts", UtcDateTime(), nullable=False),
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("underlying_price", sa.Double(), nullable=True),
        sa.Column("raw_payload", sa.JSON(), nullable=True),
        sa.Column("quality_score", sa.Double(), nullable=True),
        sa.Column("contracts_seen", sa.Integer(), nullable=True),
        sa.Column("contracts_kept", sa.Integer(), nullable=True),
        sa.Column("kept", sa.String(), nullable=True),
        sa.Column("rejected", sa.JSON(), nullable=True),
        sa.Column("quotes_digest", sa.String(), nullable=True),
        sa.Column("is_stale", sa.Boolean(), nullable=True),
        sa.Column("price_scale", sa.SmallInteger(), nullable=True),
        sa.Column("strike_scale", sa.SmallInteger(), nullable=True),
        sa.Column("iv_scale", sa.SmallInteger(), nullable=True),
        sa.Column("delta_scale", sa.SmallInteger(), nullable=True),
        sa.Column("count_scale", sa.SmallInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", "as_of_ts", name=op.f("pk_option_chain_snapshots")),
        sa.UniqueConstraint(
            "ticker", "as_of_ts", "provider", name=op.f("uq_option_chain_snapshots_ticker_as_of_ts_provider")
        ),
    )
    op.create_table(
        "option_quotes",
        sa.Column("as_of_ts", UtcDateTime(), nullable=False),
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("expiry", sa.Date(), nullable=False),
        sa.Column("option_right", sa.String(), nullable=False),
        sa.Column("strike", sa.BigInteger(), nullable=False),
        sa.Column("bid", sa.BigInteger(), nullable=True),
        sa.Column("ask", sa.BigInteger(), nullable=True),
        sa.Column("last", sa.BigInteger(), nullable=True),
        sa.Column("volume", sa.BigInteger(), nullable=True),
        sa.Column("open_interest", sa.BigInteger(), nullable=True),
        sa.Column("iv", sa.BigInteger(), nullable=True),
        sa.Column("delta", sa.BigInteger(), nullable=True),
        sa.Column("occurrence", sa.SmallInteger(), nullable=False),
    )
    op.create_index(op.f("ix_option_quotes_ticker_as_of_ts"), "option_quotes", ["ticker", "as_of_ts"], unique=False)
    op.create_table(
        "signals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("as_of_ts", UtcDateTime(), nullable=False),
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("front_expiry", sa.Date(), nullable=True),
        sa.Column("back_expiry", sa.Date(), nullable=True),
        sa.Column("front_dte", sa.Integer(), nullable=True),
        sa.Column("back_dte", sa.Integer(), nullable=True),
        sa.Column("front_iv", sa.Double(), nullable=True),
        sa.Column("back_iv", sa.Double(), nullable=True),
        sa.Column("sigma_fwd", sa.Double(), nullable=True),
        sa.Column("ff_value", sa.Double(), nullable=True),
        sa.Column("vol_point", sa.String(), nullable=True),
        sa.Column("quality_score", sa.Double(), nullable=True),
        sa.Column("reason_codes", sa.JSON(), nullable=True),
        sa.Column("dedupe_key", sa.String(), nullable=True),
        sa.Column("underlying_price", sa.Double(), nullable=True),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("is_discovery", sa.Boolean(), nullable=False),
        sa.Column("pair", sa.String(), nullable=True),
        sa.Column("ff_low", sa.Double(), nullable=True),
        sa.Column("ff_high", sa.Double(), nullable=True),
        sa.Column("ff_ex_earnings", sa.Double(), nullable=True),
        sa.Column("flags", sa.JSON(), nullable=True),
        sa.Column("parameters_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", "as_of_ts", name=op.f("pk_signals")),
    )
    op.create_index(op.f("ix_signals_as_of_ts"), "signals", ["as_of_ts"], unique=False)
    op.create_index(op.f("ix_signals_dedupe_key"), "signals", ["dedupe_key"], unique=False)
    op.create_index(op.f("ix_signals_ff_value"), "signals", ["ff_value"], unique=False)
    op.create_index(op.f("ix_signals_ticker_as_of_ts"), "signals", ["ticker", "as_of_ts"], unique=False)
    op.create_table(
        "term_structure",
        sa.Column("ticker", sa.String(), nullable=False),
        sa.Column("as_of_ts", UtcDateTime(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("expiry", sa.Date(), nullable=False),
        sa.Column("dte", sa.Integer(), nullable=False),
        sa.Column("forward", sa.Double(), nullable=False),
        sa.Column("atm_iv", sa.Double(), nullable=True),
        sa.Column("atm_iv_bid", sa.Double(), nullable=True),
        sa.Column("atm_iv_ask", sa.Double(), nullable=True),
        sa.Column("put_35d_iv", sa.Double(), nullable=True),
        sa.Column("put_35d_iv_bid", sa.Double(), nullable=True),
        sa.Column("put_35d_iv_ask", sa.Double(), nullable=True),
        sa.Column("call_35d_iv", sa.Double(), nullable=True),
        sa.Column("call_35d_iv_bid", sa.Double(), nullable=True),
        sa.Column("call_35d_iv_ask", sa.Double(), nullable=True),
        sa.Column("flags", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("ticker", "as_of_ts", "provider", "expiry", name=op.f("pk_term_structure")),
    )
