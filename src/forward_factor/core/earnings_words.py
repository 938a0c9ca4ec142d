"""What was known of announcements at an instant of the past: all words on them, each with when it was said.

A word counts from the instant it was said until the next word on the same date; a withdrawn date is no date. A date of
which the first word came when quotes knew the announcement already was learned afterwards: nobody wrote down when the
world knew it, so it counts from ever. That is hindsight, and whoever uses it says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from forward_factor.core.earnings import EarningsEvent, priced_in_at


@dataclass(frozen=True, slots=True)
class EarningsWord:
    """One word on an announcement; ``is_withdrawn`` says that there is none on that date any more."""

    event: EarningsEvent
    said_at: datetime
    is_withdrawn: bool = False


class EarningsHistory:
    """All words on the announcements of one ticker.

    Args:
        stored: what is known today; a date without words counts from ever, as one learned afterwards does.
        words: in any order.

    """

    def __init__(self, stored: Sequence[EarningsEvent], words: Iterable[EarningsWord] = ()) -> None:
        by_date: dict[date, list[EarningsWord]] = defaultdict(list)
        for word in sorted(words, key=lambda one: one.said_at):
            by_date[word.event.date].append(word)
        late = [own[-1] for own in by_date.values() if _is_late(own[0])]
        self._always = [one for one in stored if one.date not in by_date]
        self._always += [one.event for one in late if not one.is_withdrawn]
        self._in_time = [own for own in by_date.values() if not _is_late(own[0])]

    def hindsight(self, first: date, last: date) -> int:
        """Return how many announcements on ``first`` to ``last`` count from ever."""
        return sum(first <= one.date <= last for one in self._always)

    def known_at(self, instant: datetime) -> tuple[EarningsEvent, ...]:
        """Return the announcements known at ``instant``, by date."""
        found = [event for words in self._in_time if (event := _in_force(words, instant)) is not None]
        return tuple(sorted([*self._always, *found], key=lambda one: one.date))


def _in_force(words: Sequence[EarningsWord], instant: datetime) -> EarningsEvent | None:
    said = [one for one in words if one.said_at <= instant]
    return None if not said or said[-1].is_withdrawn else said[-1].event


def _is_late(first: EarningsWord) -> bool:
    return priced_in_at(first.event) <= first.said_at
