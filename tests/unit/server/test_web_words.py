"""Small parts of the page: what is pasted, what a spreadsheet gets, how a verdict and a decision read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.decisions import Decision
from forward_factor.core.reasons import Flag, Reason
from forward_factor.core.rules import DEFAULT_PAIRS
from forward_factor.core.structure import Structure
from forward_factor.server.web.decision_rows import Kind, Wanted, kind_of, row_of
from forward_factor.server.web.formats import factor
from forward_factor.server.web.links import research_path, signal_path, why_path
from forward_factor.server.web.spreadsheet import csv_lines, harmless
from forward_factor.server.web.ticker_box import split_tickers
from forward_factor.server.web.verdicts import checks_of, verdict_of
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.judge_candidates import judge_candidate
from forward_factor.services.reason_words import FLAGS, REASONS, flag_words, reason_words
from tests.unit.services.test_judge_candidates import _candidate

USUAL = AccountSettings(pairs=DEFAULT_PAIRS[:1])
PLACED = DecisionView(
    id="d-1", user_id="ann", signal_id="s/1?", decision=Decision.PLACED, word="placed",
    decided_at=datetime(2026, 6, 1, 18, 5, tzinfo=UTC), ticker="DEAR", signal=None, structure=Structure.PUT,
    contracts=1200, entry_price=2.5, exit_price=None, pnl=None, notes="bought\n early", closed_at=None, is_open=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("pasted", "tickers"),
    [
        ("aapl, msft;brk.b\nSPY\tQQQ", ["AAPL", "MSFT", "BRK.B", "SPY", "QQQ"]),
        (" AAPL  aapl ", ["AAPL"]),
        ("", []),
        (",;", []),
        ("<b>x</b>", ["<B>X</B>"]),
    ],
)
def test_what_is_pasted_is_split(pasted: str, tickers: list[str]) -> None:
    assert split_tickers(pasted) == tickers


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_text_is_a_formula(text: str) -> None:
    assert harmless(text) == "'" + text
    assert csv_lines([[-1.5, None, "plain"]]) == "-1.5,,plain\r\n"


def test_names_in_addresses_are_harmless() -> None:
    assert why_path("../x?y") == "/why/..%2Fx%3Fy"
    assert research_path("^SPX") == "/research/%5ESPX"
    assert signal_path("a/b") == "/signals/a%2Fb"
    assert why_path("A", datetime(2026, 6, 1, tzinfo=UTC)) == "/why/A?at=2026-06-01T00%3A00%3A00%2B00%3A00"


def test_every_reason_and_flag_has_words() -> None:
    assert set(REASONS) == set(Reason)
    assert set(FLAGS) == set(Flag)
    assert (reason_words("of_tomorrow"), flag_words("of_tomorrow")) == ("of tomorrow", "of tomorrow")


def test_a_verdict_sets_each_number_beside_ones_own_limit() -> None:
    judged = judge_candidate(_candidate(ff=0.197, volume=None), USUAL)
    assert verdict_of(judged) == "2 things missing"
    assert [(one.is_kept, one.words) for one in checks_of(judged, USUAL)] == [
        (False, "FF +0.197; you ask for +0.200"),
        (False, "Least volume is not known; you ask for 10"),
        (True, "Forward vol 20.0 %; your floor is 5.0 %"),
        (True, "Widest spread 2.0 %; you allow 8.0 %"),
        (True, "Least open interest 500; you ask for 100"),
    ]
    assert verdict_of(judge_candidate(_candidate(), USUAL)) == "within your limits"


def test_a_reason_without_a_number_is_told_first_in_words() -> None:
    earnings = _candidate(reasons=("earnings_in_window", "crossed_quotes"), earnings_on=datetime(2026, 7, 5).date())
    words = [one.words for one in checks_of(judge_candidate(earnings, USUAL), USUAL)][:2]
    assert words == ["Earnings come before the back expiry, on 2026-07-05", "A bid stands above its ask"]


def test_decisions_are_filtered_by_what_they_are_and_by_text() -> None:
    closed = replace(PLACED, is_open=False, exit_price=3.0, pnl=-50.0)
    ignored = replace(PLACED, decision=Decision.IGNORED, is_open=False, notes=None)
    old = replace(PLACED, decision=None, word="pondered", is_open=False)
    assert [kind_of(one) for one in (PLACED, closed, ignored, old)] == [Kind.OPEN, Kind.CLOSED, Kind.IGNORED, None]
    assert [Wanted(Kind.CLOSED).has(one) for one in (PLACED, closed, ignored, old)] == [False, True, False, False]
    assert [Wanted(text=text).has(PLACED) for text in ("dea", "EARLY", "x")] == [True, True, False]


def test_a_decision_as_a_row() -> None:
    row = row_of(PLACED, ZoneInfo("America/New_York"))
    shown = {name: row[name] for name in ("at", "what", "structure", "entry", "contracts", "pnl", "notes", "signal")}
    assert shown == {
        "at": "2026-06-01 14:05", "what": "Open", "structure": "Put calendar", "entry": "2.50", "contracts": "1,200",
        "pnl": "–", "notes": "bought early", "signal": "/signals/s%2F1%3F",
    }  # fmt: skip
    assert row_of(replace(PLACED, pnl=-50.0), ZoneInfo("UTC"))["tone"] == "bad"


def test_no_factor_is_less_than_nothing() -> None:
    assert [factor(value) for value in (-0.001, 0.0, 0.004, -0.25, 1.2, None)] == [
        "+0.00", "+0.00", "+0.00", "-0.25", "+1.20", "–",
    ]  # fmt: skip
