"""Whole scans: many chains at once, rows in any order, and against the slow reference."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import timedelta
from math import exp, inf, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forward_factor.core.candidates import Surroundings
from forward_factor.core.chain import Chain
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.scan import ScanBatch, scan_chains
from tests.chains import AS_OF, chain_of, priced_chain
from tests.reference.compare import differences
from tests.reference.slow_black76 import Market, black_price
from tests.reference.slow_domain import Row, Snapshot
from tests.unit.core.small_chains import ALL_POINTS, day, fingerprint, quoted, reordered, scan_one, small_chain

EVENTS = (EarningsEvent("TEST", day(40), Timing.AFTER_CLOSE, True, "test"),)
DTES = (-30, 0, 20, 25, 27, 30, 33, 35, 50, 60, 61, 70, 85, 90, 100, 120, 121, 400)
STRIKES = (85.0, 90.0, 95.0, 100.0, 105.0, 110.0, 115.0)
BIDS = (None, 0.0, -1.0, nan, inf, 1e300, 0.01, 5.0, 1000.0)
ASKS = (None, 0.0, -1.0, nan, inf, 1e308, 0.01, 5.0, 40.0, 1000.0)
VENDOR_VOLS = (None, None, 0.3, 0.5, 1.1, nan, inf, -1.0, 0.0)


def messy_rows(choice: random.Random) -> list[Row]:
    """Return a few expiries of quotes, from clean to hopeless."""
    mess = choice.choice([0.0, 0.05, 0.3, 0.8])
    rows: list[Row] = []
    for dte in choice.sample(DTES, choice.randint(1, 4)):
        market = Market(100 * exp(0.04 * dte / 365), max(dte, 1) / 365, 0.04)
        vol = choice.uniform(0.1, 1.0)
        for strike in STRIKES:
            for right in "CP":
                copies = 0 if choice.random() < mess / 2 else 1 + (choice.random() < mess / 3)
                rows += [messy_row(choice, mess, dte, strike, right, market, vol) for _ in range(copies)]
    choice.shuffle(rows)
    return rows


def messy_row(
    choice: random.Random, mess: float, dte: int, strike: float, right: str, market: Market, vol: float
) -> Row:
    fair, half = black_price(market, strike, right, vol * choice.uniform(0.9, 1.1)), choice.choice([0, 0.01, 0.03, 0.2])
    bid: float | None = max(0.01, round(fair * (1 - half), 2))
    ask: float | None = max(0.01, round(fair * (1 + half), 2))
    if choice.random() < mess / 2:
        bid, ask = choice.choice([bid, *BIDS]), choice.choice([ask, *ASKS])
    return Row(
        expiry=day(dte),
        strike=strike,
        right=right,
        bid=bid,
        ask=ask,
        volume=choice.choice([None, 0, 9, 10, 500]),
        open_interest=choice.choice([None, 0, 99, 100, 5000]),
        iv=choice.choice(VENDOR_VOLS),
    )


SEEDS = st.integers(0, 2**32)


def messy_chain(seed: int) -> Chain:
    return small_chain(messy_rows(random.Random(seed)), ticker=f"T{seed}"[:10])


def all_of(batch: ScanBatch) -> list[dict[str, bytes]]:
    return [fingerprint(batch, place) for place in range(len(batch.chains))]


def scan_all(chains: list[Chain], surroundings: list[Surroundings] | None = None) -> ScanBatch:
    return scan_chains(chains, surroundings or [Surroundings()] * len(chains), ALL_POINTS)


def only_of_unused_repetitions(line: str) -> bool:
    """Tell whether the reference alone flags an expiry for a repeated contract that nothing was made from."""
    if " flags " not in line:
        return False
    fast, slow = (set(re.findall(r"'(\w+)'", side)) for side in line.split(" != "))
    return slow - fast == {"duplicate_contract"} and fast <= slow


@settings(max_examples=60)
@given(SEEDS)
def test_engine_equals_the_slow_reference(seed: int) -> None:
    snapshot = Snapshot("TEST", AS_OF, 100.0, tuple(messy_rows(random.Random(seed))))
    assert [line for line in differences([snapshot]) if not only_of_unused_repetitions(line)] == []


def test_engine_equals_the_slow_reference_in_a_batch() -> None:
    snapshots = [Snapshot(f"T{seed}", AS_OF, 100.0, tuple(messy_rows(random.Random(seed)))) for seed in range(12)]
    assert [line for line in differences(snapshots) if not only_of_unused_repetitions(line)] == []


@pytest.mark.parametrize("seed", range(3))
def test_a_batch_gives_every_chain_what_it_gets_alone_in_any_order(seed: int) -> None:
    choice = random.Random(seed)
    chains = [messy_chain(choice.randrange(2**32)) for _ in range(40)]
    chains += [small_chain([]), priced_chain({0: 0.3}), priced_chain({30: 0.45, 60: 0.35}), small_chain([])]
    choice.shuffle(chains)
    surroundings = [Surroundings(EVENTS if choice.random() < 0.5 else (), choice.random() < 0.5) for _ in chains]
    alone = [
        fingerprint(scan_one(chain, ALL_POINTS, around), 0) for chain, around in zip(chains, surroundings, strict=True)
    ]
    assert all_of(scan_all(chains, surroundings)) == alone
    order = choice.sample(range(len(chains)), len(chains))
    shuffled = scan_all([chains[place] for place in order], [surroundings[place] for place in order])
    assert all_of(shuffled) == [alone[place] for place in order]


@settings(max_examples=25)
@given(SEEDS, SEEDS)
def test_order_of_rows_changes_nothing(seed: int, order_seed: int) -> None:
    chain = one_row_a_contract(messy_chain(seed))
    order = list(range(len(chain.contracts)))
    random.Random(order_seed).shuffle(order)
    expected, found = scan_one(chain, ALL_POINTS), scan_one(reordered(chain, order), ALL_POINTS)
    assert fingerprint(found, 0) == fingerprint(expected, 0)


def test_order_of_repeated_rows_with_other_open_interest_changes_nothing() -> None:
    rows = [quoted(30, 100.0, right, 3.0 + oi / 100, open_interest=oi) for right in "CP" for oi in (1, 200, 30)]
    chain = small_chain([*rows, quoted(30, 95.0, "P", 1.0), quoted(30, 105.0, "C", 1.2)])
    expected = fingerprint(scan_one(chain, ALL_POINTS), 0)
    for seed in range(10):
        order = random.Random(seed).sample(range(8), 8)
        assert fingerprint(scan_one(reordered(chain, order), ALL_POINTS), 0) == expected


def one_row_a_contract(chain: Chain) -> Chain:
    contracts = chain.contracts
    keys = np.stack([contracts.expiry.astype(np.int64), contracts.strike, contracts.is_call], axis=1)
    _, first = np.unique(keys, axis=0, return_index=True)
    return reordered(chain, sorted(first.tolist()))


@settings(max_examples=25)
@given(SEEDS, st.integers(-8, 8))
def test_the_unit_of_price_changes_no_factor(seed: int, power: int) -> None:
    scale = 2.0**power
    rows = [row for row in messy_rows(random.Random(seed)) if row.bid != 1e300 and row.ask != 1e308]
    scaled = [
        replace(row, strike=row.strike * scale, bid=_times(row.bid, scale), ask=_times(row.ask, scale)) for row in rows
    ]
    plain = scan_one(small_chain(rows), ALL_POINTS).candidates
    other = scan_one(small_chain(scaled, spot=100.0 * scale), ALL_POINTS).candidates
    assert other.ff == pytest.approx(plain.ff, rel=1e-6, abs=1e-9, nan_ok=True)
    assert (other.reasons == plain.reasons).all()
    assert (other.flags == plain.flags).all()


def _times(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale


def test_a_batch_without_chains_and_chains_without_contracts() -> None:
    assert len(scan_all([]).candidates) == 0
    for chain in (small_chain([]), priced_chain({0: 0.3, -7: 0.3}), priced_chain({200: 0.3})):
        batch = scan_one(chain, ALL_POINTS, Surroundings(EVENTS, is_stale=True))
        assert len(batch.candidates) == 9
        assert len(batch.structures.curves) == 0
        assert not batch.candidates.is_signal.any()
        assert np.isnat(batch.candidates.earnings_on).all()


def test_candidates_of_a_chain_are_its_own() -> None:
    batch = scan_all([small_chain([]), priced_chain({30: 0.45, 60: 0.35}), small_chain([])])
    assert list(batch.candidates_of(1)) == list(range(9, 18))
    assert set(batch.candidates.chain[9:18].tolist()) == {1}
    assert batch.structures.curves_of(0) == slice(0, 0)
    assert batch.structures.curves_of(1) == slice(0, 2)


EXTREMES = {
    "bid": (0.0, -1.0, nan, inf, 5e-324, 1e-300, 1e300, 1.7e308, 1e9),
    "ask": (0.0, -1.0, nan, inf, 5e-324, 1e-300, 1e300, 1.7e308, 1e9),
    "volume": (nan, inf, -1.0, -0.5, 1e300),
    "open_interest": (nan, inf, -inf, -1.0, -0.5, 1e300),
    "iv": (nan, inf, -1.0, 5e-324, 1e-300, 1e300),
    "strike": (5e-324, 1e-300, 1e300, 1.7e308),
}


@settings(max_examples=40)
@given(SEEDS)
def test_no_number_upsets_the_engine_or_another_chain(seed: int) -> None:
    choice, good = random.Random(seed), priced_chain({20: 0.3, 30: 0.45, 60: 0.35}, strikes=range(80, 121, 5))
    bad = replace(good, spot=choice.choice([5e-324, 1e-300, 100.0, 1e300, 1.7e308]))
    for column, values in EXTREMES.items():
        rows = np.array([choice.random() for _ in good.contracts.strike]) < choice.choice([0.02, 0.3, 0.9])
        drawn = np.array([choice.choice(values) for _ in good.contracts.strike])
        changed = {column: np.where(rows, drawn, getattr(bad.contracts, column))}
        bad = replace(bad, contracts=replace(bad.contracts, **changed))
    batch = scan_all([bad, good])
    assert not np.isinf(batch.candidates.ff).any()
    assert fingerprint(batch, 1) == fingerprint(scan_one(good, ALL_POINTS), 0)


def test_time_moves_only_the_days_to_expiry() -> None:
    chain = chain_of(Snapshot("TEST", AS_OF, 100.0, tuple(messy_rows(random.Random(5)))))
    later = replace(chain, as_of=AS_OF + timedelta(hours=3))
    assert fingerprint(scan_one(later, ALL_POINTS), 0) == fingerprint(scan_one(chain, ALL_POINTS), 0)
