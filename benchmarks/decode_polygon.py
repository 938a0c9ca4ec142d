"""How fast pages of Polygon's option snapshot become columns, on one core.

The baseline is ``json.loads`` of the same bytes, which makes dictionaries and no columns yet. Rates are a second of
processor time; megabytes are 10^6 bytes.
"""

from __future__ import annotations

import json
import random
from datetime import date, timedelta

from benchmarks.figures import Figure, Target, processor_seconds, take_turns
from forward_factor.providers.polygon.parse import parse_page

TARGET_MEGABYTES, TARGET_CONTRACTS = 200, 300_000
PARSE = "Polygon pages to arrays"
JSON_LOADS = "json.loads"
PAGE_SIZE = 250
SPOT = 524.56
FIRST_EXPIRY = date(2026, 9, 4)
STRIKES = 200


def measure(contracts: int = 50_000) -> list[Figure]:
    """Return megabytes and contracts a second."""
    pages = make_pages(contracts)
    timings = take_turns(
        {
            PARSE: lambda: processor_seconds(lambda: [parse_page(page) for page in pages]),
            JSON_LOADS: lambda: processor_seconds(lambda: [json.loads(page) for page in pages]),
        }
    )
    amounts = {"MB/s": sum(map(len, pages)) / 1e6, "contracts/s": float(contracts)}
    rates = {unit: timings.rate(PARSE, amount) for unit, amount in amounts.items()}
    is_met = rates["MB/s"] >= TARGET_MEGABYTES or rates["contracts/s"] >= TARGET_CONTRACTS
    target = Target(f"≥ {TARGET_MEGABYTES} MB/s or ≥ {TARGET_CONTRACTS:,} contracts/s", is_met)
    return [
        Figure(PARSE, rate, unit, timings.baseline(JSON_LOADS, PARSE, amounts[unit]), target)
        for unit, rate in rates.items()
    ]


def make_pages(contracts: int) -> list[bytes]:
    """Return pages in the vendor's layout, full plan, ``PAGE_SIZE`` results each, the same on every run."""
    dice = random.Random(20260904)
    results = [_result(index, dice) for index in range(contracts)]
    return [_page(results[start : start + PAGE_SIZE]) for start in range(0, contracts, PAGE_SIZE)]


def _page(results: list[dict[str, object]]) -> bytes:
    page = {
        "results": results,
        "status": "OK",
        "request_id": "027662f8fe3f6ee5199c613a24511262",
        "next_url": "https://api.massive.com/v3/snapshot/options/SPY?cursor=YXA9TyUzQVNQWTI1MTAxMEMwMDY4",
    }
    return json.dumps(page, separators=(",", ":")).encode()


def _result(index: int, dice: random.Random) -> dict[str, object]:
    expiry = FIRST_EXPIRY + timedelta(days=7 * (index // (2 * STRIKES) % 17))
    strike = 425 + index // 2 % STRIKES
    kind = ("call", "put")[index % 2]
    bid = round(dice.uniform(0.0, 40.0), 2)
    ask = round(bid + dice.uniform(0.01, 0.4), 2)
    return {
        "break_even_price": round(strike + ask, 4),
        "day": _day(dice),
        "details": {
            "contract_type": kind,
            "exercise_style": "american",
            "expiration_date": expiry.isoformat(),
            "shares_per_contract": 100,
            "strike_price": strike,
            "ticker": f"O:SPY{expiry:%y%m%d}{kind[0].upper()}{strike * 1000:08d}",
        },
        "greeks": {name: dice.uniform(-1.0, 1.0) for name in ("delta", "gamma", "theta", "vega")},
        "implied_volatility": dice.uniform(0.1, 0.9),
        "last_quote": _quote(bid, ask, dice),
        "last_trade": _trade(round((bid + ask) / 2, 2)),
        "open_interest": dice.randrange(20_000),
        "underlying_asset": _underlying(),
    }


def _day(dice: random.Random) -> dict[str, object]:
    close = round(dice.uniform(0.01, 40.0), 2)
    return {
        "change": -1.03,
        "change_percent": -25.8,
        "close": close,
        "high": round(close * 1.1, 2),
        "last_updated": 1717041600000000000,
        "low": round(close * 0.9, 2),
        "open": close,
        "previous_close": round(close + 1.03, 2),
        "volume": dice.randrange(9_000),
        "vwap": round(close * 1.01, 4),
    }


def _quote(bid: float, ask: float, dice: random.Random) -> dict[str, object]:
    return {
        "ask": ask,
        "ask_size": dice.randrange(1, 900),
        "ask_exchange": 302,
        "bid": bid,
        "bid_size": dice.randrange(1, 900),
        "bid_exchange": 302,
        "last_updated": 1717077435713253120,
        "midpoint": round((bid + ask) / 2, 4),
        "timeframe": "REAL-TIME",
    }


def _trade(price: float) -> dict[str, object]:
    return {
        "sip_timestamp": 1678718527714665700,
        "conditions": [209],
        "price": price,
        "size": 1,
        "exchange": 309,
        "timeframe": "REAL-TIME",
    }


def _underlying() -> dict[str, object]:
    return {
        "change_to_break_even": 0.39,
        "last_updated": 1717077437082900736,
        "price": SPOT,
        "ticker": "SPY",
        "timeframe": "REAL-TIME",
    }
