"""What to ask Cboe for: one file a symbol holds its whole chain."""

from __future__ import annotations

from forward_factor.providers.http import HttpRequest


def chain_request(ticker: str) -> HttpRequest:
    """Ask for the delayed quotes of all options on ``ticker``."""
    return HttpRequest(f"/api/global/delayed_quotes/options/{vendor_symbol(ticker)}.json", subject=ticker)


def vendor_symbol(ticker: str) -> str:
    """Return a ticker as this vendor writes it: ``BRK-B`` as ``BRK.B``, the index ``^SPX`` as ``_SPX``."""
    if ticker.startswith("^"):
        return f"_{ticker[1:]}"
    return ticker.replace("-", ".")
