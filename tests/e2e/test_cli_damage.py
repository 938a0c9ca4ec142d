"""Damaged chains beside a healthy one: it is scanned as if alone, the damage is named in a line and gives no signal."""

from __future__ import annotations

import csv
import gzip
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from math import nan
from pathlib import Path
from typing import Any

import pytest

from forward_factor.providers.files.write import write_chains
from tests.chains import priced_chain
from tests.e2e.command import Outcome, Terminal, assert_one_line_each, signals_of
from tests.reference.compare import NUMBERS

FRONT, BACK = "2026-07-01", "2026-07-31"
VOLS = {30: 0.45, 60: 0.35}
PARTIAL = 3

Rows = list[dict[str, str]]
Fields = Mapping[str, str | Callable[[dict[str, str]], str]]
Damage = Callable[[Rows], Rows]


def rows_of(ticker: str, directory: Path) -> Rows:
    """Return a chain with a signal in it, as the rows of a CSV file."""
    path = directory / f"{ticker}.csv"
    write_chains([priced_chain(VOLS, ticker)], path)
    with path.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    path.unlink()
    return rows


def write_rows(rows: Iterable[dict[str, str]], path: Path) -> Path:
    listed = list(rows)
    with path.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, fieldnames=list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)
    return path


def every(fields: Fields, step: int = 1) -> Damage:
    """Return a damage that overwrites fields of every so manieth row."""

    def damage(rows: Rows) -> Rows:
        for row in rows[::step]:
            row |= {name: text if isinstance(text, str) else text(row) for name, text in fields.items()}
        return rows

    return damage


def at_the_money(fields: Fields) -> Damage:
    """Return a damage to the put and the call that the front vol point is made from."""

    def damage(rows: Rows) -> Rows:
        every(fields)([row for row in rows if row["expiry"] == FRONT and float(row["strike"]) == 100])
        return rows

    return damage


def negative(name: str) -> Callable[[dict[str, str]], str]:
    return lambda row: f"-{row[name]}"


CROSSED: Fields = {
    "bid": lambda row: row["ask"],
    "ask": lambda row: f"{float(row['ask']) / 2}",
}
EMPTY: Fields = {"bid": "", "ask": ""}
VENDOR_IV: Fields = {"iv": lambda row: "0.45" if row["expiry"] == FRONT else "0.35"}

DAMAGES: dict[str, dict[Damage, str]] = {
    "quotes": {
        every(CROSSED): "164 of 164 contracts are crossed (bid above ask)",
        every({"bid": negative("bid"), "ask": negative("ask")}): "164 of 164 contracts have a negative quote",
        every({"bid": "nan", "ask": "nan"}): "none of 164 contracts has a usable quote",
        every({"bid": "nan", "ask": "nan", **VENDOR_IV}): "none of 164 contracts has a usable quote",
        every({"bid": "0", "ask": "0"}): "none of 164 contracts has a usable quote",
        every({"bid": "inf", "ask": "inf"}): "none of 164 contracts has a usable quote",
        every({"bid": "abc"}): "164 unreadable_number",
        every({"bid": "1e300", "ask": "1.01e300"}): "164 of 164 contracts are bid at more than twice spot and strike",
    },
    "spots": {
        every({"spot": ""}): "no row of this snapshot has a spot above 0",
        every({"spot": "nan"}): "no row of this snapshot has a spot above 0",
        every({"spot": "0"}): "no row of this snapshot has a spot above 0",
        every({"spot": "-100"}): "no row of this snapshot has a spot above 0",
        every({"spot": "200"}, 2): "this snapshot has two spots",
        every({"spot": "1e300"}): "the spot 1e+300 is far from all strikes (60 to 140)",
    },
    "contracts": {
        every({"expiry": "2026-01-16"}): "no contract expires 1 to",
        every({"expiry": "2026-06-01"}): "no contract expires 1 to",
        every({"expiry": "soon"}): "164 unreadable_expiry",
        every({"strike": "0"}): "164 unreadable_strike",
        every({"strike": "1e18"}): "the spot 100 is far from all strikes (1e+18 to 1e+18)",
        every({"right": "X"}): "164 unreadable_right",
    },
    "instants": {
        every({"as_of": "2026-06-01T18:00:00 Mars/Phobos"}): "164 unreadable_as_of",
        every({"as_of": "2026-06-01T18:00:00+99:00"}): "164 unreadable_as_of",
        every({"as_of": "yesterday"}): "164 unreadable_as_of",
        every({"as_of": "2026-06-01"}): "164 unreadable_as_of",
        every({"as_of": ""}): "164 unreadable_as_of",
    },
}
PART_DAMAGES: dict[str, tuple[Damage, Damage, str]] = {
    "TENTH": (every(CROSSED, 10), every(EMPTY, 10), "17 of 164 contracts are crossed"),
    "MINUS": (at_the_money({"bid": negative("bid")}), at_the_money(EMPTY), "2 of 164 contracts have a negative quote"),
    "COMMAS": (every({"ask": "1,5"}, 2), every(EMPTY, 2), "82 rows unreadable_number"),
}
HOSTILE_TICKERS = (
    "\x1b[2J\x1b[31mBAD\x07",
    "'; DROP TABLE signals; --",
    "../../etc/passwd",
    "B\u00c4D\u202e",
    "A" * 100_000,
    "=cmd()|' /C calc'!A0",
    "[bold]BAD[/bold]",
    "",
)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The healthy ticker's line where it is scanned alone."""
    directory = tmp_path_factory.mktemp("alone")
    write_rows(rows_of("GOOD", directory), directory / "good.csv")
    outcome = Terminal(directory).run("scan", "--chains", "good.csv", "--no-store", "--json")
    assert outcome.code == 0
    (line,) = outcome.objects
    assert len(signals_of(line)) == 1
    return line


