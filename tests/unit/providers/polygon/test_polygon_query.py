"""What Polygon is asked."""

from __future__ import annotations

from datetime import date

import pytest

from forward_factor.errors import UnreadableChain
from forward_factor.providers.polygon.query import (
    chain_request,
    cursor,
    next_page,
    previous_close_request,
    vendor_ticker,
)

FIRST = chain_request("SPY", date(2026, 8, 19))


def test_the_first_page_covers_the_horizon_in_the_largest_pages() -> None:
    assert FIRST.path == "/v3/snapshot/options/SPY"
    assert FIRST.params == (
        ("limit", "250"),
        ("expiration_date.gte", "2026-08-19"),
        ("expiration_date.lte", "2026-12-17"),
    )
    assert cursor(FIRST) == ""


@pytest.mark.parametrize(
    "next_url",
    [
        "https://api.polygon.io/v3/snapshot/options/SPY?cursor=YXA9%3D",
        "https://api.massive.com/v3/snapshot/options/SPY?cursor=YXA9%3D&apiKey=secret",
        "https://elsewhere.test/other/path?apikey=secret&cursor=YXA9%3D&api_key=secret",
        "/v3/snapshot/options/SPY?APIKEY=secret&cursor=YXA9%3D",
    ],
)
def test_of_the_next_address_only_the_cursor_counts_and_no_key_is_kept(next_url: str) -> None:
    page = next_page(FIRST, next_url)
    assert page.path == FIRST.path
    assert page.params == (("cursor", "YXA9="),)


@pytest.mark.parametrize("next_url", ["https://api.massive.com/v3", "http://[broken?cursor=a", "?cursor=", "nothing"])
def test_a_next_address_without_a_cursor_is_an_error(next_url: str) -> None:
    with pytest.raises(UnreadableChain, match="no cursor"):
        next_page(FIRST, next_url)


@pytest.mark.parametrize(
    ("ticker", "theirs"), [("BRK.B", "BRK.B"), ("BRK-B", "BRK.B"), ("^SPX", "I:SPX"), ("AAPL", "AAPL")]
)
def test_tickers_are_written_the_vendors_way(ticker: str, theirs: str) -> None:
    assert vendor_ticker(ticker) == theirs
    assert previous_close_request(ticker).path == f"/v2/aggs/ticker/{theirs}/prev"
