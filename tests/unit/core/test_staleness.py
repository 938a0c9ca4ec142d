"""Which changes make a snapshot news."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import nan

import numpy as np
import pytest

from forward_factor.core.chain import Chain
from forward_factor.core.staleness import quotes_digest
from tests.chains import priced_chain
from tests.unit.core.small_chains import edited, without

CHAIN = priced_chain({30: 0.45, 60: 0.35}, strikes=(95, 100, 105))
FIRST = np.arange(len(CHAIN.contracts)) == 0


def changed(column: str, value: float) -> Chain:
    """Return the chain with another number in its first contract."""
    values = {column: value}
    return edited(CHAIN, FIRST, **values)


@pytest.mark.parametrize("column", ["bid", "ask", "volume", "strike"])
def test_a_new_number_in_one_contract_is_news(column: str) -> None:
    value = float(getattr(CHAIN.contracts, column)[0])
    assert quotes_digest(changed(column, float(np.nextafter(value, 1e9)))) != quotes_digest(CHAIN)
    assert quotes_digest(changed(column, nan)) != quotes_digest(CHAIN)


def test_other_contracts_are_news() -> None:
    contracts = CHAIN.contracts
    later = replace(CHAIN, contracts=replace(contracts, expiry=contracts.expiry + np.timedelta64(1, "D")))
    flipped = replace(CHAIN, contracts=replace(contracts, is_call=~contracts.is_call))
    digests = {quotes_digest(one) for one in (CHAIN, later, flipped, without(CHAIN, FIRST))}
    assert len(digests) == 4


@pytest.mark.parametrize("column", ["last", "open_interest", "iv", "delta"])
def test_what_moves_without_a_market_is_no_news(column: str) -> None:
    assert quotes_digest(changed(column, 0.123)) == quotes_digest(CHAIN)


def test_time_and_spot_alone_are_no_news() -> None:
    later = replace(CHAIN, as_of=CHAIN.as_of + timedelta(hours=1), spot=101.0, provider="cboe")
    assert quotes_digest(later) == quotes_digest(CHAIN)


def test_missing_is_missing_whatever_its_bits() -> None:
    other_nan = np.array([0xFFF8000000000001], dtype=np.uint64).view(np.float64)[0]
    assert np.isnan(other_nan)
    assert quotes_digest(edited(CHAIN, FIRST, bid=other_nan)) == quotes_digest(edited(CHAIN, FIRST, bid=nan))


def test_swapped_columns_are_news() -> None:
    contracts = CHAIN.contracts
    swapped = replace(CHAIN, contracts=replace(contracts, bid=contracts.ask, ask=contracts.bid))
    assert quotes_digest(swapped) != quotes_digest(CHAIN)
