"""``decisions``: what the caller did with signals, and what came of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from forward_factor.server.deps import CallerOf, OpenStore
from forward_factor.server.inputs import Cursor, IdInPath, Limit
from forward_factor.server.pages import Page, read_cursor, write_cursor
from forward_factor.services import read_decision as reading
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.list_decisions import list_decisions

router = APIRouter(prefix="/decisions", tags=["decisions"])


@router.get("")
async def read_decisions(
    store: OpenStore,
    caller: CallerOf,
    open: Annotated[bool, Query(description="Only positions that are still held")] = False,  # noqa: A002
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[DecisionView]:
    """List the caller's decisions, the newest first."""
    page = await list_decisions(store, caller.user.id, read_cursor(cursor), limit, only_open=open)
    return Page(items=page.decisions, next_cursor=write_cursor(page.next))


@router.get("/{decision_id}")
async def read_decision_by_id(store: OpenStore, caller: CallerOf, decision_id: IdInPath) -> DecisionView:
    """Return one of the caller's decisions."""
    return await reading.read_decision(store, caller.user.id, decision_id)
