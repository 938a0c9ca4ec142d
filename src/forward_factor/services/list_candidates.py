"""Candidates of a ticker, signals or not, page by page."""

from __future__ import annotations

from forward_factor.services.decision_views import PagePlace
from forward_factor.services.list_decisions import check_page_size
from forward_factor.services.ports.records import CandidateFilter, Records
from forward_factor.services.record_views import CandidatePage
from forward_factor.services.views import CandidateView

_SEPARATOR = "\n"


async def list_candidates(
    records: Records, wanted: CandidateFilter, after: PagePlace | None = None, limit: int = 50
) -> CandidatePage:
    """Return candidates after a place, the newest first.

    Raises:
        InvalidInput: a page of that many is none.

    """
    check_page_size(limit)
    found = await records.candidates(wanted, after, limit + 1)
    shown = found[:limit]
    return CandidatePage(shown, PagePlace(shown[-1].as_of, row_id(shown[-1])) if len(found) > limit else None)


def row_id(candidate: CandidateView) -> str:
    """Return what tells a candidate from the others of its ticker and instant."""
    return _SEPARATOR.join((candidate.provider, candidate.pair, candidate.vol_point))


def parse_row_id(text: str) -> tuple[str, str, str] | None:
    """Return provider, pair and vol point, None where it is no such id."""
    parts = text.split(_SEPARATOR)
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else None  # noqa: PLR2004