def scan_beside(directory: Path, *damaged: Rows) -> Outcome:
    """Scan a healthy ticker and damaged ones, the first in one file with it, into a store."""
    for number, rows in enumerate(damaged):
        healthy = [] if number else rows_of("GOOD", directory)
        write_rows([*healthy, *rows], directory / f"chains{number}.csv")
    return Terminal(directory).run("scan", "--chains", *sorted(directory.glob("chains*.csv")), "--json")


def stored_signals(terminal: Terminal) -> set[str]:
    (store,) = terminal.home.rglob("*.db")
    with sqlite3.connect(store) as connection:
        return {ticker for (ticker,) in connection.execute("SELECT ticker FROM signals")}


def assert_only_the_healthy_one_signals(outcome: Outcome, alone: dict[str, Any], directory: Path) -> None:
    lines = outcome.by_ticker()
    assert lines.pop("GOOD") == alone
    assert [one for line in lines.values() for one in signals_of(line)] == []
    assert stored_signals(Terminal(directory)) == {"GOOD"}
    assert_one_line_each(outcome)


@pytest.mark.parametrize("theme", DAMAGES)
def test_a_damaged_ticker_is_named_and_gives_no_signal(tmp_path: Path, alone: dict[str, Any], theme: str) -> None:
    damages = DAMAGES[theme]
    damaged = [damage(rows_of(f"BAD{number}", tmp_path)) for number, damage in enumerate(damages)]
    outcome = scan_beside(tmp_path, *damaged)
    assert outcome.code == PARTIAL
    assert len(outcome.complaints) == len(damages)
    for number, words in enumerate(damages.values()):
        (complaint,) = [one for one in outcome.complaints if f"BAD{number}" in one or f"chains{number}.csv" in one]
        assert words in complaint
    assert_only_the_healthy_one_signals(outcome, alone, tmp_path)


def test_a_signal_beside_damaged_quotes_comes_from_sound_ones(tmp_path: Path, alone: dict[str, Any]) -> None:
    """Where only some quotes are damaged, the candidates are those of a chain that lacks them."""
    damaged = [damage(rows_of(ticker, tmp_path)) for ticker, (damage, _, _) in PART_DAMAGES.items()]
    gapped = [gap(rows_of(f"{ticker}0", tmp_path)) for ticker, (_, gap, _) in PART_DAMAGES.items()]
    outcome = scan_beside(tmp_path, *damaged, *gapped)
    assert outcome.code == PARTIAL
    lines = outcome.by_ticker()
    assert lines["GOOD"] == alone
    assert len(outcome.complaints) == len(PART_DAMAGES)
    for ticker, (_, _, words) in PART_DAMAGES.items():
        assert any(ticker in complaint and words in complaint for complaint in outcome.complaints)
        for candidate, expected in zip(lines[ticker]["candidates"], lines[f"{ticker}0"]["candidates"], strict=True):
            assert candidate["reasons"] == expected["reasons"]
            assert _numbers(candidate) == pytest.approx(_numbers(expected), rel=1e-9, nan_ok=True)
    assert_one_line_each(outcome)


def test_what_healthy_feeds_show_too_is_no_damage(tmp_path: Path, alone: dict[str, Any]) -> None:
    """A few crossed quotes are passed over without a word; contracts that repeat are settled, and flagged."""
    rows = rows_of("TWICE", tmp_path)
    worthless = [row | {"bid": "0.01", "ask": "99", "open_interest": "1"} for row in rows]
    crossed, gap = at_the_money(CROSSED)(rows_of("FEW", tmp_path)), at_the_money(EMPTY)(rows_of("GAP", tmp_path))
    outcome = scan_beside(tmp_path, crossed, gap, [*worthless, *rows])
    assert (outcome.code, outcome.complaints) == (0, [])
    lines = outcome.by_ticker()
    assert lines["GOOD"] == alone
    assert lines["FEW"]["candidates"] == lines["GAP"]["candidates"]
    settled, expected = lines["TWICE"]["candidates"][0], alone["candidates"][0]
    assert settled["flags"] == ["duplicate_contract"]
    assert settled["ff"] == expected["ff"]


