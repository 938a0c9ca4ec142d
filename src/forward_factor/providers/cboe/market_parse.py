"""From the bytes of a Cboe quote to a price."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import numpy as np

from forward_factor.core.chain import NEW_YORK
from forward_factor.core.price_moves import Price
from forward_factor.errors import UnreadableChain

_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Quote(msgspec.Struct, frozen=True):
    current_price: float | None = None
    last_trade_time: str | None = None


class _Answer(msgspec.Struct, frozen=True):
    data: _Quote


_answer = msgspec.json.Decoder(_Answer)


def parse_price(body: bytes, asked_at: datetime) -> Price | None:
    """Return the price of a quote, None where it has none; without the time of its trade it is dated ``asked_at``.

    Raises:
        UnreadableChain: the body is no quote.

    """
    try:
        quote = _answer.decode(body).data
    except _NOT_JSON as error:
        raise UnreadableChain("the answer is no quote") from error
    if quote.current_price is None or not 0 < quote.current_price < np.inf:
        return None
    return Price(quote.current_price, _instant(quote.last_trade_time) or asked_at)


def _instant(text: str | None) -> datetime | None:
    """Read the time of a trade, which names no zone and is New York's (see ``parse.py`` for how that was seen)."""
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=NEW_YORK)).astimezone(UTC)
