"""Every pair and vol point a scan asked for, with its forward factor and the reasons it is no signal.

A candidate is always recorded, refused ones too. All arrays have one entry a candidate, ordered by
chain, pair rule and vol point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forward_factor.core.arrays import BoolArray, DateArray, FloatArray, IntArray
from forward_factor.core.earnings import EarningsEvent
from forward_factor.core.ex_earnings import NO_DATE, first_announcements, strip_earnings
from forward_factor.core.forward_factor import ForwardFactors, forward_factors
from forward_factor.core.gates import Liquidity, forward_reasons, judge_points, liquidity_reasons
from forward_factor.core.pairing import NO_CURVE, choose_pair
from forward_factor.core.quality import quality_scores
from forward_factor.core.reasons import Reason, bit
from forward_factor.core.rules import VOL_POINTS, ScanRules
from forward_factor.core.term_structure import TermStructures, variance_falls


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """One entry a candidate; vols are decimals, missing numbers NaN.

    Attributes:
        chain: index of its chain.
        rule, point: indices into the rules' pairs and into ``VOL_POINTS``.
        front, back: curves of the two expiries, ``NO_CURVE`` where none was found.
        ff_low, ff_high: the forward factor at the bid of the front and the ask of the back vol, and the reverse.
        front_iv_ex, back_iv_ex, ff_ex: the same without the jumps of earnings announcements.
        earnings_on: the first announcement before the back expiry, NaT where none is known.
        reasons, flags: bit sets of ``Reason`` and ``Flag``.

    """

    chain: IntArray
    rule: IntArray
    point: IntArray
    front: IntArray
    back: IntArray
    front_iv: FloatArray
    back_iv: FloatArray
    sigma_fwd: FloatArray
    ff: FloatArray
    ff_low: FloatArray
    ff_high: FloatArray
    front_iv_ex: FloatArray
    back_iv_ex: FloatArray
    ff_ex: FloatArray
    earnings_on: DateArray
    spread_pct: FloatArray
    open_interest: FloatArray
    volume: FloatArray
    quality: FloatArray
    reasons: IntArray
    flags: IntArray

    def __len__(self) -> int:
        return len(self.chain)

    @property
    def is_signal(self) -> BoolArray:
        """Where no gate failed."""
        return np.equal(self.reasons, 0)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of a chain besides its quotes.

    Attributes:
        earnings: known announcements of the ticker.
        is_stale: the vendor sent the quotes of an earlier snapshot again.
        digest: of the quotes (see ``staleness``); no candidate depends on it.

    """

    earnings: tuple[EarningsEvent, ...] = ()
    is_stale: bool = False
    digest: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Legs:
    """Front and back curve of each candidate, and (curves, points) arrays read at them."""

    chain: IntArray
    rule: IntArray
    point: IntArray
    front: IntArray
    back: IntArray

    def front_of(self, values: FloatArray) -> FloatArray:
        return _padded(values)[self.front, self.point]

    def back_of(self, values: FloatArray) -> FloatArray:
        return _padded(values)[self.back, self.point]


def find_candidates(structures: TermStructures, surroundings: Sequence[Surroundings], rules: ScanRules) -> Candidates:
    """Return the candidates of all chains; ``surroundings`` has one entry a chain."""
    legs = _pair_up(structures, len(surroundings), rules)
    points, years = structures.points, structures.years_by_point
    raw = _forward_factors(legs, points.mid, points.mid, years)
    low = _forward_factors(legs, points.bid, points.ask, years).ff
    high = _forward_factors(legs, points.ask, points.bid, years).ff
    earnings = [around.earnings for around in surroundings]
    base = strip_earnings(structures, earnings, np.unique(legs.point))
    earnings_on = _earnings_before_back(first_announcements(structures, earnings), structures, legs)
    liquidity = _liquidity_of_legs(structures, legs)
    flags = _flags(structures, legs)
    reasons = _reasons(legs, raw, liquidity, structures, rules)
    reasons |= np.where(np.isnat(earnings_on), 0, bit(Reason.EARNINGS_IN_WINDOW))
    stale = np.array([one.is_stale for one in surroundings], dtype=np.bool_)
    reasons |= np.where(stale[legs.chain], bit(Reason.STALE_QUOTES), 0)
    quality = quality_scores(
        liquidity.spread_pct, liquidity.open_interest, liquidity.volume, high - low, np.bitwise_count(flags)
    )
    return Candidates(
        chain=legs.chain,
        rule=legs.rule,
        point=legs.point,
        front=legs.front,
        back=legs.back,
        front_iv=legs.front_of(points.mid),
        back_iv=legs.back_of(points.mid),
        sigma_fwd=raw.sigma_fwd,
        ff=raw.ff,
        ff_low=low,
        ff_high=high,
        front_iv_ex=legs.front_of(base),
        back_iv_ex=legs.back_of(base),
        ff_ex=_forward_factors(legs, base, base, years).ff,
        earnings_on=earnings_on,
        spread_pct=liquidity.spread_pct,
        open_interest=liquidity.open_interest,
        volume=liquidity.volume,
        quality=np.where(np.isfinite(raw.ff), quality, np.nan),
        reasons=reasons,
        flags=flags,
    )


