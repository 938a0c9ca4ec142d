"""From a frame of Polygon's stream to status words and prices.

A frame is a list of events: ``{"ev": "status", "status": "auth_success", …}`` or an aggregate of one second,
``{"ev": "A", "sym": "AAPL", "c": close in dollars, "e": its end in milliseconds, …}``. Any other kind is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from forward_factor.core.price_moves import Price
from forward_factor.providers.polygon.market_parse import instant_of

SYMBOLS_A_MESSAGE = 200

_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_WORD = re.compile(r"[a-z_]{1,30}")


class _Event(msgspec.Struct, frozen=True, gc=False):
    ev: str
    status: str | None = None
    sym: str | None = None
    c: object = None
    e: float | None = None


_events = msgspec.json.Decoder(list[_Event])
_raw_events = msgspec.json.Decoder(list[msgspec.Raw])
_event = msgspec.json.Decoder(_Event)


@dataclass(frozen=True, slots=True)
class Frame:
    """What a frame said.

    Attributes:
        statuses: the status words, in order; what is no word is ``unknown``, for the vendor's text could echo the key.
        prices: by the vendor's symbol, one after the other as they were made.
        malformed: events, or the whole frame, that could not be read.

    """

    statuses: tuple[str, ...]
    prices: tuple[tuple[str, Price], ...]
    malformed: int


def parse_frame(frame: str | bytes) -> Frame:
    """Return what a frame said; whatever cannot be read is counted."""
    events, malformed = _decode(frame)
    statuses = tuple(_word(event.status) for event in events if event.ev == "status")
    aggregates = [event for event in events if event.ev == "A"]
    prices = tuple(priced for event in aggregates if (priced := _priced(event)) is not None)
    return Frame(statuses, prices, malformed + len(aggregates) - len(prices))


def log_in_message(key: str) -> str:
    """Return the message that logs in."""
    return _said("auth", key)


def subscription_messages(action: str, symbols: Iterable[str]) -> Iterator[str]:
    """Yield the messages that ``subscribe`` or ``unsubscribe`` aggregates by the second, some hundred at once."""
    in_order = sorted(symbols)
    for start in range(0, len(in_order), SYMBOLS_A_MESSAGE):
        some = in_order[start : start + SYMBOLS_A_MESSAGE]
        yield _said(action, ",".join(f"A.{symbol}" for symbol in some))


def _said(action: str, params: str) -> str:
    return msgspec.json.encode({"action": action, "params": params}).decode()


def _decode(frame: str | bytes) -> tuple[Sequence[_Event], int]:
    try:
        return _events.decode(frame), 0
    except _NOT_JSON:
        return _decode_each(frame)


def _decode_each(frame: str | bytes) -> tuple[Sequence[_Event], int]:
    try:
        raw = _raw_events.decode(frame)
    except _NOT_JSON:
        return (), 1
    events = [event for one in raw if (event := _one(one)) is not None]
    return events, len(raw) - len(events)


def _one(raw: msgspec.Raw) -> _Event | None:
    try:
        return _event.decode(raw)
    except _NOT_JSON:
        return None


def _word(status: str | None) -> str:
    return status if status is not None and _WORD.fullmatch(status) else "unknown"


def _priced(event: _Event) -> tuple[str, Price] | None:
    at, dollars = instant_of(event.e), event.c
    if at is None or event.sym is None or not isinstance(dollars, int | float) or not 0 < dollars < np.inf:
        return None
    return event.sym, Price(float(dollars), at)
