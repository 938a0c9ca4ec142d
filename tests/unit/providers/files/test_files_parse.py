from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal

import numpy as np
import polars as pl
import pytest

from forward_factor.core.chain import Chain, Rejection
from forward_factor.errors import NoSpotPrice, UnreadableChain
from forward_factor.providers.files.parse import MALFORMED, Reading, parse_table
from forward_factor.services.ports import ChainFailure

AS_OF = datetime(2026, 7, 22, 22, 52, 27, tzinfo=UTC)
TimeUnit = Literal["ms", "us", "ns"]
DEFAULTS: dict[str, object] = {
    "as_of": "2026-07-22T22:52:27Z",
    "ticker": "SPY",
    "spot": "600.5",
    "expiry": "2026-08-21",
    "strike": "600",
    "right": "C",
    "bid": "10.1",
    "ask": "10.3",
    "last": "10.2",
    "volume": "7",
    "open_interest": "11",
    "iv": "0.21",
    "delta": "0.5",
}


def rows(**columns: object) -> pl.DataFrame:
    """Make a table with the given columns; the others hold the default in every row."""
    height = max((len(values) for values in columns.values() if isinstance(values, list | pl.Series)), default=1)
    values = {name: columns.get(name, default) for name, default in DEFAULTS.items()}
    values |= {name: column for name, column in columns.items() if name not in DEFAULTS}
    return pl.DataFrame(
        {n: v if isinstance(v, list | pl.Series) else [v] * height for n, v in values.items()}, strict=False
    )


def outcomes(table: pl.DataFrame, tickers: Sequence[str] = ()) -> tuple[Chain | ChainFailure, ...]:
    return parse_table(table, "f.csv", tickers).outcomes


def only_chain(table: pl.DataFrame) -> Chain:
    (chain,) = outcomes(table)
    assert isinstance(chain, Chain), chain
    return chain


def only_failure(table: pl.DataFrame) -> ChainFailure:
    (failure,) = outcomes(table)
    assert isinstance(failure, ChainFailure), failure
    return failure


def column(name: str, values: Sequence[object] | pl.Series) -> list[float | None]:
    """Read one number column and return it with None for missing."""
    contracts = only_chain(rows(**{name: values})).contracts
    return [None if np.isnan(value) else value for value in getattr(contracts, name).tolist()]


def test_a_row_becomes_a_contract() -> None:
    chain = only_chain(rows())
    contracts = chain.contracts
    assert (chain.ticker, chain.as_of, chain.spot, chain.provider) == ("SPY", AS_OF, 600.5, "files")
    assert contracts.expiry.tolist() == [date(2026, 8, 21)]
    assert contracts.expiry.dtype == "datetime64[D]"
    assert (contracts.strike[0], contracts.is_call[0], contracts.bid[0], contracts.ask[0]) == (
        600,
        True,
        10.1,
        10.3,
    )
    assert (contracts.last[0], contracts.volume[0], contracts.open_interest[0]) == (10.2, 7, 11)
    assert (contracts.iv[0], contracts.delta[0], chain.rejected) == (0.21, 0.5, ())


def test_absent_optional_columns_are_missing_values() -> None:
    contracts = only_chain(rows().select("as_of", "ticker", "spot", "expiry", "strike", "right")).contracts
    for name in ("bid", "ask", "last", "volume", "open_interest", "iv", "delta"):
        assert np.isnan(getattr(contracts, name)).all()


def test_a_table_without_rows_is_a_failure() -> None:
    failure = only_failure(rows().clear())
    assert isinstance(failure.error, UnreadableChain)
    assert str(failure.error) == "f.csv has no rows"


