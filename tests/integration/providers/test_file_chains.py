"""The ``files`` provider on real files: every kind of damage, the recorded chains, and the way back."""

from __future__ import annotations

import asyncio
import csv
import gzip
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forward_factor.core.chain import Chain, Contracts
from forward_factor.errors import InvalidInput, InvalidTicker, NoSpotPrice, UnknownTicker, UnreadableChain
from forward_factor.providers.files.chains import FileChains
from forward_factor.providers.files.write import write_chains
from forward_factor.services.ports import ChainFailure, ChainProvider

HEADER = "as_of,ticker,spot,expiry,strike,right,bid,ask,last,volume,open_interest,iv,delta"
COLUMNS = HEADER.split(",")
NUMBERS = COLUMNS[6:]
ROW = "2026-07-22T22:52:27Z,SPY,600.5,2026-08-21,600,C,10.1,10.3,10.2,7,11,0.21,0.5"
GOOD = f"{HEADER}\n{ROW}\n"
FORMATS = ["chains.csv", "chains.csv.gz", "chains.parquet"]
RECORDED = Path(
    os.environ.get("FORWARD_FACTOR_RECORDED_DATA", Path(__file__).resolve().parents[3].parent / "shared" / "data")
)


async def fetch(*paths: Path, tickers: Sequence[str] = ()) -> list[Chain | ChainFailure]:
    return [outcome async for outcome in FileChains(paths).fetch_chains(tickers)]


def fetch_now(*paths: Path, tickers: Sequence[str] = ()) -> list[Chain | ChainFailure]:
    return asyncio.run(fetch(*paths, tickers=tickers))


def chains_of(*paths: Path, tickers: Sequence[str] = ()) -> list[Chain]:
    outcomes = fetch_now(*paths, tickers=tickers)
    assert [outcome for outcome in outcomes if isinstance(outcome, ChainFailure)] == []
    return [outcome for outcome in outcomes if isinstance(outcome, Chain)]


def failure_of(*paths: Path) -> ChainFailure:
    (failure,) = fetch_now(*paths)
    assert isinstance(failure, ChainFailure)
    return failure


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def parquet_bytes(directory: Path) -> bytes:
    write_chains(chains_of(written(directory / "source.csv", GOOD)), directory / "whole.parquet")
    return (directory / "whole.parquet").read_bytes()


def assert_same(one: Chain, other: Chain) -> None:
    assert (one.ticker, one.as_of, one.spot, one.rejected) == (
        other.ticker,
        other.as_of,
        other.spot,
        other.rejected,
    )
    for name in Contracts.__slots__:
        values, others = getattr(one.contracts, name), getattr(other.contracts, name)
        assert values.dtype == others.dtype, name
        assert np.array_equal(values, others, equal_nan=values.dtype.kind == "f"), name


