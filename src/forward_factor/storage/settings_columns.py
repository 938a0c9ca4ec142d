"""Settings as they stand in ``user_settings``, the old bot's columns and ours, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import ColumnElement, Text, cast

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.rules import PairRule
from forward_factor.core.setting_changes import StoredSettings, read_stored
from forward_factor.storage.tables import UserSettings, table_of

NAMES = tuple(field.name for field in fields(AccountSettings))
RULE_NAMES = tuple(
    name
    for name in NAMES
    if name not in {"scan_priority", "bankroll", "win_rate", "win_loss_ratio"}
)  # fmt: skip
"""The settings that decide on alerts: users who share these share one evaluation."""
_JSON = ("pairs", "quiet_hours")
_TABLE = table_of(UserSettings)


def column_name(name: str) -> str:
    """Return the column of a setting."""
    return "dte_pairs" if name == "pairs" else name


def selected(names: Sequence[str] = NAMES) -> list[ColumnElement[Any]]:
    """Return the columns of settings, JSON as the text it is: one that is none must not fail the whole row."""
    columns = [_TABLE.c[column_name(name)] for name in names]
    return [
        (cast(column, Text) if name in _JSON else column).label(name)
        for name, column in zip(names, columns, strict=True)
    ]


def settings_of(values: Iterable[object], defaults: AccountSettings, names: Sequence[str] = NAMES) -> StoredSettings:
    """Return the settings of a row's ``selected`` values."""
    stored = dict(zip(names, values, strict=True))
    return read_stored({**stored, **{name: _parsed(stored[name]) for name in _JSON if name in stored}}, defaults)


def columns_of(settings: AccountSettings, names: Iterable[str] = NAMES) -> dict[str, Any]:
    """Return settings as the old bot would have stored them."""
    return {column_name(name): _stored(getattr(settings, name)) for name in names}


def _stored(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_pair(rule) for rule in value]
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value


def _pair(rule: PairRule) -> Mapping[str, int]:
    return {
        "front": rule.front,
        "back": rule.back,
        "front_tol": rule.front_tolerance,
        "back_tol": rule.back_tolerance,
    }


def _parsed(text: object) -> object:
    try:
        return json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        return text
