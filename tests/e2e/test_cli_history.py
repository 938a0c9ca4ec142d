"""``history`` and ``quality`` as a user meets them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from forward_factor.core.market_hours import trading_days_between
from forward_factor.providers.files.write import write_chains
from tests.chains import AS_OF, priced_chain
from tests.e2e.command import Terminal, assert_clean, assert_one_line_each

SINCE = "2026-04-01"
DAYS = trading_days_between((AS_OF - timedelta(days=45)).date(), AS_OF.date())
MISSING = DAYS[10:12]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A terminal after a scan of six weeks of one ticker, two days of which are missing, and one day of another."""
    terminal = Terminal(tmp_path_factory.mktemp("recorded"))
    days = [day for day in DAYS if day not in MISSING]
    chains = [
        priced_chain({30: 0.40 + 0.001 * number, 60: 0.35}, "DEAR", AS_OF - timedelta(days=(DAYS[-1] - day).days))
        for number, day in enumerate(days)
    ]
    write_chains([*chains, priced_chain({30: 0.3, 60: 0.3}, "FAIR")], terminal.directory / "chains.parquet")
    assert terminal.run("scan", "--chains", "chains.parquet").code == 0
    return terminal


def test_history_in_numbers(recorded: Terminal) -> None:
    outcome = recorded.run("history", "dear", "--since", SINCE, "--json")
    assert (outcome.code, outcome.stderr) == (0, "")
    (found,) = outcome.objects
    assert (found["ticker"], found["pair"], found["vol_point"]) == ("DEAR", "30/60", "ATM")
    assert len(found["days"]) == len(DAYS) - 2 >= 20
    ff, coverage = found["ranks"]["ff"], found["ranks"]["coverage"]
    assert (ff["rank"], ff["percentile"], ff["last_on"]) == (1.0, 1.0, "2026-06-01")
    assert found["ranks"]["iv_30d"]["now"] == pytest.approx(0.40 + 0.001 * (len(DAYS) - 3), abs=1e-6)
    assert coverage["gaps"] == [{"first_on": f"{MISSING[0]}", "last_on": f"{MISSING[1]}", "days": 2},
                                coverage["gaps"][-1]]  # fmt: skip


@pytest.mark.parametrize("width", [60, 200])
def test_history_on_a_terminal(recorded: Terminal, width: int) -> None:
    outcome = recorded.run("history", "DEAR", "--since", SINCE, COLUMNS=str(width))
    assert (outcome.code, outcome.stderr) == (0, "")
    assert_clean(outcome.stdout)
    assert "DEAR 30/60 ATM: forward factor" in outcome.stdout
    assert max(map(len, outcome.stdout.splitlines())) <= width
    assert all(word in outcome.stdout for word in ("percentile", "vol at 30 days", "recorded:"))


def test_what_is_thin_or_not_there(recorded: Terminal) -> None:
    thin = recorded.run("history", "FAIR", "--since", SINCE)
    assert thin.code == 0
    assert "fewer than 20 days" in thin.stderr
    assert_one_line_each(thin)
    nothing = recorded.run("history", "DEAR", "--pair", "60/90", "--vol-point", "35d_put", "--since", "2026-07-01")
    assert (nothing.code, nothing.stdout) == (0, "Nothing recorded of DEAR 60/90 35d_put.\n")


def test_quality(recorded: Terminal) -> None:
    outcome = recorded.run("quality", "--since", SINCE, "--json")
    dear, fair = outcome.objects
    assert (dear["ticker"], fair["ticker"]) == ("DEAR", "FAIR")
    assert (dear["snapshots"], dear["coverage"]["recorded_days"]) == (len(DAYS) - 2, len(DAYS) - 2)
    assert (dear["crossed_share"], dear["rejected_share"], dear["checked"]) == (0.0, 0.0, len(DAYS) - 2)
    shown = recorded.run("quality", "DEAR", "--since", SINCE, COLUMNS="80")
    assert (shown.code, shown.stderr) == (0, "")
    assert f"missing {MISSING[0]} to {MISSING[1]}, 2 trading days" in shown.stdout
    assert "FAIR" not in shown.stdout
    none = recorded.run("quality", "NONE")
    assert (none.code, none.stdout) == (0, "Nothing recorded in this span.\n")


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    outcome = Terminal(tmp_path).run("history", "DEAR", "--pair", "30/60,30/90")
    assert (outcome.code, outcome.stdout) == (2, "")
    assert "one pair such as 30/60" in outcome.stderr
    assert_one_line_each(outcome)
