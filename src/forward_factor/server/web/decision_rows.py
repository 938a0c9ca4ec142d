"""Decisions as rows of a table and lines of a file, and the filter over them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from forward_factor.core.decisions import Decision
from forward_factor.core.structure import Structure
from forward_factor.server.web.formats import MISSING, money, number
from forward_factor.server.web.links import signal_path
from forward_factor.server.web.parts import Column, Row
from forward_factor.server.web.spreadsheet import csv_lines
from forward_factor.services.decision_views import DecisionView, PagePlace
from forward_factor.services.list_decisions import LARGEST_PAGE, list_decisions
from forward_factor.services.ports import Transactions
from forward_factor.services.views import SignalView

MOST_SHOWN = 1_000
"""Decisions that the page shows and sums up; the file has all."""
COLUMNS = (
    Column("ticker", "Ticker"),
    Column("what", "Decision"),
    Column("pnl", "P&L", is_number=True, sort_by="pnl_number"),
    Column("at", "Decided", sort_by="at_number"),
    Column("pair", "Pair"),
    Column("structure", "Trade"),
    Column("entry", "Entry", is_number=True, sort_by="entry_number"),
    Column("contracts", "Contracts", is_number=True, sort_by="contracts_number"),
    Column("exit", "Exit", is_number=True, sort_by="exit_number"),
    Column("notes", "Notes"),
    Column("actions", ""),
)
STRUCTURES = {
    Structure.CALL: "Call calendar",
    Structure.PUT: "Put calendar",
    Structure.DOUBLE: "Double calendar",
}
_LONGEST_NOTE = 60
_FILE = (
    "id", "decided_at", "ticker", "signal_id", "pair", "vol_point", "front_expiry", "back_expiry", "ff", "decision",
    "structure", "contracts", "entry_price", "exit_price", "pnl", "closed_at", "notes",
)  # fmt: skip


class Kind(StrEnum):
    """What of the decisions is shown."""

    ALL = "all"
    OPEN = "open"
    CLOSED = "closed"
    IGNORED = "ignored"


KINDS = {Kind.ALL: "All", Kind.OPEN: "Open positions", Kind.CLOSED: "Closed positions", Kind.IGNORED: "Ignored"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter; ``text`` is looked for in ticker and notes."""

    kind: Kind = Kind.ALL
    text: str = ""

    def has(self, one: DecisionView) -> bool:
        """Return whether a decision is wanted."""
        text = self.text.strip().lower()
        is_found = not text or any(text in (part or "").lower() for part in (one.ticker, one.notes))
        return is_found and self.kind in {Kind.ALL, kind_of(one)}


def kind_of(one: DecisionView) -> Kind | None:
    """Return what a decision is: a position that is held or given up, an ignored signal, or an old word unknown."""
    if one.is_open:
        return Kind.OPEN
    return {Decision.PLACED: Kind.CLOSED, Decision.IGNORED: Kind.IGNORED}.get(one.decision) if one.decision else None


async def newest_decisions(store: Transactions, user_id: str) -> list[DecisionView]:
    """Return a user's newest decisions, so many as the page shows."""
    found: list[DecisionView] = []
    async for some in decision_pages(store, user_id):
        found += some
        if len(found) >= MOST_SHOWN:
            break
    return found[:MOST_SHOWN]


async def decision_pages(store: Transactions, user_id: str) -> AsyncIterator[Sequence[DecisionView]]:
    """Yield all of a user's decisions, the newest first, a page at a time."""
    after: PagePlace | None = None
    while True:
        page = await list_decisions(store, user_id, after, LARGEST_PAGE)
        yield page.decisions
        after = page.next
        if after is None:
            return


async def csv_of_decisions(store: Transactions, user_id: str) -> AsyncIterator[str]:
    """Yield all of a user's decisions as CSV: prices in dollars a share, P&L in dollars, instants in UTC."""
    yield csv_lines([_FILE])
    async for some in decision_pages(store, user_id):
        yield csv_lines(_line(one) for one in some)


def row_of(one: DecisionView, zone: ZoneInfo) -> Row:
    """Return a decision as a row."""
    signal, kind = one.signal, kind_of(one)
    return {
        "id": one.id,
        "at": one.decided_at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if one.decided_at else MISSING,
        "at_number": _seconds(one.decided_at),
        "ticker": one.ticker or MISSING,
        "signal": signal_path(one.signal_id) if one.signal_id else "",
        "pair": f"{signal.pair or ''} {signal.vol_point or ''}".strip() if signal else MISSING,
        "what": _word(one, kind),
        "structure": STRUCTURES[one.structure] if one.structure and one.decision is Decision.PLACED else MISSING,
        "entry": number(one.entry_price),
        "entry_number": one.entry_price,
        "contracts": number(one.contracts, 0),
        "contracts_number": one.contracts,
        "exit": number(one.exit_price),
        "exit_number": one.exit_price,
        "pnl": money(one.pnl),
        "pnl_number": one.pnl,
        "tone": "" if one.pnl is None else ("good" if one.pnl >= 0 else "bad"),
        "notes": _cut(one.notes or ""),
    }


def _word(one: DecisionView, kind: Kind | None) -> str:
    words = {Kind.OPEN: "Open", Kind.CLOSED: "Closed", Kind.IGNORED: "Ignored"}
    return words[kind] if kind else _cut(one.word or MISSING)


def _cut(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST_NOTE else plain[: _LONGEST_NOTE - 1] + "…"


def _seconds(at: datetime | None) -> float | None:
    return at.timestamp() if at else None


def _line(one: DecisionView) -> tuple[object, ...]:
    return (one.id, _iso(one.decided_at), one.ticker, one.signal_id, *_of_signal(one.signal), *_of_trade(one))


def _of_signal(one: SignalView | None) -> tuple[object, ...]:
    if one is None:
        return (None,) * 5
    return one.pair, one.vol_point, one.front_expiry, one.back_expiry, one.ff


def _of_trade(one: DecisionView) -> tuple[object, ...]:
    word = one.decision.value if one.decision else one.word
    structure = one.structure.value if one.structure else None
    prices = (one.contracts, one.entry_price, one.exit_price, one.pnl)
    return word, structure, *prices, _iso(one.closed_at), one.notes


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