def _pair_up(structures: TermStructures, chain_count: int, rules: ScanRules) -> _Legs:
    pairs = [choose_pair(structures.curves, chain_count, rule) for rule in rules.pairs]
    wanted = np.array([VOL_POINTS.index(point) for point in rules.vol_points], dtype=np.int64)
    chain, rule, point = (
        axis.ravel() for axis in np.meshgrid(np.arange(chain_count), np.arange(len(pairs)), wanted, indexing="ij")
    )
    fronts = np.array([front for front, _ in pairs], dtype=np.int64).reshape(len(pairs), chain_count)
    backs = np.array([back for _, back in pairs], dtype=np.int64).reshape(len(pairs), chain_count)
    return _Legs(chain, rule, point, fronts[rule, chain], backs[rule, chain])


def _padded(values: FloatArray) -> FloatArray:
    """``values`` with a last row of NaN, so that ``NO_CURVE`` (-1) reads as missing."""
    return np.concatenate([values, np.full((1, values.shape[1]), np.nan)])


def _forward_factors(legs: _Legs, front: FloatArray, back: FloatArray, years: FloatArray) -> ForwardFactors:
    return forward_factors(legs.front_of(front), legs.front_of(years), legs.back_of(back), legs.back_of(years))


def _liquidity_of_legs(structures: TermStructures, legs: _Legs) -> Liquidity:
    judged = judge_points(structures.quotes, structures.forwards, structures.points)
    nothing = np.full((1, len(VOL_POINTS)), np.nan)
    padded = Liquidity(
        np.concatenate([judged.spread_pct, nothing]),
        np.concatenate([judged.open_interest, nothing]),
        np.concatenate([judged.volume, nothing]),
        np.concatenate([judged.reasons, np.zeros((1, len(VOL_POINTS)), dtype=np.int64)]),
    )
    return padded.take((legs.front, legs.point)).worse_of(padded.take((legs.back, legs.point)))


def _reasons(
    legs: _Legs, raw: ForwardFactors, liquidity: Liquidity, structures: TermStructures, rules: ScanRules
) -> IntArray:
    no_front, no_back = legs.front == NO_CURVE, legs.back == NO_CURVE
    front_priced = np.isfinite(legs.front_of(structures.points.mid))
    back_priced = np.isfinite(legs.back_of(structures.points.mid))
    no_point = ~(no_front | front_priced) | ~(no_back | back_priced)
    return (
        np.where(no_front, bit(Reason.NO_FRONT_EXPIRY), 0)
        | np.where(no_back, bit(Reason.NO_BACK_EXPIRY), 0)
        | np.where(no_point, bit(Reason.NO_VOL_POINT), 0)
        | np.where(front_priced & back_priced, liquidity_reasons(liquidity, rules), liquidity.reasons)
        | forward_reasons(raw.variance, raw.sigma_fwd, raw.ff, rules)
    )


def _flags(structures: TermStructures, legs: _Legs) -> IntArray:
    points, years = structures.points, structures.years_by_point
    padded = np.concatenate([points.flags, np.zeros((1, len(VOL_POINTS)), dtype=np.int64)])
    flags: IntArray = (
        padded[legs.front, legs.point]
        | padded[legs.back, legs.point]
        | variance_falls(legs.front_of(points.bid), legs.front_of(years), legs.back_of(points.ask), legs.back_of(years))
    )
    return flags


def _earnings_before_back(first: DateArray, structures: TermStructures, legs: _Legs) -> DateArray:
    back_expiry = np.append(structures.curves.expiry, NO_DATE)[legs.back]
    own_first = first[legs.chain]
    return np.where(own_first <= back_expiry, own_first, NO_DATE)
