"""What the address of the signals' page means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.server.web.signals.choice import (
    MOST_PAGES,
    ROWS_A_PAGE,
    Choice,
    Decided,
    Origin,
    Scope,
    Span,
    parse_choice,
)
from forward_factor.services.ports.board import SignalSort
from forward_factor.services.ports.records import SignalFilter

NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
CHOICES = st.builds(
    Choice,
    ticker=st.sampled_from(["", "AA", "BRK.B", "^SPX", "<B>&=#"]),
    pair=st.sampled_from(["", "30/60", "30/60±7/12"]),
    point=st.sampled_from(["", "ATM", "35d_put"]),
    min_ff=st.none() | st.floats(-10, 10),
    since=st.sampled_from(Span),
    scope=st.sampled_from(Scope),
    origin=st.sampled_from(Origin),
    decided=st.sampled_from(Decided),
    sort=st.sampled_from(SignalSort),
    descending=st.booleans(),
    page=st.integers(1, MOST_PAGES),
)


@given(CHOICES)
def test_an_address_gives_back_what_was_chosen(choice: Choice) -> None:
    assert parse_choice(choice.as_path()) == choice


def test_the_usual_leaves_the_address_bare() -> None:
    assert Choice().as_path() == "/"
    assert not Choice(sort=SignalSort.FF, page=3).is_filtered
    assert Choice(ticker="AA").is_filtered


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "min_ff=nan", "sort=id;drop", "since=ever", "ticker=%00", "point=x", "x=1"]
)
def test_what_means_nothing_is_passed_over(query: str) -> None:
    assert parse_choice(f"/?{query}") == Choice()


@given(st.text(max_size=200))
def test_any_address_can_be_read(query: str) -> None:
    found = parse_choice("/?" + query)
    assert 1 <= found.page <= MOST_PAGES


def test_filters_are_the_persons_own() -> None:
    found = parse_choice("/?ticker=aa&scope=told&decided=open&origin=discovery&since=day&min_ff=0.3&page=3&sort=ff")
    query = found.query("ann", NOW)
    assert query.wanted == SignalFilter(
        ticker_start="AA",
        alerted_user="ann",
        undecided_by="ann",
        is_discovery=True,
        since=NOW - timedelta(days=1),
        min_ff=0.3,
    )
    assert (query.sort, query.offset, query.limit) == (SignalSort.FF, 2 * ROWS_A_PAGE, ROWS_A_PAGE)
    watched = parse_choice("/?scope=watched&decided=decided&origin=watched").wanted("ann", NOW)
    assert watched == SignalFilter(watched_by="ann", decided_by="ann", is_discovery=False)
