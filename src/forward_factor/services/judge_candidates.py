"""Why candidates pass somebody's own rules or don't: every limit missed, by how much, the nearest miss first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.gates import ROUNDING
from forward_factor.core.reasons import Reason
from forward_factor.core.user_rules import sigma_fwd_ex
from forward_factor.services.views import CandidateView

OWN = frozenset({
    Reason.WIDE_SPREAD, Reason.LOW_OPEN_INTEREST, Reason.LOW_VOLUME, Reason.SIGMA_FWD_BELOW_FLOOR,
    Reason.FF_BELOW_THRESHOLD,
})  # fmt: skip
"""Reasons that each user's own limits take the place of, as in ``core.user_rules``."""
WHOLE_MISS = 10.0
"""What a reason that no number can mend counts for in the order of misses."""
SMALLEST_SCALE = 0.05
"""A miss is a share of its limit, and of this where the limit is smaller: one of 0 has no shares."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One thing that keeps a candidate from passing.

    Attributes:
        value, limit: what it is and what it must reach or keep within, in the reason's own unit; None where the value
            is not known, or the reason has no number.
        miss: how far off, as a share of the limit; ``WHOLE_MISS`` where there is no number.

    """

    reason: str
    value: float | None = None
    limit: float | None = None
    miss: float = WHOLE_MISS


@dataclass(frozen=True, slots=True)
class JudgedCandidate:
    """A candidate under somebody's rules.

    Attributes:
        is_wanted: whether they ask for its pair and vol point.
        by_ex_earnings: whether it is judged without the jumps of announcements; ``ff`` is the factor that counts.

    """

    candidate: CandidateView
    is_wanted: bool
    by_ex_earnings: bool
    shortfalls: tuple[Shortfall, ...]

    @property
    def passes(self) -> bool:
        """Return whether it passes the rules, were its pair and vol point asked for."""
        return not self.shortfalls

    @property
    def miss(self) -> float:
        """Return how far off it is, over all that it lacks."""
        return sum(one.miss for one in self.shortfalls)

    @property
    def ff(self) -> float | None:
        """Return the forward factor that is judged."""
        return self.candidate.ff_ex_earnings if self.by_ex_earnings else self.candidate.ff


def judge_candidates(candidates: Sequence[CandidateView], settings: AccountSettings) -> list[JudgedCandidate]:
    """Return candidates under ``settings``: those they ask for first, then by how little they lack, then by FF."""
    judged = [judge_candidate(one, settings) for one in candidates]
    return sorted(judged, key=lambda one: (not one.is_wanted, one.miss, -(one.ff if one.ff is not None else -inf)))


def judge_candidate(candidate: CandidateView, settings: AccountSettings) -> JudgedCandidate:
    """Return a candidate under ``settings``, judged as ``core.user_rules.judge`` does."""
    is_pair = candidate.pair in {pair.name for pair in settings.pairs}
    is_wanted = is_pair and candidate.vol_point in {point.value for point in settings.vol_points}
    by_ex = settings.ex_earnings and candidate.earnings_on is not None
    fatal = tuple(Shortfall(one) for one in candidate.reasons if _is_fatal(one, by_ex=by_ex))
    limits = tuple(_missed_limits(candidate, settings, by_ex=by_ex))
    if fatal:  # a number that could not be made has its cause among those
        limits = tuple(one for one in limits if one.value is not None)
    return JudgedCandidate(candidate, is_wanted, by_ex, fatal + limits)


def _is_fatal(reason: str, *, by_ex: bool) -> bool:
    return reason not in OWN and not (by_ex and reason == Reason.EARNINGS_IN_WINDOW)


def _missed_limits(one: CandidateView, settings: AccountSettings, *, by_ex: bool) -> Iterator[Shortfall]:
    ff = one.ff_ex_earnings if by_ex else one.ff
    sigma = _weaker(one.sigma_fwd, _sigma_fwd_ex(one)) if by_ex else one.sigma_fwd
    yield from _below(Reason.FF_BELOW_THRESHOLD, ff, settings.ff_threshold)
    yield from _below(Reason.SIGMA_FWD_BELOW_FLOOR, sigma, settings.sigma_fwd_floor)
    yield from _above(Reason.WIDE_SPREAD, one.bid_ask_pct, settings.max_bid_ask_pct)
    yield from _below(Reason.LOW_OPEN_INTEREST, one.open_interest, settings.min_open_interest)
    yield from _below(Reason.LOW_VOLUME, one.volume, settings.min_volume)


def _below(reason: Reason, value: float | None, limit: float) -> Iterator[Shortfall]:
    if value is None or not isfinite(value):
        yield Shortfall(reason, None, limit)
    elif value < limit:
        yield Shortfall(reason, value, limit, _share(limit - value, limit))


def _above(reason: Reason, value: float | None, limit: float) -> Iterator[Shortfall]:
    if value is None or not isfinite(value):
        yield Shortfall(reason, None, limit)
    elif value > limit + ROUNDING:
        yield Shortfall(reason, value, limit, _share(value - limit, limit))


def _share(miss: float, limit: float) -> float:
    return miss / max(abs(limit), SMALLEST_SCALE)


def _weaker(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else min(first, second)


def _sigma_fwd_ex(one: CandidateView) -> float | None:
    """Return the forward vol without jumps of announcements, None where it cannot be had."""
    given = (one.front_iv_ex_earnings, one.front_dte, one.back_iv_ex_earnings, one.back_dte)
    numbers = (np.array([value], dtype=np.float64) for value in given)
    found = float(sigma_fwd_ex(*numbers)[0])
    return found if isfinite(found) else None
