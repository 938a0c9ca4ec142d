"""Signals as a CSV file that spreadsheets open without running anything in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import fields

from forward_factor.server.web.signals.rows import own_words
from forward_factor.server.web.spreadsheet import csv_lines
from forward_factor.server.web.visit import Visit
from forward_factor.services.board_views import BoardRow
from forward_factor.services.ports.records import SignalFilter
from forward_factor.services.read_board import read_whole_board
from forward_factor.services.views import SignalView

MOST_ROWS = 10_000
_OF_SIGNAL = tuple(field.name for field in fields(SignalView))
_MORE = ("bid_ask_pct", "open_interest", "volume", "earnings_on", "flags", "decision", "pnl")


async def csv_of(visit: Visit, wanted: SignalFilter) -> AsyncIterator[str]:
    """Yield a heading and the signals, the newest first; numbers are decimals, instants UTC, what is missing empty."""
    yield csv_lines([(*_OF_SIGNAL, *_MORE)])
    async for rows in read_whole_board(visit.store.board, visit.user.id, wanted, MOST_ROWS):
        yield csv_lines(map(fields_of, rows))


def fields_of(one: BoardRow) -> list[object]:
    """Return the fields of a row, as the heading names them."""
    of_signal = [_written(getattr(one.signal, name)) for name in _OF_SIGNAL]
    more = [one.bid_ask_pct, one.open_interest, one.volume, one.earnings_on, " ".join(one.flags)]
    return [*of_signal, *more, own_words(one.own).split(" ")[0], one.own.pnl if one.own else None]


def _written(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value
