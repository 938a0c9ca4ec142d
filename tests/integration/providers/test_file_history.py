"""Chains of many files by instant: merged where files overlap, in parts where one is large, never all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from forward_factor.core.chain import Chain
from forward_factor.core.staleness import quotes_digest
from forward_factor.errors import InvalidInput, InvalidTicker, UnknownTicker
from forward_factor.providers.files import history as module
from forward_factor.providers.files.client import read_rows, read_table
from forward_factor.providers.files.history import FileHistory
from forward_factor.providers.files.query import ChainFile
from forward_factor.providers.files.write import write_chains
from forward_factor.services.ports.history import HistoryStep, Span
from tests.chains import AS_OF, priced_chain

DAY = timedelta(days=1)
FORMATS = ["csv", "csv.gz", "parquet"]


def chain_at(days: float, ticker: str = "AAA") -> Chain:
    return priced_chain({30: 0.3, 60: 0.3}, ticker, AS_OF + days * DAY, strikes=(90, 100, 110))


async def steps_of(*paths: Path, tickers: Sequence[str] = (), span: Span | None = None) -> list[HistoryStep]:
    return [step async for step in FileHistory(paths).read(tickers, span or Span())]


def seen(steps: Sequence[HistoryStep]) -> list[tuple[str, datetime]]:
    return [(one.chain.ticker, one.chain.as_of) for step in steps for one in step.chains]


def keys(chains: Sequence[Chain]) -> list[tuple[str, datetime]]:
    return sorted(((chain.ticker, chain.as_of) for chain in chains), key=lambda key: (key[1], key[0]))


@pytest.mark.parametrize("ending", FORMATS)
async def test_files_that_overlap_are_merged(tmp_path: Path, ending: str) -> None:
    first = [chain_at(0), chain_at(2), chain_at(4), chain_at(2, "BBB")]
    second = [chain_at(1), chain_at(3), chain_at(9)]
    third = [chain_at(5), chain_at(0, "CCC")]
    for name, chains in (("z", first), ("m", second), ("a", third)):
        write_chains(chains, tmp_path / f"{name}.{ending}")
    steps = await steps_of(tmp_path)
    assert seen(steps) == keys([*first, *second, *third])
    assert steps[-1].done == 1.0
    assert [step.failures for step in steps if step.failures] == []


async def test_a_snapshot_that_two_files_hold_comes_from_the_one_named_first(tmp_path: Path) -> None:
    write_chains([chain_at(0)], tmp_path / "one.parquet")
    write_chains([replace(chain_at(0), spot=101.0), chain_at(-1)], tmp_path / "two.parquet")
    for paths, spots in ((("one", "two"), [100, 100, 101]), (("two", "one"), [100, 101, 100])):
        steps = await steps_of(*(tmp_path / f"{name}.parquet" for name in paths))
        assert [one.chain.spot for step in steps for one in step.chains] == spots


async def test_a_large_sorted_file_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS_A_PART", 30)
    monkeypatch.setattr(module, "CONTRACTS_A_STEP", 12)
    chains = [chain_at(number, ticker) for number in range(20) for ticker in ("AAA", "BBB")]
    write_chains(chains, tmp_path / "all.parquet")
    rows_read: list[tuple[int, int]] = []

    def counting(file: ChainFile, first: int, count: int) -> pl.DataFrame:
        rows_read.append((first, count))
        return read_rows(file, first, count)

    monkeypatch.setattr(module, "read_rows", counting)
    steps = await steps_of(tmp_path / "all.parquet")
    assert seen(steps) == keys(chains)
    assert len(rows_read) == 10
    assert sum(count for _, count in rows_read) == sum(len(chain.contracts) for chain in chains)
    assert max(len(step.chains) for step in steps) <= 2
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    for step in steps:
        for one in step.chains:
            assert one.digest == quotes_digest(one.chain)


async def test_a_file_that_is_not_sorted_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS_A_PART", 30)
    chains = [chain_at(number, ticker) for ticker in ("AAA", "BBB") for number in reversed(range(8))]
    write_chains(chains, tmp_path / "all.parquet")
    assert seen(await steps_of(tmp_path / "all.parquet")) == keys(chains)


async def test_only_what_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        write_chains([chain_at(number), chain_at(number, "BBB")], tmp_path / f"{number}.parquet")
    first = (AS_OF + 2 * DAY).date()
    read: list[str] = []

    def noting(file: ChainFile) -> pl.DataFrame:
        read.append(file.label)
        return read_table(file)

    monkeypatch.setattr(module, "read_table", noting)
    steps = await steps_of(tmp_path, tickers=["bbb"], span=Span(first, first + DAY))
    assert seen(steps) == [("BBB", AS_OF + 2 * DAY), ("BBB", AS_OF + 3 * DAY)]
    assert read == ["2.parquet", "3.parquet"]


async def test_what_cannot_be_read_ends_nothing_else(tmp_path: Path) -> None:
    write_chains([chain_at(0)], tmp_path / "good.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    pl.DataFrame(
        {"as_of": ["x"], "ticker": ["AAA"], "spot": [1.0], "expiry": ["y"], "strike": [1.0], "right": ["C"]}
    ).write_csv(tmp_path / "odd.csv")
    steps = await steps_of(tmp_path, tmp_path / "absent.csv", tickers=["AAA", "ZZZ"])
    assert seen(steps) == [("AAA", AS_OF)]
    failures = {failure.source: failure.error for step in steps for failure in step.failures}
    assert set(failures) == {"bad.parquet", "bad.csv", "odd.csv: 1 row", str(tmp_path / "absent.csv"), "ZZZ"}
    assert isinstance(failures["ZZZ"], UnknownTicker)


async def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no chain file"):
        await steps_of()
    with pytest.raises(InvalidTicker):
        await steps_of(Path("x.csv"), tickers=["not a ticker"])


def test_a_span_is_of_new_york_dates() -> None:
    span = Span(date(2026, 6, 2), date(2026, 6, 2))
    assert [span.covers(AS_OF + hours * timedelta(hours=1)) for hours in (9, 10, 33, 34)] == [False, True, True, False]
