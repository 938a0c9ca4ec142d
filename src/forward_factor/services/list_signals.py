"""Signals, page by page."""

from __future__ import annotations

from forward_factor.services.decision_views import PagePlace
from forward_factor.services.list_decisions import check_page_size
from forward_factor.services.ports.records import Records, SignalFilter
from forward_factor.services.record_views import SignalPage


async def list_signals(
    records: Records, wanted: SignalFilter, after: PagePlace | None = None, limit: int = 50
) -> SignalPage:
    """Return signals after a place, the newest first.

    Raises:
        InvalidInput: a page of that many is none.

    """
    check_page_size(limit)
    found = await records.signals(wanted, after, limit + 1)
    shown = found[:limit]
    return SignalPage(shown, PagePlace(shown[-1].as_of, shown[-1].id) if len(found) > limit else None)
