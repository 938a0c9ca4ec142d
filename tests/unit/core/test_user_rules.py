"""Users' rules on candidates: like the shared gates where they are the same, and like the slow way where not."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.alerting import find_hits, has_cooled, newest_chains, owners_of
from forward_factor.core.candidates import Surroundings
from forward_factor.core.chain import Chain
from forward_factor.core.reasons import Reason, bit
from forward_factor.core.rules import VOL_POINTS, PairRule, ScanRules, VolPoint
from forward_factor.core.scan import ScanBatch, scan_chains
from forward_factor.core.user_rules import NO_READING, Readings, judge, readings_of, user_rules
from forward_factor.services.candidate_table import view_candidates
from tests.chains import AS_OF, priced_chain
from tests.reference.slow_alerts import SlowScan, slow_hit
from tests.unit.core.test_scan import EVENTS, messy_chain

SEEDS = st.integers(0, 2**32)
LIKE_THE_SCAN = AccountSettings()
PAIRS = (*ScanRules().pairs, PairRule(30, 60, 7, 12))
RULES = ScanRules(pairs=PAIRS, vol_points=VOL_POINTS)
CHAINS = [priced_chain({7: 0.3, 30: 0.45, 60: 0.35, 90: 0.34}, f"T{number}") for number in range(4)]
BATCH = scan_chains(CHAINS, [Surroundings(EVENTS if number % 2 else ()) for number in range(4)], RULES)
HARD = tuple(bit(reason) for reason in Reason)


@settings(max_examples=40)
@given(st.lists(SEEDS, min_size=1, max_size=6), SEEDS)
def test_default_rules_pass_exactly_the_signals(seeds: list[int], seed: int) -> None:
    chance = random.Random(seed)
    chains: list[Chain] = [messy_chain(one) for one in seeds]
    chains += [priced_chain({30: chance.choice((0.41, 0.42, 0.45)), 60: 0.35}, f"P{seed}"[:9])]
    around = [Surroundings(EVENTS if chance.random() < 0.3 else (), chance.random() < 0.2) for _ in chains]
    batch = scan_chains(chains, around, ScanRules(vol_points=VOL_POINTS))
    rules = user_rules([LIKE_THE_SCAN], batch.rules.pairs)
    judged = judge(rules, np.array(0), readings_of(batch), np.arange(len(batch.candidates)))
    assert (judged.passes == batch.candidates.is_signal).all()
    for place, point in enumerate(VOL_POINTS):
        rules = user_rules([replace(LIKE_THE_SCAN, vol_point=point)], batch.rules.pairs)
        hits = find_hits(batch, rules, np.zeros(len(chains), dtype=np.int64), np.arange(len(chains)))
        signals = batch.candidates.is_signal & (batch.candidates.point == place)
        assert sorted(hits.row.tolist()) == np.flatnonzero(signals).tolist()


def shaken(chance: random.Random) -> ScanBatch:
    """Return a batch whose candidates' numbers are of all kinds, at limits and missing."""
    found = BATCH.candidates
    count = len(found)

    def some(*values: float) -> np.ndarray:
        return np.array([chance.choice(values) for _ in range(count)])

    nan = float("nan")
    return replace(
        BATCH,
        candidates=replace(
            found,
            ff=some(0.2, 0.2, 0.3, 0.1999999, -0.1, nan, float("inf")),
            ff_ex=some(0.2, 0.25, 0.1, 0.4, nan),
            sigma_fwd=some(0.05, 0.06, 0.2, 0.0499, nan),
            front_iv_ex=some(0.3, 0.35, 0.5, nan),
            back_iv_ex=some(0.3, 0.32, 0.35, nan),
            spread_pct=some(0.08, 0.08 + 1e-10, 0.05, 0.09, nan),
            open_interest=some(100, 99, 1000, 0, nan),
            volume=some(10, 9, 500, 0, nan),
            reasons=np.array([chance.choice((0, 0, 0, 0, *HARD)) for _ in range(count)], dtype=np.int64),
        ),
    )


def some_settings(chance: random.Random) -> AccountSettings:
    return AccountSettings(
        ff_threshold=chance.choice((-1.0, 0.0, 0.2, 0.25)),
        pairs=tuple(chance.sample(PAIRS, chance.randint(1, 4))),
        vol_point=chance.choice(VOL_POINTS),
        min_open_interest=chance.choice((0, 0, 100)),
        min_volume=chance.choice((0, 0, 10)),
        max_bid_ask_pct=chance.choice((0.08, 0.5, 0.5)),
        sigma_fwd_floor=chance.choice((0.0, 0.0, 0.05, 0.3)),
        preferred_structure=chance.choice(("ATM_calendar_call", "double_calendar")),
        ex_earnings=chance.random() < 0.7,
    )


