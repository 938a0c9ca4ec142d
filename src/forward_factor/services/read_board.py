"""A person's board of signals, a page at a time or all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from forward_factor.services.board_views import BoardPage, BoardRow
from forward_factor.services.decision_views import PagePlace
from forward_factor.services.list_decisions import check_page_size
from forward_factor.services.ports.board import BoardQuery, SignalBoard
from forward_factor.services.ports.records import SignalFilter

ROWS_A_READ = 500


async def read_board(board: SignalBoard, user_id: str, query: BoardQuery) -> BoardPage:
    """Return a page of a person's board; the first one where there is nothing so far down any more.

    Raises:
        InvalidInput: a page of that many is none.

    """
    check_page_size(query.limit)
    page = await board.page(user_id, query)
    if page.rows or query.offset == 0:
        return page
    return await board.page(user_id, replace(query, offset=0))


async def read_whole_board(
    board: SignalBoard, user_id: str, wanted: SignalFilter, most: int
) -> AsyncIterator[Sequence[BoardRow]]:
    """Yield a person's board, the newest first, in parts, ``most`` rows in all.

    No read is held open meanwhile; what comes in while it lasts is left out, and nothing comes twice.
    """
    after: PagePlace | None = None
    while most > 0:
        rows = await board.after(user_id, wanted, after, min(most, ROWS_A_READ))
        if not rows:
            return
        yield rows
        most -= len(rows)
        after = PagePlace(rows[-1].signal.as_of, rows[-1].signal.id)
