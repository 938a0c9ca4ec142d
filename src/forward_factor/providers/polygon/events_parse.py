"""From the bytes of Polygon's (Massive's) lists of events to events; an entry that cannot be read costs itself only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time

import msgspec

from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.errors import InvalidInput, UnreadableChain
from forward_factor.services.ports.events import EventKind, ProvidedEvents

SOURCE = "polygon"
OPENS, CLOSES = time(9, 30), time(16)
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_CONFIRMED = {"confirmed": True, "projected": False}

Event = EarningsEvent | CorporateAction


class _Page(msgspec.Struct, frozen=True):
    results: list[msgspec.Raw] | None = None
    next_url: str | None = None


class _Dividend(msgspec.Struct, frozen=True):
    ticker: str
    ex_dividend_date: date
    cash_amount: float
    currency: str | None = None


class _Split(msgspec.Struct, frozen=True):
    ticker: str
    execution_date: date
    split_from: float
    split_to: float


class _Earnings(msgspec.Struct, frozen=True):
    ticker: str
    date: date
    time: str | None = None
    date_status: str | None = None


@dataclass(frozen=True, slots=True)
class EventsPage:
    """One page: events under the vendor's symbols, entries that could not be read, and where to go on."""

    events: tuple[Event, ...]
    unreadable: int
    next_url: str | None


def parse_events(body: bytes, kind: EventKind) -> EventsPage:
    """Return the events of a page, none where it is empty.

    Raises:
        UnreadableChain: the body is no such page.

    """
    try:
        page = msgspec.json.decode(body, type=_Page)
    except _NOT_JSON as error:
        raise UnreadableChain(f"the answer is no list of {kind}") from error
    entries = page.results or []
    events = [event for raw in entries if (event := _read(raw, kind)) is not None]
    return EventsPage(tuple(events), len(entries) - len(events), page.next_url or None)


def gather(pages: Iterable[EventsPage], ours: Mapping[str, Sequence[str]], start: date, end: date) -> ProvidedEvents:
    """Return the events of ``pages`` on ``start`` to ``end`` under our names of the vendor's symbols.

    Dividends of one ticker and day are added up: a special one comes beside the regular one. Other symbols are of
    nobody's interest.
    """
    earnings: list[EarningsEvent] = []
    actions: dict[tuple[str, ActionKind, date], CorporateAction] = {}
    unreadable = 0
    for page in pages:
        unreadable += page.unreadable
        for event in page.events:
            for ticker in ours.get(event.ticker, ()):
                named = replace(event, ticker=ticker)
                if isinstance(named, EarningsEvent):
                    earnings += [named] if start <= named.date <= end else []
                elif start <= named.effective_on <= end:
                    key = (ticker, named.kind, named.effective_on)
                    actions[key] = _together(actions.get(key), named)
    latest = {(one.ticker, one.date): one for one in earnings}
    return ProvidedEvents(tuple(latest.values()), tuple(actions.values()), unreadable)


def _together(before: CorporateAction | None, one: CorporateAction) -> CorporateAction:
    if before is None or one.kind is ActionKind.SPLIT:
        return one
    known = before.amount is not None and one.amount is not None
    return replace(one, amount=(before.amount or 0.0) + (one.amount or 0.0) if known else None)


def _read(raw: msgspec.Raw, kind: EventKind) -> Event | None:
    try:
        return _READERS[kind](raw)
    except (*_NOT_JSON, InvalidInput, ZeroDivisionError, OverflowError):
        return None


def _dividend(raw: msgspec.Raw) -> Event:
    one = msgspec.json.decode(raw, type=_Dividend)
    in_dollars = one.currency is None or one.currency.upper() == "USD"
    checked = CorporateAction(one.ticker, ActionKind.DIVIDEND, one.ex_dividend_date, one.cash_amount, source=SOURCE)
    return checked if in_dollars else replace(checked, amount=None)


def _split(raw: msgspec.Raw) -> Event:
    one = msgspec.json.decode(raw, type=_Split)
    ratio = one.split_to / one.split_from
    return CorporateAction(one.ticker, ActionKind.SPLIT, one.execution_date, ratio=ratio, source=SOURCE)


def _announcement(raw: msgspec.Raw) -> Event:
    one = msgspec.json.decode(raw, type=_Earnings)
    confirmed = _CONFIRMED.get((one.date_status or "").lower())
    return EarningsEvent(one.ticker, one.date, _timing(one.time), confirmed, SOURCE)


def _timing(text: str | None) -> Timing:
    """Return the side of the session; midnight stands for no time, and what lies within the session says nothing."""
    try:
        at = time.fromisoformat(text or "").replace(tzinfo=None)
    except ValueError:
        return Timing.UNKNOWN
    if time() < at < OPENS:
        return Timing.BEFORE_OPEN
    return Timing.AFTER_CLOSE if at >= CLOSES else Timing.UNKNOWN


_READERS: dict[EventKind, Callable[[msgspec.Raw], Event]] = {
    EventKind.EARNINGS: _announcement,
    EventKind.DIVIDENDS: _dividend,
    EventKind.SPLITS: _split,
}