class TestPaths:
    def test_it_is_the_provider_called_files(self) -> None:
        provider: ChainProvider = FileChains([])
        assert provider.name == "files"

    @pytest.mark.asyncio
    async def test_files_come_in_the_given_order_and_once(self, tmp_path: Path) -> None:
        first, second = (
            written(tmp_path / "b.csv", GOOD),
            written(tmp_path / "a.csv", GOOD.replace("SPY", "QQQ")),
        )
        outcomes = await fetch(first, second, tmp_path)
        assert [outcome.ticker for outcome in outcomes if isinstance(outcome, Chain)] == ["SPY", "QQQ"]

    def test_a_directory_means_its_own_chain_files_by_name(self, tmp_path: Path) -> None:
        written(tmp_path / "b.csv", GOOD)
        written(tmp_path / "a.csv.gz", gzip.compress(GOOD.replace("SPY", "QQQ").encode()))
        written(tmp_path / "README.md", "not a chain")
        written(tmp_path / "._b.csv", b"\xff")
        (tmp_path / "deeper.csv").mkdir()
        assert [chain.ticker for chain in chains_of(tmp_path)] == ["QQQ", "SPY"]

    def test_a_pattern_means_what_it_matches(self, tmp_path: Path) -> None:
        (tmp_path / "deep").mkdir()
        written(tmp_path / "deep" / "a.csv", GOOD)
        written(tmp_path / "deep" / "a.txt", GOOD)
        assert len(chains_of(tmp_path / "*" / "a.*")) == len(chains_of(tmp_path / "**" / "*.csv")) == 1

    def test_a_file_named_like_a_pattern_is_that_file(self, tmp_path: Path) -> None:
        assert len(chains_of(written(tmp_path / "[a].csv", GOOD))) == 1

    def test_files_of_one_name_are_told_apart(self, tmp_path: Path) -> None:
        for name in ("x", "y"):
            (tmp_path / name).mkdir()
            written(tmp_path / name / "a.csv", "")
        sources = [
            outcome.source for outcome in fetch_now(tmp_path / "*" / "*.csv") if isinstance(outcome, ChainFailure)
        ]
        assert sources == [str(tmp_path / "x" / "a.csv"), str(tmp_path / "y" / "a.csv")]

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("absent.csv", "does not exist"),
            ("*.csv", "matches no chain file"),
            ("", "is a directory without chain files"),
            ("note.txt", "is not a chain file by its name"),
            ("pipe.csv", "is not a regular file"),
        ],
    )
    def test_a_path_that_means_no_file(self, tmp_path: Path, name: str, message: str) -> None:
        directory = tmp_path / "empty"
        directory.mkdir()
        if name == "note.txt":
            written(directory / name, GOOD)
        if name == "pipe.csv":
            os.mkfifo(directory / name)
        failure = failure_of(directory / name)
        assert isinstance(failure.error, UnreadableChain)
        assert failure.source == str(directory / name)
        assert message in str(failure.error)

    def test_a_hostile_path_is_escaped(self) -> None:
        assert failure_of(Path("a\n\x1b[31m.csv")).source == r"'a\n\x1b[31m.csv'"

    def test_a_name_no_file_system_takes(self) -> None:
        assert isinstance(failure_of(Path("x" * 5000 + ".csv")).error, UnreadableChain)
        assert isinstance(failure_of(Path("a\0b.csv")).error, UnreadableChain)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read any file")
    def test_a_file_that_may_not_be_read(self, tmp_path: Path) -> None:
        path = written(tmp_path / "a.csv", GOOD)
        path.chmod(0)
        assert "cannot be opened" in str(failure_of(path).error)

    def test_no_path_at_all(self) -> None:
        assert isinstance(failure_of().error, InvalidInput)


class TestTickers:
    def test_only_those_asked_for_come(self, tmp_path: Path) -> None:
        path = written(tmp_path / "a.csv", GOOD + ROW.replace("SPY", "QQQ") + "\n")
        assert [chain.ticker for chain in chains_of(path, tickers=["qqq"])] == ["QQQ"]

    def test_one_that_is_nowhere_fails_beside_the_others(self, tmp_path: Path) -> None:
        chain, failure = fetch_now(written(tmp_path / "a.csv", GOOD), tickers=["XOM", "SPY"])
        assert isinstance(chain, Chain)
        assert isinstance(failure, ChainFailure)
        assert (failure.source, type(failure.error)) == ("XOM", UnknownTicker)

    def test_one_whose_snapshot_fails_is_not_unknown(self, tmp_path: Path) -> None:
        (failure,) = fetch_now(written(tmp_path / "a.csv", GOOD.replace("600.5", "0")), tickers=["SPY"])
        assert isinstance(failure, ChainFailure)
        assert isinstance(failure.error, NoSpotPrice)

    def test_one_no_exchange_would_list_fails_and_is_never_taken_for_all(self, tmp_path: Path) -> None:
        (failure,) = fetch_now(written(tmp_path / "a.csv", GOOD), tickers=["../x"])
        assert isinstance(failure, ChainFailure)
        assert isinstance(failure.error, InvalidTicker)


