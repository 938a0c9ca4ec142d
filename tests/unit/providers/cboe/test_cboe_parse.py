"""Answers of Cboe become columns, and lose no more than what cannot be read."""

from __future__ import annotations

import contextlib
from dataclasses import fields
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.chain import Contracts, Rejection
from forward_factor.errors import UnreadableChain
from forward_factor.providers.cboe.parse import Answer, parse_answer, parse_symbols
from tests.fakes.vendor_payloads import ABSENT, cboe_answer, cboe_option


def answer_of(*options: object, **data: object) -> Answer:
    return parse_answer(cboe_answer(options, **data))


def the_only(contracts: Contracts) -> dict[str, object]:
    assert len(contracts) == 1
    return {column.name: getattr(contracts, column.name)[0].item() for column in fields(contracts)}


def assert_same(left: Contracts, right: Contracts) -> None:
    for column in fields(Contracts):
        np.testing.assert_array_equal(getattr(left, column.name), getattr(right, column.name), column.name)


def test_every_column_comes_from_its_own_place() -> None:
    answer = answer_of(cboe_option("ACME260918P00097500", delta=-0.4))
    row = the_only(answer.contracts)
    assert row.pop("expiry") == date(2026, 9, 18)
    assert row == {
        "strike": 97.5, "is_call": False, "bid": 5.0, "ask": 5.2, "last": 5.1, "volume": 120.0,
        "open_interest": 940.0, "iv": 0.31, "delta": -0.4,
    }  # fmt: skip
    assert answer.spot == 100.5
    assert answer.as_of == datetime(2026, 8, 19, 20, 14, 57, tzinfo=UTC)
    assert answer.rejected == ()


@pytest.mark.parametrize(
    ("changes", "column", "value"),
    [
        ({"iv": 0.0}, "iv", None),
        ({"iv": None}, "iv", None),
        ({"ask": 0.0}, "ask", None),
        ({"bid": 0.0}, "bid", 0.0),
        ({"bid": ABSENT}, "bid", None),
        ({"last_trade_price": 0.0}, "last", None),
        ({"volume": 0.0}, "volume", 0.0),
        ({"open_interest": 0.0}, "open_interest", 0.0),
        ({"open_interest": ABSENT}, "open_interest", None),
        ({"delta": 0.0}, "delta", 0.0),
        ({"delta": 0.0, "iv": 0.0}, "delta", None),
        ({"delta": 1.0, "iv": 0.0}, "delta", 1.0),
    ],
)
def test_missing_is_nan_and_a_real_zero_is_kept(changes: dict[str, object], column: str, value: float | None) -> None:
    row = the_only(answer_of(cboe_option(**changes)).contracts)
    np.testing.assert_equal(row[column], np.nan if value is None else value)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (cboe_option("ACME1260918C00100000"), "non_standard_deliverable"),
        (cboe_option("ACME260918C00000000"), "bad_strike"),
        (cboe_option("ACME260918X00100000"), "unreadable_symbol"),
        (cboe_option("ACME260231C00100000"), "unreadable_symbol"),
        (cboe_option("ACME261318C00100000"), "unreadable_symbol"),
        (cboe_option("ACME260900C00100000"), "unreadable_symbol"),
        (cboe_option("ACME26O918C00100000"), "unreadable_symbol"),
        (cboe_option("260918C00100000"), "unreadable_symbol"),
        (cboe_option("ACME"), "unreadable_symbol"),
        (cboe_option(""), "unreadable_symbol"),
        (cboe_option("ACME" + "\u0662" * 6 + "C" + "\u0661" * 8), "unreadable_symbol"),
        (cboe_option(bid="5.0"), "unreadable_contract"),
        (cboe_option(option=None), "unreadable_contract"),
        (cboe_option(option=ABSENT), "unreadable_contract"),
        (None, "unreadable_contract"),
        ([], "unreadable_contract"),
    ],
)
def test_an_option_that_cannot_be_used_is_counted_and_costs_only_itself(broken: object, reason: str) -> None:
    good = [cboe_option(), cboe_option("ACME261120P00090000")]
    answer = answer_of(good[0], broken, good[1])
    assert answer.rejected == (Rejection(reason, 1),)
    assert_same(answer.contracts, answer_of(*good).contracts)
    assert answer.spot == 100.5


