"""``scan``: its JSON against the slow reference, the ways to name files and tickers, and its refusals."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from forward_factor.core.chain import Chain, Contracts
from forward_factor.providers.files.write import write_chains
from tests.chains import priced_chain
from tests.e2e.command import Terminal, assert_clean, assert_one_line_each, signals_of
from tests.reference.compare import CHOICES, NUMBERS
from tests.reference.recorded import iter_snapshots, recorded_dir
from tests.reference.slow_domain import SlowResult, slow_scan

VOLS = {30: 0.45, 60: 0.35, 90: 0.33}
POINTS = ("ATM", "35d_put", "35d_call")
LINE_KEYS = ["ticker", "as_of", "spot", "provider", "contracts", "rejected_rows", "expiries", "candidates"]
EXPIRY_KEYS = ["expiry", "dte", "forward", "flags", "iv"]
SIDES = ["mid", "bid", "ask"]
CANDIDATE_KEYS = [
    "pair", "vol_point", "front_expiry", "back_expiry", "front_dte", "back_dte", "front_iv", "back_iv", "sigma_fwd",
    "ff", "ff_low", "ff_high", "quality_score", "reasons", "flags", "is_signal",
]  # fmt: skip
KEYS_BEYOND = [
    "front_iv_ex_earnings", "back_iv_ex_earnings", "ff_ex_earnings", "earnings_on",
    "bid_ask_pct", "open_interest", "volume",
]  # fmt: skip
DEAD = "http://127.0.0.1:9"


def crooked(chain: Chain) -> Chain:
    """Return a chain whose smiles are not flat, with gaps in its quotes."""
    contracts = chain.contracts
    strikes = np.abs(contracts.strike - 100) / 100
    gap = np.arange(len(contracts)) % 7 == 3
    changed: Contracts = replace(
        contracts,
        bid=np.where(gap, np.nan, contracts.bid * (1 + strikes / 5)),
        ask=contracts.ask * (1 + strikes / 5),
    )
    return replace(chain, contracts=changed)


def assert_equals_slow_reference(line: dict[str, Any], slow: SlowResult, points: tuple[str, ...]) -> None:
    for expiry in line["expiries"]:
        expected = slow.expiries[date.fromisoformat(expiry["expiry"])]
        assert expiry["dte"] == expected.dte
        assert near(expiry["forward"], expected.forward)
        for point in POINTS:
            for side in SIDES:
                assert near(expiry["iv"][point][side], expected.iv[point][side])
    by_key = {(one.pair, one.vol_point): one for one in slow.candidates if one.vol_point in points}
    assert by_key.keys() == {(one["pair"], one["vol_point"]) for one in line["candidates"]}
    for candidate in line["candidates"]:
        other = by_key[candidate["pair"], candidate["vol_point"]]
        for name in CHOICES:
            assert candidate[name] == as_json(getattr(other, name))
        for name in NUMBERS:
            assert near(candidate[name], getattr(other, name)), (candidate, other)


def as_json(value: date | int | None) -> str | int | None:
    return value.isoformat() if isinstance(value, date) else value


def near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def test_its_json_equals_the_slow_reference(tmp_path: Path) -> None:
    chains = [crooked(priced_chain(VOLS, "AAA")), priced_chain({30: 0.4}, "ONE"), priced_chain({29: 0.3, 57: 0.3}, "B")]
    write_chains(chains, tmp_path / "chains.csv")
    terminal = Terminal(tmp_path)
    points = [argument for point in POINTS for argument in ("--vol-point", point)]
    outcome = terminal.run("scan", "--chains", "chains.csv", "--no-store", "--json", *points)
    assert outcome.code == 0
    assert terminal.left_behind() == []
    assert outcome.stderr.splitlines() == [
        "3 chains with 492 contracts scanned; nothing stored and no earnings dates looked up (--no-store)"
    ]
    slow = {one.ticker: one for one in iter_snapshots(tmp_path / "chains.csv")}
    assert [line["ticker"] for line in outcome.objects] == ["AAA", "B", "ONE"]
    for line in outcome.objects:
        assert list(line) == LINE_KEYS
        assert (line["as_of"], line["spot"], line["provider"]) == ("2026-06-01T18:00:00Z", 100.0, "files")
        for expiry in line["expiries"]:
            assert list(expiry) == EXPIRY_KEYS
            assert list(expiry["iv"]) == list(POINTS)
            assert all(list(sides) == SIDES for sides in expiry["iv"].values())
        assert all(list(one) == CANDIDATE_KEYS + KEYS_BEYOND for one in line["candidates"])
        assert_equals_slow_reference(line, slow_scan(slow[line["ticker"]]), POINTS)
    assert_missing_is_null(outcome.by_ticker()["ONE"]["candidates"][0])


def assert_missing_is_null(candidate: dict[str, Any]) -> None:
    unknown = {"back_expiry", "back_dte", "back_iv", "sigma_fwd", "ff", "ff_low", "ff_high", "quality_score"}
    assert {name for name in CANDIDATE_KEYS if candidate[name] is None} == unknown
    assert candidate["reasons"] == ["no_back_expiry"]
    assert candidate["is_signal"] is False


def test_all_formats_give_equal_lines_however_the_files_are_named(tmp_path: Path) -> None:
    chain = crooked(priced_chain(VOLS))
    (tmp_path / "more").mkdir()
    for name in ("a.csv", "b.csv.gz", "c.parquet", "more/d.csv", "more/e.parquet"):
        write_chains([chain], tmp_path / name)
    outcome = Terminal(tmp_path).run(
        "scan", "--chains", "a.csv", "b.csv.gz", "--chains", "c.parquet", "more", "--no-store", "--json"
    )
    assert outcome.code == 0
    assert len(outcome.stdout.splitlines()) == 5
    assert len(set(outcome.stdout.splitlines())) == 1
    (line, *_) = outcome.objects
    assert len(line["candidates"]) == 3
    assert {one["vol_point"] for one in line["candidates"]} == {"ATM"}


def test_only_the_tickers_asked_for_are_scanned(tmp_path: Path) -> None:
    write_chains([priced_chain(VOLS, ticker) for ticker in ("AAA", "BRK-B", "CCC")], tmp_path / "chains.parquet")
    outcome = Terminal(tmp_path).run(
        "scan", "brk-b", "ZZZ", "AAA", "--chains", "chains.parquet", "--no-store", "--json"
    )
    assert outcome.code == 3
    assert outcome.by_ticker().keys() == {"AAA", "BRK-B"}
    assert outcome.complaints == ["error: ZZZ is in none of the chain files"]
    nothing = Terminal(tmp_path).run("scan", "ZZZ", "--chains", "chains.parquet", "--no-store")
    assert (nothing.code, nothing.stdout) == (1, "")
    assert nothing.complaints == outcome.complaints


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("AAPL",), "say where chains come from"),
        (("--chains", "a.csv", "--vol-point", "50d"), "'50d' is not one of"),
        (("--chains", "a.csv", "--provider", "cboe"), "--chains goes with --provider files"),
    ],
)
def test_a_wrong_command_is_refused_with_a_word_on_how(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    outcome = Terminal(tmp_path).run("scan", *arguments)
    assert (outcome.code, outcome.stdout) == (2, "")
    assert words in outcome.stderr
    assert_clean(outcome.stderr)


def test_a_simulated_ticker_needs_nothing(tmp_path: Path) -> None:
    outcome = Terminal(tmp_path).run("scan", "--provider", "simulated", "AAPL", "--no-store", "--json")
    assert outcome.code == 0
    (line,) = outcome.objects
    assert (line["ticker"], line["provider"]) == ("AAPL", "simulated")
    assert len(line["expiries"]) > 5
    assert len(line["candidates"]) == 3


@pytest.mark.parametrize("provider", ["cboe", "polygon"])
def test_a_vendor_out_of_reach_is_one_line(tmp_path: Path, provider: str) -> None:
    begun = time.monotonic()
    outcome = Terminal(tmp_path, {"CBOE_BASE_URL": DEAD, "POLYGON_BASE_URL": DEAD, "POLYGON_API_KEY": "k"}).run(
        "scan", "--provider", provider, "AAPL", "--no-store"
    )
    assert time.monotonic() - begun < 60
    assert (outcome.code, outcome.stdout) == (1, "")
    (complaint,) = outcome.complaints
    assert complaint.startswith(f"error: {provider}, AAPL: ")
    assert_one_line_each(outcome)


@pytest.mark.parametrize("key", [{}, {"POLYGON_API_KEY": ""}])
def test_a_missing_key_is_said_before_anything_is_asked(tmp_path: Path, key: dict[str, str]) -> None:
    outcome = Terminal(tmp_path, {"POLYGON_BASE_URL": DEAD, **key}).run("scan", "--provider", "polygon", "AAPL", "MSFT")
    assert (outcome.code, outcome.stdout) == (2, "")
    assert outcome.stderr == "error: provider polygon needs a key: set POLYGON_API_KEY\n"


def test_recorded_chains_equal_the_slow_reference(tmp_path: Path) -> None:
    root = recorded_dir()
    if root is None:
        pytest.skip("the recorded chains are not here: ../shared/data is no directory")
    path = root / "chains" / "spy_2021.csv.gz"
    outcome = Terminal(tmp_path).run("scan", "--chains", path, "--no-store", "--json")
    assert outcome.code == 3
    assert outcome.complaints == ["warning: SPY 2021-09-17T20:00:00Z: 17 of 20 contracts are crossed (bid above ask)"]
    lines = outcome.objects
    assert len(lines) == 252
    assert sum(len(signals_of(line)) for line in lines) > 0
    for line, snapshot in list(zip(lines, iter_snapshots(path), strict=True))[::12]:
        assert_equals_slow_reference(line, slow_scan(snapshot), ("ATM",))
