"""Quotes of single contracts at the last scans of given spans: three statements for all that is asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from forward_factor.core.ticket import Quote
from forward_factor.services.ports.marks import MarkQuestion, RecordedQuotes, TradedContract
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.fixed_point import FLOAT_BITS, from_fixed_point
from forward_factor.storage.given_rows import BIG_WHOLE, DAY, INSTANT, TEXT, WHOLE, Columns, given_rows
from forward_factor.storage.tables import OptionChainSnapshot, option_quotes, table_of

_HEADERS = table_of(OptionChainSnapshot)
_QUOTES = option_quotes.c
Wanted = tuple[int, int, TradedContract]


class SqlMarks:
    """Recorded quotes on any of the three stores."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(reads_only=True)

    async def last_quotes(self, questions: Sequence[MarkQuestion]) -> Sequence[RecordedQuotes | None]:
        """Return for each question the quotes of the last scan of its span, None where there is none."""
        if not questions:
            return []
        with translated_faults():
            async with self._engine.connect() as connection:
                found = {row.place: row for row in await connection.execute(_last_scans(connection, questions))}
                headers = await _headers(connection, questions, found)
                quotes = await _quotes(connection, questions, headers)
        return [
            None
            if place not in headers
            else RecordedQuotes(headers[place].as_of_ts, tuple(quotes.get((place, one)) for one in question.contracts))
            for place, question in enumerate(questions)
        ]


def _last_scans(connection: AsyncConnection, questions: Sequence[MarkQuestion]) -> Select[Any]:
    given: Columns = [
        ("place", WHOLE, range(len(questions))),
        ("ticker", TEXT, [one.ticker for one in questions]),
        ("provider", TEXT, [one.provider for one in questions]),
        ("after", INSTANT, [one.after for one in questions]),
        ("until", INSTANT, [one.before for one in questions]),
    ]
    asked = given_rows(connection.dialect, "asked", given)
    inside = (
        _HEADERS.c.ticker == asked.c.ticker,
        _HEADERS.c.provider == asked.c.provider,
        _HEADERS.c.as_of_ts > asked.c.after,
        _HEADERS.c.as_of_ts < asked.c.until,
        _HEADERS.c.as_of_ts > min(one.after for one in questions),
    )
    newest = select(_HEADERS.c.as_of_ts).where(*inside).order_by(_HEADERS.c.as_of_ts.desc()).limit(1).scalar_subquery()
    return select(asked.c.place, newest.label("as_of"))


async def _headers(
    connection: AsyncConnection, questions: Sequence[MarkQuestion], found: Mapping[int, Row[Any]]
) -> dict[int, Row[Any]]:
    places = [place for place, row in found.items() if row.as_of is not None]
    if not places:
        return {}
    given: Columns = [
        ("place", WHOLE, places),
        ("ticker", TEXT, [questions[place].ticker for place in places]),
        ("provider", TEXT, [questions[place].provider for place in places]),
        ("as_of", INSTANT, [found[place].as_of for place in places]),
    ]
    asked = given_rows(connection.dialect, "asked", given)
    same = (
        (_HEADERS.c.ticker == asked.c.ticker)
        & (_HEADERS.c.provider == asked.c.provider)
        & (_HEADERS.c.as_of_ts == asked.c.as_of)
    )
    columns = (asked.c.place, _HEADERS.c.as_of_ts, _HEADERS.c.price_scale, _HEADERS.c.strike_scale)
    joined: Select[Any] = select(*columns).join_from(asked, _HEADERS, same)
    rows: Sequence[Row[Any]] = (await connection.execute(joined)).all()
    return {row.place: row for row in rows if row.price_scale is not None and row.strike_scale is not None}


async def _quotes(
    connection: AsyncConnection, questions: Sequence[MarkQuestion], headers: Mapping[int, Row[Any]]
) -> Mapping[tuple[int, TradedContract], Quote]:
    wanted = [
        (place, _as_stored(contract.strike, header.strike_scale), contract)
        for place, header in headers.items()
        for contract in questions[place].contracts
    ]
    if not wanted:
        return {}
    by_number: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in await connection.execute(_contracts(connection, questions, headers, wanted)):
        by_number[row.number].append(row)
    return {
        (place, contract): _quote(by_number[number], headers[place].price_scale)
        for number, (place, _, contract) in enumerate(wanted)
        if number in by_number
    }


def _contracts(
    connection: AsyncConnection,
    questions: Sequence[MarkQuestion],
    headers: Mapping[int, Row[Any]],
    wanted: Sequence[Wanted],
) -> Select[Any]:
    instants = [headers[place].as_of_ts for place, _, _ in wanted]
    given: Columns = [
        ("number", WHOLE, range(len(wanted))),
        ("ticker", TEXT, [questions[place].ticker for place, _, _ in wanted]),
        ("provider", TEXT, [questions[place].provider for place, _, _ in wanted]),
        ("as_of", INSTANT, instants),
        ("expiry", DAY, [contract.expiry for _, _, contract in wanted]),
        ("option_right", TEXT, ["C" if contract.is_call else "P" for _, _, contract in wanted]),
        ("strike", BIG_WHOLE, [strike for _, strike, _ in wanted]),
    ]
    asked = given_rows(connection.dialect, "asked", given)
    same = (
        (_QUOTES.ticker == asked.c.ticker)
        & (_QUOTES.as_of_ts == asked.c.as_of)
        & (_QUOTES.provider == asked.c.provider)
        & (_QUOTES.expiry == asked.c.expiry)
        & (_QUOTES.option_right == asked.c.option_right)
        & (_QUOTES.strike == asked.c.strike)
        & _QUOTES.as_of_ts.between(min(instants), max(instants))
    )
    columns = (asked.c.number, _QUOTES.bid, _QUOTES.ask, _QUOTES.open_interest, _QUOTES.occurrence)
    return select(*columns).join_from(asked, option_quotes, same)


def _as_stored(strike: float, scale: int) -> int:
    """Return a strike as the integer that stands for it in quotes of a scale."""
    bits = int(np.array(strike, dtype=np.float64).view(np.int64))
    return bits if scale == FLOAT_BITS else round(strike * 10.0**scale)


def _quote(rows: Sequence[Row[Any]], scale: int) -> Quote:
    """Return the quote of a contract: where it stands twice, with the larger open interest, the first of equals."""
    one = min(rows, key=lambda row: (-(row.open_interest if row.open_interest is not None else -1), row.occurrence))
    given = (one.bid, one.ask)
    missing = np.array([value is None for value in given])
    bid, ask = from_fixed_point(np.array([value or 0 for value in given], dtype=np.int64), missing, scale).tolist()
    return Quote(bid, ask)
