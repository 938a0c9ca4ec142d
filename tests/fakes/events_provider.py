"""A provider of events that gives what it is told to give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.earnings import EarningsEvent
from forward_factor.errors import ForwardFactorError
from forward_factor.services.ports.events import EventKind, ProvidedEvents


@dataclass
class GivenEvents:
    """Answers from what it was given; an error for a ticker, or a kind, is raised in place of an answer."""

    given: Sequence[EarningsEvent | CorporateAction] = ()
    failures: dict[str, ForwardFactorError] = field(default_factory=dict)
    abilities: frozenset[EventKind] = frozenset(EventKind)
    asked: list[tuple[EventKind, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return "given"

    async def of_ticker(self, kind: EventKind, ticker: str, start: date, end: date) -> ProvidedEvents:
        self.asked.append((kind, ticker))
        return self._answer(kind, [ticker], start, end)

    async def of_market(self, kind: EventKind, tickers: Sequence[str], start: date, end: date) -> ProvidedEvents:
        self.asked.append((kind, " ".join(tickers)))
        return self._answer(kind, tickers, start, end)

    def _answer(self, kind: EventKind, tickers: Sequence[str], start: date, end: date) -> ProvidedEvents:
        for name in (kind.value, *tickers):
            if name in self.failures:
                raise self.failures[name]
        wanted = [one for one in self.given if one.ticker in tickers and kind_of(one) is kind]
        earnings = tuple(one for one in wanted if isinstance(one, EarningsEvent) and start <= one.date <= end)
        actions = (one for one in wanted if isinstance(one, CorporateAction))
        return ProvidedEvents(earnings, tuple(one for one in actions if start <= one.effective_on <= end))


def kind_of(event: EarningsEvent | CorporateAction) -> EventKind:
    """Return what a provider calls an event."""
    if isinstance(event, EarningsEvent):
        return EventKind.EARNINGS
    return EventKind.SPLITS if event.kind is ActionKind.SPLIT else EventKind.DIVIDENDS
