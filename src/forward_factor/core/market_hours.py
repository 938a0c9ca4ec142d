"""Regular sessions of the US options market, and the dates options are listed to expire on.

A session is 09:30 to 16:00 New York time, on the eve of some holidays to 13:00. Options on broad ETFs and on
indices trade on until 16:15; that quarter of an hour is left out on purpose, because their underlyings'
closing prices are those of 16:00 and every other option has stopped. Closures, one-off ones included,
are the New York Stock Exchange's, as the ``holidays`` library knows them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import count

from holidays import HALF_DAY, PUBLIC, financial_holidays

from forward_factor.core.chain import NEW_YORK, new_york_date

OPENS = time(9, 30)
CLOSES = time(16, 0)
CLOSES_EARLY = time(13, 0)

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_FRIDAY = 4


@dataclass(frozen=True, slots=True)
class Session:
    """One regular trading session; both instants are aware and in UTC.

    The market is open from ``opens_at`` on and no longer at ``closes_at``.
    """

    opens_at: datetime
    closes_at: datetime

    @property
    def day(self) -> date:
        """The session's New York date."""
        return new_york_date(self.opens_at)

    @property
    def length(self) -> timedelta:
        """How long the market is open."""
        return self.closes_at - self.opens_at


def session_on(day: date) -> Session | None:
    """Return the session of a New York date, None on weekends and holidays."""
    return _sessions_of(day.year).get(day)


def is_open(instant: datetime) -> bool:
    """Tell whether an aware instant lies inside a regular session."""
    session = session_on(new_york_date(instant))
    return session is not None and session.opens_at <= instant < session.closes_at


def current_or_next_session(instant: datetime) -> Session:
    """Return the session an aware instant lies in, else the first one that opens after it."""
    today = session_on(new_york_date(instant))
    return today if today is not None and today.opens_at <= instant < today.closes_at else next_session(instant)


def previous_session(instant: datetime) -> Session:
    """Return the last session that had closed at or before an aware instant."""
    sessions = _walk(new_york_date(instant), -_DAY)
    return next(session for session in sessions if session.closes_at <= instant)


def next_session(instant: datetime) -> Session:
    """Return the first session that opens after an aware instant."""
    sessions = _walk(new_york_date(instant), _DAY)
    return next(session for session in sessions if session.opens_at > instant)


def session_by(day: date) -> Session:
    """Return the session of a New York date, or the last one before it where the exchange is closed."""
    return next(_walk(day, -_DAY))


def session_before(day: date) -> Session:
    """Return the last session before a New York date."""
    return session_by(day - _DAY)


def latest_close(instant: datetime) -> datetime:
    """Return the last regular close at or before an aware instant."""
    return previous_session(instant).closes_at


def trading_days_between(start: date, end: date) -> tuple[date, ...]:
    """Return the New York dates with a session from ``start`` to ``end``, both included."""
    days: list[date] = []
    for year in range(start.year, end.year + 1):
        of_year = _trading_days_of(year)
        days += of_year[bisect_left(of_year, start) : bisect_right(of_year, end)]
    return tuple(days)


def weekly_expiries(start: date, horizon_days: int) -> tuple[date, ...]:
    """Return the weekly expiries from ``start`` to ``horizon_days`` later, both included.

    They are Fridays; where the exchange is closed on a Friday, the last trading day before it.
    """
    return _listed(start, horizon_days, _fridays(start))


def third_fridays(start: date, horizon_days: int) -> tuple[date, ...]:
    """Return the monthly expiries from ``start`` to ``horizon_days`` later, both included.

    A third Friday on which the exchange is closed gives the last trading day before it. Until January
    2015 monthly options expired on the Saturday after; here they expire on that Friday too.
    """
    return _listed(start, horizon_days, (day for day in _fridays(start) if (day.day - 1) // 7 == 2))


def _listed(start: date, horizon_days: int, fridays: Iterator[date]) -> tuple[date, ...]:
    end = start + timedelta(days=horizon_days)
    expiries: list[date] = []
    for friday in fridays:
        expiry = session_by(friday).day
        if expiry > end:
            break
        if expiry >= start:
            expiries.append(expiry)
    return tuple(expiries)


def _fridays(start: date) -> Iterator[date]:
    first = start + timedelta(days=(_FRIDAY - start.weekday()) % 7)
    return (first + weeks * _WEEK for weeks in count())


def _walk(day: date, step: timedelta) -> Iterator[Session]:
    while True:
        session = session_on(day)
        if session is not None:
            yield session
        day += step


@lru_cache(maxsize=64)
def _trading_days_of(year: int) -> tuple[date, ...]:
    return tuple(_sessions_of(year))


@lru_cache(maxsize=64)
def _sessions_of(year: int) -> Mapping[date, Session]:
    closed = financial_holidays("NYSE", years=year, categories=PUBLIC)
    early = financial_holidays("NYSE", years=year, categories=HALF_DAY)
    days = (date(year, 1, 1) + number * _DAY for number in range(366))
    return {
        day: _session(day, CLOSES_EARLY if day in early else CLOSES)
        for day in days
        if day.year == year and day.weekday() <= _FRIDAY and day not in closed
    }


def _session(day: date, closes: time) -> Session:
    return Session(_in_utc(day, OPENS), _in_utc(day, closes))


def _in_utc(day: date, at: time) -> datetime:
    return datetime.combine(day, at, NEW_YORK).astimezone(UTC)
