"""Facts of messages for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from forward_factor.core.messages import AlertFacts, ReminderFacts, ReminderKind
from forward_factor.core.structure import Structure

SIGNAL_ID = "5f0c7f5e-9d0b-5d0e-8f5b-6a4c2b1d7e90"
ALERT = AlertFacts(
    signal_id=SIGNAL_ID,
    ticker="DEAR",
    as_of=datetime(2026, 6, 1, 18, 0, tzinfo=UTC),
    provider="simulated",
    pair="30/60",
    vol_point="ATM",
    structure=Structure.CALL,
    front_expiry=date(2026, 7, 2),
    back_expiry=date(2026, 7, 31),
    front_dte=31,
    back_dte=60,
    front_iv=0.45,
    back_iv=0.35,
    sigma_fwd=0.2062,
    ff=1.183,
    ff_low=1.1,
    ff_high=1.25,
    ff_ex_earnings=None,
    by_ex_earnings=False,
    bid_ask_pct=0.02,
    open_interest=5000.0,
    volume=500.0,
    quality_score=0.91,
    underlying_price=100.0,
    earnings_on=None,
    flags=(),
    is_discovery=False,
    scans=2,
)
REMINDER = ReminderFacts(
    reminder=ReminderKind.DAY_BEFORE_EXPIRY,
    decision_id="d-1",
    ticker="DEAR",
    structure=Structure.CALL,
    front_expiry=date(2026, 7, 2),
    back_expiry=date(2026, 7, 31),
    about_on=date(2026, 7, 2),
    entry_price=1.85,
    contracts=2,
)


def alert(**changed: Any) -> AlertFacts:
    """Return an alert that differs from the usual one so."""
    return replace(ALERT, **changed)


def reminder(**changed: Any) -> ReminderFacts:
    """Return a reminder that differs from the usual one so."""
    return replace(REMINDER, **changed)
