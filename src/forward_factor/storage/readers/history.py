"""Stored chains in the order of their instants: headers first, then the quotes of many snapshots a statement.

Quotes come as integers, a missing one as ``MISSING``, so that PostgreSQL's COPY has rows of one width and nothing is
made into a Python object on the way to the arrays.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from sqlalchemy import Integer, Row, Select, String, and_, case, cast, column, func, select, values
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from forward_factor.core.arrays import FloatArray, IntArray
from forward_factor.core.chain import Chain, Contracts, Rejection
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidInput, StorageError, UnknownTicker
from forward_factor.services.ports import ChainFailure
from forward_factor.services.ports.history import HistoryStep, RecordedChain, Span
from forward_factor.storage.copy_format import POSTGRES_EPOCH_DAY, decode_rows
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.fixed_point import from_fixed_point
from forward_factor.storage.quote_columns import NUMBERS
from forward_factor.storage.tables import OptionChainSnapshot, option_quotes, table_of
from forward_factor.storage.types import UtcDateTime

QUOTES_A_STATEMENT = 150_000
SNAPSHOTS_A_STATEMENT = 2_000
MISSING = -(2**63)
_WIRE_TYPES = (">i8", ">i4", ">i4", ">i4", "u1", ">i2", *(">i8" for _ in NUMBERS))
_SCALES = {
    "strike": "strike_scale", "bid": "price_scale", "ask": "price_scale", "last": "price_scale",
    "volume": "count_scale", "open_interest": "count_scale", "iv": "iv_scale", "delta": "delta_scale",
}  # fmt: skip
_COPY = f"""
SELECT as_of_ts, array_position($1::text[], ticker::text), array_position($2::text[], provider::text), expiry,
       option_right = 'C', occurrence, {", ".join(f"COALESCE({name}, {MISSING})" for name in NUMBERS)}
  FROM option_quotes
 WHERE as_of_ts BETWEEN $3::timestamptz AND $4::timestamptz
   AND ticker = ANY($1::text[]) AND provider = ANY($2::text[])
"""
Key = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class _Quotes:
    """Rows of many snapshots in columns.

    Attributes:
        snapshot: place of each row's header, -1 for one that was not asked for.
        numbers: fixed-point integers by the names of ``NUMBERS``.

    """

    snapshot: IntArray
    expiry: np.ndarray
    is_call: np.ndarray
    occurrence: np.ndarray
    numbers: Mapping[str, np.ndarray]


class SqlChainHistory:
    """The stored chains of any of the three stores; every step is its own short read.

    Args:
        engine: of the store.
        provider: whose snapshots count; None where each ticker has one provider.

    """

    def __init__(self, engine: AsyncEngine, provider: str | None = None) -> None:
        self._engine = engine.execution_options(reads_only=True)
        self._provider = provider

    async def read(self, tickers: Sequence[str], span: Span) -> AsyncIterator[HistoryStep]:
        """Yield the stored chains of ``tickers`` (none means all) within ``span``, by instant and ticker.

        Raises:
            InvalidTicker: one of the tickers is none.
            InvalidInput: a ticker was recorded by several providers, and none was named.

        """
        wanted = list(dict.fromkeys(map(parse_ticker, tickers)))
        headers = await self._headers(wanted, span)
        _require_one_provider(headers)
        found = {header.ticker for header in headers}
        lost = [ChainFailure(one, UnknownTicker(f"no chain of {one} is stored")) for one in wanted if one not in found]
        total, done = sum(header.contracts_kept for header in headers), 0
        yield HistoryStep((), tuple(lost), 0.0 if headers else 1.0)
        for some in _portions(headers):
            quotes = await self._quotes(some)
            done += sum(header.contracts_kept for header in some)
            yield _step(some, quotes, done / total)

    async def _headers(self, tickers: Sequence[str], span: Span) -> Sequence[Row[Any]]:
        table = table_of(OptionChainSnapshot)
        statement = select(table).where(table.c.contracts_kept > 0).order_by(table.c.as_of_ts)
        if tickers:
            statement = statement.where(table.c.ticker.in_(tickers))
        if self._provider is not None:
            statement = statement.where(table.c.provider == self._provider)
        if span.begins_at is not None:
            statement = statement.where(table.c.as_of_ts >= span.begins_at)
        if span.ends_before is not None:
            statement = statement.where(table.c.as_of_ts < span.ends_before)
        with translated_faults():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(statement)).all()
        return sorted(rows, key=lambda row: (row.as_of_ts, row.ticker))

    async def _quotes(self, headers: Sequence[Row[Any]]) -> _Quotes:
        with translated_faults():
            async with self._engine.connect() as connection:
                if connection.dialect.name == "postgresql":
                    return await _copied(connection, headers)
                return _from_rows((await connection.execute(_selection(headers))).all())


def _require_one_provider(headers: Sequence[Row[Any]]) -> None:
    providers: dict[str, set[str]] = {}
    for header in headers:
        providers.setdefault(header.ticker, set()).add(header.provider)
    for ticker, own in providers.items():
        if len(own) > 1:
            raise InvalidInput(f"{ticker} was recorded by {' and '.join(sorted(own))}: say which with --provider")


def _portions(headers: Sequence[Row[Any]]) -> Iterator[list[Row[Any]]]:
    some: list[Row[Any]] = []
    size = 0
    for header in headers:
        some.append(header)
        size += header.contracts_kept
        if size >= QUOTES_A_STATEMENT or len(some) >= SNAPSHOTS_A_STATEMENT:
            yield some
            some, size = [], 0
    if some:
        yield some


async def _copied(connection: AsyncConnection, headers: Sequence[Row[Any]]) -> _Quotes:
    tickers = sorted({header.ticker for header in headers})
    providers = sorted({header.provider for header in headers})
    received = bytearray()

    async def receive(part: bytes) -> None:
        received.extend(part)

    driver: Any = (await connection.get_raw_connection()).driver_connection
    bounds = headers[0].as_of_ts, headers[-1].as_of_ts
    await driver.copy_from_query(_COPY, tickers, providers, *bounds, output=receive, format="binary")
    as_of, ticker, provider, expiry, is_call, occurrence, *numbers = decode_rows(bytes(received), _WIRE_TYPES)
    places = {
        (_microseconds(one), tickers.index(one.ticker) + 1, providers.index(one.provider) + 1): place
        for place, one in enumerate(headers)
    }
    return _Quotes(
        snapshot=_places(as_of, ticker, provider, places),
        expiry=POSTGRES_EPOCH_DAY + expiry.astype("timedelta64[D]"),
        is_call=is_call.astype(np.bool_),
        occurrence=occurrence,
        numbers=dict(zip(NUMBERS, numbers, strict=True)),
    )


def _microseconds(header: Row[Any]) -> int:
    since = np.datetime64(header.as_of_ts.replace(tzinfo=None), "us") - POSTGRES_EPOCH_DAY.astype("datetime64[us]")
    return int(since.astype(np.int64))


def _places(as_of: np.ndarray, ticker: np.ndarray, provider: np.ndarray, places: Mapping[Key, int]) -> IntArray:
    """Return each row's header; rows of a snapshot mostly follow each other, so runs are looked up and not rows."""
    starts = np.ones(len(as_of), dtype=np.bool_)
    starts[1:] = (as_of[1:] != as_of[:-1]) | (ticker[1:] != ticker[:-1]) | (provider[1:] != provider[:-1])
    first = np.flatnonzero(starts)
    keys = zip(as_of[first].tolist(), ticker[first].tolist(), provider[first].tolist(), strict=True)
    found = np.array([places.get(key, -1) for key in keys], dtype=np.int64)
    return np.repeat(found, np.diff(np.append(first, len(as_of))))


