"""From the bytes of a Cboe answer to columns.

An answer whose every option has the expected types is decoded in one go; only where that fails, each is
read by itself. Expiry, right and strike exist only inside the option's OCC symbol, whose last 15 characters
have fixed places (``yymmdd``, ``C`` or ``P``, strike in thousandths of a dollar), so all symbols are read at
once as one array of characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter

import msgspec
import numpy as np

from forward_factor.core.arrays import BoolArray, DateArray, FloatArray, IntArray
from forward_factor.core.chain import Contracts, Rejection
from forward_factor.errors import UnreadableChain
from forward_factor.providers.normalise import number_columns, sift, without_placeholders

_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_TAIL = 16
_POWERS = 10 ** np.arange(7, -1, -1)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A whole chain as Cboe sent it.

    Attributes:
        as_of: instant the quotes were published at, None where the answer names none.
        spot: current price in dollars, else the close.

    """

    contracts: Contracts
    rejected: tuple[Rejection, ...]
    as_of: datetime | None
    spot: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Symbols:
    """What OCC symbols say, one entry a symbol; without meaning where not ``readable``.

    Attributes:
        adjusted: the root ends in a digit, so a split or merger changed what is delivered.

    """

    expiry: DateArray
    strike: FloatArray
    is_call: BoolArray
    readable: BoolArray
    adjusted: BoolArray


class _Option(msgspec.Struct, frozen=True, gc=False):
    option: str
    bid: float | None = None
    ask: float | None = None
    last_trade_price: float | None = None
    volume: float | None = None
    open_interest: float | None = None
    iv: float | None = None
    delta: float | None = None


class _Data(msgspec.Struct, frozen=True):
    options: list[_Option] | None
    current_price: float | None = None
    close: float | None = None


class _Envelope(msgspec.Struct, frozen=True):
    data: _Data
    timestamp: str | None = None


class _RawData(msgspec.Struct, frozen=True):
    options: list[msgspec.Raw]
    current_price: object = None
    close: object = None


class _RawEnvelope(msgspec.Struct, frozen=True):
    data: _RawData
    timestamp: object = None


_NUMBERS = ("bid", "ask", "last_trade_price", "volume", "open_interest", "iv", "delta")
_numbers_of = attrgetter(*_NUMBERS)

_envelope = msgspec.json.Decoder(_Envelope)
_raw_envelope = msgspec.json.Decoder(_RawEnvelope)
_option = msgspec.json.Decoder(_Option)


def parse_answer(body: bytes) -> Answer:
    """Return the contracts of an answer in columns, and what could not be read, by reason.

    Raises:
        UnreadableChain: the body is no JSON, cut off, or no such answer.

    """
    try:
        envelope, unreadable = _decode(body)
    except _NOT_JSON as error:
        raise UnreadableChain("the answer is no chain") from error
    contracts, rejected = _columns(envelope.data.options or [])
    lost = (Rejection("unreadable_contract", unreadable),) if unreadable else ()
    return Answer(contracts, lost + rejected, _instant(envelope.timestamp), _spot(envelope.data))


def parse_symbols(symbols: Sequence[str]) -> Symbols:
    """Return what OCC symbols such as ``SPXW261218C05000000`` say; their root may be any."""
    codes = _codes(symbols)
    digits = codes - ord("0")
    root_end, on, right, strike = digits[:, 0], digits[:, 1:7], codes[:, 7], digits[:, 8:]
    expiry, is_date = _dates(on)
    is_call = right == ord("C")
    return Symbols(
        expiry=expiry,
        strike=strike @ _POWERS / 1000.0,
        is_call=is_call,
        readable=_all_digits(on) & _all_digits(strike) & is_date & (is_call | (right == ord("P"))),
        adjusted=_is_digit(root_end),
    )


def _decode(body: bytes) -> tuple[_Envelope, int]:
    try:
        return _envelope.decode(body), 0
    except msgspec.ValidationError:
        return _decode_each(body)


def _decode_each(body: bytes) -> tuple[_Envelope, int]:
    raw = _raw_envelope.decode(body)
    options = [option for one in raw.data.options if (option := _one(one)) is not None]
    data = _Data(options, _number(raw.data.current_price), _number(raw.data.close))
    timestamp = raw.timestamp if isinstance(raw.timestamp, str) else None
    return _Envelope(data, timestamp), len(raw.data.options) - len(options)


def _one(raw: msgspec.Raw) -> _Option | None:
    try:
        return _option.decode(raw)
    except _NOT_JSON:
        return None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _instant(text: str | None) -> datetime | None:
    """Read a timestamp that names no zone as UTC.

    Seen in recorded answers: only as UTC is it the usual 15 minutes after the newest trades, which are in New
    York time (2026-06-15: 17:40:30 against 13:24:04; 2026-08-07: 18:58:23 against 14:43:22).
    """
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _spot(data: _Data) -> float | None:
    prices = (data.current_price, data.close)
    return next((price for price in prices if price is not None and price > 0), None)


def _columns(options: Sequence[_Option]) -> tuple[Contracts, tuple[Rejection, ...]]:
    symbols = parse_symbols([option.option for option in options])
    bid, ask, last, volume, open_interest, iv, delta = number_columns(options, _numbers_of, len(_NUMBERS))
    contracts = Contracts(
        expiry=symbols.expiry,
        strike=symbols.strike,
        is_call=symbols.is_call,
        bid=bid,
        ask=ask,
        last=last,
        volume=volume,
        open_interest=open_interest,
        iv=iv,
        delta=delta,
    )
    keep, rejected = sift(
        ("unreadable_symbol", ~symbols.readable),
        ("non_standard_deliverable", symbols.adjusted),
        ("bad_strike", symbols.strike <= 0),
    )
    return without_placeholders(contracts.take(keep)), rejected


def _codes(symbols: Sequence[str]) -> IntArray:
    # A shorter symbol is padded at its end, which puts no digit where the strike should be.
    tails = np.array([symbol[-_TAIL:] for symbol in symbols], f"U{_TAIL}")
    return tails.view(np.uint32).reshape(-1, _TAIL).astype(np.int64)


def _dates(digits: IntArray) -> tuple[DateArray, BoolArray]:
    """Return the days of ``yymmdd`` rows, and which of them the calendar has."""
    year, month, day = (digits[:, [0, 2, 4]] * 10 + digits[:, [1, 3, 5]]).T
    first = ((2000 + year - 1970) * 12 + month - 1).astype("datetime64[M]")
    on = first.astype("datetime64[D]") + (day - 1)
    return on, (month >= 1) & (month <= 12) & (on.astype("datetime64[M]") == first)


def _is_digit(values: IntArray) -> BoolArray:
    return (values >= 0) & (values <= 9)


def _all_digits(values: IntArray) -> BoolArray:
    return np.asarray(_is_digit(values).all(axis=1), np.bool_)
