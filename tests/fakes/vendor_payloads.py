"""Small payloads in the vendors' own layouts, and the way to recorded ones where this machine has them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

Json = dict[str, object]


class _Absent:
    """A field that the payload shall not have."""


ABSENT: Final = _Absent()


def polygon_result(**changes: object) -> Json:
    """Return one contract of Polygon's snapshot, a 100 call of 2026-09-18, with ``changes`` merged in."""
    result: Json = {
        "break_even_price": 105.1,
        "day": {
            "change": 0.1,
            "close": 5.0,
            "last_updated": 1786752000000000000,
            "volume": 120,
            "vwap": 5.01,
        },
        "details": {
            "contract_type": "call",
            "exercise_style": "american",
            "expiration_date": "2026-09-18",
            "shares_per_contract": 100,
            "strike_price": 100,
            "ticker": "O:ACME260918C00100000",
        },
        "greeks": {"delta": 0.52, "gamma": 0.03, "theta": -0.05, "vega": 0.12},
        "implied_volatility": 0.31,
        "last_quote": {"ask": 5.2, "ask_size": 11, "bid": 5.0, "bid_size": 7, "midpoint": 5.1},
        "last_trade": {"price": 5.1, "size": 1, "sip_timestamp": 1786752000000000000},
        "open_interest": 940,
        "underlying_asset": {"change_to_break_even": 4.6, "price": 100.5, "ticker": "ACME"},
    }
    return merged(result, changes)


def polygon_page(results: Sequence[object], next_url: str | None = None) -> bytes:
    """Return a page of Polygon's snapshot."""
    page: Json = {"results": list(results), "status": "OK", "request_id": "0"}
    return json.dumps(page if next_url is None else page | {"next_url": next_url}).encode()


def previous_close(close: object) -> bytes:
    """Return Polygon's answer about the previous session."""
    bar = {"T": "ACME", "v": 1000.0, "o": 99.0, "c": close, "h": 102.0, "l": 98.0, "t": 1786752000000}
    return json.dumps({"ticker": "ACME", "resultsCount": 1, "results": [bar], "status": "OK"}).encode()


def cboe_option(option: object = "ACME260918C00100000", **changes: object) -> Json:
    """Return one option of Cboe's answer, with ``changes`` merged into it."""
    fields: Json = {
        "option": None, "bid": 5.0, "bid_size": 7.0, "ask": 5.2, "ask_size": 11.0, "iv": 0.31,
        "open_interest": 940.0, "volume": 120.0, "delta": 0.52, "gamma": 0.03, "theo": 5.1, "tick": "up",
        "last_trade_price": 5.1, "last_trade_time": "2026-08-19T15:59:57", "prev_day_close": 5.0,
    }  # fmt: skip
    return merged(fields, {"option": option} | changes)


def cboe_answer(options: Sequence[object], timestamp: object = "2026-08-19 20:14:57", **data: object) -> bytes:
    """Return Cboe's whole answer, with ``data`` merged into its inner part."""
    inner: Json = {"options": list(options), "symbol": "ACME", "current_price": 100.5, "close": 100.25}
    return json.dumps({"timestamp": timestamp, "data": merged(inner, data), "symbol": "ACME"}).encode()


def merged(base: Json, changes: Mapping[str, object]) -> Json:
    """Return ``base`` with ``changes``: objects are merged, ``ABSENT`` removes a field."""
    result = dict(base)
    for name, value in changes.items():
        inner = result.get(name)
        if value is ABSENT:
            result.pop(name, None)
        elif isinstance(inner, dict) and isinstance(value, dict):
            result[name] = merged(inner, value)
        else:
            result[name] = value
    return result


def recorded_payload(name: str) -> bytes:
    """Return a recorded vendor payload; the test is skipped on machines that have none."""
    root = Path(os.environ.get("FORWARD_FACTOR_RECORDED_DATA", REPOSITORY.parent / "shared" / "data"))
    path = root / "vendor_json" / name
    if not path.is_file():
        pytest.skip(f"no recorded vendor payloads here: {path} is absent")
    return path.read_bytes()
