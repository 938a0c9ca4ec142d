"""The deterministic ids and keys under which a scan's rows are stored, whoever stores them and however often."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid5

_NAMESPACE = UUID("5f0c7f5e-9d0b-5d0e-8f5b-6a4c2b1d7e90")


def snapshot_id(ticker: str, as_of: datetime, provider: str) -> str:
    """Return the id of a snapshot's header."""
    return str(uuid5(_NAMESPACE, f"{ticker}|{as_of.isoformat()}|{provider}"))


def signal_key(ticker: str, front: date, back: date, vol_point: str, as_of: datetime, provider: str) -> str:
    """Return the key that makes a signal unique: one per ticker, expiries, vol point and scan."""
    return f"{ticker}|{front}|{back}|{vol_point}|{as_of.isoformat()}|{provider}"


def signal_id(dedupe_key: str) -> str:
    """Return the id of the signal with that key."""
    return str(uuid5(_NAMESPACE, dedupe_key))


def parse_signal_key(dedupe_key: str) -> tuple[str, date, date, str, str] | None:
    """Return ticker, front, back, vol point and provider of a key that ``signal_key`` made, else None."""
    try:
        ticker, front, back, vol_point, _, provider = dedupe_key.split("|")
        return ticker, date.fromisoformat(front), date.fromisoformat(back), vol_point, provider
    except ValueError:
        return None


def notification_id(dedupe_key: str) -> str:
    """Return the id of the notification with that key."""
    return str(uuid5(_NAMESPACE, f"notification|{dedupe_key}"))
