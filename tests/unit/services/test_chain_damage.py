"""What is said of a chain that a healthy feed would not send."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forward_factor.core.chain import Contracts, Rejection
from forward_factor.services.chain_damage import describe_damage
from tests.chains import priced_chain

CHAIN = priced_chain({30: 0.3, 60: 0.3})


def with_quotes(bid: np.ndarray, ask: np.ndarray) -> Contracts:
    return replace(CHAIN.contracts, bid=bid, ask=ask)


def described(contracts: Contracts) -> str | None:
    return describe_damage(replace(CHAIN, contracts=contracts), 120)


def test_a_healthy_chain_has_none() -> None:
    assert describe_damage(CHAIN, 120) is None


def test_two_crossed_quotes_are_a_normal_close_and_many_a_broken_feed() -> None:
    bid, ask = CHAIN.contracts.bid.copy(), CHAIN.contracts.ask.copy()
    bid[:2] = ask[:2] + 1
    assert described(with_quotes(bid, ask)) is None
    bid[:40] = ask[:40] + 1
    assert described(with_quotes(bid, ask)) == "40 of 164 contracts are crossed (bid above ask)"


def test_one_negative_quote_is_damage() -> None:
    bid = CHAIN.contracts.bid.copy()
    bid[0] = -0.01
    assert described(with_quotes(bid, CHAIN.contracts.ask)) == "1 of 164 contracts have a negative quote"


def test_no_usable_quote() -> None:
    nothing = np.full(len(CHAIN.contracts), np.nan)
    assert "has a usable quote" in (described(with_quotes(nothing, nothing)) or "")


@pytest.mark.parametrize("dte", [-5, 0, 121])
def test_no_live_contract(dte: int) -> None:
    assert "expires 1 to 120 days ahead" in (describe_damage(priced_chain({dte: 0.3}), 120) or "")


def test_rejected_rows_count_unless_left_out_on_purpose() -> None:
    broken = replace(CHAIN, rejected=(Rejection("unreadable_strike", 2), Rejection("non_standard_deliverable", 9)))
    assert describe_damage(broken, 120) == "2 rows unreadable_strike"
