"""A user's own rules as predicates on candidates that were computed once for all.

Everything is a column: rules have one entry a distinct set of rules, readings one entry a candidate, and a judgement
one entry for each (rules, candidate) that was asked about. No loop is over users.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.arrays import BoolArray, FloatArray, IntArray
from forward_factor.core.forward_factor import forward_factors
from forward_factor.core.gates import ROUNDING
from forward_factor.core.quotes import DAYS_A_YEAR
from forward_factor.core.reasons import Reason, bit
from forward_factor.core.rules import VOL_POINTS, PairRule
from forward_factor.core.scan import ScanBatch
from forward_factor.core.structure import Structure

OWN_GATES = (
    bit(Reason.WIDE_SPREAD)
    | bit(Reason.LOW_OPEN_INTEREST)
    | bit(Reason.LOW_VOLUME)
    | bit(Reason.SIGMA_FWD_BELOW_FLOOR)
    | bit(Reason.FF_BELOW_THRESHOLD)
)
"""Reasons that each user's own limits take the place of; any other one refuses for all."""
EARNINGS = bit(Reason.EARNINGS_IN_WINDOW)
NO_READING = -1


@dataclass(frozen=True, slots=True, eq=False)
class UserRules:
    """Distinct sets of rules, an entry each.

    Attributes:
        points: shape (sets, 2): the vol points that must both pass, of a single calendar the one point twice.
        pairs: shape (sets, pairs of the scan): which of them the set asks for.

    """

    ff_threshold: FloatArray
    sigma_fwd_floor: FloatArray
    max_bid_ask_pct: FloatArray
    min_open_interest: FloatArray
    min_volume: FloatArray
    ex_earnings: BoolArray
    is_double: BoolArray
    points: IntArray
    pairs: BoolArray
    stability_scans: IntArray
    cooldown: np.ndarray

    def __len__(self) -> int:
        return len(self.ff_threshold)


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What users' rules look at, one entry a candidate; missing numbers NaN.

    Attributes:
        ff_ex, sigma_fwd_ex: without the jumps of announcements.
        has_earnings: whether an announcement lies before the back expiry.
        reasons: bit sets of ``Reason``.

    """

    ff: FloatArray
    sigma_fwd: FloatArray
    ff_ex: FloatArray
    sigma_fwd_ex: FloatArray
    has_earnings: BoolArray
    spread_pct: FloatArray
    open_interest: FloatArray
    volume: FloatArray
    reasons: IntArray

    def __len__(self) -> int:
        return len(self.ff)


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """Whether candidates pass, with the forward factor that counted, and whether that was the one without earnings."""

    passes: BoolArray
    ff: FloatArray
    by_ex_earnings: BoolArray


def user_rules(settings: Sequence[AccountSettings], pairs: Sequence[PairRule]) -> UserRules:
    """Return the rules of distinct settings, on candidates of ``pairs``."""

    def numbers(name: str) -> FloatArray:
        return np.array([getattr(one, name) for one in settings], dtype=np.float64)

    points = [[VOL_POINTS.index(point) for point in one.vol_points] for one in settings]
    wanted = [[pair in one.pairs for pair in pairs] for one in settings]
    return UserRules(
        ff_threshold=numbers("ff_threshold"),
        sigma_fwd_floor=numbers("sigma_fwd_floor"),
        max_bid_ask_pct=numbers("max_bid_ask_pct"),
        min_open_interest=numbers("min_open_interest"),
        min_volume=numbers("min_volume"),
        ex_earnings=np.array([one.ex_earnings for one in settings], dtype=np.bool_),
        is_double=np.array([one.structure is Structure.DOUBLE for one in settings], dtype=np.bool_),
        points=np.array(points, dtype=np.int64).reshape(len(settings), 2),
        pairs=np.array(wanted, dtype=np.bool_).reshape(len(settings), len(pairs)),
        stability_scans=np.array([one.stability_scans for one in settings], dtype=np.int64),
        cooldown=np.array([one.cooldown_minutes for one in settings], dtype="timedelta64[m]"),
    )


def readings_of(batch: ScanBatch) -> Readings:
    """Return the candidates of ``batch`` as rules look at them."""
    found, dte = batch.candidates, np.append(batch.structures.curves.dte, 0).astype(np.float64)
    return Readings(
        ff=found.ff,
        sigma_fwd=found.sigma_fwd,
        ff_ex=found.ff_ex,
        sigma_fwd_ex=sigma_fwd_ex(found.front_iv_ex, dte[found.front], found.back_iv_ex, dte[found.back]),
        has_earnings=~np.isnat(found.earnings_on),
        spread_pct=found.spread_pct,
        open_interest=found.open_interest,
        volume=found.volume,
        reasons=found.reasons,
    )


def sigma_fwd_ex(front_iv: FloatArray, front_dte: FloatArray, back_iv: FloatArray, back_dte: FloatArray) -> FloatArray:
    """Return the forward vol of vols without earnings jumps, expiries in days; NaN where a vol is missing."""
    return forward_factors(front_iv, front_dte / DAYS_A_YEAR, back_iv, back_dte / DAYS_A_YEAR).sigma_fwd


def judge(rules: UserRules, which: IntArray, readings: Readings, rows: IntArray) -> Judgement:
    """Return whether the candidates ``rows`` pass the rules ``which``; the two broadcast, ``NO_READING`` never passes.

    A candidate passes where no reason stands that is not the user's own to set, the forward factor reaches the
    threshold, the forward vol the floor, the spread is within its limit, open interest and volume reach theirs. What
    is not known fails. Where the user prefers it and an announcement lies in the window, the forward factor is the one
    without earnings jumps, and the forward vol without them must reach the floor too.
    """
    if not len(readings):
        nothing = np.zeros(np.broadcast_shapes(which.shape, rows.shape))
        return Judgement(nothing > 0, nothing, nothing > 0)
    by_ex = rules.ex_earnings[which] & readings.has_earnings[rows]
    ff = np.where(by_ex, readings.ff_ex[rows], readings.ff[rows])
    floor = rules.sigma_fwd_floor[which]
    others = readings.reasons[rows] & ~np.where(by_ex, OWN_GATES | EARNINGS, OWN_GATES)
    passes = (
        (rows != NO_READING)
        & (others == 0)
        & np.isfinite(ff)
        & (ff >= rules.ff_threshold[which])
        & (readings.sigma_fwd[rows] >= floor)
        & (~by_ex | (readings.sigma_fwd_ex[rows] >= floor))
        & (readings.spread_pct[rows] <= rules.max_bid_ask_pct[which] + ROUNDING)
        & (readings.open_interest[rows] >= rules.min_open_interest[which])
        & (readings.volume[rows] >= rules.min_volume[which])
    )
    return Judgement(passes, ff, by_ex)
