"""The old bot's schema: tables, columns, keys, and the statements that make it."""

from __future__ import annotations

LEGACY_REVISION = "a1b2c3d4e5f6"

_TYPES = {
    "VARCHAR": "VARCHAR",
    "number": "FLOAT",
    "whole": "INTEGER",
    "instant": "DATETIME",
    "day": "DATE",
    "json": "JSON",
    "truth": "BOOLEAN",
    "mark": "BOOLEAN DEFAULT '0'",
}
_SHORT = {
    "users": (
        "id:VARCHAR telegram_chat_id:VARCHAR email:VARCHAR password_hash:VARCHAR telegram_username:VARCHAR "
        "created_at:instant status:VARCHAR"
    ),
    "user_settings": (
        "user_id:VARCHAR ff_threshold:number dte_pairs:json vol_point:VARCHAR min_open_interest:whole "
        "min_volume:whole max_bid_ask_pct:number sigma_fwd_floor:number stability_scans:whole "
        "cooldown_minutes:whole quiet_hours:json preferred_structure:VARCHAR timezone:VARCHAR "
        "scan_priority:VARCHAR discovery_mode:mark"
    ),
    "subscriptions": "user_id:VARCHAR ticker:VARCHAR active:truth added_at:instant",
    "master_tickers": "ticker:VARCHAR active_subscriber_count:whole last_scan_at:instant scan_tier:VARCHAR",
    "option_chain_snapshots": (
        "id:VARCHAR ticker:VARCHAR as_of_ts:instant provider:VARCHAR underlying_price:number raw_payload:json "
        "quality_score:number"
    ),
    "signals": (
        "id:VARCHAR ticker:VARCHAR as_of_ts:instant front_expiry:day back_expiry:day front_dte:whole back_dte:whole "
        "front_iv:number back_iv:number sigma_fwd:number ff_value:number vol_point:VARCHAR quality_score:number "
        "reason_codes:json dedupe_key:VARCHAR underlying_price:number provider:VARCHAR is_discovery:mark"
    ),
    "signal_user_decisions": (
        "id:VARCHAR signal_id:VARCHAR user_id:VARCHAR decision:VARCHAR decision_ts:instant decision_metadata:json "
        "entry_price:number exit_price:number pnl:number notes:VARCHAR"
    ),
}
LEGACY_TABLES = {name: tuple(one.split(":")[0] for one in short.split()) for name, short in _SHORT.items()}
LEGACY_KEYS: dict[str, tuple[str, ...]] = {
    "users": ("id",),
    "user_settings": ("user_id",),
    "subscriptions": ("user_id", "ticker"),
    "master_tickers": ("ticker",),
    "option_chain_snapshots": ("id",),
    "signals": ("id",),
    "signal_user_decisions": ("id",),
}
_REFERENCES = {
    "user_settings": (("user_id", "users"),),
    "subscriptions": (("user_id", "users"),),
    "signal_user_decisions": (("signal_id", "signals"), ("user_id", "users")),
}
_VERSION_TABLE = (
    "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n"
    "\tCONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)"
)
_REQUIRED = ("ticker", "as_of_ts")
_REQUIRED_IN = ("option_chain_snapshots", "signals")
_INDEXES = (
    ("users", "telegram_chat_id", "UNIQUE "),
    ("users", "email", "UNIQUE "),
    ("option_chain_snapshots", "ticker", ""),
    ("option_chain_snapshots", "as_of_ts", ""),
    ("signals", "ticker", ""),
    ("signals", "as_of_ts", ""),
    ("signals", "ff_value", ""),
    ("signals", "dedupe_key", "UNIQUE "),
)


def legacy_schema() -> list[str]:
    """Return the statements that make an empty file of the old bot's, for a store that never met one."""
    tables = [_table(name) for name in _SHORT]
    indexes = [f"CREATE {unique}INDEX ix_{table}_{column} ON {table} ({column})" for table, column, unique in _INDEXES]
    return [
        _VERSION_TABLE,
        *tables,
        *indexes,
    ]


def _table(name: str) -> str:
    key = LEGACY_KEYS[name]
    lines = [_column(name, short, key) for short in _SHORT[name].split()]
    lines.append(f"PRIMARY KEY ({', '.join(key)})")
    lines += [f"FOREIGN KEY({column}) REFERENCES {table} (id)" for column, table in _REFERENCES.get(name, ())]
    return f"CREATE TABLE {name} (\n\t" + ", \n\t".join(lines) + "\n)"


def _column(table: str, column: str, key: tuple[str, ...]) -> str:
    name, short = column.split(":")
    is_required = name in key or (table in _REQUIRED_IN and name in _REQUIRED)
    return f"{name} {_TYPES[short]}" + (" NOT NULL" if is_required else "")
