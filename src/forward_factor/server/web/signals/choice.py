"""What somebody chose to see of the signals; it stands in the page's address, so a reload and a link show the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import isfinite
from typing import TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from forward_factor.core.accounts import is_storable
from forward_factor.core.rules import VolPoint
from forward_factor.services.ports.board import BoardQuery, SignalSort
from forward_factor.services.ports.records import SignalFilter

ROWS_A_PAGE = 50
MOST_PAGES = 200
_LONGEST = 40


Kind = TypeVar("Kind", bound=StrEnum)


class Scope(StrEnum):
    """Whose tickers."""

    ALL = ""
    WATCHED = "watched"
    TOLD = "told"


class Origin(StrEnum):
    """How a ticker came to be scanned."""

    ALL = ""
    DISCOVERY = "discovery"
    WATCHED = "watched"


class Decided(StrEnum):
    """Whether the person has decided."""

    ALL = ""
    OPEN = "open"
    DECIDED = "decided"


class Span(StrEnum):
    """How long ago, at most; the last scan of a ticker may be as old as a long weekend."""

    ALL = ""
    LAST_SCAN = "last"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_SPANS = {
    Span.LAST_SCAN: timedelta(days=4),
    Span.HOUR: timedelta(hours=1),
    Span.DAY: timedelta(days=1),
    Span.WEEK: timedelta(days=7),
    Span.MONTH: timedelta(days=30),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Filters, order and page; empty texts ask for nothing.

    Attributes:
        ticker: how it begins.
        min_ff: decimal.
        page: from 1 on.

    """

    ticker: str = ""
    pair: str = ""
    point: str = ""
    min_ff: float | None = None
    since: Span = Span.ALL
    scope: Scope = Scope.ALL
    origin: Origin = Origin.ALL
    decided: Decided = Decided.ALL
    sort: SignalSort = SignalSort.FOUND
    descending: bool = True
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        """Return whether anything is left out."""
        return replace(self, sort=SignalSort.FOUND, descending=True, page=1) != Choice()

    def wanted(self, user_id: str, now: datetime) -> SignalFilter:
        """Return which signals that means for a person."""
        span = _SPANS.get(self.since)
        return SignalFilter(
            ticker_start=self.ticker or None,
            pair=self.pair or None,
            vol_point=self.point or None,
            min_ff=self.min_ff,
            is_current=self.since is Span.LAST_SCAN,
            since=now - span if span else None,
            is_discovery=None if self.origin is Origin.ALL else self.origin is Origin.DISCOVERY,
            watched_by=user_id if self.scope is Scope.WATCHED else None,
            alerted_user=user_id if self.scope is Scope.TOLD else None,
            decided_by=user_id if self.decided is Decided.DECIDED else None,
            undecided_by=user_id if self.decided is Decided.OPEN else None,
        )

    def query(self, user_id: str, now: datetime) -> BoardQuery:
        """Return which part of a person's board that means."""
        return BoardQuery(
            wanted=self.wanted(user_id, now),
            sort=self.sort,
            descending=self.descending,
            offset=(self.page - 1) * ROWS_A_PAGE,
            limit=ROWS_A_PAGE,
        )

    def as_path(self, path: str = "/") -> str:
        """Return ``path`` with what is not the usual in its query."""
        usual = Choice()
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        written = {name: _written(value) for name, value in said.items() if value != getattr(usual, name)}
        return path + (f"?{urlencode(written)}" if written else "")


def parse_choice(path: str) -> Choice:
    """Return what the query of a path says; what cannot be meant is passed over."""
    said = {name: value for name, value in parse_qsl(urlsplit(path).query) if len(value) <= _LONGEST}
    return Choice(
        ticker=_text(said, "ticker").strip().upper(),
        pair=_text(said, "pair"),
        point=point if (point := said.get("point", "")) in set(VolPoint) else "",
        min_ff=_number(said.get("min_ff", "")),
        since=_one_of(Span, said.get("since"), Span.ALL),
        scope=_one_of(Scope, said.get("scope"), Scope.ALL),
        origin=_one_of(Origin, said.get("origin"), Origin.ALL),
        decided=_one_of(Decided, said.get("decided"), Decided.ALL),
        sort=_one_of(SignalSort, said.get("sort"), SignalSort.FOUND),
        descending=said.get("descending") != "no",
        page=min(max(int(_number(said.get("page", "")) or 1), 1), MOST_PAGES),
    )


def _one_of(kind: type[Kind], word: str | None, usual: Kind) -> Kind:
    return next((one for one in kind if one.value == word), usual)


def _text(said: Mapping[str, str], name: str) -> str:
    text = said.get(name, "")
    return text if is_storable(text) else ""


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) and abs(number) <= 1e6 else None  # noqa: PLR2004


def _written(value: object) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
