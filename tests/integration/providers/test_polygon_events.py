"""Earnings, dividends and splits from Polygon, against a local server in its place that also misbehaves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.corporate_actions import ActionKind
from forward_factor.core.earnings import Timing
from forward_factor.errors import ForwardFactorError, ProviderRefused, ProviderUnavailable, UnreadableChain
from forward_factor.providers.http import HttpSource, RequestLimit, RetryPolicy
from forward_factor.providers.polygon import polygon_settings
from forward_factor.providers.polygon.events import REFUSED_HINT, PolygonEvents
from forward_factor.services.ports.events import EventKind
from tests.fakes.vendor_server import Answer, VendorServer
from tests.reference.recorded import recorded_dir

KEY = "s3cret-key-that-nobody-may-see"
EARNINGS, DIVIDENDS, SPLITS = EventKind
PATHS = {
    EARNINGS: "/benzinga/v1/earnings",
    DIVIDENDS: "/v3/reference/dividends",
    SPLITS: "/v3/reference/splits",
}
START, END = date(2000, 1, 1), date(2030, 12, 31)


@pytest.fixture
def vendor() -> Iterator[VendorServer]:
    with VendorServer() as server:
        yield server


@pytest.fixture
async def events(vendor: VendorServer) -> AsyncIterator[PolygonEvents]:
    settings = replace(
        polygon_settings(KEY, vendor.url, RequestLimit(concurrent=3, per_minute=1e6)),
        refused_hint=REFUSED_HINT,
        read_timeout_s=1.0,
        retry=RetryPolicy(attempts=2, first_wait_s=0.001, longest_wait_s=0.002, busy_wait_s=0.01),
    )
    async with HttpSource(settings, FixedClock(datetime(2026, 6, 9, tzinfo=UTC))) as source:
        yield PolygonEvents(source, page_cap=3)


def page(*results: object, next_url: str | None = None) -> Answer:
    return Answer(json.dumps({"status": "OK", "results": results, "next_url": next_url}).encode())


def dividend(ticker: str = "AAPL", day: str = "2026-05-11", **more: object) -> dict[str, object]:
    return {"ticker": ticker, "ex_dividend_date": day, "cash_amount": 0.25, "currency": "USD", **more}


def split(ticker: str = "AAPL", day: str = "2014-06-09", to: object = 7, since: object = 1) -> dict[str, object]:
    return {"ticker": ticker, "execution_date": day, "split_from": since, "split_to": to}


async def test_pages_are_followed_and_the_key_stays_in_its_header(vendor: VendorServer, events: PolygonEvents) -> None:
    other = f"https://api.polygon.io{PATHS[DIVIDENDS]}?cursor=two&apiKey=x"
    vendor.script(PATHS[DIVIDENDS], page(dividend(), dividend(day="2026-02-09"), next_url=other))
    vendor.script(PATHS[DIVIDENDS], page(dividend(day="2025-11-10")), cursor="two")
    found = await events.of_ticker(DIVIDENDS, "AAPL", START, END)
    assert [one.effective_on.isoformat() for one in found.actions] == ["2026-05-11", "2026-02-09", "2025-11-10"]
    assert {(one.ticker, one.amount, one.source) for one in found.actions} == {("AAPL", 0.25, "polygon")}
    first, second = vendor.received
    assert first.query == {
        "ticker": "AAPL", "ex_dividend_date.gte": "2000-01-01", "ex_dividend_date.lte": "2030-12-31", "limit": "1000",
    }  # fmt: skip
    assert second.query == {"cursor": "two"}
    assert all(one.headers["Authorization"] == f"Bearer {KEY}" for one in vendor.received)


async def test_names_and_amounts_are_ours(vendor: VendorServer, events: PolygonEvents) -> None:
    both = [dividend("BRK.B"), dividend("BRK.B", cash_amount=1.0, dividend_type="SC")]
    abroad = dividend("BRK.B", "2026-02-09", currency="CAD")
    vendor.script(PATHS[DIVIDENDS], page(*both, abroad, dividend("OTHER")))
    found = await events.of_ticker(DIVIDENDS, "BRK-B", START, END)
    assert [(one.ticker, one.amount) for one in found.actions] == [("BRK-B", 1.25), ("BRK-B", None)]
    assert vendor.received[0].query["ticker"] == "BRK.B"
    market = await events.of_market(DIVIDENDS, ["BRK-B", "BRK.B", "OTHER", "^SPX"], START, date(2026, 5, 1))
    assert sorted((one.ticker, one.amount) for one in market.actions) == [("BRK-B", None), ("BRK.B", None)]
    assert "ticker" not in vendor.received[1].query
    assert len(await events.of_ticker(SPLITS, "^SPX", START, END)) == 0
    assert len(vendor.received) == 2


async def test_splits_and_announcements_are_read(vendor: VendorServer, events: PolygonEvents) -> None:
    vendor.script(PATHS[SPLITS], page(split(), split(day="2020-08-31", to=4), split(day="2021-01-04", to=1, since=10)))
    found = await events.of_ticker(SPLITS, "AAPL", START, END)
    assert [(one.kind, one.ratio) for one in found.actions] == [(ActionKind.SPLIT, ratio) for ratio in (7.0, 4.0, 0.1)]
    times = [
        ("07:00:00", "confirmed"),
        ("16:30:00", "projected"),
        ("00:00:00", None),
        ("12:00:00", "?"),
        (None, "confirmed"),
    ]
    days = [f"2026-0{month}-20" for month in range(1, 6)]
    said = [
        {"ticker": "AAPL", "date": day, "time": time, "date_status": status}
        for day, (time, status) in zip(days, times, strict=True)
    ]
    vendor.script(PATHS[EARNINGS], page(*said))
    announced = (await events.of_ticker(EARNINGS, "AAPL", START, END)).earnings
    assert [(one.timing, one.is_confirmed) for one in announced] == [
        (Timing.BEFORE_OPEN, True),
        (Timing.AFTER_CLOSE, False),
        (Timing.UNKNOWN, None),
        (Timing.UNKNOWN, None),
        (Timing.UNKNOWN, True),
    ]


async def test_broken_entries_cost_themselves(vendor: VendorServer, events: PolygonEvents) -> None:
    broken = [
        split(to=0), split(since=0), split(to=-1), split(to="seven"), split(day="2014-13-01"), {}, None, 7, "AAPL",
        split(to=1e308, since=1e-308),
    ]  # fmt: skip
    vendor.script(PATHS[SPLITS], page(split(), *broken))
    found = await events.of_ticker(SPLITS, "AAPL", START, END)
    assert (len(found.actions), found.unreadable) == (1, len(broken))
    out_of_range = await events.of_ticker(SPLITS, "AAPL", date(2015, 1, 1), END)
    assert out_of_range.actions == ()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(b'{"status":"NOT_AUTHORIZED"}', 403), ProviderRefused),
        (Answer(b"", 500), ProviderUnavailable),
        (Answer(b"<html>", 200), UnreadableChain),
        (Answer(b'{"results": {"a": 1}}', 200), UnreadableChain),
        (Answer(b'{"results": []', 200), UnreadableChain),
        (Answer(b"x" * 50, manner="cut"), ProviderUnavailable),
        (Answer(manner="hang"), ProviderUnavailable),
        (Answer(b"", 302, (("Location", "https://elsewhere.example/"),)), ProviderRefused),
        (page(next_url="https://api.polygon.io/v3?cursor=round"), UnreadableChain),
        (page(next_url="https://api.polygon.io/v3"), UnreadableChain),
    ],
)
async def test_a_vendor_that_misbehaves_is_a_plain_error(
    vendor: VendorServer, events: PolygonEvents, answer: Answer, error: type[ForwardFactorError]
) -> None:
    vendor.script(PATHS[DIVIDENDS], answer)
    vendor.script(PATHS[DIVIDENDS], page(next_url="https://api.polygon.io/v3?cursor=round"), cursor="round")
    with pytest.raises(error) as caught:
        await events.of_ticker(DIVIDENDS, "AAPL", START, END)
    assert "AAPL (dividends)" in str(caught.value)
    assert KEY not in str(caught.value)


async def test_pages_without_end_are_given_up(vendor: VendorServer, events: PolygonEvents) -> None:
    for number in range(5):
        following = f"https://api.polygon.io/v3?cursor={number + 1}"
        vendor.script(PATHS[SPLITS], page(next_url=following), cursor=str(number or ""))
    with pytest.raises(UnreadableChain, match="more than 3 pages"):
        await events.of_market(SPLITS, ["AAPL"], START, END)


async def test_nobody_known_and_nothing_there_is_nothing(vendor: VendorServer, events: PolygonEvents) -> None:
    assert len(await events.of_ticker(SPLITS, "AAPL", START, END)) == 0  # nothing is scripted: 404
    vendor.script(PATHS[SPLITS], Answer(b'{"status":"OK"}'))
    assert len(await events.of_ticker(SPLITS, "AAPL", START, END)) == 0


@pytest.mark.parametrize(("kind", "tickers", "least"), [(DIVIDENDS, ["CSSEN"], 5), (SPLITS, ["GOOGL", "SHOP"], 2)])
async def test_the_vendors_own_samples_are_read(
    vendor: VendorServer, events: PolygonEvents, kind: EventKind, tickers: list[str], least: int
) -> None:
    folder = recorded_dir()
    if folder is None:
        pytest.skip("the recorded payloads are not here")
    body = (Path(folder) / f"vendor_json/massive_mocks/v3/reference/{kind}.json").read_bytes()
    one_page = json.dumps({**json.loads(body), "next_url": None}).encode()
    vendor.script(PATHS[kind], Answer(one_page))
    found = await events.of_market(kind, tickers, START, END)
    assert len(found.actions) >= least
    assert found.unreadable == 0
