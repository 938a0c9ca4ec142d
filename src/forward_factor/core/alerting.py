"""From a scan and what users asked for to who is to be told what: hits, their stability, their cooldown.

A *hit* is a pair of one scan that passes one set of rules. Rules, hits and users are columns, and what belongs together
is found by sorting; no loop is over users.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Self

import numpy as np

from forward_factor.core.arrays import BoolArray, DateArray, FloatArray, IntArray
from forward_factor.core.chain import Chain
from forward_factor.core.gates import ROUNDING
from forward_factor.core.rules import VOL_POINTS
from forward_factor.core.scan import ScanBatch
from forward_factor.core.user_rules import NO_READING, Readings, UserRules, judge, readings_of

OLDEST_NEWS = timedelta(minutes=30)
"""A scan further from the clock than that is history, and alerts nobody."""
OLDEST_HISTORY = timedelta(days=14)
"""Scans further back never count as consecutive; it lets a hypertable leave its older chunks alone."""
LEAST_RISE = 0.02
"""How much a forward factor must have risen since the last alert on the same expiries."""
EVALUATIONS_A_BLOCK = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Pairs of scans that pass sets of rules, an entry each.

    Attributes:
        asked: which evaluation it came from.
        rules, chain, pair: indices into the rules, the batch's chains and the scan's pairs.
        row: the candidate it is about; of a double calendar that of the two with the smaller forward factor.
        legs: shape (hits, 2): the candidates that passed.
        ff: the forward factor that counted; ``by_ex_earnings`` says whether without the jumps of announcements.

    """

    asked: IntArray
    rules: IntArray
    chain: IntArray
    pair: IntArray
    row: IntArray
    legs: IntArray
    ff: FloatArray
    by_ex_earnings: BoolArray

    def __len__(self) -> int:
        return len(self.asked)

    def take(self, rows: np.ndarray) -> Self:
        """Return the hits at those places."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Stored candidates of some tickers' last scans, an entry each.

    Attributes:
        scan: which of the scans that were asked about.
        rank: 0 for that scan itself, 1 for the one before it, and so on.
        pair, point: indices into the scan's pairs and into ``VOL_POINTS``.
        front, back: expiries.

    """

    scan: IntArray
    rank: IntArray
    pair: IntArray
    point: IntArray
    front: DateArray
    back: DateArray
    readings: Readings


def newest_chains(chains: Sequence[Chain], now: datetime) -> IntArray:
    """Return the newest chain of each ticker, of those that are news at ``now``."""
    newest: dict[str, int] = {}
    for place, chain in enumerate(chains):
        known = newest.setdefault(chain.ticker, place)
        if chain.as_of > chains[known].as_of:
            newest[chain.ticker] = place
    news = [place for place in newest.values() if abs(now - chains[place].as_of) <= OLDEST_NEWS]
    return np.array(sorted(news), dtype=np.int64)


def find_hits(batch: ScanBatch, rules: UserRules, which: IntArray, chain: IntArray) -> Hits:
    """Return the pairs of ``chain`` that pass the rules ``which``; the two have one entry an evaluation."""
    readings, rows = readings_of(batch), _rows_by_point(batch)
    parts = [
        _hits_of_block(readings, rows, rules, which, chain, slice(start, start + EVALUATIONS_A_BLOCK))
        for start in range(0, max(len(which), 1), EVALUATIONS_A_BLOCK)
    ]
    return Hits(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Hits)))


def _rows_by_point(batch: ScanBatch) -> IntArray:
    """Return the candidate of every (chain, pair, vol point), ``NO_READING`` where the scan had no such point."""
    found = batch.candidates
    rows = np.full((len(batch.chains), len(batch.rules.pairs), len(VOL_POINTS)), NO_READING, dtype=np.int64)
    rows[found.chain, found.rule, found.point] = np.arange(len(found))
    return rows


def _hits_of_block(
    readings: Readings, rows: IntArray, rules: UserRules, which: IntArray, chain: IntArray, block: slice
) -> Hits:
    sets, chains = which[block], chain[block]
    pairs = np.arange(rows.shape[1])
    legs = rows[chains[:, np.newaxis, np.newaxis], pairs[:, np.newaxis], rules.points[sets][:, np.newaxis, :]]
    judged = judge(rules, sets[:, np.newaxis, np.newaxis], readings, legs)
    asked, pair = np.nonzero(judged.passes.all(axis=2) & rules.pairs[sets])
    own, ff = legs[asked, pair], judged.ff[asked, pair]
    weaker = (np.arange(len(asked)), np.argmin(ff, axis=1))
    return Hits(
        asked=asked + block.start,
        rules=sets[asked],
        chain=chains[asked],
        pair=pair,
        row=own[weaker],
        legs=own,
        ff=ff[weaker],
        by_ex_earnings=judged.by_ex_earnings[asked, pair, 0],
    )


