"""What a user is to be reminded of about an open position, and until when that is of use.

All of it goes by the exchange's calendar: a planned reminder is due when a session opens, at 09:30 New York time. An
expiry on a day without a session (a Saturday before 2015, a holiday) is that of the last session before it.

| reminder | due at the open of | of use until |
|---|---|---|
| day before expiry | the last session before the front expiry | the front expiry's open |
| expiry morning | the front expiry | its close |
| ex-dividend | the last session before the ex-date | that session's close |
| earnings moved | at once | quotes can know the announcement |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from forward_factor.core.chain import new_york_date
from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.earnings import EarningsEvent, priced_in_at
from forward_factor.core.earnings_moves import EarningsMove
from forward_factor.core.market_hours import session_before, session_by
from forward_factor.core.messages import ReminderFacts, ReminderKind
from forward_factor.core.structure import Structure, sells_call

FARTHEST = timedelta(days=3660)
"""No option is listed for longer; the copy of an old signal may hold any date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """An open position.

    Attributes:
        placed_at: None where the old bot did not keep it.
        entry_price: debit, dollars a share.

    """

    user_id: str
    decision_id: str
    ticker: str
    structure: Structure
    placed_at: datetime | None
    front_expiry: date
    back_expiry: date
    entry_price: float | None = None
    contracts: int | None = None

    @property
    def facts(self) -> ReminderFacts:
        """Return what every reminder of it says; the expiry is what it is about."""
        return ReminderFacts(
            reminder=ReminderKind.EXPIRY_MORNING,
            decision_id=self.decision_id,
            ticker=self.ticker,
            structure=self.structure,
            front_expiry=self.front_expiry,
            back_expiry=self.back_expiry,
            about_on=self.front_expiry,
            entry_price=self.entry_price,
            contracts=self.contracts,
        )


@dataclass(frozen=True, slots=True)
class PlannedReminder:
    """A reminder to store.

    Attributes:
        dedupe_key: there is one of each position, kind and date.
        due_at: when to send it; later is as good until ``useful_until``.

    """

    user_id: str
    decision_id: str
    dedupe_key: str
    due_at: datetime
    useful_until: datetime
    facts: ReminderFacts


def reminders_of(position: Position, actions: Sequence[CorporateAction], now: datetime) -> tuple[PlannedReminder, ...]:
    """Return the reminders of a position that are of use after ``now``, those due first coming first.

    Reminders of the expiry that were due before the position was placed are left out: who places a trade on the day
    before expiry knows the date. An ex-dividend is warned of even then, while its session lasts, where a call is short.

    Args:
        position: what is held.
        actions: dividends and splits of its ticker.
        now: the instant of planning.

    """
    today = new_york_date(now)
    if not today <= position.front_expiry <= today + FARTHEST:
        return ()
    coming = [one for one in actions if one.effective_on > today]
    found = [*_of_expiry(position), *_of_dividends(position, coming)]
    useful = (one for one in found if one.useful_until > now)
    return tuple(sorted(useful, key=lambda one: (one.due_at, one.dedupe_key)))


def notice_of_move(position: Position, move: EarningsMove, now: datetime) -> PlannedReminder | None:
    """Return the notice that an announcement has moved into, within or out of a position's life; else None.

    Its life is from the New York date it was placed on to the back expiry, both included. What lies behind is no news.
    """
    if _is_ahead(position, move.event, now):
        until = priced_in_at(move.event)
    elif move.earlier is not None and _is_ahead(position, move.earlier, now):
        until = priced_in_at(move.earlier)
    else:
        return None
    earlier_on = move.earlier.date if move.earlier else None
    planned = _planned(position, ReminderKind.EARNINGS_MOVED, move.event.date, now, until)
    return replace(planned, facts=replace(planned.facts, earlier_on=earlier_on))


def _of_expiry(position: Position) -> Iterator[PlannedReminder]:
    last = session_by(position.front_expiry)
    eve = session_before(last.day)
    for kind, due_at, until in (
        (ReminderKind.DAY_BEFORE_EXPIRY, eve.opens_at, last.opens_at),
        (ReminderKind.EXPIRY_MORNING, last.opens_at, last.closes_at),
    ):
        if position.placed_at is None or due_at >= position.placed_at:
            yield _planned(position, kind, position.front_expiry, due_at, until)


def _of_dividends(position: Position, actions: Sequence[CorporateAction]) -> Iterator[PlannedReminder]:
    if not sells_call(position.structure):
        return
    last_day = session_by(position.front_expiry).day
    dividends = [one for one in actions if one.kind is ActionKind.DIVIDEND and one.effective_on <= last_day]
    for dividend in dividends:
        eve = session_before(dividend.effective_on)
        if position.placed_at is None or eve.closes_at > position.placed_at:
            planned = _planned(position, ReminderKind.EX_DIVIDEND, dividend.effective_on, eve.opens_at, eve.closes_at)
            yield replace(planned, facts=replace(planned.facts, amount=dividend.amount))


def _is_ahead(position: Position, event: EarningsEvent, now: datetime) -> bool:
    first = new_york_date(position.placed_at) if position.placed_at else event.date
    return first <= event.date <= position.back_expiry and priced_in_at(event) > now


def _planned(
    position: Position, kind: ReminderKind, about_on: date, due_at: datetime, until: datetime
) -> PlannedReminder:
    facts = replace(position.facts, reminder=kind, about_on=about_on)
    key = f"{position.decision_id}:{kind.value}:{about_on}"
    return PlannedReminder(position.user_id, position.decision_id, key, due_at, until, facts)
