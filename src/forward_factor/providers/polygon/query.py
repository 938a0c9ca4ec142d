"""What to ask Polygon (now Massive) for: the snapshot of a chain, its further pages, the previous close."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from urllib.parse import parse_qsl, urlsplit

from forward_factor.errors import UnreadableChain
from forward_factor.providers.http import HttpRequest

HORIZON_DAYS = 120
PAGE_SIZE = 250

_KEY_PARAMETERS = frozenset({"apikey", "api_key"})


def chain_request(ticker: str, on: date) -> HttpRequest:
    """Ask for the first page of contracts that expire from ``on`` (New York) to ``HORIZON_DAYS`` later."""
    return HttpRequest(
        path=f"/v3/snapshot/options/{vendor_ticker(ticker)}",
        subject=ticker,
        params=(
            ("limit", str(PAGE_SIZE)),
            ("expiration_date.gte", on.isoformat()),
            ("expiration_date.lte", (on + timedelta(days=HORIZON_DAYS)).isoformat()),
        ),
    )


def next_page(request: HttpRequest, next_url: str) -> HttpRequest:
    """Ask for the page that ``next_url`` names.

    Only its query is taken, without any key: the vendor still writes addresses of its old host, and our key
    must not follow an address that came in an answer.

    Raises:
        UnreadableChain: there is no cursor in it.

    """
    try:
        query = parse_qsl(urlsplit(next_url).query)
    except ValueError:
        query = []
    params = tuple((name, value) for name, value in query if name.lower() not in _KEY_PARAMETERS)
    following = HttpRequest(request.path, request.subject, params)
    if not cursor(following):
        raise UnreadableChain(f"polygon, {request.subject}: the address of the next page has no cursor")
    return following


def cursor(request: HttpRequest) -> str:
    """Return the page cursor of a request; the first page has none."""
    return dict(request.params).get("cursor", "")


def previous_close_request(ticker: str) -> HttpRequest:
    """Ask for the bar of the underlying's previous session."""
    return HttpRequest(f"/v2/aggs/ticker/{vendor_ticker(ticker)}/prev", subject=f"{ticker} (previous close)")


def vendor_ticker(ticker: str) -> str:
    """Return a ticker as this vendor writes it: ``BRK-B`` as ``BRK.B``, the index ``^SPX`` as ``I:SPX``."""
    if ticker.startswith("^"):
        return f"I:{ticker[1:]}"
    return ticker.replace("-", ".")


def our_tickers(tickers: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the vendor's symbols of shares, each with ours: both ``BRK.B`` and ``BRK-B`` may be watched."""
    ours: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for ticker in dict.fromkeys(tickers):
        if not ticker.startswith("^"):
            ours[vendor_ticker(ticker)] += (ticker,)
    return dict(ours)