def longest_run(hits: Hits, rules: UserRules) -> int:
    """Return how many scans must be looked at to tell which hits are stable."""
    return int(rules.stability_scans[hits.rules].max(initial=1))


def stable(batch: ScanBatch, hits: Hits, rules: UserRules, history: History) -> Hits:
    """Return the hits that have passed their rules in as many consecutive scans as those ask for, the last included.

    A scan counts where the same pair and vol points gave the same two expiries and passed the rules as they are now;
    one that does not, or did not compute the pair, ends the run. Where the store holds other numbers of the very scan
    than ``batch``, nothing is stable: somebody else has scanned that instant, and what is stored counts.

    Args:
        batch: what was scanned.
        hits: in ``batch``.
        rules: theirs.
        history: of the chains with hits, in their order.

    """
    if not len(hits) or not len(history.scan):
        return hits.take(np.zeros(len(hits), dtype=np.bool_))
    legs = _stored_legs(batch, hits, rules, history)
    passes = judge(rules, hits.rules[:, np.newaxis, np.newaxis], history.readings, legs).passes
    front, back = _expiries(batch, hits)
    same = (history.front[legs] == front[:, np.newaxis, np.newaxis]) & (
        history.back[legs] == back[:, np.newaxis, np.newaxis]
    )
    run = np.cumprod((passes & same).all(axis=2), axis=1).sum(axis=1)
    return hits.take(
        (run >= rules.stability_scans[hits.rules]) & _is_as_stored(batch, hits, history.readings, legs[:, 0])
    )


def _stored_legs(batch: ScanBatch, hits: Hits, rules: UserRules, history: History) -> IntArray:
    """Return the stored candidates behind each hit, shape (hits, scans back, 2)."""
    places = np.searchsorted(np.unique(hits.chain), hits.chain)
    depth = int(history.rank.max()) + 1
    shape = (int(places.max()) + 1, depth, len(batch.rules.pairs), len(VOL_POINTS))
    rows = np.full(shape, NO_READING, dtype=np.int64)
    rows[history.scan, history.rank, history.pair, history.point] = np.arange(len(history.scan))
    legs: IntArray = rows[
        places[:, np.newaxis, np.newaxis],
        np.arange(depth)[:, np.newaxis],
        hits.pair[:, np.newaxis, np.newaxis],
        rules.points[hits.rules][:, np.newaxis, :],
    ]
    return legs


def _is_as_stored(batch: ScanBatch, hits: Hits, stored: Readings, legs: IntArray) -> BoolArray:
    own, found = batch.candidates, hits.legs
    same: BoolArray = (
        _equal(stored.ff[legs], own.ff[found])
        & _equal(stored.ff_ex[legs], own.ff_ex[found])
        & (stored.reasons[legs] == own.reasons[found])
    ).all(axis=1)
    return same


def _equal(left: FloatArray, right: FloatArray) -> BoolArray:
    equal: BoolArray = (left == right) | (np.isnan(left) & np.isnan(right))
    return equal


def _expiries(batch: ScanBatch, hits: Hits) -> tuple[DateArray, DateArray]:
    expiry, found = batch.structures.curves.expiry, batch.candidates
    return expiry[found.front[hits.row]], expiry[found.back[hits.row]]


def once_an_expiry_pair(batch: ScanBatch, hits: Hits) -> Hits:
    """Return, of the hits of one evaluation on the same two expiries, that of the first pair."""
    found = batch.candidates
    keys = np.stack([hits.asked, found.front[hits.row], found.back[hits.row]], axis=1)
    _, first = np.unique(keys, axis=0, return_index=True)
    return hits.take(np.sort(first))


def owners_of(wanted: IntArray, owned: IntArray) -> tuple[IntArray, IntArray]:
    """Return all (place in ``wanted``, place in ``owned``) where the two hold the same code, in order of the first."""
    order = np.argsort(owned, kind="stable")
    first, end = (np.searchsorted(owned[order], wanted, side) for side in ("left", "right"))
    counts = end - first
    at = np.repeat(np.arange(len(wanted)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return at, order[np.repeat(first, counts) + within]


def has_cooled(
    as_of: np.ndarray, ff: FloatArray, cooldown: np.ndarray, last_at: np.ndarray, last_ff: FloatArray
) -> BoolArray:
    """Return where a new alert may follow the last one on the same expiries.

    That is: there was none (``last_at`` is NaT), or the cooldown is over and the factor has risen by ``LEAST_RISE``.
    """
    with np.errstate(invalid="ignore"):
        cooled = (as_of >= last_at + cooldown) & (ff >= last_ff + LEAST_RISE - ROUNDING)
    may_follow: BoolArray = np.isnat(last_at) | cooled
    return may_follow
