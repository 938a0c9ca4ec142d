"""What to ask Polygon (now Massive) about earnings, dividends and splits, of one ticker or of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from forward_factor.providers.http import HttpRequest
from forward_factor.services.ports.events import EventKind

PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True)
class _Endpoint:
    path: str
    date: str


_ENDPOINTS = {
    EventKind.EARNINGS: _Endpoint("/benzinga/v1/earnings", "date"),
    EventKind.DIVIDENDS: _Endpoint("/v3/reference/dividends", "ex_dividend_date"),
    EventKind.SPLITS: _Endpoint("/v3/reference/splits", "execution_date"),
}


def events_request(kind: EventKind, ticker: str | None, symbol: str | None, start: date, end: date) -> HttpRequest:
    """Ask for the first page of one kind of events on ``start`` to ``end``, both included.

    Args:
        kind: of what.
        ticker: as a person calls it; None for the whole market.
        symbol: as the vendor calls it.
        start: first ex-date, or date of an announcement.
        end: the last.

    """
    one = _ENDPOINTS[kind]
    of_ticker = (("ticker", symbol),) if symbol is not None else ()
    return HttpRequest(
        path=one.path,
        subject=f"{ticker or 'all tickers'} ({kind})",
        params=(
            *of_ticker,
            (f"{one.date}.gte", start.isoformat()),
            (f"{one.date}.lte", end.isoformat()),
            ("limit", str(PAGE_SIZE)),
        ),
    )