def test_the_root_need_not_be_the_ticker() -> None:
    answer = answer_of(cboe_option("SPX260918C05600000"), cboe_option("SPXW260918C05600000"))
    assert answer.contracts.strike.tolist() == [5600.0, 5600.0]


@pytest.mark.parametrize(
    ("data", "spot"),
    [
        ({}, 100.5),
        ({"current_price": None}, 100.25),
        ({"current_price": 0.0}, 100.25),
        ({"current_price": "100.5"}, 100.25),
        ({"current_price": True}, 100.25),
        ({"current_price": ABSENT, "close": ABSENT}, None),
        ({"current_price": 101}, 101.0),
    ],
)
def test_spot_is_the_current_price_else_the_close(data: dict[str, object], spot: float | None) -> None:
    assert answer_of(cboe_option(), **data).spot == spot


@pytest.mark.parametrize(
    ("timestamp", "as_of"),
    [
        ("2026-08-07 18:58:23", datetime(2026, 8, 7, 18, 58, 23, tzinfo=UTC)),
        ("2026-08-07T14:58:23-04:00", datetime(2026, 8, 7, 18, 58, 23, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1786752000, None),
    ],
)
def test_the_timestamp_is_utc(timestamp: object, as_of: datetime | None) -> None:
    answer = parse_answer(cboe_answer([cboe_option()], timestamp))
    assert answer.as_of == as_of
    assert len(answer.contracts) == 1


@pytest.mark.parametrize("body", [cboe_answer([]), b'{"data":{"options":null}}'])
def test_no_options_is_an_answer(body: bytes) -> None:
    answer = parse_answer(body)
    assert len(answer.contracts) == 0
    assert answer.rejected == ()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"<Error><Code>AccessDenied</Code></Error>",
        b"{}",
        b'{"data":null}',
        b'{"data":{}}',
        b'{"data":{"options":{}}}',
        b'{"data":{"options":[' + b"[" * 50_000,
        cboe_answer([cboe_option()] * 3)[:-40],
    ],
    ids=lambda body: body[:24].decode(errors="replace"),
)
def test_what_is_no_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableChain, match="the answer is no chain"):
        parse_answer(body)


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    with contextlib.suppress(UnreadableChain):
        parse_answer(body)


OCC = st.tuples(
    st.from_regex(r"[A-Z]{1,6}", fullmatch=True),
    st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    st.sampled_from("CP"),
    st.integers(1, 99_999_999),
)


@given(st.lists(OCC, max_size=20))
def test_symbols_are_read_back(parts: list[tuple[str, date, str, int]]) -> None:
    symbols = parse_symbols([f"{root}{on:%y%m%d}{right}{mills:08d}" for root, on, right, mills in parts])
    assert symbols.readable.all()
    assert not symbols.adjusted.any()
    assert symbols.expiry.tolist() == [on for _, on, _, _ in parts]
    assert symbols.is_call.tolist() == [right == "C" for _, _, right, _ in parts]
    assert symbols.strike.tolist() == [mills / 1000 for _, _, _, mills in parts]


@given(st.lists(st.text(max_size=24), max_size=10))
def test_any_text_is_read_or_not_but_never_fails(texts: list[str]) -> None:
    assert len(parse_symbols(texts).readable) == len(texts)


@given(st.lists(st.text(max_size=24).filter(lambda text: "\ud800" not in text), max_size=6))
def test_every_option_is_either_a_row_or_counted(symbols: list[str]) -> None:
    answer = answer_of(cboe_option(), *(cboe_option(symbol) for symbol in symbols))
    assert len(answer.contracts) + sum(one.rows for one in answer.rejected) == 1 + len(symbols)
