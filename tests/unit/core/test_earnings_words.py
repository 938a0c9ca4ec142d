"""What was known of announcements then: no date counts before it was said, unless nobody can say when that was."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.earnings_words import EarningsHistory, EarningsWord

DAY = timedelta(days=1)
MARCH = datetime(2026, 3, 2, 15, tzinfo=UTC)


def event(day: str, is_confirmed: bool | None = None, timing: Timing = Timing.AFTER_CLOSE) -> EarningsEvent:
    return EarningsEvent("AAA", date.fromisoformat(day), timing, is_confirmed, "test")


def word(one: EarningsEvent, said_at: datetime, *, is_withdrawn: bool = False) -> EarningsWord:
    return EarningsWord(one, said_at, is_withdrawn)


def test_a_date_counts_from_the_word_on_it_until_the_next() -> None:
    guess, sure = event("2026-04-28", False), event("2026-04-28", True, Timing.BEFORE_OPEN)
    history = EarningsHistory([sure], [word(sure, MARCH + 9 * DAY), word(guess, MARCH)])
    assert history.known_at(MARCH - timedelta(seconds=1)) == ()
    assert history.known_at(MARCH) == (guess,)
    assert history.known_at(MARCH + 9 * DAY) == (sure,)
    assert history.hindsight(date.min, date.max) == 0


def test_a_date_that_moved_stands_where_it_stood_then() -> None:
    old, new = event("2026-04-28"), event("2026-05-05")
    moved_at = MARCH + 20 * DAY
    history = EarningsHistory([new], [word(old, MARCH), word(old, moved_at, is_withdrawn=True), word(new, moved_at)])
    assert history.known_at(moved_at - DAY) == (old,)
    assert history.known_at(moved_at) == (new,)


def test_what_was_learned_afterwards_counts_from_ever_and_is_counted() -> None:
    late = event("2026-01-28")
    history = EarningsHistory([late], [word(late, MARCH)])
    assert history.known_at(datetime(2020, 1, 1, tzinfo=UTC)) == (late,)
    assert history.hindsight(date(2026, 1, 1), date(2026, 1, 31)) == 1
    assert history.hindsight(date(2026, 2, 1), date(2026, 3, 31)) == 0
    assert EarningsHistory([late]).known_at(datetime(2020, 1, 1, tzinfo=UTC)) == (late,)
    assert EarningsHistory([late]).hindsight(date.min, date.max) == 1
    gone = EarningsHistory([], [word(late, MARCH), word(late, MARCH + DAY, is_withdrawn=True)])
    assert (gone.known_at(MARCH), gone.hindsight(date.min, date.max)) == ((), 0)


def test_an_announcement_of_today_after_the_close_is_not_late() -> None:
    today = event("2026-03-02")
    history = EarningsHistory([today], [word(today, MARCH)])
    assert history.known_at(MARCH - DAY) == ()
    assert history.known_at(MARCH) == (today,)


WORDS = st.lists(
    st.builds(
        word,
        st.builds(event, st.dates(date(2026, 3, 1), date(2026, 9, 1)).map(str), st.none() | st.booleans()),
        st.datetimes(datetime(2026, 1, 1), datetime(2026, 2, 28)).map(lambda at: at.replace(tzinfo=UTC)),
        is_withdrawn=st.booleans(),
    ),
    max_size=8,
)


@given(words=WORDS, at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 3, 1)))
def test_later_words_change_nothing_before_them(words: list[EarningsWord], at: datetime) -> None:
    instant = at.replace(tzinfo=UTC)
    past = [one for one in words if one.said_at <= instant]
    assert EarningsHistory([], words).known_at(instant) == EarningsHistory([], past).known_at(instant)
