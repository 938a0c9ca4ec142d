"""Why / why not: every candidate of a ticker's scan, gate by gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from forward_factor.errors import NotFound
from forward_factor.services.ports import Findings
from forward_factor.services.views import CandidateView, ExpiryView


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one scan of one ticker found."""

    ticker: str
    as_of: datetime
    provider: str
    candidates: Sequence[CandidateView]
    term_structure: Sequence[ExpiryView]


async def explain_ticker(findings: Findings, ticker: str, at: datetime | None = None) -> Explanation:
    """Return the ticker's last scan, of those at or before ``at``.

    Raises:
        NotFound: the ticker was not scanned by then.

    """
    last = await findings.last_scan(ticker, at)
    if last is None:
        before = f" at or before {at.isoformat()}" if at else ""
        raise NotFound(f"{ticker} has no stored scan{before}: `forward-factor scan {ticker} --provider …` makes one")
    as_of, provider = last
    candidates = await findings.candidates(ticker, as_of, provider)
    structure = await findings.term_structure(ticker, as_of, provider)
    return Explanation(ticker, as_of, provider, candidates, structure)
