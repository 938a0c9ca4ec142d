"""A user's decisions, page by page."""

from __future__ import annotations

from forward_factor.errors import InvalidInput
from forward_factor.services.decision_views import DecisionPage, PagePlace
from forward_factor.services.ports import Transactions

LARGEST_PAGE = 500


async def list_decisions(
    store: Transactions, user_id: str, after: PagePlace | None = None, limit: int = 50, *, only_open: bool = False
) -> DecisionPage:
    """Return the user's decisions after a place, the newest first, those without an instant last.

    Raises:
        InvalidInput: a page of that many is none.

    """
    check_page_size(limit)
    async with store.reading() as work:
        found = await work.decisions.page(user_id, after, limit + 1, only_open=only_open)
    shown = found[:limit]
    last = PagePlace(shown[-1].decided_at, shown[-1].id) if len(found) > limit else None
    return DecisionPage(shown, last)


def check_page_size(limit: int) -> None:
    """Refuse a page of nothing, or of everything.

    Raises:
        InvalidInput: it is below 1 or above ``LARGEST_PAGE``.

    """
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidInput(f"a page holds 1 to {LARGEST_PAGE} entries, not {limit}")