@settings(max_examples=150)
@given(SEEDS)
def test_hits_are_those_of_the_slow_way(seed: int) -> None:
    chance = random.Random(seed)
    batch = shaken(chance)
    people = [some_settings(chance) for _ in range(5)]
    which, chain = (axis.ravel() for axis in np.meshgrid(np.arange(5), np.arange(4), indexing="ij"))
    hits = find_hits(batch, user_rules(people, PAIRS), which, chain)
    views, slow = view_candidates(batch), set()
    for place, one in enumerate(CHAINS):
        own = {(view.pair, view.vol_point): view for view in views if view.ticker == one.ticker}
        scan = SlowScan(one.ticker, one.as_of, own, [pair.name for pair in PAIRS])
        for person, rules in enumerate(people):
            for pair in {rule.name for rule in rules.pairs}:
                found = slow_hit(scan, pair, rules, rules.ff_threshold)
                if found is not None:
                    slow.add((person, place, pair, found[0].vol_point, found[1]))
    fast = {
        (int(rules), int(place), PAIRS[pair].name, VOL_POINTS[batch.candidates.point[row]].value, float(ff))
        for rules, place, pair, row, ff in zip(hits.rules, hits.chain, hits.pair, hits.row, hits.ff, strict=True)
    }
    assert fast == slow


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    people = [some_settings(random.Random(seed)) for seed in range(50)]
    which, chain = (axis.ravel() for axis in np.meshgrid(np.arange(50), np.arange(4), indexing="ij"))
    whole = find_hits(BATCH, user_rules(people, PAIRS), which, chain)
    monkeypatch.setattr("forward_factor.core.alerting.EVALUATIONS_A_BLOCK", 7)
    parts = find_hits(BATCH, user_rules(people, PAIRS), which, chain)
    assert len(whole)
    assert all(
        (getattr(whole, name) == getattr(parts, name)).all() for name in ("asked", "rules", "chain", "pair", "row")
    )


def test_a_scan_without_the_point_or_the_pair_hits_nothing() -> None:
    batch = scan_chains(CHAINS, [Surroundings()] * 4, ScanRules(pairs=PAIRS[:1], vol_points=(VolPoint.ATM,)))
    people = [
        replace(LIKE_THE_SCAN, vol_point=VolPoint.PUT_35D),
        replace(LIKE_THE_SCAN, pairs=PAIRS[1:2]),
        replace(LIKE_THE_SCAN, preferred_structure="double_calendar"),
        LIKE_THE_SCAN,
    ]
    hits = find_hits(batch, user_rules(people, PAIRS[:1]), np.arange(4), np.zeros(4, dtype=np.int64))
    assert hits.rules.tolist() == [3]


def test_nothing_to_judge() -> None:
    nothing = np.array([], dtype=np.float64)
    none = Readings(
        nothing, nothing, nothing, nothing, nothing > 0, nothing, nothing, nothing, nothing.astype(np.int64)
    )  # fmt: skip
    rules = user_rules([LIKE_THE_SCAN], PAIRS)
    assert not judge(rules, np.zeros(2, dtype=np.int64), none, np.full(2, NO_READING)).passes.any()
    empty = np.array([], dtype=np.int64)
    assert len(find_hits(BATCH, user_rules([], PAIRS), empty, empty)) == 0


@given(st.lists(st.integers(-1, 5)), st.lists(st.integers(-1, 5)))
def test_owners_are_all_that_hold_the_code(wanted: list[int], owned: list[int]) -> None:
    at, place = owners_of(np.array(wanted, dtype=np.int64), np.array(owned, dtype=np.int64))
    pairs = [(i, j) for i, code in enumerate(wanted) for j, other in enumerate(owned) if code == other]
    assert list(zip(at.tolist(), place.tolist(), strict=True)) == pairs


@pytest.mark.parametrize(
    ("minutes", "ff", "may"),
    [(119.99, 9.0, False), (120, 0.32, True), (120, 0.3199, False), (500, 0.3, False), (500, float("nan"), False)],
)
def test_cooldown_and_rise(minutes: float, ff: float, may: bool) -> None:
    at = np.datetime64("2026-06-01T18:00:00", "us")
    as_of = np.array([at + np.timedelta64(int(minutes * 60e6), "us")] * 2)
    last_at, last_ff = np.array([at, np.datetime64("NaT", "us")]), np.array([0.3, np.nan])
    cooldown = np.array([120, 120], dtype="timedelta64[m]")
    assert has_cooled(as_of, np.array([ff, ff]), cooldown, last_at, last_ff).tolist() == [may, True]


def test_of_each_ticker_the_newest_chain_is_news() -> None:
    chains = [replace(CHAINS[0], as_of=AS_OF.replace(minute=minute)) for minute in (0, 20, 10)]
    chains += [replace(CHAINS[1], as_of=AS_OF.replace(hour=17)), CHAINS[2]]
    assert newest_chains(chains, AS_OF.replace(minute=20)).tolist() == [1, 4]
    assert newest_chains([], AS_OF).tolist() == []