DAMAGE: dict[str, tuple[str, Callable[[Path], bytes], str]] = {
    "empty csv": ("x.csv", lambda _: b"", "is empty"),
    "blank csv": ("x.csv", lambda _: b"\n \n,,,\n", "is empty"),
    "empty gz": ("x.csv.gz", lambda _: b"", "is empty"),
    "gz of nothing": ("x.csv.gz", lambda _: gzip.compress(b""), "is empty"),
    "empty parquet": ("x.parquet", lambda _: b"", "is empty"),
    "header only": ("x.csv", lambda _: HEADER.encode(), "has no rows"),
    "three columns": (
        "x.csv",
        lambda _: b"as_of,ticker,spot\n1,2,3\n",
        "lacks the columns expiry, strike, right",
    ),
    "no header": ("x.csv", lambda _: ROW.encode(), "lacks the columns"),
    "no spot": ("x.csv", lambda _: GOOD.replace("spot", "price").encode(), "lacks the column spot"),
    "semicolons": ("x.csv", lambda _: GOOD.replace(",", ";").encode(), "lacks the columns"),
    "not utf-8": ("x.csv", lambda _: GOOD.replace("SPY", "SPÝ").encode("latin-1"), "is not UTF-8 text (byte"),
    "utf-16": ("x.csv", lambda _: GOOD.encode("utf-16"), "is not UTF-8 text"),
    "binary": ("x.csv", lambda _: bytes(range(256)) * 50, "is not UTF-8 text"),
    "nul characters": ("x.csv", lambda _: GOOD.encode() + b"\0" * 500, "is not text"),
    "one endless word": ("x.csv", lambda _: b"a" * 200_000, "has no readable header"),
    "unbalanced quote": ("x.csv", lambda _: GOOD.replace("SPY", '"SPY').encode(), "quote in line 2"),
    "unbalanced header quote": ("x.csv", lambda _: f'"{GOOD}'.encode(), "quote in line 1"),
    "misplaced quotes": ("x.csv", lambda _: GOOD.replace("SPY", 'S"P"Y').encode(), "quote in line 2"),
    "quoted line break": ("x.csv", lambda _: GOOD.replace("SPY", '"SP\nY"').encode(), "quote in line 2"),
    "truncated gz": ("x.csv.gz", lambda _: gzip.compress(GOOD.encode())[:-9], "is a gzip file cut short"),
    "not gz": ("x.csv.gz", lambda _: GOOD.encode(), "is not a readable gzip file"),
    "bad gz": (
        "x.csv.gz",
        lambda _: gzip.compress(GOOD.encode())[:10] + b"\xff" * 40,
        "is not a readable gzip",
    ),
    "not parquet": ("x.parquet", lambda _: GOOD.encode(), "is not a readable Parquet file"),
    "half a parquet": (
        "x.parquet",
        lambda d: parquet_bytes(d)[: len(parquet_bytes(d)) // 2],
        "is not a readable Parq",
    ),
    "parquet without end": ("x.parquet", lambda d: parquet_bytes(d)[:-4], "is not a readable Parquet file"),
    "parquet without middle": (
        "x.parquet",
        lambda d: parquet_bytes(d)[:100] + bytes(900) + parquet_bytes(d)[1000:],
        "is not a readable Parquet file",
    ),
}


class TestDamage:
    @pytest.mark.parametrize(("name", "content", "message"), DAMAGE.values(), ids=DAMAGE)
    def test_is_one_clear_failure_and_other_files_are_read(
        self, tmp_path: Path, name: str, content: Callable[[Path], bytes], message: str
    ) -> None:
        damaged, good = written(tmp_path / name, content(tmp_path)), written(tmp_path / "good.csv", GOOD)
        failure, chain = fetch_now(damaged, good)
        assert isinstance(chain, Chain)
        assert isinstance(failure, ChainFailure)
        assert failure.source == name
        text = str(failure.error)
        assert text.startswith(name)
        assert message in text
        assert text.isprintable()
        assert len(text) < 600

    def test_a_parquet_cut_anywhere_is_one_failure(self, tmp_path: Path) -> None:
        whole = parquet_bytes(tmp_path)
        for end in range(1, len(whole), 97):
            assert isinstance(failure_of(written(tmp_path / "x.parquet", whole[:end])).error, UnreadableChain)

    def test_a_row_cut_short_at_the_end_of_a_file_is_not_read(self, tmp_path: Path) -> None:
        (chain,) = chains_of(written(tmp_path / "x.csv", GOOD + ROW[:60]))
        assert (len(chain.contracts), chain.rejected_rows) == (1, 1)
        assert chain.rejected[0].reason == "unreadable_row"

    def test_a_row_with_too_many_fields_is_not_read(self, tmp_path: Path) -> None:
        (chain,) = chains_of(written(tmp_path / "x.csv", GOOD + ROW.replace("10.1", "1,010.1") + "\n"))
        assert (len(chain.contracts), chain.rejected[0].reason) == (1, "unreadable_row")

    def test_a_row_that_only_lacks_its_last_fields_has_them_missing(self, tmp_path: Path) -> None:
        short = ROW.removesuffix(",0.21,0.5")
        (chain,) = chains_of(written(tmp_path / "x.csv", f"{HEADER}\n{short}\n{ROW}\n"))
        assert np.array_equal(chain.contracts.iv, [np.nan, 0.21], equal_nan=True)


class TestCsv:
    @pytest.mark.parametrize(
        "content",
        [
            GOOD.removesuffix("\n"),
            GOOD.replace("\n", "\r\n"),
            GOOD.replace("\n", "\r"),
            "\ufeff" + GOOD,
            "\n\n" + GOOD.replace("\n", "\n\n") + ",,,,,,,,,,,,\n  \n",
            GOOD.upper().replace("22T22", "22t22"),
            "\n".join(",".join(f'"{field}"' for field in line.split(",")) for line in GOOD.split("\n")[:2]),
            f'note,{HEADER}\n"said ""a, b""",{ROW}\n',
            f"{HEADER},as_of_2\n{ROW},\n",
            GOOD.replace(",", " , "),
        ],
    )
    def test_its_dialects_are_read(self, tmp_path: Path, content: str) -> None:
        (chain,) = chains_of(written(tmp_path / "x.csv", content))
        (expected,) = chains_of(written(tmp_path / "good.csv", GOOD))
        assert_same(chain, expected)

    def test_no_value_spoils_the_file_or_its_column(self, tmp_path: Path) -> None:
        fields = [ROW.split(",") for _ in range(3)]
        fields[0][4], fields[1][6], fields[2][11] = "6e2", "abc", ""
        (chain,) = chains_of(written(tmp_path / "x.csv", "\n".join([HEADER, *map(",".join, fields)])))
        assert chain.contracts.strike.tolist() == [600, 600]
        assert [(rejection.reason, rejection.rows) for rejection in chain.rejected] == [("unreadable_number", 1)]

    def test_columns_may_be_wholly_empty(self, tmp_path: Path) -> None:
        line = ROW.replace("0.21,0.5", ",")
        (chain,) = chains_of(written(tmp_path / "x.csv", f"{HEADER}\n" + f"{line}\n" * 200))
        assert len(chain.contracts) == 200
        assert np.isnan(chain.contracts.iv).all()


class TestParquet:
    def test_columns_are_matched_by_name_and_others_left_alone(self, tmp_path: Path) -> None:
        (expected,) = chains_of(written(tmp_path / "good.csv", GOOD))
        fields = dict(zip(COLUMNS, ROW.split(","), strict=True))
        table = pl.DataFrame({f" {name.upper()}": [value] for name, value in fields.items()})
        table.with_columns(nested=pl.lit([1, 2])).write_parquet(tmp_path / "x.parquet")
        (chain,) = chains_of(tmp_path / "x.parquet")
        assert_same(chain, expected)

    def test_a_table_without_rows(self, tmp_path: Path) -> None:
        pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String)).write_parquet(tmp_path / "x.parquet")
        assert str(failure_of(tmp_path / "x.parquet").error) == "x.parquet has no rows"