def test_hostile_tickers_are_shown_escaped(tmp_path: Path, alone: dict[str, Any]) -> None:
    hostile = [every({"ticker": ticker})(rows_of("BAD", tmp_path)) for ticker in HOSTILE_TICKERS]
    outcome = scan_beside(tmp_path, *hostile)
    assert outcome.code == PARTIAL
    assert len(outcome.complaints) == len(hostile)
    for number in range(len(hostile)):
        (complaint,) = [one for one in outcome.complaints if f"chains{number}.csv" in one]
        assert "164 invalid_ticker" in complaint
    assert_only_the_healthy_one_signals(outcome, alone, tmp_path)


def damaged_files(directory: Path) -> dict[str, str]:
    """Write files that are damaged as a whole; return their names with what is said of each."""
    chain = priced_chain(VOLS, "BAD")
    text = directory / "whole.csv"
    packed, parquet = directory / "whole.csv.gz", directory / "whole.parquet"
    for path in (text, packed, parquet):
        write_chains([chain], path)
    page = bytearray(parquet.read_bytes())
    page[len(page) // 8 :: 7] = b"\xff" * len(page[len(page) // 8 :: 7])
    header = text.read_text().splitlines()[0]
    contents: dict[str, tuple[bytes, str]] = {
        "binary.csv": (bytes(range(256)) * 500, "is not UTF-8 text"),
        "nul.csv": (text.read_bytes() + bytes(500), "is not text"),
        "columns.csv": (text.read_bytes().replace(b"strike", b"K"), "lacks the column strike"),
        "empty.csv": (b"", "is empty"),
        "header.csv": (header.encode(), "has no rows"),
        "nospot.csv": (text.read_bytes().replace(b"spot", b"price"), "lacks the column spot"),
        "quotes.csv": (text.read_bytes().replace(b"BAD", b'"BAD', 1), "misplaced quote"),
        "lines.csv": (text.read_bytes().replace(b"BAD", b'"B\nAD"'), "misplaced quote"),
        "truncated.csv.gz": (packed.read_bytes()[: -len(packed.read_bytes()) // 2], "is a gzip file cut short"),
        "no.csv.gz": (text.read_bytes(), "is not a readable gzip file"),
        "bomb.csv.gz": (gzip.compress(bytes(80 << 20)), "decompresses to more than 64 MiB"),
        "empty.parquet": (b"", "is empty"),
        "truncated.parquet": (parquet.read_bytes()[:2000], "is not a readable Parquet file"),
        "footless.parquet": (parquet.read_bytes()[:-4], "is not a readable Parquet file"),
        "pages.parquet": (bytes(page), "is not a readable Parquet file"),
        "text.parquet": (text.read_bytes(), "is not a readable Parquet file"),
    }
    for path in (text, packed, parquet):
        path.unlink()
    for name, (content, _) in contents.items():
        (directory / name).write_bytes(content)
    return {name: words for name, (_, words) in contents.items()}


def test_damaged_files_are_named_one_by_one(tmp_path: Path, alone: dict[str, Any]) -> None:
    expected = damaged_files(tmp_path)
    (tmp_path / "bare").mkdir()
    expected |= {"bare": "is a directory without chain files", "absent.csv": "does not exist"}
    write_rows(rows_of("GOOD", tmp_path), tmp_path / "good.csv")
    outcome = Terminal(tmp_path).run("scan", "--chains", "bare", "absent.csv", "*.csv", "*.gz", "*.parquet", "--json")
    assert outcome.code == PARTIAL
    said = {complaint.split()[1]: complaint for complaint in outcome.complaints}
    assert said.keys() == expected.keys()
    for name, words in expected.items():
        assert words in said[name]
    assert_only_the_healthy_one_signals(outcome, alone, tmp_path)


def test_a_panic_of_polars_stays_unseen(tmp_path: Path, alone: dict[str, Any]) -> None:
    """One byte of a page is enough for the installed Polars to panic, with a trace on stderr from its own threads."""
    write_chains([priced_chain(VOLS, "BAD")], tmp_path / "page.parquet")
    content = bytearray((tmp_path / "page.parquet").read_bytes())
    content[851] = 0xFF
    (tmp_path / "page.parquet").write_bytes(content)
    write_rows(rows_of("GOOD", tmp_path), tmp_path / "good.csv")
    outcome = Terminal(tmp_path).run("scan", "--chains", "page.parquet", "good.csv", "--json")
    assert outcome.code == PARTIAL
    assert outcome.complaints == ["error: page.parquet is not a readable Parquet file: damaged, or cut short"]
    assert_only_the_healthy_one_signals(outcome, alone, tmp_path)


def test_nothing_but_damage_fails(tmp_path: Path) -> None:
    write_rows(every({"spot": ""})(rows_of("BAD", tmp_path)), tmp_path / "bad.csv")
    outcome = Terminal(tmp_path).run("scan", "--chains", "bad.csv", "absent.parquet", "--no-store")
    assert (outcome.code, outcome.stdout, len(outcome.complaints)) == (1, "", 2)
    assert_one_line_each(outcome)


def _numbers(candidate: dict[str, Any]) -> list[float]:
    return [nan if candidate[name] is None else candidate[name] for name in NUMBERS]
