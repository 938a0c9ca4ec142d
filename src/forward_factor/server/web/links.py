"""Where things are on the page, with whatever stands in their names made harmless."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote, urlencode


def why_path(ticker: str, at: datetime | None = None) -> str:
    """Return the page that says why a ticker's scan gave signals or none."""
    return f"/why/{quote(ticker, safe='')}" + (f"?{urlencode({'at': at.isoformat()})}" if at else "")


def research_path(ticker: str) -> str:
    """Return the page of a ticker's term structure and smile."""
    return f"/research/{quote(ticker, safe='')}"


def signal_path(signal_id: str) -> str:
    """Return the page of a signal."""
    return f"/signals/{quote(signal_id, safe='')}"
