"""A user's reminders, page by page."""

from __future__ import annotations

from forward_factor.services.decision_views import PagePlace, ReminderPage
from forward_factor.services.list_decisions import check_page_size
from forward_factor.services.ports import Transactions


async def list_reminders(
    store: Transactions, user_id: str, after: PagePlace | None = None, limit: int = 50, *, only_open: bool = False
) -> ReminderPage:
    """Return the user's reminders after a place, those due last first; with ``only_open`` those still to come.

    Raises:
        InvalidInput: a page of that many is none.

    """
    check_page_size(limit)
    async with store.reading() as work:
        found = await work.reminders.page(user_id, after, limit + 1, only_open=only_open)
    shown = found[:limit]
    last = PagePlace(shown[-1].due_at, shown[-1].id) if len(found) > limit else None
    return ReminderPage(shown, last)
