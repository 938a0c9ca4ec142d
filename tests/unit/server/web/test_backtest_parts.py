from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from forward_factor.backtest.fills import Fill
from forward_factor.backtest.request import BacktestRequest
from forward_factor.backtest.results import EquityRow
from forward_factor.errors import NotFound
from forward_factor.server.web.backtest_parts import (
    LONGEST_ID,
    MOST_POINTS,
    compared_options,
    run_id_of,
    run_row,
    thinned,
)
from forward_factor.server.web.palette import LIGHT
from forward_factor.services.backtest_views import RunState, RunView

FIRST = date(2020, 1, 1)


def equity(days: int) -> list[EquityRow]:
    return [EquityRow(FIRST + timedelta(days=day), 100.0 + day, 100.0, 100.0, 100.0, 0, 0.0) for day in range(days)]


@pytest.mark.parametrize("days", [0, 1, MOST_POINTS, MOST_POINTS + 1, 4_321])
def test_long_curves_are_thinned_and_keep_their_end(days: int) -> None:
    rows = equity(days)
    found = thinned(rows)
    assert len(found) <= MOST_POINTS
    assert list(found[-1:]) == rows[-1:]
    assert [one.day for one in found] == sorted(one.day for one in found)


def test_compared_curves_are_returns_on_their_own_bankrolls() -> None:
    curves = [("#1", 100.0, equity(3)), ("#2", 50.0, equity(1))]
    first, second = compared_options(curves, Fill.MID, LIGHT)["series"]
    assert [value for _, value in first["data"]] == [0.0, 1.0, 2.0]
    assert second["data"] == [[int(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000), 100.0]]


@pytest.mark.parametrize("text", ["", "x" * (LONGEST_ID + 1), "nul\0", "\ud800"])
def test_what_cannot_be_a_run_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        run_id_of(text)


def test_a_run_under_way_says_how_far_it_is() -> None:
    run = RunView(
        id="r1", state=RunState.RUNNING, created_at=datetime(2026, 6, 1, tzinfo=UTC), finished_at=None,
        progress=0.426, parameters=BacktestRequest(tickers=("A", "B", "C", "D", "E")),
    )  # fmt: skip
    row = run_row(run, "now")
    assert (row["state"], row["path"], row["profit"], row["trades"]) == ("43 %", "/backtests/r1", "–", None)
    assert row["what"] == "A, B, C, D …: 30/60 call, partial fills"
