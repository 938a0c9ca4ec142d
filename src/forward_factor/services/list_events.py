"""What is known of a ticker's events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forward_factor.core.corporate_actions import CorporateAction
from forward_factor.core.earnings import EarningsEvent
from forward_factor.services.ports import Transactions


@dataclass(frozen=True, slots=True)
class TickerEvents:
    """Announcements, dividends and splits of a ticker, each by date."""

    earnings: Sequence[EarningsEvent]
    actions: Sequence[CorporateAction]


async def list_events(store: Transactions, ticker: str) -> TickerEvents:
    """Return all that is stored of a ticker's events, past ones too."""
    async with store.reading() as work:
        earnings = await work.earnings.of_tickers([ticker])
        actions = await work.corporate_actions.of_tickers([ticker])
    return TickerEvents(earnings.get(ticker, ()), actions.get(ticker, ()))
