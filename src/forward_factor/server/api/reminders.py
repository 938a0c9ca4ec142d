"""``reminders``: what the caller will be, and was, reminded of."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from forward_factor.server.deps import CallerOf, OpenStore
from forward_factor.server.inputs import Cursor, Limit
from forward_factor.server.pages import Page, read_cursor, write_cursor
from forward_factor.services.decision_views import ReminderView
from forward_factor.services.list_reminders import list_reminders

router = APIRouter(prefix="/reminders", tags=["decisions"])


@router.get("")
async def read_reminders(
    store: OpenStore,
    caller: CallerOf,
    open: Annotated[bool, Query(description="Only those still to come")] = False,  # noqa: A002
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ReminderView]:
    """List the caller's reminders, those due last first."""
    page = await list_reminders(store, caller.user.id, read_cursor(cursor), limit, only_open=open)
    return Page(items=page.reminders, next_cursor=write_cursor(page.next))
