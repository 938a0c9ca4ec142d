"""Reminders against the exchange's calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.chain import NEW_YORK, new_york_date
from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.earnings_moves import EarningsMove
from forward_factor.core.market_hours import session_by, session_on
from forward_factor.core.messages import ReminderKind
from forward_factor.core.reminders import PlannedReminder, Position, notice_of_move, reminders_of
from forward_factor.core.structure import Structure

DAY_BEFORE, MORNING = ReminderKind.DAY_BEFORE_EXPIRY, ReminderKind.EXPIRY_MORNING
EX_DIVIDEND, MOVED = ReminderKind.EX_DIVIDEND, ReminderKind.EARNINGS_MOVED


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


PLACED = utc("2026-06-01T18:00")
POSITION = Position(
    user_id="u",
    decision_id="d",
    ticker="AAA",
    structure=Structure.CALL,
    placed_at=PLACED,
    front_expiry=date(2026, 7, 1),
    back_expiry=date(2026, 7, 31),
    entry_price=1.5,
    contracts=2,
)


def dividend(day: str, amount: float | None = 0.5) -> CorporateAction:
    return CorporateAction("AAA", ActionKind.DIVIDEND, date.fromisoformat(day), amount)


def shown(found: tuple[PlannedReminder, ...]) -> list[tuple[ReminderKind, str, str]]:
    form = "%Y-%m-%d %H:%M"
    return [(one.facts.reminder, f"{one.due_at:{form}}", f"{one.useful_until:{form}}") for one in found]


class TestOfExpiry:
    @pytest.mark.parametrize(
        ("front", "eve", "last", "closes"),
        [
            ("2026-07-01", "2026-06-30 13:30", "2026-07-01 13:30", "2026-07-01 20:00"),
            ("2026-07-06", "2026-07-02 13:30", "2026-07-06 13:30", "2026-07-06 20:00"),  # 3 July: observed holiday
            ("2026-07-03", "2026-07-01 13:30", "2026-07-02 13:30", "2026-07-02 20:00"),  # an expiry on that holiday
            ("2026-11-27", "2026-11-25 14:30", "2026-11-27 14:30", "2026-11-27 18:00"),  # an early close
            ("2026-11-02", "2026-10-30 13:30", "2026-11-02 14:30", "2026-11-02 21:00"),  # clocks change between
        ],
    )
    def test_by_the_exchanges_calendar(self, front: str, eve: str, last: str, closes: str) -> None:
        expiry = date.fromisoformat(front)
        found = reminders_of(replace(POSITION, front_expiry=expiry, back_expiry=expiry), (), PLACED)
        assert shown(found) == [(DAY_BEFORE, eve, last), (MORNING, last, closes)]
        assert {one.facts.about_on for one in found} == {expiry}

    def test_an_old_saturday_is_its_friday(self) -> None:
        saturday = date(2014, 1, 18)
        placed = utc("2014-01-02T18:00")
        position = replace(POSITION, front_expiry=saturday, back_expiry=date(2014, 2, 22), placed_at=placed)
        assert shown(reminders_of(position, (), placed)) == [
            (DAY_BEFORE, "2014-01-16 14:30", "2014-01-17 14:30"),
            (MORNING, "2014-01-17 14:30", "2014-01-17 21:00"),
        ]

    @pytest.mark.parametrize(
        ("placed", "kinds"),
        [
            ("2026-06-30T13:30:00", [DAY_BEFORE, MORNING]),
            ("2026-06-30T13:30:01", [MORNING]),
            ("2026-07-01T13:30:01", []),
        ],
    )
    def test_of_a_trade_placed_late(self, placed: str, kinds: list[ReminderKind]) -> None:
        at = utc(placed)
        assert [one.facts.reminder for one in reminders_of(replace(POSITION, placed_at=at), (), at)] == kinds

    def test_what_is_of_no_use_any_more_is_not_planned(self) -> None:
        instants = ("2026-07-01T13:29", "2026-07-01T13:30", "2026-07-01T20:00")
        assert [len(reminders_of(POSITION, (), utc(at))) for at in instants] == [2, 1, 0]

    @pytest.mark.parametrize("front", [date.min, date.max, date(2026, 5, 29), date(2040, 1, 20)])
    def test_dates_that_no_option_has_now(self, front: date) -> None:
        assert reminders_of(replace(POSITION, front_expiry=front, placed_at=None), (), PLACED) == ()

    def test_facts_and_keys(self) -> None:
        first, second = reminders_of(POSITION, (), PLACED)
        assert first.dedupe_key == "d:day_before_expiry:2026-07-01"
        facts = first.facts
        assert (facts.decision_id, facts.ticker, facts.entry_price, facts.contracts) == ("d", "AAA", 1.5, 2)
        assert (facts.front_expiry, facts.back_expiry) == (POSITION.front_expiry, POSITION.back_expiry)
        assert first.dedupe_key != second.dedupe_key


class TestOfDividends:
    def test_before_each_ex_date_up_to_the_front_expiry(self) -> None:
        actions = [dividend(day) for day in ("2026-06-01", "2026-06-08", "2026-07-01", "2026-07-02")]
        found = [one for one in reminders_of(POSITION, actions, PLACED) if one.facts.reminder is EX_DIVIDEND]
        assert shown(tuple(found)) == [
            (EX_DIVIDEND, "2026-06-05 13:30", "2026-06-05 20:00"),
            (EX_DIVIDEND, "2026-06-30 13:30", "2026-06-30 20:00"),
        ]
        assert [(f"{one.facts.about_on}", one.facts.amount) for one in found] == [
            ("2026-06-08", 0.5),
            ("2026-07-01", 0.5),
        ]

    @pytest.mark.parametrize(("structure", "count"), [(Structure.CALL, 1), (Structure.DOUBLE, 1), (Structure.PUT, 0)])
    def test_only_a_short_call_is_at_risk(self, structure: Structure, count: int) -> None:
        found = reminders_of(replace(POSITION, structure=structure), [dividend("2026-06-08")], PLACED)
        assert sum(one.facts.reminder is EX_DIVIDEND for one in found) == count

    def test_a_trade_placed_on_the_day_before_is_warned_while_it_can_be_traded(self) -> None:
        kinds = {}
        for at in ("2026-06-05T15:00", "2026-06-05T20:00"):
            found = reminders_of(replace(POSITION, placed_at=utc(at)), [dividend("2026-06-08")], utc(at))
            kinds[at] = [one.facts.reminder for one in found]
        assert list(kinds.values()) == [[EX_DIVIDEND, DAY_BEFORE, MORNING], [DAY_BEFORE, MORNING]]

    def test_a_split_is_no_dividend(self) -> None:
        split = CorporateAction("AAA", ActionKind.SPLIT, date(2026, 6, 8), ratio=4.0)
        assert len(reminders_of(POSITION, [split], PLACED)) == 2


class TestMoves:
    @staticmethod
    def event(day: str, timing: Timing = Timing.AFTER_CLOSE) -> EarningsEvent:
        return EarningsEvent("AAA", date.fromisoformat(day), timing, None, "test")

    @pytest.mark.parametrize(
        ("earlier", "new", "until"),
        [
            (None, "2026-07-22", "2026-07-23 13:30"),  # was not known
            ("2026-08-05", "2026-07-31", "2026-08-03 13:30"),  # into its life
            ("2026-07-22", "2026-07-29", "2026-07-30 13:30"),  # within
            ("2026-07-22", "2026-08-05", "2026-07-23 13:30"),  # out of it
            ("2026-08-05", "2026-08-06", None),  # beyond it
            (None, "2026-05-29", None),  # before it
            (None, "2026-08-01", None),
        ],
    )
    def test_into_within_and_out_of_its_life(self, earlier: str | None, new: str, until: str | None) -> None:
        move = EarningsMove(self.event(new), self.event(earlier) if earlier else None)
        notice = notice_of_move(POSITION, move, PLACED)
        assert (notice is None) == (until is None)
        if notice is not None:
            assert shown((notice,)) == [(MOVED, "2026-06-01 18:00", until)]
            assert f"{notice.facts.about_on}" == new
            assert notice.facts.earlier_on == (date.fromisoformat(earlier) if earlier else None)
            assert notice.dedupe_key == f"d:earnings_moved:{new}"

    def test_what_lies_behind_is_no_news(self) -> None:
        move = EarningsMove(self.event("2026-06-03", Timing.BEFORE_OPEN))
        assert notice_of_move(POSITION, move, utc("2026-06-03T13:29")) is not None
        assert notice_of_move(POSITION, move, utc("2026-06-03T13:30")) is None


INSTANTS = st.integers(int(utc("2012-01-01").timestamp()), int(utc("2029-01-01").timestamp())).map(
    lambda second: datetime.fromtimestamp(second, UTC)
)


@given(
    placed_at=INSTANTS,
    front=st.integers(0, 200),
    later=st.integers(0, 200 * 24 * 60),
    ex_dates=st.lists(st.integers(-20, 220), max_size=4, unique=True),
    structure=st.sampled_from(Structure),
)
def test_every_reminder_is_due_at_an_open_and_before_it_is_of_no_use(
    placed_at: datetime, front: int, later: int, ex_dates: list[int], structure: Structure
) -> None:
    today = new_york_date(placed_at)
    expiry = today + timedelta(days=front)
    position = replace(POSITION, placed_at=placed_at, front_expiry=expiry, back_expiry=expiry, structure=structure)
    actions = [dividend(str(today + timedelta(days=days))) for days in ex_dates]
    now = placed_at + timedelta(minutes=later)
    found = reminders_of(position, actions, now)
    at_once = {one.dedupe_key for one in reminders_of(position, actions, placed_at)}
    assert len({one.dedupe_key for one in found}) == len(found)
    assert {one.dedupe_key for one in found} <= at_once
    last = session_by(expiry)
    for one in found:
        session = session_on(new_york_date(one.due_at))
        assert session is not None
        assert one.due_at == session.opens_at
        assert one.due_at.astimezone(NEW_YORK).strftime("%H:%M") == "09:30"
        assert now < one.useful_until <= last.closes_at
        assert one.due_at < one.useful_until
        assert one.useful_until > placed_at
        assert one.due_at >= placed_at or one.facts.reminder is EX_DIVIDEND