def _selection(headers: Sequence[Row[Any]]) -> Select[Any]:
    """Return the query for a store without COPY: integers only."""
    columns = values(
        column("place", Integer), column("ticker", String), column("provider", String), column("as_of", UtcDateTime)
    )
    rows = [(place, one.ticker, one.provider, one.as_of_ts) for place, one in enumerate(headers)]
    wanted, quotes = columns.data(rows).cte("wanted"), option_quotes.c
    same = and_(
        quotes.ticker == wanted.c.ticker, quotes.as_of_ts == wanted.c.as_of, quotes.provider == wanted.c.provider
    )
    return select(
        wanted.c.place,
        cast(func.julianday(quotes.expiry) - 2440587.5, Integer),
        case((quotes.option_right == "C", 1), else_=0),
        quotes.occurrence,
        *(func.coalesce(quotes[name], MISSING) for name in NUMBERS),
    ).join_from(wanted, option_quotes, same)


def _from_rows(rows: Sequence[Row[Any]]) -> _Quotes:
    width = 4 + len(NUMBERS)
    table = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=len(rows) * width).reshape(-1, width)
    place, expiry, is_call, occurrence, *numbers = table.T
    return _Quotes(
        snapshot=place,
        expiry=expiry.astype("datetime64[D]"),
        is_call=is_call.astype(np.bool_),
        occurrence=occurrence,
        numbers=dict(zip(NUMBERS, numbers, strict=True)),
    )


def _step(headers: Sequence[Row[Any]], quotes: _Quotes, done: float) -> HistoryStep:
    order = np.argsort(quotes.snapshot * 2**16 + quotes.occurrence, kind="stable")
    bounds = np.searchsorted(quotes.snapshot[order], np.arange(len(headers) + 1)).tolist()
    chains: list[RecordedChain] = []
    failures: list[ChainFailure] = []
    for place, header in enumerate(headers):
        rows = order[bounds[place] : bounds[place + 1]]
        if len(rows) == header.contracts_kept:
            chains.append(RecordedChain(_chain(header, quotes, rows), header.quotes_digest or ""))
        else:
            failures.append(_incomplete(header, len(rows)))
    return HistoryStep(tuple(chains), tuple(failures), done)


def _incomplete(header: Row[Any], found: int) -> ChainFailure:
    what = f"{header.ticker} {header.as_of_ts:%Y-%m-%dT%H:%M:%SZ}"
    return ChainFailure(what, StorageError(f"{what}: {found} of its {header.contracts_kept} stored quotes are there"))


def _chain(header: Row[Any], quotes: _Quotes, rows: IntArray) -> Chain:
    def number(name: str) -> FloatArray:
        integers = quotes.numbers[name][rows].astype(np.int64)
        missing = integers == MISSING
        integers[missing] = 0
        return from_fixed_point(integers, missing, getattr(header, _SCALES[name]))

    contracts = Contracts(
        expiry=quotes.expiry[rows].astype("datetime64[D]"),
        is_call=quotes.is_call[rows],
        **{name: number(name) for name in NUMBERS},
    )
    rejected = tuple(Rejection(reason, count) for reason, count in (header.rejected or {}).items())
    return Chain(header.ticker, header.as_of_ts, header.underlying_price, header.provider, contracts, rejected)
