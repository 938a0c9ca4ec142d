"""What rules would have told of recorded scans: the same judgement, stability and cooldown as of live alerts.

Every recorded scan counts as judged when it was made, with nothing before the first. Scans, pairs and vol points are
columns; the only loops are over streams, and over the alerts on the same two expiries, of which each depends on the
last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.alerting import OLDEST_HISTORY, has_cooled
from forward_factor.core.arrays import BoolArray, DateArray, FloatArray, IntArray
from forward_factor.core.gates import ROUNDING
from forward_factor.core.rules import VOL_POINTS, PairRule
from forward_factor.core.user_rules import NO_READING, Readings, UserRules, judge, user_rules


@dataclass(frozen=True, slots=True, eq=False)
class RecordedScans:
    """Scans of some tickers with those of their candidates that may pass some rules.

    Attributes:
        tickers: names.
        ticker, stream, at: an entry a scan: its ticker, its ticker and provider, its instant (datetime64 in UTC); the
            scans of one stream stand together, the oldest first.
        scan, pair, point, front, back, readings: an entry a candidate; the others of these scans pass no rules.
        computed: shape (pairs, ``VOL_POINTS``): how many of the scans looked at the pair at the point; what was not
            computed was not recorded, and passes nothing.
        is_cut: whether older scans of the span were left out, for there were too many.

    """

    tickers: Sequence[str]
    ticker: IntArray
    stream: IntArray
    at: np.ndarray
    scan: IntArray
    pair: IntArray
    point: IntArray
    front: DateArray
    back: DateArray
    readings: Readings
    computed: IntArray
    is_cut: bool = False

    def __len__(self) -> int:
        return len(self.ticker)


@dataclass(frozen=True, slots=True)
class LoosestLimits:
    """What a candidate must reach to pass any of several settings; one that does may still pass none."""

    ff: float
    spread_pct: float
    open_interest: float
    volume: float


@dataclass(frozen=True, slots=True, eq=False)
class WouldBeAlerts:
    """Alerts that were never made, an entry each, by instant: which scan, on which expiries, at what factor."""

    scan: IntArray
    front: DateArray
    back: DateArray
    ff: FloatArray

    def __len__(self) -> int:
        return len(self.scan)


def loosest_limits(settings: Sequence[AccountSettings]) -> LoosestLimits:
    """Return the limits that are the least demanding of ``settings``, number by number."""
    return LoosestLimits(
        ff=min((one.ff_threshold for one in settings), default=-inf),
        spread_pct=max((one.max_bid_ask_pct for one in settings), default=inf) + ROUNDING,
        open_interest=min((one.min_open_interest for one in settings), default=0),
        volume=min((one.min_volume for one in settings), default=0),
    )


def would_be_alerts(scans: RecordedScans, settings: AccountSettings, pairs: Sequence[PairRule]) -> WouldBeAlerts:
    """Return the alerts of ``settings`` on recorded scans, whose pairs are ``pairs``."""
    if not len(scans.readings) or not len(scans):
        return WouldBeAlerts(*(np.zeros(0, dtype=kind) for kind in ("int64", "datetime64[D]", "datetime64[D]", "f8")))
    rules = user_rules([settings], pairs)
    legs = _legs(scans, rules, len(pairs))
    judged = judge(rules, np.zeros((1, 1, 1), dtype=np.int64), scans.readings, legs)
    passes = judged.passes.all(axis=2) & rules.pairs
    front, back = scans.front[legs[..., 0]], scans.back[legs[..., 0]]
    run = _runs(scans, passes, front, back)
    scan, pair = np.nonzero(passes & (run >= rules.stability_scans[0]))
    hits = WouldBeAlerts(scan, front[scan, pair], back[scan, pair], judged.ff.min(axis=2)[scan, pair])
    return _cooled(scans, _once_an_expiry_pair(hits), rules)


def _legs(scans: RecordedScans, rules: UserRules, pair_count: int) -> IntArray:
    """Return the candidates behind each scan and pair, shape (scans, pairs, 2)."""
    rows = np.full((len(scans), pair_count, len(VOL_POINTS)), NO_READING, dtype=np.int64)
    rows[scans.scan, scans.pair, scans.point] = np.arange(len(scans.scan))
    legs: IntArray = rows[:, :, rules.points[0]]
    return legs


def _runs(scans: RecordedScans, passes: BoolArray, front: DateArray, back: DateArray) -> IntArray:
    """Return how many consecutive scans of the stream had passed with the same expiries, each one included."""
    goes_on = np.zeros(passes.shape, dtype=np.bool_)
    same = (front[1:] == front[:-1]) & (back[1:] == back[:-1])
    goes_on[1:] = passes[1:] & passes[:-1] & same & (scans.stream[1:] == scans.stream[:-1])[:, np.newaxis]
    place = np.arange(len(scans))[:, np.newaxis]
    began = np.maximum.accumulate(np.where(goes_on, 0, place), axis=0)
    return place - np.maximum(began, _first_that_count(scans)[:, np.newaxis]) + 1


def _first_that_count(scans: RecordedScans) -> IntArray:
    """Return, a scan, the first of its stream that is not too old to count beside it."""
    first = np.zeros(len(scans), dtype=np.int64)
    bounds = np.flatnonzero(np.diff(scans.stream, prepend=-1, append=-1))
    for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        at = scans.at[start:end]
        first[start:end] = start + np.searchsorted(at, at - np.timedelta64(OLDEST_HISTORY), side="right")
    return first


def _once_an_expiry_pair(hits: WouldBeAlerts) -> WouldBeAlerts:
    """Return, of the hits of one scan on the same two expiries, that of the first pair."""
    keys = np.stack([hits.scan, hits.front.astype(np.int64), hits.back.astype(np.int64)], axis=1)
    _, first = np.unique(keys, axis=0, return_index=True)
    return _take(hits, np.sort(first))


def _cooled(scans: RecordedScans, hits: WouldBeAlerts, rules: UserRules) -> WouldBeAlerts:
    """Return the hits that each come after the cooldown of the one before on the same expiries."""
    keys = np.stack([scans.ticker[hits.scan], hits.front.astype(np.int64), hits.back.astype(np.int64)], axis=1)
    _, group = np.unique(keys, axis=0, return_inverse=True)
    at = scans.at[hits.scan]
    order = np.lexsort((at, group.reshape(-1)))
    bounds = np.flatnonzero(np.diff(group.reshape(-1)[order], prepend=-1, append=-1))
    told: list[int] = []
    for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        own = order[start:end]
        told += own[_alerts_among(at[own], hits.ff[own], rules.cooldown)].tolist()
    places = np.array(told, dtype=np.int64)
    return _take(hits, places[np.argsort(at[places], kind="stable")])


def _alerts_among(at: np.ndarray, ff: FloatArray, cooldown: np.ndarray) -> list[int]:
    """Return which hits on the same expiries are told of: the first, and each that has cooled since the last one."""
    told = [0]
    while True:
        last = told[-1]
        may_follow = has_cooled(
            at[last + 1 :], ff[last + 1 :], cooldown, at[last : last + 1], ff[last : last + 1]
        )  # fmt: skip
        if not may_follow.any():
            return told
        told.append(last + 1 + int(np.argmax(may_follow)))


def _take(hits: WouldBeAlerts, places: IntArray) -> WouldBeAlerts:
    return WouldBeAlerts(hits.scan[places], hits.front[places], hits.back[places], hits.ff[places])
