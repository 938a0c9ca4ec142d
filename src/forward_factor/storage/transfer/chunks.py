"""How long the chunks of a moved history are.

A chunk costs a table, its indexes and a place in every plan, however few rows are in it. A bot that ran for years
left some thousand rows a day: chunks of a day, right for what is to come, would be hundreds of nearly empty tables.
So the interval for the load is the shortest of ``INTERVALS`` that makes at most ``MOST_CHUNKS`` chunks, of at least
``FEWEST_ROWS`` rows on average unless that takes more than a month. After the load the usual interval comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

INTERVALS = (1, 7, 30, 90, 365, 3650)
_EPOCH = date(1970, 1, 1).toordinal()
"""TimescaleDB's chunks begin at multiples of the interval from here."""
MOST_CHUNKS, FEWEST_ROWS, A_MONTH = 60, 20_000, 30


def chunk_days(rows_by_day: Mapping[str, int]) -> int | None:
    """Return the days of a chunk for rows counted by ``YYYY-MM-DD``, None where there are none."""
    rows = {number: count for day, count in rows_by_day.items() if (number := _day_number(day)) is not None}
    if not rows:
        return None
    for days in INTERVALS:
        chunks = len({number // days for number in rows})
        has_enough = sum(rows.values()) >= chunks * FEWEST_ROWS or days >= A_MONTH
        if chunks <= MOST_CHUNKS and has_enough:
            return days
    return INTERVALS[-1]


def rows_by_chunk(rows_by_day: Mapping[str, int], days: int) -> list[int]:
    """Return the rows of every chunk of ``days``, oldest first."""
    chunks: dict[int, int] = {}
    for day, count in rows_by_day.items():
        number = _day_number(day)
        if number is not None:
            chunks[number // days] = chunks.get(number // days, 0) + count
    return [chunks[number] for number in sorted(chunks)]


def _day_number(day: str) -> int | None:
    try:
        return date.fromisoformat(day).toordinal() - _EPOCH
    except ValueError:
        return None