class TestSnapshots:
    def test_come_by_instant_then_ticker_with_rows_in_file_order(self) -> None:
        late, early = "2026-07-23T00:00:00Z", "2026-07-22T00:00:00Z"
        table = rows(
            as_of=[late, early, late, early, late],
            ticker=["A", "B", "A", "A", "B"],
            strike=["3", "1", "2", "1", "1"],
        )
        chains = [outcome for outcome in outcomes(table) if isinstance(outcome, Chain)]
        assert [(chain.as_of.day, chain.ticker) for chain in chains] == [
            (22, "A"),
            (22, "B"),
            (23, "A"),
            (23, "B"),
        ]
        assert chains[2].contracts.strike.tolist() == [3, 2]

    def test_equal_instants_in_other_zones_are_one(self) -> None:
        assert len(only_chain(rows(as_of=["2026-07-22T22:52:27Z", "2026-07-22T18:52:27-04:00"])).contracts) == 2

    def test_wanted_tickers_are_read_alone(self) -> None:
        table = rows(ticker=["A", "B", "C"], as_of=["2026-07-22T22:52:27Z"] * 2 + ["never"])
        reading = parse_table(table, "f.csv", ["B"])
        assert reading.tickers == {"B"}
        assert [getattr(outcome, "ticker", outcome) for outcome in reading.outcomes] == ["B"]

    def test_a_ticker_the_table_has_not_gives_nothing(self) -> None:
        assert parse_table(rows(), "f.csv", ["XOM"]) == Reading(frozenset(), ())

    def test_tickers_are_made_canonical(self) -> None:
        assert only_chain(rows(ticker=[" spy ", "SPY"])).ticker == "SPY"


class TestInstants:
    @pytest.mark.parametrize(
        "text",
        [
            "2026-07-22T22:52:27Z",
            "2026-07-22T22:52:27",
            "2026-07-22 22:52:27",
            " 2026-07-22t22:52:27z ",
            "2026-07-22T22:52:27.000Z",
            "2026-07-22T22:52:27.0000004Z",
            "2026-07-22 18:52:27-04:00",
            "2026-07-22T18:52:27-0400",
            "2026-07-22 18:52:27-04",
            "2026-07-23T04:22:27+05:30",
            "2026-07-22 22:52:27 +00:00",
        ],
    )
    def test_iso_8601_in_any_zone_is_read_and_without_one_is_utc(self, text: str) -> None:
        assert only_chain(rows(as_of=text)).as_of == AS_OF

    def test_microseconds_are_kept_and_seconds_may_be_left_out(self) -> None:
        assert only_chain(rows(as_of="2026-07-22T22:52:27.123456Z")).as_of == AS_OF.replace(microsecond=123456)
        assert only_chain(rows(as_of="2026-07-22T22:52Z")).as_of == AS_OF.replace(second=0)

    @pytest.mark.parametrize(
        "text",
        [
            None, "", "abc", "2026-07-22", "1784760747", "1784760747000", "20260722", "07/22/2026 10:00",
            "2026-02-30T10:00:00Z", "2026-07-22T25:00:00Z", "2026-07-22T22:52:61Z",
            "2026-07-22T22:52:27+25:00",
            "1989-12-31T23:59:59Z", "2201-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
            "\u0662026-07-22T22:52:27Z",
        ],
    )  # fmt: skip
    def test_anything_else_is_no_instant(self, text: str | None) -> None:
        chain, failure = outcomes(rows(as_of=["2026-07-22T22:52:27Z", text]))
        assert isinstance(chain, Chain)
        assert isinstance(failure, ChainFailure)
        assert failure.source == "f.csv: 1 row"
        assert "1 unreadable_as_of" in str(failure.error)

    @pytest.mark.parametrize("unit", ["ms", "us", "ns"])
    @pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
    def test_typed_instants_are_read(self, unit: TimeUnit, zone: str | None) -> None:
        instants = pl.Series([AS_OF.replace(tzinfo=None)]).dt.replace_time_zone("UTC").dt.cast_time_unit(unit)
        typed = instants.dt.convert_time_zone(zone) if zone else instants.dt.replace_time_zone(None)
        assert only_chain(rows(as_of=typed)).as_of == AS_OF

    @pytest.mark.parametrize("unit", ["ms", "us", "ns"])
    def test_typed_instants_out_of_all_years_are_none(self, unit: TimeUnit) -> None:
        typed = pl.Series([2**63 - 1, -(2**63), 0]).cast(pl.Datetime(unit))
        assert "3 unreadable_as_of" in str(only_failure(rows(as_of=typed)).error)

    @pytest.mark.parametrize("value", [1784760747, 1.5, True, date(2026, 7, 22), timedelta(1), [1], {"a": 1}])
    def test_other_types_are_no_instants(self, value: object) -> None:
        failure = only_failure(rows(as_of=pl.Series([value])))
        assert "1 unreadable_as_of" in str(failure.error)
        assert "\n" not in str(failure.error)


