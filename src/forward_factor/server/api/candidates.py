"""``candidates``: why, and why not: every pair of every scan of a ticker, with the gates it failed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from forward_factor.core.reasons import Reason
from forward_factor.core.rules import VolPoint
from forward_factor.server.deps import CallerOf, OpenStore
from forward_factor.server.inputs import Cursor, Factor, Limit, PairName, Since, Ticker, Until
from forward_factor.server.pages import Page, read_cursor, write_cursor
from forward_factor.services.list_candidates import list_candidates
from forward_factor.services.ports.records import CandidateFilter
from forward_factor.services.views import CandidateView

router = APIRouter(prefix="/candidates", tags=["candidates"])


@router.get("")
async def read_candidates(
    store: OpenStore,
    _caller: CallerOf,
    ticker: Annotated[Ticker, Query(max_length=40, description="Which ticker, e.g. `AAPL`")],
    since: Since = None,
    until: Until = None,
    min_ff: Annotated[Factor | None, Query(description="Smallest forward factor, decimal")] = None,
    pair: Annotated[PairName | None, Query()] = None,
    vol_point: VolPoint | None = None,
    is_signal: Annotated[bool | None, Query(description="Only signals, or only what was refused")] = None,
    reason: Annotated[Reason | None, Query(description="Only what this gate refused")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[CandidateView]:
    """List the candidates of a ticker, the newest scan first."""
    wanted = CandidateFilter(
        ticker=ticker,
        since=since,
        until=until,
        min_ff=min_ff,
        pair=pair,
        vol_point=vol_point,
        is_signal=is_signal,
        reason=reason,
    )
    page = await list_candidates(store.records, wanted, read_cursor(cursor), limit)
    return Page(items=page.candidates, next_cursor=write_cursor(page.next))
