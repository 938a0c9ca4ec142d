"""From the bytes of Polygon's market answers to columns and prices.

Like a page of contracts, a list is decoded in one go, and entry by entry only where that fails, so that a broken entry
costs itself and not the market.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np

from forward_factor.core.price_moves import Price
from forward_factor.core.universe import DailyBars
from forward_factor.errors import UnreadableChain
from forward_factor.providers.normalise import number_columns

_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_MS = 4_102_444_800_000.0
"""The year 2100; instants beyond it are damage."""

Entry = TypeVar("Entry")


class _Bar(msgspec.Struct, frozen=True, gc=False, rename={"ticker": "T", "vwap": "vw", "close": "c", "volume": "v"}):
    ticker: str
    vwap: float | None = None
    close: float | None = None
    volume: float | None = None


class _Made(msgspec.Struct, frozen=True, gc=False):
    """A trade (``p``, ``t`` in nanoseconds) or a bar (``c``, of a minute with ``t`` in milliseconds)."""

    p: float | None = None
    c: float | None = None
    t: float | None = None


class _Snapshot(msgspec.Struct, frozen=True, gc=False, rename={"last_trade": "lastTrade", "minute": "min"}):
    ticker: str
    last_trade: _Made | None = None
    minute: _Made | None = None
    day: _Made | None = None
    updated: float | None = None


class _Bars(msgspec.Struct, frozen=True, rename={"entries": "results"}):
    entries: list[_Bar] | None = None


class _Snapshots(msgspec.Struct, frozen=True, rename={"entries": "tickers"}):
    entries: list[_Snapshot] | None = None


class _RawResults(msgspec.Struct, frozen=True, rename={"entries": "results"}):
    entries: list[msgspec.Raw] | None = None


class _RawTickers(msgspec.Struct, frozen=True, rename={"entries": "tickers"}):
    entries: list[msgspec.Raw] | None = None


class _Reader(Generic[Entry]):
    """Decodes an answer that is one list."""

    def __init__(self, whole: type[Any], raw: type[Any], entry: type[Entry]) -> None:
        self._whole = msgspec.json.Decoder(whole)
        self._raw = msgspec.json.Decoder(raw)
        self._entry = msgspec.json.Decoder(entry)

    def read(self, body: bytes, called: str) -> tuple[Sequence[Entry], int]:
        """Return the entries, and how many could not be read; UnreadableChain where it is no such list."""
        try:
            return self._whole.decode(body).entries or (), 0
        except msgspec.ValidationError:
            return self._read_each(body, called)
        except _NOT_JSON as error:
            raise UnreadableChain(f"the answer is no list of {called}") from error

    def _read_each(self, body: bytes, called: str) -> tuple[Sequence[Entry], int]:
        try:
            raw = self._raw.decode(body).entries or ()
        except _NOT_JSON as error:
            raise UnreadableChain(f"the answer is no list of {called}") from error
        entries = [entry for one in raw if (entry := self._one(one)) is not None]
        return entries, len(raw) - len(entries)

    def _one(self, raw: msgspec.Raw) -> Entry | None:
        try:
            return self._entry.decode(raw)
        except _NOT_JSON:
            return None


_bars = _Reader(_Bars, _RawResults, _Bar)
_snapshots = _Reader(_Snapshots, _RawTickers, _Snapshot)
_contracts = msgspec.json.Decoder(_RawResults)
_numbers_of = attrgetter("vwap", "close", "volume")


def parse_daily_bars(body: bytes, day: date) -> tuple[DailyBars, int]:
    """Return the bars of ``day``, none where the vendor has none, and how many entries could not be read.

    Raises:
        UnreadableChain: the body is no such answer.

    """
    bars, unreadable = _bars.read(body, "daily bars")
    vwap, close, volume = number_columns(bars, _numbers_of, 3)
    price = np.where(vwap > 0, vwap, close)
    return DailyBars(day, [bar.ticker for bar in bars], price, volume), unreadable


def parse_prices(body: bytes, asked_at: datetime) -> tuple[dict[str, Price], int]:
    """Return the latest price of each of the vendor's tickers, and how many entries could not be read.

    It is the last trade's, which lower plans lack; else the close of the latest minute; else that of the day so far.
    Before the first trades of a day all of them are 0, and there is no price. One without an instant is dated
    ``asked_at``.

    Raises:
        UnreadableChain: the body is no such answer.

    """
    snapshots, unreadable = _snapshots.read(body, "snapshots")
    priced = ((one.ticker, _price(one, asked_at)) for one in snapshots)
    return {ticker: price for ticker, price in priced if price is not None}, unreadable


def parse_has_contracts(body: bytes) -> bool:
    """Return whether there is any contract in the answer.

    Raises:
        UnreadableChain: the body is no such answer.

    """
    try:
        return bool(_contracts.decode(body).entries)
    except _NOT_JSON as error:
        raise UnreadableChain("the answer is no list of contracts") from error


def instant_of(milliseconds: float | None) -> datetime | None:
    """Return the instant so many milliseconds after 1970 began, None for what is no instant."""
    if milliseconds is None or not 0 < milliseconds < _LATEST_MS:
        return None
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _price(one: _Snapshot, asked_at: datetime) -> Price | None:
    trade, minute, day = one.last_trade or _Made(), one.minute or _Made(), one.day or _Made()
    candidates = ((trade.p, _from_ns(trade.t)), (minute.c, minute.t), (day.c, _from_ns(one.updated)))
    for dollars, made_ms in candidates:
        if dollars is not None and 0 < dollars < np.inf:
            return Price(dollars, instant_of(made_ms) or asked_at)
    return None


def _from_ns(nanoseconds: float | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e6
