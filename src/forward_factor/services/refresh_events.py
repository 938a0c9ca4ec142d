"""Events of all that is watched, fresh every day, at a cost that does not grow with the number of tickers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from forward_factor.core.chain import new_york_date
from forward_factor.errors import ForwardFactorError, NotOffered, ProviderRefused, StorageError
from forward_factor.services.import_events import ImportedEvents
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.events import WATCHED, EventFetch, EventKind, EventsProvider, ProvidedEvents
from forward_factor.services.take_events import take_events

LOOKS_BACK = timedelta(days=7)
LOOKS_AHEAD = timedelta(days=130)
"""Beyond the last expiry a scan looks at."""
AGAIN_AFTER = timedelta(hours=1)
"""After a failure that may pass; a refusal stands until the next day."""
TICKERS_A_TRANSACTION = 200
_STANDS = (ProviderRefused.code, NotOffered.code)


@dataclass(frozen=True, slots=True)
class RefreshedEvents:
    """What became of one kind; ``failure`` is why there was no answer."""

    kind: EventKind
    tickers: int
    stored: ImportedEvents
    failure: ForwardFactorError | None = None


async def due_kinds(store: Transactions, clock: Clock, provider: EventsProvider) -> Sequence[EventKind]:
    """Return the kinds the provider may have that were not asked for on this New York date."""
    now = clock.now()
    async with store.reading() as work:
        latest = await work.event_fetches.latest(provider.name, [WATCHED])
    return [kind for kind in EventKind if kind in provider.abilities and _is_due(latest, kind, now)]


async def refresh_events(
    store: Transactions, clock: Clock, provider: EventsProvider, kind: EventKind
) -> RefreshedEvents:
    """Store one kind of events of all tickers that are watched, held or in the universe; a failure is on record.

    Raises:
        StorageError: the store cannot be asked; nothing is on record then.

    """
    today = new_york_date(clock.now())
    start, end = today - LOOKS_BACK, today + LOOKS_AHEAD
    async with store.reading() as work:
        tickers = await work.event_fetches.wanted_tickers()
    try:
        found = await provider.of_market(kind, tickers, start, end) if tickers else ProvidedEvents()
    except StorageError:
        raise
    except ForwardFactorError as error:
        await _note(store, _fetch(provider, kind, start, end, clock.now(), failure=f"{error.code}: {error}"))
        return RefreshedEvents(kind, len(tickers), ImportedEvents(0, 0, 0), error)
    stored = ImportedEvents(0, 0, 0)
    for some in _parts(found):
        async with store.unit_of_work() as work:
            stored += await take_events(work, [some], clock.now())
            await work.commit()
    await _note(store, _fetch(provider, kind, start, end, clock.now(), events=len(found)))
    return RefreshedEvents(kind, len(tickers), stored)


def _is_due(latest: Mapping[tuple[EventKind, str], EventFetch], kind: EventKind, now: datetime) -> bool:
    last = latest.get((kind, WATCHED))
    if last is None or new_york_date(last.fetched_at) != new_york_date(now):
        return True
    may_pass = last.failure is not None and last.failure.split(":")[0] not in _STANDS
    return may_pass and now - last.fetched_at >= AGAIN_AFTER


def _fetch(
    provider: EventsProvider,
    kind: EventKind,
    start: date,
    end: date,
    now: datetime,
    events: int = 0,
    failure: str | None = None,
) -> EventFetch:
    return EventFetch(provider.name, kind, WATCHED, start, end, now, events, failure)


async def _note(store: Transactions, fetch: EventFetch) -> None:
    async with store.unit_of_work() as work:
        await work.event_fetches.put([fetch])
        await work.commit()


def _parts(found: ProvidedEvents) -> Sequence[ProvidedEvents]:
    """Return the events of some tickers at a time, so that no transaction holds many users for long."""
    tickers = sorted({one.ticker for one in found.earnings} | {one.ticker for one in found.actions})
    parts = []
    for start in range(0, len(tickers), TICKERS_A_TRANSACTION):
        some = frozenset(tickers[start : start + TICKERS_A_TRANSACTION])
        earnings = tuple(one for one in found.earnings if one.ticker in some)
        parts.append(ProvidedEvents(earnings, tuple(one for one in found.actions if one.ticker in some)))
    return parts
