"""What counts as a ticker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidTicker


@pytest.mark.parametrize(
    ("text", "ticker"),
    [
        ("AAPL", "AAPL"),
        (" spy\n", "SPY"),
        ("brk.b", "BRK.B"),
        ("BRK-B", "BRK-B"),
        ("^spx", "^SPX"),
        ("vix9d", "VIX9D"),
        ("0700.HK", "0700.HK"),
        ("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO"),
    ],
)
def test_canonical_form(text: str, ticker: str) -> None:
    assert parse_ticker(text) == ticker


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "^",
        ".A",
        "-A",
        "_A",
        "A B",
        "A/B",
        "../etc",
        "A\x00",
        "A\nB",
        "ABCDEFGHIJKLMNOP",
        "^^SPX",
        "Ä",
        "\u017fpy",
        "\uff21\uff21PL",
        "A%2F",
        "'--",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidTicker):
        parse_ticker(text)


def test_message_shows_the_text_safely_and_in_part() -> None:
    with pytest.raises(InvalidTicker) as caught:
        parse_ticker("<b>\x1b" + "x" * 500)
    message = str(caught.value)
    assert message.isascii()
    assert message.isprintable()
    assert len(message) < 150


@given(st.text(max_size=20))
def test_parsed_tickers_parse_to_themselves(text: str) -> None:
    try:
        ticker = parse_ticker(text)
    except InvalidTicker:
        return
    assert parse_ticker(ticker) == ticker
    assert ticker.isascii()
    assert not set(ticker) & set("/\\ \t\n\r%?#&'\"<>")
