"""What a provider said of events into the store, in the transaction of the note that it was asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from forward_factor.core.earnings import EarningsEvent
from forward_factor.core.earnings_moves import keep_surer
from forward_factor.services.import_events import ImportedEvents, store_events
from forward_factor.services.ports import UnitOfWork
from forward_factor.services.ports.events import ProvidedEvents


async def take_events(work: UnitOfWork, provided: Sequence[ProvidedEvents], now: datetime) -> ImportedEvents:
    """Store events where they are as sure as what is known (``keep_surer``); the commit is the caller's."""
    said: dict[str, list[EarningsEvent]] = defaultdict(list)
    for one in provided:
        for event in one.earnings:
            said[event.ticker].append(event)
    known = await work.earnings.of_tickers(list(said))
    taken = [event for ticker, events in said.items() for event in keep_surer(known.get(ticker, ()), events)]
    return await store_events(work, taken, [action for one in provided for action in one.actions], now)
