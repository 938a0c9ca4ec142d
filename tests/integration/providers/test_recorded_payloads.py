"""What vendors really sent, read by the parsers and by a plain reading of the same JSON."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from forward_factor.core.arrays import FloatArray
from forward_factor.core.chain import Contracts, Rejection
from forward_factor.errors import UnreadableChain
from forward_factor.providers.cboe.parse import parse_answer
from forward_factor.providers.polygon.parse import parse_page, parse_previous_close
from tests.fakes.vendor_payloads import recorded_payload

NAN = float("nan")


def positive(value: float | None) -> float:
    return value if value is not None and value > 0 else NAN


def given(value: float | None) -> float:
    return NAN if value is None else value


def assert_columns(contracts: Contracts, rows: list[dict[str, Any]]) -> None:
    assert len(contracts) == len(rows)
    assert contracts.expiry.tolist() == [row.pop("expiry") for row in rows]
    assert contracts.is_call.tolist() == [row.pop("is_call") for row in rows]
    for name in rows[0]:
        np.testing.assert_array_equal(getattr(contracts, name), [row[name] for row in rows], name)


def polygon_row(result: dict[str, Any]) -> dict[str, Any]:
    day, quote, trade = (result.get(name, {}) for name in ("day", "last_quote", "last_trade"))
    return {
        "expiry": date.fromisoformat(result["details"]["expiration_date"]),
        "is_call": result["details"]["contract_type"] == "call",
        "strike": result["details"]["strike_price"],
        "bid": given(quote.get("bid")),
        "ask": positive(quote.get("ask")),
        "last": positive(trade.get("price") or day.get("close")),
        "volume": given(day.get("volume")),
        "open_interest": given(result.get("open_interest")),
        "iv": positive(result.get("implied_volatility")),
        "delta": given(result["greeks"]["delta"]),
    }


@pytest.mark.parametrize(
    ("name", "rows", "spot", "pages"),
    [
        ("polygon_real_excerpts/spy_2024-05-30_with_last_quote.json", 2, 524.56, 1),
        ("polygon_real_excerpts/spy_2025-10-08_calls_no_last_quote.json", 3, None, 2),
        ("massive_mocks/v3/snapshot/options/AAPL.json", 1, 159.9606, 1),
    ],
)
def test_polygon_pages(name: str, rows: int, spot: float | None, pages: int) -> None:
    body = recorded_payload(name)
    page = parse_page(body)
    assert len(page.contracts) == rows
    assert page.rejected == ()
    assert page.spot == spot
    assert (page.next_url is not None) == (pages > 1)
    assert_columns(page.contracts, [polygon_row(result) for result in json.loads(body)["results"]])


def test_polygon_numbers_as_they_stand_in_the_recording() -> None:
    page = parse_page(recorded_payload("polygon_real_excerpts/spy_2024-05-30_with_last_quote.json"))
    assert page.contracts.bid.tolist() == [73.74, 72.74]
    assert page.contracts.ask.tolist() == [74.16, 73.16]
    np.testing.assert_array_equal(page.contracts.last, [2.96, NAN])
    np.testing.assert_array_equal(page.contracts.volume, [3706, NAN])
    assert page.contracts.open_interest.tolist() == [0, 0]


@pytest.mark.parametrize(
    "name",
    [
        "polygon_real_excerpts/aapl_2025-10-24_single_contract.json",
        "massive_mocks/v3/snapshot/options/AAPL/O;AAPL230616C00150000.json",
    ],
)
def test_the_answer_about_one_contract_is_no_page(name: str) -> None:
    body = recorded_payload(name)
    with pytest.raises(UnreadableChain):
        parse_page(body)
    result = json.loads(body)["results"]
    page = parse_page(json.dumps({"results": [result]}).encode())
    assert_columns(page.contracts, [polygon_row(result)])


def test_the_universal_snapshot_loses_what_is_no_option() -> None:
    page = parse_page(recorded_payload("massive_mocks/v3/snapshot.json"))
    assert page.contracts.strike.tolist() == [5.0]
    assert page.rejected == (Rejection("unreadable_contract", 2),)


def test_contracts_without_prices_are_no_snapshot() -> None:
    """The reference endpoint has the same envelope; its results have no details."""
    page = parse_page(recorded_payload("massive_mocks/v3/reference/options/contracts.json"))
    assert len(page.contracts) == 0
    assert page.rejected == (Rejection("unreadable_contract", 10),)
    assert page.next_url == "https://api.massive.com/v3/reference/options/contracts?cursor=YXA9JTdCJTIySUQlMjIlM0ElMjIy"


def test_the_previous_close() -> None:
    assert parse_previous_close(recorded_payload("massive_mocks/v2/aggs/ticker/AAPL/prev.json")) == 156.8


def cboe_row(option: dict[str, Any]) -> dict[str, Any]:
    symbol, iv = option["option"], positive(option["iv"])
    return {
        "expiry": datetime.strptime(symbol[-15:-9], "%y%m%d").replace(tzinfo=UTC).date(),
        "is_call": symbol[-9] == "C",
        "strike": int(symbol[-8:]) / 1000,
        "bid": option["bid"],
        "ask": positive(option["ask"]),
        "last": positive(option["last_trade_price"]),
        "volume": option["volume"],
        "open_interest": option["open_interest"],
        "iv": iv,
        "delta": NAN if option["delta"] == 0 and np.isnan(iv) else option["delta"],
    }


@pytest.mark.parametrize(
    ("name", "rows", "spot", "as_of"),
    [
        (
            "cboe_rewrapped/UNG_2026-06-15_rewrapped.json",
            762,
            11.36,
            datetime(2026, 6, 15, 17, 40, 30, tzinfo=UTC),
        ),
        (
            "cboe_real_excerpts/AAPL_2026-08-07_trimmed.json",
            2,
            312.0335,
            datetime(2026, 8, 7, 18, 58, 23, tzinfo=UTC),
        ),
        (
            "cboe_real_excerpts/AAPL_2026-09-13_weekend_trimmed.json",
            2,
            None,
            datetime(2026, 9, 13, 2, 27, 18, tzinfo=UTC),
        ),
    ],
)
def test_cboe_answers(name: str, rows: int, spot: float | None, as_of: datetime) -> None:
    body = recorded_payload(name)
    answer = parse_answer(body)
    assert len(answer.contracts) == rows
    assert answer.rejected == ()
    assert answer.spot == spot
    assert answer.as_of == as_of
    assert_columns(answer.contracts, [cboe_row(option) for option in json.loads(body)["data"]["options"]])


def missing(column: FloatArray) -> int:
    return int(np.isnan(column).sum())


def test_cboe_counts_as_they_stand_in_the_recording() -> None:
    contracts = parse_answer(recorded_payload("cboe_rewrapped/UNG_2026-06-15_rewrapped.json")).contracts
    assert int((contracts.bid == 0).sum()) == 231
    assert (missing(contracts.iv), missing(contracts.last), missing(contracts.ask)) == (102, 290, 0)
    assert int((contracts.volume == 0).sum()) == 608
    assert int((contracts.open_interest == 0).sum()) == 322


def test_cboe_timestamps_are_utc() -> None:
    """Trades, in New York time, end the usual 15 minutes before the timestamp."""
    body = recorded_payload("cboe_rewrapped/UNG_2026-06-15_rewrapped.json")
    times = [option["last_trade_time"] for option in json.loads(body)["data"]["options"]]
    newest = datetime.fromisoformat(max(time for time in times if time) + "-04:00")
    as_of = parse_answer(body).as_of
    assert as_of is not None
    assert 900 <= (as_of - newest).total_seconds() < 1200
