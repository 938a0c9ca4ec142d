from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from forward_factor.errors import InvalidInput
from forward_factor.server.web.admin_parts import size
from forward_factor.server.web.research_parts import address, day_of, instant_in_query, instant_of, research_path


def test_addresses_hold_any_text_as_it_is() -> None:
    assert address("/a", x=None) == "/a"
    assert address("/a", x="1&y=2#", z=3) == "/a?x=1%26y%3D2%23&z=3"
    assert research_path("^SPX", "/time") == "/research/%5ESPX/time"
    assert research_path("../admin") == "/research/..%2Fadmin"


def test_instants_go_through_an_address() -> None:
    at = datetime(2026, 6, 1, 18, 0, 0, 123456, tzinfo=UTC)
    assert instant_of(instant_in_query(at)) == at
    assert instant_of(instant_in_query(at.astimezone(timezone(timedelta(hours=-4))))) == at
    assert instant_of("2026-06-01T18:00:00") == at.replace(microsecond=0)
    assert instant_of(None) is instant_of("") is day_of(None) is None


@pytest.mark.parametrize(
    "text", ["yesterday", "<script>", "2026-13-01", "9" * 200, "2026-06-01T18:00:00Z" * 9, "0001-01-01", "9999-12-31"]
)
def test_other_words_are_no_instants(text: str) -> None:
    with pytest.raises(InvalidInput):
        day_of(text)
    with pytest.raises(InvalidInput):
        instant_of(text)


@pytest.mark.parametrize(("value", "words"), [(0, "0 bytes"), (1536, "1.5 KiB"), (5 * 2**30, "5.0 GiB")])
def test_sizes(value: int, words: str) -> None:
    assert size(value) == words
