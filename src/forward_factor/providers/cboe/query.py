"""What to ask Cboe for: one file a symbol holds its whole chain, a small one its price."""

from __future__ import annotations

from forward_factor.providers.http import HttpRequest


def chain_request(ticker: str) -> HttpRequest:
    """Ask for the delayed quotes of all options on ``ticker``."""
    return HttpRequest(f"/api/global/delayed_quotes/options/{vendor_symbol(ticker)}.json", subject=ticker)


def quote_request(ticker: str) -> HttpRequest:
    """Ask for the delayed quote of ``ticker`` itself."""
    return HttpRequest(f"/api/global/delayed_quotes/quotes/{vendor_symbol(ticker)}.json", subject=f"{ticker} (price)")


def vendor_symbol(ticker: str) -> str:
    """Return a ticker as this vendor writes it: ``BRK-B`` as ``BRK.B``, the index ``^SPX`` as ``_SPX``."""
    if ticker.startswith("^"):
        return f"_{ticker[1:]}"
    return ticker.replace("-", ".")
