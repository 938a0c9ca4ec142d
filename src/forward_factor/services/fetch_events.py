"""Events of named tickers from a provider into the store: a few tickers a transaction, each failure on record."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from forward_factor.core.chain import new_york_date
from forward_factor.errors import ForwardFactorError, NotOffered, ProviderRefused, ProviderUnavailable
from forward_factor.services.import_events import ImportedEvents
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.events import EventFetch, EventKind, EventsProvider, ProvidedEvents
from forward_factor.services.take_events import take_events

TICKERS_A_STEP = 16
NOTHING = ImportedEvents(0, 0, 0)


@dataclass(frozen=True, slots=True)
class WantedEvents:
    """What to fetch.

    Attributes:
        start, end: dates of the events, both included.
        again: also what was fetched today already.

    """

    tickers: tuple[str, ...]
    kinds: tuple[EventKind, ...]
    start: date
    end: date
    again: bool = False


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """Why there are no events of a kind; ``ticker`` is None where it is so for all that are left."""

    kind: EventKind
    ticker: str | None
    error: ForwardFactorError


@dataclass(frozen=True, slots=True)
class FetchStep:
    """What became of some tickers.

    Attributes:
        done: share of all that was asked for, 0 to 1.
        answered: how many times the provider answered.
        skipped: how many times it had answered earlier today.
        unreadable: entries that were left out.

    """

    done: float
    stored: ImportedEvents = field(default=NOTHING)
    answered: int = 0
    skipped: int = 0
    unreadable: int = 0
    failures: tuple[FetchFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class _Answer:
    kind: EventKind
    ticker: str
    found: ProvidedEvents | ForwardFactorError


async def fetch_events(
    store: Transactions, clock: Clock, provider: EventsProvider, wanted: WantedEvents
) -> AsyncIterator[FetchStep]:
    """Yield a step for some tickers at a time, each of them stored when it is yielded.

    What was answered today, for these dates or more, is not asked for again: a fetch that was ended goes on where it
    was. A kind that the provider has not, or refuses, is told once and left; a provider that a whole step could not
    reach is asked no further.
    """
    kinds = [kind for kind in wanted.kinds if kind in provider.abilities]
    lacking = tuple(
        FetchFailure(kind, None, _not_offered(provider, kind)) for kind in wanted.kinds if kind not in kinds
    )
    if lacking:
        yield FetchStep(0.0, failures=lacking)
    steps = [wanted.tickers[at : at + TICKERS_A_STEP] for at in range(0, len(wanted.tickers), TICKERS_A_STEP)]
    for number, tickers in enumerate(steps, start=1):
        step = await _Fetch(store, clock, provider, wanted).step(tickers, kinds, number / len(steps))
        yield step
        refused = {one.kind for one in step.failures if one.ticker is None}
        kinds = [kind for kind in kinds if kind not in refused]
        if not kinds:
            return


@dataclass(frozen=True, slots=True)
class _Fetch:
    store: Transactions
    clock: Clock
    provider: EventsProvider
    wanted: WantedEvents

    async def step(self, tickers: Sequence[str], kinds: Sequence[EventKind], done: float) -> FetchStep:
        due = await self._due(tickers, kinds)
        asked = [asyncio.create_task(self._ask(kind, ticker)) for kind, ticker in due]
        try:
            answers = await asyncio.gather(*asked)
        finally:
            for task in asked:
                task.cancel()
        stored = await self._store(answers) if answers else NOTHING
        found = [one.found for one in answers if isinstance(one.found, ProvidedEvents)]
        return FetchStep(
            done,
            stored,
            answered=len(found),
            skipped=len(tickers) * len(kinds) - len(due),
            unreadable=sum(one.unreadable for one in found),
            failures=_failures(answers),
        )

    async def _due(self, tickers: Sequence[str], kinds: Sequence[EventKind]) -> Sequence[tuple[EventKind, str]]:
        if self.wanted.again:
            return [(kind, ticker) for ticker in tickers for kind in kinds]
        async with self.store.reading() as work:
            latest = await work.event_fetches.latest(self.provider.name, tickers)
        return [
            (kind, ticker) for ticker in tickers for kind in kinds if not self._is_fresh(latest.get((kind, ticker)))
        ]

    def _is_fresh(self, last: EventFetch | None) -> bool:
        if last is None or last.failure is not None:
            return False
        covers = last.start <= self.wanted.start and self.wanted.end <= last.end
        return covers and new_york_date(last.fetched_at) == new_york_date(self.clock.now())

    async def _ask(self, kind: EventKind, ticker: str) -> _Answer:
        try:
            return _Answer(
                kind, ticker, await self.provider.of_ticker(kind, ticker, self.wanted.start, self.wanted.end)
            )
        except ForwardFactorError as error:
            return _Answer(kind, ticker, error)

    async def _store(self, answers: Sequence[_Answer]) -> ImportedEvents:
        async with self.store.unit_of_work() as work:
            now = self.clock.now()
            found = [one.found for one in answers if isinstance(one.found, ProvidedEvents)]
            stored = await take_events(work, found, now)
            await work.event_fetches.put([self._record(one) for one in answers])
            await work.commit()
            return stored

    def _record(self, answer: _Answer) -> EventFetch:
        failed, found = isinstance(answer.found, ForwardFactorError), answer.found
        return EventFetch(
            provider=self.provider.name,
            kind=answer.kind,
            ticker=answer.ticker,
            start=self.wanted.start,
            end=self.wanted.end,
            fetched_at=self.clock.now(),
            events=0 if isinstance(found, ForwardFactorError) else len(found),
            failure=f"{found.code}: {found}" if failed and isinstance(found, ForwardFactorError) else None,
        )


def _failures(answers: Sequence[_Answer]) -> tuple[FetchFailure, ...]:
    """Return each failure, or one for a kind that is refused to all, or that nobody could be reached for."""
    failures: list[FetchFailure] = []
    for kind in dict.fromkeys(one.kind for one in answers):
        of_kind = [one for one in answers if one.kind is kind]
        failed = [(one.ticker, one.found) for one in of_kind if isinstance(one.found, ForwardFactorError)]
        ends = (ProviderRefused, NotOffered, ProviderUnavailable)
        if failed and len(failed) == len(of_kind) and all(isinstance(error, ends) for _, error in failed):
            failures.append(FetchFailure(kind, None, failed[0][1]))
        else:
            failures += [FetchFailure(kind, ticker, error) for ticker, error in failed]
    return tuple(failures)


def _not_offered(provider: EventsProvider, kind: EventKind) -> ForwardFactorError:
    return NotOffered(f"provider {provider.name} has no {kind}")
