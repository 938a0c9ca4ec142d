"""Which announcement a newer word is about."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.earnings_moves import SAME_ANNOUNCEMENT, EarningsMove, find_moves

NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)


def event(day: str | date, is_confirmed: bool | None = None, timing: Timing = Timing.AFTER_CLOSE) -> EarningsEvent:
    on = date.fromisoformat(day) if isinstance(day, str) else day
    return EarningsEvent("AAA", on, timing, is_confirmed, "test")


def test_a_date_near_a_known_one_is_the_same_announcement_moved() -> None:
    known = [event("2026-07-22"), event("2026-10-21")]
    assert find_moves(known, [event("2026-07-29")], NOW) == (EarningsMove(event("2026-07-29"), known[0]),)
    assert find_moves(known, [event("2026-07-22", is_confirmed=True)], NOW) == ()
    assert find_moves(known, [event("2027-01-20")], NOW) == (EarningsMove(event("2027-01-20")),)
    assert find_moves([], [event("2026-07-29")], NOW) == (EarningsMove(event("2026-07-29")),)


def test_what_is_said_again_has_not_moved() -> None:
    known = [event("2026-07-22")]
    both = [event("2026-07-22"), event("2026-07-29")]
    assert find_moves(known, both, NOW) == (EarningsMove(event("2026-07-29")),)


def test_what_lies_behind_stays() -> None:
    assert find_moves([event("2026-05-29")], [event("2026-06-10")], NOW) == (EarningsMove(event("2026-06-10")),)


def test_a_confirmed_date_gives_way_to_a_confirmed_one_only() -> None:
    known = event("2026-07-22", is_confirmed=True)
    for guess in (None, False):
        assert find_moves([known], [event("2026-07-29", guess)], NOW)[0].earlier is None
    assert find_moves([known], [event("2026-07-29", is_confirmed=True)], NOW)[0].earlier == known


def test_each_known_date_goes_to_the_nearest_once() -> None:
    known = event("2026-07-22")
    said = [event("2026-08-20"), event("2026-07-20")]
    assert find_moves([known], said, NOW) == (EarningsMove(said[1], known), EarningsMove(said[0]))


DAYS = st.integers(0, 400).map(lambda number: date(2026, 3, 1) + timedelta(days=number))
EVENTS = st.lists(st.builds(event, DAYS, st.sampled_from([True, False, None]), st.sampled_from(Timing)), max_size=6)


@given(known=EVENTS, said=EVENTS)
def test_every_new_date_is_one_move_and_nothing_else_is(known: list[EarningsEvent], said: list[EarningsEvent]) -> None:
    moves = find_moves(known, said, NOW)
    assert [one.event.date for one in moves] == sorted({one.date for one in said} - {one.date for one in known})
    earlier = [one.earlier for one in moves if one.earlier is not None]
    assert len({id(one) for one in earlier}) == len(earlier)
    assert all(one in known for one in earlier)
    assert all(abs(one.event.date - one.earlier.date) <= SAME_ANNOUNCEMENT for one in moves if one.earlier)
    assert not {one.date for one in earlier} & {one.date for one in said}
