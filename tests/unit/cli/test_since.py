"""Where a span begins: at a New York day, at an instant, or some time ago."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forward_factor.cli.history import parse_since
from forward_factor.core.chain import new_york_date
from forward_factor.errors import InvalidInput

NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)


def test_days_are_new_yorks_and_instants_utc() -> None:
    assert parse_since("2026-01-02", NOW, timedelta(1)) == datetime(2026, 1, 2, 5, 0, tzinfo=UTC)
    assert f"{new_york_date(parse_since(' 2026-05-02 ', NOW, timedelta(1)))}" == "2026-05-02"
    assert parse_since("2026-01-02T20:00", NOW, timedelta(1)) == datetime(2026, 1, 2, 20, 0, tzinfo=UTC)
    assert parse_since(None, NOW, timedelta(30)) == NOW - timedelta(30)


@pytest.mark.parametrize(
    "text",
    ["yesterday", "0000-00-00", "", "2026-06-02", "9999-12-31", "2026-06-01T18:01", "0001-01-01", "0001-01-01T00:00Z"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_since(text, NOW, timedelta(1))
