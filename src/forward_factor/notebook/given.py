"""What callers may write in place of our own types: texts, paths, dates, one thing for many."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from enum import StrEnum
from os import PathLike
from pathlib import Path
from typing import TypeVar

from forward_factor.core.chain import NEW_YORK
from forward_factor.core.corporate_actions import CorporateAction
from forward_factor.core.earnings import EarningsEvent
from forward_factor.errors import InvalidInput
from forward_factor.providers.files.events import read_events

Member = TypeVar("Member", bound=StrEnum)
PathLikes = str | PathLike[str] | Sequence[str | PathLike[str]]
Texts = str | Sequence[str]
Day = date | str
Moment = datetime | date | str
Events = str | PathLike[str] | Iterable[EarningsEvent | CorporateAction]
_STORES = ("sqlite", "postgresql", "postgres")


def texts_of(given: Texts | None) -> tuple[str, ...]:
    """Return one text or many as many."""
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)


def paths_of(given: PathLikes) -> list[Path]:
    """Return one path or many as many."""
    return [Path(given)] if isinstance(given, str | PathLike) else [Path(one) for one in given]


def member_of(kind: type[Member], given: str) -> Member:
    """Return the member of ``kind`` that is written so.

    Raises:
        InvalidInput: there is none.

    """
    try:
        return kind(given)
    except ValueError:
        raise InvalidInput(f"{ascii(given)[:40]} is none of {', '.join(kind)}") from None


def day_of(given: Day | None) -> date | None:
    """Return a date given as one or as ``2026-06-01``.

    Raises:
        InvalidInput: it is none.

    """
    if given is None or (isinstance(given, date) and not isinstance(given, datetime)):
        return given
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        raise InvalidInput(f"{ascii(given)[:40]} is no date such as 2026-06-01") from None


def moment_of(given: Moment | None) -> datetime | None:
    """Return an aware instant: a date begins in New York, a time without a zone is UTC.

    Raises:
        InvalidInput: it is none.

    """
    if given is None:
        return None
    if isinstance(given, str):
        given = _read(given)
    if not isinstance(given, datetime):
        return datetime.combine(given, time(0), NEW_YORK)
    return given if given.tzinfo is not None else given.replace(tzinfo=UTC)


def earnings_of(given: Events | None) -> tuple[EarningsEvent, ...]:
    """Return the announcements among events that were given; see ``events_of``."""
    return events_of(given)[0]


def events_of(given: Events | None) -> tuple[tuple[EarningsEvent, ...], tuple[CorporateAction, ...]]:
    """Return announcements, and dividends and splits, given as such or as a CSV file; unreadable rows are warned of.

    Raises:
        InvalidInput: the file cannot be read, or something else was given.

    """
    if given is None:
        return (), ()
    if isinstance(given, str | PathLike):
        reading = read_events(Path(given))
        for fault in reading.faults:
            warnings.warn(fault, stacklevel=4)
        return reading.earnings, reading.actions
    events = tuple(given)
    earnings = tuple(one for one in events if isinstance(one, EarningsEvent))
    actions = tuple(one for one in events if isinstance(one, CorporateAction))
    if len(earnings) + len(actions) < len(events):
        raise InvalidInput("events are EarningsEvents and CorporateActions, or the path of a CSV file of them")
    return earnings, actions


def is_store_url(given: object) -> bool:
    """Tell whether ``given`` is the URL of a store and no path."""
    return isinstance(given, str) and given.partition("://")[0].partition("+")[0] in _STORES and "://" in given


def _read(text: str) -> datetime | date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{ascii(text)[:40]} is no instant such as 2026-06-01T18:00:00Z") from None
