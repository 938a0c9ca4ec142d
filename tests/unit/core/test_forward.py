"""The forward from put-call parity near the money."""

from __future__ import annotations

from dataclasses import replace
from math import exp, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forward_factor.core.chain import Chain
from forward_factor.core.forward import Forwards, imply_forwards
from forward_factor.core.quotes import tabulate_quotes
from tests.chains import priced_chain
from tests.reference.slow_domain import Row
from tests.unit.core.small_chains import edited, quoted, small_chain

DTE = 73
GROWTH = exp(0.04 * 0.2)


def forwards_of(*chains: Chain, rate: float = 0.0) -> Forwards:
    return imply_forwards(tabulate_quotes(chains, 120), rate)


def parity(strike: float, gap: float, dte: int = DTE, **others: float) -> list[Row]:
    """Return the call and the put of a strike, their mids ``gap`` apart."""
    return [quoted(dte, strike, "C", 100.0 + gap, **others), quoted(dte, strike, "P", 100.0, **others)]


def test_flat_chain_gives_spot_carried_at_the_rate() -> None:
    found = forwards_of(priced_chain({30: 0.45, 60: 0.35}), rate=0.04)
    assert found.price == pytest.approx([100 * exp(0.04 * days / 365) for days in (30, 60)], abs=1e-11)
    assert not found.from_spot.any()
    assert not found.duplicate.any()


def test_median_of_the_five_strikes_nearest_to_spot() -> None:
    gaps = {90.0: 9.0, 95.0: 6.0, 100.0: 1.0, 105.0: -4.0, 110.0: -30.0, 85.0: 90.0, 80.0: 90.0}
    rows = [row for strike, gap in gaps.items() for row in parity(strike, gap)]
    assert forwards_of(small_chain(rows)).price[0] == 101.0


def test_mean_of_the_middle_two_of_an_even_number() -> None:
    rows = [
        row for strike, gap in ((95.0, 6.0), (100.0, 3.0), (105.0, -2.0), (110.0, 40.0)) for row in parity(strike, gap)
    ]
    assert forwards_of(small_chain(rows)).price[0] == 103.0
    assert forwards_of(small_chain(rows[:4])).price[0] == 102.0


def test_of_two_equally_near_the_lower_counts() -> None:
    values = {98.0: 90.0, 99.0: 91.0, 101.0: 110.0, 102.0: 111.0, 97.0: 100.0, 103.0: 105.0}
    rows = [row for strike, value in values.items() for row in parity(strike, value - strike)]
    assert forwards_of(small_chain(rows)).price[0] == 100.0


def test_parity_is_not_discounted_twice() -> None:
    assert forwards_of(small_chain(parity(100.0, 5.0)), rate=0.04).price[0] == pytest.approx(
        100 + GROWTH * 5, abs=1e-12
    )


@pytest.mark.parametrize(("bid", "ask"), [(0.0, 1.0), (2.0, 1.0), (-1.0, 1.0), (None, 1.0), (1.0, nan), (1.0, np.inf)])
@pytest.mark.parametrize("right", ["C", "P"])
def test_strikes_without_usable_quotes_on_both_sides_do_not_count(bid: float, ask: float, right: str) -> None:
    rows = parity(105.0, -3.0)
    bad = [replace(row, bid=bid, ask=ask) if row.right == right else row for row in parity(100.0, 30.0)]
    assert forwards_of(small_chain(rows + bad)).price[0] == 102.0
    alone = forwards_of(small_chain(bad, spot=98.0), rate=0.04)
    assert alone.from_spot[0]
    assert alone.price[0] == pytest.approx(98.0 * GROWTH, abs=1e-12)


def test_one_expiry_does_not_help_another() -> None:
    rows = [*parity(105.0, -3.0), quoted(80, 100.0, "C", 9.0), quoted(90, 100.0, "P", 9.0)]
    found = forwards_of(small_chain(rows))
    assert found.price.tolist() == [102.0, 100.0, 100.0]
    assert found.from_spot.tolist() == [False, True, True]


def test_a_put_and_the_next_chains_call_make_no_parity() -> None:
    put, call = small_chain([quoted(DTE, 100.0, "P", 3.0)]), small_chain([quoted(DTE, 100.0, "C", 9.0)])
    assert forwards_of(put, call).from_spot.all()


def test_says_where_a_repeated_contract_took_part() -> None:
    rows = [*parity(100.0, 1.0), *parity(100.0, 50.0, open_interest=1.0), *parity(100.0, 2.0, dte=80)]
    found = forwards_of(small_chain(rows))
    assert found.price.tolist() == [101.0, 102.0]
    assert found.duplicate.tolist() == [True, False]


def test_a_repeated_contract_far_from_spot_took_no_part() -> None:
    rows = [row for strike in (98.0, 99.0, 100.0, 101.0, 102.0, 150.0) for row in parity(strike, 100.0 - strike)]
    assert not forwards_of(small_chain([*rows, *parity(150.0, 0.0)])).duplicate[0]


def test_absurd_prices_neither_warn_nor_stop_the_others() -> None:
    chain = priced_chain({30: 0.45, 60: 0.35})
    huge = edited(chain, chain.contracts.is_call, bid=8e307, ask=8.5e307)
    found = forwards_of(huge, chain, rate=0.04)
    assert found.price[2:] == pytest.approx([100 * exp(0.04 * days / 365) for days in (30, 60)], abs=1e-11)


@settings(max_examples=30)
@given(st.integers(-20, 20), st.lists(st.integers(1, 4000), min_size=8, max_size=8))
def test_scales_with_the_price_of_the_underlying(power: int, cents: list[int]) -> None:
    scale = 2.0**power
    strikes = (95.0, 100.0, 105.0, 110.0)
    rows = [
        quoted(DTE, strike, right, cents[2 * place + side] / 100)
        for place, strike in enumerate(strikes)
        for side, right in enumerate("CP")
    ]
    scaled = [quoted(DTE, row.strike * scale, row.right, row.bid * scale) for row in rows if row.bid is not None]
    plain = forwards_of(small_chain(rows), rate=0.04).price[0]
    assert forwards_of(small_chain(scaled, spot=100.0 * scale), rate=0.04).price[0] == plain * scale
