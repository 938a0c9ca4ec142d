"""What is told of a candidate is what the alerts judge: nothing lacks exactly where it would pass."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.reasons import Reason, bit
from forward_factor.core.rules import DEFAULT_PAIRS, VolPoint
from forward_factor.core.user_rules import Readings, judge, sigma_fwd_ex, user_rules
from forward_factor.services.judge_candidates import judge_candidate, judge_candidates
from forward_factor.services.views import CandidateView

FULL: dict[str, Any] = {
    "ticker": "DEAR", "as_of": datetime(2026, 6, 1, 18, tzinfo=UTC), "provider": "files", "pair": "30/60",
    "vol_point": "ATM", "front_expiry": date(2026, 7, 1), "back_expiry": date(2026, 7, 31), "front_dte": 30,
    "back_dte": 60, "front_iv": 0.45, "back_iv": 0.35, "sigma_fwd": 0.2, "ff": 0.5, "ff_low": 0.4, "ff_high": 0.6,
    "front_iv_ex_earnings": None, "back_iv_ex_earnings": None, "ff_ex_earnings": None, "earnings_on": None,
    "bid_ask_pct": 0.02, "open_interest": 500.0, "volume": 50.0, "quality_score": 0.9, "reasons": (), "flags": (),
    "is_signal": True,
}  # fmt: skip
USUAL = AccountSettings(pairs=DEFAULT_PAIRS[:1])


def _candidate(**changed: Any) -> CandidateView:
    return CandidateView(**(FULL | changed))


def _optional(low: float, high: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(low, high)


CANDIDATES = st.builds(
    _candidate,
    ff=_optional(-1, 1),
    ff_ex_earnings=_optional(-1, 1),
    sigma_fwd=_optional(0, 0.5),
    front_iv_ex_earnings=_optional(0.1, 0.5),
    back_iv_ex_earnings=_optional(0.1, 0.5),
    earnings_on=st.none() | st.just(date(2026, 7, 5)),
    bid_ask_pct=_optional(0, 0.2),
    open_interest=_optional(0, 300),
    volume=_optional(0, 30),
    reasons=st.lists(st.sampled_from(list(Reason)), max_size=3, unique=True).map(tuple),
)
SETTINGS = st.builds(
    AccountSettings,
    ff_threshold=st.floats(-1, 1),
    sigma_fwd_floor=st.floats(0, 0.3),
    max_bid_ask_pct=st.floats(0, 0.2),
    min_open_interest=st.integers(0, 300),
    min_volume=st.integers(0, 30),
    ex_earnings=st.booleans(),
)


def _readings(one: CandidateView) -> Readings:
    def number(value: float | None) -> np.ndarray:
        return np.array([nan if value is None else value])

    days = np.array([30.0]), np.array([60.0])
    return Readings(
        ff=number(one.ff),
        sigma_fwd=number(one.sigma_fwd),
        ff_ex=number(one.ff_ex_earnings),
        sigma_fwd_ex=sigma_fwd_ex(number(one.front_iv_ex_earnings), days[0], number(one.back_iv_ex_earnings), days[1]),
        has_earnings=np.array([one.earnings_on is not None]),
        spread_pct=number(one.bid_ask_pct),
        open_interest=number(one.open_interest),
        volume=number(one.volume),
        reasons=np.array([sum(bit(Reason(reason)) for reason in one.reasons)]),
    )


@given(CANDIDATES, SETTINGS)
def test_nothing_lacks_exactly_where_alerts_would_pass_it(one: CandidateView, settings: AccountSettings) -> None:
    rules = user_rules([settings], DEFAULT_PAIRS)
    place = np.zeros(1, dtype=np.int64)
    assert judge_candidate(one, settings).passes is bool(judge(rules, place, _readings(one), place).passes[0])


def test_every_limit_that_is_missed_is_told_with_its_numbers() -> None:
    one = _candidate(ff=0.15, bid_ask_pct=0.12, open_interest=50.0, volume=None, sigma_fwd=0.04)
    told = {short.reason: (short.value, short.limit) for short in judge_candidate(one, USUAL).shortfalls}
    assert told == {
        "ff_below_threshold": (0.15, 0.20),
        "sigma_fwd_below_floor": (0.04, 0.05),
        "wide_spread": (0.12, 0.08),
        "low_open_interest": (50.0, 100),
        "low_volume": (None, 10),
    }


def test_the_scan_rules_reasons_do_not_count_where_the_users_own_limit_is_kept() -> None:
    one = _candidate(ff=0.15, reasons=("ff_below_threshold", "wide_spread"))
    assert judge_candidate(one, AccountSettings(ff_threshold=0.1, pairs=DEFAULT_PAIRS[:1])).passes


def test_of_numbers_that_could_not_be_made_only_the_cause_is_told() -> None:
    one = _candidate(
        ff=None, sigma_fwd=None, bid_ask_pct=None, open_interest=None, volume=None, reasons=("no_front_expiry",)
    )
    assert [short.reason for short in judge_candidate(one, USUAL).shortfalls] == ["no_front_expiry"]


def test_the_nearest_miss_comes_first_and_what_nobody_asked_for_last() -> None:
    other = _candidate(pair="90/120")
    near, far = _candidate(ff=0.19), _candidate(ff=-0.5)
    hopeless = _candidate(reasons=("missing_quotes",))
    best = _candidate(ff=0.9)
    ordered = judge_candidates([other, hopeless, far, near, _candidate(), best], USUAL)
    assert [one.candidate for one in ordered] == [best, _candidate(), near, far, hopeless, other]
    assert [one.is_wanted for one in ordered] == [True] * 5 + [False]


@pytest.mark.parametrize(("structure", "wanted"), [("double_calendar", False), ("ATM_calendar_put", True)])
def test_a_double_calendar_asks_for_both_points_of_35_delta(structure: str, *, wanted: bool) -> None:
    settings = AccountSettings(preferred_structure=structure, pairs=DEFAULT_PAIRS[:1])
    assert judge_candidate(_candidate(), settings).is_wanted is wanted
    assert judge_candidate(_candidate(vol_point=VolPoint.PUT_35D.value), settings).is_wanted is not wanted
