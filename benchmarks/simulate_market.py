"""How many contracts a second the simulated market makes, on one core.

A ticker's first chain of a day draws up its board of contracts as well; later chains of the day do not.
Run it: ``python benchmarks/simulate_market.py``.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta

from forward_factor.providers.simulated import SimulatedMarket

OPEN = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)


def measure(size: int = 40, light_size: int = 1_000, rounds: int = 5) -> dict[str, float]:
    """Return contracts a second of processor time, best of ``rounds``, for a full and a light market."""
    full_first, full_later, full_contracts = _measure_market(size, "full", rounds)
    light_first, light_later, light_contracts = _measure_market(light_size, "light", rounds)
    return {
        "contracts_per_s": full_later,
        "contracts_per_s_first_of_day": full_first,
        "contracts_a_ticker": full_contracts / size,
        "light_contracts_per_s": light_later,
        "light_contracts_per_s_first_of_day": light_first,
        "light_contracts_a_ticker": light_contracts / light_size,
    }


def _measure_market(size: int, depth: str, rounds: int) -> tuple[float, float, int]:
    """Return contracts a second of each day's first pass and of later passes, and contracts a pass."""
    market = SimulatedMarket(size=size, depth=depth)
    _scan(market, OPEN - timedelta(days=1))
    first, later, contracts = 0.0, 0.0, 0
    for days in range(0, 7 * rounds, 7):
        contracts, rate = _scan(market, OPEN + timedelta(days=days))
        first = max(first, rate)
        later = max(later, _scan(market, OPEN + timedelta(days=days, minutes=10))[1])
    return first, later, contracts


def _scan(market: SimulatedMarket, instant: datetime) -> tuple[int, float]:
    started = time.process_time()
    contracts = sum(len(market.chain(ticker, instant).contracts) for ticker in market.tickers)
    return contracts, contracts / (time.process_time() - started)


if __name__ == "__main__":
    json.dump(measure(), sys.stdout, indent=2)
    sys.stdout.write("\n")
