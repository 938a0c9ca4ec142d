"""What Cboe is asked."""

from __future__ import annotations

import pytest

from forward_factor.providers.cboe.query import chain_request


@pytest.mark.parametrize(
    ("ticker", "file"),
    [("AAPL", "AAPL"), ("^SPX", "_SPX"), ("BRK.B", "BRK.B"), ("BRK-B", "BRK.B")],
)
def test_one_file_a_symbol(ticker: str, file: str) -> None:
    request = chain_request(ticker)
    assert request.path == f"/api/global/delayed_quotes/options/{file}.json"
    assert request.params == ()
    assert request.subject == ticker
