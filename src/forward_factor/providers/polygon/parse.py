"""From the bytes of a page to columns.

A page whose every contract has the expected types is decoded in one go. Only where that fails, each contract
is read by itself, so that a broken one costs itself and not the page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter

import msgspec
import numpy as np

from forward_factor.core.arrays import BoolArray, DateArray, FloatArray
from forward_factor.core.chain import Contracts, Rejection
from forward_factor.errors import UnreadableChain
from forward_factor.providers.normalise import number_columns, sift, without_placeholders

_SHARES = 100.0
_EPOCH = date(1970, 1, 1).toordinal()
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One page of a chain.

    Attributes:
        spot: the underlying's price in dollars where the plan includes it.
        next_url: address of the next page as the vendor wrote it, None on the last.

    """

    contracts: Contracts
    rejected: tuple[Rejection, ...]
    spot: float | None
    next_url: str | None


# Structs without cycles: gc=False spares the collector one visit per contract and part.
class _Details(msgspec.Struct, frozen=True, gc=False):
    contract_type: str
    expiration_date: date
    strike_price: float
    shares_per_contract: float | None = None


class _Day(msgspec.Struct, frozen=True, gc=False):
    close: float | None = None
    volume: float | None = None


class _Greeks(msgspec.Struct, frozen=True, gc=False):
    delta: float | None = None


class _Quote(msgspec.Struct, frozen=True, gc=False):
    bid: float | None = None
    ask: float | None = None


class _Trade(msgspec.Struct, frozen=True, gc=False):
    price: float | None = None


class _Underlying(msgspec.Struct, frozen=True, gc=False):
    price: float | None = None
    value: float | None = None


class _Contract(msgspec.Struct, frozen=True, gc=False):
    details: _Details
    day: _Day = _Day()
    greeks: _Greeks = _Greeks()
    last_quote: _Quote = _Quote()
    last_trade: _Trade = _Trade()
    underlying_asset: _Underlying = _Underlying()
    implied_volatility: float | None = None
    open_interest: float | None = None


class _Page(msgspec.Struct, frozen=True):
    results: list[_Contract] | None
    next_url: str | None = None


class _RawPage(msgspec.Struct, frozen=True):
    results: list[msgspec.Raw]
    next_url: str | None = None


class _Bar(msgspec.Struct, frozen=True, gc=False):
    c: float | None = None


class _Bars(msgspec.Struct, frozen=True):
    results: list[_Bar] | None = None


_NUMBERS = (
    "details.strike_price", "details.shares_per_contract", "last_quote.bid", "last_quote.ask",
    "last_trade.price", "day.close", "day.volume", "open_interest", "implied_volatility", "greeks.delta",
    "underlying_asset.price", "underlying_asset.value",
)  # fmt: skip
_numbers_of = attrgetter(*_NUMBERS)

_page = msgspec.json.Decoder(_Page)
_raw_page = msgspec.json.Decoder(_RawPage)
_bars = msgspec.json.Decoder(_Bars)


def parse_page(body: bytes) -> Page:
    """Return the contracts of a snapshot page in columns, and what could not be read, by reason.

    Raises:
        UnreadableChain: the body is no JSON, cut off, or no page at all.

    """
    try:
        results, next_url, unreadable = _decode(body)
    except _NOT_JSON as error:
        raise UnreadableChain("the answer is no page of contracts") from error
    contracts, rejected, spot = _columns(results)
    lost = (Rejection("unreadable_contract", unreadable),) if unreadable else ()
    return Page(contracts, lost + rejected, spot, next_url or None)


def parse_previous_close(body: bytes) -> float | None:
    """Return the close in dollars of a previous-session answer, None where it holds no bar.

    Raises:
        UnreadableChain: the body is no such answer.

    """
    try:
        bars = _bars.decode(body).results or []
    except _NOT_JSON as error:
        raise UnreadableChain("the answer is no bar of the previous session") from error
    return next((bar.c for bar in bars if bar.c is not None and bar.c > 0), None)


def add_up(rejections: Iterable[Rejection]) -> tuple[Rejection, ...]:
    """Return one rejection a reason, in the order the reasons first appear."""
    rows: Counter[str] = Counter()
    for rejection in rejections:
        rows[rejection.reason] += rejection.rows
    return tuple(Rejection(reason, count) for reason, count in rows.items())


def _decode(body: bytes) -> tuple[list[_Contract], str | None, int]:
    try:
        page = _page.decode(body)
    except msgspec.ValidationError:
        return _decode_each(body)
    return page.results or [], page.next_url, 0


def _decode_each(body: bytes) -> tuple[list[_Contract], str | None, int]:
    page = _raw_page.decode(body)
    contracts = [contract for raw in page.results if (contract := _contract(raw)) is not None]
    return contracts, page.next_url, len(page.results) - len(contracts)


def _contract(raw: msgspec.Raw) -> _Contract | None:
    try:
        return msgspec.convert(_without_nulls(msgspec.json.decode(raw)), _Contract)
    except _NOT_JSON:
        return None


def _without_nulls(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}


def _columns(results: Sequence[_Contract]) -> tuple[Contracts, tuple[Rejection, ...], float | None]:
    strike, shares, bid, ask, trade, close, volume, open_interest, iv, delta, price, value = number_columns(
        results, _numbers_of, len(_NUMBERS)
    )
    is_call, is_put = _rights(results)
    contracts = Contracts(
        expiry=_expiries(results),
        strike=strike,
        is_call=is_call,
        bid=bid,
        ask=ask,
        last=np.where(trade > 0, trade, close),
        volume=volume,
        open_interest=open_interest,
        iv=iv,
        delta=delta,
    )
    keep, rejected = sift(
        ("non_standard_deliverable", ~np.isnan(shares) & (shares != _SHARES)),
        ("unknown_right", ~(is_call | is_put)),
        ("bad_strike", ~(np.isfinite(strike) & (strike > 0))),
    )
    return without_placeholders(contracts.take(keep)), rejected, _spot(_first_known(price, value))


def _rights(results: Sequence[_Contract]) -> tuple[BoolArray, BoolArray]:
    kinds = [contract.details.contract_type for contract in results]
    is_call = np.array([kind == "call" for kind in kinds], np.bool_)
    is_put = np.array([kind == "put" for kind in kinds], np.bool_)
    return is_call, is_put


def _expiries(results: Sequence[_Contract]) -> DateArray:
    # A page has few expiries; converting each date object by NumPy would cost as much as all other columns.
    dates = [contract.details.expiration_date for contract in results]
    day = {on: on.toordinal() - _EPOCH for on in set(dates)}
    return np.array([day[on] for on in dates], np.int64).astype("datetime64[D]")


def _first_known(values: FloatArray, others: FloatArray) -> FloatArray:
    return np.where(np.isnan(values), others, values)


def _spot(prices: FloatArray) -> float | None:
    known = prices[prices > 0]
    return float(known[0]) if len(known) else None
