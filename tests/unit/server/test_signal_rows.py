"""Rows of the signals' table and of its CSV: numbers in words, bars in their place, nothing that runs."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from math import inf, nan
from zoneinfo import ZoneInfo

import pytest

from forward_factor.core.decisions import Decision
from forward_factor.server.web.signals.columns import SLOTS
from forward_factor.server.web.signals.export import fields_of
from forward_factor.server.web.signals.rows import board_rows, own_words
from forward_factor.server.web.spreadsheet import csv_lines, harmless
from forward_factor.services.board_views import BoardRow, OwnDecision
from forward_factor.services.views import SignalView

NEW_YORK = ZoneInfo("America/New_York")
SIGNAL = SignalView(
    id="s1",
    ticker="DEAR",
    as_of=datetime(2026, 6, 1, 18, 0, tzinfo=UTC),
    provider="files",
    underlying_price=100.0,
    pair="30/60",
    vol_point="35d_put",
    front_expiry=date(2026, 7, 1),
    back_expiry=date(2026, 7, 31),
    front_dte=30,
    back_dte=60,
    front_iv=0.45,
    back_iv=0.35,
    sigma_fwd=0.2062,
    ff=1.183,
    ff_low=0.98,
    ff_high=1.46,
    ff_ex_earnings=1.183,
    quality_score=0.88,
    is_discovery=False,
)
ROW = BoardRow(
    signal=SIGNAL,
    bid_ask_pct=0.02,
    open_interest=500.0,
    volume=50.0,
    earnings_on=date(2026, 7, 9),
    flags=("single_strike", "vendor_iv"),
    own=None,
)
OLD = replace(
    ROW,
    signal=replace(
        SIGNAL, id="s2", pair=None, vol_point=None, ff=None, ff_low=None, ff_high=None, front_iv=None, provider=None
    ),
    bid_ask_pct=None,
    earnings_on=None,
)


def placed(**more: object) -> OwnDecision:
    return replace(OwnDecision(decision=Decision.PLACED, word="placed", is_open=True, pnl=None), **more)  # type: ignore[arg-type]


def test_a_row_in_words() -> None:
    row, old = board_rows([ROW, OLD], NEW_YORK, {"s1"})
    assert (row["ticker"], row["found"], row["expiries"], row["dte"]) == (
        "DEAR", "Jun 01 14:00", "Jul 01 / Jul 31", "30 / 60",
    )  # fmt: skip
    assert (row["ff"], row["range"], row["spread"]) == ("+1.18", "+0.98 to +1.46", "2.0 %")
    assert (row["vols"], row["forward"], row["quality"]) == ("45.0 / 35.0", "20.6 %", "0.88")
    assert (row["point"], row["earnings"], row["own_kind"]) == ("35Δ put", "earnings Jul 09", "none")
    assert (row["is_new"], old["is_new"]) == (True, False)
    assert (old["ff"], old["bar"], old["spread"], old["pair"]) == ("–", None, "–", "30/60 d")


def test_bars_have_one_scale_and_lie_within_it() -> None:
    far = replace(ROW, signal=replace(SIGNAL, ff=40.0, ff_low=-3.0, ff_high=inf))
    bars = [row["bar"] for row in board_rows([ROW, far, replace(ROW, signal=replace(SIGNAL, ff=nan))], NEW_YORK, ())]
    assert bars[2] is None
    for bar in bars[:2]:
        assert 0 <= bar["x"] <= bar["mid"] <= 100
        assert bar["x"] + bar["width"] <= 100.5
    assert bars[0]["zero"] == bars[1]["zero"] == 20.0
    assert bars[1]["mid"] == 100.0


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (None, ""),
        (placed(), "Placed"),
        (placed(is_open=False), "Closed"),
        (placed(is_open=False, pnl=-12.5), "Closed −$12.50"),
        (placed(decision=Decision.IGNORED), "Ignored"),
        (placed(decision=None, word="<b>"), "<b>"),
    ],
)
def test_decisions_in_a_word(own: OwnDecision | None, words: str) -> None:
    assert own_words(own) == words


def test_templates_write_texts_and_never_markup() -> None:
    assert not any("v-html" in template or "innerHTML" in template for template in SLOTS.values())


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_text_is_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


def test_other_fields_stay_as_they_are() -> None:
    assert [harmless(one) for one in ("AAPL", "", -0.5, None, "a=b")] == ["AAPL", "", -0.5, None, "a=b"]


def test_rows_of_a_csv_can_be_read_back() -> None:
    hostile = replace(
        ROW, signal=replace(SIGNAL, ticker='=cmd|"x"', ff_low=-0.25), own=placed(is_open=False, pnl=-12.5)
    )
    (fields, old) = list(csv.reader(io.StringIO(csv_lines(map(fields_of, [hostile, OLD])))))
    assert fields[:3] == ["s1", '\'=cmd|"x"', "2026-06-01T18:00:00+00:00"]
    assert fields[-7:] == ["0.02", "500.0", "50.0", "2026-07-09", "single_strike vendor_iv", "Closed", "-12.5"]
    assert fields[15] == "-0.25"
    assert old[-2:] == ["", ""]
