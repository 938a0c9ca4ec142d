"""The chunk interval of a moved history."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from forward_factor.storage.transfer.chunks import FEWEST_ROWS, MOST_CHUNKS, chunk_days, rows_by_chunk


def history(days: int, rows_a_day: int) -> dict[str, int]:
    first = date(2024, 1, 1)
    return {str(first + timedelta(days=number)): rows_a_day for number in range(days)}


@pytest.mark.parametrize(
    ("days", "rows_a_day", "wanted"),
    [
        (1, 5, 30),
        (20, 50_000, 1),
        (200, 5_000, 7),
        (365, 1_000, 30),
        (3650, 100_000, 90),
        (40 * 365, 1, 365),
    ],
)
def test_interval_follows_span_and_rows(days: int, rows_a_day: int, wanted: int) -> None:
    rows = history(days, rows_a_day)
    assert chunk_days(rows) == wanted
    chunks = rows_by_chunk(rows, wanted)
    assert sum(chunks) == days * rows_a_day
    assert len(chunks) <= MOST_CHUNKS + 1
    assert wanted >= 30 or sum(chunks) >= len(chunks) * FEWEST_ROWS


def test_a_few_odd_dates_do_not_stretch_the_chunks() -> None:
    rows = history(20, 50_000) | {"1970-01-01": 1, "2999-12-31": 1, "not a date": 7, "1756807200": 3}
    assert chunk_days(rows) == 1


def test_nothing_to_cut() -> None:
    assert chunk_days({}) is None
    assert chunk_days({"not a date": 3}) is None
