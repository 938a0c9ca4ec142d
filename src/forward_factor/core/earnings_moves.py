"""What a newer word on announcements changes: which dates are new, and which of those known they take the place of.

A company announces about every 91 days. So a new date within half of that of a known one is the same announcement,
moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from forward_factor.core.earnings import EarningsEvent, Timing, priced_in_at

SAME_ANNOUNCEMENT = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class EarningsMove:
    """A date that was not known before.

    Attributes:
        earlier: the announcement as it stood, None where there was none near.

    """

    event: EarningsEvent
    earlier: EarningsEvent | None = None


def find_moves(
    known: Sequence[EarningsEvent], said: Sequence[EarningsEvent], now: datetime
) -> tuple[EarningsMove, ...]:
    """Return what ``said`` changes of ``known``, all of one ticker, by date.

    A new date takes the place of the nearest known one within ``SAME_ANNOUNCEMENT`` that is still ahead and not said
    again; each known one goes once. A confirmed date gives way to a confirmed one only.

    Args:
        known: stored announcements.
        said: the newer word on some of them.
        now: the instant of the newer word.

    """
    known_dates, said_dates = {one.date for one in known}, {one.date for one in said}
    new = sorted({one.date: one for one in said if one.date not in known_dates}.values(), key=lambda one: one.date)
    open_to_move = [one for one in known if one.date not in said_dates and priced_in_at(one) > now]
    pairs = [(early, late) for early in open_to_move for late in new if _is_same(early, late)]
    earlier: dict[EarningsEvent, EarningsEvent] = {}
    for early, late in sorted(pairs, key=lambda pair: (abs(pair[0].date - pair[1].date), pair[1].date, pair[0].date)):
        if late not in earlier and early not in earlier.values():
            earlier[late] = early
    return tuple(EarningsMove(event, earlier.get(event)) for event in new)


def keep_surer(known: Sequence[EarningsEvent], said: Sequence[EarningsEvent]) -> tuple[EarningsEvent, ...]:
    """Return what to take of a calendar's word on one ticker, beside what is known.

    A calendar is asked again and again, and does not always know as much as was known: it neither makes a confirmed
    date an estimate, nor takes a known side of the session away, and its estimate near a confirmed date that it does
    not name is that announcement, guessed.
    """
    by_date, named = {one.date: one for one in known}, {one.date for one in said}
    sure = [one.date for one in known if one.is_confirmed is True and one.date not in named]
    taken = (_surer(by_date.get(one.date), one) for one in said)
    return tuple(one for one in taken if one.is_confirmed is True or not _is_near(one.date, sure))


def _surer(before: EarningsEvent | None, one: EarningsEvent) -> EarningsEvent:
    if before is None:
        return one
    timing = before.timing if one.timing is Timing.UNKNOWN else one.timing
    confirmed = True if before.is_confirmed is True else one.is_confirmed
    return replace(one, timing=timing, is_confirmed=confirmed)


def _is_near(day: date, others: Sequence[date]) -> bool:
    return any(abs(day - one) <= SAME_ANNOUNCEMENT for one in others)


def _is_same(early: EarningsEvent, late: EarningsEvent) -> bool:
    gives_way = early.is_confirmed is not True or late.is_confirmed is True
    return gives_way and abs(early.date - late.date) <= SAME_ANNOUNCEMENT
