"""Polygon's market answers, without a network."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from forward_factor.core.price_moves import Price
from forward_factor.errors import UnreadableChain
from forward_factor.providers.polygon.market_parse import parse_daily_bars, parse_has_contracts, parse_prices
from forward_factor.providers.polygon.market_query import LONGEST_LIST, prices_requests
from forward_factor.providers.polygon.query import our_tickers
from tests.fakes.vendor_payloads import recorded_payload

DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
MS = 1_764_000_000_000
AT = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=MS)


def body(**fields: object) -> bytes:
    return json.dumps({"status": "OK"} | fields).encode()


def snapshots(*entries: object) -> bytes:
    return body(tickers=list(entries), count=len(entries))


def test_the_recorded_day_is_read() -> None:
    recorded = recorded_payload("massive_mocks/v2/aggs/grouped/locale/us/market/stocks/2005-04-04&adjusted=true.json")
    bars, unreadable = parse_daily_bars(recorded, DAY)
    assert (bars.tickers, bars.price.tolist(), bars.volume.tolist(), unreadable) == (["GIK"], [9.9979], [895345.0], 0)


def test_the_recorded_snapshot_is_read() -> None:
    recorded = json.loads(recorded_payload("massive_mocks/v2/snapshot/locale/us/markets/stocks/tickers/AAPL.json"))
    prices, unreadable = parse_prices(snapshots(recorded["ticker"]), NOW)
    assert unreadable == 0
    assert prices["AAPL"].dollars == 159.99
    assert prices["AAPL"].at.isoformat(timespec="seconds") == "2022-04-29T17:05:48+00:00"


def test_the_recorded_contracts_are_seen() -> None:
    assert parse_has_contracts(recorded_payload("massive_mocks/v3/reference/options/contracts.json"))


def test_a_bar_without_vwap_has_its_close() -> None:
    entries = [{"T": "A", "vw": 0, "c": 5, "v": 10}, {"T": "B", "c": 6}, {"T": "C", "vw": None, "c": None, "v": 1e3}]
    bars, _ = parse_daily_bars(body(results=entries), DAY)
    assert bars.price.tolist()[:2] == [5.0, 6.0]
    assert str(bars.price.tolist()[2]) == "nan"
    assert str(bars.volume.tolist()) == "[10.0, nan, 1000.0]"


@pytest.mark.parametrize("answer", [body(resultsCount=0), body(results=None), body(results=[])])
def test_a_day_without_bars_has_no_rows(answer: bytes) -> None:
    bars, unreadable = parse_daily_bars(answer, DAY)
    assert (len(bars.tickers), len(bars.price), unreadable) == (0, 0, 0)


def test_a_broken_entry_costs_itself_only() -> None:
    bars, unreadable = parse_daily_bars(body(results=[{"T": "A", "c": 5, "v": 1}, {"c": 5}, "x", {"T": 1}]), DAY)
    assert (bars.tickers, unreadable) == (["A"], 3)
    prices, unreadable = parse_prices(snapshots({"ticker": "A", "day": {"c": 5}}, {"ticker": "B", "day": "x"}, 7), NOW)
    assert (set(prices), unreadable) == ({"A"}, 2)


@pytest.mark.parametrize("answer", [b"", b"[]", b"{", b'"x"', b'{"results": 5}', b'{"tickers": {}, "results": {}}'])
def test_what_is_no_answer_is_said(answer: bytes) -> None:
    for parse in (lambda: parse_daily_bars(answer, DAY), lambda: parse_has_contracts(answer)):
        with pytest.raises(UnreadableChain, match="is no list of"):
            parse()


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"lastTrade": {"p": 9.0, "t": MS * 10**6}, "min": {"c": 8.0, "t": MS + 60_000}}, Price(9.0, AT)),
        ({"min": {"c": 8.0, "t": MS}, "day": {"c": 7.0}}, Price(8.0, AT)),
        ({"lastTrade": {"p": 0, "t": 0}, "min": {"c": 0, "t": 0}, "day": {"c": 7.0}, "updated": 0}, Price(7.0, NOW)),
        ({"day": {"c": 7.0}, "updated": MS * 10**6}, Price(7.0, AT)),
        ({"day": {"c": 7.0}, "updated": 1e30}, Price(7.0, NOW)),
        ({"lastTrade": {"p": 0}, "min": None, "day": {"c": 0}, "prevDay": {"c": 6.0}}, None),
        ({"lastTrade": {"p": -1.0}}, None),
        ({}, None),
    ],
)
def test_the_price_is_the_freshest_the_plan_shows_and_never_yesterdays(
    entry: dict[str, object], expected: Price | None
) -> None:
    prices, _ = parse_prices(snapshots({"ticker": "A"} | entry), NOW)
    assert prices == ({} if expected is None else {"A": expected})


def test_addresses_stay_short_and_no_ticker_is_left_out() -> None:
    symbols = [f"T{number:04d}" for number in range(1_000)]
    lists = [dict(request.params)["tickers"] for request in prices_requests(symbols)]
    assert max(map(len, lists)) <= LONGEST_LIST
    assert ",".join(lists).split(",") == symbols


def test_nothing_asked_for_is_no_request_for_the_whole_market() -> None:
    assert list(prices_requests([])) == []


def test_two_spellings_are_one_symbol_and_indices_none() -> None:
    assert our_tickers(["BRK-B", "^SPX", "BRK.B", "A", "A"]) == {"BRK.B": ("BRK-B", "BRK.B"), "A": ("A",)}