def recorded(name: str) -> Path:
    path = RECORDED / "chains" / name
    if not path.is_file():
        pytest.skip(f"the recorded chains are not here: {path}")
    return path


def read_slowly(path: Path) -> dict[tuple[datetime, str], list[dict[str, str]]]:
    """Group the rows of a CSV file by snapshot with nothing of this project."""
    groups: dict[tuple[datetime, str], list[dict[str, str]]] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            groups.setdefault((datetime.fromisoformat(row["as_of"]), row["ticker"]), []).append(row)
    return groups


def contracts_of(chain: Chain) -> Iterator[dict[str, object]]:
    contracts = chain.contracts
    for index in range(len(contracts)):
        numbers = {name: float(getattr(contracts, name)[index]) for name in ("strike", *NUMBERS)}
        yield {
            "expiry": contracts.expiry[index].astype(date).isoformat(),
            "right": "C" if contracts.is_call[index] else "P",
            **{name: None if np.isnan(value) else value for name, value in numbers.items()},
        }


class TestRecordedChains:
    @pytest.mark.parametrize(("name", "rows"), [("spy_2021.csv.gz", 5040), ("aapl_lean_2014.csv.gz", 4532)])
    def test_every_row_is_what_an_independent_reader_finds(self, name: str, rows: int) -> None:
        path = recorded(name)
        expected, chains = read_slowly(path), chains_of(path)
        assert [(chain.as_of, chain.ticker) for chain in chains] == sorted(expected)
        assert sum(len(chain.contracts) for chain in chains) == rows
        for chain in chains:
            lines = expected[chain.as_of, chain.ticker]
            assert chain.spot == float(lines[0]["spot"])
            assert chain.rejected == ()
            for contract, line in zip(contracts_of(chain), lines, strict=True):
                text = {name: line[name] for name in contract}
                numbers = {name: float(text[name]) if text[name] else None for name in ("strike", *NUMBERS)}
                assert contract == {"expiry": text["expiry"], "right": text["right"], **numbers}

    @pytest.mark.parametrize(
        ("name", "rows", "snapshots"),
        [
            ("spy_2026.parquet", 310_820, 22),
            ("aapl_meta_2026.parquet", 153_568, 28),
            ("close_2026-08-19.parquet", 62_579, 23),
            ("etf_2026.parquet", 73_763, 18),
        ],
    )
    def test_parquet_and_its_csv_give_the_same_chains(
        self, tmp_path: Path, name: str, rows: int, snapshots: int
    ) -> None:
        chains = chains_of(recorded(name))
        write_chains(chains, tmp_path / "x.csv")
        again = chains_of(tmp_path / "x.csv")
        assert (len(chains), sum(len(chain.contracts) for chain in chains)) == (snapshots, rows)
        assert len(again) == snapshots
        for one, other in zip(chains, again, strict=True):
            assert_same(one, other)

    def test_parquet_columns_arrive_unchanged(self) -> None:
        path = recorded("close_2026-08-19.parquet")
        table, chains = pl.read_parquet(path), chains_of(path)
        assert [chain.as_of for chain in chains] == table["as_of"].unique().sort().to_list()
        for chain in chains:
            rows = table.filter(pl.col("ticker") == chain.ticker)
            assert chain.contracts.expiry.tolist() == rows["expiry"].to_list()
            assert chain.contracts.is_call.tolist() == (rows["right"] == "C").to_list()
            for name in ("strike", *NUMBERS):
                expected = rows[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
                assert np.array_equal(getattr(chain.contracts, name), expected, equal_nan=True), name


price = st.floats(0.005, 1e6) | st.just(float("nan"))
count = st.integers(0, 2**53).map(float) | st.just(float("nan"))
instant = st.datetimes(datetime(1990, 1, 1), datetime(2200, 12, 31), timezones=st.just(UTC))


@st.composite
def contract_columns(draw: st.DrawFn) -> Contracts:
    """Draw columns in canonical form: nothing in them stands for a missing value."""
    size = draw(st.integers(1, 8))

    def numbers(values: st.SearchStrategy[float]) -> np.ndarray:
        return np.array(draw(st.lists(values, min_size=size, max_size=size)))

    days = draw(st.lists(st.dates(date(1990, 1, 1), date(2200, 12, 31)), min_size=size, max_size=size))
    strike = numbers(st.floats(min_value=0, exclude_min=True, allow_infinity=False))
    is_call = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    quotes = (numbers(price | st.just(0.0) | st.just(-1.0)), numbers(price | st.just(-1.0)), numbers(price))
    counts = (numbers(count), numbers(count | st.just(0.5)))
    return Contracts(
        np.array(days, "datetime64[D]"),
        strike,
        is_call,
        *quotes,
        *counts,
        iv=numbers(st.floats(1e-9, 50) | st.just(float("nan"))),
        delta=numbers(st.floats(-1, -1e-9) | st.just(float("nan"))),
    )


snapshot = st.builds(
    Chain,
    ticker=st.from_regex(r"\^?[A-Z0-9][A-Z0-9._-]{0,14}", fullmatch=True),
    as_of=instant,
    spot=st.floats(min_value=1e-300, allow_infinity=False),
    provider=st.just("files"),
    contracts=contract_columns(),
)


class TestWriter:
    @settings(max_examples=60, deadline=None)
    @given(chains=st.lists(snapshot, min_size=1, max_size=4, unique_by=lambda chain: (chain.as_of, chain.ticker)))
    @pytest.mark.parametrize("name", FORMATS)
    def test_what_is_written_is_read_back_exactly(self, name: str, chains: list[Chain]) -> None:
        with tempfile.TemporaryDirectory() as directory:
            write_chains(chains, Path(directory) / name)
            again = chains_of(Path(directory) / name)
        for one, other in zip(sorted(chains, key=lambda chain: (chain.as_of, chain.ticker)), again, strict=True):
            assert_same(one, other)

    def test_counts_are_written_as_integers_and_missing_as_nothing(self, tmp_path: Path) -> None:
        (chain,) = chains_of(written(tmp_path / "good.csv", GOOD.replace("0.21", "")))
        write_chains([chain], tmp_path / "x.csv")
        assert (tmp_path / "x.csv").read_text().splitlines() == [
            HEADER,
            "2026-07-22T22:52:27.000000Z,SPY,600.5,2026-08-21,600.0,C,10.1,10.3,10.2,7,11,,0.5",
        ]

    @pytest.mark.parametrize("name", FORMATS)
    def test_the_same_chains_make_the_same_bytes_and_leave_nothing_else(self, tmp_path: Path, name: str) -> None:
        chains = chains_of(written(tmp_path / "good.csv", GOOD))
        target = tmp_path / "out" / name
        target.parent.mkdir()
        write_chains(chains, target)
        first = target.read_bytes()
        write_chains(chains, target)
        assert target.read_bytes() == first
        assert list(target.parent.iterdir()) == [target]

    def test_an_instant_of_another_zone_is_written_as_utc(self, tmp_path: Path) -> None:
        (chain,) = chains_of(written(tmp_path / "good.csv", GOOD))
        moved = Chain(chain.ticker, chain.as_of.astimezone(), chain.spot, "files", chain.contracts)
        write_chains([moved], tmp_path / "x.parquet")
        assert chains_of(tmp_path / "x.parquet")[0].as_of.utcoffset() == timedelta(0)

    @pytest.mark.parametrize("name", ["x.txt", "absent/x.csv"])
    def test_a_path_that_cannot_be_written_is_refused(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(InvalidInput):
            write_chains([], tmp_path / name)

    def test_no_chains_make_a_file_without_rows(self, tmp_path: Path) -> None:
        write_chains([], tmp_path / "x.csv")
        assert (tmp_path / "x.csv").read_text() == HEADER + "\n"
