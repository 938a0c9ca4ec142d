"""Every gate a candidate had to pass: its number beside the scan's limit and the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.gates import ROUNDING
from forward_factor.core.reasons import Reason
from forward_factor.core.rules import ScanRules
from forward_factor.services.views import CandidateView


class Bound(StrEnum):
    """Which way a number must lie of its limit."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    ABOVE = "above"


class Unit(StrEnum):
    """What a gate's number counts."""

    FACTOR = "factor"
    SHARE = "share"
    CONTRACTS = "contracts"
    VARIANCE = "variance"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredGate:
    """A gate with a number; vols and spreads are decimals, the variance is sigma squared.

    Attributes:
        reason: what a candidate that fails it is refused with.
        value: None where it is not known, which fails.
        limit: the scan's, None where its rules are not kept.
        own_limit: the user's.

    """

    reason: Reason
    unit: Unit
    bound: Bound
    value: float | None
    limit: float | None
    own_limit: float

    @property
    def is_passed(self) -> bool | None:
        """Return whether the scan's limit is met, None where it is not known."""
        return None if self.limit is None else self._meets(self.limit)

    @property
    def is_own_passed(self) -> bool:
        """Return whether the user's limit is met."""
        return self._meets(self.own_limit)

    def _meets(self, limit: float) -> bool:
        if self.value is None:
            return False
        if self.bound is Bound.AT_MOST:
            return self.value <= limit + ROUNDING
        return self.value >= limit if self.bound is Bound.AT_LEAST else self.value > limit


def weigh_gates(found: CandidateView, rules: ScanRules | None, own: AccountSettings) -> tuple[MeasuredGate, ...]:
    """Return the gates that have numbers, in the order people ask."""
    return tuple(_gates(found, rules, own))


def _gates(found: CandidateView, rules: ScanRules | None, own: AccountSettings) -> Iterator[MeasuredGate]:
    yield MeasuredGate(
        reason=Reason.FF_BELOW_THRESHOLD,
        unit=Unit.FACTOR,
        bound=Bound.AT_LEAST,
        value=found.ff,
        limit=rules.ff_threshold if rules else None,
        own_limit=own.ff_threshold,
    )
    yield MeasuredGate(
        reason=Reason.NEGATIVE_FORWARD_VARIANCE,
        unit=Unit.VARIANCE,
        bound=Bound.ABOVE,
        value=None if found.sigma_fwd is None else found.sigma_fwd**2,
        limit=0.0,
        own_limit=0.0,
    )
    yield MeasuredGate(
        reason=Reason.SIGMA_FWD_BELOW_FLOOR,
        unit=Unit.SHARE,
        bound=Bound.AT_LEAST,
        value=found.sigma_fwd,
        limit=rules.sigma_fwd_floor if rules else None,
        own_limit=own.sigma_fwd_floor,
    )
    yield MeasuredGate(
        reason=Reason.WIDE_SPREAD,
        unit=Unit.SHARE,
        bound=Bound.AT_MOST,
        value=found.bid_ask_pct,
        limit=rules.max_bid_ask_pct if rules else None,
        own_limit=own.max_bid_ask_pct,
    )
    yield MeasuredGate(
        reason=Reason.LOW_OPEN_INTEREST,
        unit=Unit.CONTRACTS,
        bound=Bound.AT_LEAST,
        value=found.open_interest,
        limit=rules.min_open_interest if rules else None,
        own_limit=own.min_open_interest,
    )
    yield MeasuredGate(
        reason=Reason.LOW_VOLUME,
        unit=Unit.CONTRACTS,
        bound=Bound.AT_LEAST,
        value=found.volume,
        limit=rules.min_volume if rules else None,
        own_limit=own.min_volume,
    )
