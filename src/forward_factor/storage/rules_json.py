"""Scan rules and earnings as they stand in the store, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from hashlib import blake2b
from typing import Any

from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.rules import PairRule, ScanRules, VolPoint


def rules_to_json(rules: ScanRules) -> dict[str, Any]:
    """Return ``rules`` as plain JSON values; floats keep their last bit."""
    return asdict(rules)


def rules_from_json(stored: dict[str, Any]) -> ScanRules:
    """Return the rules that ``rules_to_json`` was given."""
    pairs = tuple(PairRule(**pair) for pair in stored["pairs"])
    points = tuple(VolPoint(point) for point in stored["vol_points"])
    return ScanRules(**{**stored, "pairs": pairs, "vol_points": points})


def rules_id(rules: ScanRules) -> str:
    """Return a short digest of ``rules``: the same rules, the same id."""
    text = json.dumps(rules_to_json(rules), sort_keys=True)
    return blake2b(text.encode(), digest_size=8).hexdigest()


def earnings_to_json(events: tuple[EarningsEvent, ...]) -> list[dict[str, Any]] | None:
    """Return announcements as plain JSON values, None where there are none."""
    return [{**asdict(event), "date": event.date.isoformat()} for event in events] or None


def earnings_from_json(stored: list[dict[str, Any]] | None) -> tuple[EarningsEvent, ...]:
    """Return the announcements that ``earnings_to_json`` was given."""
    return tuple(
        EarningsEvent(**{**event, "date": date.fromisoformat(event["date"]), "timing": Timing(event["timing"])})
        for event in stored or []
    )
