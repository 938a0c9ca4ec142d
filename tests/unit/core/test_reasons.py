"""Names and bits of reasons and flags."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.reasons import Flag, Reason, bit, flags_in, reasons_in

NAMES = (
    "no_front_expiry no_back_expiry no_vol_point missing_quotes crossed_quotes wide_spread low_open_interest "
    "low_volume stale_quotes negative_forward_variance sigma_fwd_below_floor earnings_in_window ff_below_threshold"
)
FLAG_NAMES = "forward_from_spot single_strike vendor_iv calendar_arbitrage duplicate_contract"


def test_the_enumerations_are_closed_and_their_order_is_stored() -> None:
    assert " ".join(Reason) == NAMES
    assert " ".join(Flag) == FLAG_NAMES


@pytest.mark.parametrize("enumeration", [Reason, Flag])
def test_bits_count_up(enumeration: type[Reason | Flag]) -> None:
    assert [bit(member) for member in enumeration] == [1 << place for place in range(len(enumeration))]


@given(st.sets(st.sampled_from(Reason)))
def test_reasons_come_back_in_order(reasons: set[Reason]) -> None:
    assert reasons_in(sum(bit(one) for one in reasons)) == tuple(one for one in Reason if one in reasons)


@given(st.sets(st.sampled_from(Flag)))
def test_flags_come_back_in_order(flags: set[Flag]) -> None:
    assert flags_in(sum(bit(one) for one in flags)) == tuple(one for one in Flag if one in flags)


def test_none() -> None:
    assert reasons_in(0) == ()
    assert flags_in(0) == ()