class TestTickers:
    @pytest.mark.parametrize(
        "text", [None, "", "<script>", "A" * 17, "../x", "SPY\x00", "AAPL;DROP", "\x1b[31m", "日経", "=1+1"]
    )
    def test_hostile_text_is_reported_escaped(self, text: str | None) -> None:
        failure = only_failure(rows(ticker=[text, text]))
        assert failure.source == "f.csv: 2 rows"
        assert "2 invalid_ticker" in str(failure.error)
        assert str(failure.error).isascii()
        assert str(failure.error).isprintable()

    def test_categories_and_integers_are_read(self) -> None:
        assert only_chain(rows(ticker=pl.Series(["SPY"], dtype=pl.Categorical))).ticker == "SPY"
        assert only_chain(rows(ticker=pl.Series([7203]))).ticker == "7203"

    @pytest.mark.parametrize("value", [True, 1.5, date(2026, 7, 22)])
    def test_other_types_are_no_tickers(self, value: object) -> None:
        assert "1 invalid_ticker" in str(only_failure(rows(ticker=pl.Series([value]))).error)


class TestExpiries:
    @pytest.mark.parametrize(
        "text",
        ["2026-08-21", " 2026-08-21 ", "2026-08-21T00:00:00", "2026-08-21 00:00", "2026-08-21T00:00:00.000Z"],
    )
    def test_a_date_or_a_midnight_is_read(self, text: str) -> None:
        assert only_chain(rows(expiry=text)).contracts.expiry.tolist() == [date(2026, 8, 21)]

    @pytest.mark.parametrize(
        "text",
        [None, "", "2026-02-30", "2026-08-21T16:00:00", "20260821", "08/21/2026", "1989-12-31", "9999-12-31"],
    )
    def test_anything_else_rejects_the_row(self, text: str | None) -> None:
        assert only_chain(rows(expiry=["2026-08-21", text])).rejected == (Rejection("unreadable_expiry", 1),)

    @pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
    @pytest.mark.parametrize("unit", ["ms", "us", "ns"])
    def test_typed_midnights_are_dates_on_their_own_clock(self, zone: str | None, unit: TimeUnit) -> None:
        wall = pl.Series([datetime(2026, 8, 21), datetime(2026, 8, 21, 16)], dtype=pl.Datetime(unit))
        chain = only_chain(rows(expiry=wall.dt.replace_time_zone(zone)))
        assert chain.contracts.expiry.tolist() == [date(2026, 8, 21)]
        assert chain.rejected == (Rejection("unreadable_expiry", 1),)

    def test_typed_dates_are_read_within_sane_years(self) -> None:
        chain = only_chain(rows(expiry=[date(2026, 8, 21), date(1, 1, 1), date(2300, 1, 1)]))
        assert chain.contracts.expiry.tolist() == [date(2026, 8, 21)]

    def test_numbers_are_no_dates(self) -> None:
        assert "unreadable_expiry" in str(only_failure(rows(expiry=[20260821])).error)


