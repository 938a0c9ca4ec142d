"""The summaries by New York day as reads see them: continuous aggregates or plain views, made by migration 0008.

``day`` is the instant at which the day begins. They are no tables of the model set: nothing is written to them.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Double, Integer, MetaData, String, Table

from forward_factor.core.reasons import Reason
from forward_factor.storage.types import UtcDateTime

_VIEWS = MetaData()
_INSTANT = DateTime(timezone=True).with_variant(UtcDateTime(), "sqlite")
"""As the server's driver gives it, aware and in UTC: these are read by the ten thousand."""
MEASURES = ("ff", "front_iv", "back_iv", "sigma_fwd", "bid_ask_pct")


def _keys(*names: str) -> list[Column[str]]:
    return [Column(name, String) for name in names]


def _counts(*names: str) -> list[Column[int]]:
    return [Column(name, BigInteger) for name in names]


candidates_daily = Table(
    "candidates_daily",
    _VIEWS,
    Column("day", _INSTANT),
    *_keys("ticker", "provider", "pair", "vol_point"),
    *_counts("readings", "ff_readings"),
    Column("last_at", _INSTANT),
    *(Column(f"{name}_{kind}", Double) for name in MEASURES for kind in ("min", "max", "avg", "last")),
)
reasons_daily = Table(
    "reasons_daily",
    _VIEWS,
    Column("day", _INSTANT),
    *_keys("ticker", "provider"),
    *_counts("candidates", "signals", *(reason.value for reason in Reason)),
)
term_structure_daily = Table(
    "term_structure_daily",
    _VIEWS,
    Column("day", _INSTANT),
    *_keys("ticker", "provider"),
    *_counts("points", "atm_points", "put_35d_points", "call_35d_points"),
    *(Column(name, _INSTANT) for name in ("near_at", "far_at")),
    *(Column(name, Double) for name in ("near_iv", "far_iv")),
    *(Column(name, Integer) for name in ("near_dte", "far_dte")),
)
snapshots_daily = Table(
    "snapshots_daily",
    _VIEWS,
    Column("day", _INSTANT),
    *_keys("ticker", "provider"),
    *_counts("snapshots", "stale", "contracts", "checked", "checked_contracts", "crossed", "rejected_rows"),
    Column("first_at", _INSTANT),
    Column("last_at", _INSTANT),
)
