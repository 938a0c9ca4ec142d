"""``events fetch`` at work: progress with the time left, failures as they come, and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date

from forward_factor.bootstrap import Application
from forward_factor.cli.console import counted, note, out, warn
from forward_factor.cli.progress import share_bar
from forward_factor.errors import InvalidInput
from forward_factor.services.adjust_decisions import AdjustedDecisions
from forward_factor.services.fetch_events import NOTHING, FetchFailure, FetchStep, WantedEvents, fetch_events
from forward_factor.services.import_events import ImportedEvents
from forward_factor.services.ports.events import EventKind, EventsProvider
from forward_factor.storage.store import Store

FAILED, PARTIAL = 1, 3
MOST_FAILURES = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """One fetch as the command line asked for it."""

    application: Application
    tickers: tuple[str, ...]
    watched: bool
    kinds: tuple[EventKind, ...]
    start: date
    end: date
    provider: str | None
    again: bool

    async def run(self) -> int:
        """Fetch, and say what came of it; return the exit code.

        Raises:
            InvalidInput: no ticker was named, or the dates are the wrong way round.

        """
        if not self.tickers and not self.watched:
            raise InvalidInput("name tickers, or say --watched")
        if self.start > self.end:
            raise InvalidInput(f"--start {self.start} is after --end {self.end}")
        async with self.application.store() as store, self.application.events(self.provider, store.budgets) as source:
            return await self._fetch(store, source)

    async def _fetch(self, store: Store, source: EventsProvider) -> int:
        wanted = WantedEvents(await self._all_tickers(store), self.kinds, self.start, self.end, self.again)
        steps = [step async for step in _shown(fetch_events(store, self.application.clock, source, wanted))]
        stored = sum((step.stored for step in steps), NOTHING)
        out.print(_told(stored, steps))
        failures = [failure for step in steps for failure in step.failures]
        _tell_failures(failures)
        if not failures:
            return 0
        return PARTIAL if any(step.answered or step.skipped for step in steps) else FAILED

    async def _all_tickers(self, store: Store) -> tuple[str, ...]:
        if not self.watched:
            return self.tickers
        async with store.reading() as work:
            watched = await work.event_fetches.wanted_tickers()
        if not watched and not self.tickers:
            note("nothing is watched: `watch add TICKER --user EMAIL` does")
        return tuple(dict.fromkeys([*self.tickers, *watched]))


def told_events(stored: ImportedEvents) -> str:
    """Return in words how many events there were."""
    moved = f", {stored.moved:,} moved" if stored.moved else ""
    actions = f", {counted(stored.actions, 'corporate action')}" if stored.actions else ""
    return f"{counted(stored.announcements, 'announcement')}{moved}{actions}"


def told_decisions(done: AdjustedDecisions) -> str:
    """Return in words what splits changed about decisions; nothing where they changed nothing."""
    told = {"adjusted": done.adjusted, "taken back": done.taken_back, "to look at": done.need_look}
    return "".join(f", {counted(count, 'decision')} {what}" for what, count in told.items() if count)


def _told(stored: ImportedEvents, steps: Sequence[FetchStep]) -> str:
    skipped, unreadable = sum(step.skipped for step in steps), sum(step.unreadable for step in steps)
    answers = sum(step.answered for step in steps)
    more = f", {counted(skipped, 'answer')} of today kept" if skipped else ""
    more += f", {unreadable:,} unreadable left out" if unreadable else ""
    return f"{told_events(stored)} from {counted(answers, 'answer')}{more}{told_decisions(stored.decisions)}"


def _tell_failures(failures: Sequence[FetchFailure]) -> None:
    for one in failures[:MOST_FAILURES]:
        whose = f"{one.ticker}: " if one.ticker and one.ticker not in str(one.error) else ""
        left = "" if one.ticker else f"; no {one.kind} were fetched after that"
        warn(f"{whose}{one.error}{left}")
    if len(failures) > MOST_FAILURES:
        warn(f"… and {counted(len(failures) - MOST_FAILURES, 'failure')} more; a next fetch asks for them again")


async def _shown(steps: AsyncIterator[FetchStep]) -> AsyncIterator[FetchStep]:
    with share_bar("fetching events") as tell:
        async for step in steps:
            tell(step.done)
            yield step