class TestStrikesAndRights:
    @pytest.mark.parametrize("text", [None, "", "0", "-5", "nan", "inf", "1e400", "abc", "1,000", "0x10"])
    def test_a_strike_must_be_a_finite_number_above_zero(self, text: str | None) -> None:
        assert only_chain(rows(strike=["1e5", text])).rejected == (Rejection("unreadable_strike", 1),)

    def test_rights_are_read_in_any_case(self) -> None:
        contracts = only_chain(rows(right=["C", "c", "call", "CALL", "P", " p ", "put", "Put"])).contracts
        assert contracts.is_call.tolist() == [True] * 4 + [False] * 4

    @pytest.mark.parametrize("text", [None, "", "X", "CP", "1", "calls"])
    def test_other_rights_reject_the_row(self, text: str | None) -> None:
        assert only_chain(rows(right=["C", text])).rejected == (Rejection("unreadable_right", 1),)

    def test_typed_rights(self) -> None:
        assert only_chain(rows(right=pl.Series(["P"], dtype=pl.Categorical))).contracts.is_call.tolist() == [False]
        assert only_chain(rows(right=pl.Series(["P"], dtype=pl.Enum(["P"])))).contracts.is_call.tolist() == [False]
        assert only_chain(rows(right=pl.Series([b"P"]))).contracts.is_call.tolist() == [False]
        assert "unreadable_right" in str(only_failure(rows(right=[True])).error)
        assert "unreadable_right" in str(only_failure(rows(right=[b"\xff"])).error)


class TestNumbers:
    def test_missing_is_written_in_several_ways(self) -> None:
        words = ["", " ", None, "nan", "NaN", "inf", "-Infinity", "1e400", "null", "None", "NA", "n/a"]
        assert column("bid", words) == [None] * len(words)

    def test_numbers_are_written_in_several_ways(self) -> None:
        assert column("bid", ["1e1", " 2.50 ", "+3", ".5", "4."]) == [10, 2.5, 3, 0.5, 4]

    @pytest.mark.parametrize("text", ["abc", "1,5", "$5", "5%", "--1", "1_000", "0x1", "٣", "true", "1 2"])
    @pytest.mark.parametrize("name", ["spot", "bid", "volume", "delta"])
    def test_a_text_that_is_no_number_rejects_its_row(self, name: str, text: str) -> None:
        chain = only_chain(rows(**{name: ["0.5", text]}))
        assert (len(chain.contracts), chain.rejected) == (1, (Rejection("unreadable_number", 1),))

    def test_negative_and_zero_quotes_are_kept_but_for_an_ask_of_zero(self) -> None:
        assert column("bid", ["0", "-1"]) == [0, -1]
        assert column("ask", ["0", "0.0", "-1"]) == [None, None, -1]

    def test_placeholders_are_missing(self) -> None:
        assert column("last", ["0", "-1", "0.01"]) == [None, None, 0.01]
        assert column("iv", ["0", "-0.1", "0.00001"]) == [None, None, 0.00001]

    @pytest.mark.parametrize("name", ["volume", "open_interest"])
    def test_counts_are_kept_from_zero_to_what_a_float_counts(self, name: str) -> None:
        assert column(name, ["0", "-1", str(2**53), "1e17", "99999999999999999999999"]) == [
            0,
            None,
            2**53,
            None,
            None,
        ]

    def test_a_delta_of_zero_is_missing_only_without_iv(self) -> None:
        deltas = only_chain(rows(delta=["0", "0", "0", "-0.2"], iv=["0.2", "", "0", ""])).contracts.delta
        assert np.array_equal(deltas, [0, np.nan, np.nan, -0.2], equal_nan=True)

    @pytest.mark.parametrize(
        "dtype",
        [pl.Int8, pl.UInt64, pl.Int128, pl.Float32, pl.Float64, pl.Decimal(20, 4), pl.String, pl.Categorical],
    )
    def test_any_type_of_number_is_read(self, dtype: pl.datatypes.DataType) -> None:
        typed = pl.Series(["7", None]).cast(pl.Int8).cast(pl.String if dtype == pl.Categorical else dtype).cast(dtype)
        contracts = only_chain(rows(bid=typed, volume=typed)).contracts
        for values in (contracts.bid, contracts.volume):
            assert np.array_equal(values, [7, np.nan], equal_nan=True)

    def test_decimals_and_large_integers_keep_their_value(self) -> None:
        assert column("bid", [Decimal("10.10"), Decimal("0.35")]) == [10.1, 0.35]
        assert column("volume", pl.Series([2**64 - 1, 5], dtype=pl.UInt64)) == [None, 5]

    def test_an_untyped_column_is_missing(self) -> None:
        assert column("iv", pl.Series([None, None])) == [None, None]

    @pytest.mark.parametrize("value", [True, date(2026, 7, 22), [1.5], timedelta(1), b"\xff"])
    def test_other_types_are_no_numbers(self, value: object) -> None:
        assert "1 unreadable_number" in str(only_failure(rows(bid=pl.Series([value]))).error)


