"""Announcements: when quotes know them, which expiries span them, and how large their jumps are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.earnings import (
    MEAN_REVERSION_PER_YEAR,
    EarningsEvent,
    Timing,
    announcements_before,
    priced_in_at,
    solve_jump_variance,
    upcoming_dates,
    without_jumps,
)
from forward_factor.core.forward_factor import forward_factors

DAYS = (10, 24, 31, 45, 59, 87, 115)
BMO, AMC, UNKNOWN = Timing.BEFORE_OPEN, Timing.AFTER_CLOSE, Timing.UNKNOWN


def on(day: str, timing: Timing = UNKNOWN) -> EarningsEvent:
    return EarningsEvent("TEST", date.fromisoformat(day), timing, None, "test")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def dates(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


def counts(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def curve(
    level: float, excess: float, jump: float, spanned: np.ndarray, days: tuple[int, ...]
) -> tuple[np.ndarray, ...]:
    """Return vols and years of a base curve that reverts to ``level`` variance, with jumps on top."""
    years = np.array(days) / 365
    reach = MEAN_REVERSION_PER_YEAR * years
    base = level + excess * (1 - np.exp(-reach)) / reach
    return np.sqrt((base * years + spanned * jump**2) / years), years


class TestPricedInAt:
    @pytest.mark.parametrize(
        ("event", "expected", "why"),
        [
            (on("2026-06-03", BMO), "2026-06-03T13:30", "the open of the same day"),
            (on("2026-06-03", AMC), "2026-06-04T13:30", "the open of the next day"),
            (on("2026-06-03", UNKNOWN), "2026-06-04T13:30", "an unknown hour may be after the close"),
            (on("2026-06-05", AMC), "2026-06-08T13:30", "Friday evening is priced in on Monday"),
            (on("2026-06-08", BMO), "2026-06-08T13:30", "Monday morning too"),
            (on("2026-06-06", BMO), "2026-06-08T13:30", "Saturday"),
            (on("2026-06-07", AMC), "2026-06-08T13:30", "Sunday"),
            (on("2026-07-02", AMC), "2026-07-06T13:30", "over Independence Day and its weekend"),
            (on("2026-07-03", BMO), "2026-07-06T13:30", "on a holiday"),
            (on("2026-11-25", AMC), "2026-11-27T14:30", "over Thanksgiving, winter time"),
            (on("2026-11-27", BMO), "2026-11-27T14:30", "after Thanksgiving"),
            (on("2026-11-27", AMC), "2026-11-30T14:30", "an early close"),
        ],
    )
    def test_at_the_next_open(self, event: EarningsEvent, expected: str, why: str) -> None:
        assert priced_in_at(event) == utc(expected), why


class TestUpcomingDates:
    def test_ahead_until_the_open_that_knows_them(self) -> None:
        event, until = on("2026-06-05", AMC), date(2026, 12, 31)
        assert upcoming_dates([event], utc("2026-06-05T19:59"), until) == (event.date,)
        assert upcoming_dates([event], utc("2026-06-08T03:00"), until) == (event.date,)
        assert upcoming_dates([event], utc("2026-06-08T13:29:59"), until) == (event.date,)
        assert upcoming_dates([event], utc("2026-06-08T13:30"), until) == ()

    def test_in_order_once_each_and_up_to_the_last_day(self) -> None:
        events = [on("2026-09-03"), on("2026-06-03"), on("2026-06-03", BMO), on("2026-05-01"), on("2026-09-04")]
        found = upcoming_dates(events, utc("2026-06-01T18:00"), date(2026, 9, 3))
        assert found == tuple(dates("2026-06-03", "2026-09-03"))


class TestAnnouncementsBefore:
    AS_OF = utc("2026-06-01T18:00")
    EXPIRIES = dates("2026-06-04", "2026-06-05", "2026-06-08", "2026-09-18")

    @pytest.mark.parametrize(
        ("events", "expected"),
        [
            ([], [0, 0, 0, 0]),
            ([on("2026-06-05", BMO)], [0, 1, 1, 1]),
            ([on("2026-06-05", AMC)], [0, 0, 1, 1]),
            ([on("2026-06-05", UNKNOWN)], [0, 0, 1, 1]),
            ([on("2026-06-05", AMC), on("2026-09-04", AMC)], [0, 0, 1, 2]),
            ([on("2026-06-01", BMO)], [0, 0, 0, 0]),
            ([on("2026-06-01", AMC)], [1, 1, 1, 1]),
            ([on("2026-12-01", BMO)], [0, 0, 0, 0]),
        ],
    )
    def test_how_many_each_expiry_spans(self, events: list[EarningsEvent], expected: list[int]) -> None:
        assert announcements_before(events, self.AS_OF, self.EXPIRIES).tolist() == expected

    def test_one_date_is_one_announcement_and_the_later_word_holds(self) -> None:
        events = [on("2026-06-05", AMC), on("2026-06-05", BMO)]
        assert announcements_before(events, self.AS_OF, self.EXPIRIES).tolist() == [0, 1, 1, 1]
        assert announcements_before(events[::-1], self.AS_OF, self.EXPIRIES).tolist() == [0, 0, 1, 1]


class TestSolveJumpVariance:
    @pytest.mark.parametrize("jump", [0.0, 0.03, 0.08, 0.2])
    @pytest.mark.parametrize(("level", "excess"), [(0.09, 0.0), (0.09, 0.05), (0.16, -0.08)])
    def test_recovers_the_jump_of_a_reverting_curve(self, jump: float, level: float, excess: float) -> None:
        for spanned in (counts(0, 0, 1, 1, 1, 1, 1), counts(0, 1, 1, 1, 1, 2, 2)):
            vols, years = curve(level, excess, jump, spanned, DAYS)
            assert solve_jump_variance(vols, years, spanned) == pytest.approx(jump**2, abs=1e-12)

    def test_three_expiries_recover_it_from_a_flat_base(self) -> None:
        spanned = counts(0, 1, 1)
        vols, years = curve(0.1024, 0.0, 0.08, spanned, (20, 30, 60))
        assert solve_jump_variance(vols, years, spanned) == pytest.approx(0.0064, abs=1e-14)

    def test_four_expiries_follow_a_slope_that_three_cannot(self) -> None:
        spanned = counts(0, 0, 1, 1)
        vols, years = curve(0.09, 0.06, 0.08, spanned, (10, 24, 45, 87))
        assert solve_jump_variance(vols, years, spanned) == pytest.approx(0.0064, abs=1e-12)
        assert abs(solve_jump_variance(vols[1:], years[1:], spanned[1:]) - 0.0064) > 1e-4

    @pytest.mark.parametrize("spanned", [(1, 1, 1, 1), (0, 0, 0, 0), (1, 1, 2, 2), (0, 1), (0,)])
    def test_unknown_where_the_curve_cannot_tell(self, spanned: tuple[int, ...]) -> None:
        vols, years = curve(0.09, 0.0, 0.08, counts(*spanned), DAYS[: len(spanned)])
        assert np.isnan(solve_jump_variance(vols, years, counts(*spanned)))

    def test_a_negative_jump_is_none(self) -> None:
        spanned, years = counts(0, 0, 1, 1), np.array([10, 24, 45, 87]) / 365
        assert solve_jump_variance(np.array([0.40, 0.40, 0.30, 0.32]), years, spanned) == 0.0

    def test_errors_count_in_vol(self) -> None:
        spanned = counts(0, 0, 1, 1, 1, 1, 1)
        vols, years = curve(0.09, 0.02, 0.08, spanned, DAYS)
        noisy = vols + np.array([3, -2, 1, 2, -3, 1, -1]) / 1000
        weight = 1 / (noisy * years)
        reach = MEAN_REVERSION_PER_YEAR * years
        design = np.stack([years, spanned, years * (1 - np.exp(-reach)) / reach], axis=1)
        weighted = design * weight[:, np.newaxis]
        expected = np.linalg.solve(weighted.T @ weighted, weighted.T @ (noisy**2 * years * weight))[1]
        assert solve_jump_variance(noisy, years, spanned) == pytest.approx(expected, rel=1e-6)

    @given(st.floats(0.02, 1.0), st.floats(-0.4, 1.0), st.floats(0.0, 0.25), st.integers(1, 5))
    def test_recovers_any_jump(self, level: float, slope: float, jump: float, free: int) -> None:
        spanned = counts(*(int(place >= free) for place in range(len(DAYS))))
        vols, years = curve(level, slope * level, jump, spanned, DAYS)
        assert solve_jump_variance(vols, years, spanned) == pytest.approx(jump**2, abs=1e-9)


class TestWithoutJumps:
    YEARS = np.array([30, 60]) / 365

    def ff(self, vols: np.ndarray) -> float:
        return float(forward_factors(vols[:1], self.YEARS[:1], vols[1:], self.YEARS[1:]).ff[0])

    def test_worked_jump_before_the_front(self) -> None:
        raw = np.array([0.45, 0.38])
        base = without_jumps(raw, self.YEARS, counts(1, 1), 0.08**2)
        assert base == pytest.approx([0.353, 0.3248], abs=5e-5)
        forward_vols = [forward_factors(*_legs(vols, self.YEARS)).sigma_fwd[0] for vols in (raw, base)]
        assert forward_vols[0] == pytest.approx(0.294, abs=5e-4)
        assert forward_vols[1] == pytest.approx(forward_vols[0], abs=1e-14)
        assert (round(self.ff(raw), 2), round(self.ff(base), 2)) == (0.53, 0.20)

    def test_worked_jump_between_front_and_back(self) -> None:
        raw = np.array([0.32, 0.36])
        base = without_jumps(raw, self.YEARS, counts(0, 1), 0.08**2)
        assert base[0] == pytest.approx(0.32, abs=1e-15)
        assert (round(self.ff(raw), 2), round(self.ff(base), 2)) == (-0.19, 0.14)

    def test_two_announcements_are_two_jumps(self) -> None:
        vols = np.sqrt(0.09 + counts(1, 2) * 0.0064 / self.YEARS)
        assert without_jumps(vols, self.YEARS, counts(1, 2), 0.0064) == pytest.approx([0.3, 0.3], abs=1e-14)

    def test_nothing_positive_left_is_missing(self) -> None:
        base = without_jumps(np.array([0.2, 0.3, np.nan]), np.array([30, 60, 90]) / 365, counts(1, 1, 0), 0.08**2)
        assert np.isnan(base).tolist() == [True, False, True]
        assert base[1] == pytest.approx(sqrt(0.09 - 0.0064 * 365 / 60))

    def test_an_unknown_jump_leaves_nothing(self) -> None:
        assert np.isnan(without_jumps(np.array([0.3, 0.3]), self.YEARS, counts(0, 1), np.nan)).all()


def _legs(vols: np.ndarray, years: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    return vols[:1], years[:1], vols[1:], years[1:]
