"""Runs, cooldowns and their bounds, where the answer can be told by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.alert_preview import RecordedScans, loosest_limits, would_be_alerts
from forward_factor.core.rules import DEFAULT_PAIRS
from forward_factor.core.user_rules import Readings

PAIRS = DEFAULT_PAIRS[:1]
ONE = AccountSettings(pairs=PAIRS, stability_scans=1, cooldown_minutes=60)
DAY = 24 * 60


def _scans(minutes: Sequence[float], factors: Sequence[float], streams: Sequence[int] | None = None) -> RecordedScans:
    count = len(minutes)
    whole, ample = np.arange(count), np.full(count, 1e6)
    return RecordedScans(
        tickers=["A"],
        ticker=np.zeros(count, dtype=np.int64),
        stream=np.array(streams if streams is not None else [0] * count),
        at=np.datetime64("2026-06-01T14:00", "us") + np.array(minutes) * np.timedelta64(60_000_000, "us"),
        scan=whole,
        pair=whole * 0,
        point=whole * 0,
        front=np.full(count, np.datetime64("2026-07-01")),
        back=np.full(count, np.datetime64("2026-08-01")),
        computed=np.array([[count, 0, 0]]),
        readings=Readings(
            ff=np.array(factors),
            sigma_fwd=ample,
            ff_ex=ample * np.nan,
            sigma_fwd_ex=ample * np.nan,
            has_earnings=whole < 0,
            spread_pct=ample * 0,
            open_interest=ample,
            volume=ample,
            reasons=whole * 0,
        ),
    )


def _told(scans: RecordedScans, settings: AccountSettings = ONE) -> list[int]:
    found: list[int] = would_be_alerts(scans, settings, PAIRS).scan.tolist()
    return found


def test_after_an_alert_the_factor_must_rise_once_the_cooldown_is_over() -> None:
    factors = [0.30, 0.50, 0.31, 0.32, 0.33, 0.40]
    assert _told(_scans([0, 59, 60, 61, 200, 300], factors)) == [0, 3, 5]


def test_a_run_is_of_consecutive_scans_of_one_stream() -> None:
    twice = replace(ONE, stability_scans=2)
    assert _told(_scans([0, 1, 2], [0.3, 0.3, 0.3]), twice) == [1]
    assert _told(_scans([0, 1, 2], [0.3, 0.1, 0.3]), twice) == []
    assert _told(_scans([0, 1, 2], [0.3, 0.3, 0.3], [0, 1, 1]), twice) == [2]


@pytest.mark.parametrize(("apart", "told"), [(14 * DAY - 1, [1]), (14 * DAY, [])])
def test_a_scan_of_two_weeks_ago_counts_no_more(apart: float, told: list[int]) -> None:
    assert _told(_scans([0, apart], [0.3, 0.3]), replace(ONE, stability_scans=2)) == told


def test_other_expiries_have_a_run_and_a_cooldown_of_their_own() -> None:
    scans = _scans([0, 1, 2], [0.3, 0.3, 0.3])
    scans.back[1:] = np.datetime64("2026-08-08")
    assert _told(scans) == [0, 1]
    assert _told(scans, replace(ONE, stability_scans=2)) == [2]


def test_nothing_recorded_is_no_alert() -> None:
    assert _told(_scans([], [])) == []


def test_the_loosest_limits_let_through_what_any_settings_do() -> None:
    strict = replace(ONE, ff_threshold=0.5, max_bid_ask_pct=0.2, min_open_interest=1, min_volume=900)
    loosest = loosest_limits([ONE, strict])
    assert (loosest.ff, loosest.open_interest, loosest.volume) == (0.2, 1, 10)
    assert loosest.spread_pct == pytest.approx(0.2)
