"""What may be said of a decision, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.decisions import (
    CLOSED_WORDS,
    IGNORED_WORDS,
    LONGEST_NOTES,
    PLACED_WORDS,
    Amendment,
    Decision,
    Entry,
    is_open_position,
    parse_decision,
    profit,
)
from forward_factor.errors import InvalidInput


@pytest.mark.parametrize("price", [-0.01, nan, inf, -inf, 1e6 + 1])
@pytest.mark.parametrize("kind", [Entry, Amendment])
def test_a_price_has_bounds(kind: type[Entry | Amendment], price: float) -> None:
    with pytest.raises(InvalidInput, match="dollars a share"):
        kind(price=price)


@pytest.mark.parametrize("contracts", [0, -1, 1_000_001])
@pytest.mark.parametrize("kind", [Entry, Amendment])
def test_contracts_have_bounds(kind: type[Entry | Amendment], contracts: int) -> None:
    with pytest.raises(InvalidInput, match="contracts"):
        kind(contracts=contracts)


@pytest.mark.parametrize("notes", ["x" * (LONGEST_NOTES + 1), "a\0b", "\ud800"])
@pytest.mark.parametrize("kind", [Entry, Amendment])
def test_notes_have_bounds(kind: type[Entry | Amendment], notes: str) -> None:
    with pytest.raises(InvalidInput, match="notes"):
        kind(notes=notes)


def test_bounds_themselves_are_inside() -> None:
    Entry(price=0.0, contracts=1, notes="🙂" * LONGEST_NOTES)
    Entry(price=1e6, contracts=1_000_000, notes="")
    Amendment(price=None, contracts=None, notes=None)


def test_profit_of_a_debit() -> None:
    assert profit(1.25, 2.0, 3) == 225.0
    assert profit(2.0, 0.0, 1) == -200.0
    for missing in ((None, 2.0, 3), (1.25, None, 3), (1.25, 2.0, None)):
        assert profit(*missing) is None


@pytest.mark.parametrize(
    ("word", "decision"),
    [
        ("place", Decision.PLACED),
        (" PLACED ", Decision.PLACED),
        ("Closed", Decision.PLACED),
        ("ignore", Decision.IGNORED),
        ("Skipped", Decision.IGNORED),
        ("maybe", None),
        ("", None),
        (None, None),
    ],
)
def test_words_of_the_old_bot(word: str | None, decision: Decision | None) -> None:
    assert parse_decision(word) is decision


def test_no_word_means_two_things() -> None:
    words = [*PLACED_WORDS, *IGNORED_WORDS, *CLOSED_WORDS]
    assert len(set(words)) == len(words)
    assert {parse_decision(decision.value) for decision in Decision} == set(Decision)


@given(word=st.sampled_from([*PLACED_WORDS, *IGNORED_WORDS, *CLOSED_WORDS, None]), gone=st.sampled_from(range(4)))
def test_a_position_is_open_until_anything_says_it_was_given_up(word: str | None, gone: int) -> None:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    signs = [(None, None, None), (0.0, None, None), (None, 0.0, None), (None, None, at)]
    assert is_open_position(word, *signs[gone]) == (word in PLACED_WORDS and gone == 0)
