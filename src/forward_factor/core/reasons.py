"""Why a candidate is no signal (reasons), and what to know about its numbers (flags).

Both are closed enumerations. In columns they are bit sets: member number ``i`` is bit ``1 << i``.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """A gate that a candidate failed; any one refuses the signal."""

    NO_FRONT_EXPIRY = "no_front_expiry"
    NO_BACK_EXPIRY = "no_back_expiry"
    NO_VOL_POINT = "no_vol_point"
    MISSING_QUOTES = "missing_quotes"
    CROSSED_QUOTES = "crossed_quotes"
    WIDE_SPREAD = "wide_spread"
    LOW_OPEN_INTEREST = "low_open_interest"
    LOW_VOLUME = "low_volume"
    STALE_QUOTES = "stale_quotes"
    NEGATIVE_FORWARD_VARIANCE = "negative_forward_variance"
    SIGMA_FWD_BELOW_FLOOR = "sigma_fwd_below_floor"
    EARNINGS_IN_WINDOW = "earnings_in_window"
    FF_BELOW_THRESHOLD = "ff_below_threshold"


class Flag(StrEnum):
    """Something about how a number was made; flags refuse nothing."""

    FORWARD_FROM_SPOT = "forward_from_spot"
    SINGLE_STRIKE = "single_strike"
    VENDOR_IV = "vendor_iv"
    CALENDAR_ARBITRAGE = "calendar_arbitrage"
    DUPLICATE_CONTRACT = "duplicate_contract"


_BITS: dict[StrEnum, int] = {
    member: 1 << number for enumeration in (Reason, Flag) for number, member in enumerate(enumeration)
}


def bit(member: Reason | Flag) -> int:
    """Return the bit that stands for ``member`` in a column."""
    return _BITS[member]


def reasons_in(bits: int) -> tuple[Reason, ...]:
    """Return the reasons whose bits are set, in the order of the enumeration."""
    return tuple(reason for reason in Reason if bits & _BITS[reason])


def flags_in(bits: int) -> tuple[Flag, ...]:
    """Return the flags whose bits are set, in the order of the enumeration."""
    return tuple(flag for flag in Flag if bits & _BITS[flag])