class TestRejections:
    def test_are_counted_by_reason_for_their_snapshot_and_a_row_once(self) -> None:
        table = rows(
            ticker=["A", "A", "A", "A", "B"],
            strike=["1", "x", "x", "1", "1"],
            right=["C", "C", "x", "x", "C"],
            bid=["1", "1", "x", "1", "x"],
        )
        first, second = outcomes(table)
        assert isinstance(first, Chain)
        assert first.rejected == (Rejection("unreadable_strike", 2), Rejection("unreadable_right", 1))
        assert first.rejected_rows == 3
        assert isinstance(second, ChainFailure)
        assert second.source == "f.csv: B 2026-07-22T22:52:27Z"
        assert "1 unreadable_number" in str(second.error)

    def test_rows_of_a_wrong_length_are_counted(self) -> None:
        chain = only_chain(rows(**{MALFORMED: [False, True]}))
        assert (len(chain.contracts), chain.rejected) == (1, (Rejection("unreadable_row", 1),))

    def test_rows_of_no_snapshot_are_one_failure_with_the_counts(self) -> None:
        chain, failure = outcomes(
            rows(as_of=["x\ty", "x", DEFAULTS["as_of"], DEFAULTS["as_of"]], ticker=["A", "A", "?", "A"])
        )
        assert isinstance(chain, Chain)
        assert chain.rejected == ()
        assert isinstance(failure, ChainFailure)
        assert failure.source == "f.csv: 3 rows"
        assert str(failure.error) == (
            "3 rows of no known snapshot: 2 unreadable_as_of, 1 invalid_ticker; the first has as_of 'x\\ty', ticker 'A'"
        )


class TestSpots:
    def test_the_first_usable_one_counts(self) -> None:
        assert only_chain(rows(spot=["", "0", "-1", "inf", "100.0", "100.4"])).spot == 100.0

    @pytest.mark.parametrize("text", ["", "0", "-1", "nan"])
    def test_none_usable_means_no_spot_price(self, text: str) -> None:
        failure = only_failure(rows(spot=text))
        assert isinstance(failure.error, NoSpotPrice)
        assert failure.source == "f.csv: SPY 2026-07-22T22:52:27Z"

    def test_two_that_differ_are_refused_with_both_numbers(self) -> None:
        failure = only_failure(rows(spot=["100", "100.2", "100.6"]))
        assert isinstance(failure.error, UnreadableChain)
        assert "100.0" in str(failure.error)
        assert "100.6" in str(failure.error)

    def test_a_snapshot_without_spot_leaves_the_others(self) -> None:
        first, second = outcomes(rows(ticker=["A", "B"], spot=["", "5"]))
        assert isinstance(first, ChainFailure)
        assert isinstance(second, Chain)
