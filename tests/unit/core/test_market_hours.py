"""Sessions and expiries against dates that are on record."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core import market_hours
from forward_factor.core.chain import NEW_YORK
from forward_factor.core.market_hours import Session


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def open_session(text: str) -> Session:
    session = market_hours.session_on(date.fromisoformat(text))
    assert session is not None
    return session


SECONDS = st.integers(int(utc("2014-01-01").timestamp()), int(utc("2028-01-01").timestamp()))
INSTANTS = SECONDS.map(lambda second: datetime.fromtimestamp(second, UTC))


class TestSessionOn:
    @pytest.mark.parametrize(
        ("day", "opens_at", "closes_at"),
        [
            ("2026-01-15", "2026-01-15T14:30", "2026-01-15T21:00"),
            ("2026-07-15", "2026-07-15T13:30", "2026-07-15T20:00"),
            ("2026-03-06", "2026-03-06T14:30", "2026-03-06T21:00"),  # Friday before the clocks change
            ("2026-03-09", "2026-03-09T13:30", "2026-03-09T20:00"),
            ("2026-10-30", "2026-10-30T13:30", "2026-10-30T20:00"),  # London has changed, New York not
            ("2026-11-02", "2026-11-02T14:30", "2026-11-02T21:00"),
        ],
    )
    def test_regular_hours_follow_new_york(self, day: str, opens_at: str, closes_at: str) -> None:
        assert open_session(day) == Session(utc(opens_at), utc(closes_at))

    @pytest.mark.parametrize(
        "day",
        [
            "2014-07-03", "2014-11-28", "2014-12-24", "2017-07-03", "2018-12-24", "2019-07-03", "2020-12-24",
            "2021-11-26", "2022-11-25", "2023-07-03", "2024-07-03", "2024-11-29", "2024-12-24", "2025-07-03",
            "2025-11-28", "2025-12-24", "2026-11-27", "2026-12-24", "2027-11-26",
        ],
    )  # fmt: skip
    def test_early_closes(self, day: str) -> None:
        session = open_session(day)
        assert session.closes_at.astimezone(NEW_YORK).hour == 13
        assert session.length == timedelta(hours=3, minutes=30)

    @pytest.mark.parametrize(
        ("day", "why"),
        [
            ("2014-04-18", "Good Friday"),
            ("2015-07-03", "Independence Day on a Saturday"),
            ("2018-12-05", "President Bush's funeral"),
            ("2021-12-24", "Christmas on a Saturday"),
            ("2022-06-20", "first Juneteenth, observed on Monday"),
            ("2023-01-02", "New Year's Day on a Sunday"),
            ("2025-01-09", "President Carter's funeral"),
            ("2026-04-03", "Good Friday"),
            ("2026-06-19", "Juneteenth"),
            ("2026-07-03", "Independence Day on a Saturday"),
            ("2026-11-26", "Thanksgiving"),
            ("2026-11-22", "Sunday"),
            ("2027-06-18", "Juneteenth on a Saturday"),
        ],
    )
    def test_closed(self, day: str, why: str) -> None:
        assert market_hours.session_on(date.fromisoformat(day)) is None, why

    @pytest.mark.parametrize(
        ("day", "why"),
        [
            ("2021-12-31", "a New Year's Day on a Saturday is not moved into the old year"),
            ("2021-06-18", "Juneteenth was no exchange holiday yet"),
            ("2020-07-02", "no early close where the 3rd is the holiday"),
            ("2022-07-01", "no early close before a weekend and a Monday holiday"),
            ("2026-07-02", "no early close where the 3rd is the holiday"),
            ("2021-12-23", "no early close where the 24th is the holiday"),
        ],
    )
    def test_full_days_that_look_like_holidays(self, day: str, why: str) -> None:
        assert open_session(day).length == timedelta(hours=6, minutes=30), why

    @pytest.mark.parametrize(
        ("year", "sessions"), [(2014, 252), (2018, 251), (2020, 253), (2024, 252), (2025, 250), (2026, 251)]
    )
    def test_number_of_sessions_in_a_year(self, year: int, sessions: int) -> None:
        days = market_hours.trading_days_between(date(year, 1, 1), date(year, 12, 31))
        assert len(days) == sessions

    def test_session_knows_its_day(self) -> None:
        assert open_session("2026-03-09").day == date(2026, 3, 9)


class TestIsOpen:
    @pytest.mark.parametrize(
        ("instant", "expected"),
        [
            ("2026-01-15T14:29:59", False),
            ("2026-01-15T14:30:00", True),
            ("2026-01-15T20:59:59", True),
            ("2026-01-15T21:00:00", False),
            ("2021-11-26T17:59:59", True),
            ("2021-11-26T18:00:00", False),
            ("2026-04-03T15:00:00", False),
            ("2026-04-04T15:00:00", False),
        ],
    )
    def test_opening_counts_and_closing_does_not(self, instant: str, expected: bool) -> None:
        assert market_hours.is_open(utc(instant)) is expected


class TestNeighbours:
    def test_closing_state_of_a_long_weekend(self) -> None:
        easter_sunday = utc("2026-04-05T12:00")
        assert market_hours.latest_close(easter_sunday) == utc("2026-04-02T20:00")
        assert market_hours.next_session(easter_sunday) == open_session("2026-04-06")

    def test_a_session_under_way_is_neither_previous_nor_next(self) -> None:
        noon = utc("2026-11-25T17:00")
        assert market_hours.previous_session(noon) == open_session("2026-11-24")
        assert market_hours.next_session(noon) == open_session("2026-11-27")

    def test_at_the_bells(self) -> None:
        session = open_session("2026-11-27")
        assert market_hours.previous_session(session.closes_at) == session
        assert market_hours.next_session(session.opens_at) == open_session("2026-11-30")

    def test_over_the_new_year(self) -> None:
        assert market_hours.latest_close(utc("2027-01-03T00:00")) == utc("2026-12-31T21:00")

    @given(INSTANTS)
    def test_an_instant_is_in_a_session_or_between_two(self, instant: datetime) -> None:
        before, after = market_hours.previous_session(instant), market_hours.next_session(instant)
        between = market_hours.trading_days_between(before.day, after.day)
        assert before.closes_at <= instant < after.opens_at
        assert len(between) == (3 if market_hours.is_open(instant) else 2)


class TestTradingDaysBetween:
    def test_both_ends_count(self) -> None:
        days = market_hours.trading_days_between(date(2026, 12, 24), date(2027, 1, 4))
        expected = ["2026-12-24", "2026-12-28", "2026-12-29", "2026-12-30", "2026-12-31", "2027-01-04"]
        assert [day.isoformat() for day in days] == expected

    def test_none_in_an_empty_span(self) -> None:
        assert market_hours.trading_days_between(date(2026, 5, 6), date(2026, 5, 5)) == ()
        assert market_hours.trading_days_between(date(2026, 11, 21), date(2026, 11, 22)) == ()


class TestExpiries:
    def test_weeklies_around_good_friday(self) -> None:
        expiries = market_hours.weekly_expiries(date(2026, 3, 27), 14)
        assert [day.isoformat() for day in expiries] == ["2026-03-27", "2026-04-02", "2026-04-10"]

    def test_an_expiry_moved_out_of_the_span_is_gone(self) -> None:
        assert market_hours.weekly_expiries(date(2026, 4, 3), 6) == ()

    def test_an_expiry_moved_into_the_span_is_in(self) -> None:
        assert market_hours.weekly_expiries(date(2026, 4, 1), 1) == (date(2026, 4, 2),)

    @pytest.mark.parametrize(
        ("month", "expected"),
        [
            ("2014-04-01", "2014-04-17"),  # Good Friday
            ("2022-04-01", "2022-04-14"),  # Good Friday
            ("2025-04-01", "2025-04-17"),  # Good Friday
            ("2026-06-01", "2026-06-18"),  # Juneteenth
            ("2026-11-01", "2026-11-20"),
            ("2027-06-01", "2027-06-17"),  # Juneteenth, observed
        ],
    )
    def test_monthlies(self, month: str, expected: str) -> None:
        assert market_hours.third_fridays(date.fromisoformat(month), 27) == (date.fromisoformat(expected),)

    def test_a_year_has_twelve_monthlies_all_of_them_weeklies(self) -> None:
        monthlies = market_hours.third_fridays(date(2026, 1, 1), 364)
        assert len(monthlies) == 12
        assert set(monthlies) <= set(market_hours.weekly_expiries(date(2026, 1, 1), 364))

    @given(st.dates(date(2014, 1, 1), date(2027, 12, 31)), st.integers(0, 800))
    def test_expiries_ascend_inside_the_span_and_are_trading_days(self, start: date, horizon: int) -> None:
        expiries = market_hours.weekly_expiries(start, horizon)
        assert list(expiries) == sorted(set(expiries))
        assert all(start <= day <= start + timedelta(days=horizon) for day in expiries)
        assert all(market_hours.session_on(day) for day in expiries)
