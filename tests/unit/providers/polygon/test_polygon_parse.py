"""Pages of Polygon's snapshot become columns, and lose no more than what cannot be read."""

from __future__ import annotations

import contextlib
import json
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.chain import Contracts, Rejection
from forward_factor.errors import UnreadableChain
from forward_factor.providers.polygon.parse import Page, add_up, parse_page, parse_previous_close
from tests.fakes.vendor_payloads import ABSENT, polygon_page, polygon_result, previous_close


def page_of(*results: object, next_url: str | None = None) -> Page:
    return parse_page(polygon_page(results, next_url))


def the_only(contracts: Contracts) -> dict[str, object]:
    assert len(contracts) == 1
    return {column.name: getattr(contracts, column.name)[0].item() for column in fields(contracts)}


def assert_same(left: Contracts, right: Contracts) -> None:
    for column in fields(Contracts):
        np.testing.assert_array_equal(getattr(left, column.name), getattr(right, column.name), column.name)


def test_every_column_comes_from_its_own_place() -> None:
    page = page_of(polygon_result(), next_url="https://api.massive.com/v3?cursor=a")
    row = the_only(page.contracts)
    assert str(row.pop("expiry")) == "2026-09-18"
    assert row == {
        "strike": 100.0, "is_call": True, "bid": 5.0, "ask": 5.2, "last": 5.1, "volume": 120.0,
        "open_interest": 940.0, "iv": 0.31, "delta": 0.52,
    }  # fmt: skip
    assert page.spot == 100.5
    assert page.next_url == "https://api.massive.com/v3?cursor=a"
    assert page.rejected == ()


def test_a_lower_plan_leaves_quotes_trades_and_spot_missing() -> None:
    lower = polygon_result(
        last_quote=ABSENT, last_trade=ABSENT, break_even_price=ABSENT, underlying_asset={"price": ABSENT}
    )
    page = page_of(lower)
    row = the_only(page.contracts)
    np.testing.assert_equal([row["bid"], row["ask"]], [np.nan, np.nan])
    assert row["last"] == 5.0
    assert page.spot is None
    assert page.next_url is None


def test_an_index_has_a_value_and_no_price() -> None:
    assert page_of(polygon_result(underlying_asset={"price": ABSENT, "value": 5601.25})).spot == 5601.25


def test_the_first_positive_price_is_the_spot() -> None:
    results = [polygon_result(underlying_asset={"price": price}) for price in (0, -1, 99.5, 98.0)]
    assert page_of(*results).spot == 99.5


@pytest.mark.parametrize(
    ("changes", "column", "value"),
    [
        ({"implied_volatility": 0}, "iv", None),
        ({"implied_volatility": -0.1}, "iv", None),
        ({"implied_volatility": ABSENT}, "iv", None),
        ({"last_quote": {"ask": 0}}, "ask", None),
        ({"last_quote": {"bid": 0}}, "bid", 0.0),
        ({"last_quote": {"bid": -1}}, "bid", -1.0),
        ({"last_trade": {"price": 0}}, "last", 5.0),
        ({"last_trade": {}, "day": {"close": 0}}, "last", 5.1),
        ({"last_trade": ABSENT, "day": {"close": 0}}, "last", None),
        ({"day": {"volume": 0}}, "volume", 0.0),
        ({"day": ABSENT}, "volume", None),
        ({"open_interest": 0}, "open_interest", 0.0),
        ({"open_interest": ABSENT}, "open_interest", None),
        ({"greeks": {"delta": 0}}, "delta", 0.0),
        ({"greeks": {"delta": 0}, "implied_volatility": ABSENT}, "delta", None),
        ({"greeks": {"delta": -0.0}, "implied_volatility": 0}, "delta", None),
        ({"greeks": {"delta": 0.4}, "implied_volatility": ABSENT}, "delta", 0.4),
        ({"greeks": ABSENT}, "delta", None),
        ({"greeks": None}, "delta", None),
        ({"last_quote": None}, "bid", None),
        ({"last_quote": {"bid": None}}, "bid", None),
        ({"details": {"shares_per_contract": ABSENT}}, "strike", 100.0),
        ({"details": {"shares_per_contract": None}}, "strike", 100.0),
    ],
)
def test_missing_is_nan_and_a_real_zero_is_kept(changes: dict[str, object], column: str, value: float | None) -> None:
    row = the_only(page_of(polygon_result(**changes)).contracts)
    np.testing.assert_equal(row[column], np.nan if value is None else value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"details": {"shares_per_contract": 10}}, "non_standard_deliverable"),
        ({"details": {"contract_type": "other"}}, "unknown_right"),
        ({"details": {"contract_type": "CALL"}}, "unknown_right"),
        ({"details": {"strike_price": 0}}, "bad_strike"),
        ({"details": {"strike_price": -5}}, "bad_strike"),
        ({"details": {"strike_price": "100"}}, "unreadable_contract"),
        ({"details": {"strike_price": None}}, "unreadable_contract"),
        ({"details": {"strike_price": True}}, "unreadable_contract"),
        ({"details": {"expiration_date": "2026-02-30"}}, "unreadable_contract"),
        ({"details": {"expiration_date": ABSENT}}, "unreadable_contract"),
        ({"details": ABSENT}, "unreadable_contract"),
        ({"details": None}, "unreadable_contract"),
        ({"details": []}, "unreadable_contract"),
        ({"last_quote": {"bid": "5.0"}}, "unreadable_contract"),
        ({"greeks": "none"}, "unreadable_contract"),
        ({"open_interest": [1]}, "unreadable_contract"),
    ],
)
def test_a_contract_that_cannot_be_used_is_counted_and_costs_only_itself(
    changes: dict[str, object], reason: str
) -> None:
    good = [polygon_result(), polygon_result(details={"contract_type": "put", "strike_price": 95.5})]
    page = page_of(good[0], polygon_result(**changes), good[1])
    assert page.rejected == (Rejection(reason, 1),)
    assert_same(page.contracts, page_of(*good).contracts)


