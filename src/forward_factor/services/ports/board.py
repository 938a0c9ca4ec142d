"""A person's board of signals, and what tells that it has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from forward_factor.services.board_views import BoardPage, BoardRow
from forward_factor.services.decision_views import PagePlace
from forward_factor.services.ports.records import SignalFilter


class SignalSort(StrEnum):
    """What a board is ordered by."""

    FOUND = "found"
    TICKER = "ticker"
    FF = "ff"
    QUALITY = "quality"


EVERYTHING = SignalFilter()


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardQuery:
    """Which part of a board; of equals the newest comes first, what is missing last."""

    wanted: SignalFilter = EVERYTHING
    sort: SignalSort = SignalSort.FOUND
    descending: bool = True
    offset: int = 0
    limit: int = 50


class SignalBoard(Protocol):
    """Answers what is on a person's board; every call is one short read."""

    async def page(self, user_id: str, query: BoardQuery) -> BoardPage:
        """Return a part of the board."""

    async def after(
        self, user_id: str, wanted: SignalFilter, after: PagePlace | None, limit: int
    ) -> Sequence[BoardRow]:
        """Return rows after a place, the newest first."""

    async def mark(self, since: datetime) -> str:
        """Return what is another text as soon as a signal was added.

        One is noticed if it is newer than all others, or of an instant after ``since``: scans end out of order.
        """

    async def decision_marks(self, user_ids: Sequence[str]) -> Mapping[str, str]:
        """Return for each of the users a text that is another one as soon as they decided something."""
