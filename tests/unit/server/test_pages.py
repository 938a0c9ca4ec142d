"""Cursors lead back to the place they were made of, and nothing else is one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.accounts import is_storable
from forward_factor.errors import InvalidInput
from forward_factor.server.pages import read_cursor, write_cursor
from forward_factor.services.decision_views import PagePlace

INSTANTS = st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC))


@given(st.none() | INSTANTS, st.text().filter(is_storable))
def test_a_cursor_is_read_as_it_was_written(at: datetime | None, row_id: str) -> None:
    place = PagePlace(at, row_id)
    cursor = write_cursor(place)
    assert cursor is not None
    assert cursor.isascii()
    assert read_cursor(cursor) == place


def test_no_place_is_no_cursor() -> None:
    assert write_cursor(None) is None
    assert read_cursor(None) is None


@given(st.text() | st.text("abcdefgh0123456789-_=", max_size=60))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_cursor(text)


@pytest.mark.parametrize(
    "said", [PagePlace(None, "a\0b"), PagePlace(datetime(1, 1, 1, tzinfo=UTC), "x"), PagePlace(None, "\ud800")]
)
def test_places_no_store_takes_are_refused(said: PagePlace) -> None:
    with pytest.raises(InvalidInput):
        read_cursor(write_cursor(said))