@pytest.mark.parametrize("broken", [None, 5, "text", [], {}])
def test_a_result_of_another_kind_is_counted(broken: object) -> None:
    page = page_of(polygon_result(), broken)
    assert page.rejected == (Rejection("unreadable_contract", 1),)
    assert len(page.contracts) == 1


def test_a_number_beyond_all_floats_is_counted() -> None:
    body = polygon_page([polygon_result(), polygon_result()]).replace(
        b'"strike_price": 100', b'"strike_price": 1e999', 1
    )
    page = parse_page(body)
    assert page.rejected == (Rejection("unreadable_contract", 1),)
    assert len(page.contracts) == 1


@pytest.mark.parametrize(
    "body", [b'{"results":[]}', b'{"results":null,"status":"OK"}', b'{"results":[],"next_url":""}']
)
def test_an_empty_page_is_a_page(body: bytes) -> None:
    page = parse_page(body)
    assert len(page.contracts) == 0
    assert page.rejected == ()
    assert page.spot is None
    assert page.next_url is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"<html>",
        b"{}",
        b'{"status":"ERROR","error":"no"}',
        b'{"results":{}}',
        b'{"results":[],"next_url":5}',
        b'{"results":[NaN]}',
        b'{"results":[' + b"[" * 50_000,
        polygon_page([polygon_result()] * 3)[:-40],
    ],
    ids=lambda body: body[:24].decode(errors="replace"),
)
def test_what_is_no_page_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableChain, match="the answer is no page"):
        parse_page(body)


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    with contextlib.suppress(UnreadableChain):
        parse_page(body)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "details",
                    "day",
                    "greeks",
                    "last_quote",
                    "last_trade",
                    "open_interest",
                    "implied_volatility",
                ]
            ),
            JSON_VALUES,
        ),
        max_size=5,
    )
)
def test_every_result_is_either_a_row_or_counted(changes: list[tuple[str, object]]) -> None:
    results = [polygon_result() | {name: value} for name, value in changes]
    page = page_of(polygon_result(), *results)
    assert len(page.contracts) + sum(one.rows for one in page.rejected) == 1 + len(results)
    assert np.isfinite(page.contracts.strike).all()


@given(st.lists(st.floats(0.5, 5000.0), min_size=1, max_size=30))
def test_the_slow_way_reads_what_the_fast_way_reads(strikes: list[float]) -> None:
    results = [polygon_result(details={"strike_price": strike}) for strike in strikes]
    fast, slow = page_of(*results), page_of(*results, "broken")
    assert_same(fast.contracts, slow.contracts)
    assert fast.spot == slow.spot


@pytest.mark.parametrize(
    ("body", "close"),
    [
        (previous_close(156.8), 156.8),
        (previous_close(0), None),
        (previous_close(None), None),
        (b'{"resultsCount":0,"status":"OK"}', None),
        (b'{"results":[]}', None),
    ],
)
def test_the_previous_close(body: bytes, close: float | None) -> None:
    assert parse_previous_close(body) == close


@pytest.mark.parametrize("body", [b"", b"[", previous_close("156.8"), b'{"results":5}'])
def test_an_unreadable_previous_close(body: bytes) -> None:
    with pytest.raises(UnreadableChain):
        parse_previous_close(body)


def test_rejections_add_up_by_reason() -> None:
    parts = [Rejection("a", 1), Rejection("b", 2), Rejection("a", 3)]
    assert add_up(parts) == (Rejection("a", 4), Rejection("b", 2))


def test_a_recorded_excerpt_in_its_own_layout_is_read() -> None:
    """Pretty-printed JSON with unknown fields, as the vendor's documentation shows it."""
    page = parse_page(json.dumps({"fmv": 1, "results": [polygon_result(fmv=20.5)]}, indent=2).encode())
    assert len(page.contracts) == 1
